/** @file
 *  A tile of the weight gradient, for one instruction set: the tree over its
 *  leaves. Of gradient.c, which goes from tile to tile.
 */
#ifndef MLP_KERNELS_ISA_TREE_H
#define MLP_KERNELS_ISA_TREE_H

#include "leaf.h"

enum { STACK_DEPTH = 24 }; /* a plan over 65,536 leaves needs 17 */

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

/* Whether the next steps sum four leaves, ((a + b) + (c + d)). */
INLINE bool is_quad(const mlp_tree_plan *plan, size_t s)
{
    const int32_t *step = plan->steps + s;
    return s + 7 <= plan->count && step[1] != MLP_TREE_ADD &&
           step[2] == MLP_TREE_ADD && step[3] != MLP_TREE_ADD &&
           step[4] != MLP_TREE_ADD && step[5] == MLP_TREE_ADD &&
           step[6] == MLP_TREE_ADD;
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

/* The tree over leaves: the newest sum in registers, older ones stacked.
 * @param goes_on  each leaf's chain has begun in earlier pieces of the batch */
INLINE void sum_tile(size_t inputs, size_t vecs, walk how, bool goes_on,
                     const tile_place *place, const mlp_gradient_node *node)
{
    const mlp_tree_plan *plan = &node->plan;
    size_t count = inputs * vecs;
    vec stack[STACK_DEPTH][ACC_MAX];
    vec acc[ACC_MAX];
    size_t depth = 0;
    row_cursor rows = first_row(place, node->first_leaf);
    clear(count, acc);
    for (size_t s = 0; s < plan->count; s++) {
        if (plan->steps[s] == MLP_TREE_ADD) {
            add_left(count, stack[--depth], acc);
            continue;
        }
        if (s > 0) {
            put_aside(count, acc, stack[depth++]);
        }
        size_t leaf = node->first_leaf + (size_t)plan->steps[s];
        if (!goes_on && how == SHORT_MASKS && is_quad(plan, s)) {
            sum_quad(inputs, vecs, how, place, leaf, acc);
            s += 6;
            continue;
        }
        begin_leaf(inputs, vecs, place,
                   goes_on ? node->begun + leaf * node->stride : NULL, acc);
        if (how == ALL_ROWS) {
            add_rows(inputs, vecs, place, &rows, acc);
        } else {
            add_nonzeros(inputs, vecs, how, place, view_leaf(how, place, leaf),
                         acc);
        }
    }
    store_tile(inputs, vecs, place, node->sum, acc);
}

/* Columns up to `end` of one node of a batch with masks.
 * @param scratch  as for mlp_kernels.gradient */
void ISA(mlp_gradient_sparse)(const tile_place *place,
                              const mlp_gradient_node *node, mlp_range inputs,
                              size_t end, float *scratch);

#endif
