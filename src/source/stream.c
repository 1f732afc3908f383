/** @file
 *  A file read sequentially, plain or gzip.
 */
#include "stream.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "system/files.h"

enum {
    PACKED_BYTES = 1 << 18,  /* of the file, per read */
    SKIPPED_BYTES = 1 << 15, /* decompressed at a time when skipping */
    DEFLATE_MOST = 1032,     /* most bytes of one compressed byte */
    GZIP_FIRST = 0x1f,       /* every gzip member begins with these two */
    GZIP_SECOND = 0x8b,
    GZIP_WINDOW = 15 + 16 /* zlib's code for gzip format only */
};

struct mlp_stream {
    char *name;
    int fd;
    size_t size;   /* of the stored file */
    size_t offset; /* decompressed bytes returned so far */
    bool is_gzip;
    size_t packed_offset; /* of the next compressed byte to fetch */
    bool is_ended;        /* the last gzip member has ended, CRC checked */
    z_stream zlib;
    unsigned char *packed; /* [PACKED_BYTES], NULL when plain */
};

const char *mlp_stream_name(const mlp_stream *stream)
{
    return stream->name;
}

bool mlp_stream_is_plain(const mlp_stream *stream)
{
    return !stream->is_gzip;
}

/* Read stored bytes; *taken < n only at the end of the file. */
static mlp_status fetch(mlp_stream *stream, size_t at, void *bytes, size_t n,
                        size_t *taken)
{
    *taken = 0;
    while (*taken < n) {
        ssize_t got = pread(stream->fd, (char *)bytes + *taken, n - *taken,
                            (off_t)(at + *taken));
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            return mlp_fail_read(stream->name);
        }
        if (got == 0) {
            break;
        }
        *taken += (size_t)got;
    }
    return MLP_OK;
}

/* ---- gzip */

/* Give zlib the next compressed bytes, none at the end. */
static mlp_status refill(mlp_stream *stream)
{
    size_t taken = 0;
    MLP_TRY(fetch(stream, stream->packed_offset, stream->packed, PACKED_BYTES,
                  &taken));
    stream->zlib.next_in = stream->packed;
    stream->zlib.avail_in = (uInt)taken;
    stream->packed_offset += taken;
    return MLP_OK;
}

/* Compressed bytes that zlib has consumed. */
static size_t packed_position(const mlp_stream *stream)
{
    return stream->packed_offset - stream->zlib.avail_in;
}

static mlp_status restart_zlib(mlp_stream *stream)
{
    if (inflateReset(&stream->zlib) != Z_OK) {
        return mlp_fail(MLP_ERROR_INTERNAL, "zlib cannot be reset");
    }
    return MLP_OK;
}

/* A gzip file has one or more members. At the end of one, check for another. */
static mlp_status end_member(mlp_stream *stream)
{
    if (stream->zlib.avail_in == 0) {
        MLP_TRY(refill(stream));
    }
    if (stream->zlib.avail_in == 0) {
        stream->is_ended = true;
        return MLP_OK;
    }
    if (*stream->zlib.next_in != GZIP_FIRST) {
        return mlp_fail(MLP_ERROR_DATA,
                        "%s: expected the end of the gzip data at byte %zu, "
                        "found more bytes",
                        stream->name, packed_position(stream));
    }
    return restart_zlib(stream);
}

static mlp_status inflate_failed(const mlp_stream *stream, int result)
{
    if (result == Z_MEM_ERROR) {
        return mlp_fail_memory("zlib");
    }
    const char *why = stream->zlib.msg;
    return mlp_fail(MLP_ERROR_DATA, "%s: damaged gzip data near byte %zu: %s",
                    stream->name, packed_position(stream),
                    why != NULL ? why : "zlib gives no reason");
}

static mlp_status unpack(mlp_stream *stream, void *bytes, size_t n,
                         size_t *taken)
{
    *taken = 0;
    while (*taken < n && !stream->is_ended) {
        if (stream->zlib.avail_in == 0) {
            MLP_TRY(refill(stream));
        }
        if (stream->zlib.avail_in == 0) {
            return mlp_fail(MLP_ERROR_DATA,
                            "%s: truncated: the gzip data breaks off after "
                            "%zu bytes",
                            stream->name, stream->size);
        }
        size_t room = n - *taken < UINT_MAX ? n - *taken : UINT_MAX;
        stream->zlib.next_out = (unsigned char *)bytes + *taken;
        stream->zlib.avail_out = (uInt)room;
        int result = inflate(&stream->zlib, Z_NO_FLUSH);
        *taken += room - stream->zlib.avail_out;
        if (result == Z_STREAM_END) {
            MLP_TRY(end_member(stream));
        } else if (result != Z_OK && result != Z_BUF_ERROR) {
            return inflate_failed(stream, result);
        }
    }
    return MLP_OK;
}

static mlp_status rewind_gzip(mlp_stream *stream)
{
    stream->offset = 0;
    stream->packed_offset = 0;
    stream->is_ended = false;
    stream->zlib.avail_in = 0;
    return restart_zlib(stream);
}

