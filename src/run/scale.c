/** @file
 *  Fits the scaling of each column to the training rows of all ranks.
 *
 *  Minimum and maximum don't depend on the order, sums do: the rows of a shard
 *  are added in order in float64, and shards in the tree, so that the result
 *  has the same bits for any number of ranks.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/float_key.h"
#include "base/tree.h"

#include "internal.h"

/* Limit of the table of sums, [shards, columns at a time], that ranks exchange.
 */
enum { TABLE_MOST = 65536 };

typedef struct {
    mlp_comm *comm;
    const mlp_sharded *split;
    size_t shards, columns;
    float *least, *largest;   /* [columns] */
    double *mean, *deviation; /* [columns] */
    double *quartiles;        /* [columns, 3] */
    uint64_t *keys;           /* [2, columns] */
    double *table;            /* [shards, block] */
    size_t block;             /* columns in the table at a time */
} fit;

static mlp_status create_fit(fit *made)
{
    size_t columns = made->columns;
    made->block = TABLE_MOST / made->shards + 1;
    made->block = made->block < columns ? made->block : columns;
    made->least = calloc(columns, sizeof *made->least);
    made->largest = calloc(columns, sizeof *made->largest);
    made->mean = calloc(columns, sizeof *made->mean);
    made->deviation = calloc(columns, sizeof *made->deviation);
    made->quartiles = calloc(3 * columns, sizeof *made->quartiles);
    made->keys = calloc(2 * columns, sizeof *made->keys);
    made->table = calloc(made->shards * made->block, sizeof *made->table);
    bool has_all = made->least != NULL && made->largest != NULL &&
                   made->mean != NULL && made->deviation != NULL &&
                   made->quartiles != NULL && made->keys != NULL &&
                   made->table != NULL;
    return has_all ? MLP_OK : mlp_fail_memory("the scaling of the features");
}

static void destroy_fit(fit *old)
{
    free(old->least);
    free(old->largest);
    free(old->mean);
    free(old->deviation);
    free(old->quartiles);
    free(old->keys);
    free(old->table);
}

/* ---- extremes ---------------------------------------------------------- */

static mlp_status find_extremes(fit *of)
{
    uint64_t *smallest = of->keys;
    uint64_t *largest = of->keys + of->columns;
    mlp_dataset_extremes(&of->split->here, of->least, of->largest);
    for (size_t c = 0; c < of->columns; c++) {
        smallest[c] = (uint32_t)~mlp_float_key(of->least[c]);
        largest[c] = mlp_float_key(of->largest[c]);
    }
    MLP_TRY(mlp_comm_max(of->comm, of->keys, 2 * of->columns));
    for (size_t c = 0; c < of->columns; c++) {
        of->least[c] = mlp_key_float(~(uint32_t)smallest[c]);
        of->largest[c] = mlp_key_float((uint32_t)largest[c]);
    }
    return MLP_OK;
}

/* ---- sums -------------------------------------------------------------- */

mlp_status mlp_run_sum_shards(mlp_comm *comm, double *table, size_t shards,
                              size_t columns, double *sums)
{
    void *bits = table; /* as integers 0 + bits = bits */
    MLP_TRY(mlp_comm_sum(comm, bits, shards * columns));
    for (size_t c = 0; c < columns; c++) {
        sums[c] = mlp_tree_sum(table + c, shards, columns);
    }
    return MLP_OK;
}

/* ---- mean and deviation ------------------------------------------------ */

/* Means of some columns over the rows of all ranks.
 * @param mean   NULL: mean of the values; else of squared distances from it
 * @param means  [columns.count], overwritten */
static mlp_status average(const fit *of, mlp_range columns, const double *mean,
                          double *means)
{
    const mlp_sharded *split = of->split;
    memset(of->table, 0, of->shards * columns.count * sizeof *of->table);
    for (size_t i = 0; i < split->shards.count; i++) {
        size_t shard = split->shards.first + i;
        mlp_range rows = mlp_sharded_rows(split, of->shards, shard);
        double *sums = of->table + shard * columns.count;
        if (mean == NULL) {
            mlp_dataset_sums(&split->here, rows, columns, sums);
        } else {
            mlp_dataset_squares(&split->here, rows, columns, mean, sums);
        }
    }
    MLP_TRY(mlp_run_sum_shards(of->comm, of->table, of->shards, columns.count,
                               means));
    for (size_t c = 0; c < columns.count; c++) {
        means[c] /= mlp_sharded_weight(split);
    }
    return MLP_OK;
}

static mlp_status find_moments(const fit *of)
{
    for (size_t first = 0; first < of->columns; first += of->block) {
        size_t left = of->columns - first;
        mlp_range columns = {first, left < of->block ? left : of->block};
        double *mean = of->mean + first;
        double *deviation = of->deviation + first;
        MLP_TRY(average(of, columns, NULL, mean));
        MLP_TRY(average(of, columns, mean, deviation));
        for (size_t c = 0; c < columns.count; c++) {
            deviation[c] = sqrt(deviation[c]);
        }
    }
    return MLP_OK;
}

/* ---- the scaler -------------------------------------------------------- */

/* The same result, or failure, on every rank. */
static mlp_status set_columns(const fit *of, mlp_scaling scaling,
                              mlp_scaler *scaler)
{
    for (size_t c = 0; c < of->columns; c++) {
        mlp_scaler column;
        const double *quartiles = of->quartiles + 3 * c;
        const mlp_column_facts facts = {
            of->least[c],
            of->largest[c],
            of->mean[c],
            of->deviation[c],
            {quartiles[0], quartiles[1], quartiles[2]}};
        mlp_status status = mlp_scaler_of(scaling, &facts, &column);
        if (status != MLP_OK) {
            return mlp_fail(status, "feature %zu %s", c, mlp_failure());
        }
        scaler->shifts[c] = column.shift;
        scaler->scales[c] = column.scale;
    }
    return MLP_OK;
}

static mlp_status fit_columns(fit *of, mlp_scaling scaling, mlp_scaler *scaler)
{
    mlp_status status = create_fit(of);
    if (status == MLP_OK) {
        status = mlp_scaler_create(of->columns, scaler);
    }
    MLP_TRY(mlp_comm_agree(of->comm, status));
    MLP_TRY(find_extremes(of));
    if (scaling == MLP_SCALING_STANDARD || scaling == MLP_SCALING_RMS) {
        MLP_TRY(find_moments(of));
    }
    if (scaling == MLP_SCALING_ROBUST) {
        MLP_TRY(mlp_run_find_quartiles(of->comm, of->split, of->quartiles));
    }
    scaler->is_squeezed = scaling == MLP_SCALING_ROBUST;
    return set_columns(of, scaling, scaler);
}

mlp_status mlp_run_fit_columns(mlp_comm *comm, const mlp_sharded *split,
                               size_t shards, mlp_scaling scaling,
                               mlp_scaler *scaler)
{
    fit of = {.comm = comm,
              .split = split,
              .shards = shards,
              .columns = split->here.features};
    mlp_status status = fit_columns(&of, scaling, scaler);
    destroy_fit(&of);
    return status;
}
