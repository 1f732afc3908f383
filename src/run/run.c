/** @file
 *  A run from its configuration to its end.
 */
#include "run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "checkpoint/folds.h"
#include "record/classification_report.h"
#include "record/metrics_text.h"

#include "internal.h"
#include "system/files.h"

/* ---- set-up ------------------------------------------------------------ */

static mlp_status create_model(mlp_run_parts *run)
{
    const mlp_config *config = &run->job.config;
    size_t widths[MLP_MAX_HIDDEN + 2];
    widths[0] = mlp_source_facts(run->data.source)->features;
    memcpy(widths + 1, config->hidden,
           config->hidden_count * sizeof *config->hidden);
    widths[config->hidden_count + 1] = config->binary ? 1 : run->data.classes;
    if (config->top_k >= widths[config->hidden_count + 1]) {
        return mlp_fail(MLP_ERROR_USAGE,
                        "--top-k %zu: the model has %zu outputs, and every "
                        "class is among so many",
                        config->top_k, widths[config->hidden_count + 1]);
    }
    if (config->freeze > config->hidden_count) {
        return mlp_fail(MLP_ERROR_USAGE,
                        "--freeze %zu: the network has %zu layers, and the "
                        "last one has to learn",
                        config->freeze, config->hidden_count + 1);
    }
    return mlp_model_create(widths, config->hidden_count + 1, config,
                            &run->model);
}

/* The best that this CPU has, or the ones of $MLP_KERNELS. */
static mlp_status choose_kernels(mlp_run_parts *run)
{
    if (run->kernels != NULL) {
        return MLP_OK;
    }
    const char *name = getenv("MLP_KERNELS");
    if (name == NULL || name[0] == '\0') {
        return mlp_kernels_best(&run->kernels);
    }
    run->kernels = mlp_kernels_find(name);
    return run->kernels != NULL
               ? MLP_OK
               : mlp_fail(MLP_ERROR_USAGE,
                          "MLP_KERNELS is \"%.64s\", which is not one of "
                          "avx512, avx2 and base, or this CPU lacks it",
                          name);
}

mlp_status mlp_run_create_trainer(mlp_run_parts *run)
{
    MLP_TRY(mlp_comm_agree(run->job.comm, choose_kernels(run)));
    MLP_TRY(mlp_comm_agree(run->job.comm, create_model(run)));
    const mlp_checkpoint *start = run->job.start;
    const mlp_trainer_parts parts = {.comm = run->job.comm,
                                     .config = &run->job.config,
                                     .model = run->model,
                                     .kernels = run->kernels,
                                     .train = &run->data.train,
                                     .info = mlp_source_facts(run->data.source),
                                     .scaler = run->data.scaler,
                                     .is_sparse = run->data.is_sparse,
                                     .class_weights = run->data.class_weights,
                                     .profile = run->profiling.profile,
                                     .target_scaler = run->data.target_scaler,
                                     .stop = run->job.setting.stop,
                                     .first_epoch = start ? start->epoch : 0,
                                     .first_step = start ? start->step : 0};
    return mlp_trainer_create(&parts, &run->trainer);
}

/* The first step that the run can record: an epoch that is closed is recorded,
 * one whose end is saved but not evaluated is not. */
static mlp_status open_board(mlp_run_parts *run)
{
    const mlp_history *history = &run->state.history;
    bool is_closed =
        history->count > 0 &&
        history->records[history->count - 1].step == run->state.step;
    return run->job.config.tensorboard[0] != '\0'
               ? mlp_tensorboard_open(run->job.config.tensorboard,
                                      run->state.step + is_closed, &run->board)
               : MLP_OK;
}

mlp_status mlp_run_start_log(mlp_run_parts *run)
{
    bool is_resumed = run->resumed_from[0] != '\0';
    const mlp_source_info *info = mlp_source_facts(run->data.source);
    const mlp_first_layer_way between =
        mlp_trainer_first_layer_way(run->trainer);
    char origin[MLP_DIGEST_HEX];
    mlp_digest_hex(run->state.origin_digest, origin);
    const mlp_placement placement = {
        .origin = mlp_checkpoint_has_origin(&run->state) ? origin : NULL,
        .ranks = mlp_comm_size(run->job.comm),
        .threads = run->job.config.threads,
        .cores = run->job.cores,
        .nodes = mlp_comm_where(run->job.comm)->nodes,
        .between_nodes = {between.way, between.about},
        .is_bound = run->job.is_bound,
        .instruction_set = run->kernels->name,
        .data = info->name,
        .counts = info->is_table ? &info->counts : NULL,
        .train_rows = run->data.train.rows,
        .validation_rows = run->data.validation.rows,
        .test_rows = run->data.test.rows,
        .parameters = run->model->parameters,
        .widths = run->state.widths,
        .layers = run->model->layers};
    MLP_TRY(open_board(run)); /* first: it touches nothing that is there */
    MLP_TRY(mlp_runlog_open(&run->job.config,
                            is_resumed ? run->state.step : UINT64_MAX,
                            run->state.epoch, &run->log));
    return mlp_runlog_start(run->log, &run->job.config, &placement,
                            is_resumed ? run->resumed_from : NULL);
}

