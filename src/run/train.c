/** @file
 *  Training, epoch by epoch, until the last one or a signal.
 */

#include <inttypes.h>
#include <math.h>

#include "base/clock.h"
#include "rows/shard.h"

#include "internal.h"

/* ---- stopping in time -------------------------------------------------- */

/* Time between a save and the exit: closing the log, MPI_Finalize. */
static const double LEAVE_SECONDS = 1.0;

/* Reserve time from a stop request to the exit: the current step, the step in
 * which the other ranks learn of the request, and a save. Times two, because
 * the measured times vary. */
static void reserve_time(const mlp_run_parts *run)
{
    double save = run->job.config.checkpoint[0] != '\0'
                      ? mlp_run_expect_save(&run->state, &run->saving)
                      : 0.0;
    mlp_stop_reserve(run->job.setting.stop,
                     LEAVE_SECONDS +
                         2 * (2 * run->progress.longest_step + save));
}

/* ---- training ---------------------------------------------------------- */

/* Whether --max-steps are done. */
static bool has_enough_steps(const mlp_run_parts *run)
{
    return run->job.config.max_steps > 0 &&
           run->state.step >= run->job.config.max_steps;
}

mlp_status mlp_run_compare(mlp_run_parts *run)
{
    if (run->job.config.sentinel == 0 ||
        run->progress.compared_step == run->state.step) {
        return MLP_OK;
    }
    run->progress.compared_step = run->state.step;
    return mlp_trainer_compare(run->trainer, run->state.step);
}

static mlp_status compare_if_due(mlp_run_parts *run)
{
    return run->job.config.sentinel > 0 &&
                   run->state.step % run->job.config.sentinel == 0
               ? mlp_run_compare(run)
               : MLP_OK;
}

/* Train the rest of the current epoch, until some rank is asked to stop. */
static mlp_status train_epoch(mlp_run_parts *run, size_t steps,
                              bool *wants_stop)
{
    mlp_checkpoint *state = &run->state;
    double before = state->running_seconds;
    double start = mlp_clock_seconds();
    size_t step = state->step - state->epoch * steps;
    for (; step < steps && !*wants_stop; step++) {
        mlp_step_result result;
        mlp_pulse_step(mlp_comm_pulse(run->job.comm), state->step + 1);
        MLP_TRY(mlp_trainer_step(run->trainer, state->epoch, step,
                                 mlp_stop_is_wanted(run->job.setting.stop),
                                 &result));
        mlp_tally_add(&state->running, &result.tally);
        run->profiling.trained_rows += result.tally.rows;
        state->step++;
        MLP_TRY(compare_if_due(run));
        double seconds = before + mlp_clock_seconds() - start;
        run->progress.longest_step =
            fmax(run->progress.longest_step, seconds - state->running_seconds);
        state->running_seconds = seconds;
        if (run->log != NULL && mlp_runlog_wants_step(run->log)) {
            mlp_runlog_step(run->log, state->epoch + 1, step + 1, steps,
                            &state->running);
        }
        *wants_stop = result.wants_stop || has_enough_steps(run);
        if (step + 1 == steps) {
            continue; /* close the epoch before its state is compared */
        }
        MLP_TRY(mlp_run_check_replay(run));
        if (!*wants_stop) {
            MLP_TRY(mlp_run_save_step(run));
            reserve_time(run);
        }
    }
    reserve_time(run);
    return MLP_OK;
}

static mlp_status evaluate(mlp_run_parts *run, const mlp_sharded *split,
                           mlp_tally *tally)
{
    *tally = (mlp_tally){0};
    if (split->rows == 0) {
        return MLP_OK;
    }
    mlp_pulse_enter(mlp_comm_pulse(run->job.comm), MLP_PULSE_EVALUATE);
    MLP_TRY(mlp_trainer_evaluate(run->trainer, split, tally, NULL));
    return isfinite(tally->loss_sum)
               ? MLP_OK
               : mlp_fail(MLP_DIVERGED,
                          "after step %" PRIu64 " the loss is not finite: a "
                          "smaller --lr may help",
                          run->state.step);
}

