/** @file
 *  Checkpoints: one self-verifying HDF5 file each, committed by a rename.
 *  Layout: data/README.md, "Checkpoints". Everything here is called by one
 *  rank, and is not collective.
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

/** The state of a run: everything that going on needs. All arrays are in
 *  canonical order (layer by layer, W [in, out] row-major, then b, then
 *  PReLU's slopes) and belong to the struct. Zero-initialize; destroy frees. */
typedef struct {
    mlp_config config;    /**< shards resolved: never 0 */
    size_t layers;        /**< dense layers */
    size_t *widths;       /**< [layers + 1]: features, hidden ..., outputs */
    size_t height, width; /**< of an input picture */
    size_t channels;      /**< of a pixel, which width counts; 0: one */
    size_t classes;
    mlp_scaler scaler;        /**< its arrays are [widths[0]] */
    mlp_schema schema;        /**< of a table; else count is 0 */
    mlp_names class_names;    /**< empty: classes are numbered */
    mlp_scaler target_scaler; /**< of a regression; shifts is NULL */
    size_t parameter_count;
    float *parameters;               /**< [parameter_count] */
    size_t moment_count;             /**< vectors that the optimizer keeps;
                                          with --patience, then the weights of
                                          the best epoch so far */
    float *moments[MLP_MOMENTS_MAX]; /**< each [parameter_count] */
    uint64_t epoch;                  /**< finished epochs */
    uint64_t step;                   /**< global steps done */
    size_t train_rows;      /**< rows trained on (validation not counted) */
    mlp_tally running;      /**< training tally of the epoch under way */
    double running_seconds; /**< and its time so far */
    mlp_history history;    /**< finished epochs */
    unsigned char data_digest[MLP_DIGEST_BYTES];
    /** The checkpoint before this one in the run, by its step and digest, kept
     *  or not; of the first, the initial state (step 0). Of the initial state
     *  there is none: zeros. */
    uint64_t parent_step;
    unsigned char parent_digest[MLP_DIGEST_BYTES];
    /** Which arithmetic made it (MLP_ARITHMETIC in kernels/kernels.h), and from
     * which global step on without a break: states that other arithmetic made
     * have the same parameters, but other moments. No part of its digest. */
    uint64_t arithmetic, arithmetic_since;
} mlp_checkpoint;

/** Whether the units of a layer have slopes of their own, after the bias: those
 *  of a hidden layer with PReLU. */
bool mlp_checkpoint_has_slopes(const mlp_config *config, size_t layer);

/** SHA-256 of the fields that shape the result, as lines "name=value" without
 *  those at their defaults. */
mlp_status mlp_checkpoint_config_digest(const mlp_config *config,
                                        unsigned char value[MLP_DIGEST_BYTES]);

/** SHA-256 of a state: of its configuration and data (by their digests), its
 *  position, its running tally (not the time), its parameters and moments. A
 *  run that repeats the steps gets the same one. */
mlp_status mlp_checkpoint_digest(const mlp_checkpoint *checkpoint,
                                 unsigned char value[MLP_DIGEST_BYTES]);

/** Number of parameters of dense layers of these widths: the sum over layers
 *  of in * out + out, and out more with slopes. MLP_ERROR_DATA when it does not
 *  fit size_t. */
mlp_status mlp_checkpoint_count(const mlp_config *config, const size_t *widths,
                                size_t layers, size_t *parameter_count);

/** Classes that the model tells apart: one for each output, or two with the one
 *  output of --binary. Of no meaning for a regression. */
size_t mlp_checkpoint_classes(const mlp_checkpoint *checkpoint);

/** The weights that the run would end with, stopped here: the best epoch's with
 *  --patience, else those it would go on with. [parameter_count] */
const float *mlp_checkpoint_result(const mlp_checkpoint *checkpoint);

void mlp_checkpoint_destroy(mlp_checkpoint *checkpoint);

/** Make DIR and the directories above it where they are not there, and show
 *  that a file can be written and synced in it. Removes temporary files that
 *  dead runs left. MLP_ERROR_IO. */
mlp_status mlp_checkpoint_prepare(const char *directory);

/** Whether there is such a directory: MLP_ERROR_MISSING when there is none. */
mlp_status mlp_checkpoint_expect(const char *directory);

/** Refuse to start afresh where a run has left checkpoints: MLP_ERROR_USAGE,
 *  naming the newest. MLP_OK when there are none. MLP_ERROR_IO. */
mlp_status mlp_checkpoint_refuse_used(const char *directory);

/** Whether the disk of a prepared directory has room.
 *  @param bytes  what all checkpoints of the run may take together, at most;
 *                those already there count as part of it
 *  MLP_ERROR_IO when it has not; the line has both numbers. */
mlp_status mlp_checkpoint_check_space(const char *directory, uint64_t bytes);

/** Take a prepared directory for this process, so that no second run writes
 *  there. The lock goes with the process, however that ends. On a file system
 *  without locks it is not taken, with a warning.
 *
 *  @param lock  what mlp_checkpoint_unlock wants
 *
 *  MLP_ERROR_IO when another process has it, and keeps it for two seconds more;
 *  the line names that one.
 */
mlp_status mlp_checkpoint_lock(const char *directory, int *lock);
void mlp_checkpoint_unlock(int *lock);

/** Whether the last epoch of the history is the one that mlp_checkpoint_save
 *  would keep as the best: better than each before it. */
bool mlp_checkpoint_is_best(const mlp_history *history);

/** Write DIR/ckpt-EEEEEE-SSSSSSSS.h5 (epoch, step): temporary name, digest,
 *  fsync, rename, fsync of the directory. Then delete all older checkpoints
 *  but the newest `keep`, counted with this one, and the one with the best
 *  validation (else test) accuracy. Only files that are ours by name and by
 *  their first bytes are deleted; one that cannot be is a warning.
 *
 *  @param digest  overwritten: the state's, as mlp_checkpoint_digest
 *  @param path    [MLP_MAX_PATH], the committed file's path; may be NULL
 *
 *  MLP_ERROR_IO: the older ones are untouched; and nothing is left of the new
 *  one, unless all that failed is the fsync of the directory.
 */
mlp_status mlp_checkpoint_save(const char *directory, size_t keep,
                               const mlp_checkpoint *checkpoint,
                               unsigned char digest[MLP_DIGEST_BYTES],
                               char *path);

/** Fill checkpoint->parameters, which its widths and configuration give the
 *  shapes of, from the /model of another checkpoint (whose seal is verified),
 *  or of any HDF5 file of that layout. MLP_ERROR_MISSING, MLP_ERROR_DATA. */
mlp_status mlp_checkpoint_load_weights(const char *path,
                                       mlp_checkpoint *checkpoint);

/** Read and verify one file. MLP_ERROR_MISSING, MLP_ERROR_DATA; MLP_ERROR_IO
 *  when the disk fails. What *checkpoint held before is not freed; on failure
 *  it holds nothing. */
mlp_status mlp_checkpoint_load(const char *path, mlp_checkpoint *checkpoint);

/** Load the newest valid checkpoint of a directory: the one of the highest
 *  step. A damaged one is passed over with a warning that names it and the one
 *  tried instead.
 *
 *  @param path  [MLP_MAX_PATH], which file it was; "" when there is none
 *
 *  A directory without checkpoint files: MLP_OK with path "", and the caller
 *  begins anew. Files but none valid: MLP_ERROR_DATA. MLP_ERROR_MISSING when
 *  there is no such directory.
 */
mlp_status mlp_checkpoint_load_newest(const char *directory,
                                      mlp_checkpoint *checkpoint, char *path);

#endif
