/** @file
 *  Fits the schema of a table.
 */
#include "table_fit.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "joint.h"
#include "system/threads.h"
#include "team/select.h"

enum { NUMBERS = 32 /* columns whose medians are searched at a time */ };

/* Some rows of a table: those of this rank, and how many all ranks have. */
typedef struct {
    const mlp_cells *cells;
    const mlp_table_options *options;
    const uint32_t *rows; /* [count], of this rank's rows; NULL: all of them */
    size_t count, total;
} fit;

static const uint32_t *row_of(const fit *of, size_t i)
{
    return mlp_cells_row(of->cells, of->rows != NULL ? of->rows[i] : i);
}

/* ---- numbers ----------------------------------------------------------- */

/* Numeric columns whose medians are searched together. */
typedef struct {
    const fit *of;
    size_t columns[NUMBERS]; /* [count]: their indexes */
    size_t count;
    mlp_selection selection;
    uint64_t present[NUMBERS]; /* rows of all ranks that have a number */
} medians;

/* Count the numbers of some rows: read in the order of memory, counted column
 * after column.
 * @param rows  at most MLP_SELECT_VALUES */
static void count_rows(medians *m, mlp_range columns, mlp_range rows)
{
    float numbers[NUMBERS][MLP_SELECT_VALUES];
    size_t places[NUMBERS];
    for (size_t c = 0; c < columns.count; c++) {
        size_t i = m->columns[columns.first + c];
        places[c] = m->of->cells->columns[i].number;
    }
    for (size_t r = 0; r < rows.count; r++) {
        const uint32_t *row = row_of(m->of, rows.first + r);
        for (size_t c = 0; c < columns.count; c++) {
            numbers[c][r] = mlp_cell_number(row[places[c]]);
        }
    }
    for (size_t c = 0; c < columns.count; c++) {
        mlp_selection_count(&m->selection, columns.first + c, numbers[c],
                            rows.count);
    }
}

/* Each thread counts some of the columns. */
static void count_numbers(void *context, mlp_thread self)
{
    enum { ROWS = MLP_SELECT_VALUES };
    medians *m = context;
    const mlp_range columns = mlp_thread_share(self, m->count);
    for (size_t first = 0; first < m->of->count; first += ROWS) {
        size_t rest = m->of->count - first;
        count_rows(m, columns, (mlp_range){first, rest < ROWS ? rest : ROWS});
    }
}

/* The median of an even count is halfway between the two in the middle. */
static void want_medians(medians *m)
{
    for (size_t c = 0; c < m->count; c++) {
        m->present[c] = mlp_selection_total(&m->selection, c);
        uint64_t last = m->present[c] > 0 ? m->present[c] - 1 : 0;
        mlp_selection_want(&m->selection, c, 0, last / 2);
        mlp_selection_want(&m->selection, c, 1, last - last / 2);
    }
}

static mlp_status search_medians(medians *m)
{
    bool is_first = true;
    mlp_selection_begin(&m->selection, m->count);
    do {
        mlp_threads_run(NULL, m->of->cells->how.threads, count_numbers, m);
        MLP_TRY(mlp_selection_sum(&m->selection, m->of->options->comm));
        if (is_first) {
            want_medians(m);
            is_first = false;
        }
    } while (mlp_selection_narrow(&m->selection));
    return MLP_OK;
}

static mlp_status fit_block(medians *m, mlp_schema *schema)
{
    MLP_TRY(search_medians(m));
    for (size_t c = 0; c < m->count; c++) {
        mlp_column *column = &schema->columns[m->columns[c]];
        double low = (double)mlp_selection_value(&m->selection, c, 0);
        double high = (double)mlp_selection_value(&m->selection, c, 1);
        if (m->present[c] == 0) {
            column->kind = MLP_COLUMN_IGNORED;
            continue;
        }
        column->fill = (float)((low + high) / 2) + 0.0F; /* no -0 */
        column->has_gaps = m->present[c] < m->of->total;
    }
    m->count = 0;
    return MLP_OK;
}

