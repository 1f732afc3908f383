/** @file
 *  The configuration of a run: one plain struct, and one table that gives
 *  each field its name, kind, default and help line. Command line,
 *  configuration file, checkpoint and run log all use this table.
 */
#ifndef MLP_CONFIG_H
#define MLP_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/metrics.h"
#include "base/path.h"
#include "base/status.h"
#include "option.h"

enum {
    MLP_MAX_HIDDEN = MLP_LIST_MAX, /**< limit of hidden layers */
    MLP_MAX_FIELDS = 128,          /**< limit of rows of the table */
    MLP_NA_BYTES_MOST = 256        /**< limit of --na */
};

/** Activation a = f(z) of a hidden layer. Formulas and derivatives:
 *  kernels/vector.h. */
typedef enum {
    MLP_ACTIVATION_IDENTITY,
    MLP_ACTIVATION_SIGMOID,
    MLP_ACTIVATION_TANH,
    MLP_ACTIVATION_RELU, /**< Nair and Hinton 2010 */
    MLP_ACTIVATION_STEP, /**< McCulloch and Pitts 1943; no gradient */
    MLP_ACTIVATION_ARCTAN,
    MLP_ACTIVATION_LEAKY_RELU, /**< Maas et al. 2013 */
    MLP_ACTIVATION_PRELU,      /**< He et al. 2015: a learned slope per unit */
    MLP_ACTIVATION_ELU,        /**< Clevert et al. 2016, alpha 1 */
    MLP_ACTIVATION_SOFTPLUS,   /**< Dugas et al. 2001 */
    MLP_ACTIVATION_SILU,       /**< Elfwing et al. 2018 */
    MLP_ACTIVATION_GELU,       /**< Hendrycks and Gimpel 2016, with erf */
    MLP_ACTIVATIONS            /**< number of activations */
} mlp_activation;

/** One activation for all hidden layers, or one per layer. */
typedef struct {
    size_t count;
    mlp_activation item[MLP_MAX_HIDDEN];
} mlp_activation_list;

/** Words for a missing cell in new runs on tables (--na). */
#define MLP_NA_DEFAULT "NA,NaN,?,null"

/** What the last layer predicts: a class, or a number. Auto, the default for
 *  new runs on tables, goes by the label; it is resolved before training. */
typedef enum {
    MLP_TASK_CLASSIFICATION,
    MLP_TASK_REGRESSION,
    MLP_TASK_AUTO
} mlp_task;

/** What to do about a missing cell of a feature of a table. */
typedef enum {
    MLP_MISSING_IMPUTE, /**< the median; of texts, a category of its own */
    MLP_MISSING_DROP,   /**< leave out the row */
    MLP_MISSING_ERROR
} mlp_missing;

/** What to do about a text that no training row has. */
typedef enum {
    MLP_UNSEEN_OTHER, /**< the category of rare texts, else none */
    MLP_UNSEEN_ERROR,
    MLP_UNSEEN_ALL /**< as MLP_UNSEEN_ERROR, with the categories of all rows of
                        the training file, as version 0.1.0 did */
} mlp_unseen;

/** Which rows are held out, for testing and for validation; see
 *  source/holdout.h. */
typedef enum {
    MLP_HOLDOUT_SEED, /**< test rows drawn by the seed of training, the last
                           ones for validation, as version 0.1.0 did */
    MLP_HOLDOUT_RANDOM,
    MLP_HOLDOUT_STRATIFIED, /**< as many of each class */
    MLP_HOLDOUT_LAST,
    MLP_HOLDOUT_GROUP, /**< whole groups, by a column */
    MLP_HOLDOUT_TIME,  /**< the latest ones, by a column */
    MLP_HOLDOUT_AUTO   /**< stratified for classes, random for numbers; it is
                            resolved before training */
} mlp_holdout_kind;

/** What to do with a row of a table that has a bad cell. */
typedef enum { MLP_BAD_ROWS_FAIL, MLP_BAD_ROWS_DROP } mlp_bad_rows;

/** How features are scaled; see rows/scaler.h. */
typedef enum {
    MLP_SCALING_AUTO,   /**< common; standard for tables, whose default is
                             robust */
    MLP_SCALING_COMMON, /**< division of all columns by one factor */
    MLP_SCALING_MAX,    /**< this and the next: column by column */
    MLP_SCALING_MINMAX,
    MLP_SCALING_STANDARD,
    MLP_SCALING_NONE,
    MLP_SCALING_ROBUST,
    MLP_SCALING_RMS /**< not for --scaling: for non-negative targets
                         (--output-activation softplus) */
} mlp_scaling;

