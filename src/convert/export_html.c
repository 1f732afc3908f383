/** @file
 *  A model as a page to play with: the template of page/page.html, filled in
 *  with the model's facts, its weights in base64, and the scripts beside it.
 */
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/version.h"
#include "draw/markup.h"
#include "export.h"

extern const unsigned char mlp_export_page_html[], mlp_export_style_css[],
    mlp_export_model_js[], mlp_export_picture_js[], mlp_export_drawing_js[],
    mlp_export_form_js[], mlp_export_units_js[], mlp_export_page_js[];

enum { PARAMETERS_MOST = 1 << 25 }; /* a page of 180 MB, which browsers open */

/* ---- facts */

/* The range in which most rows of a numeric column are, as the scaling tells;
 * null where it does not. */
static json_t *usual_range(const mlp_export_model *model, size_t feature)
{
    mlp_scaling scaling = model->checkpoint->config.scaling;
    if (model->scaler.shifts == NULL || model->scaler.scales[feature] <= 0.0F) {
        return json_pack("{s:n, s:n}", "low", "high");
    }
    double shift = (double)model->scaler.shifts[feature];
    double unit = 1.0 / (double)model->scaler.scales[feature];
    double low = shift - 2.0 * unit, high = shift + 2.0 * unit;
    if (scaling == MLP_SCALING_MINMAX || scaling == MLP_SCALING_MAX) {
        low = scaling == MLP_SCALING_MINMAX ? shift : -unit;
        high = shift + unit;
    }
    return json_pack("{s:o, s:o}", "low", mlp_json_number(low), "high",
                     mlp_json_number(high));
}

static json_t *names_json(const mlp_names *names)
{
    json_t *list = json_array();
    for (size_t i = 0; i < names->count; i++) {
        mlp_json_append(&list, mlp_json_text(names->items[i]));
    }
    return list;
}

/* A number: its usual range, and what stands for a missing one, after which a
 * feature says so; null: none may be missing. */
static json_t *number_json(const mlp_export_model *model,
                           const mlp_column *column, size_t feature)
{
    json_t *fact = usual_range(model, feature);
    mlp_json_set(&fact, "fill",
                 column->has_gaps ? mlp_json_number((double)column->fill)
                                  : json_null());
    return fact;
}

/* A text: its categories, with those for missing and other ones behind them,
 * and whether two are one feature. */
static json_t *text_json(const mlp_column *column)
{
    json_t *list = names_json(&column->categories);
    if (column->has_gaps) {
        mlp_json_append(&list, json_string("(missing)"));
    }
    if (column->has_other) {
        mlp_json_append(&list, json_string("(other)"));
    }
    return json_pack("{s:o, s:b}", "categories", list, "pair",
                     (int)column->is_pair);
}

/* Columns in the order of the features; null without a table. */
static json_t *columns_json(const mlp_export_model *model)
{
    const mlp_schema *schema = &model->checkpoint->schema;
    json_t *list = schema->count > 0 ? json_array() : json_null();
    size_t feature = 0;
    for (size_t i = 0; i < schema->count; i++) {
        const mlp_column *column = &schema->columns[i];
        if (i == schema->label || mlp_column_features(column) == 0) {
            continue;
        }
        json_t *fact = column->kind == MLP_COLUMN_TEXT
                           ? text_json(column)
                           : number_json(model, column, feature);
        mlp_json_set(&fact, "name", mlp_json_text(column->name));
        mlp_json_append(&list, fact);
        feature += mlp_column_features(column);
    }
    return list;
}

static json_t *layers_json(const mlp_export_model *model)
{
    json_t *list = json_array();
    for (size_t l = 0; l < model->layers; l++) {
        const mlp_export_layer *layer = &model->layer[l];
        mlp_json_append(
            &list,
            json_pack("{s:o, s:o, s:s, s:b}", "in", mlp_json_whole(layer->in),
                      "out", mlp_json_whole(layer->out), "activation",
                      layer->is_softmax ? "identity"
                                        : mlp_export_activation_name(layer),
                      "softmax", (int)layer->is_softmax));
    }
    return list;
}

/* Null for a regression. */
static json_t *classes_json(const mlp_checkpoint *c)
{
    if (c->config.task == MLP_TASK_REGRESSION) {
        return json_null();
    }
    json_t *list = names_json(&c->class_names);
    for (size_t k = c->class_names.count; k < mlp_checkpoint_classes(c); k++) {
        char number[32];
        snprintf(number, sizeof number, "%zu", k);
        mlp_json_append(&list, json_string(number));
    }
    return list;
}

/* The name of the number that a regression predicts; null for classes. */
static json_t *target_json(const mlp_checkpoint *c)
{
    if (c->config.task != MLP_TASK_REGRESSION) {
        return json_null();
    }
    return c->schema.count > 0
               ? mlp_json_text(c->schema.columns[c->schema.label].name)
               : json_string("target");
}

/* Null when rows are no pictures in gray or RGB. */
static json_t *picture_json(const mlp_checkpoint *c)
{
    size_t channels = c->channels > 1 ? c->channels : 1;
    if (c->height <= 1 || c->height * c->width != c->widths[0] ||
        (channels != 1 && channels != 3)) {
        return json_null();
    }
    return json_pack("{s:o, s:o, s:o, s:o}", "height",
                     mlp_json_whole(c->height), "width",
                     mlp_json_whole(c->width / channels), "channels",
                     mlp_json_whole(channels), "white",
                     mlp_json_number((double)mlp_checkpoint_white(c)));
}

