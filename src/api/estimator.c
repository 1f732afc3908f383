/** @file
 *  Estimators: options, and training with them.
 */
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "config/options.h"
#include "run/run.h"
#include "system/stop.h"
#include "team/comm.h"

#include "internal.h"

struct mlp_estimator {
    mlp_comm *team;
    mlp_comm *own;     /* team of one, if the caller gave no team; else NULL */
    mlp_config config; /* as set, not completed */
    mlp_stop stop;
    atomic_flag is_training;
    mlp_epoch_callback on_epoch;
    void *epoch_context;
    mlp_message_callback on_message;
    void *message_context;
    mlp_checkpoint state; /* layers 0: not trained yet */
};

/* ---- create and destroy ------------------------------------------------ */

mlp_status mlp_estimator_create(mlp_team *team, mlp_estimator **estimator)
{
    mlp_estimator *made = calloc(1, sizeof *made);
    *estimator = NULL;
    if (made == NULL) {
        return mlp_fail_memory("an estimator");
    }
    mlp_status status =
        team == NULL ? mlp_comm_serial_create(&made->own) : MLP_OK;
    if (status != MLP_OK) {
        free(made);
        return status;
    }
    made->team = team != NULL ? team : made->own;
    mlp_config_init(&made->config);
    mlp_stop_init(&made->stop);
    atomic_flag_clear(&made->is_training);
    *estimator = made;
    return MLP_OK;
}

void mlp_estimator_destroy(mlp_estimator **estimator)
{
    mlp_estimator *old = *estimator;
    if (old != NULL) {
        mlp_comm_destroy(&old->own);
        mlp_checkpoint_destroy(&old->state);
        free(old);
        *estimator = NULL;
    }
}

/* ---- options ----------------------------------------------------------- */

/* Refuse options of mlp_train that replace training, or print. */
static bool is_of_programs(const mlp_config *config, const mlp_option *field)
{
    const void *const members[] = {
        &config->plan,     config->plan_link, &config->verify,
        config->replay,    &config->from,     &config->steps,
        &config->progress, &config->quiet,    &config->profile,
        config->trace,     &config->watchdog, &config->dry_run,
        &config->folds};
    const void *member = (const char *)config + field->offset;
    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++) {
        if (member == members[i]) {
            return true;
        }
    }
    return false;
}

mlp_status mlp_estimator_set(mlp_estimator *estimator, const char *name,
                             const char *value)
{
    mlp_config changed = estimator->config;
    const mlp_option *field = mlp_config_find(name);
    if (field != NULL && is_of_programs(&changed, field)) {
        return mlp_fail(MLP_ERROR_USAGE,
                        "%s: is an option of the program mlp_train alone",
                        name);
    }
    MLP_TRY(mlp_config_set(&changed, name, value));
    estimator->config = changed;
    return MLP_OK;
}

void mlp_estimator_on_epoch(mlp_estimator *estimator,
                            mlp_epoch_callback callback, void *context)
{
    estimator->on_epoch = callback;
    estimator->epoch_context = context;
}

void mlp_estimator_on_message(mlp_estimator *estimator,
                              mlp_message_callback callback, void *context)
{
    estimator->on_message = callback;
    estimator->message_context = context;
}

void mlp_estimator_stop(mlp_estimator *estimator)
{
    mlp_stop_ask(&estimator->stop);
}

/* ---- callbacks --------------------------------------------------------- */

/* A call of a training function. */
typedef struct {
    mlp_estimator *estimator;
    const mlp_checkpoint *start; /* NULL: new training */
    mlp_config config;           /* completed */
    mlp_samples_source rows;
    mlp_checkpoint result;
} training;

static bool report_epoch(void *context, const mlp_epoch_record *record)
{
    const training *t = context;
    const mlp_estimator *estimator = t->estimator;
    if (estimator->on_epoch == NULL) {
        return false;
    }
    mlp_epoch epoch =
        mlp_epoch_of(record, t->config.task == MLP_TASK_REGRESSION);
    epoch.epoch += t->start != NULL ? t->start->epoch : 0;
    epoch.step += t->start != NULL ? t->start->step : 0;
    return estimator->on_epoch(estimator->epoch_context, &epoch);
}

/* ---- training ---------------------------------------------------------- */

static mlp_status fail_option(const char *name)
{
    return mlp_fail(MLP_ERROR_USAGE,
                    "%s: the network has another one; train from the beginning "
                    "to change it",
                    name);
}

static bool has_same_hidden(const mlp_config *a, const mlp_config *b)
{
    bool is_same = a->hidden_count == b->hidden_count;
    for (size_t l = 0; is_same && l < a->hidden_count; l++) {
        is_same = a->hidden[l] == b->hidden[l];
    }
    return is_same;
}

static bool has_same_activations(const mlp_config *a, const mlp_config *b)
{
    bool is_same = true;
    for (size_t l = 0; is_same && l < a->hidden_count; l++) {
        is_same = mlp_config_activation(a, l) == mlp_config_activation(b, l);
    }
    return is_same;
}