/** How training images are deformed; see rows/deformer.h. Each kind includes
 *  the ones before it. */
typedef enum {
    MLP_AUGMENT_NONE,
    MLP_AUGMENT_SHIFT,
    MLP_AUGMENT_AFFINE, /**< rotation, shear and scales */
    MLP_AUGMENT_ELASTIC /**< Simard et al. 2003 */
} mlp_augment;

/** Activation of the last layer. */
typedef enum {
    MLP_OUTPUT_SOFTMAX,
    MLP_OUTPUT_SIGMOID,
    MLP_OUTPUT_IDENTITY,
    MLP_OUTPUT_TANH,
    MLP_OUTPUT_SOFTPLUS, /**< regression on non-negative numbers */
    MLP_OUTPUT_STEP,     /**< for the perceptron */
    MLP_OUTPUT_EXP       /**< for poisson: the log link */
} mlp_output;

/** Whether outputs of a regression are never negative. */
bool mlp_output_is_positive(mlp_output output);

typedef enum {
    MLP_LOSS_CROSS_ENTROPY, /**< with softmax */
    MLP_LOSS_MSE,           /**< 1/(2m) sum of squares; not with softmax */
    MLP_LOSS_BINARY_CROSS_ENTROPY, /**< with sigmoid, unit by unit */
    MLP_LOSS_PERCEPTRON, /**< with step: number of wrong outputs; delta rule, dz
                              = a - t. Rosenblatt 1958 */
    MLP_LOSS_MAE,        /**< absolute error; this and the next, regression */
    MLP_LOSS_HUBER,      /**< squared near 0, absolute beyond delta */
    MLP_LOSS_POISSON     /**< half the Poisson deviance; with exp */
} mlp_loss;

/** Whether a loss is for numbers only, not for classes. */
bool mlp_loss_is_of_numbers(mlp_loss loss);

/** Update rule; formulas: mlp_update in kernels/kernels.h. */
typedef enum {
    MLP_OPTIMIZER_SGD,
    MLP_OPTIMIZER_NESTEROV,
    MLP_OPTIMIZER_RMSPROP,
    MLP_OPTIMIZER_ADAM,
    MLP_OPTIMIZER_ADAMW,
    MLP_OPTIMIZER_LARS,
    MLP_OPTIMIZER_LAMB
} mlp_optimizer_kind;

enum { MLP_OPTIMIZERS = MLP_OPTIMIZER_LAMB + 1 };

/** Learning-rate schedule; see optim/schedule.h. */
typedef enum {
    MLP_SCHEDULE_CONSTANT,
    MLP_SCHEDULE_LINEAR,
    MLP_SCHEDULE_COSINE,
    MLP_SCHEDULE_STEP,
    MLP_SCHEDULE_EXPONENTIAL,
    MLP_SCHEDULE_ONE_CYCLE,
    MLP_SCHEDULE_PLATEAU
} mlp_schedule;

/** Scaling of the learning rate with the batch. */
typedef enum {
    MLP_LR_SCALE_NONE,
    MLP_LR_SCALE_LINEAR,
    MLP_LR_SCALE_SQRT
} mlp_lr_scale;

typedef enum {
    MLP_INIT_GLOROT_UNIFORM,
    MLP_INIT_GLOROT_NORMAL,
    MLP_INIT_HE_UNIFORM,
    MLP_INIT_HE_NORMAL,
    MLP_INIT_SMALL_UNIFORM
} mlp_init;

typedef enum {
    MLP_PROGRESS_AUTO,
    MLP_PROGRESS_ALWAYS,
    MLP_PROGRESS_NEVER
} mlp_progress_mode;

/** Whether to skip zero inputs; auto counts them first. */
typedef enum {
    MLP_SPARSE_AUTO,
    MLP_SPARSE_ALWAYS,
    MLP_SPARSE_NEVER
} mlp_sparse_mode;

/** Whether to resume from the checkpoints of a directory. */
typedef enum {
    MLP_RESUME_NO,
    MLP_RESUME_YES, /**< the directory must exist */
    MLP_RESUME_AUTO /**< without directory or checkpoints start a new run */
} mlp_resume;

