/** @file
 *  Opens the data of a run, and completes the configuration by what it is: the
 *  task, and defaults of tables.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"

#include "internal.h"

/* Options that only tables have. */
static const char *const of_tables[] = {"missing", "na",     "unseen",
                                        "rare",    "weight", "validation-data"};

/* Without --data and $MLP_DATA all ranks use the default that rank 0 found:
 * then a host without the files fails, and does not use the digits instead.
 * The log has what is used. Collective. */
static mlp_status name_data(mlp_run_job *job)
{
    char *data = job->config.data;
    const char *named = getenv("MLP_DATA");
    char spec[MLP_MAX_PATH];
    snprintf(spec, sizeof spec, "%s", mlp_source_default());
    MLP_TRY(mlp_comm_broadcast(job->comm, spec, sizeof spec));
    if (data[0] == '\0') {
        bool is_named = named != NULL && named[0] != '\0';
        snprintf(data, MLP_MAX_PATH, "%s", is_named ? named : spec);
    }
    return MLP_OK;
}

/* Collective. */
static mlp_status open_source(const mlp_run_job *job, const mlp_config *config,
                              mlp_run_data *data)
{
    mlp_table_options options = mlp_table_options_of(config);
    options.comm = job->comm;
    if (job->start != NULL) {
        options.schema = &job->start->schema;
        options.is_training = true;
        options.has_new_label = job->has_new_head;
    }
    return mlp_comm_agree(
        job->comm,
        mlp_source_open_table(config->data, &options, true, &data->source));
}

/* ---- the configuration ------------------------------------------------- */

/* When the task is known. */
static mlp_status check_clip(const mlp_config *config)
{
    return config->task == MLP_TASK_REGRESSION || !config->target_clip
               ? MLP_OK
               : mlp_fail(MLP_ERROR_USAGE,
                          "--target-clip keeps predicted numbers in a range: "
                          "it requires --task regression");
}

/* Without a table its options must not be given. */
static mlp_status check_no_table(mlp_config *config)
{
    for (size_t i = 0; i < sizeof of_tables / sizeof of_tables[0]; i++) {
        if (mlp_config_was_given(config, of_tables[i])) {
            return mlp_fail(MLP_ERROR_USAGE, "--%s requires a table",
                            of_tables[i]);
        }
    }
    if (config->task == MLP_TASK_AUTO) {
        config->task = MLP_TASK_CLASSIFICATION;
    }
    return check_clip(config);
}

static bool is_free(const mlp_config *config, const char *name)
{
    return !mlp_config_was_given(config, name);
}

/* The largest power of two up to 2 sqrt(rows), from 16 to 1024. */
static size_t batch_for(size_t rows)
{
    size_t batch = 16;
    while (batch < 1024 && batch * batch <= rows) {
        batch *= 2;
    }
    return batch;
}

/* 8000 / sqrt(rows), from 10 to 100 for classes, to 300 for numbers. */
static size_t epochs_for(size_t rows, bool is_regression)
{
    size_t most = is_regression ? 300 : 100;
    size_t epochs = (size_t)(8000.0 / sqrt((double)rows));
    return epochs < 10 ? 10 : epochs > most ? most : epochs;
}

/* Whether the net and how it learns are the defaults. */
static bool is_default_net(const mlp_config *config)
{
    static const char *const names[] = {
        "preset",    "hidden",  "activation", "loss",     "optimizer",
        "lr",        "l2",      "dropout",    "momentum", "label-smoothing",
        "clip-norm", "max-norm"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (!is_free(config, names[i])) {
            return false;
        }
    }
    return true;
}

/* The default net is large for most tables: dropout and, of classes, a penalty
 * keep it from overfitting. The penalty is like a prior: on the sum of the
 * losses it is the same for any number of rows. */
static void regularize(const mlp_source_info *info, mlp_config *config)
{
    bool is_regression = info->schema->is_regression;
    config->dropout =
        (mlp_double_list){.count = 1, .item = {is_regression ? 0.05 : 0.2}};
    config->clip_norm = 1.0;
    if (!is_regression) {
        config->l2 = 0.25 / (double)info->rows[MLP_SPLIT_TRAIN];
    }
}

/* Values that follow from the table, where the user gave none. */
static void choose_for_table(const mlp_source_info *info, mlp_config *config)
{
    size_t rows = info->rows[MLP_SPLIT_TRAIN];
    if (is_free(config, "batch") && is_free(config, "accumulate")) {
        config->batch = batch_for(rows);
    }
    if (is_free(config, "epochs")) {
        config->epochs = epochs_for(rows, info->schema->is_regression);
    }
    if (info->schema->is_regression && is_free(config, "target-clip")) {
        config->target_clip = true;
    }
    if (info->schema->is_regression && is_free(config, "clip-norm")) {
        config->clip_norm = 1.0; /* squared errors of far targets are large */
    }
    if (is_default_net(config)) {
        regularize(info, config);
    }
}

static mlp_status take_task(const mlp_source_info *info, mlp_config *config)
{
    const mlp_schema *schema = info->schema;
    if (config->task == MLP_TASK_AUTO) {
        mlp_log_note("predicts \"%s\" %s: %s",
                     schema->columns[schema->label].name,
                     schema->is_regression ? "as a number" : "as a class",
                     info->task_reason);
    }
    config->task =
        schema->is_regression ? MLP_TASK_REGRESSION : MLP_TASK_CLASSIFICATION;
    MLP_TRY(check_clip(config));
    mlp_config_settle(config);
    return mlp_config_check(config);
}

