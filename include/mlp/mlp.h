/** @file
 *  The library libmlp: train multilayer perceptrons on rows in memory or in
 *  files, save and load them, and predict. This header is its whole interface,
 *  together with mlp_mpi.h, with which the ranks of an MPI program train as one
 *  team.
 *
 *  There are two kinds of handles. An estimator has options and trains; it
 *  holds the state of training, so that training can continue. A network is a
 *  trained model, from an estimator, a file or bytes; it is immutable.
 *
 *  Threads. Different handles may be used in different threads at once. An
 *  estimator may be used by one thread at a time, except for
 *  mlp_estimator_stop. A network may be used by several threads at once, except
 *  for mlp_network_destroy. Don't call any function in an OpenMP parallel
 *  region, or in a signal handler.
 *
 *  Errors. A function that can fail returns a status, and stores a one-line
 *  text for the calling thread: mlp_failure. Unless stated otherwise, its
 *  result is then NULL or unchanged. Text arguments are copied.
 *
 *  The library prints nothing, catches no signals, binds no threads to cores,
 *  and never ends the process (but see mlp_mpi.h). It writes files only where
 *  an option names them, and in mlp_network_save.
 *
 *  Equal options and equal float32 rows give bitwise equal weights, for any
 *  number of threads and ranks, and in the program mlp_train.
 *
 *  Not implemented: separate validation rows in training (the option
 *  "validation" takes the last part of the training rows).
 */
#ifndef MLP_MLP_H
#define MLP_MLP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __GNUC__
#define MLP_API __attribute__((visibility("default")))
#else
#define MLP_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* ---- errors ------------------------------------------------------------ */

/** Result of a call; also the exit codes of the programs. The first five follow
 *  BSD's sysexits.h. */
typedef enum {
    MLP_OK = 0,
    MLP_ERROR_USAGE = 64,    /**< an option, or a call that is not allowed */
    MLP_ERROR_DATA = 65,     /**< data or a checkpoint has wrong content */
    MLP_ERROR_MISSING = 66,  /**< an input is absent or not readable */
    MLP_ERROR_INTERNAL = 70, /**< out of memory, or an internal error */
    MLP_ERROR_IO = 74,       /**< writing or reading failed */
    MLP_STOPPED = 75,        /**< stopped on request, or by a time limit */
    MLP_DIVERGED = 76        /**< a value became infinite or NaN */
} mlp_status;

/** The text of this thread's last failure, "" when there was none; valid until
 *  the next call. Without a newline. */
MLP_API const char *mlp_failure(void);

/** The library's version, "1.2.3". */
MLP_API const char *mlp_version(void);

/* ---- rows -------------------------------------------------------------- */

typedef enum { MLP_FLOAT32, MLP_UINT8 } mlp_sample_type;

/** Rows in the caller's memory, which are read during a call only.
 *  Zero-initialize: unused members are NULL and 0. */
typedef struct {
    size_t rows, features;
    mlp_sample_type type; /**< of values */
    const void *values;   /**< [rows, features] row-major; finite */

    /** Classes, from 0, [rows]; required to train a classifier. */
    const uint16_t *labels;

    /** Numbers to predict, [rows]; they select regression. Not together with
     *  labels. */
    const float *targets;

    /** Number of classes, like option "classes". 0: the largest label + 1. */
    size_t classes;

    /** Names of the classes, [classes]: distinct and sorted, with integers
     *  first, by value, then all others by their bytes. NULL: no names. Saved
     *  with the network. */
    const char *const *class_names;

    /** Weights of the rows, [rows], finite and from 0 on, not all 0. A row
     *  counts by its weight in the loss, whose gradient is divided by the sum
     *  of a batch's weights, in metrics, and in means and deviations of
     *  features and targets: 2 is like the row twice. 0 is like no row there,
     *  and a batch of such rows changes nothing. Medians and quartiles count
     *  each row once whose weight is not 0. NULL: all 1. */
    const float *weights;
} mlp_samples;

/* ---- estimators -------------------------------------------------------- */

typedef struct mlp_estimator mlp_estimator;

/** The ranks that train together; see mlp_mpi.h. */
typedef struct mlp_comm mlp_team;

/** Create an estimator with all options at their defaults.
 *  @param team  NULL: a single process. Else it must outlive the estimator, and
 *               every rank creates one with the same options
 *  MLP_ERROR_INTERNAL without memory. */
MLP_API mlp_status mlp_estimator_create(mlp_team *team,
                                        mlp_estimator **estimator);

/** Destroy it. Not while it trains.
 *  @param estimator  set to NULL; *estimator may be NULL */
