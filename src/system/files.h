/** @file
 *  Files of the system: reading and writing them, the directories that they
 *  are in, and what to say when that fails.
 */
#ifndef MLP_FILES_H
#define MLP_FILES_H

#include <dirent.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/status.h"

/* ---- what failed, for the reason that errno has */

/** MLP_ERROR_MISSING: a file or directory cannot be opened. */
mlp_status mlp_fail_open(const char *path);

/** MLP_ERROR_IO: what was opened cannot be read. */
mlp_status mlp_fail_read(const char *path);

/* ---- reading and writing */

/** Read how a file begins.
 *  @param bytes  [size], overwritten as far as the file goes
 *  @param count  out: how many there are
 *  MLP_ERROR_MISSING when it cannot be opened, MLP_ERROR_IO. */
mlp_status mlp_read_start(const char *path, void *bytes, size_t size,
                          size_t *count);

/** Write all of it, in as many calls as that takes. False, with errno set,
 *  when it cannot be. */
bool mlp_write_all(int fd, const void *bytes, size_t count);

/* ---- standard streams */

/** Put /dev/null, which cannot be written, in the place of standard streams
 *  that are closed: else the next file that is opened would get what is
 *  printed.
 */
void mlp_streams_occupy(void);

/** See that all that was printed has left: MLP_ERROR_IO. */
mlp_status mlp_stdout_flush(void);

/* ---- directories */

/** Make a directory and those above it that are missing; that it is there
 *  already is fine. What was made lasts through a loss of power, where the
 *  file system allows. MLP_ERROR_IO. */
mlp_status mlp_directory_make(const char *directory);

/** The next entry of a directory that is being listed. False when there is no
 *  other, when *status is not MLP_OK, and when the listing fails: then *status
 *  becomes MLP_ERROR_IO. */
bool mlp_directory_next(const char *directory, DIR *stream,
                        struct dirent **entry, mlp_status *status);

#endif
