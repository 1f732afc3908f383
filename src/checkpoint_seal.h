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
#include <stdint.h>

#include "mlp/status.h"

enum { MLP_SEAL_BYTES = 512 };

/** Write the seal of a file whose content is complete, and make the file
 *  durable (fsync). MLP_ERROR_IO. */
mlp_status mlp_seal_write(const char *path);

/** Check a file against its seal.
 *  @param length  of the file in bytes
 *  MLP_ERROR_MISSING when it cannot be opened, MLP_ERROR_IO when it cannot be
 *  read, MLP_ERROR_DATA when it is no file of ours, cut short, or damaged. */
mlp_status mlp_seal_verify(const char *path, uint64_t *length);

/** Whether this is a regular file that begins as ours do. Reads no more. */
bool mlp_seal_is_ours(const char *path);

#endif
