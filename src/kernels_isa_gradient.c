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

/* The squares cost one instruction a register: sums that are not finite are
 * noticed while they are here, and not looked for in memory. */
INLINE void store_tile(size_t inputs, size_t vecs, const tile_place *place,
                       float *sum, const vec *acc)
{
    size_t in = place->layer->in;
    size_t out = place->layer->out;
    vec squares = vec_zero();
    UNROLL
    for (size_t i = 0; i < inputs; i++) {
        if (i < place->inputs) {
            UNROLL
            for (size_t v = 0; v < vecs; v++) {
                size_t column = place->column + v * LANES;
                vec_store(
                    sum + mlp_dense_index(in, out, place->input + i, column),
                    acc[i * vecs + v]);
                squares =
                    vec_fma(acc[i * vecs + v], acc[i * vecs + v], squares);
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

/* Four leaves, with all sums in registers. */
INLINE void sum_quad(size_t inputs, size_t vecs, walk how,
                     const tile_place *place, size_t leaf, vec *acc)
{
    size_t count = inputs * vecs;
    vec ab[ACC_MAX], c[ACC_MAX];
    leaf_view view[4];
    for (size_t i = 0; i < 4; i++) {
        view[i] = view_leaf(how, place, leaf + i);
    }
    sum_leaf(inputs, vecs, how, place, view[0], NULL, c);
    sum_leaf(inputs, vecs, how, place, view[1], NULL, ab);
    add_left(count, c, ab);
    sum_leaf(inputs, vecs, how, place, view[2], NULL, c);
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
            UNROLL
            for (size_t a = 0; a < count; a++) {
                stack[depth][a] = acc[a];
            }
            depth++;
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
                           const mlp_gradient_node *node, size_t first_input,
                           size_t inputs, size_t end)
{
    size_t tiles = tile_count(inputs);
    for (size_t vecs; place.column < end; place.column += vecs * LANES) {
        vecs = least(TILE_VECS, (end - place.column) / LANES);
        for (size_t t = 0; t < tiles; t++) {
            mlp_range tile = mlp_range_part(inputs, tiles, t);
            place.input = first_input + tile.first;
            place.inputs = tile.count;
#define TILE(i, v) sum_tile(i, v, ALL_ROWS, goes_on, &place, node)
            TILE_SWITCH(tile.count)
#undef TILE
        }
    }
}

static void gradient_dense(tile_place place, const mlp_gradient_node *node,
                           size_t first_input, size_t inputs, size_t end)
{
    gradient_tiles(false, place, node, first_input, inputs, end);
}

static void gradient_dense_on(tile_place place, const mlp_gradient_node *node,
                              size_t first_input, size_t inputs, size_t end)
{
    gradient_tiles(true, place, node, first_input, inputs, end);
}

INLINE void gradient_groups(size_t vecs, walk how, bool goes_on,
                            tile_place place, const mlp_gradient_node *node,
                            size_t first_input, size_t inputs)
{
    for (size_t i = 0; i < inputs; i += MLP_GROUP) {
        place.input = first_input + i;
        place.inputs = least(MLP_GROUP, inputs - i);
        sum_tile(MLP_GROUP, vecs, how, goes_on, &place, node);
    }
}

INLINE void gradient_sparse(walk how, bool goes_on, tile_place place,
                            const mlp_gradient_node *node, size_t first_input,
                            size_t inputs, size_t end)
{
    while (place.column < end) {
        size_t vecs = (end - place.column) / LANES;
        if (vecs >= GROUP_VECS) {
            vecs = GROUP_VECS;
            gradient_groups(GROUP_VECS, how, goes_on, place, node, first_input,
                            inputs);
        } else if (vecs >= 2) {
            vecs = 2;
            gradient_groups(2, how, goes_on, place, node, first_input, inputs);
        } else {
            gradient_groups(1, how, goes_on, place, node, first_input, inputs);
        }
        place.column += vecs * LANES;
    }
}

static void gradient_short(tile_place place, const mlp_gradient_node *node,
                           size_t first_input, size_t inputs, size_t end)
{
    gradient_sparse(SHORT_MASKS, false, place, node, first_input, inputs, end);
}

static void gradient_long(tile_place place, const mlp_gradient_node *node,
                          size_t first_input, size_t inputs, size_t end)
{
    gradient_sparse(LONG_MASKS, false, place, node, first_input, inputs, end);
}

static void gradient_sparse_on(tile_place place, const mlp_gradient_node *node,
                               size_t first_input, size_t inputs, size_t end)
{
    gradient_sparse(LONG_MASKS, true, place, node, first_input, inputs, end);
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
    bool goes_on = node->begun != NULL;
    if (x->nonzeros == NULL && goes_on) {
        gradient_dense_on(place, node, first, inputs, end);
    } else if (x->nonzeros == NULL) {
        gradient_dense(place, node, first, inputs, end);
    } else if (goes_on) {
        gradient_sparse_on(place, node, first, inputs, end);
    } else if (has_long_leaves(x)) {
        gradient_long(place, node, first, inputs, end);
    } else {
        gradient_short(place, node, first, inputs, end);
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
