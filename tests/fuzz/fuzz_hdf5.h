/** @file
 *  For fuzz targets of HDF5 files: mutations with valid checksums of metadata,
 *  without which nearly all would be refused; and a check of the children that
 *  try the files. This header defines hooks of libFuzzer, so only one file of a
 *  target includes it.
 */
#ifndef MLP_FUZZ_HDF5_H
#define MLP_FUZZ_HDF5_H

#include <string.h>

#include "checkpoint/checkpoint.h"
#include "fuzz.h"
#include "fuzz_children.h"

/** lookup3, by Bob Jenkins 2006 ("hashlittle"), which HDF5 uses. */
static inline uint32_t fuzz_lookup3(const uint8_t *bytes, size_t n)
{
    uint32_t a = 0xdeadbeef + (uint32_t)n, b = a, c = a;
#define ROT(x, k) ((x) << (k) | (x) >> (32 - (k)))
    while (n > 0) {
        uint8_t block[12] = {0};
        size_t taken = n < sizeof block ? n : sizeof block;
        memcpy(block, bytes, taken);
        uint32_t words[3];
        memcpy(words, block, sizeof words);
        a += words[0];
        b += words[1];
        c += words[2];
        bytes += taken;
        n -= taken;
        if (n == 0) {
            c = (c ^ b) - ROT(b, 14);
            a = (a ^ c) - ROT(c, 11);
            b = (b ^ a) - ROT(a, 25);
            c = (c ^ b) - ROT(b, 16);
            a = (a ^ c) - ROT(c, 4);
            b = (b ^ a) - ROT(a, 14);
            c = (c ^ b) - ROT(b, 24);
        } else {
            a = (a - c) ^ ROT(c, 4);
            c += b;
            b = (b - a) ^ ROT(a, 6);
            a += c;
            c = (c - b) ^ ROT(b, 8);
            b += a;
            a = (a - c) ^ ROT(c, 16);
            c += b;
            b = (b - a) ^ ROT(a, 19);
            a += c;
            c = (c - b) ^ ROT(b, 4);
            b += a;
        }
    }
#undef ROT
    return c;
}

static inline void fuzz_set_sum(uint8_t *data, size_t size, size_t from,
                                size_t length)
{
    if (from < size && length < size - from && size - from - length >= 4) {
        uint32_t sum = fuzz_lookup3(data + from, length);
        memcpy(data + from + length, &sum, sizeof sum);
    }
}

/** Fix the checksum of an object header: signature, version, flags, times and
 *  limits depending on flags, size of the rest, the rest, and the checksum. */
static inline void fuzz_sum_header(uint8_t *data, size_t size, size_t at)
{
    unsigned flags = data[at + 5];
    size_t head = 6 + (flags & 0x20 ? 16U : 0U) + (flags & 0x10 ? 4U : 0U);
    size_t width = (size_t)1 << (flags & 3);
    uint64_t messages = 0;
    if (at + head + width < size) {
        memcpy(&messages, data + at + head, width);
        if (messages < size) {
            fuzz_set_sum(data, size, at, head + width + messages);
        }
    }
}

/** Fix the checksum of a continuation of an object header, whose address and
 *  length are in the message that refers to it. */
static inline void fuzz_sum_continuation(uint8_t *data, size_t size, size_t at,
                                         size_t base)
{
    for (size_t i = 0; i + 16 <= size; i++) {
        uint64_t to[2];
        memcpy(to, data + i, sizeof to);
        if (to[0] == at - base && to[1] >= 8 && to[1] < size) {
            fuzz_set_sum(data, size, at, to[1] - 4);
        }
    }
}

/** Fix all checksums of metadata that can be found. */
static inline void fuzz_sum_all(uint8_t *data, size_t size)
{
    enum { SUPERBLOCK_BYTES = 44 };
    size_t base = 0;
    for (size_t at = 0; at + 8 <= size; at++) {
        if (memcmp(data + at, "\211HDF", 4) == 0) {
            base = at;
            fuzz_set_sum(data, size, at, SUPERBLOCK_BYTES);
        } else if (memcmp(data + at, "OHDR", 4) == 0) {
            fuzz_sum_header(data, size, at);
        } else if (memcmp(data + at, "OCHK", 4) == 0) {
            fuzz_sum_continuation(data, size, at, base);
        }
    }
}

/** libFuzzer's default mutation. */
__attribute__((weak)) size_t LLVMFuzzerMutate(uint8_t *data, size_t size,
                                              size_t most);

/** Called by libFuzzer to mutate an input. */
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t most,
                               unsigned seed);

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t most,
                               unsigned seed)
{
    size = LLVMFuzzerMutate(data, size, most);
    if (seed % 8 != 0) {
        fuzz_sum_all(data, size);
    }
    return size;
}

/** The target proper, which may have children: each source file of such a
 *  fuzzer defines one. */
static void fuzz_target(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_target(data, size);
    fuzz_expect_sound_children();
    return 0;
}

#endif