static bool holds_out(const mlp_config *config)
{
    return config->validation > 0.0 || config->test_fraction > 0.0 ||
           config->fold[0] != '\0';
}

/* Without rows that are held out there is no choice, and its absent value. */
static mlp_status settle_holdout(const mlp_source_info *info,
                                 mlp_config *config)
{
    mlp_holdout_kind kind = mlp_config_holdout(config, NULL);
    if (kind == MLP_HOLDOUT_AUTO) {
        mlp_config_set_holdout(config, holds_out(config) ? info->holdout
                                                         : MLP_HOLDOUT_SEED);
        return MLP_OK;
    }
    return kind == MLP_HOLDOUT_SEED || holds_out(config)
               ? MLP_OK
               : mlp_fail(MLP_ERROR_USAGE,
                          "--split %.200s requires rows to hold out: "
                          "--validation X, --test-fraction X or --folds K",
                          config->split);
}

/* Nothing is chosen by rows that the model learns from, unless the split is
 * that of version 0.1.0. */
static mlp_status check_watched(const mlp_config *config)
{
    const char *watches = config->patience > 0 ? "--patience"
                          : config->schedule == MLP_SCHEDULE_PLATEAU
                              ? "--schedule plateau"
                              : NULL;
    bool is_old = mlp_config_was_given(config, "split") &&
                  mlp_config_holdout(config, NULL) == MLP_HOLDOUT_SEED;
    return watches == NULL || mlp_config_has_validation(config) || is_old
               ? MLP_OK
               : mlp_fail(MLP_ERROR_USAGE,
                          "%s goes by validation rows, and there are none: add "
                          "--validation X",
                          watches);
}

/* A new run on a table goes by the label, fills in missing cells, and is scaled
 * robustly. */
static void begin_defaults(mlp_config *config)
{
    if (is_free(config, "split")) {
        mlp_config_set_holdout(config, MLP_HOLDOUT_AUTO);
    }
    if (is_free(config, "task") && !mlp_loss_is_of_numbers(config->loss)) {
        config->task = MLP_TASK_AUTO;
    }
    if (is_free(config, "scaling")) {
        config->scaling = MLP_SCALING_ROBUST;
    }
    if (is_free(config, "missing")) {
        config->missing = MLP_MISSING_IMPUTE;
    }
    if (is_free(config, "na")) {
        snprintf(config->na, sizeof config->na, "%s", MLP_NA_DEFAULT);
    }
    if (is_free(config, "unseen")) {
        config->unseen = MLP_UNSEEN_OTHER;
    }
}

/* The configuration of a new run, from the defaults that its source was opened
 * with. */
static mlp_status complete_new(const mlp_source_info *info, mlp_config *chosen,
                               mlp_config *config)
{
    MLP_TRY(settle_holdout(info, chosen));
    if (info->is_table) {
        choose_for_table(info, chosen);
        *config = *chosen;
        return take_task(info, config);
    }
    memcpy(config->split, chosen->split, sizeof config->split);
    return check_no_table(config);
}

/* The source of a new run. */
static mlp_status open_new(mlp_run_job *job, mlp_run_data *data)
{
    mlp_config chosen = job->config;
    begin_defaults(&chosen);
    MLP_TRY(check_watched(&chosen));
    MLP_TRY(open_source(job, &chosen, data));
    return mlp_comm_agree(
        job->comm,
        complete_new(mlp_source_facts(data->source), &chosen, &job->config));
}

/* A source that the caller opened. */
static mlp_status take_source(mlp_config *config, mlp_source *source)
{
    if (config->fold[0] != '\0' && is_free(config, "split")) {
        mlp_config_set_holdout(config, MLP_HOLDOUT_AUTO);
    }
    const mlp_table_options options = mlp_table_options_of(config);
    MLP_TRY(check_no_table(config));
    MLP_TRY(mlp_source_hold_out(source, &options.holdout));
    return settle_holdout(mlp_source_facts(source), config);
}

/* The source of a run that starts from another for another label: its task is
 * found as that of a new run. */
static mlp_status open_with_new_head(mlp_run_job *job, mlp_run_data *data)
{
    if (is_free(&job->config, "task")) {
        job->config.task = MLP_TASK_AUTO;
    }
    MLP_TRY(open_source(job, &job->config, data));
    const mlp_source_info *info = mlp_source_facts(data->source);
    if (!info->is_table && job->config.task == MLP_TASK_AUTO) {
        job->config.task = MLP_TASK_CLASSIFICATION;
    }
    return info->is_table
               ? mlp_comm_agree(job->comm, take_task(info, &job->config))
               : MLP_OK;
}

mlp_status mlp_run_open_data(mlp_run_job *job, bool is_new, mlp_run_data *data)
{
    if (data->source != NULL) {
        return mlp_comm_agree(job->comm,
                              take_source(&job->config, data->source));
    }
    MLP_TRY(name_data(job));
    if (is_new) {
        return open_new(job, data);
    }
    MLP_TRY(job->has_new_head && !mlp_run_is_replay(job)
                ? open_with_new_head(job, data)
                : open_source(job, &job->config, data));
    return mlp_config_holdout(&job->config, NULL) != MLP_HOLDOUT_AUTO
               ? MLP_OK
               : mlp_comm_agree(job->comm,
                                settle_holdout(mlp_source_facts(data->source),
                                               &job->config));
}
