/** @file
 *  The meaning of a table's columns.
 */
#include "schema.h"

#include <stdlib.h>
#include <string.h>

/* ---- names ------------------------------------------------------------- */

enum { DIGITS_MOST = 18 }; /* of a number that fits a long long */

static bool is_whole(const char *text)
{
    size_t digits = strspn(text, "0123456789");
    return digits > 0 && digits <= DIGITS_MOST && text[digits] == '\0';
}

static int compare(const char *a, const char *b)
{
    bool is_number = is_whole(a);
    if (is_number != is_whole(b)) {
        return is_number ? -1 : 1;
    }
    if (is_number) {
        long long difference = strtoll(a, NULL, 10) - strtoll(b, NULL, 10);
        if (difference != 0) {
            return difference < 0 ? -1 : 1;
        }
    }
    return strcmp(a, b);
}

/* The index of the first name that is not less than this one. */
static size_t place_of(const mlp_names *names, const char *name)
{
    size_t low = 0;
    size_t high = names->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (compare(names->items[middle], name) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

size_t mlp_names_find(const mlp_names *names, const char *name)
{
    size_t place = place_of(names, name);
    return place < names->count && strcmp(names->items[place], name) == 0
               ? place
               : names->count;
}

static mlp_status grow(mlp_names *names)
{
    size_t room = names->room == 0 ? 8 : 2 * names->room;
    char **items = reallocarray(names->items, room, sizeof *items);
    if (items == NULL) {
        return mlp_fail_memory("the categories of a column");
    }
    names->items = items;
    names->room = room;
    return MLP_OK;
}

mlp_status mlp_names_add(mlp_names *names, const char *name, size_t most)
{
    if (mlp_names_find(names, name) < names->count) {
        return MLP_OK;
    }
    if (names->count == most) {
        return mlp_fail(MLP_ERROR_DATA,
                        "has more than %zu different texts: not a category?",
                        most);
    }
    if (strlen(name) > MLP_NAME_BYTES_MOST) {
        return mlp_fail(MLP_ERROR_DATA,
                        "\"%.40s...\" is longer than %d bytes: not a "
                        "category?",
                        name, MLP_NAME_BYTES_MOST);
    }
    if (names->count == names->room) {
        MLP_TRY(grow(names));
    }
    char *copy = strdup(name);
    if (copy == NULL) {
        return mlp_fail_memory("a category");
    }
    size_t place = place_of(names, name);
    memmove(names->items + place + 1, names->items + place,
            (names->count - place) * sizeof *names->items);
    names->items[place] = copy;
    names->count++;
    return MLP_OK;
}

void mlp_names_destroy(mlp_names *names)
{
    for (size_t i = 0; i < names->count; i++) {
        free(names->items[i]);
    }
    free(names->items);
    *names = (mlp_names){0};
}

mlp_status mlp_names_copy(const mlp_names *names, mlp_names *copy)
{
    *copy = (mlp_names){0};
    for (size_t i = 0; names != NULL && i < names->count; i++) {
        MLP_TRY(mlp_names_add(copy, names->items[i], names->count));
    }
    return MLP_OK;
}

/* ---- schemas ----------------------------------------------------------- */

void mlp_schema_destroy(mlp_schema *schema)
{
    for (size_t i = 0; i < schema->count; i++) {
        free(schema->columns[i].name);
        mlp_names_destroy(&schema->columns[i].categories);
    }
    free(schema->columns);
    *schema = (mlp_schema){0};
}

size_t mlp_column_categories(const mlp_column *column)
{
    return column->categories.count + column->has_gaps + column->has_other;
}

size_t mlp_column_features(const mlp_column *column)
{
    switch (column->kind) {
    case MLP_COLUMN_NUMBER:
        return column->has_gaps ? 2 : 1;
    case MLP_COLUMN_TEXT:
        return column->is_pair ? 1 : mlp_column_categories(column);
    case MLP_COLUMN_IGNORED:
    case MLP_COLUMN_WEIGHT:
    case MLP_COLUMN_UNKNOWN:
        break;
    }
    return 0;
}

static size_t features_of(const mlp_schema *schema, size_t i)
{
    return i == schema->label ? 0 : mlp_column_features(&schema->columns[i]);
}

size_t mlp_schema_features(const mlp_schema *schema)
{
    size_t features = 0;
    for (size_t i = 0; i < schema->count; i++) {
        features += features_of(schema, i);
    }
    return features;
}

void mlp_schema_indicators(const mlp_schema *schema, bool *is_indicator)
{
    size_t at = 0;
    for (size_t i = 0; i < schema->count; i++) {
        for (size_t k = 0; k < features_of(schema, i); k++) {
            is_indicator[at++] =
                schema->columns[i].kind == MLP_COLUMN_TEXT || k > 0;
        }
    }
}

const mlp_names *mlp_schema_classes(const mlp_schema *schema)
{
    return schema == NULL || schema->count == 0 || schema->is_regression
               ? NULL
               : &schema->columns[schema->label].categories;
}

mlp_status mlp_schema_copy(const mlp_schema *schema, mlp_schema *copy)
{
    char *text = NULL;
    *copy = (mlp_schema){0};
    if (schema->count == 0) {
        return MLP_OK;
    }
    MLP_TRY(mlp_schema_print(schema, &text));
    mlp_status status = mlp_schema_parse(text, strlen(text), copy);
    free(text);
    return status;
}
