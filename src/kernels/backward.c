/** @file
 *  Backward through a dense layer, for one instruction set: dz W^T from a copy
 *  of some columns of W^T. Dense derivatives go through register tiles, sparse
 *  ones row by row.
 */
#include <string.h>

#include "scratch.h"
#include "sparse.h"

_Static_assert(ROW_VECS *LANES <= SPARSE_PANELS * MLP_PANEL,
               "scratch has room for the panels of a sparse row");

typedef float quad __attribute__((vector_size(16)));

/* to[j, i] = from[i, j], 4 x 4 */
INLINE void transpose_4x4(const float *from, size_t from_stride, float *to,
                          size_t to_stride)
{
    quad row[4], half[4], column[4];
    for (size_t i = 0; i < 4; i++) {
        memcpy(&row[i], from + i * from_stride, sizeof row[i]);
    }
    for (size_t i = 0; i < 2; i++) {
        half[i] =
            __builtin_shufflevector(row[2 * i], row[2 * i + 1], 0, 4, 1, 5);
        half[i + 2] =
            __builtin_shufflevector(row[2 * i], row[2 * i + 1], 2, 6, 3, 7);
    }
    for (size_t i = 0; i < 2; i++) {
        column[2 * i] =
            __builtin_shufflevector(half[2 * i], half[2 * i + 1], 0, 1, 4, 5);
        column[2 * i + 1] =
            __builtin_shufflevector(half[2 * i], half[2 * i + 1], 2, 3, 6, 7);
    }
    for (size_t j = 0; j < 4; j++) {
        memcpy(to + j * to_stride, &column[j], sizeof column[j]);
    }
}

/* packed[j, i] = w[first + i, outputs.first + j] for a panel of inputs; 0
 * beyond the last. The padding columns of w go along: they are 0 and packed has
 * room. */
static void pack_transposed(const mlp_dense *layer, mlp_range outputs,
                            size_t first, size_t width, float *packed)
{
    size_t inputs = least(width, layer->in - first);
    size_t whole = inputs / 4 * 4;
    if (inputs < width) {
        memset(packed, 0, mlp_padded(outputs.count) * width * sizeof *packed);
    }
    for (size_t j = 0; j < outputs.count; j += 4) {
        size_t column = outputs.first + j;
        size_t row = panel_width(layer->out, column / MLP_PANEL);
        const float *w = layer->parameters +
                         mlp_dense_index(layer->in, layer->out, first, column);
        for (size_t i = 0; i < whole; i += 4) {
            transpose_4x4(w + i * row, row, packed + j * width + i, width);
        }
        for (size_t i = whole; i < inputs; i++) {
            for (size_t n = 0; n < 4; n++) {
                packed[(j + n) * width + i] = w[i * row + n];
            }
        }
    }
}

/* ---- a tile ------------------------------------------------------------ */

/* A tile's operands: dz W^T, and the units that it is the derivative by. */
typedef struct {
    product_tile product;
    const float *a; /* [rows, product.stride]: their activations */
    /* The derivative is part of the store; and it is ReLU's. */
    bool is_final, is_relu;
} backward_tile;

/* ReLU's derivative, and dz's rounding to 0, are part of the store.
 * @param a  [rows, stride]: the activations */
INLINE void finish_dz(size_t rows, size_t vecs, bool is_relu, const float *a,
                      size_t stride, vec *acc)
{
    UNROLL
    for (size_t i = 0; i < rows * vecs; i++) {
        if (is_relu) {
            vec below = vec_load(a + i / vecs * stride + i % vecs * LANES);
            acc[i] = vec_pick(below, acc[i], vec_zero());
        }
        acc[i] = vec_flush_dz(acc[i]);
    }
}

INLINE void sum_tile(size_t rows, size_t vecs, const backward_tile *tile)
{
    const product_tile *product = &tile->product;
    vec acc[TILE_ROWS * TILE_VECS];
    if (tile->is_relu) {
        UNROLL
        for (size_t r = 0; r < rows; r++) {
            prefetch(tile->a + r * product->stride, vecs * LANES);
        }
    }
    block_product(rows, vecs, product, acc);
    if (tile->is_final) {
        finish_dz(rows, vecs, tile->is_relu, tile->a, product->stride, acc);
    }
    store_values(rows, vecs, acc, product->to, product->stride);
}

