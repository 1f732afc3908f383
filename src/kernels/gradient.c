/** @file
 *  The weight gradient x^T dz of a dense layer, for one instruction set: leaf
 *  by leaf, and the tree over leaves tile by tile, so that a leaf's sum never
 *  leaves the registers but for a small stack in L1.
 */
#include <string.h>

#include "scratch.h"
#include "tree.h"

/* The same tree for the bias, and for PReLU's slopes: a leaf is the plain sum
 * of its rows of `from` [rows, stride(out)]; `at` is where the sums go. */
static void sum_rows(const tile_place *place, const mlp_gradient_node *node,
                     const float *from, size_t at)
{
    const size_t *start = place->x->leaf_start;
    size_t stride = place->dz_stride;
    size_t leaves = node->leaves.count;
    vec sums[SUMS_MAX];
    size_t height = 0;
    for (size_t i = 0; i < leaves; i++) {
        size_t leaf = node->leaves.first + i;
        size_t begun = leaf * node->stride + at + place->column;
        vec sum =
            node->begun != NULL ? vec_load(node->begun + begun) : vec_zero();
        for (size_t r = start[leaf]; r < start[leaf + 1]; r++) {
            sum = sum + vec_load(from + r * stride + place->column);
        }
        sums[height++] = sum;
        for (; height > mlp_tree_sums(leaves, i + 1); height--) {
            sums[height - 2] = sums[height - 2] + sums[height - 1];
        }
    }
    vec_store(node->sum + at + place->column, sums[0]);
    *place->squares = vec_fma(sums[0], sums[0], *place->squares);
}

/* ---- dense inputs ------------------------------------------------------ */

/* Copy rows of `width` floats, one close after the other: as they are, each is
 * a line or two in a page of its own.
 * @param last  floats of the last row, beyond which nothing may be read */
INLINE void pack_rows(size_t width, size_t last, const float *from,
                      size_t stride, size_t rows, float *to)
{
    UNROLL_BY(UNROLL_ROWS)
    for (size_t r = 0; r + 1 < rows; r++) {
        memcpy(to + r * width, from + r * stride, width * sizeof *to);
    }
    for (size_t c = 0; c < last && rows > 0; c++) {
        to[(rows - 1) * width + c] = from[(rows - 1) * stride + c];
    }
}

/* The first of the node's rows, from this input on. */
INLINE const float *rows_from(const tile_place *place, size_t input)
{
    return place->x->values + place->rows.first * place->x->stride + input;
}

/* These inputs of the node's rows, tile by tile. */
static void pack_inputs(const tile_place *place, mlp_range inputs, float *to)
{
    tiling tiles = tile_rows(inputs.count);
    for (size_t t = 0; t < tiles.count; t++) {
        mlp_range tile = tile_at(tiles, t);
        pack_rows(PACKED_ROW, tile.count,
                  rows_from(place, inputs.first + tile.first), place->x->stride,
                  place->rows.count, to + t * place->rows.count * PACKED_ROW);
    }
}

/* dz of the node's rows, of the columns of one tile. */
static void pack_columns(const tile_place *place, size_t vecs, float *to)
{
    const float *from =
        place->dz + place->rows.first * place->dz_stride + place->column;
    if (vecs == TILE_VECS) {
        pack_rows(TILE_COLS, TILE_COLS, from, place->dz_stride,
                  place->rows.count, to);
    } else {
        pack_rows(TILE_COLS / 2, TILE_COLS / 2, from, place->dz_stride,
                  place->rows.count, to);
    }
}

/* Ask for some of the rows that pack_columns will copy next, from `column` on:
 * it would wait for each. */
INLINE void prefetch_columns(const tile_place *place, size_t column,
                             size_t first, size_t count)
{
    const float *from =
        place->dz + place->rows.first * place->dz_stride + column;
    for (size_t r = first; r < least(first + count, place->rows.count); r++) {
        prefetch(from + r * place->dz_stride, TILE_COLS);
    }
}

/* Columns up to `end` of one node by dense tiles of these inputs. */
INLINE void gradient_tiles(bool goes_on, tile_place place,
                           const mlp_gradient_node *node, mlp_range inputs,
                           size_t end, float *scratch)
{
    tiling tiles = tile_rows(inputs.count);
    float *packed = scratch + place.rows.count * MLP_PANEL;
    bool packs = end - place.column >= PACKING_TILES * TILE_COLS;
    place.x_stride = packs ? PACKED_ROW : place.x->stride;
    if (packs) {
        pack_inputs(&place, inputs, packed);
    }
    place.first_dz = scratch;
    size_t ahead = tiles.count > 0 ? place.rows.count / tiles.count + 1 : 0;
    for (size_t vecs; place.column < end; place.column += vecs * LANES) {
        vecs = least(TILE_VECS, (end - place.column) / LANES);
        pack_columns(&place, vecs, scratch);
        for (size_t t = 0; t < tiles.count; t++) {
            mlp_range tile = tile_at(tiles, t);
            place.input = inputs.first + tile.first;
            place.inputs = tile.count;
            place.first_x = packs ? packed + t * place.rows.count * PACKED_ROW
                                  : rows_from(&place, place.input);
            prefetch_columns(&place, place.column + vecs * LANES, t * ahead,
                             ahead);
#define TILE(i, v) sum_tile(i, v, ALL_ROWS, goes_on, &place, node)
            TILE_SWITCH(tile.count)
#undef TILE
        }
    }
}

static void gradient_dense(tile_place place, const mlp_gradient_node *node,
                           mlp_range inputs, size_t end, float *scratch)
{
    size_t block = packed_inputs(place.rows.count);
    for (size_t i = 0; i < inputs.count; i += block) {
        mlp_range part = {inputs.first + i, least(block, inputs.count - i)};
        if (node->begun == NULL) {
            gradient_tiles(false, place, node, part, end, scratch);
        } else {
            gradient_tiles(true, place, node, part, end, scratch);
        }
    }
}

/* ---- all --------------------------------------------------------------- */

/* Rows of the node's leaves. */
static mlp_range rows_of(const mlp_batch *x, const mlp_gradient_node *node)
{
    size_t first = x->leaf_start[node->leaves.first];
    size_t end = x->leaf_start[node->leaves.first + node->leaves.count];
    return (mlp_range){first, end - first};
}

bool ISA(mlp_gradient)(const mlp_dense *layer, const mlp_batch *x,
                       const float *dz, const mlp_units *units,
                       const mlp_gradient_node *node, mlp_range groups,
                       mlp_range panels, float *scratch)
{
    vec squares = vec_zero();
    size_t first = groups.first * MLP_GROUP;
    mlp_range inputs = {first,
                        least(groups.count * MLP_GROUP, layer->in - first)};
    size_t column = panels.first * MLP_PANEL;
    size_t end =
        least(column + panels.count * MLP_PANEL, mlp_padded(layer->out));
    tile_place place = {.layer = layer,
                        .x = x,
                        .dz = dz,
                        .dz_stride = mlp_stride(layer->out),
                        .column = column,
                        .rows = rows_of(x, node),
                        .squares = &squares};
    if (x->nonzeros == NULL) {
        gradient_dense(place, node, inputs, end, scratch);
    } else {
        ISA(mlp_gradient_sparse)(&place, node, inputs, end, scratch);
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
