/** @file
 *  Metrics of each epoch as TensorBoard event files (`--tensorboard DIR`).
 *  Called by rank 0 only.
 */
#ifndef MLP_TENSORBOARD_H
#define MLP_TENSORBOARD_H

#include <stdint.h>

#include "base/history.h"
#include "base/status.h"

typedef struct mlp_tensorboard mlp_tensorboard;

/** Create events.out.tfevents.SECONDS.HOST in a directory, which is created if
 *  missing. Existing files are unchanged; TensorBoard reads them in order of
 *  names, and drops events of `first_step` and later from earlier ones.
 *  MLP_ERROR_IO.
 *  @param first_step  first step that will be recorded; 0 for a new run
 *  @param board       for mlp_tensorboard_close; NULL after a failure */
mlp_status mlp_tensorboard_open(const char *directory, uint64_t first_step,
                                mlp_tensorboard **board);

/** Write the scalars of an epoch at its step: for each SPLIT of train,
 *  validation and test loss/SPLIT and accuracy/SPLIT, or loss, mae and r2 for
 *  regression; learning_rate and samples_per_second. NaNs are left out. The
 *  data are in the file on return. MLP_ERROR_IO. */
mlp_status mlp_tensorboard_epoch(mlp_tensorboard *board,
                                 const mlp_epoch_record *record);

/** Close the file; without an epoch it is removed. *board may be NULL.
 *  MLP_ERROR_IO. */
mlp_status mlp_tensorboard_close(mlp_tensorboard **board);

#endif
