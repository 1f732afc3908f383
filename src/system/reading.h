/** @file
 *  Reading from files of the system.
 */
#ifndef MLP_READING_H
#define MLP_READING_H

#include <stddef.h>

#include "base/status.h"

/** MLP_ERROR_IO: a file cannot be read, for the reason that errno has. */
mlp_status mlp_fail_read(const char *path);

/** Read how a file begins.
 *  @param bytes  [size], overwritten as far as the file goes
 *  @param count  out: how many there are
 *  MLP_ERROR_MISSING when it cannot be opened, MLP_ERROR_IO. */
mlp_status mlp_read_start(const char *path, void *bytes, size_t size,
                          size_t *count);

#endif
