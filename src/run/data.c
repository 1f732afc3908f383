/** @file
 *  The chapter of a run in which the data is opened, and what all ranks
 *  together must know of it is found out.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"

#include "internal.h"

/* Share of non-zero inputs below which skipping zeros is faster. */
static const double SPARSE_BELOW = 0.5;

/* A data set knows its rows, but not the name of where they are from. */
static mlp_status name_source(const mlp_run_parts *run, mlp_status status)
{
    return status == MLP_OK
               ? MLP_OK
               : mlp_fail(status, "%s: %s", mlp_source_facts(run->source)->name,
                          mlp_failure());
}

static uint64_t largest_of(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

/* Categories are 0 or 1, which scaling leaves alone. */
static mlp_status spare_indicators(mlp_run_parts *run)
{
    const mlp_source_info *info = mlp_source_facts(run->source);
    bool *is_indicator = calloc(info->features, sizeof *is_indicator);
    if (is_indicator == NULL) {
        return mlp_fail_memory("the scaling of the features");
    }
    mlp_schema_indicators(info->schema, is_indicator);
    for (size_t i = 0; i < info->features; i++) {
        if (is_indicator[i]) {
            run->scaler.shifts[i] = 0.0F;
            run->scaler.scales[i] = 1.0F;
        }
    }
    free(is_indicator);
    return MLP_OK;
}

/* Targets of a regression get mean 0 and deviation 1: then any price or length
 * suits the same learning rate. With softplus outputs they get a mean square of
 * 1 and no shift: the output is never negative, and nor are they. */
static mlp_status fit_targets(mlp_run_parts *run)
{
    mlp_scaler scaler;
    mlp_sharded targets = run->train;
    if (run->setting.start != NULL) {
        run->target_scaler = run->setting.start->target_scaler;
        return MLP_OK;
    }
    run->target_scaler = (mlp_scaler){.shift = 0.0F, .scale = 1.0F};
    if (targets.here.targets == NULL ||
        run->config.scaling == MLP_SCALING_NONE) {
        return MLP_OK;
    }
    targets.here.features = 1;
    targets.here.element = MLP_ELEMENT_F32;
    targets.here.values = targets.here.targets;
    mlp_status status = mlp_run_fit_columns(
        run->comm, &targets, run->config.shards,
        run->config.output == MLP_OUTPUT_SOFTPLUS ? MLP_SCALING_RMS
                                                  : MLP_SCALING_STANDARD,
        &scaler);
    if (status == MLP_OK) {
        run->target_scaler.shift = scaler.shifts[0];
        run->target_scaler.scale = scaler.scales[0];
    }
    mlp_scaler_destroy(&scaler);
    return status;
}

/* @param largest  of the training values of all ranks */
static mlp_status fit_scaler(mlp_run_parts *run, float largest)
{
    if (run->setting.start != NULL) {
        return mlp_comm_agree(
            run->comm, mlp_scaler_copy(&run->setting.start->scaler,
                                       mlp_source_facts(run->source)->features,
                                       &run->scaler));
    }
    const mlp_schema *schema = mlp_source_facts(run->source)->schema;
    mlp_scaling scaling = run->config.scaling;
    if (scaling == MLP_SCALING_AUTO) {
        scaling = schema != NULL ? MLP_SCALING_STANDARD : MLP_SCALING_COMMON;
    }
    switch (scaling) {
    case MLP_SCALING_AUTO:
    case MLP_SCALING_COMMON:
        run->scaler = mlp_scaler_max(largest);
        return MLP_OK;
    case MLP_SCALING_NONE:
    case MLP_SCALING_RMS:
        run->scaler = (mlp_scaler){.shift = 0.0F, .scale = 1.0F};
        return MLP_OK;
    case MLP_SCALING_MAX:
    case MLP_SCALING_MINMAX:
    case MLP_SCALING_STANDARD:
        break;
    }
    mlp_status status = mlp_run_fit_columns(
        run->comm, &run->train, run->config.shards, scaling, &run->scaler);
    MLP_TRY(name_source(run, status));
    status = schema != NULL ? spare_indicators(run) : MLP_OK;
    return mlp_comm_agree(run->comm, status);
}

/* Whether to skip zero inputs: those of the file must be zeros when scaled. */
static mlp_status choose_sparse(mlp_run_parts *run)
{
    size_t features = mlp_source_facts(run->source)->features;
    uint64_t nonzeros = mlp_dataset_nonzeros(&run->train.here);
    MLP_TRY(mlp_comm_sum(run->comm, &nonzeros, 1));
    bool keeps_zeros = mlp_scaler_keeps_zeros(&run->scaler, features);
    double values = (double)run->train.rows * (double)features;
    run->is_sparse = run->config.sparse == MLP_SPARSE_AUTO
                         ? (double)nonzeros < SPARSE_BELOW * values
                         : run->config.sparse == MLP_SPARSE_ALWAYS;
    if (run->config.sparse == MLP_SPARSE_ALWAYS && !keeps_zeros) {
        return mlp_fail(MLP_ERROR_USAGE,
                        "--sparse always: the zeros of this data are none "
                        "after --scaling minmax or standard; leave it out, or "
                        "take --scaling common or max");
    }
    run->is_sparse = run->is_sparse && keeps_zeros;
    return MLP_OK;
}

/* What only all ranks together know: classes, the largest value (bits of a
 * float that is not negative rise with it), how many values are not zero. */
static mlp_status measure(mlp_run_parts *run)
{
    const mlp_names *names = mlp_source_facts(run->source)->class_names;
    float largest = 0.0f;
    uint32_t bits;
    mlp_status status = mlp_dataset_largest(&run->train.here, &largest);
    MLP_TRY(mlp_comm_agree(run->comm, name_source(run, status)));
    memcpy(&bits, &largest, sizeof bits);
    uint64_t most[2] = {largest_of(mlp_dataset_classes(&run->train.here),
                                   mlp_dataset_classes(&run->validation.here)),
                        bits};
    MLP_TRY(mlp_comm_max(run->comm, most, 2));
    bits = (uint32_t)most[1];
    memcpy(&largest, &bits, sizeof largest);
    run->classes = run->config.classes > 0 ? run->config.classes
                   : names != NULL         ? names->count
                                           : most[0];
    MLP_TRY(fit_scaler(run, largest));
    MLP_TRY(fit_targets(run));
    return choose_sparse(run);
}

static mlp_status check_labels(const mlp_run_parts *run)
{
    if (run->config.task == MLP_TASK_REGRESSION) {
        return MLP_OK;
    }
    if (run->classes < 2) {
        return mlp_fail(MLP_ERROR_DATA,
                        "the training labels have only one class");
    }
    if (run->config.binary && run->classes > 2) {
        return mlp_fail(MLP_ERROR_DATA,
                        "--binary tells two classes, the training labels have "
                        "%zu",
                        run->classes);
    }
    MLP_TRY(
        mlp_dataset_check_labels(&run->train.here, "training", run->classes));
    MLP_TRY(mlp_dataset_check_labels(&run->validation.here, "validation",
                                     run->classes));
    return mlp_dataset_check_labels(&run->test.here, "test", run->classes);
}

/* Digests of this rank's shards of a split, each at its shard's place. */
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

/* The data's digest: over the digests of all shards of all splits, which are
 * zero where another rank has the shard, and so add up. */
static mlp_status digest_data(mlp_run_parts *run)
{
    const mlp_sharded *splits[] = {&run->train, &run->validation, &run->test};
    size_t shards = run->config.shards;
    size_t bytes = 3 * shards * MLP_DIGEST_BYTES;
    uint64_t *digests = calloc(1, bytes);
    mlp_status status =
        digests == NULL ? mlp_fail_memory("the data's digest") : MLP_OK;
    for (size_t i = 0; i < 3 && status == MLP_OK; i++) {
        status = digest_shards(splits[i], shards,
                               (unsigned char *)digests +
                                   i * shards * MLP_DIGEST_BYTES);
    }
    status = mlp_comm_agree(run->comm, status);
    if (status == MLP_OK) {
        status = mlp_comm_sum(run->comm, digests, bytes / sizeof *digests);
    }
    if (status == MLP_OK) {
        status = mlp_digest_of(digests, bytes, run->data_digest);
    }
    free(digests);
    return status;
}

/* Without --data and $MLP_DATA all look for what rank 0 found: a rank that fell
 * back on the digits would not say which files its host lacks. Collective. */
static mlp_status open_source(mlp_run_parts *run)
{
    const mlp_table_options options = mlp_table_options_of(&run->config);
    const char *named = getenv("MLP_DATA");
    char spec[MLP_MAX_PATH];
    snprintf(spec, sizeof spec, "%s", mlp_source_default());
    MLP_TRY(mlp_comm_broadcast(run->comm, spec, sizeof spec));
    if (run->config.data[0] != '\0' || (named != NULL && named[0] != '\0')) {
        memcpy(spec, run->config.data, sizeof spec);
    }
    return mlp_comm_agree(
        run->comm, mlp_source_open_table(spec, &options, true, &run->source));
}

/* Rows to go on with are what the model was made for. */
static mlp_status check_features(const mlp_run_parts *run)
{
    const mlp_source_info *info = mlp_source_facts(run->source);
    const mlp_checkpoint *start = run->setting.start;
    return start == NULL || start->widths[0] == info->features
               ? MLP_OK
               : mlp_fail(MLP_ERROR_DATA,
                          "%s: has %zu features, the model has %zu inputs",
                          info->name, info->features, start->widths[0]);
}

mlp_status mlp_run_load_data(mlp_run_parts *run)
{
    if (run->source == NULL) {
        MLP_TRY(open_source(run));
    }
    MLP_TRY(check_features(run));
    MLP_TRY(mlp_run_check_data(run));
    MLP_TRY(mlp_comm_agree(run->comm, mlp_run_load_rows(run)));
    MLP_TRY(measure(run));
    MLP_TRY(mlp_comm_agree(run->comm, mlp_dataset_status(&run->train.here)));
    mlp_status status = name_source(run, check_labels(run));
    MLP_TRY(mlp_comm_agree(run->comm, status));
    MLP_TRY(mlp_run_weigh_classes(run));
    return run->config.checkpoint[0] == '\0' && !mlp_run_is_replay(run) &&
                   !run->config.verify
               ? MLP_OK
               : digest_data(run);
}

void mlp_run_drop_data(mlp_run_parts *run)
{
    mlp_run_drop_rows(run);
    mlp_scaler_destroy(&run->scaler);
    free(run->class_weights);
    run->class_weights = NULL;
}
