/** @file
 *  Checks for contradictions within a configuration.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "faults.h"
#include "holdout.h"
#include "optimizer.h"

/* A list for hidden layers has one item, or one per layer. */
static mlp_status check_list(const mlp_config *config, const char *name,
                             size_t count)
{
    return count <= 1 || count == config->hidden_count
               ? MLP_OK
               : mlp_fail(MLP_ERROR_USAGE,
                          "--%s has %zu values for %zu hidden layers: give one "
                          "for all, or one for each",
                          name, count, config->hidden_count);
}

static mlp_status check_hidden(const mlp_config *config)
{
    MLP_TRY(check_list(config, "activation", config->activation.count));
    MLP_TRY(check_list(config, "dropout", config->dropout.count));
    for (size_t l = 0; l < config->hidden_count; l++) {
        if (mlp_config_activation(config, l) == MLP_ACTIVATION_STEP) {
            return mlp_fail(
                MLP_ERROR_USAGE,
                "--activation step: its derivative is 0 everywhere, "
                "so backpropagation cannot train the layers before "
                "it; use sigmoid");
        }
        if (mlp_config_dropout(config, l) >= 1.0) {
            return mlp_fail(MLP_ERROR_USAGE,
                            "--dropout %g drops every unit of a layer; give a "
                            "fraction below 1, usually 0.2 to 0.5",
                            mlp_config_dropout(config, l));
        }
    }
    if (config->hidden_count == 0 && mlp_config_dropout(config, 0) > 0.0) {
        return mlp_fail(MLP_ERROR_USAGE,
                        "--dropout drops hidden units, and --hidden none has "
                        "none");
    }
    return MLP_OK;
}

/* Of a loss whose outputs are others. */
static mlp_status refuse_loss(mlp_loss loss)
{
    switch (loss) {
    case MLP_LOSS_CROSS_ENTROPY:
        return mlp_fail(MLP_ERROR_USAGE,
                        "--loss cross-entropy requires --output-activation "
                        "softmax; with other outputs use --loss mse");
    case MLP_LOSS_PERCEPTRON:
        return mlp_fail(
            MLP_ERROR_USAGE,
            "--loss perceptron is the delta rule of --output-activation step");
    case MLP_LOSS_POISSON:
        return mlp_fail(MLP_ERROR_USAGE,
                        "--loss poisson requires --output-activation exp, its "
                        "log link");
    default:
        return mlp_fail(
            MLP_ERROR_USAGE,
            "--loss binary-cross-entropy requires --output-activation "
            "sigmoid, whose outputs are probabilities");
    }
}

/* Check that output activation and loss match. */
static mlp_status check_pair(const mlp_config *config)
{
    bool is_of_errors = config->loss == MLP_LOSS_MSE ||
                        config->loss == MLP_LOSS_MAE ||
                        config->loss == MLP_LOSS_HUBER;
    switch (config->output) {
    case MLP_OUTPUT_SOFTMAX:
        return config->loss == MLP_LOSS_CROSS_ENTROPY
                   ? MLP_OK
                   : mlp_fail(
                         MLP_ERROR_USAGE,
                         "--output-activation softmax gives probabilities, "
                         "which go with --loss cross-entropy; the other "
                         "losses go with --output-activation sigmoid, "
                         "identity, ...");
    case MLP_OUTPUT_STEP:
        return config->loss == MLP_LOSS_PERCEPTRON
                   ? MLP_OK
                   : mlp_fail(
                         MLP_ERROR_USAGE,
                         "--output-activation step has derivative 0 "
                         "everywhere: only the delta rule, --loss perceptron, "
                         "can train it");
    case MLP_OUTPUT_EXP:
        return config->loss == MLP_LOSS_POISSON
                   ? MLP_OK
                   : mlp_fail(MLP_ERROR_USAGE,
                              "--output-activation exp is the log link of "
                              "--loss poisson");
    case MLP_OUTPUT_SIGMOID:
        is_of_errors |= config->loss == MLP_LOSS_BINARY_CROSS_ENTROPY;
        break;
    case MLP_OUTPUT_IDENTITY:
    case MLP_OUTPUT_TANH:
    case MLP_OUTPUT_SOFTPLUS:
        break;
    }
    return is_of_errors ? MLP_OK : refuse_loss(config->loss);
}

