/** @file
 *  Checkpoints: one self-verifying HDF5 file each, committed by a rename.
 *  Layout: data/README.md, "Checkpoints". Called by one rank; not collective.
 */
#ifndef MLP_CHECKPOINT_H
#define MLP_CHECKPOINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/digest.h"
#include "base/history.h"
#include "base/status.h"
#include "config/config.h"
#include "rows/scaler.h"
#include "source/schema.h"

enum { MLP_MOMENTS_MAX = 3 };

/** The complete state of a run. All arrays are in canonical order (layer by
 *  layer, W [in, out] row-major, then b, then PReLU slopes) and are owned by
 *  the struct. Zero-initialize; destroy frees. */
typedef struct {
    mlp_config config;    /**< shards resolved: never 0 */
    size_t layers;        /**< dense layers */
    size_t *widths;       /**< [layers + 1]: features, hidden ..., outputs */
    size_t height, width; /**< of an input picture */
    size_t channels;      /**< of a pixel, counted in width; 0: 1 */
    size_t classes;
    mlp_scaler scaler;               /**< its arrays are [widths[0]] */
    mlp_schema schema;               /**< of a table; else count is 0 */
    mlp_names class_names;           /**< empty: classes are numbered */
    mlp_target_scaler target_scaler; /**< for regression; clipped as config
                                          says */
    size_t parameter_count;
    float *parameters;               /**< [parameter_count] */
    size_t moment_count;             /**< the optimizer's moment vectors; with
                                          --patience, then the weights of
                                          the best epoch so far */
    float *moments[MLP_MOMENTS_MAX]; /**< each [parameter_count] */
    uint64_t epoch;                  /**< finished epochs */
    uint64_t step;                   /**< global steps done */
    size_t train_rows;      /**< rows trained on (validation not counted) */
    mlp_tally running;      /**< training tally of the current epoch */
    double running_seconds; /**< and its seconds so far */
    mlp_history history;    /**< finished epochs */
    unsigned char data_digest[MLP_DIGEST_BYTES];
    /** The checkpoint before this one in the run by step and digest, deleted or
     *  not; for the first one, the initial state (step 0). For the initial
     *  state: zeros. */
    uint64_t parent_step;
    unsigned char parent_digest[MLP_DIGEST_BYTES];
    /** The arithmetic (MLP_ARITHMETIC in kernels/kernels.h) of this state, and
     *  the global step since which it is in use: states of another arithmetic
     *  have the same parameters, but other moments. Not part of the digest. */
    uint64_t arithmetic, arithmetic_since;
    double temperature; /**< by which the logits of training were divided, to
                             calibrate probabilities; 0: they were not. The
                             last layer's parameters include it */
    /** The state outside of the run that the weights came from: the one that
     *  the run started from, or of a calibrated state the one before; zeros:
     *  none. Not part of the digest, which covers these weights. */
    unsigned char origin_digest[MLP_DIGEST_BYTES];
} mlp_checkpoint;

/** Whether the weights came from another state. */
bool mlp_checkpoint_has_origin(const mlp_checkpoint *checkpoint);

/** Whether a layer has slopes after the bias, as hidden layers with PReLU
 *  do. */
bool mlp_checkpoint_has_slopes(const mlp_config *config, size_t layer);

/** SHA-256 of the options that determine the result, as lines "name=value",
 *  without options at the value of runs that lack them. */
mlp_status mlp_checkpoint_config_digest(const mlp_config *config,
                                        unsigned char value[MLP_DIGEST_BYTES]);

/** SHA-256 of a state: the digests of its configuration and data, its position,
 *  running tally (without time), parameters and moments. A run that repeats the
 *  steps has the same digest. */
mlp_status mlp_checkpoint_digest(const mlp_checkpoint *checkpoint,
                                 unsigned char value[MLP_DIGEST_BYTES]);

/** Number of parameters of dense layers of these widths: the sum of in * out +
 *  out, plus out for slopes. MLP_ERROR_DATA on overflow of size_t. */
mlp_status mlp_checkpoint_count(const mlp_config *config, const size_t *widths,
                                size_t layers, size_t *parameter_count);

/** Number of classes: one per output, or two for the single output of --binary.
 *  Meaningless for regression. */
size_t mlp_checkpoint_classes(const mlp_checkpoint *checkpoint);

/** The weights that a run stopped at this state returns: with --patience those
 *  of the best epoch, else the current ones. [parameter_count] */
const float *mlp_checkpoint_result(const mlp_checkpoint *checkpoint);

