/** @file
 *  The weight gradient x^T dz of a dense layer, for one instruction set: the
 *  gradients of the bias, of PReLU's slopes, and of the weights of dense
 *  inputs. Those of sparse ones are in gradient_sparse.c.
 *
 *  A leaf's sum is one FMA chain over its rows. The tree over leaves is summed
 *  tile by tile, so that the sums of leaves never leave the registers but for a
 *  small stack in L1.
 */
#include "gradient.h"

#include <string.h>

#include "scratch.h"
#include "sparse.h"

/* A leaf of the bias, or of PReLU's slopes: the plain sum of its rows of `from`
 * [rows, stride(out)], at one vector of columns.
 * @param begun  what it came to in earlier micro-batches, or NULL */
INLINE vec sum_rows(const gradient_work *work, size_t leaf, const float *from,
                    const float *begun)
{
    const size_t *start = work->x->leaf_start + leaf;
    vec sum = begun != NULL ? vec_load(begun) : vec_zero();
    for (size_t r = start[0]; r < start[1]; r++) {
        sum = sum + vec_load(from + r * work->dz_stride);
    }
    return sum;
}

/* The tree over these leaves, whose sums so far are at `at` in the parameters.
 */
static void sum_column(const gradient_work *work, const float *from, size_t at,
                       float *to)
{
    const mlp_gradient_node *node = work->node;
    vec sums[SUMS_MAX];
    size_t height = 0;
    for (size_t i = 0; i < node->leaves.count; i++) {
        size_t leaf = node->leaves.first + i;
        sums[height++] = sum_rows(work, leaf, from,
                                  node->begun != NULL
                                      ? node->begun + leaf * node->stride + at
                                      : NULL);
        for (; height > mlp_tree_sums(node->leaves.count, i + 1); height--) {
            sums[height - 2] = sums[height - 2] + sums[height - 1];
        }
    }
    vec_store(to, sums[0]);
    *work->squares = vec_fma(sums[0], sums[0], *work->squares);
}

static void sum_biases(const gradient_work *work, const mlp_units *units)
{
    const mlp_dense *layer = work->layer;
    for (size_t c = work->column; c < work->end; c += LANES) {
        sum_column(work, work->dz + c,
                   mlp_dense_bias(layer->in, layer->out) + c,
                   work->biases + (c - work->column));
        if (layer->activation == MLP_ACTIVATION_PRELU) {
            sum_column(work, units->preactivations + c,
                       mlp_dense_slopes(layer->in, layer->out) + c,
                       work->slopes + (c - work->column));
        }
    }
}

/* ---- a tile of dense inputs -------------------------------------------- */

/* A tile's operands: x^T dz of all rows of the node. */
typedef struct {
    tile_block to;
    const float *x; /* [rows, x_stride], at the tile's first input */
    size_t x_stride;
    const float *dz; /* [rows, the tile's columns], packed */
} dense_tile;

/* Where a tile has come to. */
typedef struct {
    const float *x, *dz;
    const size_t *leaf_start; /* of the leaf that is next */
} row_cursor;

INLINE void add_next_row(size_t inputs, size_t vecs, size_t x_stride,
                         row_cursor *at, vec *acc)
{
    add_row(inputs, vecs, at->x, at->dz, acc);
    at->x += x_stride;
    at->dz += vecs * LANES;
}

/* The chain over all rows of the next leaf. */
INLINE void add_leaf(size_t inputs, size_t vecs, size_t x_stride,
                     row_cursor *at, vec *acc)
{
    size_t count = at->leaf_start[1] - at->leaf_start[0];
    at->leaf_start++;
    size_t whole = count & -(size_t)UNROLL_ROWS;
    UNROLL_BY(UNROLL_ROWS)
    for (size_t r = 0; r < whole; r++) {
        add_next_row(inputs, vecs, x_stride, at, acc);
    }
    for (size_t r = whole; r < count; r++) {
        add_next_row(inputs, vecs, x_stride, at, acc);
    }
}

/* The tree over all leaves (base/tree.h), with the newest sum in registers.
 * @param goes_on  each leaf's chain has begun in earlier micro-batches */
INLINE void sum_tile(size_t inputs, size_t vecs, bool goes_on,
                     const dense_tile *tile, const gradient_work *work)
{
    const mlp_gradient_node *node = work->node;
    const mlp_range leaves = node->leaves;
    size_t count = inputs * vecs;
    vec older[SUMS_MAX][ACC_MAX];
    vec acc[ACC_MAX];
    size_t height = 0; /* older sums, and the newest */
    row_cursor rows = {tile->x, tile->dz, work->x->leaf_start + leaves.first};
    clear(count, acc);
    for (size_t i = 0; i < leaves.count || height > 1;) {
        if (height > mlp_tree_sums(leaves.count, i)) {
            add_left(count, older[--height], acc);
            continue;
        }
        if (height > 0) {
            put_aside(count, acc, older[height]);
        }
        height++;
        begin_leaf(inputs, vecs, goes_on, &tile->to, node, leaves.first + i,
                   acc);
        add_leaf(inputs, vecs, tile->x_stride, &rows, acc);
        i++;
    }
    store_tile(inputs, vecs, &tile->to, work->sums, acc);
}