/* Check that training can continue from a state with these options. */
static mlp_status check_start(const mlp_config *config,
                              const mlp_checkpoint *start)
{
    const mlp_config *was = &start->config;
    const char *other = config->weights[0] != '\0'      ? "weights"
                        : config->start_from[0] != '\0' ? "start-from"
                        : config->checkpoint[0] != '\0' ? "checkpoint"
                                                        : NULL;
    if (other != NULL) {
        return mlp_fail(MLP_ERROR_USAGE,
                        "%s: not possible when training continues", other);
    }
    const char *changed = !has_same_hidden(config, was)         ? "hidden"
                          : !has_same_activations(config, was)  ? "activation"
                          : config->output != was->output       ? "output"
                          : config->binary != was->binary       ? "binary"
                          : config->task != was->task           ? "task"
                          : config->optimizer != was->optimizer ? "optimizer"
                                                                : NULL;
    return changed == NULL ? MLP_OK : fail_option(changed);
}

/* @param train  NULL: rows of the option "data" */
static mlp_status complete_options(training *t, const mlp_samples *train)
{
    mlp_config *config = &t->config;
    *config = t->estimator->config;
    config->quiet = true;
    config->progress = MLP_PROGRESS_NEVER;
    if (train != NULL && train->targets != NULL &&
        !mlp_config_was_given(config, "task")) {
        MLP_TRY(mlp_config_set(config, "task", "regression"));
    }
    if (train != NULL && train->classes > 0 && train->targets == NULL &&
        config->classes == 0) {
        config->classes = train->classes;
    }
    MLP_TRY(mlp_options_complete(config));
    if (train != NULL &&
        (config->task == MLP_TASK_REGRESSION) != (train->targets != NULL)) {
        return mlp_fail(MLP_ERROR_USAGE, "task: the rows have %s",
                        train->targets != NULL ? "targets" : "labels");
    }
    if (t->start == NULL) {
        return MLP_OK;
    }
    if (config->task == MLP_TASK_CLASSIFICATION) {
        config->classes = t->start->classes;
    }
    return check_start(config, t->start);
}

/* Add the start's epochs and steps to those of the result. */
static mlp_status join(const mlp_checkpoint *start, mlp_checkpoint *result)
{
    mlp_history all = {0};
    mlp_status status = MLP_OK;
    for (size_t i = 0; i < start->history.count && status == MLP_OK; i++) {
        status = mlp_history_add(&all, &start->history.records[i]);
    }
    for (size_t i = 0; i < result->history.count && status == MLP_OK; i++) {
        mlp_epoch_record record = result->history.records[i];
        record.epoch += start->epoch;
        record.step += start->step;
        status = mlp_history_add(&all, &record);
    }
    if (status != MLP_OK) {
        mlp_history_destroy(&all);
        return status;
    }
    mlp_history_destroy(&result->history);
    result->history = all;
    result->epoch += start->epoch;
    result->step += start->step;
    return MLP_OK;
}

/* Move the result, if there is one, to the estimator. */
static mlp_status adopt(training *t, mlp_status trained)
{
    mlp_estimator *estimator = t->estimator;
    mlp_status status = MLP_OK;
    bool has_result =
        t->result.layers > 0 && (trained == MLP_OK || trained == MLP_STOPPED);
    if (has_result && t->start != NULL) {
        status = join(t->start, &t->result);
    }
    if (!has_result || status != MLP_OK) {
        mlp_checkpoint_destroy(&t->result);
        return status;
    }
    mlp_checkpoint_destroy(&estimator->state);
    estimator->state = t->result;
    return MLP_OK;
}

static mlp_status prepare(training *t, const mlp_samples *train,
                          const mlp_samples *test)
{
    MLP_TRY(complete_options(t, train));
    if (train == NULL) {
        return test == NULL ? MLP_OK
                            : mlp_fail(MLP_ERROR_USAGE,
                                       "test rows go with training rows");
    }
    return mlp_samples_open(train, test, t->start, &t->rows);
}

static mlp_status run(training *t, const mlp_samples *train,
                      const mlp_samples *test)
{
    mlp_estimator *estimator = t->estimator;
    mlp_comm *team = estimator->team;
    mlp_status status = mlp_comm_agree(team, prepare(t, train, test));
    if (status != MLP_OK) {
        mlp_samples_close(&t->rows);
        return status;
    }
    const mlp_run_setting setting = {.comm = team,
                                     .stop = &estimator->stop,
                                     .source = t->rows.source,
                                     .is_guest = true,
                                     .start = t->start,
                                     .result = &t->result,
                                     .on_epoch = report_epoch,
                                     .context = t};
    status = mlp_run(&setting, &t->config);
    mlp_samples_close(&t->rows);
    mlp_status adopted = adopt(t, status);
    return mlp_comm_agree(team, adopted != MLP_OK ? adopted : status);
}

