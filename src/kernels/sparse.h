/** @file
 *  Sparse products, x W or dz W^T, for one instruction set: a row at a time
 *  goes through its values that are not 0. The chain of an element is that of
 *  a dense product, less its exact zeros.
 */
#ifndef MLP_KERNELS_SPARSE_H
#define MLP_KERNELS_SPARSE_H

#include "nonzeros.h"
#include "product.h"

/* Whether at most so many per cent of these rows are not 0, by a sample of
 * them, and there are `vecs` vectors of columns to multiply them by: fewer
 * would have too few chains.
 * @param x  [., stride], rows padded to a multiple of MLP_ALIGN */
INLINE bool is_sparse(size_t percent, const float *x, size_t stride,
                      size_t cols, mlp_range rows, size_t vecs)
{
    if (vecs < SPARSE_VECS || cols > MARKED_BLOCKS * MLP_BLOCK) {
        return false;
    }
    size_t step = rows.count / SAMPLED_ROWS + 1;
    size_t count = 0, nonzeros = 0;
    for (size_t r = 0; r < rows.count; r += step) {
        const float *row = x + (rows.first + r) * stride;
        for (size_t k = 0; k < cols; k += LANES) {
            nonzeros += (size_t)__builtin_popcountll(mark_vector(row + k));
        }
        count += mlp_padded(cols);
    }
    return nonzeros * 100 <= count * percent;
}

/* Of so many rows of some blocks, how many there is room to mark at a time.
 * Without a division where all fit: a single row is soon done. */
INLINE size_t rows_at_once(size_t rows, size_t blocks)
{
    return rows * blocks <= MARKED_BLOCKS ? rows : MARKED_BLOCKS / blocks;
}

/* As mark_row, of so many rows, each a stride after the last.
 * @param blocks  [rows, mlp_blocks(cols)], overwritten */
INLINE void mark_rows(const float *x, size_t stride, size_t cols, size_t rows,
                      uint64_t *blocks)
{
    for (size_t r = 0; r < rows; r++) {
        mark_row(x + r * stride, cols, blocks + r * mlp_blocks(cols));
    }
}

/* Some vectors of columns of one row, over one block of inputs or more. A dense
 * tile of one row and one panel would have two chains, each of which waits for
 * its last multiplication: as many columns as these have enough. */
typedef struct {
    /* From the first input and the first column on, a pointer for each panel:
     * one for each vector would be more than there are registers for. */
    const float *w[ROW_VECS];
    size_t w_stride;
    const float *x;       /* the row, from the first input on */
    const uint64_t *bits; /* of each block: which of its inputs are not 0 */
    float *to;            /* what its chains come to */
    bool is_first, is_last;
} sparse_row;

INLINE void add_input(size_t vecs, const sparse_row *row, size_t k, vec *acc)
{
    /* where there are whole panels, the same as a constant */
    size_t w_stride = vecs < PANEL_VECS ? row->w_stride : MLP_PANEL;
    vec xk = vec_all(row->x[k]);
    UNROLL
    for (size_t v = 0; v < vecs; v++) {
        const float *w = row->w[v / PANEL_VECS] + k * w_stride;
        acc[v] = vec_fma(xk, vec_load(w + v % PANEL_VECS * LANES), acc[v]);
    }
}

/* The chains over the inputs of some blocks whose bits are set. */
INLINE void sparse_product(size_t vecs, size_t blocks, const sparse_row *row,
                           vec *acc)
{
    begin_values(1, vecs, row->is_first, row->to, 0, acc);
    for (size_t b = 0; b < blocks; b++) {
        for (uint64_t bits = row->bits[b]; bits != 0; bits &= bits - 1) {
            size_t k = b * MLP_BLOCK + (size_t)__builtin_ctzll(bits);
            add_input(vecs, row, k, acc);
        }
    }
}

/* Ask for a block of a row, and for what its chains have come to, some rows
 * before it is multiplied: both may be in another core's cache. */
INLINE void prefetch_sparse(size_t vecs, const float *x, const float *to)
{
    UNROLL
    for (size_t k = 0; k < MLP_BLOCK; k += MLP_ALIGN) {
        __builtin_prefetch(x + k);
    }
    prefetch_to_write(to, vecs * LANES);
}

/* Vectors of a row from `column` on, in a matrix with so many columns of which
 * those before `end` are wanted: what a row multiplies has one row length, so
 * it ends before a panel of another width. */
INLINE size_t row_vecs(size_t columns, size_t column, size_t end)
{
    size_t last = mlp_padded(columns) / MLP_PANEL * MLP_PANEL;
    size_t stop = column < last ? least(last, end) : end;
    size_t vecs = ROW_VECS;
    while (vecs > (stop - column) / LANES) {
        vecs /= 2;
    }
    return vecs;
}

/* Expands to `ROW(vecs)` with a constant, for what row_vecs returns. */
#define ROW_CASE(constant)                                                     \
    case constant:                                                             \
        ROW(constant);                                                         \
        break;
#define ROW_SWITCH(vecs)                                                       \
    switch (vecs) {                                                            \
        ROW_CASE(1)                                                            \
        ROW_CASE(2)                                                            \
        ROW_CASE(4)                                                            \
        ROW_CASE(8)                                                            \
    default:                                                                   \
        break;                                                                 \
    }
_Static_assert(ROW_VECS == 8, "ROW_SWITCH ends there");

#endif
