/** @file
 *  Start and resume: rank 0 reads files and broadcasts the state.
 */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "optim/optimizer.h"
#include "record/run_summary.h"

#include "internal.h"

/* ---- resume ------------------------------------------------------------ */

/* With --resume a misspelled directory must not start a new run. */
static mlp_status expect_directory(const mlp_config *config)
{
    mlp_status status = config->resume == MLP_RESUME_YES
                            ? mlp_checkpoint_expect(config->checkpoint)
                            : MLP_OK;
    return status == MLP_OK
               ? MLP_OK
               : mlp_fail(status,
                          "%s to resume from; to begin a new run there, use "
                          "--resume auto",
                          mlp_failure());
}

/* Other --epochs under a schedule that spans them: it begins anew here. */
static mlp_status begin_segment(mlp_run_parts *run)
{
    mlp_checkpoint *state = &run->state;
    size_t epochs = run->job.config.epochs;
    if (epochs <= state->epoch) {
        return mlp_fail(MLP_ERROR_USAGE,
                        "--epochs %zu: %s has finished %" PRIu64 " already",
                        epochs, run->resumed_from, state->epoch);
    }
    MLP_TRY(mlp_checkpoint_digest(state, run->saving.parent));
    run->saving.begins_segment = true;
    mlp_log_note("%zu epochs were planned, and now %zu: the learning-rate "
                 "schedule begins anew at step %" PRIu64,
                 state->config.epochs, epochs, state->step);
    state->config.epochs = epochs;
    state->config.schedule_start = state->step;
    return MLP_OK;
}

static mlp_status recall(const json_t *start, const char *name,
                         char spec[MLP_MAX_PATH])
{
    return spec[0] == '\0' ? mlp_run_summary_data(start, name, name, spec)
                           : MLP_OK;
}

mlp_status mlp_run_recall_data(mlp_config *config, const char *run)
{
    if (config->data[0] != '\0') {
        return MLP_OK;
    }
    bool has_validation = mlp_config_has_validation(config);
    json_t *start = mlp_run_summary_recall(run);
    mlp_status status = recall(start, "data", config->data);
    if (status == MLP_OK) {
        status = recall(start, "test-data", config->test_data);
    }
    if (status == MLP_OK && !has_validation) {
        status = recall(start, "validation-data", config->validation_data);
    }
    json_decref(start);
    return status;
}

mlp_status mlp_run_adopt(mlp_run_parts *run)
{
    mlp_config *config = &run->job.config;
    if (mlp_config_has_segment(config, &run->state.config)) {
        MLP_TRY(begin_segment(run));
    }
    MLP_TRY(mlp_run_recall_data(config, config->checkpoint));
    return mlp_config_adopt(config, &run->state.config);
}

static mlp_status open_directory(mlp_run_parts *run)
{
    mlp_config *config = &run->job.config;
    MLP_TRY(expect_directory(config));
    MLP_TRY(mlp_checkpoint_prepare(config->checkpoint));
    MLP_TRY(mlp_checkpoint_lock(config->checkpoint, &run->saving.lock));
    if (config->resume == MLP_RESUME_NO) {
        return mlp_checkpoint_refuse_used(config->checkpoint);
    }
    MLP_TRY(mlp_checkpoint_load_newest(config->checkpoint, &run->state,
                                       run->resumed_from));
    if (run->resumed_from[0] == '\0') {
        mlp_log_note("%s: has no checkpoints yet: a new run",
                     config->checkpoint);
        return MLP_OK;
    }
    return mlp_run_adopt(run);
}

/* Allocate the arrays, which only rank 0 may have yet. */
static mlp_status allocate_arrays(mlp_checkpoint *state)
{
    size_t bytes = state->parameter_count * sizeof *state->parameters;
    if (state->parameters == NULL) {
        state->parameters = malloc(bytes);
    }
    bool has_all = state->parameters != NULL;
    for (size_t i = 0; i < state->moment_count; i++) {
        if (state->moments[i] == NULL) {
            state->moments[i] = malloc(bytes);
        }
        has_all = has_all && state->moments[i] != NULL;
    }
    return has_all ? MLP_OK : mlp_fail_memory("the parameters");
}

/* Arrays follow later, when their sizes have been checked against the model.
 */
mlp_status mlp_run_broadcast_scalars(mlp_run_parts *run)
{
    mlp_checkpoint facts = run->state;
    MLP_TRY(mlp_comm_broadcast(run->job.comm, run->resumed_from,
                               sizeof run->resumed_from));
    MLP_TRY(mlp_comm_broadcast(run->job.comm, &run->job.config,
                               sizeof run->job.config));
    MLP_TRY(mlp_comm_broadcast(run->job.comm, &facts, sizeof facts));
    if (!mlp_run_is_leader(&run->job)) {
        facts.widths = NULL;
        facts.parameters = NULL;
        memset(facts.moments, 0, sizeof facts.moments);
        facts.history = (mlp_history){0};
        facts.scaler = (mlp_scaler){0};
        facts.schema = (mlp_schema){0};
        facts.class_names = (mlp_names){0};
        run->state = facts;
    }
    return MLP_OK;
}

