/** @file
 *  Half-open ranges of indices, and their division into equal parts.
 */
#ifndef MLP_RANGE_H
#define MLP_RANGE_H

#include <stddef.h>

/** first .. first + count - 1. */
typedef struct {
    size_t first, count;
} mlp_range;

/** Part `index` of `parts` of 0 .. total - 1: it begins at floor(index *
 *  total / parts). Used for rows over shards, shards over ranks, and work
 *  over threads. No overflow for any total. */
mlp_range mlp_range_part(size_t total, size_t parts, size_t index);

/** Parts `of` of them, which follow each other, as one range. */
mlp_range mlp_range_parts(size_t total, size_t parts, mlp_range of);

/** What two ranges have in common; count 0 if nothing. */
mlp_range mlp_range_overlap(mlp_range a, mlp_range b);

#endif
