/** @file
 *  A file read sequentially, or standard input, decompressed if it is gzip (RFC
 *  1952) or Zstandard (RFC 8878), which its first bytes show, not its name.
 *  Memory is a fixed buffer, and for Zstandard a window of at most 128 MiB,
 *  however large the file.
 */
#ifndef MLP_STREAM_H
#define MLP_STREAM_H

#include <stdbool.h>
#include <stddef.h>

#include "base/status.h"
#include "team/comm.h"

typedef struct mlp_stream mlp_stream;

/** Open a regular file; anything else (a pipe, a directory) is refused without
 *  blocking. MLP_ERROR_MISSING, MLP_ERROR_DATA, MLP_ERROR_IO. */
mlp_status mlp_stream_open(const char *path, mlp_stream **stream);
void mlp_stream_close(mlp_stream **stream);

/** Open standard input, which cannot seek. Rank 0 reads it, and passes it on:
 *  open and take are then collective.
 *  @param comm  must outlive the stream; NULL: this process reads it alone */
mlp_status mlp_stream_open_input(mlp_comm *comm, mlp_stream **stream);
bool mlp_stream_is_input(const mlp_stream *stream);

/** Return a failure of this rank alone; but if others wait for this rank to
 * read on, as standard input is passed on, it ends the job. */
mlp_status mlp_stream_fail(const mlp_stream *stream, mlp_status status);

/** The path, or "standard input". */
const char *mlp_stream_name(const mlp_stream *stream);

/** Whether the file is stored uncompressed. */
bool mlp_stream_is_plain(const mlp_stream *stream);

/** Check that the stream can have `length` (decompressed) bytes: a plain file
 *  must have exactly that, a compressed one enough to decompress to it. Call it
 *  before allocating memory by a header's extents. MLP_ERROR_DATA. */
mlp_status mlp_stream_check_length(const mlp_stream *stream, size_t length);

/** Go to a (decompressed) offset. Forward is cheap; backward in a compressed
 *  file starts again at the beginning. MLP_ERROR_DATA when the file ends before
 *  it. */
mlp_status mlp_stream_seek(mlp_stream *stream, size_t offset);

/** Read exactly n bytes. MLP_ERROR_DATA when the file ends early, or the
 *  structure or checksum of compressed data is wrong. MLP_ERROR_IO. After a
 *  failure only close is allowed. */
mlp_status mlp_stream_read(mlp_stream *stream, void *bytes, size_t n);

/** Read up to n bytes.
 *  @param taken  less than n only at the end of the file, which has then been
 *                checked as by mlp_stream_finish
 *  MLP_ERROR_DATA when the structure or checksum of compressed data is wrong.
 *  MLP_ERROR_IO. After a failure only close is allowed. */
mlp_status mlp_stream_take(mlp_stream *stream, void *bytes, size_t n,
                           size_t *taken);

/** Read up to n bytes of a plain file from an offset on, wherever the stream
 *  is; several threads may. Otherwise as mlp_stream_take. */
mlp_status mlp_stream_read_at(const mlp_stream *stream, size_t offset,
                              void *bytes, size_t n, size_t *taken);

/** Bytes of the file, compressed ones if it is so; of standard input, those
 * that have been read. */
size_t mlp_stream_size(const mlp_stream *stream);

/** Bytes of the file that have been read, compressed ones if it is so. */
size_t mlp_stream_stored(const mlp_stream *stream);

/** Check that nothing follows, and the checksum of compressed data.
 *  MLP_ERROR_DATA. */
mlp_status mlp_stream_finish(mlp_stream *stream);

#endif
