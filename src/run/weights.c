/** @file
 *  The weight of a row in the loss: by its class (--class-weights, in training
 *  only), and of its own (--weight).
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

/* ---- rows -------------------------------------------------------------- */

/* Add up the weights of this rank's rows, shard by shard, into some column of a
 * table [shards, columns].
 * @param columns  1, or one for each class */
static void add_weights(const mlp_run_job *job, const mlp_sharded *split,
                        size_t columns, double *table)
{
    const mlp_dataset *here = &split->here;
    for (size_t i = 0; i < split->shards.count; i++) {
        size_t shard = split->shards.first + i;
        mlp_range rows = mlp_sharded_rows(split, job->config.shards, shard);
        double *sums = table + shard * columns;
        for (size_t r = rows.first; r < rows.first + rows.count; r++) {
            sums[columns > 1 ? here->labels[r] : 0] +=
                mlp_dataset_weight(here, r);
        }
    }
}

/* Sums of weights of the rows of all ranks.
 * @param sums  [columns], overwritten */
static mlp_status sum_weights(const mlp_run_job *job, const mlp_sharded *split,
                              size_t columns, double *sums)
{
    size_t shards = job->config.shards;
    double *table = calloc(shards * columns, sizeof *table);
    mlp_status status =
        table == NULL ? mlp_fail_memory("the rows' weights") : MLP_OK;
    status = mlp_comm_agree(job->comm, status);
    if (status == MLP_OK) {
        add_weights(job, split, columns, table);
        status = mlp_run_sum_shards(job->comm, table, shards, columns, sums);
    }
    free(table);
    return status;
}

static mlp_status weigh_split(const mlp_run_job *job, const char *name,
                              mlp_sharded *split)
{
    uint64_t counted = 0;
    if (split->here.weights == NULL || split->rows == 0) {
        return MLP_OK;
    }
    for (size_t r = 0; r < split->here.range.count; r++) {
        counted += split->here.weights[r] > 0.0F;
    }
    MLP_TRY(mlp_comm_sum(job->comm, &counted, 1));
    split->counted = counted;
    MLP_TRY(sum_weights(job, split, 1, &split->weight_sum));
    return counted > 0 ? MLP_OK
                       : mlp_fail(MLP_ERROR_DATA,
                                  "the weights of all %zu %s rows are 0",
                                  split->rows, name);
}

mlp_status mlp_run_weigh_splits(const mlp_run_job *job, mlp_run_data *data)
{
    MLP_TRY(weigh_split(job, "training", &data->train));
    MLP_TRY(weigh_split(job, "validation", &data->validation));
    return weigh_split(job, "test", &data->test);
}

/* ---- classes ----------------------------------------------------------- */

/* rows / (classes rows_of_class), as scikit-learn's "balanced": every class
 * contributes equally to the loss. Rows count by their weights. A class without
 * rows gets weight 0. */
static mlp_status balance(const mlp_run_job *job, mlp_run_data *data)
{
    double *counts = calloc(data->classes, sizeof *counts);
    mlp_status status =
        counts == NULL ? mlp_fail_memory("the classes' counts") : MLP_OK;
    status = mlp_comm_agree(job->comm, status);
    if (status == MLP_OK) {
        status = sum_weights(job, &data->train, data->classes, counts);
    }
    for (size_t k = 0; status == MLP_OK && k < data->classes; k++) {
        double alike = mlp_sharded_weight(&data->train) / (double)data->classes;
        data->class_weights[k] =
            counts[k] > 0.0 ? (float)(alike / counts[k]) : 0.0F;
    }
    free(counts);
    return status;
}

/* Read one weight and the comma after it. */
static mlp_status read_weight(const char *all, char **rest, float *weight)
{
    char *end = *rest;
    errno = 0;
    double value = strtod(*rest, &end);
    if (end == *rest || (*end != ',' && *end != '\0') || !isfinite(value) ||
        value < 0.0 || errno == ERANGE) {
        return mlp_fail(MLP_ERROR_USAGE,
                        "--class-weights: \"%.200s\" is not a list of numbers "
                        "from 0 on like 1,2.5, nor balanced, nor none",
                        all);
    }
    *weight = (float)value;
    *rest = *end == ',' ? end + 1 : end;
    return MLP_OK;
}

static mlp_status read_weights(const char *text, size_t classes, float *weights)
{
    char *rest = (char *)text;
    size_t count = 0;
    while (*rest != '\0' && count < classes) {
        MLP_TRY(read_weight(text, &rest, &weights[count]));
        count++;
    }
    return *rest == '\0' && count == classes
               ? MLP_OK
               : mlp_fail(MLP_ERROR_USAGE,
                          "--class-weights: \"%.200s\" has %s than the %zu "
                          "classes of the data",
                          text, *rest != '\0' ? "more weights" : "fewer",
                          classes);
}

mlp_status mlp_run_set_class_weights(const mlp_run_job *job, mlp_run_data *data)
{
    const char *text = job->config.class_weights;
    if (strcmp(text, "none") == 0) {
        return MLP_OK;
    }
    data->class_weights = calloc(data->classes, sizeof *data->class_weights);
    mlp_status status = data->class_weights == NULL
                            ? mlp_fail_memory("the classes' weights")
                            : MLP_OK;
    MLP_TRY(mlp_comm_agree(job->comm, status));
    if (strcmp(text, "balanced") == 0) {
        return balance(job, data);
    }
    return mlp_comm_agree(
        job->comm, read_weights(text, data->classes, data->class_weights));
}
