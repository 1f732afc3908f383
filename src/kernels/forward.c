/** @file
 *  Forward through a dense layer, for one instruction set. Dense inputs go
 *  through register tiles, or row by row where rows are few, sparse ones
 * through the lists of non-zero inputs: the chain of an element is the same,
 * less its exact zeros.
 */
#include "product.h"

/* a = f(z + b) of a tile, as far as f is fused. */
INLINE void finish_values(size_t rows, size_t vecs, const mlp_dense *layer,
                          const float *bias, vec *acc)
{
    UNROLL
    for (size_t a = 0; a < rows * vecs; a++) {
        vec z = acc[a] + vec_load(bias + a % vecs * LANES);
        acc[a] = activate_fused(layer->activation, z);
    }
}

INLINE void forward_tile(size_t rows, size_t vecs, const mlp_dense *layer,
                         chain_block block, const float *x, size_t x_stride,
                         const float *w, size_t w_stride, const float *bias,
                         float *y, size_t y_stride)
{
    vec acc[TILE_ROWS * TILE_VECS];
    block_product(rows, vecs, block, x, x_stride, w, w_stride, y, y_stride,
                  acc);
    if (block.is_last) {
        finish_values(rows, vecs, layer, bias, acc);
    }
    store_values(rows, vecs, acc, y, y_stride);
}

/* Where sums go first. */
INLINE float *sums_of(const mlp_units *y)
{
    return y->preactivations != NULL ? y->preactivations : y->a;
}

/* @param w  the block's weights in this panel */
static void forward_tiles(const mlp_dense *layer, const mlp_batch *x,
                          const mlp_units *y, mlp_range tile, size_t panel,
                          chain_block block, const float *w)
{
    size_t width = panel_width(layer->out, panel);
    size_t stride = mlp_stride(layer->out);
    const float *bias =
        layer->parameters + mlp_dense_bias(layer->in, layer->out);
    const float *rows = x->values + tile.first * x->stride + block.of.first;
    for (size_t c = 0; c < width; c += TILE_COLS) {
        size_t vecs = least(TILE_COLS, width - c) / LANES;
        size_t column = panel * MLP_PANEL + c;
        float *to = sums_of(y) + tile.first * stride + column;
#define TILE(r, v)                                                             \
    forward_tile(r, v, layer, block, rows, x->stride, w + c, width,            \
                 bias + column, to, stride)
        TILE_SWITCH(tile.count)
#undef TILE
    }
    if (block.is_last && needs_block(layer, y)) {
        ISA(mlp_activate)
        (layer, y, tile, (mlp_range){panel * MLP_PANEL, width});
    }
}

static void forward_panel(const mlp_dense *layer, const mlp_batch *x,
                          const mlp_units *y, mlp_range rows, size_t panel)
{
    size_t width = panel_width(layer->out, panel);
    tiling tiles = tile_rows(rows.count);
    for (size_t b = 0; b < chain_blocks(layer->in); b++) {
        chain_block block = chain_block_at(layer->in, b);
        const float *w = layer->parameters +
                         mlp_dense_index(layer->in, layer->out, block.of.first,
                                         panel * MLP_PANEL);
        size_t count = block.of.count * width;
        for (size_t t = 0; t < tiles.count; t++) {
            mlp_range tile = tile_at(tiles, t);
            tile.first += rows.first;
            prefetch_share(w + count, count, tiles.count, t);
            forward_tiles(layer, x, y, tile, panel, block, w);
        }
    }
}

static void forward_dense(const mlp_dense *layer, const mlp_batch *x,
                          const mlp_units *y, mlp_range rows, mlp_range panels)
{
    for (size_t p = panels.first; p < panels.first + panels.count; p++) {
        forward_panel(layer, x, y, rows, p);
    }
}

/* ---- forward over lists of non-zero inputs ----------------------------- */

/* One row, `vecs` vectors of columns, one block of inputs.
 * @param w  the block's weights, a pointer for each panel: one for each vector
 *           would be more than there are registers for */
INLINE void list_tile(size_t vecs, const float *x, const uint8_t *list,
                      size_t count, const float *const *w, size_t w_stride,
                      vec acc[LIST_VECS])
{
    for (size_t n = 0; n < count; n++) {
        size_t k = list[n];
        vec xk = vec_all(x[k]);
        UNROLL
        for (size_t v = 0; v < vecs; v++) {
            const float *row = w[v / PANEL_VECS] + k * w_stride;
            acc[v] =
                vec_fma(xk, vec_load(row + v % PANEL_VECS * LANES), acc[v]);
        }
    }
}

/* Ask for a block of a row and its list some rows before they are read: they
 * may be in the cache of the core that gathered them. */
INLINE void prefetch_list(const mlp_batch *x, size_t row, size_t block)
{
    const mlp_nonzeros *nonzeros = x->nonzeros;
    const float *values = x->values + row * x->stride + block * MLP_BLOCK;
    size_t list = row * nonzeros->blocks + block;
    UNROLL
    for (size_t k = 0; k < MLP_BLOCK; k += MLP_ALIGN) {
        __builtin_prefetch(values + k);
    }
    __builtin_prefetch(nonzeros->columns + list * MLP_BLOCK);
    __builtin_prefetch(nonzeros->columns + list * MLP_BLOCK + 64);
}

