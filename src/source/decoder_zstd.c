/** @file
 *  Zstandard, by libzstd.
 */
#include <zstd.h>

#include "decoder.h"
#include "decoder_zstd_magic.h"

enum {
    /* A frame that needs a larger window is refused: 2^27 bytes are the most
     * that the zstd program takes and makes, unless told otherwise. */
    WINDOW_LOG_MOST = 27,
    /* A block of 128 KiB can be one byte, repeated, behind 3 bytes. */
    EXPANSION_MOST = 1 << 15
};

static mlp_status create(const char *path, void **state)
{
    ZSTD_DStream *zstd = ZSTD_createDStream();
    (void)path;
    if (zstd == NULL || ZSTD_isError(ZSTD_initDStream(zstd)) ||
        ZSTD_isError(ZSTD_DCtx_setParameter(zstd, ZSTD_d_windowLogMax,
                                            WINDOW_LOG_MOST))) {
        ZSTD_freeDStream(zstd);
        return mlp_fail_memory("reading a zstd file");
    }
    *state = zstd;
    return MLP_OK;
}

static void destroy(void *state)
{
    ZSTD_freeDStream(state);
}

static mlp_status restart(void *state)
{
    return ZSTD_isError(ZSTD_DCtx_reset(state, ZSTD_reset_session_only))
               ? mlp_fail(MLP_ERROR_INTERNAL, "zstd cannot be reset")
               : MLP_OK;
}

static mlp_status step(void *state, mlp_decoding *decoding)
{
    ZSTD_inBuffer in = {decoding->in, decoding->in_left, 0};
    ZSTD_outBuffer out = {decoding->out, decoding->out_left, 0};
    size_t result = ZSTD_decompressStream(state, &out, &in);
    decoding->in += in.pos;
    decoding->in_left -= in.pos;
    decoding->out += out.pos;
    decoding->out_left -= out.pos;
    decoding->is_member_end = result == 0;
    if (!ZSTD_isError(result)) {
        return MLP_OK;
    }
    decoding->why = ZSTD_getErrorName(result);
    return MLP_ERROR_DATA;
}

const mlp_decoder mlp_decoder_zstd = {.name = "zstd",
                                      .expansion_most = EXPANSION_MOST,
                                      .begins = mlp_zstd_begins,
                                      .create = create,
                                      .destroy = destroy,
                                      .restart = restart,
                                      .step = step};
