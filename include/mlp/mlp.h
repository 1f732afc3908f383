/** @file
 *  The library libmlp: train multilayer perceptrons on rows in memory or in
 *  files, save and load them, and predict. This header is all of it, but for
 *  mlp_mpi.h, by which the ranks of an MPI program train as one team.
 *
 *  Two kinds of handles. An estimator has options and trains; it holds the
 *  state of the training, so that it can go on. A network is a trained model,
 *  taken from an estimator, a file or bytes; it never changes.
 *
 *  Threads. Different handles may be used in different threads at once. One
 *  estimator is for one thread at a time, but for mlp_estimator_stop. One
 *  network may be used by several threads at once: all its functions but
 *  mlp_network_destroy. No function is to be called in an OpenMP parallel
 *  region, or in a signal handler.
 *
 *  Errors. What can fail returns a status, and leaves one line of text for the
 *  calling thread: mlp_failure. Where it is not MLP_OK, what was to be made is
 *  NULL or as it was, unless it is said otherwise. Text of the program's that
 *  is handed in is copied.
 *
 *  Nothing is printed, no signal is caught, no thread is bound to a core, and
 *  the process is never ended (but see mlp_mpi.h). Files are written where an
 *  option names them, and by mlp_network_save, only.
 *
 *  The same options and the same rows in float32 give the same weights, to the
 *  last bit, for any number of threads and ranks; and those of the program
 *  mlp_train.
 *
 *  Not there yet: weights of rows, and validation rows of their own in training
 *  (the option "validation" takes the last part of the training rows).
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

/** How a call went; also the exit codes of the programs. The first five follow
 *  BSD's sysexits.h. */
typedef enum {
    MLP_OK = 0,
    MLP_ERROR_USAGE = 64,    /**< an option, or a call that is not allowed */
    MLP_ERROR_DATA = 65,     /**< data or a checkpoint has wrong content */
    MLP_ERROR_MISSING = 66,  /**< an input is not there or not readable */
    MLP_ERROR_INTERNAL = 70, /**< out of memory, or an internal error */
    MLP_ERROR_IO = 74,       /**< writing or reading failed */
    MLP_STOPPED = 75,        /**< stopped on request, or in time */
    MLP_DIVERGED = 76        /**< a value stopped being finite */
} mlp_status;

/** The line that says why the last failing call of this thread failed, "" when
 *  none has; valid until the next call. Without a newline. */
MLP_API const char *mlp_failure(void);

/** The library's version, "1.2.3". */
MLP_API const char *mlp_version(void);

/* ---- rows -------------------------------------------------------------- */

typedef enum { MLP_FLOAT32, MLP_UINT8 } mlp_sample_type;

/** Rows in the caller's memory, which are read during a call only.
 *  Zero-initialize: what is left out is NULL and 0. */
typedef struct {
    size_t rows, features;
    mlp_sample_type type; /**< of values */
    const void *values;   /**< [rows, features] row-major; finite */

    /** Classes, from 0, [rows]; needed to train a classifier. */
    const uint16_t *labels;

    /** Numbers to predict, [rows]; needed to train a regression, which they
     *  make it. Not with labels. */
    const float *targets;

    /** How many classes there are: option "classes". 0: one more than the
     *  largest label. */
    size_t classes;

    /** Names of the classes, [classes]: all different, and in order: whole
     *  numbers first and by value, then all others by their bytes. NULL: they
     *  have none. Saved with the network. */
    const char *const *class_names;
} mlp_samples;

/* ---- estimators -------------------------------------------------------- */

typedef struct mlp_estimator mlp_estimator;

/** The ranks that train together, of mlp_mpi.h. */
typedef struct mlp_comm mlp_team;

/** Make an estimator, with all options at their defaults.
 *  @param team  NULL: it trains alone. Else it must outlive the estimator, and
 *               every rank makes one with the same options
 *  MLP_ERROR_INTERNAL without memory. */
MLP_API mlp_status mlp_estimator_create(mlp_team *team,
                                        mlp_estimator **estimator);

/** Free it. Not while it trains.
 *  @param estimator  set to NULL; may be NULL inside */
MLP_API void mlp_estimator_destroy(mlp_estimator **estimator);