static json_t *facts_of(const mlp_export_model *model)
{
    const mlp_checkpoint *c = model->checkpoint;
    json_t *facts = json_pack(
        "{s:o, s:o, s:o, s:o}", "inputs", mlp_json_whole(model->inputs),
        "parameters", mlp_json_whole(c->parameter_count), "widths",
        mlp_json_sizes(c->widths, c->layers + 1), "layers", layers_json(model));
    mlp_json_set(&facts, "shift", mlp_json_number((double)model->scaler.shift));
    mlp_json_set(&facts, "scale", mlp_json_number((double)model->scaler.scale));
    mlp_json_set(&facts, "squeezed", json_boolean(model->scaler.is_squeezed));
    mlp_json_set(&facts, "clip",
                 model->is_clipped
                     ? json_pack("[o, o]",
                                 mlp_json_number((double)model->clip[0]),
                                 mlp_json_number((double)model->clip[1]))
                     : json_null());
    mlp_json_set(&facts, "binary", json_boolean(model->is_binary));
    mlp_json_set(&facts, "probabilities",
                 json_boolean(c->config.output == MLP_OUTPUT_SOFTMAX));
    mlp_json_set(&facts, "classes", classes_json(c));
    mlp_json_set(&facts, "target", target_json(c));
    mlp_json_set(&facts, "columns", columns_json(model));
    mlp_json_set(&facts, "picture", picture_json(c));
    return facts;
}

/* Without "<", so that no name ends the element that holds it. */
static mlp_status write_facts(FILE *out, const mlp_export_model *model)
{
    json_t *facts = facts_of(model);
    char *text = json_dumps(facts, JSON_COMPACT);
    json_decref(facts);
    if (text == NULL) {
        return mlp_fail_memory("the facts of a model");
    }
    for (const char *at = text; *at != '\0'; at++) {
        if (*at == '<') {
            fputs("\\u003c", out);
        } else {
            fputc(*at, out);
        }
    }
    free(text);
    return MLP_OK;
}

/* ---- arrays */

/* float32, little endian, like this machine. */
static void write_array(FILE *out, const char *name, const float *values,
                        size_t count)
{
    fprintf(out, "<script type=\"application/octet-stream\" id=\"%s\">", name);
    mlp_markup_base64(out, values, count * sizeof *values);
    fputs("</script>\n", out);
}

static void write_layer_array(FILE *out, const char *kind, size_t l,
                              const float *values, size_t count)
{
    char name[32];
    snprintf(name, sizeof name, "%s-%zu", kind, l);
    write_array(out, name, values, count);
}

static mlp_status write_arrays(FILE *out, const mlp_export_model *model)
{
    for (size_t l = 0; l < model->layers; l++) {
        const mlp_export_layer *layer = &model->layer[l];
        write_layer_array(out, "weights", l, layer->weights,
                          layer->in * layer->out);
        write_layer_array(out, "bias", l, layer->bias, layer->out);
        if (layer->slopes != NULL) {
            write_layer_array(out, "slopes", l, layer->slopes, layer->out);
        }
    }
    if (model->scaler.shifts != NULL) {
        write_array(out, "shifts", model->scaler.shifts, model->inputs);
        write_array(out, "scales", model->scaler.scales, model->inputs);
    }
    return MLP_OK;
}

/* ---- the page */

static mlp_status write_title(FILE *out, const mlp_export_model *model)
{
    fputs("Multilayer perceptron ", out);
    for (size_t i = 0; i <= model->checkpoint->layers; i++) {
        fprintf(out, "%s%zu", i > 0 ? "-" : "", model->checkpoint->widths[i]);
    }
    return MLP_OK;
}

static mlp_status write_version(FILE *out, const mlp_export_model *model)
{
    (void)model;
    fputs(MLP_VERSION, out);
    return MLP_OK;
}

static mlp_status write_style(FILE *out, const mlp_export_model *model)
{
    (void)model;
    fputs((const char *)mlp_export_style_css, out);
    return MLP_OK;
}

static mlp_status write_scripts(FILE *out, const mlp_export_model *model)
{
    (void)model;
    const unsigned char *const scripts[] = {
        mlp_export_model_js, mlp_export_picture_js, mlp_export_drawing_js,
        mlp_export_form_js,  mlp_export_units_js,   mlp_export_page_js};
    for (size_t i = 0; i < sizeof scripts / sizeof scripts[0]; i++) {
        fputs((const char *)scripts[i], out);
    }
    return MLP_OK;
}

/* What stands in the template where a mark is. */
static const struct {
    const char *mark;
    mlp_export_write *write;
} parts[] = {{"@TITLE@", write_title},     {"@STYLE@", write_style},
             {"@VERSION@", write_version}, {"@FACTS@", write_facts},
             {"@ARRAYS@", write_arrays},   {"@SCRIPT@", write_scripts}};

/* Write the part whose mark the text begins with.
 * @param length  that of the mark; 0: there is none */
static mlp_status write_part(FILE *out, const mlp_export_model *model,
                             const char *text, size_t *length)
{
    *length = 0;
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        if (strncmp(text, parts[i].mark, strlen(parts[i].mark)) == 0) {
            *length = strlen(parts[i].mark);
            return parts[i].write(out, model);
        }
    }
    return MLP_OK;
}

mlp_status mlp_export_html(FILE *out, const mlp_export_model *model)
{
    const char *text = (const char *)mlp_export_page_html;
    if (model->checkpoint->parameter_count > PARAMETERS_MOST) {
        return mlp_fail(MLP_ERROR_USAGE,
                        "the model has %zu parameters, and a page for browsers "
                        "may hold %d",
                        model->checkpoint->parameter_count, PARAMETERS_MOST);
    }
    while (*text != '\0') {
        size_t length;
        MLP_TRY(write_part(out, model, text, &length));
        if (length == 0) {
            fputc(*text++, out);
        }
        text += length;
    }
    return MLP_OK;
}