/** The value of a white pixel for a model: the largest of the training data
 *  where that was scaled to 1, else 255. */
float mlp_checkpoint_white(const mlp_checkpoint *checkpoint);

void mlp_checkpoint_destroy(mlp_checkpoint *checkpoint);

/** Create a directory and its parents where missing, and verify that a file can
 *  be written and synced in it. Removes temporary files of dead processes.
 *  MLP_ERROR_IO. */
mlp_status mlp_checkpoint_prepare(const char *directory);

/** MLP_ERROR_MISSING when there is no such directory. */
mlp_status mlp_checkpoint_expect(const char *directory);

/** Refuse to start a new run where there are checkpoints: MLP_ERROR_USAGE with
 *  the newest one. MLP_ERROR_IO. */
mlp_status mlp_checkpoint_refuse_used(const char *directory);

/** Check the free space of a prepared directory's disk.
 *  @param bytes  upper bound for all checkpoints of the run; existing ones
 *                count towards it
 *  MLP_ERROR_IO with both numbers when there is too little. */
mlp_status mlp_checkpoint_check_space(const char *directory, uint64_t bytes);

/** Lock a prepared directory, so that no other run writes to it. The lock ends
 *  with the process. On a file system without locks there is a warning instead.
 *
 *  @param lock  for mlp_checkpoint_unlock
 *
 *  MLP_ERROR_IO with the owner when another process holds the lock for more
 *  than two seconds.
 */
mlp_status mlp_checkpoint_lock(const char *directory, int *lock);
void mlp_checkpoint_unlock(int *lock);

/** Whether the last epoch of a run's history is better on the validation rows
 *  than each before it, so that mlp_checkpoint_save retains it as the best: by
 *  the metric that the run monitors, or the accuracy if that is the loss; of a
 *  regression by the loss. */
bool mlp_checkpoint_is_best(const mlp_config *config,
                            const mlp_history *history);

/** Write DIR/ckpt-EEEEEE-SSSSSSSS.h5 (epoch, step): temporary name, digest,
 *  fsync, rename, fsync of the directory. Then delete older checkpoints except
 *  the newest `keep`, this one included, and the one that is best on the
 *  validation rows, if there are any, see mlp_checkpoint_is_best. Only files
 * with the name and first bytes of a checkpoint are deleted; a failed deletion
 * is a warning.
 *
 *  @param digest  overwritten: digest of the state
 *  @param path    [MLP_MAX_PATH], the committed file's path; may be NULL
 *
 *  MLP_ERROR_IO: the older files are unchanged, and the new one is removed,
 *  unless only the fsync of the directory failed.
 */
mlp_status mlp_checkpoint_save(const char *directory, size_t keep,
                               const mlp_checkpoint *checkpoint,
                               unsigned char digest[MLP_DIGEST_BYTES],
                               char *path);

/** Fill checkpoint->parameters, whose shapes its widths and configuration give,
 *  from the /model of another checkpoint (whose seal is verified), the newest
 *  valid one of a directory, or any HDF5 file of that layout.
 *  MLP_ERROR_MISSING, MLP_ERROR_DATA. */
mlp_status mlp_checkpoint_load_weights(const char *path,
                                       mlp_checkpoint *checkpoint);

/** Read and verify one file. MLP_ERROR_MISSING, MLP_ERROR_DATA; MLP_ERROR_IO
 *  when the disk fails. Earlier content of *checkpoint is not freed; it is
 *  empty after a failure. */
mlp_status mlp_checkpoint_load(const char *path, mlp_checkpoint *checkpoint);

/** Load the newest valid checkpoint of a directory: that of the highest step. A
 *  damaged one is skipped, with a warning that names it and the one tried next.
 *
 *  @param path  [MLP_MAX_PATH], the file's path; "" when there is none
 *
 *  A directory without checkpoint files: MLP_OK with path "", and the caller
 *  starts a new run. Files but none valid: MLP_ERROR_DATA. MLP_ERROR_MISSING
 *  when there is no such directory.
 */
mlp_status mlp_checkpoint_load_newest(const char *directory,
                                      mlp_checkpoint *checkpoint, char *path);

/** Load a file, or the newest valid one of a directory.
 *  @param path   a file, or a directory that must have a checkpoint
 *  @param found  [MLP_MAX_PATH], the path of the file that was loaded
 *  MLP_ERROR_MISSING, MLP_ERROR_DATA, MLP_ERROR_IO. */
mlp_status mlp_checkpoint_open(const char *path, mlp_checkpoint *checkpoint,
                               char *found);

#endif
