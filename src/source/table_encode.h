/** @file
 *  The rows of a table as features, labels and targets, by a schema. Private to
 *  the readers of tables.
 */
#ifndef MLP_TABLE_ENCODE_H
#define MLP_TABLE_ENCODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cells.h"
#include "schema.h"

/** The category of a text, NULL for a missing one; MLP_CELL_MISSING: none. */
uint32_t mlp_encode_category(const mlp_column *column, const char *text);

/** A column's features of a number, NaN for a missing one; and of a category.
 *  @param values  [mlp_column_features], zeros */
void mlp_encode_number(const mlp_column *column, float number, float *values);
void mlp_encode_text(const mlp_column *column, uint32_t category,
                     float *values);

/** Destinations of rows; NULL where not wanted. */
typedef struct {
    float *values;    /**< [rows, features] */
    uint16_t *labels; /**< [rows] */
    float *targets;   /**< [rows] */
    float *weights;   /**< [rows]; of cells that have them */
} mlp_table_rows;

/** How the cells of a file become features. Zero-initialize; destroy frees. */
typedef struct {
    const mlp_cells *cells;
    const mlp_schema *schema; /**< of the same columns */
    size_t features;
    size_t weight;  /**< mlp_cells_weight */
    size_t *strict; /**< [strict_count]: columns whose texts must be categories,
                         the label's and, unless others are allowed, all; only
                         those with a text that is none */
    size_t strict_count;
    size_t *places; /**< [place_count]: of the features' cells in a row */
    size_t place_count;
    uint32_t **categories; /**< [columns], each [texts]: the category of a code;
                                MLP_CELL_MISSING for none */
} mlp_encoder;

/** Cells and schema must outlive it. MLP_ERROR_INTERNAL without memory. */
mlp_status mlp_encoder_create(const mlp_cells *cells, const mlp_schema *schema,
                              mlp_encoder *encoder);
void mlp_encoder_destroy(mlp_encoder *encoder);

/** Whether the rows have weights. */
bool mlp_encoder_has_weights(const mlp_encoder *encoder);

/** Encode one row of the cells as row `to_row` of the destinations. */
void mlp_encode_row(const mlp_encoder *encoder, size_t row,
                    const mlp_table_rows *to, size_t to_row);

/** Count the features of all rows that are missing, and texts that are no named
 *  category. */
void mlp_encoder_count(const mlp_encoder *encoder, uint64_t *missing,
                       uint64_t *other);

/** Check a row for a label that is no class and, unless the schema takes it for
 *  "other", a text that is no category.
 *  @return  index of the column; the number of columns if there is none, as for
 *           all rows if there are no strict columns */
size_t mlp_encoder_unseen(const mlp_encoder *encoder, size_t row);

#endif
