/** @file
 *  How a Zstandard file begins, for builds with and without the library.
 *  Private to decoder_zstd*.c.
 */
#ifndef MLP_DECODER_ZSTD_MAGIC_H
#define MLP_DECODER_ZSTD_MAGIC_H

#include <stdbool.h>
#include <stddef.h>

/** Whether bytes begin a frame, or, with a low nibble of its own, a skippable
 *  one. Source: RFC 8878, sections 3.1.1 and 3.1.2. */
static inline bool mlp_zstd_begins(const unsigned char *bytes, size_t count)
{
    static const unsigned char frame[] = {0x28, 0xB5, 0x2F, 0xFD};
    static const unsigned char skippable[] = {0x50, 0x2A, 0x4D, 0x18};
    bool is_frame = count > 0;
    bool is_skippable = count > 0;
    for (size_t i = 0; i < count && i < sizeof frame; i++) {
        unsigned char byte = i == 0 ? bytes[i] & 0xF0 : bytes[i];
        is_frame = is_frame && bytes[i] == frame[i];
        is_skippable = is_skippable && byte == skippable[i];
    }
    return is_frame || is_skippable;
}

#endif
