/** @file
 *  Schemas of tables as JSON: {"task": "regression", "label": "price",
 *  "missing": "impute", "unseen": "other", "na": "NA,?",
 *  "columns": [{"name": "years", "kind": "number", "fill": 6, "gaps": true},
 *              {"name": "colour", "kind": "text", "categories": [...],
 *               "other": true}]}
 *
 *  What is absent is false, or what versions before it did: a missing cell is
 *  an error, and so is a text that is no category.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "schema.h"

static const char *const kind_names[] = {"unknown", "number", "text",
                                         "ignored", "weight", NULL};
static const char *const task_names[] = {"classification", "regression"};

/* ---- print ------------------------------------------------------------- */

static json_t *names_json(const mlp_names *names)
{
    json_t *array = json_array();
    for (size_t i = 0; i < names->count; i++) {
        mlp_json_append(&array, json_string(names->items[i]));
    }
    return array;
}

static mlp_status dump(json_t *value, char **text)
{
    *text = json_dumps(value, JSON_COMPACT);
    json_decref(value);
    return *text != NULL
               ? MLP_OK
               : mlp_fail(MLP_ERROR_DATA, "names of columns or categories are "
                                          "not UTF-8");
}

mlp_status mlp_names_print(const mlp_names *names, char **text)
{
    return dump(names_json(names), text);
}

static void set_flag(json_t **object, const char *name, bool is_set)
{
    if (is_set) {
        mlp_json_set(object, name, json_true());
    }
}

static json_t *column_json(const mlp_column *column, bool has_fill)
{
    json_t *object = json_pack("{s:o, s:s}", "name", json_string(column->name),
                               "kind", kind_names[column->kind]);
    if (column->kind == MLP_COLUMN_TEXT) {
        mlp_json_set(&object, "categories", names_json(&column->categories));
    }
    if (column->kind == MLP_COLUMN_NUMBER && has_fill) {
        mlp_json_set(&object, "fill", json_real((double)column->fill));
    }
    set_flag(&object, "gaps", column->has_gaps);
    set_flag(&object, "other", column->has_other);
    set_flag(&object, "pair", column->is_pair);
    return object;
}

/* A word of an option, if it is not that of older versions. */
static void set_word(json_t **object, const char *option, unsigned word)
{
    const mlp_option *field = mlp_config_find(option);
    if (strcmp(field->choices[word], field->absent) != 0) {
        mlp_json_set(object, option, json_string(field->choices[word]));
    }
}

mlp_status mlp_schema_print(const mlp_schema *schema, char **text)
{
    json_t *columns = json_array();
    for (size_t i = 0; i < schema->count; i++) {
        mlp_json_append(&columns,
                        column_json(&schema->columns[i],
                                    schema->missing == MLP_MISSING_IMPUTE &&
                                        i != schema->label));
    }
    json_t *object = json_pack(
        "{s:s, s:o, s:o}", "task", task_names[schema->is_regression], "label",
        json_string(schema->columns[schema->label].name), "columns", columns);
    set_word(&object, "missing", schema->missing);
    set_word(&object, "unseen", schema->unseen);
    if (schema->na[0] != '\0') {
        mlp_json_set(&object, "na", json_string(schema->na));
    }
    return dump(object, text);
}

/* ---- parse ------------------------------------------------------------- */

static mlp_status refuse(const char *what)
{
    return mlp_fail(MLP_ERROR_DATA, "the schema of the table has %s", what);
}

static bool find_word(const char *word, const char *const *words, size_t count,
                      size_t *found)
{
    for (size_t i = 0; word != NULL && i < count; i++) {
        if (strcmp(word, words[i]) == 0) {
            *found = i;
            return true;
        }
    }
    return false;
}

static mlp_status parse_names(const json_t *array, size_t most,
                              mlp_names *names)
{
    for (size_t i = 0; i < json_array_size(array); i++) {
        const char *name = json_string_value(json_array_get(array, i));
        if (name == NULL) {
            return refuse("a category that is not text");
        }
        MLP_TRY(mlp_names_add(names, name, most));
    }
    return names->count == json_array_size(array) ? MLP_OK
                                                  : refuse("a category twice");
}

/* How a column is filled in and divided, which older versions don't have. */
static mlp_status parse_form(const json_t *object, mlp_column *column)
{
    const json_t *fill = json_object_get(object, "fill");
    column->has_gaps = json_is_true(json_object_get(object, "gaps"));
    column->has_other = json_is_true(json_object_get(object, "other"));
    column->is_pair = json_is_true(json_object_get(object, "pair"));
    column->fill = (float)json_number_value(fill);
    if (!isfinite(column->fill)) {
        return refuse("a median that is not finite");
    }
    if (column->kind == MLP_COLUMN_TEXT && mlp_column_categories(column) == 0) {
        return refuse("a column without categories");
    }
    return !column->is_pair || (column->kind == MLP_COLUMN_TEXT &&
                                mlp_column_categories(column) == 2)
               ? MLP_OK
               : refuse("a pair that is not of two categories");
}

