/** @file
 *  What a table's columns are, for a user who sees the file for the first time.
 */
#ifndef MLP_TABLE_SURVEY_H
#define MLP_TABLE_SURVEY_H

#include "cells.h"
#include "source.h"

enum { MLP_SURVEY_TEXTS = 5 /**< frequent texts of a column */ };

typedef struct {
    mlp_column_kind kind;      /**< of a label: TEXT if it is a class */
    size_t missing;            /**< rows without a cell */
    float least, median, most; /**< of numbers */
    double mean, deviation;    /**< of numbers */
    size_t texts;              /**< different ones */
    struct {
        size_t code; /**< of the cells' texts */
        size_t rows;
    } frequent[MLP_SURVEY_TEXTS]; /**< most frequent first */
} mlp_survey_column;

/** Zero-initialize; destroy frees. */
typedef struct {
    mlp_cells cells;            /**< with names and texts of the columns */
    mlp_survey_column *columns; /**< [cells.count] */
    size_t label;               /**< its column; SIZE_MAX: none was named */
    bool is_regression;
    const char *reason; /**< for the task; NULL: it was given */
} mlp_survey;

/** Read a table, alone. Its options' label may be "": none is named.
 *  Errors of mlp_source_open_table. */
mlp_status mlp_survey_make(const char *spec, const mlp_table_options *options,
                           mlp_survey *survey);
void mlp_survey_destroy(mlp_survey *survey);

#endif
