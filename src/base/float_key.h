/** @file
 *  Floats as integers of the same order, for exact statistics by integers.
 */
#ifndef MLP_FLOAT_KEY_H
#define MLP_FLOAT_KEY_H

#include <stdint.h>
#include <string.h>

/** The bits of negative floats are in reverse order. */
static inline uint32_t mlp_float_key(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits ^ (bits >> 31 ? UINT32_MAX : UINT32_C(1) << 31);
}

/** The float of a key. */
static inline float mlp_key_float(uint32_t key)
{
    float value;
    uint32_t bits = key ^ (key >> 31 ? UINT32_C(1) << 31 : UINT32_MAX);
    memcpy(&value, &bits, sizeof value);
    return value;
}

#endif