static mlp_status check_perceptron(const mlp_config *config)
{
    if (config->hidden_count > 0) {
        return mlp_fail(MLP_ERROR_USAGE,
                        "--loss perceptron trains a single layer: add "
                        "--hidden none");
    }
    if (config->optimizer != MLP_OPTIMIZER_SGD || config->momentum > 0 ||
        config->l2 > 0) {
        return mlp_fail(MLP_ERROR_USAGE,
                        "--loss perceptron is an update rule of its own, w "
                        "-= lr (a - t) x: use --optimizer sgd, --momentum 0, "
                        "--l2 0");
    }
    if (config->label_smoothing > 0) {
        return mlp_fail(MLP_ERROR_USAGE,
                        "--label-smoothing gives targets between 0 and 1, "
                        "which --loss perceptron cannot learn");
    }
    return MLP_OK;
}

static mlp_status check_outputs(const mlp_config *config)
{
    if (config->binary && config->output == MLP_OUTPUT_SOFTMAX) {
        return mlp_fail(MLP_ERROR_USAGE,
                        "--binary has one output unit, and softmax over one "
                        "is always 1: use --output-activation sigmoid");
    }
    if (mlp_loss_is_of_numbers(config->loss) &&
        config->task == MLP_TASK_CLASSIFICATION) {
        return mlp_fail(MLP_ERROR_USAGE,
                        "--loss %s is of numbers: it requires --task "
                        "regression",
                        mlp_config_find("loss")->choices[config->loss]);
    }
    MLP_TRY(check_pair(config));
    if (mlp_config_was_given(config, "huber-delta") &&
        config->loss != MLP_LOSS_HUBER) {
        return mlp_fail(MLP_ERROR_USAGE, "--huber-delta requires --loss huber");
    }
    return config->loss == MLP_LOSS_PERCEPTRON ? check_perceptron(config)
                                               : MLP_OK;
}

static mlp_status check_classes(const mlp_config *config)
{
    if (config->classes == 1) {
        return mlp_fail(MLP_ERROR_USAGE,
                        "--classes: 1 is below 2 (0: from the labels)");
    }
    if (config->binary && config->classes > 2) {
        return mlp_fail(MLP_ERROR_USAGE,
                        "--binary is for two classes, --classes is %zu",
                        config->classes);
    }
    return MLP_OK;
}

/* What usually goes with a loss; of classes, as the other task is known by the
 * output or the loss. */
static mlp_output usual_output(mlp_loss loss)
{
    static const mlp_output outputs[] = {
        [MLP_LOSS_CROSS_ENTROPY] = MLP_OUTPUT_SOFTMAX,
        [MLP_LOSS_MSE] = MLP_OUTPUT_SIGMOID,
        [MLP_LOSS_BINARY_CROSS_ENTROPY] = MLP_OUTPUT_SIGMOID,
        [MLP_LOSS_PERCEPTRON] = MLP_OUTPUT_STEP,
        [MLP_LOSS_MAE] = MLP_OUTPUT_IDENTITY,
        [MLP_LOSS_HUBER] = MLP_OUTPUT_IDENTITY,
        [MLP_LOSS_POISSON] = MLP_OUTPUT_EXP};
    return outputs[loss];
}