/* ---- all tiles --------------------------------------------------------- */

/* What one call computes: dx = (dz W^T) f'(z) of some rows. */
typedef struct {
    const mlp_dense *layer, *below; /* whose dz there is, and is wanted */
    const mlp_units *units;         /* of the layer below */
    const float *dz;                /* [., stride(out)] */
    float *dx;                      /* [., stride(in)] */
    mlp_range rows;
} backward_work;

/* @param packed  [the block's outputs, columns]: W^T */
static void row_tiles(const backward_work *work, mlp_range rows,
                      mlp_range columns, chain_block block, const float *packed)
{
    bool needs_more = needs_block(work->below, work->units);
    bool is_final = block.is_last && !needs_more;
    size_t stride = mlp_stride(work->layer->in);
    size_t dz_stride = mlp_stride(work->layer->out);
    for (size_t c = 0; c < columns.count; c += TILE_COLS) {
        size_t vecs = least(TILE_COLS, columns.count - c) / LANES;
        size_t at = rows.first * stride + columns.first + c;
        const backward_tile tile = {
            .product = {.block = block,
                        .x = work->dz + rows.first * dz_stride + block.of.first,
                        .x_stride = dz_stride,
                        .w = packed + c,
                        .w_stride = columns.count,
                        .to = work->dx + at,
                        .stride = stride},
            .a = work->units->a + at,
            .is_final = is_final,
            .is_relu =
                is_final && work->below->activation == MLP_ACTIVATION_RELU};
#define TILE(r, v) sum_tile(r, v, &tile)
        TILE_SWITCH(rows.count)
#undef TILE
    }
    if (block.is_last && needs_more) {
        ISA(mlp_slope)(work->below, work->units, work->dx, rows, columns);
    }
}

/* Ask for share t of n of the weights of the outputs after this block. */
INLINE void prefetch_outputs(const mlp_dense *layer, chain_block block,
                             mlp_range columns, size_t n, size_t t)
{
    size_t next = block.of.first + block.of.count;
    size_t end = least(next + block.of.count, layer->out);
    size_t count = least(columns.count, layer->in - columns.first) * MLP_PANEL;
    for (size_t j = next; j < end; j += MLP_PANEL) {
        size_t at = mlp_dense_index(layer->in, layer->out, columns.first, j);
        prefetch_share(layer->parameters + at, count, n, t);
    }
}

static void column_tiles(const backward_work *work, mlp_range columns,
                         float *scratch)
{
    const mlp_dense *layer = work->layer;
    tiling tiles = tile_rows(work->rows.count);
    for (size_t b = 0; b < chain_blocks(layer->out); b++) {
        chain_block block = chain_block_at(layer->out, b);
        pack_transposed(layer, block.of, columns.first, columns.count, scratch);
        for (size_t t = 0; t < tiles.count; t++) {
            mlp_range rows = tile_at(tiles, t);
            rows.first += work->rows.first;
            prefetch_outputs(layer, block, columns, tiles.count, t);
            row_tiles(work, rows, columns, block, scratch);
        }
    }
}

static void backward_dense(const backward_work *work, mlp_range panels,
                           float *scratch)
{
    for (size_t p = panels.first; p < panels.first + panels.count; p++) {
        mlp_range columns = {p * MLP_PANEL, panel_width(work->layer->in, p)};
        column_tiles(work, columns, scratch);
    }
}

/* ---- sparse rows -------------------------------------------------------- */

/* Rows whose dz is marked. */
typedef struct {
    const backward_work *work;
    mlp_range rows;
    const uint64_t *marks; /* [rows, blocks] */
    size_t blocks;
} marked_rows;

/* @param at  of the first element, in dx and the activations */
INLINE void sum_row(size_t vecs, const backward_work *work, size_t at,
                    const sparse_row *row)
{
    bool needs_more = needs_block(work->below, work->units);
    bool is_relu = work->below->activation == MLP_ACTIVATION_RELU;
    vec acc[ROW_VECS];
    sparse_product(vecs, 1, row, acc);
    if (row->is_last && !needs_more) {
        finish_dz(1, vecs, is_relu, work->units->a + at, 0, acc);
    }
    store_values(1, vecs, acc, row->to, 0);
}