/** Set an option of mlp_train by its name, without dashes, to a value as on the
 *  command line: "hidden" to "256,128", "lr" to "0.1", "resume" to "yes"; all
 *  are in mlp_train --help. Among them are "data", rows in files, and
 *  "checkpoint", a directory to save to.
 *
 *  The options that belong to the program are refused: checks and plans,
 *  progress, quiet, profile and timeline, watchdog.
 *
 *  MLP_ERROR_USAGE: no such option, or no such value. Contradictions between
 *  options are found in training.
 */
MLP_API mlp_status mlp_estimator_set(mlp_estimator *estimator, const char *name,
                                     const char *value);

/** How good the weights were on some rows. */
typedef struct {
    size_t rows;     /**< 0: there are none, and the rest is NAN */
    double loss;     /**< mean over the rows, that training makes small */
    double accuracy; /**< of a classifier, in [0, 1]; else NAN */
    double r2;       /**< of a regression: 1 is best; else NAN */
} mlp_score;

/** An epoch that was just finished. */
typedef struct {
    uint64_t epoch;       /**< from 1, over all calls that went on */
    uint64_t step;        /**< updates so far, likewise */
    double learning_rate; /**< of the last update */
    double seconds;       /**< of the epoch's training */
    mlp_score train;      /**< of each row before the update that it was in */
    mlp_score validation, test;
} mlp_epoch;

/** Called after each epoch in the thread that trains; must not use its
 *  estimator, but for mlp_estimator_stop. With a team it is called on every
 *  rank that has set one.
 *  @return true ends the training, on all ranks */
typedef bool (*mlp_epoch_callback)(void *context, const mlp_epoch *epoch);

/** @param callback  NULL: none
 *  @param context   handed to it */
MLP_API void mlp_estimator_on_epoch(mlp_estimator *estimator,
                                    mlp_epoch_callback callback, void *context);

/** Called with each note and warning that mlp_train would print on stderr, in
 *  the thread that trains.
 *  @param line  valid during the call, without a newline */
typedef void (*mlp_message_callback)(void *context, bool is_warning,
                                     const char *line);

/** @param callback  NULL: none, and they are dropped */
MLP_API void mlp_estimator_on_message(mlp_estimator *estimator,
                                      mlp_message_callback callback,
                                      void *context);

/** Train from the beginning, by the options. What an earlier call made of the
 *  estimator is forgotten, if this one comes as far as an update.
 *
 *  @param train  rows to train on; with a team the same ones on every rank,
 *                which takes its share. NULL: those of the option "data", which
 *                may have test rows
 *  @param test   rows to evaluate after each epoch, which training does not
 *                depend on; of the same type. NULL: none
 *
 *  MLP_OK. MLP_STOPPED: stopped by mlp_estimator_stop, by the callback, or by
 *  the option "max-time" or "max-steps"; the estimator then holds the weights
 *  at the end of the last whole epoch, or the first ones. After anything else
 *  it is as before the call: MLP_DIVERGED; MLP_ERROR_USAGE, MLP_ERROR_DATA and
 *  so on by the options and rows.
 *
 *  Collective: with a team every rank calls, from the same thread, and gets the
 *  same status.
 */
MLP_API mlp_status mlp_estimator_train(mlp_estimator *estimator,
                                       const mlp_samples *train,
                                       const mlp_samples *test);

/** Train on: for the option "epochs" more epochs on these rows, which may be
 *  others than before, from the weights and the optimizer's moments as they
 *  are. Before the first call of mlp_estimator_train it is that.
 *
 *  Options may have changed meanwhile, but for those that make the model:
 *  hidden, activation, output, binary, optimizer. Features are scaled as they
 *  were at first, and there are as many classes.
 *
 *  Epochs and updates are counted on; shuffles and dropout, which are drawn by
 *  the epoch, and the optimizer's correction of its bias go on. The learning
 *  rate's schedule, the warm-up and the patience are of this call alone: they
 *  begin anew and span its epochs. So 2 epochs and then 2 more on the same rows
 *  at a constant rate are the same, to the last bit, as 4.
 *
 *  Otherwise as mlp_estimator_train; without the options "checkpoint" and
 *  "weights". Collective.
 */
MLP_API mlp_status mlp_estimator_train_on(mlp_estimator *estimator,
                                          const mlp_samples *train,
                                          const mlp_samples *test);

/** Ask the call that trains, or else the next one, to end: it does so before
 *  its next update, or its next 512 rows of an evaluation. The wish is granted
 *  once. From any thread, at any time between create and destroy; with a team
 *  on any rank. */
MLP_API void mlp_estimator_stop(mlp_estimator *estimator);