/* And with an output. */
static mlp_loss usual_loss(mlp_output output)
{
    static const mlp_loss losses[] = {
        [MLP_OUTPUT_SOFTMAX] = MLP_LOSS_CROSS_ENTROPY,
        [MLP_OUTPUT_SIGMOID] = MLP_LOSS_BINARY_CROSS_ENTROPY,
        [MLP_OUTPUT_IDENTITY] = MLP_LOSS_MSE,
        [MLP_OUTPUT_TANH] = MLP_LOSS_MSE,
        [MLP_OUTPUT_SOFTPLUS] = MLP_LOSS_MSE,
        [MLP_OUTPUT_STEP] = MLP_LOSS_PERCEPTRON,
        [MLP_OUTPUT_EXP] = MLP_LOSS_POISSON};
    return losses[output];
}

void mlp_config_settle(mlp_config *config)
{
    bool has_loss = mlp_config_was_given(config, "loss");
    if (mlp_loss_is_of_numbers(config->loss) &&
        !mlp_config_was_given(config, "task")) {
        config->task = MLP_TASK_REGRESSION;
    }
    if (mlp_config_was_given(config, "output-activation")) {
        /* is what it is */
    } else if (config->task == MLP_TASK_REGRESSION) {
        config->output = config->loss == MLP_LOSS_POISSON ? MLP_OUTPUT_EXP
                                                          : MLP_OUTPUT_IDENTITY;
    } else if (has_loss) {
        config->output = usual_output(config->loss);
    } else if (config->binary) {
        config->output = MLP_OUTPUT_SIGMOID;
    }
    if (!has_loss) {
        config->loss = usual_loss(config->output);
    }
}

/* Refuse options for classes in a regression. */
static mlp_status check_regression(const mlp_config *config)
{
    if (config->output != MLP_OUTPUT_IDENTITY &&
        !mlp_output_is_positive(config->output)) {
        return mlp_fail(MLP_ERROR_USAGE,
                        "--task regression requires --output-activation "
                        "identity or, for non-negative numbers, softplus or "
                        "exp: the range of the others is bounded");
    }
    const struct {
        const char *name;
        bool is_used;
    } options[] = {
        {"classes", config->classes > 0},
        {"binary", config->binary},
        {"label-smoothing", config->label_smoothing > 0},
        {"class-weights", strcmp(config->class_weights, "none") != 0}};
    for (size_t i = 0; i < sizeof options / sizeof options[0]; i++) {
        if (options[i].is_used) {
            return mlp_fail(MLP_ERROR_USAGE,
                            "--task regression has no classes: leave out --%s",
                            options[i].name);
        }
    }
    return MLP_OK;
}

static mlp_status check_table(const mlp_config *config)
{
    if (config->task == MLP_TASK_REGRESSION) {
        MLP_TRY(check_regression(config));
    }
    if (strlen(config->na) > MLP_NA_BYTES_MOST) {
        return mlp_fail(MLP_ERROR_USAGE, "--na is longer than %d bytes",
                        MLP_NA_BYTES_MOST);
    }
    if (config->test_fraction > 0 && config->test_data[0] != '\0') {
        return mlp_fail(MLP_ERROR_USAGE,
                        "--test-fraction and --test-data exclude each other");
    }
    return MLP_OK;
}

/* 0 is always allowed: it turns off a preset's value. */
static mlp_status check_augment(const mlp_config *config)
{
    const struct {
        const char *name;
        bool is_used;
        mlp_augment least;
        const char *users;
    } options[] = {
#define AFFINE MLP_AUGMENT_AFFINE, "affine or elastic"
        {"augment-shift", config->augment_shift > 0, MLP_AUGMENT_SHIFT,
         "shift, affine or elastic"},
        {"augment-rotation", config->augment_rotation > 0, AFFINE},
        {"augment-shear", config->augment_shear > 0, AFFINE},
        {"augment-scale", config->augment_scale > 0, AFFINE},
        {"augment-soft", config->augment_soft_count > 0, AFFINE},
        {"augment-alpha", config->augment_alpha > 0, MLP_AUGMENT_ELASTIC,
         "elastic"},
        {"augment-sigma", true, MLP_AUGMENT_ELASTIC, "elastic"},
#undef AFFINE
    };
    for (size_t i = 0; i < sizeof options / sizeof options[0]; i++) {
        if (mlp_config_was_given(config, options[i].name) &&
            options[i].is_used && config->augment < options[i].least) {
            return mlp_fail(MLP_ERROR_USAGE, "--%s goes with --augment %s",
                            options[i].name, options[i].users);
        }
    }
    return MLP_OK;
}