static void drop_message(void *context, bool is_warning, const char *line)
{
    (void)context, (void)is_warning, (void)line;
}

static mlp_status train_on_from(mlp_estimator *estimator,
                                const mlp_checkpoint *start,
                                const mlp_samples *train,
                                const mlp_samples *test)
{
    training *t = calloc(1, sizeof *t);
    mlp_status status = t == NULL ? mlp_fail_memory("the training") : MLP_OK;
    status = mlp_comm_agree(estimator->team, status);
    if (status != MLP_OK) {
        free(t);
        return status;
    }
    t->estimator = estimator;
    t->start = start;
    mlp_log_redirect(estimator->on_message != NULL ? estimator->on_message
                                                   : drop_message,
                     estimator->message_context);
    mlp_stop_restart(&estimator->stop);
    status = run(t, train, test);
    mlp_stop_init(&estimator->stop); /* a stop request ends one training only */
    mlp_log_redirect(NULL, NULL);
    free(t);
    return status;
}

static mlp_status train_alone(mlp_estimator *estimator, bool goes_on,
                              const mlp_samples *train, const mlp_samples *test)
{
    if (atomic_flag_test_and_set(&estimator->is_training)) {
        return mlp_fail(MLP_ERROR_USAGE, "this estimator is training already");
    }
    const mlp_checkpoint *start =
        goes_on && estimator->state.layers > 0 ? &estimator->state : NULL;
    mlp_status status = train_on_from(estimator, start, train, test);
    atomic_flag_clear(&estimator->is_training);
    return status;
}

mlp_status mlp_estimator_train(mlp_estimator *estimator,
                               const mlp_samples *train,
                               const mlp_samples *test)
{
    return train_alone(estimator, false, train, test);
}

mlp_status mlp_estimator_train_on(mlp_estimator *estimator,
                                  const mlp_samples *train,
                                  const mlp_samples *test)
{
    return train_alone(estimator, true, train, test);
}

/* ---- networks ---------------------------------------------------------- */

/* Mark an option as given, so that no default replaces its value. */
static mlp_status fix_option(mlp_config *config, const char *name)
{
    char text[MLP_CONFIG_VALUE];
    mlp_config_get(config, mlp_config_find(name), text);
    return mlp_config_set(config, name, text);
}

static mlp_status fix_options(mlp_config *config)
{
    MLP_TRY(fix_option(config, "output"));
    MLP_TRY(fix_option(config, "loss"));
    MLP_TRY(fix_option(config, "lr"));
    if (mlp_config_optimizer(config->optimizer)->has_decay) {
        MLP_TRY(fix_option(config, "weight-decay"));
    }
    return config->schedule == MLP_SCHEDULE_EXPONENTIAL
               ? fix_option(config, "gamma")
               : MLP_OK;
}

/* Take the options of a state as given, except those that training must not
 * continue with. */
static mlp_config options_of(const mlp_checkpoint *state)
{
    mlp_config config = state->config;
    mlp_config defaults;
    mlp_config_init(&defaults);
    memcpy(config.checkpoint, defaults.checkpoint, sizeof config.checkpoint);
    memcpy(config.weights, defaults.weights, sizeof config.weights);
    memcpy(config.log, defaults.log, sizeof config.log);
    memcpy(config.tensorboard, defaults.tensorboard, sizeof config.tensorboard);
    memcpy(config.replay, defaults.replay, sizeof config.replay);
    memcpy(config.data, defaults.data, sizeof config.data);
    memcpy(config.test_data, defaults.test_data, sizeof config.test_data);
    memcpy(config.start_from, defaults.start_from, sizeof config.start_from);
    memcpy(config.given, defaults.given, sizeof config.given);
    config.resume = defaults.resume;
    config.new_head = defaults.new_head;
    config.freeze = defaults.freeze;
    config.schedule_start = defaults.schedule_start;
    config.threads = defaults.threads;
    config.max_steps = defaults.max_steps;
    config.max_time = defaults.max_time;
    return config;
}

mlp_status mlp_estimator_start_from(mlp_estimator *estimator,
                                    const mlp_network *network)
{
    const mlp_checkpoint *state = mlp_network_state(network);
    mlp_config config = options_of(state);
    mlp_checkpoint copy;
    MLP_TRY(fix_options(&config));
    MLP_TRY(mlp_state_copy(state, &copy));
    mlp_checkpoint_destroy(&estimator->state);
    estimator->state = copy;
    estimator->config = config;
    return MLP_OK;
}

mlp_status mlp_estimator_network(const mlp_estimator *estimator,
                                 mlp_network **network)
{
    mlp_checkpoint copy;
    *network = NULL;
    if (estimator->state.layers == 0) {
        return mlp_fail(MLP_ERROR_USAGE, "nothing has been trained yet");
    }
    MLP_TRY(mlp_state_copy(&estimator->state, &copy));
    return mlp_network_create(&copy, network);
}
