/** @file
 *  Fits the schema of a table.
 */
#include "table_fit.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

#include "base/log.h"

/* Some rows of a table, and memory for one column of them. */
typedef struct {
    const mlp_cells *cells;
    const mlp_table_options *options;
    const uint32_t *rows; /* [count]; NULL: all, in order */
    size_t count;
    float *numbers; /* [count] */
} fit;

static const uint32_t *row_of(const fit *of, size_t i)
{
    return mlp_cells_row(of->cells, of->rows != NULL ? of->rows[i] : i);
}

/* ---- numbers ----------------------------------------------------------- */

/* The k-th smallest of n numbers, which are reordered: those before it are not
 * larger, those behind it not smaller.
 * Source: Hoare 1961, "Algorithm 65: find". */
static float select_number(float *numbers, size_t n, size_t k)
{
    size_t low = 0;
    size_t high = n - 1;
    while (low < high) {
        float pivot = numbers[low + (high - low) / 2];
        size_t i = low;
        size_t j = high;
        for (;;) {
            for (; numbers[i] < pivot; i++) {
            }
            for (; numbers[j] > pivot; j--) {
            }
            if (i >= j) {
                break;
            }
            float other = numbers[i];
            numbers[i++] = numbers[j];
            numbers[j--] = other;
        }
        /* low .. j are at most the pivot, the others at least */
        if (k <= j) {
            high = j;
        } else {
            low = j + 1;
        }
    }
    return numbers[k];
}

/* The median; of an even count, halfway between the two in the middle. */
static float median(float *numbers, size_t n)
{
    float upper = select_number(numbers, n, n / 2);
    float lower = upper;
    if (n % 2 == 0) {
        lower = numbers[0];
        for (size_t i = 1; i < n / 2; i++) {
            lower = numbers[i] > lower ? numbers[i] : lower;
        }
    }
    return (float)(((double)lower + (double)upper) / 2);
}

static void fit_number(const fit *of, size_t i, mlp_column *column)
{
    size_t place = of->cells->columns[i].number;
    size_t count = 0;
    for (size_t r = 0; r < of->count; r++) {
        float number = mlp_cell_number(row_of(of, r)[place]);
        of->numbers[count] = number;
        count += !isnan(number);
    }
    if (count == 0) {
        column->kind = MLP_COLUMN_IGNORED;
        return;
    }
    column->fill = median(of->numbers, count);
    column->has_gaps = count < of->count;
}

/* ---- texts ------------------------------------------------------------- */

/* A text and how many rows have it. */
typedef struct {
    const char *text;
    size_t rows;
} counted_text;

static int by_rows(const void *a, const void *b)
{
    const counted_text *x = a;
    const counted_text *y = b;
    return x->rows != y->rows ? (x->rows < y->rows ? 1 : -1)
                              : strcmp(x->text, y->text);
}

/* @param counts  [texts], overwritten: sorted, the most frequent first
 * @param gaps    overwritten: rows without a text */
static void count_texts(const fit *of, size_t i, counted_text *counts,
                        size_t *gaps)
{
    const mlp_cell_column *column = &of->cells->columns[i];
    *gaps = 0;
    for (size_t k = 0; k < column->texts.count; k++) {
        counts[k] = (counted_text){mlp_texts_item(&column->texts, k), 0};
    }
    for (size_t r = 0; r < of->count; r++) {
        uint32_t code = row_of(of, r)[column->code];
        if (code == MLP_CELL_MISSING) {
            ++*gaps;
        } else {
            counts[code].rows++;
        }
    }
    qsort(counts, column->texts.count, sizeof *counts, by_rows);
}

/* The frequent texts are categories, the others share one. */
static mlp_status name_categories(const fit *of, size_t i, size_t most,
                                  const counted_text *counts,
                                  mlp_column *column)
{
    size_t least = of->options->rare > 1 ? of->options->rare : 1;
    size_t count = of->cells->columns[i].texts.count;
    for (size_t k = 0; k < count && counts[k].rows > 0; k++) {
        column->has_other = counts[k].rows < least || k >= most;
        if (column->has_other) {
            return MLP_OK;
        }
        MLP_TRY(mlp_names_add(&column->categories, counts[k].text, most));
    }
    return MLP_OK;
}

