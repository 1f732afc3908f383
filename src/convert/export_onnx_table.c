/** @file
 *  The columns of a table in an ONNX graph, encoded as table_encode.c does:
 *  numbers are float32, where NaN is a missing one; texts are strings, where ""
 *  and the words of --na are. A graph cannot refuse a value: a text that is no
 *  category is "other", or none.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "export.h"
#include "source/table_encode.h"

/* The median where a number is missing, and the feature that says so. */
static size_t add_number(mlp_onnx_graph *g, const mlp_column *column,
                         const char **features)
{
    const char *x = column->name;
    const char *is_gap = mlp_onnx_node(g, "IsNaN", x, NULL, NULL);
    features[0] = mlp_onnx_node(g, "Where", is_gap,
                                mlp_onnx_constant(g, column->fill), x);
    if (column->has_gaps) {
        features[1] =
            mlp_onnx_node(g, "Where", is_gap, mlp_onnx_constant(g, 1.0F),
                          mlp_onnx_constant(g, -1.0F));
    }
    return column->has_gaps ? 2 : 1;
}

/* Texts and the number that each becomes. */
typedef struct {
    const char **texts;
    float *numbers;
    size_t count;
} text_map;

static void add_pair(text_map *map, const char *text, float number)
{
    map->texts[map->count] = text;
    map->numbers[map->count++] = number;
}

/* A pair is one number, others are looked for among 0, 1 ... */
static float number_of(const mlp_column *column, uint32_t category)
{
    if (category == MLP_CELL_MISSING) {
        return column->is_pair ? 0.0F : -1.0F;
    }
    return !column->is_pair ? (float)category : category == 0 ? 1.0F : -1.0F;
}

/* Categories, and words for a missing cell. */
static void fill_map(mlp_onnx_graph *g, const mlp_column *column,
                     const char *na, text_map *map)
{
    size_t count = column->categories.count;
    float missing = number_of(column, mlp_encode_category(column, NULL));
    for (size_t k = 0; k < count; k++) {
        add_pair(map, column->categories.items[k],
                 number_of(column, (uint32_t)k));
    }
    add_pair(map, "", missing);
    while (*na != '\0') {
        size_t length = strcspn(na, ",");
        char *word = mlp_onnx_keep(g, length + 1);
        if (word != NULL && length > 0) {
            memcpy(word, na, length);
            if (mlp_names_find(&column->categories, word) == count) {
                add_pair(map, word, missing);
            }
        }
        na += length + (na[length] == ',');
    }
}

static const char *add_text(mlp_onnx_graph *g, const mlp_column *column,
                            const char *na)
{
    size_t most = column->categories.count + MLP_NA_BYTES_MOST + 2;
    text_map map = {.texts = calloc(most, sizeof *map.texts),
                    .numbers = calloc(most, sizeof *map.numbers)};
    const char *code = NULL;
    if (map.texts != NULL && map.numbers != NULL) {
        uint32_t other = column->has_other
                             ? (uint32_t)mlp_column_categories(column) - 1
                             : MLP_CELL_MISSING;
        fill_map(g, column, na, &map);
        code = mlp_onnx_node(g, "LabelEncoder", column->name, NULL, NULL);
        mlp_onnx_map(g, map.texts, map.numbers, map.count,
                     number_of(column, other));
    }
    free(map.texts);
    free(map.numbers);
    if (column->is_pair) {
        return code;
    }
    const char *is_it =
        mlp_onnx_node(g, "Equal", code,
                      mlp_onnx_counts(g, mlp_column_categories(column)), NULL);
    return mlp_onnx_as_float(g, is_it);
}

const char *mlp_export_onnx_table(mlp_onnx_graph *g, const mlp_schema *schema)
{
    size_t count = 0;
    const char **features = calloc(2 * schema->count + 1, sizeof *features);
    if (features == NULL) {
        return NULL;
    }
    for (size_t i = 0; i < schema->count; i++) {
        const mlp_column *column = &schema->columns[i];
        if (i == schema->label || column->kind == MLP_COLUMN_IGNORED) {
            continue;
        }
        mlp_onnx_input(g, column->name, column->kind == MLP_COLUMN_TEXT, 1);
        if (column->kind == MLP_COLUMN_NUMBER) {
            count += add_number(g, column, features + count);
        } else {
            features[count++] = add_text(g, column, schema->na);
        }
    }
    const char *all = mlp_onnx_node_of(g, "Concat", features, count);
    mlp_onnx_int(g, "axis", 1);
    free(features);
    return all;
}