static mlp_status begin_gzip(mlp_stream *stream)
{
    stream->packed = malloc(PACKED_BYTES);
    if (stream->packed == NULL ||
        inflateInit2(&stream->zlib, GZIP_WINDOW) != Z_OK) {
        return mlp_fail_memory("reading a gzip file");
    }
    stream->is_gzip = true;
    return MLP_OK;
}

/* ---- Open and close */

static mlp_status open_regular(mlp_stream *stream)
{
    /* O_NONBLOCK: opening a FIFO must not wait for a writer. */
    stream->fd = open(stream->name, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (stream->fd < 0) {
        return mlp_fail_open(stream->name);
    }
    struct stat facts;
    if (fstat(stream->fd, &facts) != 0) {
        return mlp_fail(MLP_ERROR_IO, "%s: %s", stream->name, strerror(errno));
    }
    if (!S_ISREG(facts.st_mode)) {
        return mlp_fail(MLP_ERROR_DATA, "%s: expected a regular file, found %s",
                        stream->name,
                        S_ISDIR(facts.st_mode) ? "a directory"
                                               : "a pipe or device");
    }
    stream->size = (size_t)facts.st_size;
    return MLP_OK;
}

static mlp_status begin(const char *path, mlp_stream *stream)
{
    stream->name = strdup(path);
    if (stream->name == NULL) {
        return mlp_fail_memory("a path");
    }
    MLP_TRY(open_regular(stream));
    unsigned char start[2] = {0};
    size_t taken = 0;
    MLP_TRY(fetch(stream, 0, start, sizeof start, &taken));
    bool is_gzip = start[0] == GZIP_FIRST && start[1] == GZIP_SECOND;
    return is_gzip ? begin_gzip(stream) : MLP_OK;
}

mlp_status mlp_stream_open(const char *path, mlp_stream **stream)
{
    *stream = calloc(1, sizeof **stream);
    if (*stream == NULL) {
        return mlp_fail_memory("a file");
    }
    (*stream)->fd = -1;
    mlp_status status = begin(path, *stream);
    if (status != MLP_OK) {
        mlp_stream_close(stream);
    }
    return status;
}

void mlp_stream_close(mlp_stream **stream)
{
    if (*stream != NULL) {
        if ((*stream)->is_gzip) {
            inflateEnd(&(*stream)->zlib);
        }
        if ((*stream)->fd >= 0) {
            close((*stream)->fd);
        }
        free((*stream)->packed);
        free((*stream)->name);
        free(*stream);
        *stream = NULL;
    }
}

/* ---- Read */

mlp_status mlp_stream_check_length(const mlp_stream *stream, size_t length)
{
    if (!stream->is_gzip && stream->size != length) {
        return mlp_fail(MLP_ERROR_DATA,
                        "%s: expected %zu bytes by its header, found %zu",
                        stream->name, length, stream->size);
    }
    if (stream->is_gzip && length / DEFLATE_MOST > stream->size) {
        return mlp_fail(MLP_ERROR_DATA,
                        "%s: expected %zu bytes by its header, which cannot "
                        "be in %zu packed bytes",
                        stream->name, length, stream->size);
    }
    return MLP_OK;
}

mlp_status mlp_stream_take(mlp_stream *stream, void *bytes, size_t n,
                           size_t *taken)
{
    if (stream->is_gzip) {
        MLP_TRY(unpack(stream, bytes, n, taken));
    } else {
        MLP_TRY(fetch(stream, stream->offset, bytes, n, taken));
    }
    stream->offset += *taken;
    return MLP_OK;
}

size_t mlp_stream_stored(const mlp_stream *stream)
{
    return stream->is_gzip ? packed_position(stream) : stream->offset;
}

mlp_status mlp_stream_read(mlp_stream *stream, void *bytes, size_t n)
{
    size_t wanted = stream->offset + n;
    size_t taken = 0;
    MLP_TRY(mlp_stream_take(stream, bytes, n, &taken));
    if (taken < n) {
        return mlp_fail(MLP_ERROR_DATA,
                        "%s: truncated: expected %zu bytes or more%s, "
                        "found %zu",
                        stream->name, wanted,
                        stream->is_gzip ? " unpacked" : "", stream->offset);
    }
    return MLP_OK;
}

mlp_status mlp_stream_seek(mlp_stream *stream, size_t offset)
{
    if (!stream->is_gzip) {
        stream->offset = offset;
        return MLP_OK;
    }
    if (offset < stream->offset) {
        MLP_TRY(rewind_gzip(stream));
    }
    unsigned char skipped[SKIPPED_BYTES];
    while (stream->offset < offset) {
        size_t left = offset - stream->offset;
        size_t n = left < sizeof skipped ? left : sizeof skipped;
        MLP_TRY(mlp_stream_read(stream, skipped, n));
    }
    return MLP_OK;
}

mlp_status mlp_stream_finish(mlp_stream *stream)
{
    unsigned char more;
    size_t taken = 0;
    MLP_TRY(mlp_stream_take(stream, &more, 1, &taken));
    if (taken > 0) {
        return mlp_fail(MLP_ERROR_DATA,
                        "%s: expected the end after %zu bytes, found more",
                        stream->name, (stream->offset - 1));
    }
    return MLP_OK;
}
