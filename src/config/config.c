/** @file
 *  The table of options, and access to a configuration through it.
 */
#include "config.h"
#include "fold.h"

#include <float.h>
#include <stdio.h>
#include <string.h>

static const char *const activations[] = {
    "identity", "sigmoid", "tanh",     "relu", "step", "arctan", "leaky-relu",
    "prelu",    "elu",     "softplus", "silu", "gelu", NULL};
static const char *const automatic[] = {"auto", NULL};
static const char *const augments[] = {"none", "shift", "affine", "elastic",
                                       NULL};
static const char *const scalings[] = {"auto",     "common", "max",    "minmax",
                                       "standard", "none",   "robust", NULL};
static const char *const tasks[] = {"classification", "regression", "auto",
                                    NULL};
static const char *const missings[] = {"impute", "drop", "error", NULL};
static const char *const missing_words[] = {"impute", "skip", "error", NULL};
static const char *const unseens[] = {"other", "error", "all", NULL};
static const char *const bad_rows[] = {"fail", "drop", NULL};
static const char *const bad_row_words[] = {"fail", "skip", NULL};
static const char *const outputs[] = {"softmax",  "sigmoid", "identity", "tanh",
                                      "softplus", "step",    "exp",      NULL};
static const char *const losses[] = {
    "cross-entropy", "mse", "binary-cross-entropy",
    "perceptron",    "mae", "huber",
    "poisson",       NULL};
static const char *const optimizers[] = {"sgd",   "nesterov", "rmsprop", "adam",
                                         "adamw", "lars",     "lamb",    NULL};
static const char *const schedules[] = {"constant", "linear",      "cosine",
                                        "step",     "exponential", "one-cycle",
                                        "plateau",  NULL};
static const char *const lr_scales[] = {"none", "linear", "sqrt", NULL};
static const char *const monitors[] = {
    "loss", "accuracy", "log-loss", "brier", "roc-auc", "average-precision",
    "rmse", "mae",      "r2",       NULL};
_Static_assert(sizeof monitors / sizeof monitors[0] == MLP_METRICS + 1,
               "a name for each metric");
static const char *const inits[] = {"glorot-uniform", "glorot-normal",
                                    "he-uniform",     "he-normal",
                                    "small-uniform",  NULL};
static const char *const exchanges[] = {"tree", "mpi", NULL};
static const char *const precisions[] = {"float32", "bf16", NULL};
static const char *const between_nodes[] = {"auto", "tree", "columns", NULL};
static const char *const sparse_modes[] = {"auto", "always", "never", NULL};
static const char *const progress_modes[] = {"auto", "always", "never", NULL};

#define AT(member) offsetof(mlp_config, member)
#define ABOVE_0    DBL_TRUE_MIN
#define BELOW_1    (1 - DBL_EPSILON / 2)
#define INT_LIMIT  2147483647
#define U64_LIMIT  18446744073709551615.0

/* name, kind, offset, choices, least, most, shapes_result,
 * group, operand, help; absent for stored options */