/* Record an epoch: rank 0, and others if each rank's caller wants a result. */
static mlp_status write_record(mlp_run_parts *run,
                               const mlp_epoch_record *record)
{
    bool is_leader = mlp_run_is_leader(&run->job);
    if (is_leader || run->job.setting.result != NULL) {
        MLP_TRY(mlp_history_add(&run->state.history, record));
    }
    if (is_leader) {
        MLP_TRY(mlp_runlog_epoch(run->log, record));
    }
    return run->board != NULL ? mlp_tensorboard_epoch(run->board, record)
                              : MLP_OK;
}

/* Call the caller's on_epoch, which may end the run. */
static mlp_status report_epoch(mlp_run_parts *run,
                               const mlp_epoch_record *record)
{
    const mlp_run_setting *setting = &run->job.setting;
    if (setting->on_epoch == NULL) {
        return MLP_OK;
    }
    bool is_enough = setting->on_epoch(setting->context, record);
    MLP_TRY(mlp_comm_any(run->job.comm, &is_enough));
    run->progress.is_ended = run->progress.is_ended || is_enough;
    return MLP_OK;
}

/* Without errors the perceptron rule changes no weight any more. */
static bool is_without_error(const mlp_run_parts *run)
{
    const mlp_tally *tally = &run->state.running;
    return run->job.config.loss == MLP_LOSS_PERCEPTRON && tally->rows > 0 &&
           tally->hits == tally->rows;
}

/* Whether training ends here: after the last epoch, or early. */
static bool is_over(const mlp_run_parts *run)
{
    return run->state.epoch >= run->job.config.epochs ||
           run->progress.early_stopping.stops || run->progress.is_converged;
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
    MLP_TRY(evaluate(run, &run->data.validation, &record.validation));
    MLP_TRY(evaluate(run, &run->data.test, &record.test));
    MLP_TRY(mlp_run_fetch_state(run)); /* all weights are finite, then */
    MLP_TRY(mlp_comm_agree(run->job.comm, write_record(run, &record)));
    state->epoch++;
    run->progress.is_converged = is_without_error(run);
    state->running = (mlp_tally){0};
    state->running_seconds = 0.0;
    MLP_TRY(mlp_run_check_early_stopping(run));
    mlp_run_keep_best(run);
    MLP_TRY(mlp_run_copy_epoch_end(run));
    MLP_TRY(mlp_run_check_replay(run));
    MLP_TRY(mlp_run_save_epoch(run, is_over(run)));
    MLP_TRY(report_epoch(run, &record));
    reserve_time(run);
    return MLP_OK;
}

/* A stop in an epoch's last step or in its evaluation leaves the epoch open:
 * all its steps are done, and a resumed run evaluates it. */
mlp_status mlp_run_train(mlp_run_parts *run)
{
    mlp_checkpoint *state = &run->state;
    size_t steps = mlp_epoch_steps(run->data.train.rows,
                                   mlp_config_step_rows(&run->job.config));
    bool wants_stop = has_enough_steps(run);
    run->saving.since = mlp_clock_seconds();
    reserve_time(run);
    MLP_TRY(mlp_run_check_early_stopping(run));
    while (!is_over(run) && !wants_stop) {
        MLP_TRY(train_epoch(run, steps, &wants_stop));
        if (state->step == (state->epoch + 1) * steps) {
            mlp_status status = close_epoch(run);
            MLP_TRY(status == MLP_STOPPED ? MLP_OK : status);
            wants_stop =
                wants_stop || status == MLP_STOPPED || run->progress.is_ended;
        }
    }
    if (is_over(run)) {
        return mlp_run_restore_best(run);
    }
    /* The one that was may not be the one that says so. */
    run->progress.was_asked =
        run->progress.is_ended || mlp_stop_was_asked(run->job.setting.stop);
    MLP_TRY(mlp_comm_any(run->job.comm, &run->progress.was_asked));
    MLP_TRY(mlp_run_save(run));
    return MLP_STOPPED;
}
