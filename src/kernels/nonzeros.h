/** @file
 *  Lists of a row's non-zero inputs, for one instruction set.
 */
#ifndef MLP_KERNELS_NONZEROS_H
#define MLP_KERNELS_NONZEROS_H

#include <string.h>

#include "isa.h"

#if defined(MLP_ISA_AVX2)
/* Write where each of four bits is set, counted from `first`, a byte each; what
 * is written after the last is void. Returns how many there are. */
INLINE size_t list_bits(unsigned bits, size_t first, uint8_t *list)
{
    static const uint32_t places[16] = {
        0,          0x00000000, 0x00000001, 0x00000100, 0x00000002, 0x00000200,
        0x00000201, 0x00020100, 0x00000003, 0x00000300, 0x00000301, 0x00030100,
        0x00000302, 0x00030200, 0x00030201, 0x03020100};
    uint32_t four = places[bits] + 0x01010101U * (uint32_t)first;
    memcpy(list, &four, sizeof four);
    return (size_t)__builtin_popcount(bits);
}
#endif

/* A vector's bits, less those of values beyond the last of `left`. */
INLINE unsigned bits_within(unsigned bits, size_t left)
{
    return left < LANES ? bits & ((1U << left) - 1) : bits;
}

/* Where the n values from `from` are not 0; a whole vector may be read. Vector
 * stores may run LANES bytes over the list's end, into the list that is made
 * next. */
static uint8_t list_nonzeros(const float *from, size_t n, uint8_t *list)
{
    size_t count = 0;
#if defined(MLP_ISA_AVX512)
    const __m128i lanes =
        _mm_setr_epi8(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    for (size_t k = 0; k < n; k += LANES) {
        __mmask16 is_some =
            (__mmask16)bits_within(_mm512_cmp_ps_mask(_mm512_loadu_ps(from + k),
                                                      vec_zero(), _CMP_NEQ_UQ),
                                   n - k);
        __m128i at = _mm_add_epi8(lanes, _mm_set1_epi8((char)k));
        __m512i packed =
            _mm512_maskz_compress_epi32(is_some, _mm512_cvtepu8_epi32(at));
        _mm_storeu_si128((__m128i *)(list + count),
                         _mm512_cvtepi32_epi8(packed));
        count += (size_t)__builtin_popcount(is_some);
    }
#elif defined(MLP_ISA_AVX2)
    for (size_t k = 0; k < n; k += LANES) {
        vec is_some =
            _mm256_cmp_ps(_mm256_loadu_ps(from + k), vec_zero(), _CMP_NEQ_UQ);
        unsigned bits =
            bits_within((unsigned)_mm256_movemask_ps(is_some), n - k);
        count += list_bits(bits & 15, k, list + count);
        count += list_bits(bits >> 4, k + 4, list + count);
    }
#else
    for (size_t k = 0; k < n; k++) {
        list[count] = (uint8_t)k;
        count += from[k] != 0.0f;
    }
#endif
    return (uint8_t)count;
}

/* The lists of a row, of each of its blocks.
 * @param row     [cols], padded with anything to a multiple of MLP_ALIGN
 * @param number  of the row in `lists` */
static void list_row(const float *row, size_t cols, size_t number,
                     const mlp_nonzeros *lists)
{
    for (size_t b = 0; b < lists->blocks; b++) {
        size_t list = number * lists->blocks + b;
        lists->counts[list] = list_nonzeros(
            row + b * MLP_BLOCK, least(MLP_BLOCK, cols - b * MLP_BLOCK),
            lists->columns + list * MLP_BLOCK);
    }
}

#endif
