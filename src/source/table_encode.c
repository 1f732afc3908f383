/** @file
 *  The rows of a table as features.
 */
#include "table_encode.h"

#include <math.h>
#include <stdlib.h>

/* ---- a cell ------------------------------------------------------------ */

uint32_t mlp_encode_category(const mlp_column *column, const char *text)
{
    size_t count = column->categories.count;
    size_t category =
        text != NULL ? mlp_names_find(&column->categories, text) : count;
    if (category < count) {
        return (uint32_t)category;
    }
    if (text == NULL && column->has_gaps) {
        return (uint32_t)count;
    }
    return column->has_other ? (uint32_t)mlp_column_categories(column) - 1
                             : MLP_CELL_MISSING;
}

void mlp_encode_number(const mlp_column *column, float number, float *values)
{
    bool is_missing = isnan(number);
    values[0] = is_missing ? column->fill : number;
    if (column->has_gaps) {
        values[1] = is_missing ? 1.0F : -1.0F;
    }
}

void mlp_encode_text(const mlp_column *column, uint32_t category, float *values)
{
    if (category == MLP_CELL_MISSING) {
        return;
    }
    if (column->is_pair) {
        values[0] = category == 0 ? 1.0F : -1.0F;
    } else {
        values[category] = 1.0F;
    }
}

/* ---- categories of codes ----------------------------------------------- */

static mlp_status map_codes(mlp_encoder *encoder, size_t i)
{
    const mlp_texts *texts = &encoder->cells->columns[i].texts;
    const mlp_column *column = &encoder->schema->columns[i];
    uint32_t *map = calloc(texts->count + 1, sizeof *map);
    encoder->categories[i] = map;
    if (map == NULL) {
        return mlp_fail_memory("the categories of a table");
    }
    for (size_t code = 0; code < texts->count; code++) {
        map[code] = mlp_encode_category(column, mlp_texts_item(texts, code));
    }
    return MLP_OK;
}

/* Whether a column of texts has one that must be a category and is none. */
static bool is_strict(const mlp_encoder *encoder, size_t i)
{
    const mlp_cell_column *column = &encoder->cells->columns[i];
    bool may_be = column->code != SIZE_MAX &&
                  (i == encoder->schema->label ||
                   encoder->schema->unseen != MLP_UNSEEN_OTHER);
    for (size_t k = 0; k < column->texts.count && may_be; k++) {
        if (encoder->categories[i][k] == MLP_CELL_MISSING) {
            return true;
        }
    }
    return false;
}

/* What is known of a column of the schema. */
static mlp_status add_column(mlp_encoder *encoder, size_t i)
{
    const mlp_cell_column *column = &encoder->cells->columns[i];
    mlp_column_kind kind = encoder->schema->columns[i].kind;
    bool is_number = kind == MLP_COLUMN_NUMBER;
    if (kind == MLP_COLUMN_TEXT) {
        MLP_TRY(map_codes(encoder, i));
        if (is_strict(encoder, i)) {
            encoder->strict[encoder->strict_count++] = i;
        }
    }
    if (i != encoder->schema->label && (is_number || kind == MLP_COLUMN_TEXT)) {
        encoder->places[encoder->place_count++] =
            is_number ? column->number : column->code;
    }
    return MLP_OK;
}

mlp_status mlp_encoder_create(const mlp_cells *cells, const mlp_schema *schema,
                              mlp_encoder *encoder)
{
    *encoder = (mlp_encoder){.cells = cells,
                             .schema = schema,
                             .features = mlp_schema_features(schema),
                             .weight = mlp_cells_weight(cells)};
    encoder->categories = calloc(schema->count, sizeof *encoder->categories);
    encoder->strict = calloc(schema->count, sizeof *encoder->strict);
    encoder->places = calloc(schema->count, sizeof *encoder->places);
    if (encoder->categories == NULL || encoder->strict == NULL ||
        encoder->places == NULL) {
        return mlp_fail_memory("the categories of a table");
    }
    for (size_t i = 0; i < schema->count; i++) {
        MLP_TRY(add_column(encoder, i));
    }
    return MLP_OK;
}

