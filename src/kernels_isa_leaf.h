/** @file
 *  One leaf's part in a tile of the weight gradient, for one instruction set:
 *  the chain of multiply-adds over the leaf's rows, or those that are not zero.
 *  Of kernels_isa_gradient.c, which adds leaves up.
 */
#ifndef MLP_KERNELS_ISA_LEAF_H
#define MLP_KERNELS_ISA_LEAF_H

#include "kernels_isa.h"

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
    size_t input, inputs; /* first input of the tile, how many */
    size_t column;        /* first column */
    vec *squares;         /* lane by lane, of all sums that were stored */
} tile_place;

/* acc[i, v] += x[i] dz[v] for one row. */
INLINE void add_row(size_t inputs, size_t vecs, const float *x, const float *dz,
                    vec *acc)
{
    vec d[GROUP_VECS];
    UNROLL
    for (size_t v = 0; v < vecs; v++) {
        d[v] = vec_load(dz + v * LANES);
    }
    UNROLL
    for (size_t i = 0; i < inputs; i++) {
        vec xi = vec_all(x[i]);
        UNROLL
        for (size_t v = 0; v < vecs; v++) {
            acc[i * vecs + v] = vec_fma(xi, d[v], acc[i * vecs + v]);
        }
    }
}

/* How a tile goes through the rows of a leaf. */
typedef enum {
    ALL_ROWS,
    SHORT_MASKS, /* non-zero rows; no leaf has more than one mask word */
    LONG_MASKS
} walk;

/* A leaf as a tile sees it. Resolved before the rows are walked: their number
 * is hard to predict, and after a misprediction the next leaf should only
 * wait for its own rows. */
typedef struct {
    const float *x, *dz;  /* of its first row, at the tile's place */
    size_t count;         /* rows, or mask words */
    const uint64_t *mask; /* its first word; each is `groups` after the last */
    uint64_t bits;        /* that word */
} leaf_view;

INLINE leaf_view view_leaf(walk how, const tile_place *place, size_t leaf)
{
    const mlp_batch *x = place->x;
    size_t first = x->leaf_start[leaf];
    size_t word = x->leaf_word[leaf];
    leaf_view view = {0};
    view.x = x->values + first * x->stride + place->input;
    view.dz = place->dz + first * place->dz_stride + place->column;
    if (how == ALL_ROWS) {
        view.count = x->leaf_start[leaf + 1] - first;
        return view;
    }
    view.count = x->leaf_word[leaf + 1] - word;
    view.mask = x->nonzeros->masks + word * x->nonzeros->groups +
                place->input / MLP_GROUP;
    view.bits = view.count > 0 ? *view.mask : 0;
    return view;
}

/* A leaf's chain over the rows named by bits. */
INLINE void add_masked(size_t inputs, size_t vecs, uint64_t bits,
                       const float *x, size_t x_stride, const float *dz,
                       size_t dz_stride, vec *acc)
{
    FORGET(x);
    FORGET(dz);
    for (; bits != 0; bits &= bits - 1) {
        size_t r = (size_t)__builtin_ctzll(bits);
        add_row(inputs, vecs, x + r * x_stride, dz + r * dz_stride, acc);
    }
}

/* What store_tile left in `sum`. */
INLINE void load_tile(size_t inputs, size_t vecs, const tile_place *place,
                      const float *sum, vec *acc)
{
    size_t in = place->layer->in;
    size_t out = place->layer->out;
    clear(inputs * vecs, acc);
    UNROLL
    for (size_t i = 0; i < inputs; i++) {
        if (i < place->inputs) {
            UNROLL
            for (size_t v = 0; v < vecs; v++) {
                size_t column = place->column + v * LANES;
                acc[i * vecs + v] = vec_load(
                    sum + mlp_dense_index(in, out, place->input + i, column));
            }
        }
    }
}

/* A leaf's chain, from what it came to in earlier pieces of the batch, if it
 * did. */
INLINE void sum_leaf(size_t inputs, size_t vecs, walk how,
                     const tile_place *place, leaf_view view,
                     const float *begun, vec *acc)
{
    size_t x_stride = place->x->stride;
    size_t dz_stride = place->dz_stride;
    if (begun == NULL) {
        clear(inputs * vecs, acc);
    } else {
        load_tile(inputs, vecs, place, begun, acc);
    }
    if (how == SHORT_MASKS) {
        add_masked(inputs, vecs, view.bits, view.x, x_stride, view.dz,
                   dz_stride, acc);
    } else if (how == ALL_ROWS) {
        UNROLL_ROWS
        for (size_t r = 0; r < view.count; r++) {
            add_row(inputs, vecs, view.x + r * x_stride,
                    view.dz + r * dz_stride, acc);
        }
    } else {
        for (size_t w = 0; w < view.count; w++) {
            size_t r = w * MLP_MASK_ROWS;
            add_masked(inputs, vecs, view.mask[w * place->x->nonzeros->groups],
                       view.x + r * x_stride, x_stride, view.dz + r * dz_stride,
                       dz_stride, acc);
        }
    }
}

#endif
