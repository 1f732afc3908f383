/** @file
 *  A bump allocator: arrays are taken one after the other from one allocation.
 *  The same code runs twice: first without memory, to count the bytes, then to
 *  place the arrays.
 */
#ifndef MLP_ARENA_H
#define MLP_ARENA_H

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

/** Starts with used = 0. */
typedef struct {
    char *memory; /**< 64-byte aligned; NULL: count only */
    size_t used;  /**< bytes */
} mlp_arena;

/** Take the next `count` elements of `size` bytes, 64-byte aligned; NULL while
 *  only counting. */
static inline void *mlp_arena_cut(mlp_arena *arena, size_t count, size_t size)
{
    size_t first = arena->used;
    arena->used += (count * size + 63) / 64 * 64;
    return arena->memory != NULL ? arena->memory + first : NULL;
}

/** Allocate `bytes` bytes of zeroed memory, for free(); NULL without memory. */
static inline void *mlp_arena_allocate(size_t bytes)
{
    bytes = (bytes + 64) / 64 * 64;
    void *memory = aligned_alloc(64, bytes);
    return memory != NULL ? memset(memory, 0, bytes) : NULL;
}

#endif
