/** @file
 *  A piece of memory out of which arrays are cut. The same code cuts twice:
 *  first out of nothing, to see how many bytes it takes, then in earnest.
 */
#ifndef MLP_ARENA_H
#define MLP_ARENA_H

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

/** Begin with used = 0. */
typedef struct {
    char *memory; /**< 64-byte aligned; NULL: only count */
    size_t used;  /**< bytes */
} mlp_arena;

/** The next `count` elements of `size` bytes, 64-byte aligned; NULL while only
 *  counting. */
static inline void *mlp_arena_cut(mlp_arena *arena, size_t count, size_t size)
{
    size_t first = arena->used;
    arena->used += (count * size + 63) / 64 * 64;
    return arena->memory != NULL ? arena->memory + first : NULL;
}

/** Zeroed memory for so many bytes, to be freed; NULL without memory. */
static inline void *mlp_arena_allocate(size_t bytes)
{
    bytes = (bytes + 64) / 64 * 64;
    void *memory = aligned_alloc(64, bytes);
    return memory != NULL ? memset(memory, 0, bytes) : NULL;
}

#endif
