/** @file
 *  The chapter of a run in which it trains: epoch by epoch, until the last one
 *  or a signal.
 */
#include "mlp/run.h"

#include <inttypes.h>
#include <math.h>
#include <signal.h>
#include <string.h>

#include "mlp/clock.h"
#include "mlp/shard.h"

#include "run_internal.h"

/* ---- stopping on request ----------------------------------------------- */

/* The one thing that a signal handler may touch. */
static volatile sig_atomic_t stop_requested;

static void request_stop(int signal_number)
{
    (void)signal_number;
    stop_requested = 1;
}

/* The first signal asks for a stop after this step; the second ends the
 * process at once, as if there were no handler. */
void mlp_run_listen(void)
{
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = request_stop;
    action.sa_flags = (int)SA_RESETHAND | SA_RESTART;
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGUSR1, &action, NULL);
}

/* ---- training ---------------------------------------------------------- */

static bool is_due(const mlp_config *config, bool counts_steps, uint64_t done)
{
    return config->every.counts_steps == counts_steps &&
           config->every.count > 0 && done % config->every.count == 0;
}

/* Whether --max-steps are done. */
static bool has_enough_steps(const mlp_run_parts *run)
{
    return run->config.max_steps > 0 &&
           run->state.step >= run->config.max_steps;
}

/* The rest of the epoch under way, as far as no rank was asked to stop. */
static mlp_status train_epoch(mlp_run_parts *run, size_t steps,
                              bool *wants_stop)
{
    mlp_checkpoint *state = &run->state;
    double before = state->running_seconds;
    double start = mlp_clock_seconds();
    size_t step = state->step - state->epoch * steps;
    for (; step < steps && !*wants_stop; step++) {
        mlp_step_result result;
        mlp_pulse_step(mlp_comm_pulse(run->comm), state->step + 1);
        MLP_TRY(mlp_trainer_step(run->trainer, state->epoch, step,
                                 stop_requested != 0, &result));
        mlp_tally_add(&state->running, &result.tally);
        run->trained_rows += result.tally.rows;
        state->step++;
        state->running_seconds = before + mlp_clock_seconds() - start;
        if (run->log != NULL && mlp_runlog_wants_step(run->log)) {
            mlp_runlog_step(run->log, state->epoch + 1, step + 1, steps,
                            &state->running);
        }
        *wants_stop = result.wants_stop || has_enough_steps(run);
        if (step + 1 == steps) {
            continue; /* the epoch is closed before its state is looked at */
        }
        MLP_TRY(mlp_run_testify(run));
        if (is_due(&run->config, true, state->step) && !*wants_stop) {
            MLP_TRY(mlp_run_save(run));
        }
    }
    return MLP_OK;
}

static mlp_status evaluate(mlp_run_parts *run, const mlp_sharded *split,
                           mlp_tally *tally)
{
    *tally = (mlp_tally){0};
    if (split->rows == 0) {
        return MLP_OK;
    }
    mlp_pulse_enter(mlp_comm_pulse(run->comm), MLP_PULSE_EVALUATE);
    MLP_TRY(mlp_trainer_evaluate(run->trainer, split, tally, NULL));
    return isfinite(tally->loss_sum)
               ? MLP_OK
               : mlp_fail(MLP_DIVERGED,
                          "after step %" PRIu64 " the loss is not finite: a "
                          "smaller --lr may help",
                          run->state.step);
}

/* Rank 0's part in closing an epoch: only weights that are numbers get into
 * the history. */
static mlp_status write_record(mlp_run_parts *run,
                               const mlp_epoch_record *record)
{
    MLP_TRY(mlp_run_fetch_state(run));
    MLP_TRY(mlp_history_add(&run->state.history, record));
    return mlp_runlog_epoch(run->log, record);
}

/* Record an epoch that has just been trained. */
static mlp_status close_epoch(mlp_run_parts *run)
{
    mlp_checkpoint *state = &run->state;
    mlp_epoch_record record = {
        .epoch = state->epoch + 1,
        .step = state->step,
        .train = state->running,
        .learning_rate = mlp_trainer_rate(run->trainer, state->step - 1),
        .wall_seconds = state->running_seconds};
    MLP_TRY(evaluate(run, &run->validation, &record.validation));
    MLP_TRY(evaluate(run, &run->test, &record.test));
    mlp_status status =
        mlp_run_is_leader(run) ? write_record(run, &record) : MLP_OK;
    MLP_TRY(mlp_comm_agree(run->comm, status));
    state->epoch++;
    state->running = (mlp_tally){0};
    state->running_seconds = 0.0;
    MLP_TRY(mlp_run_testify(run));
    bool is_last = state->epoch == run->config.epochs;
    return is_last || is_due(&run->config, false, state->epoch) ||
                   is_due(&run->config, true, state->step)
               ? mlp_run_save(run)
               : MLP_OK;
}

/* A stop at an epoch's last step closes the epoch first: a log that has its
 * record agrees with a checkpoint that has it, too. */
mlp_status mlp_run_train(mlp_run_parts *run)
{
    mlp_checkpoint *state = &run->state;
    size_t steps = mlp_epoch_steps(run->train.rows, run->config.batch);
    bool wants_stop = has_enough_steps(run);
    while (state->epoch < run->config.epochs && !wants_stop) {
        MLP_TRY(train_epoch(run, steps, &wants_stop));
        if (state->step == (state->epoch + 1) * steps) {
            MLP_TRY(close_epoch(run));
        }
    }
    if (state->epoch >= run->config.epochs) {
        return MLP_OK;
    }
    MLP_TRY(mlp_run_save(run));
    return MLP_STOPPED;
}
