/** @file
 *  Fits the schema of a table to its training rows: medians, categories, and
 *  which columns have gaps. Private to the table source.
 */
#ifndef MLP_TABLE_FIT_H
#define MLP_TABLE_FIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cells.h"
#include "schema.h"
#include "source.h"

/** Whether the label is a number to predict: --task, or if it is auto, by the
 *  label's cells.
 *  @param why  with MLP_TASK_AUTO, overwritten: a text for the user, with a
 *              static lifetime */
bool mlp_table_is_regression(const mlp_cells *cells, mlp_task task,
                             const char **why);

/** Fit a schema. Only the classes of a label, and with MLP_UNSEEN_ALL the
 *  categories, are those of all rows: a model must have an output for each.
 *
 *  @param rows    [count], ascending row numbers of the training rows, those of
 *                 all ranks
 *  @param schema  overwritten; its columns are those of cells
 *
 *  Collective. Training rows of weight 0 are left out, each other row counts
 *  once. A column without a cell in the training rows is ignored.
 *  MLP_ERROR_DATA for too many categories, or when all weights are 0.
 *  MLP_ERROR_INTERNAL without memory.
 */
mlp_status mlp_table_fit(const mlp_cells *cells,
                         const mlp_table_options *options, bool is_regression,
                         const uint32_t *rows, size_t count,
                         mlp_schema *schema);

/** Fit the label of a schema whose other columns are fitted: to all rows.
 *  Collective. Errors of mlp_table_fit. */
mlp_status mlp_table_fit_label(const mlp_cells *cells,
                               const mlp_table_options *options,
                               bool is_regression, mlp_schema *schema);

#endif