INLINE void list_columns(size_t vecs, const mlp_dense *layer,
                         const mlp_batch *x, const mlp_units *y, mlp_range rows,
                         size_t column)
{
    const mlp_nonzeros *nonzeros = x->nonzeros;
    size_t stride = mlp_stride(layer->out);
    size_t width = panel_width(layer->out, column / MLP_PANEL);
    const float *bias =
        layer->parameters + mlp_dense_bias(layer->in, layer->out) + column;
    for (size_t b = 0; b < nonzeros->blocks; b++) {
        size_t k = b * MLP_BLOCK;
        const float *w[LIST_VECS];
        UNROLL
        for (size_t v = 0; v < vecs; v += PANEL_VECS) {
            w[v / PANEL_VECS] =
                layer->parameters +
                mlp_dense_index(layer->in, layer->out, k, column + v * LANES);
        }
        for (size_t r = rows.first; r < rows.first + rows.count; r++) {
            float *to = sums_of(y) + r * stride + column;
            size_t list = r * nonzeros->blocks + b;
            vec acc[LIST_VECS];
            prefetch_list(x, r + LIST_AHEAD, b);
            begin_values(1, vecs, b == 0, to, stride, acc);
            list_tile(vecs, x->values + r * x->stride + k,
                      nonzeros->columns + list * MLP_BLOCK,
                      nonzeros->counts[list], w, width, acc);
            if (b + 1 == nonzeros->blocks) {
                finish_values(1, vecs, layer, bias, acc);
            }
            store_values(1, vecs, acc, to, stride);
        }
    }
    if (needs_block(layer, y)) {
        ISA(mlp_activate)(layer, y, rows, (mlp_range){column, vecs * LANES});
    }
}

/* ---- forward of single rows -------------------------------------------- */

/* A tile of one row and one panel has two chains, of which each waits for the
 * last multiplication: as many columns as the lists take have enough. */
INLINE void row_columns(size_t vecs, const mlp_dense *layer, const mlp_batch *x,
                        const mlp_units *y, size_t row, size_t column)
{
    size_t stride = mlp_stride(layer->out);
    size_t width = panel_width(layer->out, column / MLP_PANEL);
    const float *bias =
        layer->parameters + mlp_dense_bias(layer->in, layer->out) + column;
    const float *from = x->values + row * x->stride;
    float *to = sums_of(y) + row * stride + column;
    const float *w[LIST_VECS];
    vec acc[LIST_VECS];
    UNROLL
    for (size_t v = 0; v < vecs; v += PANEL_VECS) {
        w[v / PANEL_VECS] =
            layer->parameters +
            mlp_dense_index(layer->in, layer->out, 0, column + v * LANES);
    }
    begin_values(1, vecs, true, to, stride, acc);
    for (size_t k = 0; k < layer->in; k++) {
        vec xk = vec_all(from[k]);
        UNROLL
        for (size_t v = 0; v < vecs; v++) {
            const float *weights = w[v / PANEL_VECS] + k * width;
            acc[v] =
                vec_fma(xk, vec_load(weights + v % PANEL_VECS * LANES), acc[v]);
        }
    }
    finish_values(1, vecs, layer, bias, acc);
    store_values(1, vecs, acc, to, stride);
    if (needs_block(layer, y)) {
        ISA(mlp_activate)
        (layer, y, (mlp_range){row, 1}, (mlp_range){column, vecs * LANES});
    }
}

/* ---- forward over many columns at a time ------------------------------- */

INLINE void wide_columns(size_t vecs, const mlp_dense *layer,
                         const mlp_batch *x, const mlp_units *y, mlp_range rows,
                         size_t column)
{
    if (x->nonzeros != NULL) {
        list_columns(vecs, layer, x, y, rows, column);
        return;
    }
    for (size_t r = rows.first; r < rows.first + rows.count; r++) {
        row_columns(vecs, layer, x, y, r, column);
    }
}

/* Vectors from column to the first of `end` and a panel of another width: a
 * tile's rows of weights have one length. */
static size_t same_width(const mlp_dense *layer, size_t column, size_t end)
{
    size_t last = mlp_padded(layer->out) / MLP_PANEL * MLP_PANEL;
    size_t stop = column < last ? least(last, end) : end;
    return (stop - column) / LANES;
}

static void forward_wide(const mlp_dense *layer, const mlp_batch *x,
                         const mlp_units *y, mlp_range rows, mlp_range panels)
{
    size_t column = panels.first * MLP_PANEL;
    size_t end = least((panels.first + panels.count) * MLP_PANEL,
                       mlp_padded(layer->out));
    while (column < end) {
        size_t room = same_width(layer, column, end);
        size_t vecs = 1;
        if (room >= LIST_VECS) {
            vecs = LIST_VECS;
            wide_columns(LIST_VECS, layer, x, y, rows, column);
        } else if (room >= 4) {
            vecs = 4;
            wide_columns(4, layer, x, y, rows, column);
        } else if (room >= 2) {
            vecs = 2;
            wide_columns(2, layer, x, y, rows, column);
        } else {
            wide_columns(1, layer, x, y, rows, column);
        }
        column += vecs * LANES;
    }
}

void ISA(mlp_forward)(const mlp_dense *layer, const mlp_batch *x,
                      const mlp_units *y, mlp_range rows, mlp_range panels)
{
    if (x->nonzeros != NULL || rows.count <= SINGLE_ROWS) {
        forward_wide(layer, x, y, rows, panels);
    } else {
        forward_dense(layer, x, y, rows, panels);
    }
}
