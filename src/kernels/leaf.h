/** @file
 *  One leaf's part in a tile of the weight gradient, for one instruction set:
 *  the chain of multiply-adds over the leaf's rows, or those that are not zero.
 *  Of tree.h, which adds leaves up.
 */
#ifndef MLP_KERNELS_ISA_LEAF_H
#define MLP_KERNELS_ISA_LEAF_H

#include "isa.h"

enum {
    ACC_MAX = TILE_ROWS * TILE_VECS > MLP_GROUP *GROUP_VECS
                  ? TILE_ROWS *TILE_VECS
                  : MLP_GROUP *GROUP_VECS
};

/* Where one tile of the gradient comes from and goes to. */
typedef struct {
    const mlp_dense *layer;
    const mlp_batch *x;
    const float *dz;
    size_t dz_stride;
    vec *squares;         /* lane by lane, of all sums that were stored */
    size_t column;        /* first column */
    size_t input, inputs; /* first input of the tile, how many */
    mlp_range rows;       /* of the node */
    /* there, of the batch's first row and first mask word; of dense tiles, of
     * the node's first row, where its rows may be copies */
    const float *first_x, *first_dz;
    const uint64_t *first_mask;
    size_t x_stride; /* of dense tiles, from row to row */
} tile_place;

/* acc[i, v] += x[i] dz[v] for one row. */
INLINE void add_row(size_t inputs, size_t vecs, const float *x, const float *dz,
                    vec *acc)
{
    const float *xi[TILE_ROWS];
    UNROLL
    for (size_t i = 0; i < inputs; i++) {
        xi[i] = x + i;
    }
    add_outer(inputs, vecs, xi, dz, acc);
}

/* How a tile goes through the rows of a leaf. */
typedef enum {
    ALL_ROWS,
    SHORT_MASKS, /* non-zero rows; no leaf has more than one mask word */
    LONG_MASKS
} walk;

/* Where a walk through all rows has come to. */
typedef struct {
    const float *x, *dz;
    const size_t *leaf_start; /* of the leaf that is next */
} row_cursor;

INLINE row_cursor first_row(const tile_place *place, size_t first_leaf)
{
    return (row_cursor){place->first_x, place->first_dz,
                        place->x->leaf_start + first_leaf};
}

INLINE void add_next_row(size_t inputs, size_t vecs, const tile_place *place,
                         row_cursor *at, vec *acc)
{
    add_row(inputs, vecs, at->x, at->dz, acc);
    at->x += place->x_stride;
    at->dz += vecs * LANES;
}

/* The chain over all rows of the next leaf. */
INLINE void add_rows(size_t inputs, size_t vecs, const tile_place *place,
                     row_cursor *at, vec *acc)
{
    size_t count = at->leaf_start[1] - at->leaf_start[0];
    at->leaf_start++;
    size_t whole = count & -(size_t)UNROLL_ROWS;
    UNROLL_BY(UNROLL_ROWS)
    for (size_t r = 0; r < whole; r++) {
        add_next_row(inputs, vecs, place, at, acc);
    }
    for (size_t r = whole; r < count; r++) {
        add_next_row(inputs, vecs, place, at, acc);
    }
}

/* A leaf's masks as a tile sees them. Looked up before the rows are walked:
 * their number is hard to predict, and after a misprediction the next leaf
 * should only wait for its own rows. */
typedef struct {
    size_t first, count;  /* first row; mask words */
    const uint64_t *mask; /* its first word; each is `groups` after the last */
    uint64_t bits;        /* that word */
} leaf_view;

INLINE leaf_view view_leaf(walk how, const tile_place *place, size_t leaf)
{
    const mlp_batch *x = place->x;
    leaf_view view = {.first = x->leaf_start[leaf], .count = 1};
    size_t word = leaf; /* each leaf has one */
    if (how == LONG_MASKS) {
        word = x->leaf_word[leaf];
        view.count = x->leaf_word[leaf + 1] - word;
    }
    view.mask = place->first_mask + word * x->nonzeros->groups;
    view.bits = *view.mask;
    return view;
}

/* A leaf's chain over the rows named by bits, counted from `first`. */
INLINE void add_masked(size_t inputs, size_t vecs, const tile_place *place,
                       uint64_t bits, size_t first, vec *acc)
{
    const float *x = place->first_x + first * place->x->stride;
    const float *dz = place->first_dz + first * place->dz_stride;
    FORGET(x);
    FORGET(dz);
    for (; bits != 0; bits &= bits - 1) {
        size_t r = (size_t)__builtin_ctzll(bits);
        add_row(inputs, vecs, x + r * place->x->stride,
                dz + r * place->dz_stride, acc);
    }
}

/* Where the tile's columns from vector v on, as far as they are in one panel,
 * are in parameter layout; and how far it is from input to input. */
INLINE size_t panel_part(const tile_place *place, size_t v, size_t *width)
{
    const mlp_dense *layer = place->layer;
    size_t column = place->column + v * LANES;
    *width = panel_width(layer->out, column / MLP_PANEL);
    return mlp_dense_index(layer->in, layer->out, place->input, column);
}

/* What store_tile left in `sums`. */
INLINE void load_tile(size_t inputs, size_t vecs, const tile_place *place,
                      const float *sums, vec *acc)
{
    clear(inputs * vecs, acc);
    UNROLL
    for (size_t p = 0; p < vecs; p += PANEL_VECS) {
        size_t width;
        const float *from = sums + panel_part(place, p, &width);
        UNROLL
        for (size_t i = 0; i < inputs; i++) {
            UNROLL
            for (size_t v = p; v < least(p + PANEL_VECS, vecs); v++) {
                if (i < place->inputs) {
                    acc[i * vecs + v] =
                        vec_load(from + i * width + (v - p) * LANES);
                }
            }
        }
    }
}

/* What a leaf's chain came to in earlier pieces of the batch, if there were
 * any. */
INLINE void begin_leaf(size_t inputs, size_t vecs, const tile_place *place,
                       const float *begun, vec *acc)
{
    if (begun == NULL) {
        clear(inputs * vecs, acc);
    } else {
        load_tile(inputs, vecs, place, begun, acc);
    }
}

/* The chain over the rows of a leaf that are not zero. */
INLINE void add_nonzeros(size_t inputs, size_t vecs, walk how,
                         const tile_place *place, leaf_view view, vec *acc)
{
    if (how == SHORT_MASKS) {
        add_masked(inputs, vecs, place, view.bits, view.first, acc);
        return;
    }
    for (size_t w = 0; w < view.count; w++) {
        add_masked(inputs, vecs, place,
                   view.mask[w * place->x->nonzeros->groups],
                   view.first + w * MLP_MASK_ROWS, acc);
    }
}

#endif
