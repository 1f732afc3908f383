/** @file
 *  What a table's columns are.
 */
#include "table_survey.h"

#include <math.h>
#include <stdlib.h>

#include "table_files.h"
#include "table_fit.h"
#include "team/select.h"

/* ---- numbers ----------------------------------------------------------- */

static float number_at(const mlp_cells *cells, size_t row, size_t i)
{
    return mlp_cell_number(mlp_cells_row(cells, row)[cells->columns[i].number]);
}

/* Range, mean and deviation; the number of cells.
 * Source of the sums: Welford 1962, "Note on a method for calculating corrected
 * sums of squares and products". */
static size_t measure(const mlp_cells *cells, size_t i,
                      mlp_survey_column *column)
{
    size_t count = 0;
    double squares = 0;
    for (size_t row = 0; row < cells->rows; row++) {
        float number = number_at(cells, row, i);
        if (isnan(number)) {
            continue;
        }
        double from_mean = (double)number - column->mean;
        column->least =
            count == 0 || number < column->least ? number : column->least;
        column->most =
            count == 0 || number > column->most ? number : column->most;
        column->mean += from_mean / (double)++count;
        squares += from_mean * ((double)number - column->mean);
    }
    column->deviation = count > 0 ? sqrt(squares / (double)count) : 0;
    return count;
}

static void count_numbers(const mlp_cells *cells, size_t i,
                          mlp_selection *selection)
{
    float numbers[MLP_SELECT_VALUES];
    size_t count = 0;
    for (size_t row = 0; row < cells->rows; row++) {
        numbers[count++] = number_at(cells, row, i);
        if (count == MLP_SELECT_VALUES || row + 1 == cells->rows) {
            mlp_selection_count(selection, 0, numbers, count);
            count = 0;
        }
    }
}

static void survey_number(const mlp_cells *cells, size_t i,
                          mlp_selection *selection, mlp_survey_column *column)
{
    size_t count = measure(cells, i, column);
    column->missing = cells->rows - count;
    if (count == 0) {
        return;
    }
    mlp_selection_begin(selection, 1);
    mlp_selection_want(selection, 0, 0, (count - 1) / 2);
    do {
        count_numbers(cells, i, selection);
    } while (mlp_selection_narrow(selection));
    column->median = mlp_selection_value(selection, 0, 0);
}

/* ---- texts ------------------------------------------------------------- */

/* Insert a text among the frequent ones; of equally frequent ones the first. */
static void rank_text(size_t code, size_t rows, mlp_survey_column *column)
{
    size_t at = MLP_SURVEY_TEXTS;
    while (at > 0 && column->frequent[at - 1].rows < rows) {
        at--;
        if (at + 1 < MLP_SURVEY_TEXTS) {
            column->frequent[at + 1] = column->frequent[at];
        }
    }
    if (at < MLP_SURVEY_TEXTS) {
        column->frequent[at].code = code;
        column->frequent[at].rows = rows;
    }
}

static mlp_status survey_text(const mlp_cells *cells, size_t i,
                              mlp_survey_column *column)
{
    size_t texts = cells->columns[i].texts.count;
    size_t *rows = calloc(texts + 1, sizeof *rows);
    if (rows == NULL) {
        return mlp_fail_memory("the texts of a column");
    }
    for (size_t row = 0; row < cells->rows; row++) {
        uint32_t code = mlp_cells_row(cells, row)[cells->columns[i].code];
        rows[code == MLP_CELL_MISSING ? texts : code]++;
    }
    for (size_t code = 0; code < texts; code++) {
        column->texts += rows[code] > 0;
        rank_text(code, rows[code], column);
    }
    column->missing = rows[texts];
    free(rows);
    return MLP_OK;
}

/* ---- all columns ------------------------------------------------------- */

static mlp_status survey_columns(mlp_survey *survey, mlp_selection *selection)
{
    const mlp_cells *cells = &survey->cells;
    for (size_t i = 0; i < cells->count; i++) {
        mlp_survey_column *column = &survey->columns[i];
        column->kind = cells->columns[i].kind;
        if (i == survey->label && column->kind != MLP_COLUMN_UNKNOWN) {
            column->kind =
                survey->is_regression ? MLP_COLUMN_NUMBER : MLP_COLUMN_TEXT;
        }
        if (column->kind == MLP_COLUMN_NUMBER) {
            survey_number(cells, i, selection, column);
        } else if (column->kind == MLP_COLUMN_TEXT) {
            MLP_TRY(survey_text(cells, i, column));
        }
    }
    return MLP_OK;
}

static mlp_status survey_cells(const mlp_table_options *options,
                               mlp_survey *survey)
{
    mlp_selection selection = {0};
    survey->label = survey->cells.how.label;
    if (survey->label != SIZE_MAX) {
        survey->is_regression = mlp_table_is_regression(
            &survey->cells, options->task, &survey->reason);
    }
    survey->columns = calloc(survey->cells.count, sizeof *survey->columns);
    if (survey->columns == NULL) {
        return mlp_fail_memory("the columns of a table");
    }
    mlp_status status = mlp_selection_create(1, 1, &selection);
    if (status == MLP_OK) {
        status = survey_columns(survey, &selection);
    }
    mlp_selection_destroy(&selection);
    return status;
}

mlp_status mlp_survey_make(const char *spec, const mlp_table_options *options,
                           mlp_survey *survey)
{
    const mlp_table_reading of = {.options = options,
                                  .needs_label = options->label[0] != '\0',
                                  .may_lack_label = true};
    MLP_TRY(mlp_table_read(&of, spec, &survey->cells));
    return survey_cells(options, survey);
}

void mlp_survey_destroy(mlp_survey *survey)
{
    mlp_cells_destroy(&survey->cells);
    free(survey->columns);
    *survey = (mlp_survey){0};
}