static void enter(mlp_run_parts *run, mlp_pulse_phase phase)
{
    mlp_pulse_enter(mlp_comm_pulse(run->job.comm), phase);
}

/* Leave before the first step when some rank was asked to, or time is up:
 * whatever is saved is as it was. */
static mlp_status leave_if_asked(mlp_run_parts *run)
{
    mlp_status status = MLP_OK;
    if (mlp_stop_is_wanted(run->job.setting.stop)) {
        status =
            mlp_fail(MLP_STOPPED,
                     "stopped %s before the first step; start it again "
                     "to go on",
                     mlp_stop_was_asked(run->job.setting.stop) ? "on request"
                                                               : "in time");
    }
    return mlp_comm_agree(run->job.comm, status);
}

/* Whether no earlier state has the configuration. */
static bool is_new_run(const mlp_run_parts *run)
{
    return run->resumed_from[0] == '\0' && !mlp_run_is_replay(&run->job) &&
           run->job.start == NULL;
}

static mlp_status set_up(mlp_run_parts *run)
{
    enter(run, MLP_PULSE_LOAD);
    MLP_TRY(mlp_run_limit_time(&run->job));
    MLP_TRY(mlp_run_open_state(run));
    MLP_TRY(mlp_run_open_start(run));
    MLP_TRY(leave_if_asked(run));
    enter(run, MLP_PULSE_DATA);
    MLP_TRY(mlp_run_open_data(&run->job, is_new_run(run), &run->data));
    MLP_TRY(mlp_run_resolve(&run->job));
    MLP_TRY(mlp_run_load_data(&run->job, &run->data));
    MLP_TRY(mlp_run_check_steps(&run->job.config, run->data.train.rows));
    MLP_TRY(mlp_run_check_monitor(run));
    MLP_TRY(leave_if_asked(run));
    enter(run, MLP_PULSE_MAKE);
    MLP_TRY(mlp_run_start_profile(&run->job, &run->profiling));
    MLP_TRY(mlp_run_create_trainer(run));
    MLP_TRY(mlp_run_begin_state(run));
    MLP_TRY(mlp_run_copy_epoch_end(run));
    MLP_TRY(leave_if_asked(run));
    mlp_status status =
        mlp_run_is_leader(&run->job) ? mlp_run_start_log(run) : MLP_OK;
    return mlp_comm_agree(run->job.comm, status);
}

/* ---- the end ----------------------------------------------------------- */

static void print_top(const mlp_run_parts *run, const mlp_tally *tally)
{
    if (run->job.config.top_k > 0) {
        printf("\ntop-%zu accuracy %.4f\n", run->job.config.top_k,
               mlp_tally_top_accuracy(tally));
    }
}

static mlp_status report(mlp_run_parts *run)
{
    size_t classes = run->data.classes;
    const mlp_names *names = mlp_source_facts(run->data.source)->class_names;
    if (run->job.config.task == MLP_TASK_REGRESSION ||
        run->job.setting.outcome != NULL) {
        return MLP_OK;
    }
    if (mlp_run_is_small(&run->data, run->model)) {
        return mlp_run_print_rows(run);
    }
    if (classes > MLP_REPORT_CLASSES_MAX) {
        mlp_log_note("no report: %zu classes are more than %d", classes,
                     MLP_REPORT_CLASSES_MAX);
        return MLP_OK;
    }
    mlp_tally tally;
    uint64_t *confusion = calloc(classes * classes, sizeof *confusion);
    mlp_status status =
        confusion == NULL ? mlp_fail_memory("the confusion matrix") : MLP_OK;
    status = mlp_comm_agree(run->job.comm, status);
    if (status == MLP_OK) {
        status = mlp_trainer_evaluate(
            run->trainer, mlp_run_best_split(&run->data), &tally, confusion);
    }
    if (status == MLP_OK && mlp_run_is_leader(&run->job)) {
        status = mlp_report_print(stdout, confusion, classes, names);
        print_top(run, &tally);
        mlp_metrics_print(stdout, &tally);
    }
    free(confusion);
    return mlp_comm_agree(run->job.comm, status);
}

