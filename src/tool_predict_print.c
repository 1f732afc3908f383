/** @file
 *  Predictions as TSV, as JSON lines, and as a person likes to see them.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "drawing.h"
#include "json.h"
#include "tool_predict.h"

enum {
    PICTURE_COLUMNS = 56, /* and a bar beside it: 80 at most */
    BAR_COLUMNS = 20,
    BARS_MIN = 10
};

static bool is_softmax(const mlp_checkpoint *checkpoint)
{
    return checkpoint->config.output == MLP_OUTPUT_SOFTMAX;
}

static const float *outputs_of(const mlp_prediction *p, size_t r)
{
    return p->result.outputs + r * p->result.stride;
}

/* The prediction of a regression, in the unit of the table. */
static double number_of(const mlp_prediction *p, size_t r)
{
    const mlp_scaler *scaler = &p->checkpoint->target_scaler;
    return (double)outputs_of(p, r)[0] / (double)scaler->scale +
           (double)scaler->shift;
}

/* The name of a class; NULL when it has only its number. */
static const char *class_name(const mlp_checkpoint *checkpoint, size_t k)
{
    const mlp_names *names = &checkpoint->class_names;
    return k < names->count ? names->items[k] : NULL;
}

/* The class that an output speaks for: the one of --binary for class 1. */
static size_t class_of(const mlp_checkpoint *checkpoint, size_t output)
{
    return checkpoint->config.binary ? 1 : output;
}

/* The output that speaks for or, of --binary, against the prediction. */
static size_t output_of(const mlp_prediction *p, size_t r)
{
    return p->checkpoint->config.binary ? 0 : p->result.predictions[r];
}

static void print_escaped(FILE *out, const char *name);

/* ---- TSV */

void mlp_predict_print_header(FILE *out, const mlp_checkpoint *checkpoint,
                              bool has_names)
{
    const char *column = is_softmax(checkpoint) ? "probability" : "output";
    fprintf(out, "%s\tprediction", has_names ? "file" : "row");
    for (size_t k = 0; !checkpoint->schema.is_regression &&
                       k < checkpoint->widths[checkpoint->layers];
         k++) {
        const char *name = class_name(checkpoint, class_of(checkpoint, k));
        fprintf(out, "\t%s_", column);
        if (name != NULL) {
            print_escaped(out, name);
        } else {
            fprintf(out, "%zu", class_of(checkpoint, k));
        }
    }
    fputc('\n', out);
}

/* A tab or a line break in it would make other columns and lines. */
static void print_escaped(FILE *out, const char *name)
{
    for (; *name != '\0'; name++) {
        switch (*name) {
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
            fputc(*name, out);
        }
    }
}

static void print_tsv(FILE *out, const mlp_prediction *p, size_t r)
{
    if (p->names != NULL) {
        print_escaped(out, p->names[r]);
    } else {
        fprintf(out, "%zu", p->first + r);
    }
    const char *name = class_name(p->checkpoint, p->result.predictions[r]);
    if (p->checkpoint->schema.is_regression) {
        fprintf(out, "\t%.9g\n", number_of(p, r));
        return;
    }
    fputc('\t', out);
    if (name != NULL) {
        print_escaped(out, name);
    } else {
        fprintf(out, "%u", p->result.predictions[r]);
    }
    for (size_t k = 0; k < p->result.classes; k++) {
        fprintf(out, "\t%.9g", (double)outputs_of(p, r)[k]);
    }
    fputc('\n', out);
}

/* ---- JSON lines */

static json_t *prediction_json(const mlp_prediction *p, size_t r)
{
    const char *name = class_name(p->checkpoint, p->result.predictions[r]);
    if (p->checkpoint->schema.is_regression) {
        return mlp_json_number(number_of(p, r));
    }
    return name != NULL ? mlp_json_text(name)
                        : mlp_json_whole(p->result.predictions[r]);
}

static mlp_status print_json(FILE *out, const mlp_prediction *p, size_t r)
{
    bool has_names = p->names != NULL;
    json_t *array = json_array();
    for (size_t k = 0; k < p->result.classes; k++) {
        mlp_json_append(&array, mlp_json_number((double)outputs_of(p, r)[k]));
    }
    json_t *object = json_pack(
        "{s:o, s:o, s:o}", has_names ? "file" : "row",
        has_names ? mlp_json_text(p->names[r]) : mlp_json_whole(p->first + r),
        "prediction", prediction_json(p, r),
        is_softmax(p->checkpoint) ? "probabilities" : "outputs", array);
    return mlp_json_print(out, object, MLP_JSON_FLOAT);
}

/* ---- text */

/* The classes to show: all of them in order, or the largest outputs, the
 * largest first. */
static size_t choose(const mlp_prediction *p, size_t r, size_t most,
                     size_t *classes)
{
    const float *outputs = outputs_of(p, r);
    size_t count = 0;
    for (size_t k = 0; k < p->result.classes; k++) {
        if (p->result.classes <= most) {
            classes[count++] = k;
            continue;
        }
        if (count == most && !(outputs[k] > outputs[classes[most - 1]])) {
            continue;
        }
        size_t place = count < most ? count++ : most - 1;
        for (; place > 0 && outputs[classes[place - 1]] < outputs[k]; place--) {
            classes[place] = classes[place - 1];
        }
        classes[place] = k;
    }
    return count;
}

