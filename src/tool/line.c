/** @file
 *  Lines of cells.
 */
#include "line.h"

#include <string.h>

bool mlp_prediction_is_probable(const mlp_checkpoint *checkpoint)
{
    return checkpoint->config.output == MLP_OUTPUT_SOFTMAX;
}

const char *mlp_prediction_class_name(const mlp_checkpoint *checkpoint,
                                      size_t k)
{
    const mlp_names *names = &checkpoint->class_names;
    return k < names->count ? names->items[k] : NULL;
}

size_t mlp_prediction_class(const mlp_checkpoint *checkpoint, size_t output)
{
    return checkpoint->config.binary ? 1 : output;
}

double mlp_prediction_value(const mlp_checkpoint *checkpoint, float output)
{
    return mlp_target_prediction(&checkpoint->target_scaler, output);
}

/* Escape tabs and line breaks, which would break the format. */
static void print_escaped(FILE *out, const char *text)
{
    for (; *text != '\0'; text++) {
        switch (*text) {
        case '\t':
            fputs("\\t", out);
            break;
        case '\n':
            fputs("\\n", out);
            break;
        case '\r':
            fputs("\\r", out);
            break;
        case '\\':
            fputs("\\\\", out);
            break;
        default:
            fputc(*text, out);
        }
    }
}

/* In quotes where it must be. Source: RFC 4180. */
static void print_quoted(FILE *out, const char *text)
{
    if (strpbrk(text, ",\"\r\n") == NULL) {
        fputs(text, out);
        return;
    }
    fputc('"', out);
    for (; *text != '\0'; text++) {
        fputs(*text == '"' ? "\"" : "", out);
        fputc(*text, out);
    }
    fputc('"', out);
}

void mlp_line_text(mlp_line *line, const char *text)
{
    if (line->has_cells) {
        fputc(line->is_csv ? ',' : '\t', line->out);
    }
    line->has_cells = true;
    (line->is_csv ? print_quoted : print_escaped)(line->out, text);
}

void mlp_line_whole(mlp_line *line, size_t number)
{
    char text[32];
    snprintf(text, sizeof text, "%zu", number);
    mlp_line_text(line, text);
}

void mlp_line_number(mlp_line *line, double number)
{
    char text[32];
    snprintf(text, sizeof text, "%.9g", number);
    mlp_line_text(line, text);
}

void mlp_line_class(mlp_line *line, const mlp_checkpoint *checkpoint, size_t k)
{
    const char *name = mlp_prediction_class_name(checkpoint, k);
    if (name != NULL) {
        mlp_line_text(line, name);
    } else {
        mlp_line_whole(line, k);
    }
}

void mlp_line_output_name(mlp_line *line, const mlp_checkpoint *checkpoint,
                          size_t k)
{
    enum { PREFIX = 16 };
    char text[PREFIX + MLP_NAME_BYTES_MOST + 1];
    size_t class = mlp_prediction_class(checkpoint, k);
    const char *name = mlp_prediction_class_name(checkpoint, class);
    const char *prefix =
        mlp_prediction_is_probable(checkpoint) ? "probability" : "output";
    if (name != NULL) {
        snprintf(text, sizeof text, "%s_%s", prefix, name);
    } else {
        snprintf(text, sizeof text, "%s_%zu", prefix, class);
    }
    mlp_line_text(line, text);
}