/** How ranks sum their gradients; see exchange/exchange.h. */
typedef enum { MLP_EXCHANGE_TREE, MLP_EXCHANGE_MPI } mlp_exchange_kind;

/** Precision of the gradients that ranks exchange. */
typedef enum {
    MLP_PRECISION_FLOAT32,
    MLP_PRECISION_BF16
} mlp_exchange_precision;

/** What travels between nodes of the first layer: its gradient, or, where each
 *  node holds some of its columns, their values. Changes no bit. */
typedef enum {
    MLP_BETWEEN_NODES_AUTO, /**< whatever is fewer bytes, and possible */
    MLP_BETWEEN_NODES_TREE,
    MLP_BETWEEN_NODES_COLUMNS
} mlp_between_nodes;

typedef struct {
    char preset[MLP_MAX_PATH]; /**< name of the preset; "" = none */
    /* data */
    char data[MLP_MAX_PATH];  /**< "" = $MLP_DATA, data/mnist or digits */
    size_t classes;           /**< 0 = from the training labels */
    double validation;        /**< fraction of the training rows */
    char split[MLP_MAX_PATH]; /**< how rows are held out: mlp_config_holdout */
    uint64_t split_seed;
    size_t folds;            /**< models of a cross-validation; 0 = one model */
    char fold[MLP_MAX_PATH]; /**< the fold to test, "2/5"; "" = none */
    mlp_scaling scaling;
    /* images */
    mlp_augment augment;
    double augment_shift;                   /**< pixels */
    double augment_rotation, augment_shear; /**< degrees */
    double augment_scale;                   /**< fraction */
    double augment_alpha, augment_sigma;    /**< pixels, of the elastic field */
    size_t augment_soft_count; /**< with augment_soft a list of classes */
    size_t augment_soft[MLP_LIST_MAX];
    /* tables */
    mlp_task task;
    char label[MLP_MAX_PATH];       /**< the column to predict */
    char weight[MLP_MAX_PATH];      /**< the column with the rows' weights */
    char ignore[MLP_MAX_PATH];      /**< columns to leave out, "a,b" */
    char columns[MLP_MAX_PATH];     /**< names, of a file without a header */
    char categorical[MLP_MAX_PATH]; /**< numeric columns to use as categories,
                                       "a,b" */
    double test_fraction;           /**< of the rows */
    char test_data[MLP_MAX_PATH];   /**< a file of test rows, "" = none */
    char validation_data[MLP_MAX_PATH]; /**< of validation rows, "" = none */
    mlp_bad_rows bad_rows;
    mlp_missing missing;
    char na[MLP_MAX_PATH]; /**< words for a missing cell, "NA,?" */
    mlp_unseen unseen;
    bool target_clip; /**< keep predictions within the training range */
    size_t rare;      /**< rows below which a category joins "other" */
    /* model */
    size_t hidden_count; /**< with hidden a list of sizes */
    size_t hidden[MLP_MAX_HIDDEN];
    mlp_activation_list activation; /**< of the hidden layers */
    mlp_double_list dropout;        /**< fraction of the hidden units to drop */
    bool binary;                    /**< one output unit for two classes */
    mlp_output output;
    mlp_loss loss;
    double huber_delta; /**< in standard deviations of the targets */
    mlp_init init;
    double label_smoothing;
    char class_weights[MLP_MAX_PATH]; /**< "none", "balanced" or a list */
    /* training */
    mlp_optimizer_kind optimizer;
    double lr;
    mlp_schedule schedule;
    mlp_interval warmup;   /**< epochs or steps in which lr rises */
    mlp_interval lr_every; /**< schedule step: between reductions */
    double gamma;          /**< factor of a reduction */
    size_t plateau;        /**< schedule plateau: epochs without improvement */
    mlp_lr_scale lr_scale; /**< with the batch */
    size_t patience;       /**< epochs without improvement; 0 = off */
    double min_delta;      /**< smallest change that counts as improvement */
    mlp_metric monitor;    /**< the monitored metric; optim/early_stopping.h */
    double momentum;
    double l2;           /**< lambda of lambda/2 |W|^2, weights only */
    double beta1, beta2; /**< decay rates of moments: Adam, LAMB */
    double rho;          /**< decay rate of the mean square: RMSprop */
    double epsilon;      /**< added to the denominator */
    double weight_decay; /**< decoupled: AdamW, LARS, LAMB */
    double trust;        /**< trust coefficient: LARS */
    double clip_norm;    /**< limit of the gradient's norm; 0 = none */
    double max_norm;     /**< limit of the norm of a unit's weights; 0 = none */
    size_t batch;        /**< rows of a GLOBAL batch */
    size_t accumulate;   /**< batches per update */
    size_t epochs;
    uint64_t seed;
    bool shuffle;                  /**< the rows of a shard, each epoch */
    char weights[MLP_MAX_PATH];    /**< checkpoint to start from; "" = random */
    char start_from[MLP_MAX_PATH]; /**< run to train on from; "" = none */
    bool new_head;                 /**< draw the last layer's weights anew */
    size_t freeze;                 /**< first layers that keep their weights */
    uint64_t schedule_start;       /**< step at which the schedule begins */
    size_t shards;  /**< V; 0 = min(8, batch), at least the number of ranks */
    size_t threads; /**< per rank; 0 = cores of this rank */
    mlp_exchange_kind exchange;
    mlp_exchange_precision exchange_precision;
    mlp_between_nodes between_nodes;
    double watchdog;   /**< seconds without progress; 0 = off */
    uint64_t sentinel; /**< steps between comparisons of ranks; 0 = off */
    mlp_sparse_mode sparse;
    uint64_t memory_limit; /**< bytes of a rank's rows; 0 = no limit */
    /* files */
    char run[MLP_MAX_PATH];        /**< directory, "" = none: the default of
                                      checkpoint, log and tensorboard */
    char checkpoint[MLP_MAX_PATH]; /**< directory, "" = none */
    mlp_interval every;
    size_t keep;
    mlp_resume resume;
    uint64_t max_steps;       /**< stop and save after this step; 0 = never */
    uint64_t max_time;        /**< seconds; 0 = Slurm's limit, or none */
    char log[MLP_MAX_PATH];   /**< JSON lines, "" = none */
    char trace[MLP_MAX_PATH]; /**< timeline, "" = none */
    char tensorboard[MLP_MAX_PATH]; /**< directory of events, "" = none */
    /* checks */
    bool dry_run; /**< print what a run would take instead of training */
    size_t plan;  /**< nodes to predict the training on; 0 = train */
    char plan_link[MLP_MAX_PATH]; /**< between nodes, "" = measure */
    bool verify;                  /**< compare digests instead of training */
    char replay[MLP_MAX_PATH];    /**< directory of a chain; "" = train */
    uint64_t from;  /**< step of the checkpoint where a replay starts */
    uint64_t steps; /**< of a replay; 0 = to the newest checkpoint */
    /* output */
    mlp_progress_mode progress;
    bool quiet;
    size_t top_k; /**< report the top-K accuracy; 0 = off */
    bool profile;
    /** Whether the user gave field i of the table. */
    bool given[MLP_MAX_FIELDS];
} mlp_config;

