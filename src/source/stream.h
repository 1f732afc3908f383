/** @file
 *  A file read forward, unpacked on the way when it is gzip (RFC 1952). Which
 *  it is shows in its first two bytes, not its name.
 *  Memory is a fixed buffer, however large the file.
 */
#ifndef MLP_STREAM_H
#define MLP_STREAM_H

#include <stdbool.h>
#include <stddef.h>

#include "base/status.h"

typedef struct mlp_stream mlp_stream;

/** Open a regular file; anything else (a pipe, a directory) is refused without
 *  waiting for it. MLP_ERROR_MISSING, MLP_ERROR_DATA, MLP_ERROR_IO. */
mlp_status mlp_stream_open(const char *path, mlp_stream **stream);
void mlp_stream_close(mlp_stream **stream);

/** The path. */
const char *mlp_stream_name(const mlp_stream *stream);

/** Whether the file is stored as it is read. */
bool mlp_stream_is_plain(const mlp_stream *stream);

/** Whether the stream can be `length` bytes long (unpacked): a plain file must
 *  be exactly that, and a .gz large enough to unpack to it. To be called
 *  before memory is allocated on the word of a header. MLP_ERROR_DATA. */
mlp_status mlp_stream_check_length(const mlp_stream *stream, size_t length);

/** Go to an (unpacked) offset. Forward is cheap; backward in a .gz begins at
 *  the file's start again. MLP_ERROR_DATA when the file ends before. */
mlp_status mlp_stream_seek(mlp_stream *stream, size_t offset);

/** Read exactly n bytes. MLP_ERROR_DATA: it ends early, or gzip's structure or
 *  CRC is wrong. MLP_ERROR_IO. After a failure only close may follow. */
mlp_status mlp_stream_read(mlp_stream *stream, void *bytes, size_t n);

/** Check that nothing follows, and gzip's CRC and length. MLP_ERROR_DATA. */
mlp_status mlp_stream_finish(mlp_stream *stream);

#endif
