/** @file
 *  The weight gradient x^T dz of a dense layer, for one instruction set: leaf
 *  by leaf, and the tree over leaves tile by tile, so that a leaf's sum never
 *  leaves the registers but for a small stack in L1.
 */
#include "kernels_isa_leaf.h"

enum {
    STACK_DEPTH = 24, /* a plan over 65,536 leaves needs 17 */
    BLOCK_GRAIN = 48  /* inputs: whole tiles, groups and cache lines */
};

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

/* Four leaves, with all sums in registers, or nearly. */
INLINE void sum_quad(size_t inputs, size_t vecs, walk how,
                     const tile_place *place, size_t leaf, vec *acc)
{
    size_t count = inputs * vecs;
    vec ab[ACC_MAX], c[ACC_MAX];
    leaf_view view[4];
    for (size_t i = 0; i < 4; i++) {
        view[i] = view_leaf(how, place, leaf + i);
    }
    sum_leaf(inputs, vecs, how, place, view[0], NULL, acc);
    put_aside(count, acc, c);
    sum_leaf(inputs, vecs, how, place, view[1], NULL, acc);
    add_left(count, c, acc);
    put_aside(count, acc, ab);
    sum_leaf(inputs, vecs, how, place, view[2], NULL, acc);
    put_aside(count, acc, c);
    sum_leaf(inputs, vecs, how, place, view[3], NULL, acc);
    add_left(count, c, acc);
    add_left(count, ab, acc);
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
        if (!goes_on && how != LONG_MASKS && 3 * count <= QUAD_VECS &&
            is_quad(plan, s)) {
            sum_quad(inputs, vecs, how, place, leaf, acc);
            s += 6;
        } else {
            leaf_view view = view_leaf(how, place, leaf);
            sum_leaf(inputs, vecs, how, place, view,
                     goes_on ? node->begun + leaf * node->stride : NULL, acc);
        }
    }
    store_tile(inputs, vecs, place, node->sum, acc);
}

/* The same tree for the bias, and for PReLU's slopes: a leaf is the plain sum
 * of its rows of `from` [rows, stride(out)]; `at` is where the sums go. */
static void sum_rows(const tile_place *place, const mlp_gradient_node *node,
                     const float *from, size_t at)
{
    const size_t *start = place->x->leaf_start;
    size_t stride = place->dz_stride;
    vec stack[STACK_DEPTH];
    size_t depth = 0;
    for (size_t s = 0; s < node->plan.count; s++) {
        if (node->plan.steps[s] == MLP_TREE_ADD) {
            depth--;
            stack[depth - 1] = stack[depth - 1] + stack[depth];
            continue;
        }
        size_t leaf = node->first_leaf + (size_t)node->plan.steps[s];
        size_t begun = leaf * node->stride + at + place->column;
        vec sum =
            node->begun != NULL ? vec_load(node->begun + begun) : vec_zero();
        for (size_t r = start[leaf]; r < start[leaf + 1]; r++) {
            sum = sum + vec_load(from + r * stride + place->column);
        }
        stack[depth++] = sum;
    }
    vec_store(node->sum + at + place->column, stack[0]);
    *place->squares = vec_fma(stack[0], stack[0], *place->squares);
}

/* Columns [first, end) of one node by dense tiles of these inputs. */
INLINE void gradient_tiles(bool goes_on, tile_place place,
                           const mlp_gradient_node *node, mlp_range inputs,
                           size_t end)
{
    size_t tiles = tile_count(inputs.count);
    for (size_t vecs; place.column < end; place.column += vecs * LANES) {
        vecs = least(TILE_VECS, (end - place.column) / LANES);
        for (size_t t = 0; t < tiles; t++) {
            mlp_range tile = mlp_range_part(inputs.count, tiles, t);
            go_to(&place, inputs.first + tile.first, tile.count);
#define TILE(i, v) sum_tile(i, v, ALL_ROWS, goes_on, &place, node)
            TILE_SWITCH(tile.count)
#undef TILE
        }
    }
}

static void gradient_dense(tile_place place, const mlp_gradient_node *node,
                           mlp_range inputs, size_t end)
{
    gradient_tiles(false, place, node, inputs, end);
}

static void gradient_dense_on(tile_place place, const mlp_gradient_node *node,
                              mlp_range inputs, size_t end)
{
    gradient_tiles(true, place, node, inputs, end);
}