/* ---- packing ----------------------------------------------------------- */

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
INLINE const float *rows_from(const gradient_work *work, size_t input)
{
    return work->x->values + work->rows.first * work->x->stride + input;
}

/* These inputs of the node's rows, tile by tile: [tiles, rows, PACKED_ROW]. */
static void pack_inputs(const gradient_work *work, mlp_range inputs, float *to)
{
    tiling tiles = tile_rows(inputs.count);
    for (size_t t = 0; t < tiles.count; t++) {
        mlp_range tile = tile_at(tiles, t);
        pack_rows(PACKED_ROW, tile.count,
                  rows_from(work, inputs.first + tile.first), work->x->stride,
                  work->rows.count, to + t * work->rows.count * PACKED_ROW);
    }
}

/* dz of the node's rows, of the columns of one tile. */
static void pack_columns(const gradient_work *work, size_t column, size_t vecs,
                         float *to)
{
    const float *from = work->dz + work->rows.first * work->dz_stride + column;
    if (vecs == TILE_VECS) {
        pack_rows(TILE_COLS, TILE_COLS, from, work->dz_stride, work->rows.count,
                  to);
    } else {
        pack_rows(TILE_COLS / 2, TILE_COLS / 2, from, work->dz_stride,
                  work->rows.count, to);
    }
}

/* Ask for some of the rows that pack_columns will copy next, from `column` on:
 * it would wait for each. */
INLINE void prefetch_columns(const gradient_work *work, size_t column,
                             size_t first, size_t count)
{
    const float *from = work->dz + work->rows.first * work->dz_stride + column;
    for (size_t r = first; r < least(first + count, work->rows.count); r++) {
        prefetch(from + r * work->dz_stride, TILE_COLS);
    }
}

/* ---- all tiles of a block of inputs ------------------------------------ */

/* The tiles of these columns, which read the same packed dz.
 * @param tile  the operands of the first tile
 * @param next  from tile to tile of x, where it is packed; 0: it is not */
INLINE void column_tiles(bool goes_on, const gradient_work *work,
                         mlp_range inputs, size_t vecs, dense_tile tile,
                         size_t next)
{
    tiling tiles = tile_rows(inputs.count);
    size_t ahead = tiles.count > 0 ? work->rows.count / tiles.count + 1 : 0;
    for (size_t t = 0; t < tiles.count; t++) {
        tile.to.inputs = tile_at(tiles, t).count;
        prefetch_columns(work, tile.to.column + vecs * LANES, t * ahead, ahead);
#define TILE(i, v) sum_tile(i, v, goes_on, &tile, work)
        TILE_SWITCH(tile.to.inputs)
#undef TILE
        tile.to.input += tile.to.inputs;
        tile.x += next > 0 ? next : tile.to.inputs;
    }
}

/* Scratch has the packed dz of a tile's columns, then the packed inputs. */
INLINE void block_tiles(bool goes_on, const gradient_work *work,
                        mlp_range inputs, float *scratch)
{
    size_t rows = work->rows.count;
    float *packed = scratch + rows * MLP_PANEL;
    bool packs = work->end - work->column >= PACKING_TILES * TILE_COLS;
    if (packs) {
        pack_inputs(work, inputs, packed);
    }
    dense_tile tile = {.to = {.layer = work->layer,
                              .input = inputs.first,
                              .column = work->column,
                              .squares = work->squares},
                       .x = packs ? packed : rows_from(work, inputs.first),
                       .x_stride = packs ? PACKED_ROW : work->x->stride,
                       .dz = scratch};
    while (tile.to.column < work->end) {
        size_t vecs = least(TILE_VECS, (work->end - tile.to.column) / LANES);
        pack_columns(work, tile.to.column, vecs, scratch);
        column_tiles(goes_on, work, inputs, vecs, tile,
                     packs ? rows * PACKED_ROW : 0);
        tile.to.column += vecs * LANES;
    }
}

/* ---- one row ------------------------------------------------------------ */

/* The outer product of x and dz, in one panel of `vecs` vectors. */
INLINE void outer_panel(size_t vecs, const gradient_work *work, size_t column,
                        const float *x, const float *dz)
{
    size_t offset = column - work->sums.column;
    float *to = work->sums.at + offset * work->sums.in +
                (work->inputs.first - work->sums.input) * vecs * LANES;
    vec factor[PANEL_VECS], squares = vec_zero();
    UNROLL
    for (size_t v = 0; v < vecs; v++) {
        factor[v] = vec_load(dz + v * LANES);
    }
    for (size_t k = 0; k < work->inputs.count; k++) {
        vec xk = vec_all(x[k]);
        UNROLL
        for (size_t v = 0; v < vecs; v++) {
            vec sum = vec_fma(xk, factor[v], vec_zero());
            vec_store(to + v * LANES, sum);
            squares = vec_fma(sum, sum, squares);
        }
        to += vecs * LANES;
    }
    *work->squares = *work->squares + squares;
}

