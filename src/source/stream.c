/** @file
 *  A file read sequentially, plain or compressed, or standard input.
 */
#include "stream.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "decoder.h"
#include "joint.h"
#include "system/files.h"

enum {
    PACKED_BYTES = 1 << 18, /* of the file, per read */
    SKIPPED_BYTES = 1 << 15 /* decompressed at a time when skipping */
};

static const mlp_decoder *const decoders[] = {&mlp_decoder_gzip,
                                              &mlp_decoder_zstd};

struct mlp_stream {
    char *name;
    int fd;
    size_t size;   /* of the stored file */
    size_t offset; /* decompressed bytes returned so far */
    unsigned char start[MLP_DECODER_MAGIC]; /* of what is stored */
    size_t start_size;
    const mlp_decoder *decoder; /* NULL: plain */
    void *decoder_state;
    unsigned char *packed; /* [PACKED_BYTES], NULL when plain */
    mlp_decoding decoding;
    size_t packed_offset; /* of the next compressed byte to fetch */
    bool is_ended;        /* the last member has ended, and was checked */
    mlp_comm *comm;       /* of standard input: rank 0 reads it; else NULL */
    bool is_input;
};

const char *mlp_stream_name(const mlp_stream *stream)
{
    return stream->name;
}

bool mlp_stream_is_plain(const mlp_stream *stream)
{
    return stream->decoder == NULL;
}

bool mlp_stream_is_input(const mlp_stream *stream)
{
    return stream->is_input;
}

mlp_status mlp_stream_fail(const mlp_stream *stream, mlp_status status)
{
    if (status != MLP_OK && stream->comm != NULL) {
        mlp_comm_abort(stream->comm, status);
    }
    return status;
}

/* ---- stored bytes ------------------------------------------------------ */

/* Read stored bytes; *taken < n only at the end of the file. Standard input
 * has no position. */
