/** @file
 *  The quartiles of each column over the rows of all ranks. Rows of weight 0
 * are left out, each other row counts once.
 */
#include "team/select.h"

#include "internal.h"

enum {
    WANTED = 6,  /* order statistics: two around each quartile */
    COLUMNS = 16 /* at a time */
};

typedef struct {
    mlp_comm *comm;
    const mlp_sharded *split;
    mlp_range columns;
    mlp_selection selection;
} search;

/* Count rows that have been read.
 * @param values  of rows from `first` on
 * @param rows    among these, at most MLP_SELECT_VALUES */
static void count_rows(search *of, const void *values, size_t first,
                       mlp_range rows)
{
    const mlp_dataset *here = &of->split->here;
    float numbers[MLP_SELECT_VALUES];
    for (size_t c = 0; c < of->columns.count; c++) {
        size_t count = 0;
        for (size_t r = rows.first; r < rows.first + rows.count; r++) {
            numbers[count] = mlp_dataset_value(
                here, values, r * here->features + of->columns.first + c);
            count += mlp_dataset_weight(here, first + r) != 0.0;
        }
        mlp_selection_count(&of->selection, c, numbers, count);
    }
}

static void count_values(search *of)
{
    const mlp_dataset *here = &of->split->here;
    mlp_range rows = {0, here->range.count};
    size_t count;
    for (; rows.count > 0; rows.first += count, rows.count -= count) {
        const void *values = mlp_dataset_read(here, rows, &count);
        for (size_t r = 0; r < count; r += MLP_SELECT_VALUES) {
            size_t left = count - r;
            size_t some = left < MLP_SELECT_VALUES ? left : MLP_SELECT_VALUES;
            count_rows(of, values, rows.first, (mlp_range){r, some});
        }
    }
}

/* Quartile q (0 to 2) is at position (q + 1) (rows - 1) / 4. */
static void want_quartiles(search *of)
{
    size_t last = mlp_sharded_counted(of->split) - 1;
    for (size_t c = 0; c < of->columns.count; c++) {
        for (size_t w = 0; w < WANTED; w++) {
            size_t place = (w / 2 + 1) * last / 4 + w % 2;
            mlp_selection_want(&of->selection, c, w,
                               place < last ? place : last);
        }
    }
}

/* Search the columns of a block. Collective. */
static mlp_status search_block(search *of)
{
    bool is_first = true;
    mlp_selection_begin(&of->selection, of->columns.count);
    do {
        count_values(of);
        MLP_TRY(mlp_selection_sum(&of->selection, of->comm));
        if (is_first) {
            want_quartiles(of);
            is_first = false;
        }
    } while (mlp_selection_narrow(&of->selection));
    return MLP_OK;
}

static void end_block(const search *of, double *quartiles)
{
    size_t last = mlp_sharded_counted(of->split) - 1;
    for (size_t c = 0; c < of->columns.count; c++) {
        for (size_t q = 0; q < WANTED / 2; q++) {
            double part = (double)((q + 1) * last % 4) / 4;
            double low = (double)mlp_selection_value(&of->selection, c, 2 * q);
            double high =
                (double)mlp_selection_value(&of->selection, c, 2 * q + 1);
            quartiles[3 * (of->columns.first + c) + q] =
                low + part * (high - low);
        }
    }
}

static mlp_status search_all(search *of, double *quartiles)
{
    size_t features = of->split->here.features;
    for (size_t first = 0; first < features; first += COLUMNS) {
        size_t left = features - first;
        of->columns = (mlp_range){first, left < COLUMNS ? left : COLUMNS};
        MLP_TRY(search_block(of));
        end_block(of, quartiles);
    }
    return MLP_OK;
}

mlp_status mlp_run_find_quartiles(mlp_comm *comm, const mlp_sharded *split,
                                  double *quartiles)
{
    search of = {.comm = comm, .split = split};
    mlp_status status = mlp_selection_create(COLUMNS, WANTED, &of.selection);
    status = mlp_comm_agree(comm, status);
    if (status == MLP_OK) {
        status = search_all(&of, quartiles);
    }
    mlp_selection_destroy(&of.selection);
    return status;
}
