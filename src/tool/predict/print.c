/** @file
 *  Predictions as TSV and as JSON lines.
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

static void print_escaped(FILE *out, const char *name);

/* ---- TSV */

void mlp_predict_print_header(FILE *out, const mlp_checkpoint *checkpoint,
                              bool has_names)
{
    const char *column =
        mlp_prediction_is_probable(checkpoint) ? "probability" : "output";
    fprintf(out, "%s\tprediction", has_names ? "file" : "row");
    for (size_t k = 0; !checkpoint->schema.is_regression &&
                       k < checkpoint->widths[checkpoint->layers];
         k++) {
        const char *name = mlp_prediction_class_name(
            checkpoint, mlp_prediction_class(checkpoint, k));
        fprintf(out, "\t%s_", column);
        if (name != NULL) {
            print_escaped(out, name);
        } else {
            fprintf(out, "%zu", mlp_prediction_class(checkpoint, k));
        }
    }
    fputc('\n', out);
}

/* Escape tabs and line breaks, which would break the format. */
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
    const char *name =
        mlp_prediction_class_name(p->checkpoint, p->result.predictions[r]);
    if (p->checkpoint->schema.is_regression) {
        fprintf(out, "\t%.9g\n", mlp_prediction_number(p, r));
        return;
    }
    fputc('\t', out);
    if (name != NULL) {
        print_escaped(out, name);
    } else {
        fprintf(out, "%u", p->result.predictions[r]);
    }
    for (size_t k = 0; k < p->result.classes; k++) {
        fprintf(out, "\t%.9g", (double)mlp_prediction_outputs(p, r)[k]);
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

static mlp_status print_json(FILE *out, const mlp_prediction *p, size_t r)
{
    bool has_names = p->names != NULL;
    json_t *array = json_array();
    for (size_t k = 0; k < p->result.classes; k++) {
        mlp_json_append(
            &array, mlp_json_number((double)mlp_prediction_outputs(p, r)[k]));
    }
    json_t *object = json_pack(
        "{s:o, s:o, s:o}", has_names ? "file" : "row",
        has_names ? mlp_json_text(p->names[r]) : mlp_json_whole(p->first + r),
        "prediction", prediction_json(p, r),
        mlp_prediction_is_probable(p->checkpoint) ? "probabilities" : "outputs",
        array);
    return mlp_json_print(out, object, MLP_JSON_FLOAT);
}

mlp_status mlp_predict_print(FILE *out, const char *format,
                             const mlp_prediction *prediction)
{
    for (size_t r = 0; r < prediction->result.rows; r++) {
        if (strcmp(format, "json") == 0) {
            MLP_TRY(print_json(out, prediction, r));
        } else if (strcmp(format, "text") == 0) {
            MLP_TRY(mlp_predict_print_text(out, prediction, r));
        } else {
            print_tsv(out, prediction, r);
        }
    }
    return MLP_OK;
}
