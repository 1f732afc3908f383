/** @file
 *  The weight gradient of sparse inputs, for one instruction set: by the masks
 *  of the rows that are not zero.
 */
#include "scratch.h"
#include "tree.h"

/* Go to these inputs, at the same columns. */
INLINE void go_to(tile_place *place, size_t input, size_t inputs)
{
    place->input = input;
    place->inputs = inputs;
    place->first_x = place->x->values + input;
    place->first_dz = place->dz + place->column;
    place->first_mask = place->x->nonzeros->masks + input / MLP_GROUP;
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

typedef void sparse_way(tile_place place, const mlp_gradient_node *node,
                        mlp_range inputs, size_t end);

/* Inputs at a time, of all columns: what the batch has of them stays in L2,
 * where it is read again and again. */
static size_t block_inputs(const mlp_batch *x)
{
    size_t fit = BLOCK_BYTES / sizeof(float) / (x->rows > 0 ? x->rows : 1);
    size_t whole = fit / BLOCK_GRAIN * BLOCK_GRAIN;
    return whole > 0 ? whole : BLOCK_GRAIN;
}

/* ---- batches larger than the cache ------------------------------------- */

/* What the panel that begins at this column has of some inputs of a layer: one
 * run of floats. */
INLINE float *panel_run(const mlp_dense *layer, float *parameters,
                        mlp_range inputs, size_t column, size_t *count)
{
    *count = inputs.count * panel_width(layer->out, column / MLP_PANEL);
    return parameters +
           mlp_dense_index(layer->in, layer->out, inputs.first, column);
}

/* The chain of one leaf, some rows at a time, which all columns go through
 * before the next. */
static void sum_long_leaf(tile_place place, size_t leaf, size_t end, float *sum)
{
    const mlp_batch x = *place.x;
    mlp_range inputs = {0, place.layer->in};
    size_t last_row = x.leaf_start[leaf + 1], last_word = x.leaf_word[leaf + 1];
    size_t rows[2] = {0, x.leaf_start[leaf]}, words[2] = {0, x.leaf_word[leaf]};
    mlp_gradient_node node = {.leaves = {0, 1}};
    mlp_batch chunk = x;
    node.sum = sum;
    chunk.leaf_start = rows;
    chunk.leaf_word = words;
    chunk.leaves = 1;
    place.x = &chunk;
    while (words[1] < last_word) {
        rows[0] = rows[1];
        words[0] = words[1];
        rows[1] = least(rows[0] + CHUNK_WORDS * MLP_MASK_ROWS, last_row);
        words[1] = least(words[0] + CHUNK_WORDS, last_word);
        if (node.begun == NULL) {
            gradient_long(place, &node, inputs, end);
        } else {
            gradient_sparse_on(place, &node, inputs, end);
        }
        node.begun = sum;
    }
}

/* left += right */
static void add_sums(const tile_place *place, size_t end, float *left,
                     float *right)
{
    mlp_range inputs = {0, place->layer->in};
    for (size_t c = place->column; c < end; c += MLP_PANEL) {
        size_t count;
        float *a = panel_run(place->layer, left, inputs, c, &count);
        const float *b = panel_run(place->layer, right, inputs, c, &count);
        for (size_t i = 0; i < count; i += LANES) {
            vec_store(a + i, vec_load(a + i) + vec_load(b + i));
        }
    }
}

/* From a layer that has only this block of inputs to the one it is part of. */
static void store_sums(const tile_place *place, const mlp_dense *layer,
                       mlp_range block, size_t end, float *from, float *to)
{
    vec squares = vec_zero();
    for (size_t c = place->column; c < end; c += MLP_PANEL) {
        size_t count;
        const float *sums = panel_run(place->layer, from,
                                      (mlp_range){0, block.count}, c, &count);
        float *at = panel_run(layer, to, block, c, &count);
        for (size_t i = 0; i < count; i += LANES) {
            vec sum = vec_load(sums + i);
            vec_store(at + i, sum);
            squares = vec_fma(sum, sum, squares);
        }
    }
    *place->squares = *place->squares + squares;
}

/* The tree for a block of inputs and all columns: a stack of sums as of a layer
 * that has only these inputs. */
static void sum_block(tile_place place, const mlp_gradient_node *node,
                      mlp_range block, size_t end, float *stack)
{
    const mlp_dense *whole = place.layer;
    const mlp_dense layer = {.in = block.count, .out = whole->out};
    size_t size = layer.in * mlp_padded(layer.out);
    mlp_nonzeros nonzeros = *place.x->nonzeros;
    nonzeros.masks += block.first / MLP_GROUP;
    mlp_batch x = *place.x;
    x.values += block.first;
    x.nonzeros = &nonzeros;
    place.layer = &layer;
    place.x = &x;
    size_t height = 0;
    for (size_t i = 0; i < node->leaves.count; i++) {
        float *top = stack + size * height++;
        sum_long_leaf(place, node->leaves.first + i, end, top);
        for (; height > mlp_tree_sums(node->leaves.count, i + 1); height--) {
            top -= size;
            add_sums(&place, end, top, top + size);
        }
    }
    store_sums(&place, whole, block, end, stack, node->sum);
}

/* ---- all --------------------------------------------------------------- */

void ISA(mlp_gradient_sparse)(const tile_place *place,
                              const mlp_gradient_node *node, mlp_range inputs,
                              size_t end, float *scratch)
{
    bool is_long = place->rows.count > LONG_ROWS && node->begun == NULL &&
                   node->leaves.count >> LONG_SUMS == 0;
    sparse_way *way = node->begun != NULL         ? gradient_sparse_on
                      : has_long_leaves(place->x) ? gradient_long
                                                  : gradient_short;
    size_t block = is_long ? LONG_BLOCK : block_inputs(place->x);
    for (size_t i = 0; i < inputs.count; i += block) {
        mlp_range part = {inputs.first + i, least(block, inputs.count - i)};
        if (is_long) {
            sum_block(*place, node, part, end, scratch);
        } else {
            way(*place, node, part, end);
        }
    }
}