/** All fields, in the order of --help. */
const mlp_option *mlp_config_fields(size_t *count);

/** The table, to set fields of config. */
mlp_option_table mlp_config_table(mlp_config *config);

/** The row with this name, or this stored name; NULL when there is none. */
const mlp_option *mlp_config_find(const char *name);

/** Whether a field belongs to the state of a run: a checkpoint stores it and a
 *  resumed run adopts it. These are the fields that affect the result, and the
 *  number of epochs. */
bool mlp_config_is_state(const mlp_option *field);

/** The name of a field in checkpoints, digests and logs. */
const char *mlp_config_key(const mlp_option *field);

/** Whether the weights of a run with this configuration depend on the field: a
 *  schedule that spans all epochs depends on their number. */
bool mlp_config_shapes_result(const mlp_config *config,
                              const mlp_option *field);

/** Set every field to its default, and mark none as given. */
void mlp_config_init(mlp_config *config);

/** Set one field from text, check its form and range, mark it as given.
 *  MLP_ERROR_USAGE names the option, the value and what is allowed. */
mlp_status mlp_config_set(mlp_config *config, const char *name,
                          const char *text);

/** The field as text for mlp_config_set, with the command line's values;
 *  doubles round-trip. An empty list of hidden layers is "none". */
void mlp_config_get(const mlp_config *config, const mlp_option *field,
                    char text[MLP_CONFIG_VALUE]);

