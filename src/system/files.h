/** @file
 *  Files: reading, writing, directories, and failure texts.
 */
#ifndef MLP_FILES_H
#define MLP_FILES_H

#include <dirent.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/status.h"

/* ---- failures, with the reason in errno */

/** MLP_ERROR_MISSING: a file or directory cannot be opened. */
mlp_status mlp_fail_open(const char *path);

/** MLP_ERROR_IO: an open file cannot be read. */
mlp_status mlp_fail_read(const char *path);

/* ---- reading and writing */

/** Read the first bytes of a file.
 *  @param bytes  [size], overwritten up to count
 *  @param count  out: number of bytes read, less than size for a shorter file
 *  MLP_ERROR_MISSING when it cannot be opened, MLP_ERROR_IO. */
mlp_status mlp_read_start(const char *path, void *bytes, size_t size,
                          size_t *count);

/** Write all bytes, in several calls if needed. False, with errno set, on
 *  failure. */
bool mlp_write_all(int fd, const void *bytes, size_t count);

/* ---- standard streams */

/** Open /dev/null, read-only, for standard streams that are closed: else the
 *  next file opened would receive what is printed. */
void mlp_streams_occupy(void);

/** Flush standard output. MLP_ERROR_IO if anything could not be written. */
mlp_status mlp_stdout_flush(void);

/* ---- directories */

/** Make a directory and its missing parents, unless it exists. New directories
 *  survive a power loss if the file system allows. MLP_ERROR_IO. */
mlp_status mlp_directory_make(const char *directory);

/** The next entry of an open directory. False after the last one, if *status is
 *  not MLP_OK, and on failure, which sets *status to MLP_ERROR_IO. */
bool mlp_directory_next(const char *directory, DIR *stream,
                        struct dirent **entry, mlp_status *status);

#endif