mlp_status mlp_run_open_state(mlp_run_parts *run)
{
    if (mlp_run_is_replay(&run->job)) {
        return mlp_run_open_replay(run);
    }
    if (run->job.config.checkpoint[0] == '\0') {
        return MLP_OK;
    }
    mlp_status status =
        mlp_run_is_leader(&run->job) ? open_directory(run) : MLP_OK;
    MLP_TRY(mlp_comm_agree(run->job.comm, status));
    return mlp_run_broadcast_scalars(run);
}

/* ---- begin ------------------------------------------------------------- */

/* Vectors in the state besides the parameters: moments, and with --patience
 * the weights of the best epoch. */
static size_t vectors_of(const mlp_config *config)
{
    return mlp_optimizer_moments(config) + (config->patience > 0 ? 1 : 0);
}

/* The loaded state must belong to this model and data. Rank 0: only it has
 * widths and history. */
static mlp_status check_resumed(const mlp_run_parts *run,
                                const unsigned char *data_digest)
{
    const mlp_checkpoint *state = &run->state;
    const char *path = run->resumed_from;
    const mlp_model *model = run->model;
    if (state->layers != model->layers ||
        state->parameter_count != model->parameters ||
        state->widths[0] != model->layer[0].in) {
        return mlp_fail(MLP_ERROR_DATA,
                        "%s: is of a model with %zu inputs and %zu parameters, "
                        "the data and options make one of %zu and %zu",
                        path, state->widths[0], state->parameter_count,
                        model->layer[0].in, model->parameters);
    }
    if (state->train_rows != run->data.train.rows ||
        memcmp(state->data_digest, data_digest, MLP_DIGEST_BYTES) != 0) {
        return mlp_fail(MLP_ERROR_DATA,
                        "%s: was trained on other data (%zu rows there, %zu "
                        "here; the digests differ)",
                        path, state->train_rows, run->data.train.rows);
    }
    if (state->moment_count != vectors_of(&run->job.config)) {
        return mlp_fail(MLP_ERROR_DATA,
                        "%s: has %zu moments, the optimizer needs %zu", path,
                        state->moment_count, vectors_of(&run->job.config));
    }
    return MLP_OK;
}

/* Check disk space for all checkpoints that may exist at once: the kept ones,
 * the best, and the one being written. */
static mlp_status check_room(const mlp_run_parts *run)
{
    const mlp_checkpoint *state = &run->state;
    uint64_t each = 65536 + (1 + state->moment_count) *
                                (uint64_t)state->parameter_count *
                                sizeof(float);
    return mlp_checkpoint_check_space(run->job.config.checkpoint,
                                      (run->job.config.keep + 2) * each);
}

/* Fill in everything but the arrays of a new or resumed state. */
static mlp_status describe_state(mlp_run_parts *run)
{
    const mlp_source_info *info = mlp_source_facts(run->data.source);
    mlp_checkpoint *state = &run->state;
    state->config = run->job.config;
    if (state->arithmetic != MLP_ARITHMETIC) {
        state->arithmetic = MLP_ARITHMETIC;
        state->arithmetic_since = state->step;
    }
    /* store the number of classes found, so that a resumed run has the same */
    state->config.classes =
        run->job.config.task == MLP_TASK_REGRESSION ? 0 : run->data.classes;
    state->layers = run->model->layers;
    state->height = info->height;
    state->width = info->width;
    state->channels = info->channels;
    state->classes = run->data.classes;
    state->target_scaler = run->data.target_scaler;
    mlp_names_destroy(&state->class_names);
    MLP_TRY(mlp_names_copy(info->class_names, &state->class_names));
    if (info->schema != NULL) {
        mlp_schema_destroy(&state->schema);
        MLP_TRY(mlp_schema_copy(info->schema, &state->schema));
    }
    mlp_scaler_destroy(&state->scaler);
    MLP_TRY(mlp_scaler_copy(&run->data.scaler, info->features, &state->scaler));
    state->parameter_count = run->model->parameters;
    state->moment_count = vectors_of(&run->job.config);
    state->train_rows = run->data.train.rows;
    if (state->widths == NULL) {
        state->widths = calloc(state->layers + 1, sizeof *state->widths);
    }
    if (state->widths == NULL) {
        return mlp_fail_memory("the model's widths");
    }
    state->widths[0] = info->features;
    for (size_t l = 0; l < state->layers; l++) {
        state->widths[l + 1] = run->model->layer[l].out;
    }
    return allocate_arrays(state);
}

