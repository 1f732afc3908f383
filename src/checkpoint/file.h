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

/** Write a sealed, durable file in place of any that is there, and at once: it
 *  is whole or not there at all. MLP_ERROR_IO: nothing has changed.
 *  @param digest  overwritten: the state's */
mlp_status mlp_checkpoint_replace(const char *path,
                                  const mlp_checkpoint *checkpoint,
                                  unsigned char digest[MLP_DIGEST_BYTES]);

/** The bytes of a sealed file, and back; nothing touches a disk.
 *  @param bytes  [size], for the caller to free
 *  MLP_ERROR_INTERNAL without memory. */
mlp_status mlp_checkpoint_encode(const mlp_checkpoint *checkpoint,
                                 unsigned char **bytes, size_t *size);

/** As mlp_checkpoint_load, of bytes that anybody may have made.
 *  @param path  what messages call them */
mlp_status mlp_checkpoint_decode(const char *path, const unsigned char *bytes,
                                 size_t size, mlp_checkpoint *checkpoint);

/** Read the content of a file in memory; its seal is not looked at. On failure
 *  *checkpoint holds nothing.
 *  @param path   what messages call it
 *  @param bytes  [size], seal first
 *  MLP_ERROR_DATA, MLP_ERROR_INTERNAL without memory. */
mlp_status mlp_checkpoint_parse(const char *path, unsigned char *bytes,
                                size_t size, mlp_checkpoint *checkpoint);

#endif
