/** @file
 *  What the dense and the sparse weight gradient share, for one instruction
 *  set: where the sums of a register tile go, and the stack of the summation
 *  tree over its leaves.
 */
#ifndef MLP_KERNELS_GRADIENT_H
#define MLP_KERNELS_GRADIENT_H

#include "isa.h"

enum {
    DENSE_ACCS = TILE_ROWS * TILE_VECS,
    SPARSE_ACCS = MLP_GROUP * GROUP_VECS,
    ACC_MAX = DENSE_ACCS > SPARSE_ACCS ? DENSE_ACCS : SPARSE_ACCS,
    SUMS_MAX = 24 /* on the stack of a tree: 65,536 leaves need 17 */
};

/* Sums in parameter layout: of a whole layer, or of a block of its inputs. */
typedef struct {
    float *at;
    size_t in;            /* inputs, rows of a panel */
    size_t input, column; /* the first of each; a panel begins there */
} sum_array;

INLINE sum_array whole_layer(const mlp_dense *layer, float *at)
{
    return (sum_array){at, layer->in, 0, 0};
}

/* What one call computes: x^T dz, summed over the leaves of a subtree, for some
 * inputs and columns. */
typedef struct {
    const mlp_dense *layer;
    const mlp_batch *x;
    const float *dz; /* [rows, dz_stride] */
    size_t dz_stride;
    const mlp_gradient_node *node;
    mlp_range rows; /* of the node's leaves */
    mlp_range inputs;
    size_t column, end;     /* columns: the first, and after the last */
    sum_array sums;         /* where they go; */
    float *biases, *slopes; /* of the first column */
    vec *squares;           /* of all sums stored, lane by lane */
    /* Of sparse inputs: mlp_nonzeros.masks, from the group of first_marked on
     */
    size_t first_marked, groups;
    const uint64_t *masks;
} gradient_work;

/* The block of the gradient that one register tile computes. */
typedef struct {
    const mlp_dense *layer;
    size_t input, inputs; /* the first; how many, at most the tile's */
    size_t column;        /* the first */
    vec *squares;         /* as above */
} tile_block;

/* Where the sums of the tile's first input are, from vector v on, as far as
 * they are in one panel; and how far it is from input to input. */
INLINE float *panel_at(const tile_block *tile, sum_array sums, size_t v,
                       size_t *width)
{
    size_t column = tile->column + v * LANES;
    *width = panel_width(tile->layer->out, column / MLP_PANEL);
    column -= sums.column;
    return sums.at + column / MLP_PANEL * MLP_PANEL * sums.in +
           (tile->input - sums.input) * *width + column % MLP_PANEL;
}

/* What store_tile left there. */
INLINE void load_tile(size_t inputs, size_t vecs, const tile_block *tile,
                      sum_array sums, vec *acc)
{
    clear(inputs * vecs, acc);
    UNROLL
    for (size_t p = 0; p < vecs; p += PANEL_VECS) {
        size_t width;
        const float *from = panel_at(tile, sums, p, &width);
        UNROLL
        for (size_t i = 0; i < inputs; i++) {
            UNROLL
            for (size_t v = p; v < least(p + PANEL_VECS, vecs); v++) {
                if (i < tile->inputs) {
                    acc[i * vecs + v] =
                        vec_load(from + i * width + (v - p) * LANES);
                }
            }
        }
    }
}

/* Where a leaf's chain begins: at 0, or where it has come to in earlier
 * micro-batches.
 * @param goes_on  whether there are any */
INLINE void begin_leaf(size_t inputs, size_t vecs, bool goes_on,
                       const tile_block *tile, const mlp_gradient_node *node,
                       size_t leaf, vec *acc)
{
    if (goes_on) { /* only read */
        float *begun = (float *)node->begun + leaf * node->stride;
        load_tile(inputs, vecs, tile, whole_layer(tile->layer, begun), acc);
    } else {
        clear(inputs * vecs, acc);
    }
}

/* The epilogue of every gradient tile: the last place where its sums are in
 * registers. The squares cost one instruction a register: sums that are not
 * finite are noticed here, and not looked for in memory. */
INLINE void store_tile(size_t inputs, size_t vecs, const tile_block *tile,
                       sum_array sums, const vec *acc)
{
    vec squares = vec_zero();
    UNROLL
    for (size_t p = 0; p < vecs; p += PANEL_VECS) {
        size_t width;
        float *to = panel_at(tile, sums, p, &width);
        UNROLL
        for (size_t i = 0; i < inputs; i++) {
            UNROLL
            for (size_t v = p; v < least(p + PANEL_VECS, vecs); v++) {
                vec sum = acc[i * vecs + v];
                if (i < tile->inputs) {
                    vec_store(to + i * width + (v - p) * LANES, sum);
                    squares = vec_fma(sum, sum, squares);
                }
            }
        }
    }
    *tile->squares = *tile->squares + squares;
}

/* acc[i, v] += x[i] dz[v] for one row of the batch. */
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

/* The same for the rows whose bits are set, counted from x and dz. */
INLINE void add_rows(size_t inputs, size_t vecs, uint64_t bits, const float *x,
                     size_t x_stride, const float *dz, size_t dz_stride,
                     vec *acc)
{
    FORGET(x);
    FORGET(dz);
    for (; bits != 0; bits &= bits - 1) {
        size_t r = (size_t)__builtin_ctzll(bits);
        add_row(inputs, vecs, x + r * x_stride, dz + r * dz_stride, acc);
    }
}

/* Copy accumulators that are needed only later to an array [ACC_MAX]: in
 * memory, where there are too few registers. Left to itself the compiler spills
 * one of the next loop's accumulators. */
INLINE void put_aside(size_t count, const vec *acc, vec *aside)
{
    UNROLL
    for (size_t a = 0; a < count; a++) {
        aside[a] = acc[a];
    }
#if !defined(MLP_ISA_AVX512)
    __asm__("" : "+m"(*(vec(*)[ACC_MAX])aside));
#endif
}

/* The weights of sparse inputs, by masks; and of activations many of which are
 * 0.
 * @param scratch  as for mlp_kernels.gradient */
void ISA(mlp_gradient_sparse)(const gradient_work *work, float *scratch);
void ISA(mlp_gradient_marked)(const gradient_work *work, float *scratch);

#endif