INLINE void gradient_groups(size_t vecs, walk how, bool goes_on,
                            tile_place place, const mlp_gradient_node *node,
                            mlp_range inputs)
{
    for (size_t i = 0; i < inputs.count; i += MLP_GROUP) {
        go_to(&place, inputs.first + i, least(MLP_GROUP, inputs.count - i));
        sum_tile(MLP_GROUP, vecs, how, goes_on, &place, node);
    }
}

INLINE void gradient_sparse(walk how, bool goes_on, tile_place place,
                            const mlp_gradient_node *node, mlp_range inputs,
                            size_t end)
{
    while (place.column < end) {
        size_t vecs = (end - place.column) / LANES;
        if (vecs >= GROUP_VECS) {
            vecs = GROUP_VECS;
            gradient_groups(GROUP_VECS, how, goes_on, place, node, inputs);
        } else if (vecs >= 2) {
            vecs = 2;
            gradient_groups(2, how, goes_on, place, node, inputs);
        } else {
            gradient_groups(1, how, goes_on, place, node, inputs);
        }
        place.column += vecs * LANES;
    }
}

static void gradient_short(tile_place place, const mlp_gradient_node *node,
                           mlp_range inputs, size_t end)
{
    gradient_sparse(SHORT_MASKS, false, place, node, inputs, end);
}

static void gradient_long(tile_place place, const mlp_gradient_node *node,
                          mlp_range inputs, size_t end)
{
    gradient_sparse(LONG_MASKS, false, place, node, inputs, end);
}

static void gradient_sparse_on(tile_place place, const mlp_gradient_node *node,
                               mlp_range inputs, size_t end)
{
    gradient_sparse(LONG_MASKS, true, place, node, inputs, end);
}

static bool has_long_leaves(const mlp_batch *x)
{
    for (size_t i = 0; i < x->leaves; i++) {
        if (x->leaf_word[i + 1] - x->leaf_word[i] > 1) {
            return true;
        }
    }
    return false;
}

typedef void gradient_way(tile_place place, const mlp_gradient_node *node,
                          mlp_range inputs, size_t end);

static gradient_way *find_way(const mlp_batch *x, const mlp_gradient_node *node)
{
    bool goes_on = node->begun != NULL;
    if (x->nonzeros == NULL) {
        return goes_on ? gradient_dense_on : gradient_dense;
    }
    return goes_on              ? gradient_sparse_on
           : has_long_leaves(x) ? gradient_long
                                : gradient_short;
}

/* Inputs at a time, of all columns: what the batch has of them stays in L2,
 * where it is read again and again. */
static size_t block_inputs(const mlp_batch *x)
{
    size_t fit = BLOCK_BYTES / sizeof(float) / (x->rows > 0 ? x->rows : 1);
    size_t whole = fit / BLOCK_GRAIN * BLOCK_GRAIN;
    return whole > 0 ? whole : BLOCK_GRAIN;
}

bool ISA(mlp_gradient)(const mlp_dense *layer, const mlp_batch *x,
                       const float *dz, const mlp_units *units,
                       const mlp_gradient_node *node, mlp_range groups,
                       mlp_range panels)
{
    vec squares = vec_zero();
    size_t first = groups.first * MLP_GROUP;
    size_t inputs = least(groups.count * MLP_GROUP, layer->in - first);
    size_t column = panels.first * MLP_PANEL;
    size_t end =
        least(column + panels.count * MLP_PANEL, mlp_padded(layer->out));
    tile_place place = {.layer = layer,
                        .x = x,
                        .dz = dz,
                        .dz_stride = mlp_stride(layer->out),
                        .column = column,
                        .squares = &squares};
    gradient_way *way = find_way(x, node);
    size_t block = block_inputs(x);
    for (size_t i = 0; i < inputs; i += block) {
        way(place, node, (mlp_range){first + i, least(block, inputs - i)}, end);
    }
    for (; groups.first == 0 && place.column < end; place.column += LANES) {
        sum_rows(&place, node, dz, mlp_dense_bias(layer->in, layer->out));
        if (layer->activation == MLP_ACTIVATION_PRELU) {
            sum_rows(&place, node, units->kept,
                     mlp_dense_slopes(layer->in, layer->out));
        }
    }
    return are_finite(squares);
}
