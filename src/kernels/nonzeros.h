/** @file
 *  A row's values that are not 0, as bits, for one instruction set.
 */
#ifndef MLP_KERNELS_NONZEROS_H
#define MLP_KERNELS_NONZEROS_H

#include "isa.h"

/* The lanes of a vector that are not 0. */
INLINE uint64_t mark_vector(const float *from)
{
#if defined(MLP_ISA_AVX512)
    return _mm512_cmp_ps_mask(_mm512_loadu_ps(from), vec_zero(), _CMP_NEQ_UQ);
#elif defined(MLP_ISA_AVX2)
    return (unsigned)_mm256_movemask_ps(
        _mm256_cmp_ps(_mm256_loadu_ps(from), vec_zero(), _CMP_NEQ_UQ));
#else
    uint64_t bits = 0;
    for (size_t i = 0; i < LANES; i++) {
        bits |= (uint64_t)(from[i] != 0.0f) << i;
    }
    return bits;
#endif
}

/* Bit k of a block: its value k is not 0.
 * @param row     [cols], padded with anything to a multiple of MLP_ALIGN
 * @param blocks  [ceil(cols / MLP_BLOCK)], overwritten */
INLINE void mark_row(const float *row, size_t cols, uint64_t *blocks)
{
    for (size_t k = 0; k < cols; k += MLP_BLOCK) {
        size_t count = least(MLP_BLOCK, cols - k);
        uint64_t bits = 0;
        for (size_t i = 0; i < count; i += LANES) {
            bits |= mark_vector(row + k + i) << i;
        }
        blocks[k / MLP_BLOCK] = bits & ~(uint64_t)0 >> (MLP_BLOCK - count);
    }
}

#endif
