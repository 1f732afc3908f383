/** @file
 *  Schemas of tables as JSON: {"task": "regression", "label": "price",
 *  "columns": [{"name": "years", "kind": "number"},
 *              {"name": "colour", "kind": "text", "categories": [...]}]}
 */
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "schema.h"

static const char *const kind_names[] = {"unknown", "number", "text", "ignored",
                                         NULL};
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

static json_t *column_json(const mlp_column *column)
{
    json_t *object = json_pack("{s:o, s:s}", "name", json_string(column->name),
                               "kind", kind_names[column->kind]);
    if (column->kind == MLP_COLUMN_TEXT) {
        mlp_json_set(&object, "categories", names_json(&column->categories));
    }
    return object;
}

mlp_status mlp_schema_print(const mlp_schema *schema, char **text)
{
    json_t *columns = json_array();
    for (size_t i = 0; i < schema->count; i++) {
        mlp_json_append(&columns, column_json(&schema->columns[i]));
    }
    json_t *object = json_pack(
        "{s:s, s:o, s:o}", "task", task_names[schema->is_regression], "label",
        json_string(schema->columns[schema->label].name), "columns", columns);
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
            return refuse("a category that is no text");
        }
        MLP_TRY(mlp_names_add(names, name, most));
    }
    return names->count > 0 && names->count == json_array_size(array)
               ? MLP_OK
               : refuse("a column without categories, or one twice");
}

static mlp_status parse_column(const json_t *object, bool is_label,
                               mlp_column *column)
{
    size_t kind;
    const char *name = json_string_value(json_object_get(object, "name"));
    const char *word = json_string_value(json_object_get(object, "kind"));
    if (name == NULL || strlen(name) > MLP_NAME_BYTES_MOST ||
        !find_word(word, kind_names, MLP_COLUMN_IGNORED + 1, &kind) ||
        kind == MLP_COLUMN_UNKNOWN) {
        return refuse("a column without name or kind");
    }
    column->kind = (mlp_column_kind)kind;
    column->name = strdup(name);
    if (column->name == NULL) {
        return mlp_fail_memory("the schema of a table");
    }
    return column->kind != MLP_COLUMN_TEXT
               ? MLP_OK
               : parse_names(json_object_get(object, "categories"),
                             is_label ? MLP_CLASSES_MOST : MLP_CATEGORIES_MOST,
                             &column->categories);
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
    mlp_status status = array != NULL ? parse_names(array, most, names)
                                      : refuse("no list of names");
    json_decref(array);
    if (status != MLP_OK) {
        mlp_names_destroy(names);
    }
    return status;
}