/** Go on from a network: its options, weights, moments, scaling and classes are
 *  now the estimator's, as if it had trained it; options that were set are
 *  forgotten. With a team every rank calls with the same network.
 *  MLP_ERROR_INTERNAL without memory. */
struct mlp_network;
MLP_API mlp_status mlp_estimator_start_from(mlp_estimator *estimator,
                                            const struct mlp_network *network);

/* ---- networks ---------------------------------------------------------- */

typedef struct mlp_network mlp_network;

/** Take the trained network, which does not change when the estimator trains
 *  on. With the option "patience" its weights are those of the best epoch.
 *  @param network  to be destroyed; also by another rank than 0
 *  MLP_ERROR_USAGE before anything was trained; MLP_ERROR_INTERNAL. */
MLP_API mlp_status mlp_estimator_network(const mlp_estimator *estimator,
                                         mlp_network **network);

/** @param network  set to NULL; may be NULL inside */
MLP_API void mlp_network_destroy(mlp_network **network);

/** Load a checkpoint of mlp_train or of mlp_network_save, whole, verified, and
 *  tried in a child process first, should it be made to harm.
 *  @param path  a file, or a directory: its newest valid one
 *  MLP_ERROR_MISSING, MLP_ERROR_DATA, MLP_ERROR_IO. */
MLP_API mlp_status mlp_network_load(const char *path, mlp_network **network);

/** Save as a checkpoint, which the program mlp reads, too. What is at the path
 *  is replaced at once, or stays. MLP_ERROR_IO. */
MLP_API mlp_status mlp_network_save(const mlp_network *network,
                                    const char *path);

/** The content of such a file, and back.
 *  @param bytes  [size]; of to_bytes: for the caller to free(3)
 *  MLP_ERROR_INTERNAL without memory; MLP_ERROR_DATA of what is no checkpoint.
 */
MLP_API mlp_status mlp_network_to_bytes(const mlp_network *network,
                                        unsigned char **bytes, size_t *size);
MLP_API mlp_status mlp_network_from_bytes(const unsigned char *bytes,
                                          size_t size, mlp_network **network);

/** What a network is. Belongs to it. */
typedef struct {
    size_t layers;        /**< that have weights */
    const size_t *widths; /**< [layers + 1]: features, hidden ..., outputs */
    size_t outputs;       /**< the last of them */
    size_t classes;       /**< 2 of one output (option "binary"); 0 of a
                               regression */
    const char *const *class_names; /**< [classes]; NULL: they have none */
    bool is_regression;
    size_t parameters;        /**< weights, biases and slopes */
    uint64_t epochs, steps;   /**< trained */
    const mlp_epoch *history; /**< [history_count], of finished epochs */
    size_t history_count;
    char weights_sha256[65]; /**< of the parameters, in hexadecimal digits */
} mlp_network_facts;
MLP_API const mlp_network_facts *
mlp_network_describe(const mlp_network *network);

/** Run rows forward, in the calling thread alone: the same bits for any number
 *  of rows at a time.
 *
 *  @param samples  as many features as the network has; of a table those that
 *                  its columns become. Labels and targets don't matter
 *  @param outputs  [rows, outputs], overwritten: probabilities of the classes
 *                  under softmax, of class 1 with one sigmoid output; in a
 *                  regression the numbers, in the targets' unit. NULL: not
 *                  wanted
 *  @param classes  [rows], overwritten: the largest output, the lowest if tied.
 *                  NULL: not wanted
 *
 *  MLP_ERROR_DATA: other features, or a value that is not finite; outputs and
 *  classes may be overwritten in part. MLP_ERROR_INTERNAL without memory, which
 *  the first call of each of several threads at once takes.
 */
MLP_API mlp_status mlp_network_predict(const mlp_network *network,
                                       const mlp_samples *samples,
                                       float *outputs, uint32_t *classes);

/* ---- beside HDF5 ------------------------------------------------------- */

/** Files, checkpoints and bytes are HDF5's, whose library is not thread-safe as
 *  most systems build it. A program that calls HDF5 itself in one thread, while
 *  another may be in a function above that reads or writes such files, does so
 *  between these two; the thread may call functions above meanwhile. Training
 * on rows in memory without "checkpoint", and predicting, use no HDF5. The
 *  library's settings and remembered errors are left as they were. */
MLP_API void mlp_hdf5_lock(void);
MLP_API void mlp_hdf5_unlock(void);

#ifdef __cplusplus
}
#endif

#endif
