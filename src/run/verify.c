/** @file
 *  mlp_train --check-digest: check that this launch gives the same digest as
 *  one thread of one rank. A short segment of the configured training is done
 *  by that thread, then by the whole team: stopped and resumed in the middle,
 *  and with every instruction set that all ranks have. After each step each
 *  rank digests the parameters that it updates, to locate a difference.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "rows/shard.h"
#include "team/pulse.h"

#include "internal.h"
#include "verify.h"

enum { DEFAULT_STEPS = 32, LEAST_STEPS = 4 };

/* Time limit of the reference, which is slow; the segment ends there. */
static const double REFERENCE_SECONDS = 10.0;

/* ---- training the segment ------------------------------------------------ */

static mlp_status note_layers(const mlp_verification *v, mlp_run_parts *run,
                              bool is_reference, uint64_t *row)
{
    size_t ranks = mlp_comm_size(v->run.job.comm);
    for (size_t l = 0; l < v->layers; l++) {
        for (size_t r = 0; r < ranks; r++) {
            if (is_reference || r == mlp_comm_rank(v->run.job.comm)) {
                mlp_range range = v->ranges[l * ranks + r];
                MLP_TRY(mlp_trainer_digest(run->trainer, range,
                                           &row[l * ranks + r]));
            }
        }
    }
    return MLP_OK;
}

/* Train one step and advance the state. */
static mlp_status train_step(const mlp_verification *v, mlp_run_parts *run)
{
    mlp_checkpoint *state = &run->state;
    mlp_step_result result;
    mlp_pulse_step(mlp_comm_pulse(v->run.job.comm), state->step + 1);
    MLP_TRY(mlp_trainer_step(run->trainer, state->epoch,
                             state->step - state->epoch * v->epoch_steps, false,
                             &result));
    mlp_tally_add(&state->running, &result.tally);
    if (++state->step == (state->epoch + 1) * v->epoch_steps) {
        state->epoch++;
        state->running = (mlp_tally){0};
    }
    return MLP_OK;
}

/* Train steps from .. to - 1 of the segment. The reference may shorten the
 * segment, to keep its time limit. */
static mlp_status train_segment(mlp_verification *v, mlp_run_parts *run,
                                size_t from, size_t to, bool is_reference)
{
    uint64_t *table = is_reference ? v->expected : v->found;
    double start = mlp_clock_seconds();
    for (size_t i = from; i < to; i++) {
        MLP_TRY(train_step(v, run));
        MLP_TRY(
            note_layers(v, run, is_reference, table + i * mlp_verify_row(v)));
        if (is_reference && i + 1 >= LEAST_STEPS &&
            mlp_clock_seconds() - start > REFERENCE_SECONDS) {
            v->steps = i + 1;
            break;
        }
    }
    return MLP_OK;
}

/* Create a trainer with the first weights, at the start of the segment. */
static mlp_status begin(const mlp_verification *v, mlp_run_parts *run)
{
    run->resumed_from[0] = '\0';
    MLP_TRY(mlp_run_create_trainer(run));
    MLP_TRY(mlp_run_begin_state(run));
    run->state.step = v->first;
    run->state.epoch = v->first / v->epoch_steps;
    return MLP_OK;
}

static void end(mlp_run_parts *run)
{
    mlp_trainer_destroy(&run->trainer);
    mlp_model_destroy(&run->model);
    mlp_checkpoint_destroy(&run->state);
}

/* Save, destroy model and trainer, and resume from the file. */
static mlp_status resume(mlp_run_parts *run)
{
    MLP_TRY(mlp_run_save(run));
    end(run);
    mlp_checkpoint_unlock(&run->saving.lock);
    run->job.config.resume = MLP_RESUME_YES;
    MLP_TRY(mlp_run_open_state(run));
    MLP_TRY(mlp_run_create_trainer(run));
    return mlp_run_begin_state(run);
}

/* ---- the reference ----------------------------------------------------- */

static mlp_status digest_weights(mlp_run_parts *run, char hex[MLP_DIGEST_HEX])
{
    unsigned char digest[MLP_DIGEST_BYTES];
    MLP_TRY(mlp_run_fetch_state(run));
    MLP_TRY(mlp_model_digest(run->state.parameters, run->model->parameters,
                             digest));
    mlp_digest_hex(digest, hex);
    return MLP_OK;
}

static mlp_status train_alone(mlp_verification *v, mlp_run_parts *run)
{
    MLP_TRY(mlp_run_open_data(&run->job, false, &run->data));
    MLP_TRY(mlp_run_load_data(&run->job, &run->data));
    MLP_TRY(begin(v, run));
    MLP_TRY(train_segment(v, run, 0, v->steps, true));
    return digest_weights(run, v->weights);
}

/* One thread of rank 0 trains on all rows. */
static mlp_status run_reference(mlp_verification *v)
{
    mlp_run_parts alone = {.job = {.config = v->run.job.config},
                           .saving = {.lock = -1}};
    alone.job.config.threads = 1;
    MLP_TRY(mlp_comm_serial_create(&alone.job.comm));
    mlp_status status = train_alone(v, &alone);
    end(&alone);
    mlp_run_drop_data(&alone.data);
    mlp_source_close(&alone.data.source);
    mlp_comm_destroy(&alone.job.comm);
    return status;
}

/* ---- set-up ------------------------------------------------------------ */