MLP_API void mlp_estimator_destroy(mlp_estimator **estimator);

/** Set an option of mlp_train by its name, without dashes, to a value as on the
 *  command line: "hidden" to "256,128", "lr" to "0.1", "resume" to "yes".
 *  mlp_train --help lists them. They include "data", rows in files, and
 *  "checkpoint", a directory to save to.
 *
 *  Options that apply to the program only are refused: checks and plans,
 *  progress, quiet, profile and timeline, watchdog.
 *
 *  MLP_ERROR_USAGE for an unknown option or an invalid value. Conflicts between
 *  options are reported by training.
 */
MLP_API mlp_status mlp_estimator_set(mlp_estimator *estimator, const char *name,
                                     const char *value);

/** Metrics of the weights on some rows. */
typedef struct {
    size_t rows;     /**< 0: no rows; the rest is NAN */
    double loss;     /**< mean loss over the rows, which training minimizes */
    double accuracy; /**< for a classifier, in [0, 1]; else NAN */
    double r2;       /**< for regression: 1 is best; else NAN */
} mlp_score;

/** A finished epoch. */
typedef struct {
    uint64_t epoch;       /**< from 1, counted on by mlp_estimator_train_on */
    uint64_t step;        /**< updates so far, likewise */
    double learning_rate; /**< of the last update */
    double seconds;       /**< of the epoch's training */
    mlp_score train;      /**< of each row before the update with it */
    mlp_score validation, test;
} mlp_epoch;

/** Called after each epoch in the training thread; must not use its estimator,
 *  except for mlp_estimator_stop. With a team it is called on every rank that
 *  has set one.
 *  @return true to stop training, on all ranks */
typedef bool (*mlp_epoch_callback)(void *context, const mlp_epoch *epoch);

/** @param callback  NULL: none
 *  @param context   passed to callback */
MLP_API void mlp_estimator_on_epoch(mlp_estimator *estimator,
                                    mlp_epoch_callback callback, void *context);

/** Called in the training thread with each note and warning that mlp_train
 *  would print on stderr.
 *  @param line  valid during the call, without a newline */
typedef void (*mlp_message_callback)(void *context, bool is_warning,
                                     const char *line);

/** @param callback  NULL: notes and warnings are dropped */
MLP_API void mlp_estimator_on_message(mlp_estimator *estimator,
                                      mlp_message_callback callback,
                                      void *context);

/** Train from initial weights with the estimator's options. Earlier training is
 *  discarded when the first update is done.
 *
 *  @param train  rows to train on; with a team, the same ones on every rank,
 *                which uses its shards. NULL: those of the option "data", which
 *                may include test rows
 *  @param test   rows to evaluate after each epoch, without effect on training;
 *                of the same type. NULL: none
 *
 *  MLP_OK. MLP_STOPPED: stopped by mlp_estimator_stop, by the callback, or by
 *  the option "max-time" or "max-steps"; the estimator then has the weights
 *  after the last complete epoch, or the initial ones. After any other status
 *  it is unchanged: MLP_DIVERGED; MLP_ERROR_USAGE, MLP_ERROR_DATA and so on for
 *  the options and rows.
 *
 *  Collective: with a team every rank calls it, from the same thread, and gets
 *  the same status.
 */
MLP_API mlp_status mlp_estimator_train(mlp_estimator *estimator,
                                       const mlp_samples *train,
                                       const mlp_samples *test);

/** Continue training: "epochs" more epochs on these rows, which may differ from
 *  earlier ones, from the current weights and moments. Without earlier training
 *  this is mlp_estimator_train.
 *
 *  Options may have changed, except those that define the model: hidden,
 *  activation, output, binary, optimizer. Feature scaling and the number of
 *  classes are those of the first training.
 *
 *  Counts of epochs and updates continue, and with them shuffling and dropout,
 *  which depend on the epoch, and the optimizer's bias correction.
 *  Learning-rate schedule, warm-up and patience restart and span the epochs of
 *  this call. So 2 epochs and then 2 more on the same rows at a constant rate
 *  give, bitwise, the same weights as 4.
 *
 *  Otherwise like mlp_estimator_train; without the options "checkpoint" and
 *  "weights". Collective.
 */
MLP_API mlp_status mlp_estimator_train_on(mlp_estimator *estimator,
                                          const mlp_samples *train,
                                          const mlp_samples *test);

/** Ask the current training call, or else the next one, to stop: it does so
 *  before its next update, or its next 512 rows of an evaluation. A request
 *  stops one call. From any thread, at any time between create and destroy;
 *  with a team, on any rank. */
