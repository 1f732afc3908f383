/** @file
 *  The story of a run.
 */
#include "mlp/run.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mlp/clock.h"
#include "mlp/log.h"
#include "mlp/report.h"
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
static void listen_for_signals(void)
{
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = request_stop;
    action.sa_flags = (int)SA_RESETHAND | SA_RESTART;
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGUSR1, &action, NULL);
}

/* ---- set-up ------------------------------------------------------------ */

static mlp_status create_model(mlp_run_parts *run)
{
    const mlp_config *config = &run->config;
    size_t widths[MLP_MAX_HIDDEN + 2];
    widths[0] = mlp_source_facts(run->source)->features;
    memcpy(widths + 1, config->hidden,
           config->hidden_count * sizeof *config->hidden);
    widths[config->hidden_count + 1] = run->classes;
    return mlp_model_create(widths, config->hidden_count + 1, config,
                            &run->model);
}

static mlp_status create_trainer(mlp_run_parts *run)
{
    const mlp_kernels *kernels = mlp_kernels_find(NULL);
    mlp_status status =
        kernels == NULL
            ? mlp_fail(MLP_ERROR_INTERNAL,
                       "this CPU has no fused multiply-add, which every "
                       "instruction set here needs")
            : create_model(run);
    MLP_TRY(mlp_comm_agree(run->comm, status));
    run->kernels = kernels;
    mlp_trainer_parts parts = {run->comm,      &run->config, run->model,
                               kernels,        &run->train,  run->scaler,
                               run->is_sparse, run->profile};
    return mlp_trainer_create(&parts, &run->trainer);
}

static mlp_status start_log(mlp_run_parts *run)
{
    bool is_resumed = run->resumed_from[0] != '\0';
    const mlp_placement placement = {.ranks = mlp_comm_size(run->comm),
                                     .threads = run->config.threads,
                                     .cores = run->cores,
                                     .instruction_set = run->kernels->name,
                                     .data =
                                         mlp_source_facts(run->source)->name,
                                     .train_rows = run->train.rows,
                                     .validation_rows = run->validation.rows,
                                     .test_rows = run->test.rows,
                                     .parameters = run->model->parameters,
                                     .widths = run->state.widths,
                                     .layers = run->model->layers};
    MLP_TRY(mlp_runlog_open(
        &run->config, is_resumed ? run->state.step : UINT64_MAX, &run->log));
    return mlp_runlog_start(run->log, &run->config, &placement,
                            is_resumed ? run->resumed_from : NULL);
}

/* Only rank 0 logs; whether that went well concerns all. */
static bool is_leader(const mlp_run_parts *run)
{
    return mlp_comm_rank(run->comm) == 0;
}

static mlp_status set_up(mlp_run_parts *run)
{
    MLP_TRY(mlp_run_open_state(run));
    MLP_TRY(mlp_run_plan(run));
    MLP_TRY(mlp_run_load_data(run));
    MLP_TRY(mlp_run_start_profile(run));
    MLP_TRY(create_trainer(run));
    MLP_TRY(mlp_run_begin_state(run));
    mlp_status status = is_leader(run) ? start_log(run) : MLP_OK;
    return mlp_comm_agree(run->comm, status);
}

/* ---- training ---------------------------------------------------------- */

static bool is_due(const mlp_config *config, bool counts_steps, uint64_t done)
{
    return config->every.counts_steps == counts_steps &&
           config->every.count > 0 && done % config->every.count == 0;
}

static void add_tally(mlp_tally *sum, const mlp_tally *more)
{
    sum->loss_sum += more->loss_sum;
    sum->hits += more->hits;
    sum->rows += more->rows;
}

/* The rest of the epoch under way. */
static mlp_status train_epoch(mlp_run_parts *run, size_t steps)
{
    mlp_checkpoint *state = &run->state;
    double before = state->running_seconds;
    double start = mlp_clock_seconds();
    for (size_t step = state->step - state->epoch * steps; step < steps;
         step++) {
        mlp_step_result result;
        MLP_TRY(mlp_trainer_step(run->trainer, state->epoch, step,
                                 stop_requested != 0, &result));
        add_tally(&state->running, &result.tally);
        run->trained_rows += result.tally.rows;
        state->step++;
        state->running_seconds = before + mlp_clock_seconds() - start;
        if (run->log != NULL && mlp_runlog_wants_step(run->log)) {
            mlp_runlog_step(run->log, state->epoch + 1, step + 1, steps,
                            &state->running);
        }
        if (result.wants_stop) {
            return MLP_STOPPED;
        }
        if (is_due(&run->config, true, state->step) && step + 1 < steps) {
            MLP_TRY(mlp_run_save(run));
        }
    }
    return MLP_OK;
}

static mlp_status evaluate(mlp_run_parts *run, const mlp_sharded *split,
                           mlp_tally *tally)
{
    *tally = (mlp_tally){0};
    return split->rows == 0
               ? MLP_OK
               : mlp_trainer_evaluate(run->trainer, split, tally, NULL);
}

