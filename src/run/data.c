/** @file
 *  Opens the data, and computes properties of the rows of all ranks.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "base/float_key.h"
#include "rows/deformer.h"

#include "internal.h"

/* Fraction of non-zero inputs below which skipping zeros is faster. */
static const double SPARSE_BELOW = 0.5;

/* Add the name of the source, which a dataset does not know. */
static mlp_status name_source(const mlp_run_data *data, mlp_status status)
{
    return status == MLP_OK
               ? MLP_OK
               : mlp_fail(status, "%s: %s",
                          mlp_source_facts(data->source)->name, mlp_failure());
}

static uint64_t largest_of(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

/* Indicators, such as one-hot columns, are not scaled. */
static mlp_status spare_indicators(mlp_run_data *data)
{
    const mlp_source_info *info = mlp_source_facts(data->source);
    bool *is_indicator = calloc(info->features, sizeof *is_indicator);
    if (is_indicator == NULL) {
        return mlp_fail_memory("the scaling of the features");
    }
    mlp_schema_indicators(info->schema, is_indicator);
    for (size_t i = 0; i < info->features; i++) {
        if (is_indicator[i]) {
            const mlp_scaler kept =
                mlp_scaler_indicator(data->scaler.is_squeezed);
            data->scaler.shifts[i] = kept.shift;
            data->scaler.scales[i] = kept.scale;
        }
    }
    free(is_indicator);
    return MLP_OK;
}

/* Regression targets get mean 0 and deviation 1, so that their unit does not
 * matter to the learning rate. With positive outputs they get a mean square of
 * 1 and no shift, as neither outputs nor targets are negative then. */
static mlp_status scale_targets(const mlp_run_job *job,
                                const mlp_sharded *targets, mlp_run_data *data)
{
    mlp_scaler scaler;
    mlp_status status = mlp_run_fit_columns(
        job->comm, targets, job->config.shards,
        mlp_output_is_positive(job->config.output) ? MLP_SCALING_RMS
                                                   : MLP_SCALING_STANDARD,
        &scaler);
    if (status == MLP_OK) {
        data->target_scaler.shift = scaler.shifts[0];
        data->target_scaler.scale = scaler.scales[0];
    }
    mlp_scaler_destroy(&scaler);
    return status;
}

/* The range that predictions are kept in. */
static mlp_status find_range(const mlp_run_job *job, const mlp_sharded *targets,
                             mlp_target_scaler *scaler)
{
    float least, largest;
    mlp_dataset_extremes(&targets->here, &least, &largest);
    uint64_t keys[2] = {(uint32_t)~mlp_float_key(least),
                        mlp_float_key(largest)};
    MLP_TRY(mlp_comm_max(job->comm, keys, 2));
    scaler->least = mlp_key_float(~(uint32_t)keys[0]);
    scaler->largest = mlp_key_float((uint32_t)keys[1]);
    scaler->is_clipped = true;
    return MLP_OK;
}

static mlp_status fit_targets(const mlp_run_job *job, mlp_run_data *data)
{
    const mlp_checkpoint *start = job->has_new_head ? NULL : job->start;
    mlp_target_scaler *scaler = &data->target_scaler;
    mlp_sharded targets = data->train;
    *scaler = start != NULL ? start->target_scaler
                            : (mlp_target_scaler){.scale = 1.0F};
    if (targets.here.targets == NULL) {
        return MLP_OK;
    }
    targets.here.features = 1;
    targets.here.element = MLP_ELEMENT_F32;
    targets.here.values = targets.here.targets;
    targets.here.file = NULL;
    if (start == NULL && job->config.scaling != MLP_SCALING_NONE) {
        MLP_TRY(scale_targets(job, &targets, data));
    }
    if (job->config.target_clip && !scaler->is_clipped) {
        return find_range(job, &targets, scaler);
    }
    scaler->is_clipped = job->config.target_clip;
    return MLP_OK;
}

/* @param largest  of the training values of all ranks */
static mlp_status fit_scaler(const mlp_run_job *job, mlp_run_data *data,
                             float largest)
{
    if (job->start != NULL) {
        return mlp_comm_agree(
            job->comm, mlp_scaler_copy(&job->start->scaler,
                                       mlp_source_facts(data->source)->features,
                                       &data->scaler));
    }
    const mlp_schema *schema = mlp_source_facts(data->source)->schema;
    mlp_scaling scaling = job->config.scaling;
    if (scaling == MLP_SCALING_AUTO) {
        scaling = schema != NULL ? MLP_SCALING_STANDARD : MLP_SCALING_COMMON;
    }
    switch (scaling) {
    case MLP_SCALING_AUTO:
    case MLP_SCALING_COMMON:
        data->scaler = mlp_scaler_max(largest);
        return MLP_OK;
    case MLP_SCALING_NONE:
    case MLP_SCALING_RMS:
        data->scaler = (mlp_scaler){.shift = 0.0F, .scale = 1.0F};
        return MLP_OK;
    case MLP_SCALING_MAX:
    case MLP_SCALING_MINMAX:
    case MLP_SCALING_STANDARD:
    case MLP_SCALING_ROBUST:
        break;
    }
    mlp_status status = mlp_run_fit_columns(
        job->comm, &data->train, job->config.shards, scaling, &data->scaler);
    MLP_TRY(name_source(data, status));
    status = schema != NULL ? spare_indicators(data) : MLP_OK;
    return mlp_comm_agree(job->comm, status);
}

/* Whether to skip zero inputs: scaling must map zeros to zeros. */
static mlp_status choose_sparse(const mlp_run_job *job, mlp_run_data *data)
{
    size_t features = mlp_source_facts(data->source)->features;
    uint64_t nonzeros = mlp_dataset_nonzeros(&data->train.here);
    MLP_TRY(mlp_comm_sum(job->comm, &nonzeros, 1));
    bool keeps_zeros = mlp_scaler_keeps_zeros(&data->scaler, features);
    double values = (double)data->train.rows * (double)features;
    data->is_sparse = job->config.sparse == MLP_SPARSE_AUTO
                          ? (double)nonzeros < SPARSE_BELOW * values
                          : job->config.sparse == MLP_SPARSE_ALWAYS;
    if (job->config.sparse == MLP_SPARSE_ALWAYS && !keeps_zeros) {
        return mlp_fail(MLP_ERROR_USAGE,
                        "--sparse always: zeros do not stay zero under "
                        "--scaling minmax, standard or robust; omit it, or use "
                        "--scaling common or max");
    }
    data->is_sparse = data->is_sparse && keeps_zeros;
    return MLP_OK;
}

/* Over all ranks: classes, the largest value (bits of non-negative floats are
 * ordered as the floats), the number of non-zero values. */
static mlp_status measure(const mlp_run_job *job, mlp_run_data *data)
{
    const mlp_names *names = mlp_source_facts(data->source)->class_names;
    float largest = 0.0f;
    uint32_t bits;
    mlp_status status = mlp_dataset_largest(&data->train.here, &largest);
    MLP_TRY(mlp_comm_agree(job->comm, name_source(data, status)));
    memcpy(&bits, &largest, sizeof bits);
    uint64_t most[2] = {largest_of(mlp_dataset_classes(&data->train.here),
                                   mlp_dataset_classes(&data->validation.here)),
                        bits};
    MLP_TRY(mlp_comm_max(job->comm, most, 2));
    bits = (uint32_t)most[1];
    memcpy(&largest, &bits, sizeof largest);
    data->classes = job->config.classes > 0 ? job->config.classes
                    : names != NULL         ? names->count
                                            : most[0];
    MLP_TRY(fit_scaler(job, data, largest));
    MLP_TRY(fit_targets(job, data));
    return choose_sparse(job, data);
}

/* Outputs that are never negative cannot predict what is. */
static mlp_status check_targets(const mlp_run_job *job,
                                const mlp_dataset *dataset, const char *name)
{
    bool is_positive = job->config.task == MLP_TASK_REGRESSION &&
                       mlp_output_is_positive(job->config.output);
    for (size_t r = 0; is_positive && r < dataset->range.count; r++) {
        if (dataset->targets[r] < 0.0F) {
            return mlp_fail(MLP_ERROR_DATA,
                            "%s row %zu: expected a number from 0 on, as "
                            "softplus and poisson predict, found %g",
                            name, dataset->range.first + r,
                            (double)dataset->targets[r]);
        }
    }
    return MLP_OK;
}

static mlp_status check_labels(const mlp_run_job *job, const mlp_run_data *data)
{
    if (job->config.task == MLP_TASK_REGRESSION) {
        MLP_TRY(check_targets(job, &data->train.here, "training"));
        MLP_TRY(check_targets(job, &data->validation.here, "validation"));
        return check_targets(job, &data->test.here, "test");
    }
    if (data->classes < 2) {
        return mlp_fail(MLP_ERROR_DATA,
                        "the training labels have only one class");
    }
    if (job->config.binary && data->classes > 2) {
        return mlp_fail(MLP_ERROR_DATA,
                        "--binary requires two classes, the training labels "
                        "have %zu",
                        data->classes);
    }
    MLP_TRY(
        mlp_dataset_check_labels(&data->train.here, "training", data->classes));
    MLP_TRY(mlp_dataset_check_labels(&data->validation.here, "validation",
                                     data->classes));
    return mlp_dataset_check_labels(&data->test.here, "test", data->classes);
}

static mlp_status check_soft_classes(const mlp_run_job *job,
                                     const mlp_run_data *data)
{
    for (size_t i = 0; i < job->config.augment_soft_count; i++) {
        if (job->config.augment_soft[i] >= data->classes) {
            return mlp_fail(MLP_ERROR_USAGE,
                            "--augment-soft %zu: the classes are 0 to %zu",
                            job->config.augment_soft[i], data->classes - 1);
        }
    }
    return MLP_OK;
}

/* Digests of this rank's shards of a split, indexed by shard. */
static mlp_status digest_shards(const mlp_sharded *split, size_t shards,
                                unsigned char *digests)
{
    for (size_t i = 0; i < split->shards.count; i++) {
        size_t shard = split->shards.first + i;
        mlp_range rows = mlp_sharded_rows(split, shards, shard);
        MLP_TRY(mlp_dataset_digest(&split->here, rows,
                                   digests + shard * MLP_DIGEST_BYTES));
    }
    return MLP_OK;
}

/* The digest of the data: a digest of the digests of all shards of all splits.
 * They are zero on ranks that don't have the shard, and summed over ranks. */
static mlp_status digest_data(const mlp_run_job *job, mlp_run_data *data)
{
    const mlp_sharded *splits[] = {&data->train, &data->validation,
                                   &data->test};
    size_t shards = job->config.shards;
    size_t bytes = 3 * shards * MLP_DIGEST_BYTES;
    uint64_t *digests = calloc(1, bytes);
    mlp_status status =
        digests == NULL ? mlp_fail_memory("the data's digest") : MLP_OK;
    for (size_t i = 0; i < 3 && status == MLP_OK; i++) {
        status = digest_shards(splits[i], shards,
                               (unsigned char *)digests +
                                   i * shards * MLP_DIGEST_BYTES);
    }
    status = mlp_comm_agree(job->comm, status);
    if (status == MLP_OK) {
        status = mlp_comm_sum(job->comm, digests, bytes / sizeof *digests);
    }
    if (status == MLP_OK) {
        status = mlp_digest_of(digests, bytes, data->digest);
    }
    free(digests);
    return status;
}

/* Classes of these names must be those of the outputs. */
static mlp_status check_names(const mlp_names *ours, const mlp_names *theirs,
                              const char *name)
{
    for (size_t k = 0; ours != NULL && k < theirs->count; k++) {
        const char *found = k < ours->count ? ours->items[k] : "no more";
        if (strcmp(found, theirs->items[k]) != 0) {
            return mlp_fail(MLP_ERROR_DATA,
                            "%s: class %zu is %.100s, the network to start "
                            "from has %.100s there: see --new-head",
                            name, k, found, theirs->items[k]);
        }
    }
    return MLP_OK;
}

/* To continue from a state, the rows must match its model. */
static mlp_status check_start(const mlp_run_job *job, const mlp_run_data *data)
{
    const mlp_source_info *info = mlp_source_facts(data->source);
    const mlp_checkpoint *start = job->start;
    if (start == NULL) {
        return MLP_OK;
    }
    if (start->widths[0] != info->features) {
        return mlp_fail(MLP_ERROR_DATA,
                        "%s: has %zu features, the model has %zu inputs",
                        info->name, info->features, start->widths[0]);
    }
    return job->has_new_head || job->setting.start != NULL
               ? MLP_OK
               : check_names(info->class_names, &start->class_names,
                             info->name);
}

mlp_status mlp_run_load_data(const mlp_run_job *job, mlp_run_data *data)
{
    MLP_TRY(check_start(job, data));
    MLP_TRY(mlp_comm_agree(
        job->comm,
        mlp_deformer_check(&job->config, mlp_source_facts(data->source))));
    MLP_TRY(mlp_run_check_data_agree(job->comm, data->source));
    MLP_TRY(mlp_run_load_rows(job, data));
    MLP_TRY(name_source(data, mlp_run_weigh_splits(job, data)));
    MLP_TRY(measure(job, data));
    MLP_TRY(mlp_comm_agree(job->comm, mlp_dataset_status(&data->train.here)));
    mlp_status status = name_source(data, check_labels(job, data));
    MLP_TRY(mlp_comm_agree(job->comm, status));
    MLP_TRY(check_soft_classes(job, data));
    MLP_TRY(mlp_run_set_class_weights(job, data));
    mlp_source_release(data->source);
    return job->config.checkpoint[0] == '\0' && !mlp_run_is_replay(job) &&
                   !job->config.verify
               ? MLP_OK
               : digest_data(job, data);
}

void mlp_run_drop_data(mlp_run_data *data)
{
    mlp_run_drop_rows(data);
    mlp_scaler_destroy(&data->scaler);
    free(data->class_weights);
    data->class_weights = NULL;
}