static const mlp_option fields[] = {
    {"data", MLP_FIELD_STRING, AT(data), NULL, 0, 0, false, "Data", "PATH",
     "directory of IDX files, HDF5 file, CSV file or files (a.csv,b.csv or "
     "'part-*.csv'), - for CSV on standard input, or built in: \"digits\", "
     "\"and\", \"or\", \"xor\"; default: $MLP_DATA, else data/mnist, else "
     "digits",
     .absent = NULL},
    {"classes", MLP_FIELD_SIZE, AT(classes), NULL, 0, 65536, true, "Data", "N",
     "number of classes, 2 to 65536; 0: taken from the training labels",
     .absent = "0"},
    {"validation", MLP_FIELD_DOUBLE, AT(validation), NULL, 0, 0.9, true, "Data",
     "X",
     "fraction of the training rows to hold out for validation, as --split "
     "says",
     .absent = "0"},
    {"split", MLP_FIELD_STRING, AT(split), NULL, 0, 0, true, "Data", "HOW",
     "which rows to hold out, for testing and for validation alike: random, or "
     "as many of each class (stratified); last; of a table also whole groups, "
     "rows with the same text in a column (group:COLUMN), or the latest, by a "
     "column of numbers or dates (time:COLUMN); seed: test rows by --seed, "
     "the last rows for validation, as version 0.1.0 did; auto: stratified for "
     "classes, random for numbers",
     .absent = "seed", .default_text = "auto"},
    {"split-seed", MLP_FIELD_U64, AT(split_seed), NULL, 0, U64_LIMIT, true,
     "Data", "N", "seed of --split random, stratified and group:COLUMN",
     .absent = "1"},
    {"folds", MLP_FIELD_SIZE, AT(folds), NULL, 0, MLP_FOLDS_MOST, false, "Data",
     "K",
     "cross-validation: train K models, one after another, each on the rows "
     "that are not of its fold, and test it on that; 0: off",
     .absent = NULL},
    {"fold", MLP_FIELD_STRING, AT(fold), NULL, 0, 0, true, "Data", "N/K",
     "one of these models, as 2/5: with --run DIR it is saved in DIR/fold-N",
     .absent = ""},
    {"scaling", MLP_FIELD_ENUM, AT(scaling), scalings, 0, 0, true, "Data",
     "NAME",
     "feature scaling, fitted on the training rows: one common factor, "
     "the largest value (common); or per column: by the largest value "
     "(max), to 0 .. 1 (minmax), to mean 0 and standard deviation 1 "
     "(standard), to median 0 and a distance of 1 between the quartiles, with "
     "values beyond 3 squeezed below 3 (robust); auto: common, for tables "
     "standard; default: auto, for new runs on tables robust",
     .absent = "auto"},

    {"augment", MLP_FIELD_ENUM, AT(augment), augments, 0, 0, true, "Images",
     "NAME",
     "deform the training images anew in each epoch: shift them; also "
     "rotate, shear and scale them (affine); also by a random field of "
     "displacements (elastic)",
     .absent = "none"},
    {"augment-shift", MLP_FIELD_DOUBLE, AT(augment_shift), NULL, 0, 1e4, true,
     "Images", "X", "shift by up to X pixels, in each direction",
     .absent = "1.5"},
    {"augment-rotation", MLP_FIELD_DOUBLE, AT(augment_rotation), NULL, 0, 180,
     true, "Images", "X",
     "affine and elastic: rotate by up to X degrees, either way",
     .absent = "15"},
    {"augment-shear", MLP_FIELD_DOUBLE, AT(augment_shear), NULL, 0, 80, true,
     "Images", "X",
     "affine and elastic: slant columns by up to X degrees, either way",
     .absent = "15"},
    {"augment-scale", MLP_FIELD_DOUBLE, AT(augment_scale), NULL, 0, 0.9, true,
     "Images", "X",
     "affine and elastic: scale width and height, each by a factor from 1 - "
     "X to 1 + X",
     .absent = "0.15"},
    {"augment-alpha", MLP_FIELD_DOUBLE, AT(augment_alpha), NULL, 0, 1e6, true,
     "Images", "X",
     "elastic: factor of the displacements, in pixels: of uniform noise from "
     "-1 to 1, blurred",
     .absent = "36"},
    {"augment-sigma", MLP_FIELD_DOUBLE, AT(augment_sigma), NULL, 0.1, 1000,
     true, "Images", "X",
     "elastic: standard deviation, in pixels, of the Gaussian that blurs the "
     "noise",
     .absent = "6"},
    {"augment-soft", MLP_FIELD_SIZES, AT(augment_soft_count), NULL, 0, 65535,
     true, "Images", "N,N...",
     "classes, by number, of which rotation and shear are halved, or "
     "\"none\": such as 1,7 of the digits, which they would confuse",
     .absent = "none"},

    {"label", MLP_FIELD_STRING, AT(label), NULL, 0, 0, true, "Tables", "COLUMN",
     "column of a CSV file to predict", .absent = ""},
    {"task", MLP_FIELD_ENUM, AT(task), tasks, 0, 0, true, "Tables", "NAME",
     "predict the label as a class, or as a number (output identity, or "
     "softplus or exp for non-negative numbers); auto, for new runs on tables: "
     "texts "
     "are classes, and so are whole numbers, if there are at most 20",
     .absent = "classification", .default_text = "auto"},
    {"weight", MLP_FIELD_STRING, AT(weight), NULL, 0, 0, true, "Tables",
     "COLUMN",
     "column with weights of the rows, from 0 on, by which they count in the "
     "loss and in metrics; 0: not at all",
     .absent = ""},
    {"target-clip", MLP_FIELD_BOOL, AT(target_clip), NULL, 0, 0, true, "Tables",
     NULL,
     "keep predictions of a number within the range of the training rows, "
     "which is the default for new runs on tables; --no-target-clip: don't",
     .absent = "false", .default_text = "true"},
    {"ignore", MLP_FIELD_STRING, AT(ignore), NULL, 0, 0, true, "Tables",
     "COLUMN,...", "columns to leave out", .absent = ""},
    {"columns", MLP_FIELD_STRING, AT(columns), NULL, 0, 0, true, "Tables",
     "NAME,...", "names of the columns, of a file without a header",
     .absent = ""},
    {"categorical", MLP_FIELD_STRING, AT(categorical), NULL, 0, 0, true,
     "Tables", "COLUMN,...",
     "numeric columns to treat as categories, such as postal codes "
     "(one-hot)",
     .absent = ""},
    {"test-fraction", MLP_FIELD_DOUBLE, AT(test_fraction), NULL, 0, 0.9, true,
     "Tables", "X",
     "fraction of the rows to hold out for testing, as --split says",
     .absent = "0"},
    {"test-data", MLP_FIELD_STRING, AT(test_data), NULL, 0, 0, false, "Tables",
     "FILE", "a CSV file of test rows, or several", .absent = NULL},
    {"validation-data", MLP_FIELD_STRING, AT(validation_data), NULL, 0, 0,
     false, "Tables", "FILE", "a CSV file of validation rows, or several",
     .absent = NULL},
    {"bad-rows", MLP_FIELD_ENUM, AT(bad_rows), bad_rows, 0, 0, true, "Tables",
     "WHAT",
     "a row with text where a number belongs, with too few or too many "
     "cells, or with a cell that --missing or --unseen error forbids: fail, "
     "or skip the row",
     .absent = "fail", .words = bad_row_words},
    {"missing", MLP_FIELD_ENUM, AT(missing), missings, 0, 0, true, "Tables",
     "WHAT",
     "a missing cell: impute, a number by the median of the training rows, "
     "with a feature that tells where, a text by a category of its own; skip "
     "the row; or an error. Rows without a label are always left out, unless "
     "it is an error",
     .absent = "error", .words = missing_words, .default_text = "impute"},
    {"na", MLP_FIELD_STRING, AT(na), NULL, 0, 0, true, "Tables", "WORD,...",
     "words for a missing cell, besides an empty one", .absent = "",
     .default_text = MLP_NA_DEFAULT},
    {"unseen", MLP_FIELD_ENUM, AT(unseen), unseens, 0, 0, true, "Tables",
     "WHAT",
     "a text that no training row has: other, the category of rare texts, if "
     "there is one, else none; an error, unless there is that category; all: "
     "an error, with the categories of all rows of the file, as version 0.1.0 "
     "did",
     .absent = "all", .default_text = "other"},
    {"rare", MLP_FIELD_SIZE, AT(rare), NULL, 0, INT_LIMIT, true, "Tables", "N",
     "texts of fewer than N training rows share the category other, as do "
     "those beyond the 4096 most frequent of a column; 0: off",
     .absent = "0"},

    {"hidden", MLP_FIELD_SIZES, AT(hidden_count), NULL, 1, 1000000, true,
     "Model", "N,N...", "widths of the hidden layers, or \"none\"",
     .absent = "256,128"},
    {"activation", MLP_FIELD_ENUMS, AT(activation), activations, 0, 0, true,
     "Model", "NAME,...", "activation of the hidden layers, or one for each",
     .absent = "relu"},
    {"output-activation", MLP_FIELD_ENUM, AT(output), outputs, 0, 0, true,
     "Model", "NAME",
     "activation of the last layer: softmax with cross-entropy, step "
     "with perceptron, exp with poisson, the others with mse; sigmoid also "
     "with binary-cross-entropy",
     .absent = "softmax", .key = "output"},
    {"loss", MLP_FIELD_ENUM, AT(loss), losses, 0, 0, true, "Model", "NAME",
     "loss function to minimize; of regressions, in units of the targets' "
     "standard deviation: mse, half the squared error; mae, the absolute "
     "error; huber, the first up to delta and the second beyond it; poisson, "
     "half the deviance of counts, whose mean is the exponential of the last "
     "layer",
     .absent = "cross-entropy"},
    {"huber-delta", MLP_FIELD_DOUBLE, AT(huber_delta), NULL, ABOVE_0, 1e6, true,
     "Model", "X",
     "loss huber: the error up to which it is squared, in standard deviations "
     "of the targets",
     .absent = "1"},
    {"binary", MLP_FIELD_BOOL, AT(binary), NULL, 0, 0, true, "Model", NULL,
     "one output unit for two classes: class 1 from 0.5 on", .absent = "false"},
    {"dropout", MLP_FIELD_DOUBLES, AT(dropout), NULL, 0, 1, true, "Model",
     "X,...",
     "fraction of the hidden units to drop in a training step, for all "
     "layers or for each: against overfitting; default for tables with a "
     "default net: 0.2 for classes, 0.05 for numbers",
     .absent = "0"},
    {"label-smoothing", MLP_FIELD_DOUBLE, AT(label_smoothing), NULL, 0, BELOW_1,
     true, "Model", "X",
     "fraction of the target to spread evenly over all classes: against "
     "overconfidence",
     .absent = "0"},
    {"class-weights", MLP_FIELD_STRING, AT(class_weights), NULL, 0, 0, true,
     "Model", "W,...",
     "weight of each class in the training loss; \"balanced\": inversely "
     "proportional to its frequency; or \"none\"",
     .absent = "none"},
    {"init", MLP_FIELD_ENUM, AT(init), inits, 0, 0, true, "Model", "NAME",
     "initialization of the weights", .absent = "he-uniform"},

    {"preset", MLP_FIELD_STRING, AT(preset), NULL, 0, 0, false, "Training",
     "NAME", "values of a preset, listed below, for options that are not given",
     .absent = NULL},
    {"optimizer", MLP_FIELD_ENUM, AT(optimizer), optimizers, 0, 0, true,
     "Training", "NAME",
     "update rule: nesterov momentum; rmsprop, adam and adamw scale the "
     "step of each parameter, lars and lamb that of each layer, for "
     "large batches",
     .absent = "sgd"},
    {"lr", MLP_FIELD_DOUBLE, AT(lr), NULL, ABOVE_0, DBL_MAX, true, "Training",
     "X", "learning rate", .absent = "0.1"},
    {"schedule", MLP_FIELD_ENUM, AT(schedule), schedules, 0, 0, true,
     "Training", "NAME",
     "learning rate over all epochs: constant; decay to 0, linear or by "
     "a cosine; times gamma every few epochs (step), every epoch "
     "(exponential) or when the monitored metric stops improving "
     "(plateau); up and down (one-cycle)",
     .absent = "linear"},
    {"warmup", MLP_FIELD_INTERVAL, AT(warmup), NULL, 0, 1e15, true, "Training",
     "N",
     "epochs, or \"200steps\", in which the learning rate rises to lr: for "
     "large batches and rates",
     .absent = "0"},
    {"lr-every", MLP_FIELD_INTERVAL, AT(lr_every), NULL, 1, 1e15, true,
     "Training", "N",
     "schedule step: epochs, or \"200steps\", between reductions",
     .absent = "10"},
    {"gamma", MLP_FIELD_DOUBLE, AT(gamma), NULL, ABOVE_0, 1, true, "Training",
     "X",
     "schedules step, plateau and exponential (0.9): factor of a "
     "reduction",
     .absent = "0.1"},
    {"plateau", MLP_FIELD_SIZE, AT(plateau), NULL, 1, 1000000, true, "Training",
     "N", "schedule plateau: epochs without improvement before a reduction",
     .absent = "5"},
    {"lr-scale", MLP_FIELD_ENUM, AT(lr_scale), lr_scales, 0, 0, true,
     "Training", "NAME",
     "multiply the learning rate by batch / 128, or by its square root: "
     "for large batches",
     .absent = "none"},
    {"patience", MLP_FIELD_SIZE, AT(patience), NULL, 0, 1000000, true,
     "Training", "N",
     "early stopping: stop after N epochs without improvement and "
     "restore the weights of the best; 0: off",
     .absent = "0"},
    {"min-delta", MLP_FIELD_DOUBLE, AT(min_delta), NULL, 0, DBL_MAX, true,
     "Training", "X",
     "patience, plateau: smallest change that counts as an improvement",
     .absent = "0"},
    {"monitor", MLP_FIELD_ENUM, AT(monitor), monitors, 0, 0, true, "Training",
     "NAME",
     "patience, plateau: the monitored metric of the validation rows; brier, "
     "roc-auc and average-precision are of class 1 of two; of more classes, "
     "brier is summed over them, and the others are the mean over classes, "
     "each against the rest; rmse, mae, r2: of a regression",
     .absent = "loss"},
    {"momentum", MLP_FIELD_DOUBLE, AT(momentum), NULL, 0, BELOW_1, true,
     "Training", "X", "momentum, 0 to below 1", .absent = "0.9"},
    {"l2", MLP_FIELD_DOUBLE, AT(l2), NULL, 0, 1e6, true, "Training", "X",
     "factor lambda of the penalty lambda/2 |W|^2 on the weights; default for "
     "classes of tables with a default net: 0.25 / training rows",
     .absent = "0"},
    {"beta1", MLP_FIELD_DOUBLE, AT(beta1), NULL, 0, BELOW_1, true, "Training",
     "X", "decay rate of the first moment: adam, adamw, lamb", .absent = "0.9"},
    {"beta2", MLP_FIELD_DOUBLE, AT(beta2), NULL, 0, BELOW_1, true, "Training",
     "X", "decay rate of the second moment: adam, adamw, lamb",
     .absent = "0.999"},
    {"rho", MLP_FIELD_DOUBLE, AT(rho), NULL, 0, BELOW_1, true, "Training", "X",
     "decay rate of the mean square: rmsprop", .absent = "0.9"},
    {"epsilon", MLP_FIELD_DOUBLE, AT(epsilon), NULL, ABOVE_0, 1, true,
     "Training", "X", "added to the denominator: rmsprop, adam, adamw, lamb",
     .absent = "1e-08"},
    {"weight-decay", MLP_FIELD_DOUBLE, AT(weight_decay), NULL, 0, 1e6, true,
     "Training", "X",
     "decoupled weight decay, times the learning rate: adamw, lamb "
     "(0.01), lars (0.0005)",
     .absent = "0"},
    {"trust", MLP_FIELD_DOUBLE, AT(trust), NULL, ABOVE_0, 1e6, true, "Training",
     "X", "trust coefficient: lars", .absent = "0.001"},
    {"clip-norm", MLP_FIELD_DOUBLE, AT(clip_norm), NULL, 0, DBL_MAX, true,
     "Training", "X",
     "clip the norm of the gradient to X; 0: off; default for regressions on "
     "tables, and for tables with a default net: 1",
     .absent = "0"},
    {"max-norm", MLP_FIELD_DOUBLE, AT(max_norm), NULL, 0, DBL_MAX, true,
     "Training", "X",
     "limit the norm of each unit's incoming weights to X after each "
     "step, 3 or so, often with dropout; 0: off",
     .absent = "0"},
    {"batch", MLP_FIELD_SIZE, AT(batch), NULL, 1, INT_LIMIT, true, "Training",
     "N",
     "rows of a global batch, over all ranks; default for tables: the largest "
     "power of two up to 2 sqrt(training rows), from 16 to 1024",
     .absent = "128"},
    {"accumulate", MLP_FIELD_SIZE, AT(accumulate), NULL, 1, 65536, true,
     "Training", "K",
     "gradient accumulation: sum K batches before each update; the same "
     "result as a batch K times as large, with the activations of one in "
     "memory",
     .absent = "1"},
    {"epochs", MLP_FIELD_SIZE, AT(epochs), NULL, 1, 1000000, false, "Training",
     "N",
     "passes over the training rows; default for tables: 8000 / "
     "sqrt(training rows), from 10 to 100 for classes, to 300 for numbers",
     .absent = "10"},
    {"seed", MLP_FIELD_U64, AT(seed), NULL, 0, U64_LIMIT, true, "Training", "N",
     "seed of all randomness: initialization, shuffling, dropout, "
     "deformed images",
     .absent = "1"},
    {"shuffle", MLP_FIELD_BOOL, AT(shuffle), NULL, 0, 0, true, "Training", NULL,
     "shuffle the rows of each shard in every epoch, which is the "
     "default; --no-shuffle: keep their order, to compare with another "
     "program (with --shards 1 also batch by batch)",
     .absent = "true"},
    {"weights", MLP_FIELD_STRING, AT(weights), NULL, 0, 0, false, "Training",
     "FILE",
     "initial weights: a checkpoint, a directory of them, or an HDF5 file with "
     "/model/layer0/W, b ...; has no effect when a run is resumed",
     .absent = NULL},
    {"start-from", MLP_FIELD_STRING, AT(start_from), NULL, 0, 0, false,
     "Training", "RUN",
     "begin a new run with the weights, scaling, table columns and options of "
     "another one, a checkpoint or a directory of them; options that are given "
     "win, and so does --data; has no effect when a run is resumed",
     .absent = NULL},
    {"new-head", MLP_FIELD_BOOL, AT(new_head), NULL, 0, 0, true, "Training",
     NULL,
     "start-from: draw the weights of the last layer anew, for other classes "
     "or another label",
     .absent = "false"},
    {"freeze", MLP_FIELD_SIZE, AT(freeze), NULL, 0, MLP_MAX_HIDDEN, true,
     "Training", "K",
     "start-from: keep the weights of the first K layers as they are",
     .absent = "0"},
    {"schedule-start", MLP_FIELD_U64, AT(schedule_start), NULL, 0, 1e15, true,
     "Training", "STEP",
     "step at which the learning-rate schedule begins, with its warm-up; set "
     "by --resume with other --epochs",
     .absent = "0"},

    {"shards", MLP_FIELD_SIZE, AT(shards), NULL, 0, 65536, true, "Parallel",
     "N",
     "parts of the training set; the result depends on it and not on the "
     "ranks; 0: the smaller of 8 and the batch, at least one per rank",
     .absent = "0"},
    {"threads", MLP_FIELD_SIZE, AT(threads), NULL, 0, 4096, false, "Parallel",
     "N", "threads per rank; 0: its share of the cores", .absent = NULL},
    {"exchange", MLP_FIELD_ENUM, AT(exchange), exchanges, 0, 0, true,
     "Parallel", "NAME",
     "how ranks sum gradients: in one fixed tree, so that the weights do "
     "not depend on the number of ranks; or by the allreduce of MPI, for "
     "comparison",
     .absent = "tree"},
    {"exchange-precision", MLP_FIELD_ENUM, AT(exchange_precision), precisions,
     0, 0, true, "Parallel", "NAME",
     "of the summed gradients: bf16 rounds each sum to bfloat16, which "
     "halves the bytes between nodes; still one digest for any ranks",
     .absent = "float32"},
    {"between-nodes", MLP_FIELD_ENUM, AT(between_nodes), between_nodes, 0, 0,
     false, "Parallel", "NAME",
     "of the first layer: tree: all nodes sum its gradient; columns: each node "
     "has some columns of it, whose values travel instead; auto: columns where "
     "they are fewer bytes. Never changes the result",
     .absent = NULL},
    {"watchdog", MLP_FIELD_SECONDS, AT(watchdog), NULL, 0, 1e6, false,
     "Parallel", "TIME",
     "end a job that makes no progress for so long, in seconds or as 90m, "
     "and name the stuck rank; 0: off",
     .absent = NULL},
    {"sentinel", MLP_FIELD_U64, AT(sentinel), NULL, 0, U64_LIMIT, false,
     "Parallel", "N",
     "compare the state of all ranks every N steps and before each save, "
     "and name the rank that differs; 0: off",
     .absent = NULL},
    {"sparse", MLP_FIELD_ENUM, AT(sparse), sparse_modes, 0, 0, false,
     "Parallel", "WHEN",
     "skip inputs that are zero; auto: when most are. Never changes the "
     "result",
     .absent = NULL},
    {"memory-limit", MLP_FIELD_BYTES, AT(memory_limit), NULL, 0, 1e18, false,
     "Parallel", "BYTES",
     "limit on a rank's rows in memory, such as 512M or 2G (powers of "
     "1024): larger data stays in files and is read ahead, with the same "
     "result; 0: no limit",
     .absent = NULL},

    {"run", MLP_FIELD_STRING, AT(run), NULL, 0, 0, false, "Files", "DIR",
     "save the run in DIR: short for --checkpoint DIR, --log "
     "DIR/log.jsonl and --tensorboard DIR/events",
     .absent = NULL},
    {"checkpoint", MLP_FIELD_STRING, AT(checkpoint), NULL, 0, 0, false, "Files",
     "DIR", "write checkpoints to this directory", .absent = NULL},
    {"save-every", MLP_FIELD_INTERVAL, AT(every), automatic, 0, 1e15, false,
     "Files", "N",
     "epochs between checkpoints, or \"200steps\"; 0: only at the end; "
     "auto: after epochs, as often as saving takes at most 1% of the "
     "time",
     .absent = NULL, .key = "every"},
    {"keep-checkpoints", MLP_FIELD_SIZE, AT(keep), NULL, 1, 1000000, false,
     "Files", "N", "keep the newest N checkpoints, and the best",
     .absent = NULL, .key = "keep"},
    {"resume", MLP_FIELD_BOOL_OR, AT(resume), automatic, 0, 0, false, "Files",
     "[DIR|auto]",
     "continue from the newest valid checkpoint of --checkpoint or --run, or "
     "start there if it has none; DIR: that of --run DIR; auto: also if the "
     "directory does not exist yet. Other --epochs than before are a new "
     "segment of the run",
     .absent = NULL},
    {"max-steps", MLP_FIELD_U64, AT(max_steps), NULL, 0, U64_LIMIT, false,
     "Files", "N",
     "save and stop after step N of the training, counted over all "
     "epochs; exit code 75; 0: off",
     .absent = NULL},
    {"max-time", MLP_FIELD_DURATION, AT(max_time), NULL, 0, 8.64e9, false,
     "Files", "TIME",
     "save and stop in time to end within this, such as 90m, 1h30m or "
     "1-12:00:00; 00:00:00: at the end of the Slurm job, or never",
     .absent = NULL},
    {"log", MLP_FIELD_STRING, AT(log), NULL, 0, 0, false, "Files", "FILE",
     "record the run as JSON lines", .absent = NULL},
    {"timeline", MLP_FIELD_STRING, AT(trace), NULL, 0, 0, false, "Files",
     "FILE",
     "write a timeline of the first steps, for chrome://tracing or "
     "Perfetto",
     .absent = NULL, .key = "trace"},
    {"tensorboard", MLP_FIELD_STRING, AT(tensorboard), NULL, 0, 0, false,
     "Files", "DIR",
     "write the metrics of each epoch to this directory, for TensorBoard",
     .absent = NULL},

    {"dry-run", MLP_FIELD_BOOL, AT(dry_run), NULL, 0, 0, false, "Checks", NULL,
     "read the data, time some steps, and print what the run would be: model, "
     "memory, disk space, placement and time; writes nothing",
     .absent = NULL},
    {"plan", MLP_FIELD_SIZE, AT(plan), NULL, 0, 4096, false, "Checks", "NODES",
     "measure steps and links of this launch and predict time, "
     "efficiency and the best batch for 1 to 4096 ranks, NODES of them "
     "measured; 0: train",
     .absent = NULL},
    {"plan-link", MLP_FIELD_STRING, AT(plan_link), NULL, 0, 0, false, "Checks",
     "LATENCY,BANDWIDTH",
     "link between nodes to plan with, latency in microseconds and "
     "bandwidth in Gbit/s, such as 30,10; default: measured, if there "
     "are nodes",
     .absent = NULL},
    {"check-digest", MLP_FIELD_BOOL, AT(verify), NULL, 0, 0, false, "Checks",
     NULL,
     "train a few steps with one thread, with this team, stopped and "
     "resumed, and with every instruction set, and compare the digests; "
     "writes nothing; exit code 65 if one differs",
     .absent = NULL, .key = "verify"},
    {"replay", MLP_FIELD_STRING, AT(replay), NULL, 0, 0, false, "Checks", "DIR",
     "repeat steps of the run whose checkpoints are in DIR and compare "
     "the digests of the later ones; writes nothing; exit code 65 if one "
     "differs",
     .absent = NULL},
    {"replay-from", MLP_FIELD_U64, AT(from), NULL, 0, U64_LIMIT, false,
     "Checks", "N",
     "replay from the checkpoint of step N, or from the initial weights "
     "(0); default: from the oldest checkpoint",
     .absent = NULL, .key = "from"},
    {"check-steps", MLP_FIELD_U64, AT(steps), NULL, 0, U64_LIMIT, false,
     "Checks", "N",
     "steps to replay (0: up to the newest checkpoint) or to check (0: "
     "32)",
     .absent = NULL, .key = "steps"},

    {"progress", MLP_FIELD_ENUM, AT(progress), progress_modes, 0, 0, false,
     "Output", "WHEN",
     "draw a progress line; auto: when standard output is a terminal",
     .absent = NULL},
    {"quiet", MLP_FIELD_BOOL, AT(quiet), NULL, 0, 0, false, "Output", NULL,
     "print the final result only", .absent = NULL},
    {"top-k", MLP_FIELD_SIZE, AT(top_k), NULL, 0, 65536, false, "Output", "K",
     "report the top-K accuracy; 0: off", .absent = NULL},
    {"profile", MLP_FIELD_BOOL, AT(profile), NULL, 0, 0, false, "Output", NULL,
     "print the time of each phase, for every rank", .absent = NULL},
};

