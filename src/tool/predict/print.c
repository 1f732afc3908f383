/** @file
 *  Predictions as TSV, CSV and JSON lines.
 */
#include <string.h>

#include "base/json.h"
#include "predict.h"

bool mlp_prediction_is_probable(const mlp_checkpoint *checkpoint)
{
    return checkpoint->config.output == MLP_OUTPUT_SOFTMAX;
}

const float *mlp_prediction_outputs(const mlp_prediction *p, size_t r)
{
    return p->result.outputs + r * p->result.stride;
}

double mlp_prediction_number(const mlp_prediction *p, size_t r)
{
    const mlp_scaler *scaler = &p->checkpoint->target_scaler;
    return (double)mlp_prediction_outputs(p, r)[0] / (double)scaler->scale +
           (double)scaler->shift;
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

mlp_status mlp_predict_style_read(const mlp_tool_options *options,
                                  mlp_predict_style *style)
{
    static const char *const names[] = {"id", "prediction", "outputs"};
    bool *const shown[] = {&style->has_id, &style->has_prediction,
                           &style->has_outputs};
    const char *list = options->columns;
    *style = (mlp_predict_style){options->format, true, true, true};
    if (list == NULL) {
        return MLP_OK;
    }
    *style = (mlp_predict_style){.format = options->format};
    do {
        size_t length = strcspn(list, ","), k = 0;
        while (k < 3 && (strlen(names[k]) != length ||
                         strncmp(list, names[k], length) != 0)) {
            k++;
        }
        if (k == 3) {
            return mlp_fail(MLP_ERROR_USAGE,
                            "--columns: \"%.*s\" is not one of id, prediction, "
                            "outputs",
                            (int)(length < 200 ? length : 200), list);
        }
        *shown[k] = true;
        list += length;
    } while (*list++ != '\0');
    return MLP_OK;
}

/* ---- TSV and CSV */

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

/* A line of cells. */
typedef struct {
    FILE *out;
    bool is_csv;
    bool has_cells; /* already */
} cells;

static cells begin_line(FILE *out, const mlp_predict_style *style)
{
    return (cells){.out = out, .is_csv = strcmp(style->format, "csv") == 0};
}

static void put_text(cells *line, const char *text)
{
    if (line->has_cells) {
        fputc(line->is_csv ? ',' : '\t', line->out);
    }
    line->has_cells = true;
    (line->is_csv ? print_quoted : print_escaped)(line->out, text);
}

static void put_whole(cells *line, size_t number)
{
    char text[32];
    snprintf(text, sizeof text, "%zu", number);
    put_text(line, text);
}

static void put_number(cells *line, double number)
{
    char text[32];
    snprintf(text, sizeof text, "%.9g", number);
    put_text(line, text);
}

static void put_class(cells *line, const mlp_checkpoint *checkpoint, size_t k)
{
    const char *name = mlp_prediction_class_name(checkpoint, k);
    if (name != NULL) {
        put_text(line, name);
    } else {
        put_whole(line, k);
    }
}

/* "probability_" and the class. */
static void put_output_name(cells *line, const mlp_checkpoint *checkpoint,
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
    put_text(line, text);
}

void mlp_predict_print_header(FILE *out, const mlp_predict_style *style,
                              const mlp_checkpoint *checkpoint, bool has_names)
{
    cells line = begin_line(out, style);
    bool has_outputs = style->has_outputs && !checkpoint->schema.is_regression;
    if (style->has_id) {
        put_text(&line, has_names ? "file" : "row");
    }
    if (style->has_prediction) {
        put_text(&line, "prediction");
    }
    for (size_t k = 0;
         has_outputs && k < checkpoint->widths[checkpoint->layers]; k++) {
        put_output_name(&line, checkpoint, k);
    }
    fputc('\n', out);
}

static void print_cells(FILE *out, const mlp_predict_style *style,
                        const mlp_prediction *p, size_t r)
{
    cells line = begin_line(out, style);
    bool is_regression = p->checkpoint->schema.is_regression;
    if (style->has_id && p->names != NULL) {
        put_text(&line, p->names[r]);
    } else if (style->has_id) {
        put_whole(&line, p->first + r);
    }
    if (style->has_prediction && is_regression) {
        put_number(&line, mlp_prediction_number(p, r));
    } else if (style->has_prediction) {
        put_class(&line, p->checkpoint, p->result.predictions[r]);
    }
    for (size_t k = 0;
         style->has_outputs && !is_regression && k < p->result.classes; k++) {
        put_number(&line, (double)mlp_prediction_outputs(p, r)[k]);
    }
    fputc('\n', out);
}

/* ---- JSON lines */

static json_t *prediction_json(const mlp_prediction *p, size_t r)
{
    const char *name =
        mlp_prediction_class_name(p->checkpoint, p->result.predictions[r]);
    if (p->checkpoint->schema.is_regression) {
        return mlp_json_number(mlp_prediction_number(p, r));
    }
    return name != NULL ? mlp_json_text(name)
                        : mlp_json_whole(p->result.predictions[r]);
}

static json_t *outputs_json(const mlp_prediction *p, size_t r)
{
    json_t *array = json_array();
    for (size_t k = 0; k < p->result.classes; k++) {
        mlp_json_append(
            &array, mlp_json_number((double)mlp_prediction_outputs(p, r)[k]));
    }
    return array;
}

static mlp_status print_json(FILE *out, const mlp_predict_style *style,
                             const mlp_prediction *p, size_t r)
{
    json_t *object = json_object();
    if (style->has_id && p->names != NULL) {
        mlp_json_set(&object, "file", mlp_json_text(p->names[r]));
    } else if (style->has_id) {
        mlp_json_set(&object, "row", mlp_json_whole(p->first + r));
    }
    if (style->has_prediction) {
        mlp_json_set(&object, "prediction", prediction_json(p, r));
    }
    if (style->has_outputs) {
        mlp_json_set(&object,
                     mlp_prediction_is_probable(p->checkpoint) ? "probabilities"
                                                               : "outputs",
                     outputs_json(p, r));
    }
    return mlp_json_print(out, object, MLP_JSON_FLOAT);
}

mlp_status mlp_predict_print(FILE *out, const mlp_predict_style *style,
                             const mlp_prediction *prediction)
{
    for (size_t r = 0; r < prediction->result.rows; r++) {
        if (strcmp(style->format, "json") == 0) {
            MLP_TRY(print_json(out, style, prediction, r));
        } else if (strcmp(style->format, "text") == 0) {
            MLP_TRY(mlp_predict_print_text(out, prediction, r));
        } else {
            print_cells(out, style, prediction, r);
        }
    }
    return MLP_OK;
}