static mlp_status allocate(mlp_verification *v)
{
    size_t row = mlp_verify_row(v);
    v->expected = calloc(v->steps * row, sizeof *v->expected);
    v->found = calloc(v->steps * row, sizeof *v->found);
    v->ranges = calloc(row, sizeof *v->ranges);
    return v->expected == NULL || v->found == NULL || v->ranges == NULL
               ? mlp_fail_memory("the digests of the steps")
               : MLP_OK;
}

/* Ask a trainer, on each rank, which parameters the rank updates. */
static mlp_status find_ranges(mlp_verification *v)
{
    size_t ranks = mlp_comm_size(v->run.job.comm);
    size_t rank = mlp_comm_rank(v->run.job.comm);
    _Static_assert(sizeof(mlp_range) == 2 * sizeof(uint64_t), "two words");
    for (size_t l = 0; l < v->layers; l++) {
        v->ranges[l * ranks + rank] = mlp_trainer_rank_range(v->run.trainer, l);
    }
    return mlp_comm_sum(v->run.job.comm, (uint64_t *)v->ranges,
                        2 * mlp_verify_row(v));
}

/* The segment crosses the end of the first epoch, to include a short batch and
 * a new shuffle. It starts at step 0 if the epoch is short or the only one. */
static void choose_segment(mlp_verification *v)
{
    const mlp_config *config = &v->run.job.config;
    v->epoch_steps =
        mlp_epoch_steps(v->run.data.train.rows, mlp_config_step_rows(config));
    uint64_t all = v->epoch_steps * config->epochs;
    v->steps = config->steps > 0 ? config->steps : DEFAULT_STEPS;
    v->steps = v->steps < LEAST_STEPS ? LEAST_STEPS : v->steps;
    v->steps = all < v->steps ? (size_t)all : v->steps;
    size_t before = v->steps - v->steps / 4;
    v->first = config->epochs > 1 && v->epoch_steps > before
                   ? v->epoch_steps - before
                   : 0;
}

static mlp_status set_up(mlp_verification *v)
{
    mlp_run_parts *run = &v->run;
    MLP_TRY(mlp_run_open_data(&run->job, true, &run->data));
    MLP_TRY(mlp_run_resolve(&run->job));
    MLP_TRY(mlp_run_load_data(&run->job, &run->data));
    choose_segment(v);
    MLP_TRY(mlp_run_create_trainer(run));
    v->layers = run->model->layers;
    MLP_TRY(mlp_comm_agree(run->job.comm, allocate(v)));
    MLP_TRY(find_ranges(v));
    end(run);
    return MLP_OK;
}

/* ---- the verification -------------------------------------------------- */

static mlp_status train_team(mlp_verification *v, bool is_resumed)
{
    mlp_run_parts *run = &v->run;
    size_t middle = is_resumed ? v->steps / 2 : 0;
    MLP_TRY(begin(v, run));
    MLP_TRY(train_segment(v, run, 0, middle, false));
    if (is_resumed) {
        MLP_TRY(resume(run));
    }
    return train_segment(v, run, middle, v->steps, false);
}

mlp_status mlp_verify_pass(mlp_verification *v, bool is_resumed)
{
    mlp_run_parts *run = &v->run;
    double start = mlp_clock_seconds();
    size_t cells = v->steps * mlp_verify_row(v);
    memset(v->found, 0, cells * sizeof *v->found);
    mlp_status status = train_team(v, is_resumed);
    end(run);
    mlp_checkpoint_unlock(&run->saving.lock);
    MLP_TRY(mlp_comm_agree(run->job.comm, status));
    MLP_TRY(mlp_comm_sum(run->job.comm, v->found, cells));
    status = mlp_verify_compare(v, is_resumed, mlp_clock_seconds() - start);
    return mlp_comm_agree(run->job.comm,
                          status); /* the same tables on all ranks */
}

static mlp_status verify(mlp_verification *v)
{
    mlp_run_parts *run = &v->run;
    MLP_TRY(set_up(v));
    double start = mlp_clock_seconds();
    mlp_status status =
        mlp_run_is_leader(&run->job) ? run_reference(v) : MLP_OK;
    MLP_TRY(mlp_comm_agree_sleeping(run->job.comm, status));
    MLP_TRY(mlp_comm_broadcast(run->job.comm, &v->steps, sizeof v->steps));
    MLP_TRY(
        mlp_comm_broadcast(run->job.comm, v->expected,
                           v->steps * mlp_verify_row(v) * sizeof *v->expected));
    if (mlp_run_is_leader(&run->job)) {
        mlp_verify_begin(v, mlp_clock_seconds() - start);
    }
    MLP_TRY(mlp_verify_resumed(v));
    MLP_TRY(mlp_verify_instruction_sets(v));
    return mlp_comm_agree(run->job.comm, mlp_run_is_leader(&run->job)
                                             ? mlp_verify_end(v)
                                             : MLP_OK);
}

mlp_status mlp_run_verify(mlp_comm *comm, const mlp_config *config)
{
    mlp_verification v = {.run = {.job = {.comm = comm, .config = *config},
                                  .saving = {.lock = -1}}};
    v.run.job.config.checkpoint[0] = v.run.job.config.log[0] = '\0';
    v.run.job.config.trace[0] = v.run.job.config.tensorboard[0] = '\0';
    v.run.job.config.profile = false;
    v.run.job.config.resume = MLP_RESUME_NO;
    v.run.job.config.sentinel = 0; /* to show where ranks begin to differ */
    mlp_status status = verify(&v);
    end(&v.run);
    mlp_run_drop_data(&v.run.data);
    mlp_source_close(&v.run.data.source);
    mlp_checkpoint_unlock(&v.run.saving.lock);
    free(v.expected);
    free(v.found);
    free(v.ranges);
    return status;
}
