/** @file
 *  Saving of checkpoints: rank 0 writes the files, at steps known to all ranks.
 *
 *  With --save-every auto a run saves after an epoch if all saves so far and
 *  this one take a small fraction of the time since training began: after each
 *  epoch if epochs are long, else (short epochs, slow disk) after several. The
 *  best epoch is always saved; until then its state is kept in memory.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

#include "internal.h"

/* Fraction of the run time that saving may take. */
static const double SHARE = 0.01;
/* Assumed bandwidth before the first save is measured. */
static const double SLOW_DISK = 50e6; /* bytes a second */

/* ---- the chain --------------------------------------------------------- */

static void become_parent(mlp_checkpoint *state, const unsigned char *digest)
{
    memcpy(state->parent_digest, digest, MLP_DIGEST_BYTES);
    state->parent_step = state->step;
}

/* The parent of a resumed state is its file; else the chain starts here. */
mlp_status mlp_run_begin_chain(mlp_run_parts *run, bool is_resumed)
{
    unsigned char digest[MLP_DIGEST_BYTES];
    if (run->job.config.checkpoint[0] == '\0') {
        return MLP_OK;
    }
    run->saving.has_file = is_resumed;
    if (run->saving.begins_segment) {
        become_parent(&run->state, run->saving.parent);
        return MLP_OK;
    }
    MLP_TRY(mlp_checkpoint_digest(&run->state, digest));
    become_parent(&run->state, digest);
    return MLP_OK;
}

/* ---- one save ---------------------------------------------------------- */

double mlp_run_expect_save(const mlp_checkpoint *state,
                           const mlp_run_saving *saving)
{
    if (saving->longest > 0.0) {
        return saving->longest;
    }
    return (double)state->parameter_count * sizeof(float) *
           (double)(1 + state->moment_count) / SLOW_DISK;
}

/* Rank 0. */
static mlp_status write_state(const mlp_config *config, mlp_checkpoint *state,
                              mlp_run_saving *saving)
{
    unsigned char digest[MLP_DIGEST_BYTES];
    double start = mlp_clock_seconds();
    MLP_TRY(mlp_checkpoint_save(config->checkpoint, config->keep, state, digest,
                                NULL));
    saving->has_file = true;
    become_parent(state, digest);
    saving->last = mlp_clock_seconds() - start;
    saving->total += saving->last;
    return MLP_OK;
}

/* ---- copies, and the best epoch ---------------------------------------- */

static void swap(float **a, float **b)
{
    float *kept = *a;
    *a = *b;
    *b = kept;
}

/* A second swap restores both. */
void mlp_run_swap_copy(mlp_checkpoint *state, mlp_run_copy *copy)
{
    swap(&state->parameters, &copy->parameters);
    for (size_t i = 0; i < state->moment_count; i++) {
        swap(&state->moments[i], &copy->moments[i]);
    }
}

/* Save the state of the best epoch, if it is not saved yet. */
static mlp_status save_best(const mlp_config *config, mlp_checkpoint *state,
                            mlp_run_saving *saving)
{
    mlp_run_copy *best = &saving->best;
    const mlp_checkpoint now = *state;
    if (best->epoch == 0) {
        return MLP_OK;
    }
    mlp_run_swap_copy(state, best);
    state->epoch = best->epoch;
    state->step = best->step;
    state->history.count = best->records;
    state->running = (mlp_tally){0};
    state->running_seconds = 0.0;
    mlp_status status = write_state(config, state, saving);
    mlp_run_swap_copy(state, best);
    state->epoch = now.epoch;
    state->step = now.step;
    state->history.count = now.history.count;
    state->running = now.running;
    state->running_seconds = now.running_seconds;
    best->epoch = 0;
    return status;
}

static mlp_status copy_vector(const mlp_checkpoint *state, const float *from,
                              float **to)
{
    size_t bytes = state->parameter_count * sizeof *from;
    if (*to == NULL) {
        *to = malloc(bytes);
    }
    if (*to == NULL) {
        return mlp_fail_memory("a copy of an epoch's state");
    }
    memcpy(*to, from, bytes);
    return MLP_OK;
}

