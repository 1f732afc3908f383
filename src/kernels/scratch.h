/** @file
 *  How a thread's scratch memory is used: by backward for a packed panel, by
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
    PACKED_GRAIN = 42,
    /* at most so many: of few rows more would not be read again soon enough. */
    PACKED_GRAINS = 9,
    /* Rows from which on the inputs of a sparse batch don't fit the cache, so
     * that the gradient is made for a block of inputs at a time. */
    LONG_ROWS = 768,
    /* Inputs of such a block: what 256 rows of a chunk have of it, 144 KiB,
     * and one sum of all columns stay in L2. */
    LONG_BLOCK = 144,
    /* Sums of a block at a time: as many as the number of leaves has digits. */
    LONG_SUMS = 6
};

/* Inputs whose values in so many rows are packed at a time: about
 * PACKED_FLOATS. */
static inline size_t packed_inputs(size_t rows)
{
    size_t grains = PACKED_FLOATS / PACKED_GRAIN / (rows > 0 ? rows : 1);
    grains = grains < PACKED_GRAINS ? grains : PACKED_GRAINS;
    return PACKED_GRAIN * (grains > 0 ? grains : 1);
}

/* Floats for backward: a panel of W^T. */
static inline size_t backward_floats(size_t out)
{
    return mlp_padded(out) * MLP_PANEL;
}

/* Floats for the dense gradient of at most so many rows: packed inputs, a third
 * more for the padding of tiles, and a panel of dz. */
static inline size_t dense_floats(size_t rows)
{
    size_t grain = rows * PACKED_GRAIN;
    size_t most = grain * PACKED_GRAINS;
    size_t inputs = most < PACKED_FLOATS ? most : PACKED_FLOATS;
    inputs = inputs > grain ? inputs : grain;
    return inputs / 3 * 4 + rows * MLP_PANEL;
}

/* Floats for the sums of a block of inputs of the sparse gradient. */
static inline size_t long_floats(size_t out, size_t rows)
{
    return rows > LONG_ROWS ? (size_t)LONG_SUMS * LONG_BLOCK * mlp_padded(out)
                            : 0;
}

#endif
