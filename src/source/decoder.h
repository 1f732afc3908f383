/** @file
 *  Compressed formats of a stream. A file is one or more members, one behind
 *  the other, each with a checksum of its content. Private to stream.c.
 */
#ifndef MLP_DECODER_H
#define MLP_DECODER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/status.h"

enum { MLP_DECODER_MAGIC = 4 }; /**< bytes that show a format */

/** What a step reads from and writes to; it moves both. */
typedef struct {
    const unsigned char *in;
    size_t in_left;
    unsigned char *out;
    size_t out_left;
    bool is_member_end; /**< the step ended a member, and checked it */
    const char *why;    /**< of MLP_ERROR_DATA: the reason, a static text */
} mlp_decoding;

/** A format. */
typedef struct {
    const char *name;
    size_t expansion_most; /**< bytes that one compressed byte may become */
    /** Whether a file or member that begins with these bytes has this format.
     *  @param bytes  [count], at most MLP_DECODER_MAGIC */
    bool (*begins)(const unsigned char *bytes, size_t count);
    /** MLP_ERROR_INTERNAL without memory. MLP_ERROR_DATA, which names the
     *  path, if this build cannot read the format. */
    mlp_status (*create)(const char *path, void **state);
    void (*destroy)(void *state);
    /** Begin a new member. MLP_ERROR_INTERNAL. */
    mlp_status (*restart)(void *state);
    /** Decompress until a member ends, or one of the buffers does. */
    mlp_status (*step)(void *state, mlp_decoding *decoding);
} mlp_decoder;

extern const mlp_decoder mlp_decoder_gzip; /**< RFC 1952 */
extern const mlp_decoder mlp_decoder_zstd; /**< RFC 8878 */

#endif
