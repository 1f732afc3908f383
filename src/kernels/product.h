/** @file
 *  A register tile of a dense product, x W or dz W^T, for one instruction set:
 *  chains of multiply-adds, which may be cut into blocks.
 */
#ifndef MLP_KERNELS_ISA_PRODUCT_H
#define MLP_KERNELS_ISA_PRODUCT_H

#include "isa.h"

/* A block of a chain, in which all rows go through the same weights: those
 * stay in cache, and what a chain came to waits where its result will be. */
typedef struct {
    mlp_range of; /* the chain's terms */
    bool is_first, is_last;
} chain_block;

INLINE size_t chain_blocks(size_t terms)
{
    return (terms + CHAIN_BLOCK - 1) / CHAIN_BLOCK;
}

/* Block b: whole panels, but for the last one's end. */
INLINE chain_block chain_block_at(size_t terms, size_t b)
{
    size_t blocks = chain_blocks(terms);
    mlp_range part = mlp_range_part(mlp_panels(terms), blocks, b);
    size_t first = part.first * MLP_PANEL;
    size_t count = least(part.count * MLP_PANEL, terms - first);
    return (chain_block){{first, count}, b == 0, b + 1 == blocks};
}

/* What a tile's chains came to in earlier blocks: [rows, stride] with `vecs`
 * vectors each. */
INLINE void begin_values(size_t rows, size_t vecs, bool is_first,
                         const float *begun, size_t stride, vec *acc)
{
    if (is_first) {
        clear(rows * vecs, acc);
        return;
    }
    UNROLL
    for (size_t a = 0; a < rows * vecs; a++) {
        acc[a] = vec_load(begun + a / vecs * stride + a % vecs * LANES);
    }
}

INLINE void store_values(size_t rows, size_t vecs, const vec *acc, float *to,
                         size_t stride)
{
    UNROLL
    for (size_t a = 0; a < rows * vecs; a++) {
        vec_store(to + a / vecs * stride + a % vecs * LANES, acc[a]);
    }
}

/* What a tile multiplies, and where its chains begin and end. */
typedef struct {
    chain_block block;
    const float *x; /* [rows, x_stride], from the block's first term on */
    size_t x_stride;
    const float *w; /* [the block's terms, w_stride], from the tile's first
                       column on */
    size_t w_stride;
    float *to; /* [rows, stride], from the tile's first element on */
    size_t stride;
} product_tile;

/* acc[r, v] += sum over k of x[r, k] w[k, v]: the chain runs over k. */
INLINE void tile_product(size_t rows, size_t vecs, const product_tile *tile,
                         size_t w_stride, vec *acc)
{
    const float *at[TILE_ROWS], *xk[TILE_ROWS];
    UNROLL
    for (size_t r = 0; r < rows; r += ROWS_A_POINTER) {
        at[r] = tile->x + r * tile->x_stride;
        FORGET(at[r]);
    }
    UNROLL_BY(UNROLL_DEPTH)
    for (size_t k = 0; k < tile->block.of.count; k++) {
        UNROLL
        for (size_t r = 0; r < rows; r++) {
            size_t after = r % ROWS_A_POINTER;
            xk[r] = at[r - after] + after * tile->x_stride;
        }
        add_outer(rows, vecs, xk, tile->w + k * w_stride, acc);
        UNROLL
        for (size_t r = 0; r < rows; r += ROWS_A_POINTER) {
            at[r]++;
            FORGET(at[r]);
        }
    }
}

/* A tile of one block, from what its chains came to in earlier ones. */
INLINE void block_product(size_t rows, size_t vecs, const product_tile *tile,
                          vec *acc)
{
    /* where a tile is a panel, the same as a constant */
    size_t w_stride =
        MLP_PANEL == TILE_VECS * LANES ? vecs * LANES : tile->w_stride;
    UNROLL
    for (size_t r = 0; r < rows; r++) {
        prefetch_to_write(tile->to + r * tile->stride, vecs * LANES);
    }
    begin_values(rows, vecs, tile->block.is_first, tile->to, tile->stride, acc);
    tile_product(rows, vecs, tile, w_stride, acc);
}

#endif