/* W^T of a block of outputs and some panels of inputs: [panels, outputs,
 * inputs of a panel]. */
INLINE void pack_panels(size_t vecs, const mlp_dense *layer, mlp_range outputs,
                        size_t column, float *packed, sparse_row *row)
{
    size_t width = panel_width(layer->in, column / MLP_PANEL);
    row->w_stride = width;
    UNROLL
    for (size_t v = 0; v < vecs; v += PANEL_VECS) {
        float *to = packed + v * LANES * MLP_BLOCK;
        pack_transposed(layer, outputs, column + v * LANES, width, to);
        row->w[v / PANEL_VECS] = to;
    }
}

INLINE void row_columns(size_t vecs, const marked_rows *marked, size_t column,
                        float *packed)
{
    const backward_work *work = marked->work;
    const mlp_dense *layer = work->layer;
    size_t stride = mlp_stride(layer->in), dz_stride = mlp_stride(layer->out);
    for (size_t b = 0; b < marked->blocks; b++) {
        size_t k = b * MLP_BLOCK;
        mlp_range outputs = {k, least(MLP_BLOCK, layer->out - k)};
        sparse_row row = {.is_first = b == 0,
                          .is_last = b + 1 == marked->blocks};
        pack_panels(vecs, layer, outputs, column, packed, &row);
        for (size_t i = 0; i < marked->rows.count; i++) {
            row.bits = marked->marks + i * marked->blocks + b;
            size_t r = marked->rows.first + i;
            size_t at = r * stride + column;
            size_t ahead = least(i + MARKED_AHEAD, marked->rows.count - 1) - i;
            row.x = work->dz + r * dz_stride + k;
            row.to = work->dx + at;
            prefetch_sparse(vecs, row.x + ahead * dz_stride,
                            row.to + ahead * stride);
            if (*row.bits != 0 || row.is_first || row.is_last) {
                sum_row(vecs, work, at, &row);
            }
        }
    }
    if (needs_block(work->below, work->units)) {
        ISA(mlp_slope)
        (work->below, work->units, work->dx, marked->rows,
         (mlp_range){column, vecs * LANES});
    }
}

static void backward_rows(const marked_rows *marked, mlp_range panels,
                          float *scratch)
{
    size_t in = marked->work->layer->in;
    size_t column = panels.first * MLP_PANEL;
    size_t end =
        least((panels.first + panels.count) * MLP_PANEL, mlp_padded(in));
    while (column < end) {
        size_t vecs = row_vecs(in, column, end);
#define ROW(v) row_columns(v, marked, column, scratch)
        ROW_SWITCH(vecs)
#undef ROW
        column += vecs * LANES;
    }
}

static void backward_sparse(const backward_work *work, mlp_range panels,
                            float *scratch)
{
    uint64_t marks[MARKED_BLOCKS];
    size_t out = work->layer->out;
    size_t blocks = mlp_blocks(out);
    marked_rows part = {.work = work, .marks = marks, .blocks = blocks};
    size_t end = work->rows.first + work->rows.count;
    for (size_t r = work->rows.first; r < end; r += part.rows.count) {
        part.rows = (mlp_range){r, rows_at_once(end - r, blocks)};
        mark_rows(work->dz + r * mlp_stride(out), mlp_stride(out), out,
                  part.rows.count, marks);
        backward_rows(&part, panels, scratch);
    }
}

void ISA(mlp_backward)(const mlp_dense *layer, const float *dz,
                       const mlp_dense *below, const mlp_units *units,
                       float *dx, mlp_range rows, mlp_range panels,
                       float *scratch)
{
    backward_work work = {layer, below, units, dz, NULL, rows};
    work.dx = dx;
    if (is_sparse(SPARSE_PERCENT, dz, mlp_stride(layer->out), layer->out, rows,
                  panels.count * PANEL_VECS)) {
        backward_sparse(&work, panels, scratch);
    } else {
        backward_dense(&work, panels, scratch);
    }
}