static bool is_step(mlp_schedule schedule)
{
    return schedule == MLP_SCHEDULE_STEP;
}

static bool is_plateau(mlp_schedule schedule)
{
    return schedule == MLP_SCHEDULE_PLATEAU;
}

static bool has_gamma(mlp_schedule schedule)
{
    return is_step(schedule) || is_plateau(schedule) ||
           schedule == MLP_SCHEDULE_EXPONENTIAL;
}

static mlp_status check_schedule(const mlp_config *config)
{
    static const struct {
        const char *name;
        bool (*is_used)(mlp_schedule schedule);
        const char *users;
    } options[] = {{"lr-every", is_step, "step"},
                   {"gamma", has_gamma, "step, exponential or plateau"},
                   {"plateau", is_plateau, "plateau"}};
    for (size_t i = 0; i < sizeof options / sizeof options[0]; i++) {
        if (mlp_config_was_given(config, options[i].name) &&
            !options[i].is_used(config->schedule)) {
            return mlp_fail(MLP_ERROR_USAGE, "--%s requires --schedule %s",
                            options[i].name, options[i].users);
        }
    }
    if (config->warmup.count > 0 &&
        config->schedule == MLP_SCHEDULE_ONE_CYCLE) {
        return mlp_fail(MLP_ERROR_USAGE,
                        "--schedule one-cycle includes a warm-up: use it "
                        "without --warmup");
    }
    if (!config->warmup.counts_steps && config->warmup.count > 0 &&
        config->warmup.count >= config->epochs) {
        return mlp_fail(MLP_ERROR_USAGE,
                        "--warmup %zu is not below --epochs %zu",
                        (size_t)config->warmup.count, config->epochs);
    }
    return MLP_OK;
}

/* Whether the outputs are probabilities of the classes. */
static bool has_probabilities(const mlp_config *config)
{
    return config->output == MLP_OUTPUT_SOFTMAX ||
           (config->output == MLP_OUTPUT_SIGMOID && config->binary);
}

/* The model must have the monitored metric. */
static mlp_status check_metric(const mlp_config *config)
{
    const mlp_metric_facts *metric = mlp_metric_facts_of(config->monitor);
    bool is_regression = config->task == MLP_TASK_REGRESSION;
    if (config->task == MLP_TASK_AUTO) {
        return MLP_OK; /* until it is known */
    }
    if (is_regression ? !metric->is_of_numbers : !metric->is_of_classes) {
        return mlp_fail(MLP_ERROR_USAGE, "--monitor: %s has no %s: use %s",
                        is_regression ? "a regression" : "a classifier",
                        metric->label,
                        is_regression ? "loss, rmse, mae or r2"
                                      : "loss, accuracy, log-loss, brier, "
                                        "roc-auc or average-precision");
    }
    if (metric->is_of_probabilities && !has_probabilities(config)) {
        return mlp_fail(MLP_ERROR_USAGE,
                        "--monitor: %s needs probabilities: softmax outputs, "
                        "or --binary with a sigmoid",
                        metric->label);
    }
    return MLP_OK;
}

/* A metric is monitored only for early stopping or a plateau. */
static mlp_status check_monitor(const mlp_config *config)
{
    static const char *const options[] = {"monitor", "min-delta"};
    bool is_used = config->patience > 0 || is_plateau(config->schedule);
    for (size_t i = 0; i < 2 && !is_used; i++) {
        if (mlp_config_was_given(config, options[i])) {
            return mlp_fail(MLP_ERROR_USAGE,
                            "--%s requires --patience N or --schedule plateau",
                            options[i]);
        }
    }
    return check_metric(config);
}