static mlp_status broadcast_arrays(mlp_run_parts *run)
{
    mlp_checkpoint *state = &run->state;
    size_t bytes = state->parameter_count * sizeof *state->parameters;
    MLP_TRY(mlp_comm_broadcast(run->job.comm, state->parameters, bytes));
    for (size_t i = 0; i < state->moment_count; i++) {
        MLP_TRY(mlp_comm_broadcast(run->job.comm, state->moments[i], bytes));
    }
    return MLP_OK;
}

/* Every rank draws the weights, or rank 0 reads --weights. Collective. */
static mlp_status first_weights(mlp_run_parts *run)
{
    mlp_checkpoint *state = &run->state;
    const mlp_config *config = &run->job.config;
    if (config->weights[0] == '\0') {
        mlp_model_initialize(run->model, config->init, config->seed,
                             state->parameters);
        return MLP_OK;
    }
    mlp_status status =
        mlp_run_is_leader(&run->job)
            ? mlp_checkpoint_load_weights(config->weights, state)
            : MLP_OK;
    MLP_TRY(mlp_comm_agree(run->job.comm, status));
    return mlp_comm_broadcast(run->job.comm, state->parameters,
                              state->parameter_count *
                                  sizeof *state->parameters);
}

/* Every rank has the state `start`. Only the optimizer's moments are copied,
 * not the best epoch's weights. Collective. */
static mlp_status continue_from(mlp_run_parts *run, const mlp_checkpoint *start)
{
    mlp_checkpoint *state = &run->state;
    size_t bytes = state->parameter_count * sizeof *state->parameters;
    size_t moments = mlp_optimizer_moments(&run->job.config);
    MLP_TRY(mlp_comm_agree(
        run->job.comm,
        mlp_run_take_weights(&run->job, run->model, state->parameters)));
    for (size_t i = 0; i < moments && i < start->moment_count; i++) {
        memcpy(state->moments[i], start->moments[i], bytes);
    }
    return mlp_trainer_load(run->trainer, state->parameters, state->moments);
}

static mlp_status fill_state(mlp_run_parts *run, bool is_resumed)
{
    if (is_resumed) {
        MLP_TRY(broadcast_arrays(run));
        return mlp_trainer_load(run->trainer, run->state.parameters,
                                run->state.moments);
    }
    for (size_t i = 0; i < run->state.moment_count; i++) {
        memset(run->state.moments[i], 0,
               run->state.parameter_count * sizeof *run->state.moments[i]);
    }
    if (run->job.start != NULL) {
        return continue_from(run, run->job.start);
    }
    MLP_TRY(first_weights(run));
    return mlp_trainer_load(run->trainer, run->state.parameters, NULL);
}

mlp_status mlp_run_begin_state(mlp_run_parts *run)
{
    bool is_resumed = run->resumed_from[0] != '\0';
    mlp_status status = MLP_OK;
    if (is_resumed && mlp_run_is_leader(&run->job)) {
        status = check_resumed(run, run->data.digest);
    }
    MLP_TRY(mlp_comm_agree(run->job.comm, status));
    memcpy(run->state.data_digest, run->data.digest, MLP_DIGEST_BYTES);
    status = describe_state(run);
    if (status == MLP_OK && mlp_run_is_leader(&run->job) &&
        run->job.config.checkpoint[0] != '\0') {
        status = check_room(run);
    }
    MLP_TRY(mlp_comm_agree(run->job.comm, status));
    MLP_TRY(fill_state(run, is_resumed));
    return mlp_comm_agree(run->job.comm,
                          mlp_run_is_leader(&run->job)
                              ? mlp_run_begin_chain(run, is_resumed)
                              : MLP_OK);
}

/* ---- fetch ------------------------------------------------------------- */

/* The last update's results are read by no further step. An infinite moment
 * freezes its weight without other symptoms: Adam divides by it. */
static mlp_status check_finite(const mlp_run_parts *run, const float *values,
                               const char *what)
{
    for (size_t i = 0; i < run->state.parameter_count; i++) {
        if (!isfinite(values[i])) {
            return mlp_fail(MLP_DIVERGED,
                            "after step %" PRIu64 ", layer %zu: a %s is not "
                            "finite: a smaller --lr may help",
                            run->state.step, mlp_model_layer_of(run->model, i),
                            what);
        }
    }
    return MLP_OK;
}

mlp_status mlp_run_fetch_state(mlp_run_parts *run)
{
    mlp_checkpoint *state = &run->state;
    MLP_TRY(mlp_trainer_store(run->trainer, state->parameters, state->moments));
    MLP_TRY(check_finite(run, state->parameters, "weight"));
    for (size_t i = 0; i < mlp_optimizer_moments(&run->job.config); i++) {
        char what[32];
        snprintf(what, sizeof what, "value of moments/%zu", i);
        MLP_TRY(check_finite(run, state->moments[i], what));
    }
    return MLP_OK;
}
