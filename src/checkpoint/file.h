/** @file
 *  One checkpoint file; which files there are is the directory's business.
 */
#ifndef MLP_CHECKPOINT_FILE_H
#define MLP_CHECKPOINT_FILE_H

#include <stddef.h>

#include "base/status.h"
#include "checkpoint.h"

/** Write a sealed, durable file that must not exist. MLP_ERROR_IO: whatever
 *  was written of it is left for the caller to remove.
 *  @param digest  overwritten: the state's */
mlp_status mlp_checkpoint_write(const char *path,
                                const mlp_checkpoint *checkpoint,
                                unsigned char digest[MLP_DIGEST_BYTES]);

/** Read the content of a file in memory; its seal is not looked at. On failure
 *  *checkpoint holds nothing.
 *  @param path   what messages call it
 *  @param bytes  [size], seal first
 *  MLP_ERROR_DATA, MLP_ERROR_INTERNAL without memory. */
mlp_status mlp_checkpoint_parse(const char *path, unsigned char *bytes,
                                size_t size, mlp_checkpoint *checkpoint);

#endif
