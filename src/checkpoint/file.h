/** @file
 *  One checkpoint file; retention.c manages the files of a directory.
 */
#ifndef MLP_CHECKPOINT_FILE_H
#define MLP_CHECKPOINT_FILE_H

#include <stddef.h>

#include "base/status.h"
#include "checkpoint.h"

/** Write a sealed, durable file that must not exist. After MLP_ERROR_IO the
 *  caller removes what was written.
 *  @param digest  overwritten: the state's digest */
mlp_status mlp_checkpoint_write(const char *path,
                                const mlp_checkpoint *checkpoint,
                                unsigned char digest[MLP_DIGEST_BYTES]);

/** Write a sealed, durable file, atomically replacing an existing one.
 *  MLP_ERROR_IO: nothing has changed.
 *  @param digest  overwritten: the state's digest */
mlp_status mlp_checkpoint_replace(const char *path,
                                  const mlp_checkpoint *checkpoint,
                                  unsigned char digest[MLP_DIGEST_BYTES]);

/** The bytes of a sealed file in memory; no disk access.
 *  @param bytes  [size], for the caller to free
 *  MLP_ERROR_INTERNAL without memory. */
mlp_status mlp_checkpoint_encode(const mlp_checkpoint *checkpoint,
                                 unsigned char **bytes, size_t *size);

/** Like mlp_checkpoint_load, from bytes that are not trusted.
 *  @param path  the bytes' name in messages */
mlp_status mlp_checkpoint_decode(const char *path, const unsigned char *bytes,
                                 size_t size, mlp_checkpoint *checkpoint);

/** Read the content of a file in memory, without checking its seal. On failure
 *  *checkpoint is empty.
 *  @param path   the file's name in messages
 *  @param bytes  [size], seal first
 *  MLP_ERROR_DATA, MLP_ERROR_INTERNAL without memory. */
mlp_status mlp_checkpoint_parse(const char *path, unsigned char *bytes,
                                size_t size, mlp_checkpoint *checkpoint);

#endif