mlp_status mlp_run_copy_state(const mlp_checkpoint *state, mlp_run_copy *copy)
{
    MLP_TRY(copy_vector(state, state->parameters, &copy->parameters));
    for (size_t i = 0; i < state->moment_count; i++) {
        MLP_TRY(copy_vector(state, state->moments[i], &copy->moments[i]));
    }
    copy->epoch = state->epoch;
    copy->step = state->step;
    copy->records = state->history.count;
    return MLP_OK;
}

void mlp_run_drop_copy(mlp_run_copy *copy)
{
    free(copy->parameters);
    for (size_t i = 0; i < MLP_MOMENTS_MAX; i++) {
        free(copy->moments[i]);
    }
    *copy = (mlp_run_copy){0};
}

/* Copy the state for a later save, if the epoch just closed is the best. Rank
 * 0. */
static mlp_status keep_best(const mlp_checkpoint *state, mlp_run_saving *saving)
{
    return mlp_checkpoint_is_best(&state->config, &state->history)
               ? mlp_run_copy_state(state, &saving->best)
               : MLP_OK;
}

/* ---- when to save ------------------------------------------------------ */

/* Save a state only once: saved again it would be its own parent. Rank 0.
 * @param fetched  whether the state is fetched, and finite */
static mlp_status save_state(mlp_run_parts *run, mlp_status fetched)
{
    const mlp_config *config = &run->job.config;
    mlp_run_saving *saving = &run->saving;
    if (saving->has_file && run->state.parent_step == run->state.step) {
        return MLP_OK;
    }
    if (saving->best.step == run->state.step) {
        saving->best.epoch = 0; /* the current state is the best */
    }
    MLP_TRY(save_best(config, &run->state, saving));
    MLP_TRY(fetched);
    return write_state(config, &run->state, saving);
}

mlp_status mlp_run_save(mlp_run_parts *run)
{
    if (run->job.config.checkpoint[0] == '\0') {
        return MLP_OK;
    }
    double start = mlp_clock_seconds();
    MLP_TRY(mlp_run_compare(run));
    mlp_pulse_enter(mlp_comm_pulse(run->job.comm), MLP_PULSE_SAVE);
    mlp_status fetched = mlp_run_fetch_state(run);
    MLP_TRY(mlp_comm_agree(run->job.comm, mlp_run_is_leader(&run->job)
                                              ? save_state(run, fetched)
                                              : fetched));
    run->saving.longest =
        fmax(run->saving.longest, mlp_clock_seconds() - start);
    return MLP_OK;
}

static bool is_due(const mlp_config *config, bool counts_steps, uint64_t done)
{
    return config->every.counts_steps == counts_steps &&
           config->every.count > 0 && done % config->every.count == 0;
}

mlp_status mlp_run_save_step(mlp_run_parts *run)
{
    return is_due(&run->job.config, true, run->state.step) ? mlp_run_save(run)
                                                           : MLP_OK;
}

/* Whether one more save, and one of an unsaved best epoch, stay within SHARE of
 * the run time. Rank 0. */
static bool is_affordable(const mlp_checkpoint *state,
                          const mlp_run_saving *saving)
{
    double each =
        saving->last > 0.0 ? saving->last : mlp_run_expect_save(state, saving);
    double saves = saving->best.epoch > 0 ? 2.0 : 1.0;
    double passed = mlp_clock_seconds() - saving->since;
    return saving->total + saves * each <= SHARE * passed;
}

/* Save if rank 0's clock allows it. Collective. */
static mlp_status save_in_time(mlp_run_parts *run)
{
    bool is_time = mlp_run_is_leader(&run->job) &&
                   is_affordable(&run->state, &run->saving);
    MLP_TRY(mlp_comm_broadcast(run->job.comm, &is_time, sizeof is_time));
    if (is_time) {
        return mlp_run_save(run);
    }
    MLP_TRY(mlp_run_compare(run));
    return mlp_comm_agree(run->job.comm,
                          mlp_run_is_leader(&run->job)
                              ? keep_best(&run->state, &run->saving)
                              : MLP_OK);
}

mlp_status mlp_run_save_epoch(mlp_run_parts *run, bool is_last)
{
    const mlp_config *config = &run->job.config;
    if (config->checkpoint[0] == '\0') {
        return MLP_OK;
    }
    if (config->every.is_automatic && !is_last) {
        return save_in_time(run);
    }
    return is_last || is_due(config, false, run->state.epoch) ||
                   is_due(config, true, run->state.step)
               ? mlp_run_save(run)
               : MLP_OK;
}