/* What a terminal would obey is not printed. */
static void print_name(FILE *out, const char *name)
{
    for (; *name != '\0'; name++) {
        bool is_control = (unsigned char)*name < 0x20 || *name == 0x7f;
        fputc(is_control ? '?' : *name, out);
    }
}

static void print_output(FILE *out, const mlp_prediction *p, double output)
{
    if (is_softmax(p->checkpoint)) {
        fprintf(out, "%.2f%%", 100.0 * output);
    } else {
        fprintf(out, "%.4g", output);
    }
}

static void print_bar(FILE *out, const mlp_prediction *p, size_t r, size_t k,
                      mlp_drawing_style style)
{
    double output = (double)outputs_of(p, r)[k];
    size_t class = class_of(p->checkpoint, k);
    bool is_lit =
        style == MLP_DRAWING_COLOR && class == p->result.predictions[r];
    int digits = snprintf(NULL, 0, "%zu", p->result.classes - 1);
    fprintf(out, "  %s%*zu ", is_lit ? "\033[1;32m" : "", digits, class);
    mlp_drawing_bar(out, output, BAR_COLUMNS, style);
    fputc(' ', out);
    print_output(out, p, output);
    fputs(is_lit ? "\033[0m" : "", out);
}

static void print_lines(FILE *out, const mlp_prediction *p, size_t r,
                        const mlp_image *fitted, const size_t *classes,
                        size_t bars)
{
    mlp_drawing_style style = mlp_drawing_style_for(out);
    size_t lines = mlp_drawing_lines(fitted);
    size_t above = lines > bars ? (lines - bars) / 2 : 0;
    for (size_t line = 0; line < lines || line < bars; line++) {
        fputs("  ", out);
        mlp_drawing_line(out, fitted, line, style);
        if (line >= above && line - above < bars) {
            print_bar(out, p, r, classes[line - above], style);
        }
        fputc('\n', out);
    }
}

/* A row as a picture in gray: 0 is black, and what is negative; of a color the
 * mean of its channels. */
static mlp_status paint(const mlp_prediction *p, size_t r, mlp_image *image)
{
    const mlp_dataset *data = p->dataset;
    const mlp_checkpoint *c = p->checkpoint;
    size_t channels = c->channels > 1 ? c->channels : 1;
    size_t count, at = 0;
    const void *values =
        mlp_dataset_look(data, (mlp_range){p->begin + r, 1}, &count);
    MLP_TRY(mlp_dataset_status(data));
    MLP_TRY(mlp_image_create(c->height, c->width / channels, 1, image));
    for (size_t i = 0; i < data->features / channels; i++) {
        float value = 0.0F;
        for (size_t k = 0; k < channels; k++, at++) {
            value += data->element == MLP_ELEMENT_U8
                         ? ((const unsigned char *)values)[at]
                         : ((const float *)values)[at];
        }
        value /= (float)channels;
        float light = p->largest > 0.0F ? value / p->largest : 0.0F;
        light = light < 1.0F ? light : 1.0F;
        image->pixels[i] =
            light > 0.0F ? (unsigned char)lrintf(255.0F * light) : 0;
    }
    return MLP_OK;
}

static mlp_status print_text(FILE *out, const mlp_prediction *p, size_t r)
{
    mlp_image image, fitted;
    MLP_TRY(paint(p, r, &image));
    mlp_status status = mlp_drawing_fit(&image, PICTURE_COLUMNS, &fitted);
    mlp_image_destroy(&image);
    MLP_TRY(status);
    size_t lines = mlp_drawing_lines(&fitted);
    size_t most = lines > BARS_MIN ? lines : BARS_MIN;
    size_t *classes = calloc(most, sizeof *classes);
    if (classes == NULL) {
        mlp_image_destroy(&fitted);
        return mlp_fail_memory("a picture's classes");
    }
    if (p->names != NULL) {
        print_name(out, p->names[r]);
    } else {
        fprintf(out, "row %zu", p->first + r);
    }
    fprintf(out, ": %u (", p->result.predictions[r]);
    print_output(out, p, (double)outputs_of(p, r)[output_of(p, r)]);
    fputs(")\n\n", out);
    print_lines(out, p, r, &fitted, classes, choose(p, r, most, classes));
    fputc('\n', out);
    free(classes);
    mlp_image_destroy(&fitted);
    return MLP_OK;
}

mlp_status mlp_predict_print(FILE *out, const char *format,
                             const mlp_prediction *prediction)
{
    for (size_t r = 0; r < prediction->result.rows; r++) {
        if (strcmp(format, "json") == 0) {
            MLP_TRY(print_json(out, prediction, r));
        } else if (strcmp(format, "text") == 0) {
            MLP_TRY(print_text(out, prediction, r));
        } else {
            print_tsv(out, prediction, r);
        }
    }
    return MLP_OK;
}