MLP_API void mlp_estimator_stop(mlp_estimator *estimator);

/** Continue from a network: its options, weights, moments, scaling and classes
 *  become the estimator's, as if it had trained the network; options set
 *  earlier are lost. With a team every rank calls it with the same network.
 *  MLP_ERROR_INTERNAL without memory. */
struct mlp_network;
MLP_API mlp_status mlp_estimator_start_from(mlp_estimator *estimator,
                                            const struct mlp_network *network);

/* ---- networks ---------------------------------------------------------- */

typedef struct mlp_network mlp_network;

/** The trained network, which later training does not change. With the option
 *  "patience" its weights are those of the best epoch.
 *  @param network  for mlp_network_destroy, on every rank
 *  MLP_ERROR_USAGE before any training; MLP_ERROR_INTERNAL. */
MLP_API mlp_status mlp_estimator_network(const mlp_estimator *estimator,
                                         mlp_network **network);

/** @param network  set to NULL; *network may be NULL */
MLP_API void mlp_network_destroy(mlp_network **network);

/** Load a checkpoint of mlp_train or of mlp_network_save. It is verified, and
 *  first tried in a child process, in case it is malicious.
 *  @param path  a file, or a directory: its newest valid one
 *  MLP_ERROR_MISSING, MLP_ERROR_DATA, MLP_ERROR_IO. */
MLP_API mlp_status mlp_network_load(const char *path, mlp_network **network);

/** Save as a checkpoint, which the program mlp also reads. An existing file is
 *  replaced atomically. MLP_ERROR_IO. */
MLP_API mlp_status mlp_network_save(const mlp_network *network,
                                    const char *path);

/** The content of such a file in memory.
 *  @param bytes  [size]; from to_bytes: the caller calls free(3)
 *  MLP_ERROR_INTERNAL without memory; MLP_ERROR_DATA if it is not a checkpoint.
 */
MLP_API mlp_status mlp_network_to_bytes(const mlp_network *network,
                                        unsigned char **bytes, size_t *size);
MLP_API mlp_status mlp_network_from_bytes(const unsigned char *bytes,
                                          size_t size, mlp_network **network);

/** Properties of a network, which owns them. */
typedef struct {
    size_t layers;        /**< layers with weights */
    const size_t *widths; /**< [layers + 1]: features, hidden ..., outputs */
    size_t outputs;       /**< the last of them */
    size_t classes;       /**< 2 for one output (option "binary"); 0 for
                                  regression */
    const char *const *class_names; /**< [classes]; NULL: no names */
    bool is_regression;
    size_t parameters;        /**< weights, biases and slopes */
    uint64_t epochs, steps;   /**< trained */
    const mlp_epoch *history; /**< [history_count], finished epochs */
    size_t history_count;
    char weights_sha256[65]; /**< of the parameters, in hexadecimal digits */
} mlp_network_facts;
MLP_API const mlp_network_facts *
mlp_network_describe(const mlp_network *network);

/** Run rows forward, in the calling thread: the same bits for any number of
 *  rows per call.
 *
 *  @param samples  with the network's number of features; for a table, the
 *                  encoded columns. Labels, targets and weights are ignored
 *  @param outputs  [rows, outputs], overwritten: class probabilities for
 *                  softmax, probability of class 1 for a single sigmoid output;
 *                  for regression the predictions, in the targets' unit. NULL:
 *                  not wanted
 *  @param classes  [rows], overwritten: index of the largest output, the lowest
 *                  if tied. NULL: not wanted
 *
 *  MLP_ERROR_DATA for another number of features, or a value that is not
 *  finite; outputs and classes may be partly overwritten. MLP_ERROR_INTERNAL
 *  without memory, which is allocated once for each concurrent thread.
 */
MLP_API mlp_status mlp_network_predict(const mlp_network *network,
                                       const mlp_samples *samples,
                                       float *outputs, uint32_t *classes);

/* ---- HDF5 in the same program ------------------------------------------ */

/** Files, checkpoints and bytes use the HDF5 library, which most systems build
 *  without thread safety. A program that calls HDF5 itself in one thread, while
 *  another may be in a function above that uses HDF5, must do so between these
 *  two; that thread may call functions above meanwhile. Training on rows in
 *  memory without "checkpoint", and predicting, don't use HDF5. The library's
 *  settings and error stack are preserved. */
MLP_API void mlp_hdf5_lock(void);
MLP_API void mlp_hdf5_unlock(void);

#ifdef __cplusplus
}
#endif

#endif
