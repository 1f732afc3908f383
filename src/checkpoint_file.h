/** @file
 *  One checkpoint file; which files there are is the directory's business.
 */
#ifndef MLP_CHECKPOINT_FILE_H
#define MLP_CHECKPOINT_FILE_H

#include "mlp/checkpoint.h"
#include "mlp/status.h"

/** Write a sealed, durable file that must not exist. MLP_ERROR_IO: whatever
 *  was written of it is left for the caller to remove. */
mlp_status mlp_checkpoint_write(const char *path,
                                const mlp_checkpoint *checkpoint);

#endif
