/** @file
 *  Forward and backward through a dense layer, for one instruction set. Dense
 *  inputs go through register tiles, sparse ones through the lists of non-zero
 *  inputs: the chain of an element is the same, less its exact zeros.
 */
#include <string.h>

#include "kernels_isa.h"

/* Rows of x are addressed as one of three strides after a pointer: a pointer
 * each would be more than a CPU has registers for, and with some of them
 * spilled to memory the compiler spills accumulators, too. */
enum { ROWS_A_POINTER = 3 };

/* acc[r, v] = sum over k of x[r, k] w[k, v]: the chain runs over k. */
INLINE void tile_product(size_t rows, size_t vecs, size_t depth, const float *x,
                         size_t x_stride, const float *w, size_t w_stride,
                         vec *acc)
{
    const float *at[TILE_ROWS], *xk[TILE_ROWS];
    UNROLL
    for (size_t r = 0; r < rows; r += ROWS_A_POINTER) {
        at[r] = x + r * x_stride;
        FORGET(at[r]);
    }
    clear(rows * vecs, acc);
    UNROLL_DEPTH
    for (size_t k = 0; k < depth; k++) {
        UNROLL
        for (size_t r = 0; r < rows; r++) {
            size_t after = r % ROWS_A_POINTER;
            xk[r] = at[r - after] + after * x_stride;
        }
        add_outer(rows, vecs, xk, w + k * w_stride, acc);
        UNROLL
        for (size_t r = 0; r < rows; r += ROWS_A_POINTER) {
            at[r]++;
            FORGET(at[r]);
        }
    }
}

INLINE void forward_tile(size_t rows, size_t vecs, const mlp_dense *layer,
                         const float *x, size_t x_stride, const float *w,
                         size_t w_stride, const float *bias, float *y,
                         size_t y_stride)
{
    vec acc[TILE_ROWS * TILE_VECS];
    tile_product(rows, vecs, layer->in, x, x_stride, w, w_stride, acc);
    UNROLL
    for (size_t r = 0; r < rows; r++) {
        UNROLL
        for (size_t v = 0; v < vecs; v++) {
            vec z = acc[r * vecs + v] + vec_load(bias + v * LANES);
            vec_store(y + r * y_stride + v * LANES,
                      activate_fused(layer->activation, z));
        }
    }
}

/* Where sums go first. */
INLINE float *sums_of(const mlp_units *y)
{
    return y->kept != NULL ? y->kept : y->a;
}

static void forward_panel(const mlp_dense *layer, const mlp_batch *x,
                          const mlp_units *y, mlp_range tile, size_t panel)
{
    size_t width = panel_width(layer->out, panel);
    size_t stride = mlp_stride(layer->out);
    const float *w = layer->parameters + panel * MLP_PANEL * layer->in;
    const float *bias =
        layer->parameters + mlp_dense_bias(layer->in, layer->out);
    const float *rows = x->values + tile.first * x->stride;
    for (size_t c = 0; c < width; c += TILE_COLS) {
        size_t vecs = least(TILE_COLS, width - c) / LANES;
        size_t column = panel * MLP_PANEL + c;
        float *to = sums_of(y) + tile.first * stride + column;
#define TILE(r, v)                                                             \
    forward_tile(r, v, layer, rows, x->stride, w + c, width, bias + column,    \
                 to, stride)
        TILE_SWITCH(tile.count)
#undef TILE
    }
    if (needs_block(layer, y)) {
        ISA(mlp_activate)
        (layer, y, tile, (mlp_range){panel * MLP_PANEL, width});
    }
}

static void forward_dense(const mlp_dense *layer, const mlp_batch *x,
                          const mlp_units *y, mlp_range rows, mlp_range panels)
{
    size_t tiles = tile_count(rows.count);
    for (size_t p = panels.first; p < panels.first + panels.count; p++) {
        for (size_t t = 0; t < tiles; t++) {
            mlp_range tile = mlp_range_part(rows.count, tiles, t);
            tile.first += rows.first;
            forward_panel(layer, x, y, tile, p);
        }
    }
}

/* ---- forward over lists of non-zero inputs ----------------------------- */