/* Record an epoch that has just been trained. */
static mlp_status close_epoch(mlp_run_parts *run)
{
    mlp_checkpoint *state = &run->state;
    mlp_epoch_record record = {.epoch = state->epoch + 1,
                               .step = state->step,
                               .train = state->running,
                               .learning_rate = run->config.lr,
                               .wall_seconds = state->running_seconds};
    MLP_TRY(evaluate(run, &run->validation, &record.validation));
    MLP_TRY(evaluate(run, &run->test, &record.test));
    state->epoch++;
    state->running = (mlp_tally){0};
    state->running_seconds = 0.0;
    mlp_status status = MLP_OK;
    if (is_leader(run)) {
        status = mlp_history_add(&state->history, &record);
    }
    if (is_leader(run) && status == MLP_OK) {
        status = mlp_runlog_epoch(run->log, &record);
    }
    MLP_TRY(mlp_comm_agree(run->comm, status));
    bool is_last = state->epoch == run->config.epochs;
    return is_last || is_due(&run->config, false, state->epoch) ||
                   is_due(&run->config, true, state->step)
               ? mlp_run_save(run)
               : MLP_OK;
}

static mlp_status train(mlp_run_parts *run)
{
    size_t steps = mlp_epoch_steps(run->train.rows, run->config.batch);
    while (run->state.epoch < run->config.epochs) {
        mlp_status status = train_epoch(run, steps);
        if (status == MLP_STOPPED) {
            MLP_TRY(mlp_run_save(run));
        }
        MLP_TRY(status);
        MLP_TRY(close_epoch(run));
    }
    return MLP_OK;
}

/* ---- the end ----------------------------------------------------------- */

/* The best rows there are to judge by. */
static const mlp_sharded *judged_split(const mlp_run_parts *run)
{
    return run->test.rows > 0         ? &run->test
           : run->validation.rows > 0 ? &run->validation
                                      : &run->train;
}

static mlp_status report(mlp_run_parts *run)
{
    size_t classes = run->classes;
    if (classes > MLP_REPORT_CLASSES_MAX) {
        mlp_log_note("no report: %zu classes are more than %d", classes,
                     MLP_REPORT_CLASSES_MAX);
        return MLP_OK;
    }
    mlp_tally tally;
    uint64_t *confusion = calloc(classes * classes, sizeof *confusion);
    mlp_status status =
        confusion == NULL ? mlp_fail_memory("the confusion matrix") : MLP_OK;
    status = mlp_comm_agree(run->comm, status);
    if (status == MLP_OK) {
        status = mlp_trainer_evaluate(run->trainer, judged_split(run), &tally,
                                      confusion);
    }
    if (status == MLP_OK && is_leader(run)) {
        status = mlp_report_print(stdout, confusion, classes);
    }
    free(confusion);
    return mlp_comm_agree(run->comm, status);
}

/* The log's last record, and the digest as the last line. Rank 0. */
static mlp_status sign_off(mlp_run_parts *run, bool is_finished, double seconds)
{
    const mlp_history *history = &run->state.history;
    unsigned char digest[MLP_DIGEST_BYTES];
    char hex[MLP_DIGEST_HEX];
    mlp_trainer_store(run->trainer, run->state.parameters, NULL);
    MLP_TRY(mlp_model_digest(run->model, run->state.parameters, digest));
    mlp_digest_hex(digest, hex);
    MLP_TRY(mlp_runlog_end(
        run->log,
        history->count > 0 ? &history->records[history->count - 1] : NULL, hex,
        seconds, is_finished));
    MLP_TRY(mlp_runlog_close(&run->log));
    printf("weights sha256 %s\n", hex);
    return fflush(stdout) == 0
               ? MLP_OK
               : mlp_fail(MLP_ERROR_IO, "cannot write to standard output");
}

static mlp_status stop_message(const mlp_run_parts *run)
{
    if (run->config.checkpoint[0] == '\0') {
        return mlp_fail(MLP_STOPPED,
                        "stopped on request after step %llu; nothing is saved "
                        "without --checkpoint",
                        (unsigned long long)run->state.step);
    }
    return mlp_fail(MLP_STOPPED,
                    "stopped on request after step %llu; go on with "
                    "--checkpoint %s --resume",
                    (unsigned long long)run->state.step,
                    run->config.checkpoint);
}

static mlp_status tell(mlp_run_parts *run)
{
    double start = mlp_clock_seconds();
    mlp_status trained = train(run);
    if (trained != MLP_OK && trained != MLP_STOPPED) {
        return trained;
    }
    if (trained == MLP_OK && !run->config.quiet) {
        MLP_TRY(report(run));
    }
    MLP_TRY(mlp_run_tell_profile(run));
    double seconds = mlp_clock_seconds() - start;
    mlp_status status =
        is_leader(run) ? sign_off(run, trained == MLP_OK, seconds) : MLP_OK;
    MLP_TRY(mlp_comm_agree(run->comm, status));
    return trained == MLP_STOPPED ? stop_message(run) : MLP_OK;
}

static void tear_down(mlp_run_parts *run)
{
    if (run->log != NULL) {
        mlp_runlog_close(&run->log);
    }
    mlp_trainer_destroy(&run->trainer);
    mlp_profile_destroy(&run->profile);
    mlp_model_destroy(&run->model);
    mlp_dataset_destroy(&run->train.here);
    mlp_dataset_destroy(&run->validation.here);
    mlp_dataset_destroy(&run->test.here);
    mlp_source_close(&run->source);
    mlp_checkpoint_destroy(&run->state);
    mlp_checkpoint_unlock(&run->lock);
}

mlp_status mlp_run(mlp_comm *comm, const mlp_config *config)
{
    mlp_run_parts *run = calloc(1, sizeof *run);
    MLP_TRY(
        mlp_comm_agree(comm, run == NULL ? mlp_fail_memory("a run") : MLP_OK));
    run->comm = comm;
    run->config = *config;
    run->lock = -1;
    listen_for_signals();
    mlp_status status = set_up(run);
    if (status == MLP_OK) {
        status = tell(run);
    }
    tear_down(run);
    free(run);
    return status;
}
