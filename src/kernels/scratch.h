/** @file
 *  How a thread's scratch memory is used: by backward for packed panels, by
 *  the gradient for packed inputs or for the sums of long leaves. Private to
 *  this room; callers ask mlp_scratch_bytes.
 *
 *  The constants trade cache for passes over the data. They are the same on
 *  every instruction set, so that what a run needs does not depend on the CPU.
 */
#ifndef MLP_KERNELS_SCRATCH_H
#define MLP_KERNELS_SCRATCH_H

#include "kernels.h"

enum {
    /* Floats of packed inputs of a dense gradient: 384 KiB, which leave room
     * in an L2 of 1 MiB for dz and the gradient. */
    PACKED_FLOATS = 96 * 1024,
    /* Packed inputs are whole tiles of 3, 6 or 14: multiples of this, */
    PACKED_STEP = 42,
    /* at most so many: of few rows more would not be read again soon enough. */
    PACKED_STEPS_MOST = 9,
    /* Columns of a dense gradient from which on its inputs are packed, on any
     * instruction set (tuning.h: PACKING_TILES). */
    PACKED_COLUMNS = 384,
    /* Rows beyond which the inputs of a sparse batch don't fit the cache: short
     * leaves, too, are then taken one by one for a block of inputs, */
    LONG_ROWS = 768,
    /* if there are fewer than this; of more, the sums would be most of it. */
    LONG_LEAVES = 64,
    /* Inputs of such a block at most: what 256 rows of a chunk have of it, 144
     * KiB, and one sum of all columns stay in L2. */
    LONG_BLOCK = 144,
    /* Panels of W^T that a row of a sparse product goes through at most, on any
     * instruction set (tuning.h: ROW_VECS). */
    SPARSE_PANELS = 4
};

/* Sums in scratch memory at a time, when those of so many leaves are added as
 * base/tree.h says and the lowest is elsewhere: floor(log2(leaves)). */
static inline size_t most_sums(size_t leaves)
{
    size_t sums = 0;
    for (; leaves > 1; leaves /= 2) {
        sums++;
    }
    return sums;
}

/* Inputs whose values in so many rows are packed at a time: about
 * PACKED_FLOATS. */
static inline size_t packed_inputs(size_t rows)
{
    size_t steps = PACKED_FLOATS / PACKED_STEP / (rows > 0 ? rows : 1);
    steps = steps < PACKED_STEPS_MOST ? steps : PACKED_STEPS_MOST;
    return PACKED_STEP * (steps > 0 ? steps : 1);
}

/* Floats for backward: a panel of W^T, or a block of some, as many as a row of
 * a sparse product has at most on any instruction set. */
static inline size_t backward_floats(size_t out)
{
    size_t panel = mlp_padded(out) * MLP_PANEL;
    size_t block = (size_t)MLP_BLOCK * MLP_PANEL * SPARSE_PANELS;
    return panel > block ? panel : block;
}

/* Floats for the dense gradient of at most so many rows: packed inputs, a third
 * more for the padding of tiles, and a panel of dz. */
static inline size_t dense_floats(size_t rows)
{
    size_t step = rows * PACKED_STEP;
    size_t most = step * PACKED_STEPS_MOST;
    size_t inputs = most < PACKED_FLOATS ? most : PACKED_FLOATS;
    inputs = inputs > step ? inputs : step;
    return inputs / 3 * 4 + rows * MLP_PANEL;
}

/* Floats for the sums of a block of inputs of the sparse gradient. Of batches
 * with fewer rows blocks are as large as the rest of scratch allows: a panel of
 * W^T has room for two inputs of 65,536 leaves. */
static inline size_t long_floats(size_t out, size_t rows)
{
    return rows > LONG_ROWS
               ? most_sums(LONG_LEAVES - 1) * LONG_BLOCK * mlp_padded(out)
               : 0;
}

#endif
