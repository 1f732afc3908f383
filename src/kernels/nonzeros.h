/** @file
 *  A row's values that are not 0, as bits, for one instruction set.
 */
#ifndef MLP_KERNELS_NONZEROS_H
#define MLP_KERNELS_NONZEROS_H

#include <string.h>

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
 * @param blocks  [mlp_blocks(cols)], overwritten */
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

_Static_assert(MLP_GROUP * sizeof(float) == sizeof(uint64_t),
               "a group is tested by its bits");

/* Set this bit in the words of those groups of which a value is not 0.
 * @param group  values of each: 1 or MLP_GROUP
 * @param from   [groups, group] */
INLINE void mask_groups(size_t group, const float *from, size_t groups,
                        unsigned bit, uint64_t *words)
{
    const uint64_t signless = group == 1 ? 0x7FFFFFFF : 0x7FFFFFFF7FFFFFFF;
    for (size_t g = 0; g < groups; g++) {
        uint64_t bits = 0;
        memcpy(&bits, from + g * group, group * sizeof *from);
        words[g] |= (uint64_t)((bits & signless) != 0) << bit;
    }
}

#endif
