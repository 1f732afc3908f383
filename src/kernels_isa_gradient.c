/** @file
 *  The weight gradient x^T dz of a dense layer, for one instruction set: leaf
 *  by leaf, and the tree over leaves tile by tile, so that a leaf's sum never
 *  leaves the registers but for a small stack in L1.
 */
#include <string.h>

#include "kernels_isa.h"

enum {
    ACC_MAX = TILE_ROWS * TILE_VECS > MLP_GROUP *GROUP_VECS
                  ? TILE_ROWS *TILE_VECS
                  : MLP_GROUP *GROUP_VECS,
    STACK_DEPTH = 24 /* a plan over 65,536 leaves needs 17 */
};

/* Where one tile of the gradient comes from and goes to. */
typedef struct {
    const mlp_dense *layer;
    const mlp_batch *x;
    const float *dz;
    size_t input, inputs; /* first input of the tile, how many */
    size_t column;        /* first column */
} tile_place;

INLINE void clear(size_t count, vec *acc)
{
    UNROLL
    for (size_t a = 0; a < count; a++) {
        acc[a] = vec_zero();
    }
}

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

/* A leaf's chain over all its rows. */
INLINE void add_leaf(size_t inputs, size_t vecs, const tile_place *place,
                     size_t leaf, vec *acc)
{
    const mlp_batch *x = place->x;
    size_t stride = mlp_padded(place->layer->out);
    size_t first = x->leaf_start[leaf];
    const float *xs = x->values + first * x->stride + place->input;
    const float *dz = place->dz + first * stride + place->column;
    for (size_t r = 0; r < x->leaf_start[leaf + 1] - first; r++) {
        add_row(inputs, vecs, xs + r * x->stride, dz + r * stride, acc);
    }
}

/* A leaf's chain over the rows in which the group has a non-zero. */
INLINE void add_sparse_leaf(size_t inputs, size_t vecs, const tile_place *place,
                            size_t leaf, vec *acc)
{
    const mlp_batch *x = place->x;
    size_t stride = mlp_padded(place->layer->out);
    size_t first = x->leaf_start[leaf];
    const float *xs = x->values + first * x->stride + place->input;
    const float *dz = place->dz + first * stride + place->column;
    const uint64_t *mask = x->nonzeros->masks +
                           x->leaf_word[leaf] * x->nonzeros->groups +
                           place->input / MLP_GROUP;
    size_t words = x->leaf_word[leaf + 1] - x->leaf_word[leaf];
    for (size_t w = 0; w < words; w++) {
        for (uint64_t bits = mask[w * x->nonzeros->groups]; bits != 0;
             bits &= bits - 1) {
            size_t r = w * MLP_MASK_ROWS + (size_t)__builtin_ctzll(bits);
            add_row(inputs, vecs, xs + r * x->stride, dz + r * stride, acc);
        }
    }
}

INLINE void store_tile(size_t inputs, size_t vecs, const tile_place *place,
                       float *sum, const vec *acc)
{
    size_t in = place->layer->in;
    size_t out = place->layer->out;
    UNROLL
    for (size_t i = 0; i < inputs; i++) {
        if (i < place->inputs) {
            UNROLL
            for (size_t v = 0; v < vecs; v++) {
                size_t column = place->column + v * LANES;
                vec_store(
                    sum + mlp_dense_index(in, out, place->input + i, column),
                    acc[i * vecs + v]);
            }
        }
    }
}

/* The tree over leaves: the newest sum in registers, older ones stacked. */
INLINE void sum_tile(size_t inputs, size_t vecs, bool is_sparse,
                     const tile_place *place, const mlp_gradient_node *node)
{
    vec stack[STACK_DEPTH][ACC_MAX];
    vec acc[ACC_MAX];
    size_t depth = 0;
    clear(inputs * vecs, acc);
    for (size_t s = 0; s < node->plan.count; s++) {
        if (node->plan.steps[s] == MLP_TREE_ADD) {
            depth--;
            UNROLL
            for (size_t a = 0; a < inputs * vecs; a++) {
                acc[a] = stack[depth][a] + acc[a];
            }
            continue;
        }
        if (s > 0) {
            UNROLL
            for (size_t a = 0; a < inputs * vecs; a++) {
                stack[depth][a] = acc[a];
            }
            depth++;
            clear(inputs * vecs, acc);
        }
        size_t leaf = node->first_leaf + (size_t)node->plan.steps[s];
        if (is_sparse) {
            add_sparse_leaf(inputs, vecs, place, leaf, acc);
        } else {
            add_leaf(inputs, vecs, place, leaf, acc);
        }
    }
    store_tile(inputs, vecs, place, node->sum, acc);
}

