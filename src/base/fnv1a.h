/** @file
 *  A hash of bytes, for tables and comparisons; no protection from those who
 *  choose the bytes.
 *
 *  Source: Fowler, Noll and Vo 1991, FNV-1a of 64 bits.
 */
#ifndef MLP_FNV1A_H
#define MLP_FNV1A_H

#include <stddef.h>
#include <stdint.h>

/** The hash of no bytes. */
#define MLP_FNV1A UINT64_C(0xcbf29ce484222325)

/** The hash of what `hash` is of, and then these bytes. */
static inline uint64_t mlp_fnv1a(uint64_t hash, const char *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        hash = (hash ^ (unsigned char)bytes[i]) * UINT64_C(0x100000001b3);
    }
    return hash;
}

#endif