enum { LIST_AHEAD = 10 /* rows */ };

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
            UNROLL
            for (size_t v = 0; v < vecs; v++) {
                acc[v] = b == 0 ? vec_zero() : vec_load(to + v * LANES);
            }
            list_tile(vecs, x->values + r * x->stride + k,
                      nonzeros->columns + list * MLP_BLOCK,
                      nonzeros->counts[list], w, width, acc);
            UNROLL
            for (size_t v = 0; v < vecs; v++) {
                if (b + 1 == nonzeros->blocks) {
                    acc[v] = activate_fused(
                        layer->activation, acc[v] + vec_load(bias + v * LANES));
                }
                vec_store(to + v * LANES, acc[v]);
            }
        }
    }
    if (needs_block(layer, y)) {
        ISA(mlp_activate)(layer, y, rows, (mlp_range){column, vecs * LANES});
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

static void forward_sparse(const mlp_dense *layer, const mlp_batch *x,
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
            list_columns(LIST_VECS, layer, x, y, rows, column);
        } else if (room >= 4) {
            vecs = 4;
            list_columns(4, layer, x, y, rows, column);
        } else if (room >= 2) {
            vecs = 2;
            list_columns(2, layer, x, y, rows, column);
        } else {
            list_columns(1, layer, x, y, rows, column);
        }
        column += vecs * LANES;
    }
}

void ISA(mlp_forward)(const mlp_dense *layer, const mlp_batch *x,
                      const mlp_units *y, mlp_range rows, mlp_range panels)
{
    if (x->nonzeros != NULL) {
        forward_sparse(layer, x, y, rows, panels);
    } else {
        forward_dense(layer, x, y, rows, panels);
    }
}

/* ---- backward ---------------------------------------------------------- */

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

/* packed[j, i] = w[first + i, j] for a panel of inputs; 0 beyond the last.
 * The padding columns of w go along: they are 0 and packed has room. */
static void pack_transposed(const mlp_dense *layer, size_t first, size_t width,
                            float *packed)
{
    size_t inputs = least(width, layer->in - first);
    size_t whole = inputs / 4 * 4;
    if (inputs < width) {
        memset(packed, 0, mlp_padded(layer->out) * width * sizeof *packed);
    }
    for (size_t j = 0; j < layer->out; j += 4) {
        size_t row = panel_width(layer->out, j / MLP_PANEL);
        const float *w = layer->parameters +
                         mlp_dense_index(layer->in, layer->out, first, j);
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

/* ReLU's derivative is part of the store. */
INLINE void backward_tile(size_t rows, size_t vecs, const mlp_dense *layer,
                          const float *dz, const float *packed, size_t width,
                          const float *a, bool is_relu, float *dx,
                          size_t stride)
{
    vec acc[TILE_ROWS * TILE_VECS];
    tile_product(rows, vecs, layer->out, dz, mlp_stride(layer->out), packed,
                 width, acc);
    UNROLL
    for (size_t r = 0; r < rows; r++) {
        UNROLL
        for (size_t v = 0; v < vecs; v++) {
            size_t at = r * stride + v * LANES;
            vec d = acc[r * vecs + v];
            vec_store(dx + at,
                      is_relu ? vec_pick(vec_load(a + at), d, vec_zero()) : d);
        }
    }
}

static void backward_panel(const mlp_dense *layer, const float *dz,
                           const mlp_dense *below, const mlp_units *units,
                           float *dx, mlp_range tile, mlp_range columns,
                           const float *packed)
{
    bool needs_more = needs_block(below, units);
    bool is_relu = !needs_more && below->activation == MLP_ACTIVATION_RELU;
    size_t stride = mlp_stride(layer->in);
    const float *rows = dz + tile.first * mlp_stride(layer->out);
    for (size_t c = 0; c < columns.count; c += TILE_COLS) {
        size_t vecs = least(TILE_COLS, columns.count - c) / LANES;
        size_t at = tile.first * stride + columns.first + c;
#define TILE(r, v)                                                             \
    backward_tile(r, v, layer, rows, packed + c, columns.count, units->a + at, \
                  is_relu, dx + at, stride)
        TILE_SWITCH(tile.count)
#undef TILE
    }
    if (needs_more) {
        ISA(mlp_slope)(below, units, dx, tile, columns);
    }
}

void ISA(mlp_backward)(const mlp_dense *layer, const float *dz,
                       const mlp_dense *below, const mlp_units *units,
                       float *dx, mlp_range rows, mlp_range panels,
                       float *scratch)
{
    size_t tiles = tile_count(rows.count);
    for (size_t p = panels.first; p < panels.first + panels.count; p++) {
        mlp_range columns = {p * MLP_PANEL, panel_width(layer->in, p)};
        pack_transposed(layer, columns.first, columns.count, scratch);
        for (size_t t = 0; t < tiles; t++) {
            mlp_range tile = mlp_range_part(rows.count, tiles, t);
            tile.first += rows.first;
            backward_panel(layer, dz, below, units, dx, tile, columns, scratch);
        }
    }
}