/* What a fold comes to. Rank 0. */
static void report_outcome(const mlp_run_parts *run,
                           const unsigned char digest[MLP_DIGEST_BYTES],
                           const char *hex)
{
    mlp_run_outcome *outcome = run->job.setting.outcome;
    memcpy(outcome->digest, digest, sizeof outcome->digest);
    outcome->record = *mlp_run_last_record(run);
    if (!run->job.config.quiet) {
        printf("fold %s sha256 %s\n", run->job.config.fold, hex);
    }
}

/* The log's last record, and the digest of the fetched weights as the last
 * line. Rank 0. */
static mlp_status sign_off(mlp_run_parts *run, bool is_finished, double seconds)
{
    const mlp_history *history = &run->state.history;
    static const mlp_epoch_record none; /* stopped in the first epoch */
    const mlp_epoch_record *last =
        history->count > 0 ? &history->records[history->count - 1] : &none;
    unsigned char digest[MLP_DIGEST_BYTES];
    char hex[MLP_DIGEST_HEX];
    MLP_TRY(mlp_model_digest(run->state.parameters, run->model->parameters,
                             digest));
    mlp_digest_hex(digest, hex);
    if (is_finished && run->job.setting.outcome != NULL) {
        report_outcome(run, digest, hex);
    }
    MLP_TRY(mlp_runlog_end(run->log, last, hex, seconds, is_finished));
    MLP_TRY(mlp_runlog_close(&run->log));
    MLP_TRY(mlp_tensorboard_close(&run->board));
    bool is_single =
        !run->job.setting.is_guest && run->job.setting.outcome == NULL;
    if (is_single && !run->job.config.quiet &&
        run->job.config.checkpoint[0] == '\0') {
        printf("not saved: --run DIR was not given\n");
    }
    if (is_single) {
        printf("weights sha256 %s\n", hex);
    }
    return MLP_OK;
}

static mlp_status stop_message(const mlp_run_parts *run)
{
    bool was_asked =
        mlp_stop_was_asked(run->job.setting.stop) || run->progress.was_asked;
    const char *why = was_asked ? "on request" : "in time";
    if (run->job.setting.outcome != NULL && run->job.config.run[0] != '\0') {
        return mlp_fail(MLP_STOPPED,
                        "stopped %s after step %llu of fold %s; go on with the "
                        "same --folds, --run %s and --resume",
                        why, (unsigned long long)run->state.step,
                        run->job.config.fold, run->job.config.run);
    }
    if (run->job.config.checkpoint[0] == '\0') {
        return mlp_fail(MLP_STOPPED,
                        "stopped %s after step %llu; nothing is saved without "
                        "--checkpoint",
                        why, (unsigned long long)run->state.step);
    }
    return mlp_fail(MLP_STOPPED,
                    "stopped %s after step %llu; go on with --checkpoint %s "
                    "--resume",
                    why, (unsigned long long)run->state.step,
                    run->job.config.checkpoint);
}

/* A replay ends at the last state to compare, unless it was stopped before. */
static mlp_status report_replay(mlp_run_parts *run, mlp_status trained)
{
    if (run->replay.next < run->replay.count) {
        return trained == MLP_STOPPED
                   ? stop_message(run)
                   : mlp_fail(MLP_ERROR_DATA,
                              "%s: has a state after step %llu, where the run "
                              "ends at step %llu",
                              run->job.config.replay,
                              (unsigned long long)run->job.config.max_steps,
                              (unsigned long long)run->state.step);
    }
    mlp_status status =
        mlp_run_is_leader(&run->job)
            ? mlp_run_print_replay(&run->job.config, &run->replay)
            : MLP_OK;
    return mlp_comm_agree(run->job.comm, status);
}

/* All steps are done and saved: a stop that comes now only takes the report. */
static mlp_status report_if_not_stopped(mlp_run_parts *run)
{
    mlp_status status = report(run);
    if (status != MLP_STOPPED) {
        return status;
    }
    mlp_log_note("stopped after the last step: no report");
    return MLP_OK;
}

typedef struct {
    mlp_run_parts *run;
    mlp_status status;
} training;

/* Steps take some hundred microseconds: their threads are kept. */
static void train_on(void *context, mlp_threads *threads)
{
    training *t = context;
    mlp_trainer_use_threads(t->run->trainer, threads);
    t->status = mlp_run_train(t->run);
    mlp_trainer_use_threads(t->run->trainer, NULL);
}

static mlp_status train(mlp_run_parts *run)
{
    training t = {run, MLP_OK};
    mlp_threads_lead(run->job.config.threads, train_on, &t);
    return t.status;
}