static mlp_status fit_numbers(const fit *of, mlp_schema *schema)
{
    medians m = {.of = of};
    mlp_status status = mlp_selection_create(NUMBERS, 2, &m.selection);
    status = mlp_joint_agree(of->options->comm, status);
    for (size_t i = 0; i < schema->count && status == MLP_OK; i++) {
        if (schema->columns[i].kind == MLP_COLUMN_NUMBER &&
            i != schema->label) {
            m.columns[m.count++] = i;
        }
        if (m.count == NUMBERS || (i + 1 == schema->count && m.count > 0)) {
            status = fit_block(&m, schema);
        }
    }
    mlp_selection_destroy(&m.selection);
    return status;
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
static mlp_status count_texts(const fit *of, size_t i, uint64_t *rows,
                              counted_text *counts, size_t *gaps)
{
    const mlp_cell_column *column = &of->cells->columns[i];
    size_t texts = column->texts.count;
    for (size_t r = 0; r < of->count; r++) {
        uint32_t code = row_of(of, r)[column->code];
        rows[code == MLP_CELL_MISSING ? texts : code]++;
    }
    MLP_TRY(mlp_joint_sum(of->options->comm, rows, texts + 1));
    for (size_t k = 0; k < texts; k++) {
        counts[k] = (counted_text){mlp_texts_item(&column->texts, k), rows[k]};
    }
    *gaps = rows[texts];
    qsort(counts, texts, sizeof *counts, by_rows);
    return MLP_OK;
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
    size_t texts = of->cells->columns[i].texts.count;
    counted_text *counts = calloc(texts + 1, sizeof *counts);
    uint64_t *rows = calloc(texts + 1, sizeof *rows);
    mlp_status status = counts == NULL || rows == NULL
                            ? mlp_fail_memory("the categories of a column")
                            : MLP_OK;
    status = mlp_joint_agree(of->options->comm, status);
    if (status == MLP_OK) {
        status = count_texts(of, i, rows, counts, &gaps);
    }
    if (status == MLP_OK) {
        status = name_categories(
            of, i, is_label ? MLP_CLASSES_MOST : MLP_CATEGORIES_MOST - 2,
            counts, column);
        status = mlp_joint_agree(of->options->comm, status);
    }
    free(counts);
    free(rows);
    MLP_TRY(status);
    column->has_gaps = gaps > 0 && !is_label;
    if (column->categories.count == 0 && !column->has_other) {
        column->kind = MLP_COLUMN_IGNORED;
    }
    column->is_pair = of->options->has_pairs && !is_label &&
                      column->kind == MLP_COLUMN_TEXT &&
                      mlp_column_categories(column) == 2;
    return MLP_OK;
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
    if (column->kind == MLP_COLUMN_TEXT) {
        fit all = *of;
        if (takes_all_rows(of, i)) {
            all.rows = NULL;
            all.count = of->cells->rows;
            all.total = of->cells->total;
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

static void choose_label_kind(mlp_schema *schema)
{
    schema->columns[schema->label].kind =
        schema->is_regression ? MLP_COLUMN_NUMBER : MLP_COLUMN_TEXT;
}

static mlp_status fit_columns(const fit *of, mlp_schema *schema)
{
    size_t names = 0;
    choose_label_kind(schema);
    MLP_TRY(fit_numbers(of, schema));
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

/* The rows of a fit that count: those whose weight is not 0. Collective.
 * @param rows  [of->count], those of the fit */
static mlp_status leave_out_weightless(fit *of, uint32_t *rows)
{
    size_t weight = mlp_cells_weight(of->cells);
    size_t all = of->total;
    uint64_t kept = 0;
    if (weight == SIZE_MAX) {
        return MLP_OK;
    }
    for (size_t r = 0; r < of->count; r++) {
        rows[kept] = rows[r];
        kept += mlp_cell_number(row_of(of, r)[weight]) != 0.0F;
    }
    of->count = kept;
    MLP_TRY(mlp_joint_sum(of->options->comm, &kept, 1));
    of->total = kept;
    return kept > 0 ? MLP_OK
                    : mlp_fail(MLP_ERROR_DATA,
                               "%s: the weights of all %zu training rows are 0",
                               of->cells->name, all);
}

mlp_status mlp_table_fit(const mlp_cells *cells,
                         const mlp_table_options *options, bool is_regression,
                         const uint32_t *rows, size_t count, mlp_schema *schema)
{
    uint32_t *local = calloc(count + 1, sizeof *local);
    fit of = {
        .cells = cells, .options = options, .rows = local, .total = count};
    *schema = (mlp_schema){.is_regression = is_regression,
                           .missing = options->missing,
                           .unseen = options->unseen};
    snprintf(schema->na, sizeof schema->na, "%s", options->na);
    mlp_status status = local == NULL ? mlp_fail_memory("a table")
                                      : copy_columns(cells, schema);
    status = mlp_joint_agree(options->comm, status);
    if (status == MLP_OK) {
        of.count = mlp_cells_choose(cells, rows, count, local);
        status = leave_out_weightless(&of, local);
    }
    if (status == MLP_OK) {
        status = fit_columns(&of, schema);
    }
    free(local);
    return status;
}

mlp_status mlp_table_fit_label(const mlp_cells *cells,
                               const mlp_table_options *options,
                               bool is_regression, mlp_schema *schema)
{
    const fit of = {.cells = cells, .options = options};
    mlp_names_destroy(&schema->columns[schema->label].categories);
    schema->is_regression = is_regression;
    choose_label_kind(schema);
    return fit_column(&of, schema->label, schema);
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
