/** @file
 *  bfloat16: the upper half of a float, 8 bits of significand.
 *
 *  Source: Intel 2018, "BFLOAT16 - Hardware Numerics Definition"; unlike there,
 *  subnormal numbers are not flushed to zero.
 */
#ifndef MLP_BFLOAT16_H
#define MLP_BFLOAT16_H

#include <stdint.h>
#include <string.h>

static inline uint32_t mlp_float_bits(float x)
{
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

static inline float mlp_float_of_bits(uint32_t bits)
{
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

/** Round to the nearest bfloat16, ties to even; infinite beyond the largest.
 *  NaN stays NaN. */
static inline float mlp_bfloat16_round(float x)
{
    uint32_t bits = mlp_float_bits(x);
    uint32_t is_nan = (bits & 0x7fffffffU) > 0x7f800000U;
    uint32_t nearest = bits + 0x7fffU + (bits >> 16 & 1);
    uint32_t quiet = bits | 0x00400000U;
    return mlp_float_of_bits((is_nan ? quiet : nearest) & 0xffff0000U);
}

/** The upper half of a float that is a bfloat16, and the float again. */
static inline uint16_t mlp_bfloat16_pack(float x)
{
    return (uint16_t)(mlp_float_bits(x) >> 16);
}

static inline float mlp_bfloat16_unpack(uint16_t half)
{
    return mlp_float_of_bits((uint32_t)half << 16);
}

#endif