/* The same tree for the bias: its leaf is the plain sum of dz over rows. */
static void sum_bias(const tile_place *place, const mlp_gradient_node *node)
{
    const size_t *start = place->x->leaf_start;
    size_t stride = mlp_padded(place->layer->out);
    vec stack[STACK_DEPTH];
    size_t depth = 0;
    for (size_t s = 0; s < node->plan.count; s++) {
        if (node->plan.steps[s] == MLP_TREE_ADD) {
            depth--;
            stack[depth - 1] = stack[depth - 1] + stack[depth];
            continue;
        }
        size_t leaf = node->first_leaf + (size_t)node->plan.steps[s];
        vec sum = vec_zero();
        for (size_t r = start[leaf]; r < start[leaf + 1]; r++) {
            sum = sum + vec_load(place->dz + r * stride + place->column);
        }
        stack[depth++] = sum;
    }
    size_t bias = mlp_dense_bias(place->layer->in, place->layer->out);
    vec_store(node->sum + bias + place->column, stack[0]);
}

/* Columns [first, end) of one node by dense tiles of these inputs. */
static void gradient_dense(tile_place place, const mlp_gradient_node *node,
                           size_t first_input, size_t inputs, size_t end)
{
    size_t tiles = tile_count(inputs);
    for (size_t vecs; place.column < end; place.column += vecs * LANES) {
        vecs = least(TILE_VECS, (end - place.column) / LANES);
        for (size_t t = 0; t < tiles; t++) {
            mlp_range tile = mlp_range_part(inputs, tiles, t);
            place.input = first_input + tile.first;
            place.inputs = tile.count;
#define TILE(i, v) sum_tile(i, v, false, &place, node)
            TILE_SWITCH(tile.count)
#undef TILE
        }
    }
}

static void gradient_sparse(tile_place place, const mlp_gradient_node *node,
                            size_t first_input, size_t inputs, size_t end)
{
    for (size_t vecs; place.column < end; place.column += vecs * LANES) {
        vecs = (end - place.column) / LANES;
        vecs = vecs >= GROUP_VECS ? GROUP_VECS : vecs >= 2 ? 2 : 1;
        for (size_t i = 0; i < inputs; i += MLP_GROUP) {
            place.input = first_input + i;
            place.inputs = least(MLP_GROUP, inputs - i);
            if (vecs == GROUP_VECS) {
                sum_tile(MLP_GROUP, GROUP_VECS, true, &place, node);
            } else if (vecs == 2) {
                sum_tile(MLP_GROUP, 2, true, &place, node);
            } else {
                sum_tile(MLP_GROUP, 1, true, &place, node);
            }
        }
    }
}

void ISA(mlp_gradient)(const mlp_dense *layer, const mlp_batch *x,
                       const float *dz, const mlp_gradient_node *nodes,
                       size_t node_count, mlp_range groups, mlp_range panels)
{
    size_t first = groups.first * MLP_GROUP;
    size_t inputs = least(groups.count * MLP_GROUP, layer->in - first);
    size_t column = panels.first * MLP_PANEL;
    size_t end =
        least(column + panels.count * MLP_PANEL, mlp_padded(layer->out));
    tile_place place = {layer, x, dz, 0, 0, column};
    for (size_t n = 0; n < node_count; n++) {
        if (x->nonzeros != NULL) {
            gradient_sparse(place, &nodes[n], first, inputs, end);
        } else {
            gradient_dense(place, &nodes[n], first, inputs, end);
        }
        if (groups.first == 0) {
            for (tile_place bias = place; bias.column < end;
                 bias.column += LANES) {
                sum_bias(&bias, &nodes[n]);
            }
        }
    }
}