static mlp_status fit_text(const fit *of, size_t i, mlp_column *column)
{
    size_t gaps;
    bool is_label = i == of->cells->how.label;
    counted_text *counts =
        calloc(of->cells->columns[i].texts.count + 1, sizeof *counts);
    if (counts == NULL) {
        return mlp_fail_memory("the categories of a column");
    }
    count_texts(of, i, counts, &gaps);
    mlp_status status = name_categories(
        of, i, is_label ? MLP_CLASSES_MOST : MLP_CATEGORIES_MOST - 2, counts,
        column);
    free(counts);
    column->has_gaps = gaps > 0 && !is_label;
    if (column->categories.count == 0 && !column->has_other) {
        column->kind = MLP_COLUMN_IGNORED;
    }
    column->is_pair = of->options->has_pairs && !is_label &&
                      column->kind == MLP_COLUMN_TEXT &&
                      mlp_column_categories(column) == 2;
    return status;
}

/* ---- the schema -------------------------------------------------------- */

/* Whether a text column is fitted to all rows. */
static bool takes_all_rows(const fit *of, size_t i)
{
    return i == of->cells->how.label || of->options->unseen == MLP_UNSEEN_ALL;
}

static mlp_status fit_column(const fit *of, size_t i, mlp_schema *schema)
{
    mlp_column *column = &schema->columns[i];
    bool is_label = i == of->cells->how.label;
    if (is_label) {
        column->kind =
            schema->is_regression ? MLP_COLUMN_NUMBER : MLP_COLUMN_TEXT;
    }
    if (column->kind == MLP_COLUMN_NUMBER && !is_label) {
        fit_number(of, i, column);
    } else if (column->kind == MLP_COLUMN_TEXT) {
        fit all = *of;
        if (takes_all_rows(of, i)) {
            all.rows = NULL;
            all.count = of->cells->rows;
        }
        MLP_TRY(fit_text(&all, i, column));
    } else if (column->kind == MLP_COLUMN_UNKNOWN) {
        column->kind = MLP_COLUMN_IGNORED;
    }
    if (column->kind == MLP_COLUMN_IGNORED &&
        of->cells->columns[i].kind != MLP_COLUMN_IGNORED) {
        mlp_log_note("column \"%s\" is left out: no training row has a value",
                     column->name);
    }
    return MLP_OK;
}

static mlp_status copy_columns(const mlp_cells *cells, mlp_schema *schema)
{
    schema->label = cells->how.label;
    schema->columns = calloc(cells->count, sizeof *schema->columns);
    if (schema->columns == NULL) {
        return mlp_fail_memory("the columns of a table");
    }
    for (size_t i = 0; i < cells->count; i++) {
        schema->count = i + 1;
        schema->columns[i].kind = cells->columns[i].kind;
        schema->columns[i].name = strdup(cells->columns[i].name);
        if (schema->columns[i].name == NULL) {
            return mlp_fail_memory("the columns of a table");
        }
    }
    return MLP_OK;
}

static mlp_status fit_columns(const fit *of, mlp_schema *schema)
{
    size_t names = 0;
    MLP_TRY(copy_columns(of->cells, schema));
    for (size_t i = 0; i < schema->count; i++) {
        MLP_TRY(fit_column(of, i, schema));
        names += schema->columns[i].categories.count;
    }
    return names <= MLP_TABLE_FEATURES
               ? MLP_OK
               : mlp_fail(MLP_ERROR_DATA,
                          "%s: has %zu categories in all columns, more than %d",
                          of->cells->name, names, MLP_TABLE_FEATURES);
}

mlp_status mlp_table_fit(const mlp_cells *cells,
                         const mlp_table_options *options, bool is_regression,
                         const uint32_t *rows, size_t count, mlp_schema *schema)
{
    fit of = {.cells = cells,
              .options = options,
              .rows = rows,
              .count = count,
              .numbers = calloc(count + 1, sizeof *of.numbers)};
    *schema = (mlp_schema){.is_regression = is_regression,
                           .missing = options->missing,
                           .unseen = options->unseen};
    snprintf(schema->na, sizeof schema->na, "%s", options->na);
    mlp_status status = of.numbers == NULL ? mlp_fail_memory("a column")
                                           : fit_columns(&of, schema);
    free(of.numbers);
    return status;
}

/* ---- the task ---------------------------------------------------------- */

bool mlp_table_is_regression(const mlp_cells *cells, mlp_task task,
                             const char **why)
{
    const mlp_cell_column *label = &cells->columns[cells->how.label];
    if (task != MLP_TASK_AUTO) {
        return task == MLP_TASK_REGRESSION;
    }
    if (label->kind != MLP_COLUMN_NUMBER) {
        *why = "it has texts";
        return false;
    }
    *why = label->has_many ? "it has numbers that are not whole, or more than "
                             "20 different ones"
                           : "it has at most 20 different whole numbers";
    return label->has_many;
}