enum { FIELDS = sizeof fields / sizeof fields[0] };
_Static_assert(FIELDS <= (int)MLP_MAX_FIELDS, "mlp_config.given is too short");
_Static_assert(offsetof(mlp_config, hidden) ==
                   offsetof(mlp_config, hidden_count) + sizeof(size_t),
               "widths follow their number, as in a list");
_Static_assert(offsetof(mlp_config, augment_soft) ==
                   offsetof(mlp_config, augment_soft_count) + sizeof(size_t),
               "classes follow their number, as in a list");
_Static_assert(offsetof(mlp_activation_list, item) == sizeof(size_t) &&
                   sizeof(mlp_activation) == sizeof(unsigned),
               "activations are a list of choices");

static const mlp_config defaults = {
    .split = "seed",
    .split_seed = 1,
    .augment_shift = 1.5,
    .augment_rotation = 15,
    .augment_shear = 15,
    .augment_scale = 0.15,
    .augment_alpha = 36,
    .augment_sigma = 6,
    .hidden = {256, 128},
    .hidden_count = 2,
    .activation = {.count = 1, .item = {MLP_ACTIVATION_RELU}},
    .dropout = {.count = 1, .item = {0.0}},
    .class_weights = "none",
    .missing = MLP_MISSING_ERROR,
    .unseen = MLP_UNSEEN_ALL,
    .output = MLP_OUTPUT_SOFTMAX,
    .loss = MLP_LOSS_CROSS_ENTROPY,
    .huber_delta = 1,
    .init = MLP_INIT_HE_UNIFORM,
    .optimizer = MLP_OPTIMIZER_SGD,
    .lr = 0.1,
    .schedule = MLP_SCHEDULE_LINEAR,
    .lr_every = {.count = 10, .counts_steps = false},
    .gamma = 0.1,
    .plateau = 5,
    .momentum = 0.9,
    .beta1 = 0.9,
    .beta2 = 0.999,
    .rho = 0.9,
    .epsilon = 1e-8,
    .trust = 0.001,
    .batch = 128,
    .accumulate = 1,
    .epochs = 10,
    .seed = 1,
    .shuffle = true,
    .every = {.is_automatic = true},
    .keep = 3,
    .watchdog = 600,
    .sentinel = 100,
};

const mlp_option *mlp_config_fields(size_t *count)
{
    *count = FIELDS;
    return fields;
}

const mlp_option *mlp_config_find(const char *name)
{
    return mlp_option_find(fields, FIELDS, name);
}

void mlp_config_init(mlp_config *config)
{
    *config = defaults;
}
