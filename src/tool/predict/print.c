/** @file
 *  Predictions as TSV, CSV and JSON lines.
 */
#include <string.h>
#include <unistd.h>

#include "base/json.h"
#include "predict.h"

const float *mlp_prediction_outputs(const mlp_prediction *p, size_t r)
{
    return p->result.outputs + r * p->result.stride;
}

size_t mlp_prediction_output(const mlp_prediction *p, size_t r)
{
    return p->checkpoint->config.binary ? 0 : p->result.predictions[r];
}

double mlp_prediction_number(const mlp_prediction *p, size_t r)
{
    return mlp_target_prediction(&p->checkpoint->target_scaler,
                                 mlp_prediction_outputs(p, r)[0]);
}

mlp_status mlp_predict_style_read(const mlp_tool_options *options, FILE *out,
                                  mlp_predict_style *style)
{
    static const char *const names[] = {"id", "prediction", "outputs",
                                        "reason"};
    enum { NAMES = sizeof names / sizeof names[0] };
    bool *const shown[NAMES] = {&style->has_id, &style->has_prediction,
                                &style->has_outputs, &style->has_reason};
    const char *list = options->columns;
    *style = (mlp_predict_style){.format = options->format,
                                 .has_id = true,
                                 .has_prediction = true,
                                 .has_outputs = true,
                                 .id = options->id};
    if (list == NULL) {
        style->is_brief = !options->has_format && !options->has_probabilities &&
                          isatty(fileno(out));
        return MLP_OK;
    }
    *style = (mlp_predict_style){.format = options->format, .id = options->id};
    do {
        size_t length = strcspn(list, ","), k = 0;
        while (k < NAMES && (strlen(names[k]) != length ||
                             strncmp(list, names[k], length) != 0)) {
            k++;
        }
        if (k == NAMES) {
            return mlp_fail(MLP_ERROR_USAGE,
                            "--columns: \"%.*s\" is not one of id, prediction, "
                            "outputs, reason",
                            (int)(length < 200 ? length : 200), list);
        }
        *shown[k] = true;
        list += length;
    } while (*list++ != '\0');
    return MLP_OK;
}

/* ---- TSV and CSV */

static mlp_line begin_line(FILE *out, const mlp_predict_style *style)
{
    return (mlp_line){.out = out, .is_csv = strcmp(style->format, "csv") == 0};
}

/* How many outputs are printed of a row. */
static size_t outputs_shown(const mlp_predict_style *style,
                            const mlp_checkpoint *checkpoint)
{
    bool has_none = !style->has_outputs || checkpoint->schema.is_regression;
    return has_none          ? 0
           : style->is_brief ? 1
                             : checkpoint->widths[checkpoint->layers];
}

void mlp_predict_begin(FILE *out, const mlp_predict_style *style,
                       const mlp_checkpoint *checkpoint, bool has_names)
{
    if (strcmp(style->format, "tsv") != 0 &&
        strcmp(style->format, "csv") != 0) {
        return;
    }
    mlp_line line = begin_line(out, style);
    size_t outputs = outputs_shown(style, checkpoint);
    if (style->has_id) {
        mlp_line_text(&line, has_names           ? "file"
                             : style->id != NULL ? style->id
                                                 : "row");
    }
    if (style->has_prediction) {
        mlp_line_text(&line, "prediction");
    }
    if (style->is_brief && outputs > 0) {
        mlp_line_text(&line, mlp_prediction_is_probable(checkpoint)
                                 ? "probability"
                                 : "output");
    }
    for (size_t k = 0; !style->is_brief && k < outputs; k++) {
        mlp_line_output_name(&line, checkpoint, k);
    }
    if (style->has_reason) {
        mlp_line_text(&line, "reason");
    }
    fputc('\n', out);
}

/* The id of row r, or of the record. */
static void put_id(mlp_line *line, const mlp_prediction *p, size_t r,
                   const mlp_table_record *record)
{
    if (p->names != NULL) {
        mlp_line_text(line, p->names[r]);
    } else if (record != NULL && record->id != NULL) {
        mlp_line_text(line, record->id);
    } else {
        mlp_line_whole(line, record != NULL ? record->number : p->first + r);
    }
}

/* "98.71%", or an output that is no probability. */
static void put_briefly(mlp_line *line, const mlp_prediction *p, size_t r)
{
    char text[32];
    double output =
        (double)mlp_prediction_outputs(p, r)[mlp_prediction_output(p, r)];
    bool is_probable = mlp_prediction_is_probable(p->checkpoint);
    snprintf(text, sizeof text, is_probable ? "%.2f%%" : "%.4g",
             is_probable ? 100.0 * output : output);
    mlp_line_text(line, text);
}