void mlp_encoder_destroy(mlp_encoder *encoder)
{
    for (size_t i = 0;
         encoder->categories != NULL && i < encoder->schema->count; i++) {
        free(encoder->categories[i]);
    }
    free(encoder->categories);
    free(encoder->strict);
    free(encoder->places);
    *encoder = (mlp_encoder){0};
}

bool mlp_encoder_has_weights(const mlp_encoder *encoder)
{
    return encoder->weight != SIZE_MAX;
}

/* The category of a row's text; MLP_CELL_MISSING for none. */
static uint32_t category_of(const mlp_encoder *encoder, const uint32_t *words,
                            size_t i)
{
    uint32_t code = words[encoder->cells->columns[i].code];
    return code != MLP_CELL_MISSING
               ? encoder->categories[i][code]
               : mlp_encode_category(&encoder->schema->columns[i], NULL);
}

size_t mlp_encoder_unseen(const mlp_encoder *encoder, size_t row)
{
    const uint32_t *words = mlp_cells_row(encoder->cells, row);
    for (size_t k = 0; k < encoder->strict_count; k++) {
        size_t i = encoder->strict[k];
        if (words[encoder->cells->columns[i].code] != MLP_CELL_MISSING &&
            category_of(encoder, words, i) == MLP_CELL_MISSING) {
            return i;
        }
    }
    return encoder->schema->count;
}

static uint64_t count_missing(const mlp_encoder *encoder)
{
    uint64_t missing = 0;
    for (size_t row = 0; row < encoder->cells->rows; row++) {
        const uint32_t *words = mlp_cells_row(encoder->cells, row);
        for (size_t k = 0; k < encoder->place_count; k++) {
            missing += words[encoder->places[k]] == MLP_CELL_MISSING;
        }
    }
    return missing;
}

/* Texts of a column that are no named category. */
static uint64_t count_other(const mlp_encoder *encoder, size_t i)
{
    const size_t place = encoder->cells->columns[i].code;
    const size_t named = encoder->schema->columns[i].categories.count;
    uint64_t other = 0;
    for (size_t row = 0; row < encoder->cells->rows; row++) {
        uint32_t code = mlp_cells_row(encoder->cells, row)[place];
        other +=
            code != MLP_CELL_MISSING && encoder->categories[i][code] >= named;
    }
    return other;
}

void mlp_encoder_count(const mlp_encoder *encoder, uint64_t *missing,
                       uint64_t *other)
{
    const mlp_schema *schema = encoder->schema;
    *missing = count_missing(encoder);
    *other = 0;
    for (size_t i = 0; i < schema->count; i++) {
        if (i != schema->label && schema->columns[i].kind == MLP_COLUMN_TEXT) {
            *other += count_other(encoder, i);
        }
    }
}

/* ---- a row ------------------------------------------------------------- */

static void encode_values(const mlp_encoder *encoder, const uint32_t *words,
                          float *values)
{
    const mlp_schema *schema = encoder->schema;
    memset(values, 0, encoder->features * sizeof *values);
    for (size_t i = 0; i < schema->count; i++) {
        if (i == schema->label) {
            continue;
        }
        const mlp_column *column = &schema->columns[i];
        if (column->kind == MLP_COLUMN_NUMBER) {
            size_t place = encoder->cells->columns[i].number;
            mlp_encode_number(column, mlp_cell_number(words[place]), values);
        } else if (column->kind == MLP_COLUMN_TEXT) {
            mlp_encode_text(column, category_of(encoder, words, i), values);
        }
        values += mlp_column_features(column);
    }
}

void mlp_encode_row(const mlp_encoder *encoder, size_t row,
                    const mlp_table_rows *to, size_t to_row)
{
    const uint32_t *words = mlp_cells_row(encoder->cells, row);
    size_t label = encoder->schema->label;
    if (to->values != NULL) {
        encode_values(encoder, words, to->values + to_row * encoder->features);
    }
    if (to->labels != NULL) {
        to->labels[to_row] = (uint16_t)category_of(encoder, words, label);
    }
    if (to->weights != NULL) {
        to->weights[to_row] = mlp_cell_number(words[encoder->weight]);
    }
    if (to->targets != NULL) {
        to->targets[to_row] =
            mlp_cell_number(words[encoder->cells->columns[label].number]);
    }
}