static mlp_status train_and_report(mlp_run_parts *run)
{
    double start = mlp_clock_seconds();
    mlp_status trained = train(run);
    if (trained != MLP_OK && trained != MLP_STOPPED) {
        return trained;
    }
    enter(run, MLP_PULSE_END);
    if (mlp_run_is_replay(&run->job)) {
        return report_replay(run, trained);
    }
    if (trained == MLP_OK && !run->job.config.quiet) {
        MLP_TRY(report_if_not_stopped(run));
    }
    if (trained == MLP_OK) {
        MLP_TRY(mlp_run_check_outcome(run));
    }
    MLP_TRY(mlp_run_log_reading(&run->job, &run->data));
    MLP_TRY(mlp_run_report_profile(run));
    MLP_TRY(mlp_run_compare(run));
    MLP_TRY(mlp_run_fetch_state(run));
    double seconds = mlp_clock_seconds() - start;
    mlp_status status = mlp_run_is_leader(&run->job)
                            ? sign_off(run, trained == MLP_OK, seconds)
                            : MLP_OK;
    MLP_TRY(mlp_comm_agree(run->job.comm, status));
    status = trained == MLP_STOPPED ? stop_message(run) : MLP_OK;
    MLP_TRY(mlp_run_fill_result(run, trained == MLP_OK));
    if (trained == MLP_STOPPED) {
        return status; /* whether or not somebody reads */
    }
    status = mlp_run_is_leader(&run->job) && !run->job.setting.is_guest
                 ? mlp_stdout_flush()
                 : MLP_OK;
    return mlp_comm_agree(run->job.comm, status);
}

static void tear_down(mlp_run_parts *run)
{
    if (run->log != NULL) {
        mlp_runlog_close(&run->log);
    }
    mlp_tensorboard_close(&run->board);
    mlp_trainer_destroy(&run->trainer);
    mlp_profile_destroy(&run->profiling.profile);
    mlp_model_destroy(&run->model);
    mlp_run_drop_data(&run->data);
    mlp_run_drop_copy(&run->saving.best);
    mlp_run_drop_copy(&run->ended);
    mlp_checkpoint_destroy(&run->state);
    mlp_checkpoint_destroy(&run->start);
    free(run->replay.expected);
    mlp_checkpoint_unlock(&run->saving.lock);
}

static mlp_status run_all(mlp_run_parts *run)
{
    mlp_status status =
        run->job.config.dry_run ? mlp_run_dry(run) : set_up(run);
    if (status == MLP_OK && !run->job.config.dry_run) {
        status = train_and_report(run);
    }
    tear_down(run);
    return status;
}

static mlp_status plan(const mlp_run_setting *setting, const mlp_config *config)
{
    mlp_source *source = setting->source;
    mlp_status status = mlp_run_plan(setting->comm, config, &source);
    if (setting->source == NULL) {
        mlp_source_close(&source);
    }
    return status;
}

/* The folds of the run to replay, as rank 0 has them. */
static mlp_status count_folds(mlp_comm *comm, const mlp_config *config,
                              size_t *folds)
{
    *folds = config->replay[0] != '\0' ? mlp_fold_count(config->replay) : 0;
    return mlp_comm_broadcast(comm, folds, sizeof *folds);
}

mlp_status mlp_run(const mlp_run_setting *setting, const mlp_config *config)
{
    mlp_comm *comm = setting->comm;
    MLP_TRY(mlp_run_check_options_agree(comm, config));
    size_t folds = 0; /* of a replay */
    MLP_TRY(count_folds(comm, config, &folds));
    if (config->folds > 0 || folds > 0) {
        return folds > 0 ? mlp_run_replay_folds(setting, config, folds)
                         : mlp_run_folds(setting, config);
    }
    if (config->plan > 0) {
        return plan(setting, config);
    }
    if (config->plan_link[0] != '\0') {
        return mlp_fail(MLP_ERROR_USAGE, "--plan-link requires --plan NODES");
    }
    if (config->verify) {
        return setting->source == NULL
                   ? mlp_run_verify(comm, config)
                   : mlp_fail(
                         MLP_ERROR_USAGE,
                         "--check-digest opens the data several times, and "
                         "cannot with rows of the caller's");
    }
    mlp_run_parts run = {.job = {.setting = *setting,
                                 .comm = comm,
                                 .config = *config,
                                 .start = setting->start},
                         .data = {.source = setting->source},
                         .saving = {.lock = -1}};
    mlp_status status = run_all(&run);
    if (setting->source == NULL) {
        mlp_source_close(&run.data.source);
    }
    return status;
}
