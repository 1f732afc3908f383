/** @file
 *  The draws of base/rng.h, eight blocks side by side, for one instruction set.
 */
#ifndef MLP_KERNELS_PHILOX_H
#define MLP_KERNELS_PHILOX_H

#include <string.h>

#include "base/rng.h"

#include "isa.h"

enum {
    SIDE = MLP_PANEL / 4, /* blocks of four words a panel */
    WIDE = LANES / 2      /* 64-bit numbers of a vector register */
};

/* A word of WIDE blocks, in the lower halves; what is in the upper ones means
 * nothing. So a product of 64 bits needs no packing. */
typedef uint64_t words __attribute__((vector_size(WIDE * sizeof(uint64_t))));
typedef uint32_t halves __attribute__((vector_size(WIDE * sizeof(uint32_t))));

INLINE words words_all(uint32_t value)
{
    return (words){0} + value;
}

/* The 64-bit products of lower halves. */
INLINE words words_product(words a, words b)
{
#if defined(MLP_ISA_AVX512)
    return (words)_mm512_mul_epu32((__m512i)a, (__m512i)b);
#elif defined(MLP_ISA_AVX2)
    return (words)_mm256_mul_epu32((__m256i)a, (__m256i)b);
#elif defined(__x86_64__)
    return (words)_mm_mul_epu32((__m128i)a, (__m128i)b);
#else
    return (a & 0xFFFFFFFF) * (b & 0xFFFFFFFF);
#endif
}

/* Philox4x32-10 (see base/rng.c) of WIDE blocks. */
INLINE void mix_blocks(words x[4], uint64_t seed)
{
    enum { ROUNDS = 10 };
    uint32_t low = (uint32_t)seed, high = (uint32_t)(seed >> 32);
    UNROLL
    for (int round = 0; round < ROUNDS; round++) {
        words a = words_product(words_all(0xD2511F53U), x[0]);
        words b = words_product(words_all(0xCD9E8D57U), x[2]);
        x[0] = (b >> 32) ^ x[1] ^ words_all(low);
        x[1] = b;
        x[2] = (a >> 32) ^ x[3] ^ words_all(high);
        x[3] = a;
        low += 0x9E3779B9U;
        high += 0xBB67AE85U;
    }
}

/* Word w of the block of (key, row, first_unit + i) to drawn[w][i]. */
INLINE void draw_blocks(mlp_rng_key key, uint64_t row, uint32_t first_unit,
                        uint32_t drawn[4][SIDE])
{
    words lanes = {0};
    for (size_t i = 0; i < WIDE; i++) {
        lanes[i] = i;
    }
    UNROLL
    for (uint32_t v = 0; v < SIDE; v += WIDE) {
        words x[4] = {
            lanes + (first_unit + v), words_all((uint32_t)row),
            words_all(key.epoch),
            words_all((uint32_t)key.purpose | (uint32_t)(row >> 32) << 8)};
        mix_blocks(x, key.seed);
        UNROLL
        for (size_t w = 0; w < 4; w++) {
            halves lower = __builtin_convertvector(x[w], halves);
            memcpy(&drawn[w][v], &lower, sizeof lower);
        }
    }
}

#endif