static mlp_status parse_column(const json_t *object, bool is_label,
                               mlp_column *column)
{
    size_t kind;
    const char *name = json_string_value(json_object_get(object, "name"));
    const char *word = json_string_value(json_object_get(object, "kind"));
    if (name == NULL || strlen(name) > MLP_NAME_BYTES_MOST ||
        !find_word(word, kind_names, MLP_COLUMN_WEIGHT + 1, &kind) ||
        kind == MLP_COLUMN_UNKNOWN) {
        return refuse("a column without name or kind");
    }
    column->kind = (mlp_column_kind)kind;
    column->name = strdup(name);
    if (column->name == NULL) {
        return mlp_fail_memory("the schema of a table");
    }
    if (column->kind == MLP_COLUMN_TEXT) {
        MLP_TRY(parse_names(json_object_get(object, "categories"),
                            is_label ? MLP_CLASSES_MOST : MLP_CATEGORIES_MOST,
                            &column->categories));
    }
    return parse_form(object, column);
}

/* A word of an option; absent, that of older versions. */
static bool parse_word(const json_t *root, const char *option, unsigned *word)
{
    const mlp_option *field = mlp_config_find(option);
    const json_t *value = json_object_get(root, option);
    const char *text = value != NULL ? json_string_value(value) : field->absent;
    for (*word = 0; field->choices[*word] != NULL; ++*word) {
        if (text != NULL && strcmp(text, field->choices[*word]) == 0) {
            return true;
        }
    }
    return false;
}

static mlp_status parse_words(const json_t *root, mlp_schema *schema)
{
    const json_t *na = json_object_get(root, "na");
    const char *words = na != NULL ? json_string_value(na) : "";
    unsigned missing, unseen;
    if (!parse_word(root, "missing", &missing) ||
        !parse_word(root, "unseen", &unseen) || words == NULL ||
        strlen(words) >= sizeof schema->na) {
        return refuse("unknown words for missing, unseen or na");
    }
    schema->missing = (mlp_missing)missing;
    schema->unseen = (mlp_unseen)unseen;
    memcpy(schema->na, words, strlen(words) + 1);
    return MLP_OK;
}

static mlp_status parse_columns(const json_t *array, const char *label,
                                mlp_schema *schema)
{
    size_t count = json_array_size(array);
    schema->label = count;
    schema->columns = calloc(count + 1, sizeof *schema->columns);
    if (schema->columns == NULL) {
        return mlp_fail_memory("the schema of a table");
    }
    for (size_t i = 0; i < count; i++) {
        const json_t *object = json_array_get(array, i);
        const char *name = json_string_value(json_object_get(object, "name"));
        bool is_label = name != NULL && strcmp(name, label) == 0;
        schema->count = i + 1; /* for destroy */
        MLP_TRY(parse_column(object, is_label, &schema->columns[i]));
        schema->label = is_label ? i : schema->label;
    }
    mlp_column_kind wanted =
        schema->is_regression ? MLP_COLUMN_NUMBER : MLP_COLUMN_TEXT;
    return schema->label < count &&
                   schema->columns[schema->label].kind == wanted
               ? MLP_OK
               : refuse("no label that fits its task");
}

static mlp_status parse_root(const json_t *root, mlp_schema *schema)
{
    size_t task;
    const char *label = json_string_value(json_object_get(root, "label"));
    const json_t *columns = json_object_get(root, "columns");
    if (label == NULL || json_array_size(columns) < 2 ||
        json_array_size(columns) > MLP_TABLE_FEATURES ||
        !find_word(json_string_value(json_object_get(root, "task")), task_names,
                   2, &task)) {
        return refuse("no task, label or columns");
    }
    schema->is_regression = task == 1;
    MLP_TRY(parse_words(root, schema));
    return parse_columns(columns, label, schema);
}

mlp_status mlp_schema_parse(const char *text, size_t length, mlp_schema *schema)
{
    *schema = (mlp_schema){0};
    json_t *root = json_loadb(text, length, JSON_REJECT_DUPLICATES, NULL);
    if (root == NULL) {
        return refuse("no JSON");
    }
    mlp_status status = parse_root(root, schema);
    json_decref(root);
    if (status != MLP_OK) {
        mlp_schema_destroy(schema);
    }
    return status;
}

mlp_status mlp_names_parse(const char *text, size_t length, size_t most,
                           mlp_names *names)
{
    *names = (mlp_names){0};
    json_t *array = json_loadb(text, length, 0, NULL);
    mlp_status status = json_array_size(array) > 0
                            ? parse_names(array, most, names)
                            : refuse("no list of names");
    json_decref(array);
    if (status != MLP_OK) {
        mlp_names_destroy(names);
    }
    return status;
}
