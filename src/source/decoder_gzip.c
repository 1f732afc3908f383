/** @file
 *  gzip, by zlib.
 */
#include <limits.h>
#include <stdlib.h>
#include <zlib.h>

#include "decoder.h"

enum {
    DEFLATE_MOST = 1032, /* most bytes of one compressed byte */
    FIRST = 0x1f,        /* every member begins with these two */
    SECOND = 0x8b,
    WINDOW = 15 + 16 /* zlib's code for gzip format only */
};

static bool begins(const unsigned char *bytes, size_t count)
{
    return count > 0 && bytes[0] == FIRST && (count == 1 || bytes[1] == SECOND);
}

static mlp_status create(const char *path, void **state)
{
    (void)path;
    z_stream *zlib = calloc(1, sizeof *zlib);
    if (zlib == NULL || inflateInit2(zlib, WINDOW) != Z_OK) {
        free(zlib);
        return mlp_fail_memory("reading a gzip file");
    }
    *state = zlib;
    return MLP_OK;
}

static void destroy(void *state)
{
    inflateEnd(state);
    free(state);
}

static mlp_status restart(void *state)
{
    return inflateReset(state) == Z_OK
               ? MLP_OK
               : mlp_fail(MLP_ERROR_INTERNAL, "zlib cannot be reset");
}

static uInt clamp(size_t count)
{
    return count < UINT_MAX ? (uInt)count : UINT_MAX;
}

static mlp_status step(void *state, mlp_decoding *decoding)
{
    z_stream *zlib = state;
    uInt in = clamp(decoding->in_left);
    uInt out = clamp(decoding->out_left);
    zlib->next_in = (Bytef *)decoding->in; /* which zlib only reads */
    zlib->avail_in = in;
    zlib->next_out = decoding->out;
    zlib->avail_out = out;
    int result = inflate(zlib, Z_NO_FLUSH);
    decoding->in += in - zlib->avail_in;
    decoding->in_left -= in - zlib->avail_in;
    decoding->out += out - zlib->avail_out;
    decoding->out_left -= out - zlib->avail_out;
    decoding->is_member_end = result == Z_STREAM_END;
    if (result == Z_MEM_ERROR) {
        return mlp_fail_memory("zlib");
    }
    if (result != Z_OK && result != Z_BUF_ERROR && result != Z_STREAM_END) {
        decoding->why = zlib->msg != NULL ? zlib->msg : "zlib gives no reason";
        return MLP_ERROR_DATA;
    }
    return MLP_OK;
}

const mlp_decoder mlp_decoder_gzip = {.name = "gzip",
                                      .expansion_most = DEFLATE_MOST,
                                      .begins = begins,
                                      .create = create,
                                      .destroy = destroy,
                                      .restart = restart,
                                      .step = step};