/* A leaf of one row: chains of one link, which need no tile. */
static void gradient_of_row(const gradient_work *work)
{
    const float *x = rows_from(work, work->inputs.first);
    const float *dz = work->dz + work->rows.first * work->dz_stride;
    for (size_t c = work->column; c < work->end; c += MLP_PANEL) {
        if (work->end - c >= MLP_PANEL) {
            outer_panel(PANEL_VECS, work, c, x, dz + c);
        } else {
            outer_panel(PANEL_VECS / 2, work, c, x, dz + c);
        }
    }
}

/* ---- all --------------------------------------------------------------- */

static bool is_one_row(const gradient_work *work)
{
    return work->rows.count == 1 && work->node->leaves.count == 1 &&
           work->node->begun == NULL;
}

static void gradient_dense(const gradient_work *work, float *scratch)
{
    if (is_one_row(work)) {
        gradient_of_row(work);
        return;
    }
    size_t most = packed_inputs(work->rows.count);
    for (size_t i = 0; i < work->inputs.count; i += most) {
        mlp_range inputs = {work->inputs.first + i,
                            least(most, work->inputs.count - i)};
        if (work->node->begun == NULL) {
            block_tiles(false, work, inputs, scratch);
        } else {
            block_tiles(true, work, inputs, scratch);
        }
    }
}

/* Rows of the node's leaves. */
static mlp_range rows_of(const mlp_batch *x, const mlp_gradient_node *node)
{
    size_t first = x->leaf_start[node->leaves.first];
    size_t end = x->leaf_start[node->leaves.first + node->leaves.count];
    return (mlp_range){first, end - first};
}

/* Whether these inputs, activations, are so sparse that it pays to mark them;
 * leaves without some rows each are little but additions in any case. */
static bool is_marked(const gradient_work *work)
{
    const mlp_batch *x = work->x;
    size_t leaves = work->node->leaves.count;
    size_t first = work->inputs.first / MLP_ALIGN * MLP_ALIGN;
    size_t end = work->inputs.first + work->inputs.count;
    return work->rows.count >= leaves * MARKED_LEAF &&
           leaves + work->rows.count / MLP_MASK_ROWS <= MARKED_BLOCKS / 2 &&
           is_sparse(MARKED_PERCENT, x->values + first, x->stride, end - first,
                     work->rows, (work->end - work->column) / LANES);
}

/* Where the sums go: into the layer's gradient, or into a block. */
static void place_sums(gradient_work *work, size_t columns)
{
    const mlp_dense *layer = work->layer;
    const mlp_gradient_node *node = work->node;
    if (node->biases != NULL) {
        work->sums = (sum_array){node->sum, work->inputs.count,
                                 work->inputs.first, work->column};
        work->biases = node->biases;
        work->slopes = node->biases + columns;
        return;
    }
    work->sums = whole_layer(layer, node->sum);
    work->biases =
        node->sum + mlp_dense_bias(layer->in, layer->out) + work->column;
    work->slopes =
        node->sum + mlp_dense_slopes(layer->in, layer->out) + work->column;
}

bool ISA(mlp_gradient)(const mlp_dense *layer, const mlp_batch *x,
                       const float *dz, const mlp_units *units,
                       const mlp_gradient_node *node, mlp_range groups,
                       mlp_range panels, float *scratch)
{
    if (panels.count == 0) {
        return true;
    }
    vec squares = vec_zero();
    size_t first = groups.first * MLP_GROUP;
    size_t column = panels.first * MLP_PANEL;
    gradient_work work = {
        .layer = layer,
        .x = x,
        .dz = dz,
        .dz_stride = mlp_stride(layer->out),
        .node = node,
        .rows = rows_of(x, node),
        .inputs = {first, least(groups.count * MLP_GROUP, layer->in - first)},
        .column = column,
        .end = least(column + panels.count * MLP_PANEL, mlp_padded(layer->out)),
        .squares = &squares};
    place_sums(&work, panels.count * MLP_PANEL);
    if (x->nonzeros != NULL) {
        work.masks = x->nonzeros->masks;
        work.groups = x->nonzeros->groups;
        ISA(mlp_gradient_sparse)(&work, scratch);
    } else if (is_marked(&work)) {
        ISA(mlp_gradient_marked)(&work, scratch);
    } else {
        gradient_dense(&work, scratch);
    }
    if (groups.first == 0) {
        sum_biases(&work, units);
    }
    return are_finite(squares);
}
