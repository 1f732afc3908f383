/** @file
 *  The seal of a checkpoint file: its first 512 bytes, HDF5's user block, with
 *  its length and digest. A sealed file is verified by plain reads before any
 *  parser sees it.
 *
 *      0  8  "MLPCKPT1"
 *      8  4  format version, little endian
 *     12  8  length of the file in bytes, little endian
 *     20 32  SHA-256 of bytes 512 .. length - 1
 *     52     zero
 */
#ifndef MLP_CHECKPOINT_SEAL_H
#define MLP_CHECKPOINT_SEAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

enum { MLP_SEAL_BYTES = 512 };

/** Fill in the seal of a complete file in memory.
 *  @param bytes  [size] of the whole file; the first MLP_SEAL_BYTES are
 *                overwritten */
mlp_status mlp_seal_fill(unsigned char *bytes, size_t size);

/** Read a whole file and verify its seal.
 *  @param bytes  [size], for the caller to free; NULL after a failure
 *  MLP_ERROR_MISSING when it cannot be opened, MLP_ERROR_IO when it cannot be
 *  read, MLP_ERROR_DATA when it is not a checkpoint, is a link, truncated,
 *  damaged, or larger than this machine's memory. */
mlp_status mlp_seal_read(const char *path, unsigned char **bytes, size_t *size);

/** Verify the seal of a file in memory: MLP_ERROR_DATA when it does not match,
 *  or it is not a checkpoint.
 *  @param path   the file's name in messages
 *  @param bytes  [size]; the seal is overwritten with equal bytes */
mlp_status mlp_seal_check(const char *path, unsigned char *bytes, size_t size);

/** Whether this is a regular file with the first bytes of a seal. Reads no
 *  more. */
bool mlp_seal_is_ours(const char *path);

#endif
