/** @file
 *  The figures of each epoch as TensorBoard's event files
 *  (`--tensorboard DIR`). Called by the leading rank only.
 */
#ifndef MLP_TENSORBOARD_H
#define MLP_TENSORBOARD_H

#include <stdint.h>

#include "base/history.h"
#include "base/status.h"

typedef struct mlp_tensorboard mlp_tensorboard;

/** Begin a file events.out.tfevents.SECONDS.HOST in a directory, which is made
 *  if missing. Files that are there stay as they are; TensorBoard reads them
 *  all, by rising name, and drops what earlier ones have of `first_step` and
 *  later. MLP_ERROR_IO.
 *  @param first_step  that can be recorded; 0 for a new run
 *  @param board       to be closed; NULL after a failure */
mlp_status mlp_tensorboard_open(const char *directory, uint64_t first_step,
                                mlp_tensorboard **board);

/** Write the scalars of an epoch at its step: loss/SPLIT and accuracy/SPLIT, of
 *  a regression loss, mae and r2, for each SPLIT of train, validation and test;
 *  learning_rate and samples_per_second. What has no value is left out.
 *  They are in the file when this returns. MLP_ERROR_IO. */
mlp_status mlp_tensorboard_epoch(mlp_tensorboard *board,
                                 const mlp_epoch_record *record);

/** Close the file; one without an epoch is removed. *board may be NULL.
 *  MLP_ERROR_IO. */
mlp_status mlp_tensorboard_close(mlp_tensorboard **board);

#endif