/** The same with the values of checkpoints, digests and logs. */
void mlp_config_get_stored(const mlp_config *config, const mlp_option *field,
                           char text[MLP_CONFIG_VALUE]);

/** How rows are held out (--split).
 *  @param column  overwritten: that of a group or time, else ""; NULL: not
 *                 wanted
 *  An unknown text, which mlp_config_check refuses, is MLP_HOLDOUT_AUTO. */
mlp_holdout_kind mlp_config_holdout(const mlp_config *config,
                                    const char **column);

/** Set --split to a kind without a column. */
void mlp_config_set_holdout(mlp_config *config, mlp_holdout_kind kind);

/** Whether there are validation rows. */
static inline bool mlp_config_has_validation(const mlp_config *config)
{
    return config->validation > 0.0 || config->validation_data[0] != '\0';
}

/** The activation of hidden layer `layer` (from 0). */
mlp_activation mlp_config_activation(const mlp_config *config, size_t layer);

/** The fraction of the units of hidden layer `layer` (from 0) to drop. */
double mlp_config_dropout(const mlp_config *config, size_t layer);

/** Rows of one update: accumulate * batch. Update rules, schedules and step
 *  counts treat them as one batch. */
size_t mlp_config_step_rows(const mlp_config *config);

/** Whether the user gave this field. */
bool mlp_config_was_given(const mlp_config *config, const char *name);

/** A named set of values. */
typedef struct {
    const char *name;
    const char *help;          /**< one line */
    const char *const *values; /**< name, text, name, text ... NULL */
    const char *old_name;      /**< is accepted, too; or NULL */
} mlp_config_preset_row;

/** The options that an optimizer has. */
typedef struct {
    bool has_momentum, has_betas, has_rho, has_epsilon;
    bool has_l2, has_decay, has_trust;
    double lr, weight_decay; /**< defaults */
} mlp_optimizer_facts;

const mlp_optimizer_facts *mlp_config_optimizer(mlp_optimizer_kind kind);

/** Set defaults that depend on other fields: the optimizer's learning rate and
 *  weight decay, the schedule's gamma. Call after the last mlp_config_set. */
void mlp_config_complete(mlp_config *config);

/** All presets. */
const mlp_config_preset_row *mlp_config_presets(size_t *count);

/** Set the fields of a named preset ("keras-mnist") that the user has not
 *  given, and mark them as given.
 *  MLP_ERROR_USAGE lists the presets. */
mlp_status mlp_config_preset(mlp_config *config, const char *preset);

/** Set what was not given and follows from what was: the task, if the loss is
 *  of numbers; the output activation that usually goes with the task, the loss
 *  or --binary; the loss that usually goes with the output. */
void mlp_config_settle(mlp_config *config);

/** Check for contradictions between fields: softmax without cross-entropy,
 *  nesterov without momentum, an option of another optimizer, resume without
 *  checkpoint, V > B ... MLP_ERROR_USAGE. */
mlp_status mlp_config_check(const mlp_config *config);

/** Compare the fields that affect the result.
 *  @param wanted    fields not given by the user are not compared; nor are
 *                   classes and shards if either side has 0, automatic
 *  @param recorded  the checkpoint's configuration
 *  MLP_ERROR_USAGE names the first three differences: "lr is 0.1, the
 *  checkpoint has 0.05"
 */
mlp_status mlp_config_matches(const mlp_config *wanted,
                              const mlp_config *recorded);

/** Adopt a checkpoint's configuration: fields that affect the result, and the
 *  number of epochs, are copied unless the user gave them (0 for automatic
 *  counts as not given). Calls mlp_config_matches first and mlp_config_check
 *  last, and returns their errors. */
mlp_status mlp_config_adopt(mlp_config *wanted, const mlp_config *recorded);

/** Whether a resumed run is given another number of epochs than the recorded
 *  one, under a schedule that spans all epochs: then the schedule begins anew
 *  where the run goes on. */
bool mlp_config_has_segment(const mlp_config *wanted,
                            const mlp_config *recorded);

/** Take over the configuration of the run to start from, for a new one: all
 *  that a checkpoint stores and the user has not given. What belongs to the
 *  weights, the scaling or the columns of a table must not differ, nor, without
 *  wanted->new_head, what belongs to the last layer. Calls mlp_config_check
 *  last. MLP_ERROR_USAGE names every option that differs. */
mlp_status mlp_config_inherit(mlp_config *wanted, const mlp_config *recorded);

#endif