static mlp_status read_stored(const mlp_stream *stream, size_t at, void *bytes,
                              size_t n, size_t *taken)
{
    *taken = 0;
    while (*taken < n) {
        char *to = (char *)bytes + *taken;
        ssize_t got = stream->is_input ? read(stream->fd, to, n - *taken)
                                       : pread(stream->fd, to, n - *taken,
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

/* The next bytes of standard input, which rank 0 reads. The others sleep while
 * it waits for them. Collective if there is a team. */
static mlp_status share_input(const mlp_stream *stream, void *bytes, size_t n,
                              size_t *taken)
{
    mlp_status status = MLP_OK;
    *taken = 0;
    if (stream->comm == NULL) {
        return read_stored(stream, 0, bytes, n, taken);
    }
    if (mlp_comm_rank(stream->comm) == 0) {
        status = read_stored(stream, 0, bytes, n, taken);
    }
    MLP_TRY(mlp_comm_agree_sleeping(stream->comm, status));
    MLP_TRY(mlp_comm_broadcast(stream->comm, taken, sizeof *taken));
    return mlp_comm_broadcast(stream->comm, bytes, *taken);
}

/* Stored bytes from a position on, which for standard input is where the last
 * call ended; but its first bytes can be had again. */
static mlp_status fetch(mlp_stream *stream, size_t at, void *bytes, size_t n,
                        size_t *taken)
{
    size_t again = 0;
    if (!stream->is_input) {
        return read_stored(stream, at, bytes, n, taken);
    }
    if (at < stream->start_size) {
        again = stream->start_size - at;
        again = again < n ? again : n;
        memcpy(bytes, stream->start + at, again);
    }
    MLP_TRY(share_input(stream, (char *)bytes + again, n - again, taken));
    *taken += again;
    stream->size += at + *taken > stream->size ? at + *taken - stream->size : 0;
    return MLP_OK;
}

/* ---- compressed bytes -------------------------------------------------- */

/* Fetch the next compressed bytes, none at the end. */
static mlp_status refill(mlp_stream *stream)
{
    size_t taken = 0;
    MLP_TRY(fetch(stream, stream->packed_offset, stream->packed, PACKED_BYTES,
                  &taken));
    stream->decoding.in = stream->packed;
    stream->decoding.in_left = taken;
    stream->packed_offset += taken;
    return MLP_OK;
}

/* Compressed bytes that the decoder has consumed. */
static size_t packed_position(const mlp_stream *stream)
{
    return stream->packed_offset - stream->decoding.in_left;
}

/* A file has one or more members. At the end of one, check for another. */
static mlp_status end_member(mlp_stream *stream)
{
    const mlp_decoding *decoding = &stream->decoding;
    if (decoding->in_left == 0) {
        MLP_TRY(refill(stream));
    }
    if (decoding->in_left == 0) {
        stream->is_ended = true;
        return MLP_OK;
    }
    size_t count = decoding->in_left < MLP_DECODER_MAGIC ? decoding->in_left
                                                         : MLP_DECODER_MAGIC;
    if (!stream->decoder->begins(decoding->in, count)) {
        return mlp_fail(MLP_ERROR_DATA,
                        "%s: expected the end of the %s data at byte %zu, "
                        "found more bytes",
                        stream->name, stream->decoder->name,
                        packed_position(stream));
    }
    return stream->decoder->restart(stream->decoder_state);
}

/* The decoder may still have bytes to return when the file has no more. */
static mlp_status unpack_step(mlp_stream *stream)
{
    const char *name = stream->decoder->name;
    mlp_decoding *decoding = &stream->decoding;
    size_t left = decoding->out_left;
    if (decoding->in_left == 0) {
        MLP_TRY(refill(stream));
    }
    bool is_last = decoding->in_left == 0;
    mlp_status status = stream->decoder->step(stream->decoder_state, decoding);
    if (status == MLP_ERROR_DATA) {
        return mlp_fail(MLP_ERROR_DATA, "%s: damaged %s data near byte %zu: %s",
                        stream->name, name, packed_position(stream),
                        decoding->why);
    }
    if (status == MLP_ERROR_INTERNAL) {
        return mlp_stream_fail(stream, status);
    }
    bool is_stuck =
        is_last && decoding->out_left == left && !decoding->is_member_end;
    return status == MLP_OK && is_stuck
               ? mlp_fail(MLP_ERROR_DATA,
                          "%s: truncated: the %s data breaks off after %zu "
                          "bytes",
                          stream->name, name, stream->size)
               : status;
}

static mlp_status unpack(mlp_stream *stream, void *bytes, size_t n,
                         size_t *taken)
{
    mlp_decoding *decoding = &stream->decoding;
    decoding->out = bytes;
    decoding->out_left = n;
    *taken = 0;
    while (decoding->out_left > 0 && !stream->is_ended) {
        MLP_TRY(unpack_step(stream));
        *taken = n - decoding->out_left;
        if (decoding->is_member_end) {
            MLP_TRY(end_member(stream));
        }
    }
    return MLP_OK;
}

static mlp_status rewind_packed(mlp_stream *stream)
{
    stream->offset = 0;
    stream->packed_offset = 0;
    stream->is_ended = false;
    stream->decoding.in_left = 0;
    return stream->decoder->restart(stream->decoder_state);
}

static mlp_status begin_packed(mlp_stream *stream, const mlp_decoder *decoder)
{
    stream->packed = malloc(PACKED_BYTES);
    if (stream->packed == NULL) {
        return mlp_fail_memory("reading a packed file");
    }
    MLP_TRY(decoder->create(stream->name, &stream->decoder_state));
    stream->decoder = decoder;
    return MLP_OK;
}

/* ---- open and close ---------------------------------------------------- */

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

/* The first bytes show the format. */
static mlp_status begin(mlp_stream *stream)
{
    MLP_TRY(fetch(stream, 0, stream->start, sizeof stream->start,
                  &stream->start_size));
    for (size_t i = 0; i < sizeof decoders / sizeof *decoders; i++) {
        if (stream->start_size == sizeof stream->start &&
            decoders[i]->begins(stream->start, stream->start_size)) {
            return begin_packed(stream, decoders[i]);
        }
    }
    return MLP_OK;
}

static mlp_status create(const char *name, mlp_stream **stream)
{
    *stream = calloc(1, sizeof **stream);
    if (*stream == NULL) {
        return mlp_fail_memory("a file");
    }
    (*stream)->fd = -1;
    (*stream)->name = strdup(name);
    return (*stream)->name != NULL ? MLP_OK : mlp_fail_memory("a path");
}

mlp_status mlp_stream_open(const char *path, mlp_stream **stream)
{
    mlp_status status = create(path, stream);
    if (status == MLP_OK) {
        status = open_regular(*stream);
    }
    if (status == MLP_OK) {
        status = begin(*stream);
    }
    if (status != MLP_OK) {
        mlp_stream_close(stream);
    }
    return status;
}

mlp_status mlp_stream_open_input(mlp_comm *comm, mlp_stream **stream)
{
    mlp_status status = create("standard input", stream);
    status = mlp_joint_agree(comm, status);
    if (status == MLP_OK) {
        (*stream)->is_input = true;
        (*stream)->comm = comm;
        (*stream)->fd = STDIN_FILENO;
        status = begin(*stream);
        status = mlp_joint_agree(comm, status);
    }
    if (status != MLP_OK) {
        mlp_stream_close(stream);
    }
    return status;
}

void mlp_stream_close(mlp_stream **stream)
{
    if (*stream != NULL) {
        if ((*stream)->decoder != NULL) {
            (*stream)->decoder->destroy((*stream)->decoder_state);
        }
        if ((*stream)->fd >= 0 && !(*stream)->is_input) {
            close((*stream)->fd);
        }
        free((*stream)->packed);
        free((*stream)->name);
        free(*stream);
        *stream = NULL;
    }
}

/* ---- read -------------------------------------------------------------- */

mlp_status mlp_stream_check_length(const mlp_stream *stream, size_t length)
{
    if (stream->decoder == NULL && stream->size != length) {
        return mlp_fail(MLP_ERROR_DATA,
                        "%s: expected %zu bytes by its header, found %zu",
                        stream->name, length, stream->size);
    }
    if (stream->decoder != NULL &&
        length / stream->decoder->expansion_most > stream->size) {
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
    if (stream->decoder != NULL) {
        MLP_TRY(unpack(stream, bytes, n, taken));
    } else {
        MLP_TRY(fetch(stream, stream->offset, bytes, n, taken));
    }
    stream->offset += *taken;
    return MLP_OK;
}

mlp_status mlp_stream_read_at(const mlp_stream *stream, size_t offset,
                              void *bytes, size_t n, size_t *taken)
{
    return read_stored(stream, offset, bytes, n, taken);
}

size_t mlp_stream_size(const mlp_stream *stream)
{
    return stream->size;
}

size_t mlp_stream_stored(const mlp_stream *stream)
{
    return stream->decoder != NULL ? packed_position(stream) : stream->offset;
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
                        stream->decoder != NULL ? " unpacked" : "",
                        stream->offset);
    }
    return MLP_OK;
}

mlp_status mlp_stream_seek(mlp_stream *stream, size_t offset)
{
    if (stream->decoder == NULL) {
        stream->offset = offset;
        return MLP_OK;
    }
    if (offset < stream->offset) {
        MLP_TRY(rewind_packed(stream));
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