static mlp_status check_optimizer(const mlp_config *config)
{
    MLP_TRY(mlp_config_check_optimizer(config));
    if (config->optimizer == MLP_OPTIMIZER_NESTEROV && config->momentum == 0) {
        return mlp_fail(MLP_ERROR_USAGE,
                        "--optimizer nesterov needs --momentum above 0");
    }
    return MLP_OK;
}

static mlp_status check_shards(const mlp_config *config)
{
    if (config->shards > mlp_config_step_rows(config)) {
        return mlp_fail(MLP_ERROR_USAGE,
                        "--shards %zu is above the %zu rows of an update: "
                        "raise --batch or lower --shards",
                        config->shards, mlp_config_step_rows(config));
    }
    return MLP_OK;
}

/* A replay writes no files. */
static mlp_status check_replay(const mlp_config *config)
{
    bool is_replay = config->replay[0] != '\0';
    if (is_replay && config->verify) {
        return mlp_fail(MLP_ERROR_USAGE,
                        "--replay and --check-digest exclude each other");
    }
    if (is_replay &&
        (config->checkpoint[0] != '\0' || config->resume ||
         config->log[0] != '\0' || config->tensorboard[0] != '\0')) {
        return mlp_fail(MLP_ERROR_USAGE,
                        "--replay writes nothing: use it without "
                        "--checkpoint, --resume, --log and --tensorboard");
    }
    if (config->dry_run && (is_replay || config->verify || config->plan > 0)) {
        return mlp_fail(MLP_ERROR_USAGE,
                        "--dry-run goes without --plan, --replay and "
                        "--check-digest");
    }
    if (config->verify && config->start_from[0] != '\0') {
        return mlp_fail(MLP_ERROR_USAGE,
                        "--check-digest and --start-from exclude each other");
    }
    if (!is_replay && mlp_config_was_given(config, "replay-from")) {
        return mlp_fail(MLP_ERROR_USAGE, "--replay-from requires --replay DIR");
    }
    if (!is_replay && !config->verify && config->steps > 0) {
        return mlp_fail(
            MLP_ERROR_USAGE,
            "--check-steps requires --replay DIR or --check-digest");
    }
    return MLP_OK;
}

static mlp_status check_files(const mlp_config *config)
{
    bool has_folds = config->folds > 0 && config->run[0] != '\0';
    if (config->resume && config->checkpoint[0] == '\0' && !has_folds) {
        return mlp_fail(MLP_ERROR_USAGE,
                        "--resume needs --checkpoint DIR to resume from");
    }
    if (config->weights[0] != '\0' && config->start_from[0] != '\0') {
        return mlp_fail(MLP_ERROR_USAGE,
                        "--weights and --start-from exclude each other");
    }
    return MLP_OK;
}

static mlp_status check_progress(const mlp_config *config)
{
    if (config->quiet && config->progress == MLP_PROGRESS_ALWAYS) {
        return mlp_fail(MLP_ERROR_USAGE,
                        "--quiet and --progress always exclude each other");
    }
    return MLP_OK;
}

mlp_status mlp_config_check(const mlp_config *config)
{
    mlp_status (*const checks[])(const mlp_config *) = {
        check_hidden,
        check_outputs,
        check_classes,
        check_table,
        check_augment,
        check_schedule,
        check_monitor,
        check_optimizer,
        check_shards,
        check_replay,
        check_files,
        check_progress,
        mlp_config_check_holdout,
        mlp_config_check_folds};
    mlp_faults faults = {.first = MLP_OK};
    for (size_t i = 0; i < sizeof checks / sizeof checks[0]; i++) {
        mlp_faults_add(&faults, checks[i](config));
    }
    return mlp_faults_end(&faults);
}
