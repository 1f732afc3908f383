/** @file
 *  The seal of a checkpoint file: its first 512 bytes, which HDF5 leaves to
 *  us, tell its length and its digest. A sealed file is verified by plain
 *  reads, before any parser sees it.
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

/** Fill in the seal of a file in memory whose content is complete.
 *  @param bytes  [size] of the whole file; the first MLP_SEAL_BYTES are
 *                overwritten */
mlp_status mlp_seal_fill(unsigned char *bytes, size_t size);

/** Read a whole file that its seal agrees with.
 *  @param bytes  [size], for the caller to free; NULL after a failure
 *  MLP_ERROR_MISSING when it cannot be opened, MLP_ERROR_IO when it cannot be
 *  read, MLP_ERROR_DATA when it is no file of ours, a link, cut short, damaged,
 *  or larger than this machine's memory. */
mlp_status mlp_seal_read(const char *path, unsigned char **bytes, size_t *size);

/** Whether the seal of a file in memory agrees with it: MLP_ERROR_DATA when
 * not, or when it is no file of ours.
 *  @param path   what messages call it
 *  @param bytes  [size]; the seal is written anew, as it was */
mlp_status mlp_seal_check(const char *path, unsigned char *bytes, size_t size);

/** Whether this is a regular file that begins as ours do. Reads no more. */
bool mlp_seal_is_ours(const char *path);

#endif
