/** @file
 *  A tile of the weight gradient, for one instruction set: the tree over its
 *  leaves. Of gradient.c, which goes from tile to tile.
 */
#ifndef MLP_KERNELS_ISA_TREE_H
#define MLP_KERNELS_ISA_TREE_H

#include "leaf.h"

enum { SUMS_MAX = 24 }; /* on a stack: 65,536 leaves need 17 */

/* The squares cost one instruction a register: sums that are not finite are
 * noticed while they are here, and not looked for in memory. */
INLINE void store_tile(size_t inputs, size_t vecs, const tile_place *place,
                       float *sums, const vec *acc)
{
    vec squares = vec_zero();
    UNROLL
    for (size_t p = 0; p < vecs; p += PANEL_VECS) {
        size_t width;
        float *to = sums + panel_part(place, p, &width);
        UNROLL
        for (size_t i = 0; i < inputs; i++) {
            UNROLL
            for (size_t v = p; v < least(p + PANEL_VECS, vecs); v++) {
                vec sum = acc[i * vecs + v];
                if (i < place->inputs) {
                    vec_store(to + i * width + (v - p) * LANES, sum);
                    squares = vec_fma(sum, sum, squares);
                }
            }
        }
    }
    *place->squares = *place->squares + squares;
}

/* Copy vectors that are needed only later to an array [ACC_MAX]: in memory,
 * where there are too few registers. Left to itself the compiler takes one from
 * the next loop's sums. */
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

/* Two leaves with masks. */
INLINE void sum_pair(size_t inputs, size_t vecs, walk how,
                     const tile_place *place, const leaf_view view[2], vec *acc)
{
    size_t count = inputs * vecs;
    vec left[ACC_MAX];
    clear(count, acc);
    add_nonzeros(inputs, vecs, how, place, view[0], acc);
    put_aside(count, acc, left);
    clear(count, acc);
    add_nonzeros(inputs, vecs, how, place, view[1], acc);
    add_left(count, left, acc);
}

/* Four leaves, with all sums in registers, or nearly. */
INLINE void sum_quad(size_t inputs, size_t vecs, walk how,
                     const tile_place *place, size_t leaf, vec *acc)
{
    size_t count = inputs * vecs;
    vec left[ACC_MAX];
    leaf_view view[4];
    for (size_t i = 0; i < 4; i++) {
        view[i] = view_leaf(how, place, leaf + i);
    }
    sum_pair(inputs, vecs, how, place, view, acc);
    put_aside(count, acc, left);
    sum_pair(inputs, vecs, how, place, view + 2, acc);
    add_left(count, left, acc);
}

/* One leaf. */
INLINE void sum_leaf(size_t inputs, size_t vecs, walk how,
                     const tile_place *place, size_t leaf, const float *begun,
                     row_cursor *rows, vec *acc)
{
    begin_leaf(inputs, vecs, place, begun, acc);
    if (how == ALL_ROWS) {
        add_rows(inputs, vecs, place, rows, acc);
    } else {
        add_nonzeros(inputs, vecs, how, place, view_leaf(how, place, leaf),
                     acc);
    }
}

/* The tree over leaves (base/tree.h), with the newest sum in registers. Short
 * leaves are taken by fours, as far as there are four. One addition a turn: so
 * the compiler finds registers for all of sum_quad.
 * @param goes_on  each leaf's chain has begun in earlier pieces of the batch */
INLINE void sum_tile(size_t inputs, size_t vecs, walk how, bool goes_on,
                     const tile_place *place, const mlp_gradient_node *node)
{
    size_t count = inputs * vecs;
    vec older[SUMS_MAX][ACC_MAX];
    vec acc[ACC_MAX];
    size_t height = 0; /* older sums, and the newest */
    row_cursor rows = first_row(place, node->leaves.first);
    clear(count, acc);
    for (size_t i = 0; i < node->leaves.count || height > 1;) {
        if (height > mlp_tree_sums(node->leaves.count, i)) {
            add_left(count, older[--height], acc);
            continue;
        }
        if (height > 0) {
            put_aside(count, acc, older[height]);
        }
        height++;
        size_t leaf = node->leaves.first + i;
        if (!goes_on && how == SHORT_MASKS && node->leaves.count - i >= 4) {
            sum_quad(inputs, vecs, how, place, leaf, acc);
            i += 4;
            continue;
        }
        sum_leaf(inputs, vecs, how, place, leaf,
                 goes_on ? node->begun + leaf * node->stride : NULL, &rows,
                 acc);
        i++;
    }
    store_tile(inputs, vecs, place, node->sum, acc);
}

/* Columns up to `end` of one node of a batch with masks.
 * @param scratch  as for mlp_kernels.gradient */
void ISA(mlp_gradient_sparse)(const tile_place *place,
                              const mlp_gradient_node *node, mlp_range inputs,
                              size_t end, float *scratch);

#endif