static void put_results(mlp_line *line, const mlp_predict_style *style,
                        const mlp_prediction *p, size_t r)
{
    size_t outputs = outputs_shown(style, p->checkpoint);
    if (style->has_prediction && p->checkpoint->schema.is_regression) {
        mlp_line_number(line, mlp_prediction_number(p, r));
    } else if (style->has_prediction) {
        mlp_line_class(line, p->checkpoint, p->result.predictions[r]);
    }
    if (style->is_brief && outputs > 0) {
        put_briefly(line, p, r);
        return;
    }
    for (size_t k = 0; k < outputs; k++) {
        mlp_line_number(line, (double)mlp_prediction_outputs(p, r)[k]);
    }
}

/* @param r  SIZE_MAX: the record has no row */
static void print_cells(FILE *out, const mlp_predict_style *style,
                        const mlp_prediction *p, size_t r,
                        const mlp_table_record *record)
{
    mlp_line line = begin_line(out, style);
    size_t empty = style->has_prediction + outputs_shown(style, p->checkpoint);
    if (style->has_id) {
        put_id(&line, p, r, record);
    }
    if (r != SIZE_MAX) {
        put_results(&line, style, p, r);
    }
    for (size_t k = 0; r == SIZE_MAX && k < empty; k++) {
        mlp_line_text(&line, "");
    }
    if (style->has_reason) {
        mlp_line_text(&line, record != NULL ? record->reason : "");
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

static void set_id(json_t **object, const mlp_predict_style *style,
                   const mlp_prediction *p, size_t r,
                   const mlp_table_record *record)
{
    if (p->names != NULL) {
        mlp_json_set(object, "file", mlp_json_text(p->names[r]));
    } else if (record != NULL && record->id != NULL) {
        mlp_json_set(object, style->id, mlp_json_text(record->id));
    } else {
        mlp_json_set(
            object, "row",
            mlp_json_whole(record != NULL ? record->number : p->first + r));
    }
}

/* @param r  SIZE_MAX: the record has no row */
static mlp_status print_json(FILE *out, const mlp_predict_style *style,
                             const mlp_prediction *p, size_t r,
                             const mlp_table_record *record)
{
    json_t *object = json_object();
    bool is_row = r != SIZE_MAX;
    if (style->has_id) {
        set_id(&object, style, p, r, record);
    }
    if (style->has_prediction) {
        mlp_json_set(&object, "prediction",
                     is_row ? prediction_json(p, r) : json_null());
    }
    if (style->has_outputs && is_row) {
        mlp_json_set(&object,
                     mlp_prediction_is_probable(p->checkpoint) ? "probabilities"
                                                               : "outputs",
                     outputs_json(p, r));
    }
    if (style->has_reason && !is_row) {
        mlp_json_set(&object, "reason", mlp_json_text(record->reason));
    }
    return mlp_json_print(out, object, MLP_JSON_FLOAT);
}

/* ---- rows and records */

static mlp_status print_one(FILE *out, const mlp_predict_style *style,
                            const mlp_prediction *p, size_t r,
                            const mlp_table_record *record)
{
    if (strcmp(style->format, "json") == 0) {
        return print_json(out, style, p, r, record);
    }
    if (strcmp(style->format, "text") == 0) {
        return mlp_predict_print_text(out, p, r, record);
    }
    print_cells(out, style, p, r, record);
    return MLP_OK;
}

static mlp_status print_records(FILE *out, const mlp_predict_style *style,
                                const mlp_prediction *p)
{
    size_t rows = 0;
    for (size_t i = 0; i < p->record_count; i++) {
        const mlp_table_record *record = &p->records[i];
        size_t r = record->reason[0] == '\0' ? rows++ : SIZE_MAX;
        if (record->number >= p->wanted.first &&
            record->number - p->wanted.first < p->wanted.count) {
            MLP_TRY(print_one(out, style, p, r, record));
        }
    }
    return MLP_OK;
}

mlp_status mlp_predict_print(FILE *out, const mlp_predict_style *style,
                             const mlp_prediction *prediction)
{
    if (prediction->records != NULL) {
        return print_records(out, style, prediction);
    }
    for (size_t r = 0; r < prediction->result.rows; r++) {
        MLP_TRY(print_one(out, style, prediction, r, NULL));
    }
    return MLP_OK;
}
