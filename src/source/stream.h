/** @file
 *  A file read sequentially, decompressed if it is gzip (RFC 1952), which its
 *  first two bytes show, not its name. Memory is a fixed buffer, however large
 *  the file.
 */
#ifndef MLP_STREAM_H
#define MLP_STREAM_H

#include <stdbool.h>
#include <stddef.h>

#include "base/status.h"

typedef struct mlp_stream mlp_stream;

/** Open a regular file; anything else (a pipe, a directory) is refused without
 *  blocking. MLP_ERROR_MISSING, MLP_ERROR_DATA, MLP_ERROR_IO. */
mlp_status mlp_stream_open(const char *path, mlp_stream **stream);
void mlp_stream_close(mlp_stream **stream);

/** The path. */
const char *mlp_stream_name(const mlp_stream *stream);

/** Whether the file is stored uncompressed. */
bool mlp_stream_is_plain(const mlp_stream *stream);

/** Check that the stream can have `length` (decompressed) bytes: a plain file
 *  must have exactly that, a .gz enough to decompress to it. Call it before
 *  allocating memory by a header's extents. MLP_ERROR_DATA. */
mlp_status mlp_stream_check_length(const mlp_stream *stream, size_t length);

/** Go to a (decompressed) offset. Forward is cheap; backward in a .gz starts
 *  again at the beginning. MLP_ERROR_DATA when the file ends before it. */
mlp_status mlp_stream_seek(mlp_stream *stream, size_t offset);

/** Read exactly n bytes. MLP_ERROR_DATA when the file ends early, or gzip's
 *  structure or CRC is wrong. MLP_ERROR_IO. After a failure only close is
 *  allowed. */
mlp_status mlp_stream_read(mlp_stream *stream, void *bytes, size_t n);

/** Read up to n bytes.
 *  @param taken  less than n only at the end of the file, which has then been
 *                checked as by mlp_stream_finish
 *  MLP_ERROR_DATA when the structure or checksum of compressed data is wrong.
 *  MLP_ERROR_IO. After a failure only close is allowed. */
mlp_status mlp_stream_take(mlp_stream *stream, void *bytes, size_t n,
                           size_t *taken);

/** Bytes of the file that have been read, compressed ones if it is so. */
size_t mlp_stream_stored(const mlp_stream *stream);

/** Check that nothing follows, and gzip's CRC and length. MLP_ERROR_DATA. */
mlp_status mlp_stream_finish(mlp_stream *stream);

#endif
