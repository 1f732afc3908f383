/** @file
 *  Forward through a dense layer, for one instruction set. Dense inputs go
 *  through register tiles; sparse ones and those of few rows go row by row
 *  through their non-zero inputs: the chain of an element is the same, less its
 *  exact zeros.
 */
#include "sparse.h"

/* Memory to ask for, some lines at each tile. Between multiplications that
 * costs next to nothing; at once it would have to wait for memory. */
typedef struct {
    const char *next, *end;
    size_t step; /* bytes */
} lines_ahead;

enum { LINE = MLP_ALIGN * sizeof(float) };

/* @param tiles  that are to come */
static lines_ahead lines_of(mlp_ahead ahead, size_t tiles)
{
    size_t lines = ahead.bytes / LINE / (tiles + 1) + 1;
    return (lines_ahead){ahead.first, ahead.first + ahead.bytes, lines * LINE};
}

/* The last step may go beyond the end, which has no effect. */
INLINE void prefetch_ahead(lines_ahead *ahead)
{
    if (ahead->next < ahead->end) {
        const char *stop = ahead->next + ahead->step;
        for (const char *line = ahead->next; line < stop; line += LINE) {
            __builtin_prefetch(line, 0, 2);
        }
        ahead->next = stop;
    }
}

/* What one call computes: f(x W + b) of some rows. */
typedef struct {
    const mlp_dense *layer;
    const mlp_batch *x;
    const mlp_units *y;
    mlp_range rows;
    size_t first_marked; /* row that the bits of x begin with */
    float *sums;         /* [., stride]: where sums go first, of y */
    size_t stride;
    const float *bias; /* [padded(out)] */
    lines_ahead *ahead;
} forward_work;

/* a = f(z + b) of a tile, as far as f is fused. */
INLINE void finish_values(size_t rows, size_t vecs, mlp_activation activation,
                          const float *bias, vec *acc)
{
    UNROLL
    for (size_t a = 0; a < rows * vecs; a++) {
        vec z = acc[a] + vec_load(bias + a % vecs * LANES);
        acc[a] = activate_fused(activation, z);
    }
}

/* What is not fused, of sums that have been stored. */
INLINE void finish_block(const forward_work *work, mlp_range rows,
                         mlp_range columns)
{
    if (needs_block(work->layer, work->y)) {
        ISA(mlp_activate)(work->layer, work->y, rows, columns);
    }
}

/* ---- a tile of dense inputs -------------------------------------------- */

typedef struct {
    product_tile product;
    mlp_activation activation;
    const float *bias; /* of the tile's first column */
} dense_tile;

INLINE void sum_tile(size_t rows, size_t vecs, const dense_tile *tile)
{
    const product_tile *product = &tile->product;
    vec acc[TILE_ROWS * TILE_VECS];
    block_product(rows, vecs, product, acc);
    if (product->block.is_last) {
        finish_values(rows, vecs, tile->activation, tile->bias, acc);
    }
    store_values(rows, vecs, acc, product->to, product->stride);
}

/* @param w  the block's weights in this panel */
static void row_tiles(const forward_work *work, mlp_range rows, size_t panel,
                      chain_block block, const float *w)
{
    const mlp_batch *x = work->x;
    mlp_range columns = {panel * MLP_PANEL,
                         panel_width(work->layer->out, panel)};
    for (size_t c = 0; c < columns.count; c += TILE_COLS) {
        size_t vecs = least(TILE_COLS, columns.count - c) / LANES;
        size_t column = columns.first + c;
        const dense_tile tile = {
            .product = {.block = block,
                        .x =
                            x->values + rows.first * x->stride + block.of.first,
                        .x_stride = x->stride,
                        .w = w + c,
                        .w_stride = columns.count,
                        .to = work->sums + rows.first * work->stride + column,
                        .stride = work->stride},
            .activation = work->layer->activation,
            .bias = work->bias + column};
#define TILE(r, v) sum_tile(r, v, &tile)
        TILE_SWITCH(rows.count)
#undef TILE
    }
    if (block.is_last) {
        finish_block(work, rows, columns);
    }
}

static void forward_panel(const forward_work *work, size_t panel)
{
    const mlp_dense *layer = work->layer;
    size_t width = panel_width(layer->out, panel);
    tiling tiles = tile_rows(work->rows.count);
    for (size_t b = 0; b < chain_blocks(layer->in); b++) {
        chain_block block = chain_block_at(layer->in, b);
        const float *w = layer->parameters +
                         mlp_dense_index(layer->in, layer->out, block.of.first,
                                         panel * MLP_PANEL);
        size_t count = block.of.count * width;
        for (size_t t = 0; t < tiles.count; t++) {
            mlp_range rows = tile_at(tiles, t);
            rows.first += work->rows.first;
            prefetch_share(w + count, count, tiles.count, t);
            prefetch_ahead(work->ahead);
            row_tiles(work, rows, panel, block, w);
        }
    }
}

static void forward_dense(const forward_work *work, mlp_range panels)
{
    for (size_t p = panels.first; p < panels.first + panels.count; p++) {
        forward_panel(work, p);
    }
}

/* ---- sparse and single rows, many columns at a time --------------------- */

/* Of the inputs from `first` on and the columns from `column` on. */
INLINE sparse_row row_of(size_t vecs, const mlp_dense *layer, size_t first,
                         size_t column)
{
    sparse_row row = {.w_stride = panel_width(layer->out, column / MLP_PANEL)};
    UNROLL
    for (size_t v = 0; v < vecs; v += PANEL_VECS) {
        row.w[v / PANEL_VECS] =
            layer->parameters +
            mlp_dense_index(layer->in, layer->out, first, column + v * LANES);
    }
    return row;
}

INLINE void sum_row(size_t vecs, size_t blocks, const forward_work *work,
                    size_t column, const sparse_row *row)
{
    vec acc[ROW_VECS];
    sparse_product(vecs, blocks, row, acc);
    if (row->is_last) {
        finish_values(1, vecs, work->layer->activation, work->bias + column,
                      acc);
    }
    store_values(1, vecs, acc, row->to, 0);
}

/* All rows go through the weights of a block before the next; single rows,
 * which would not find them again, through all blocks at once. */
INLINE void row_columns(size_t vecs, bool is_single, const forward_work *work,
                        size_t column)
{
    const mlp_batch *x = work->x;
    const mlp_nonzeros *nonzeros = x->nonzeros;
    mlp_range rows = work->rows;
    size_t end = rows.first + rows.count;
    size_t at_once = is_single ? nonzeros->blocks : 1;
    for (size_t b = 0; b < nonzeros->blocks; b += at_once) {
        sparse_row row = row_of(vecs, work->layer, b * MLP_BLOCK, column);
        row.is_first = b == 0;
        row.is_last = b + at_once == nonzeros->blocks;
        for (size_t r = rows.first; r < end; r++) {
            size_t marked = r - work->first_marked;
            row.bits = nonzeros->inputs + marked * nonzeros->blocks + b;
            size_t ahead = least(r + MARKED_AHEAD, end - 1) - r;
            row.x = x->values + r * x->stride + b * MLP_BLOCK;
            row.to = work->sums + r * work->stride + column;
            if (x->ahead.bytes > 0) { /* both at once is more than pays */
                prefetch_ahead(work->ahead);
            } else if (!is_single) {
                prefetch_sparse(vecs, row.x + ahead * x->stride,
                                row.to + ahead * work->stride);
            }
            if (*row.bits != 0 || row.is_first || row.is_last) {
                sum_row(vecs, at_once, work, column, &row);
            }
        }
    }
    finish_block(work, rows, (mlp_range){column, vecs * LANES});
}

INLINE void forward_columns(bool is_single, const forward_work *work,
                            mlp_range panels)
{
    size_t column = panels.first * MLP_PANEL;
    size_t end = least((panels.first + panels.count) * MLP_PANEL,
                       mlp_padded(work->layer->out));
    while (column < end) {
        size_t vecs = row_vecs(work->layer->out, column, end);
#define ROW(v) row_columns(v, is_single, work, column)
        ROW_SWITCH(vecs)
#undef ROW
        column += vecs * LANES;
    }
}

static void forward_rows(const forward_work *work, mlp_range panels)
{
    if (work->rows.count <= SINGLE_ROWS) {
        forward_columns(true, work, panels);
    } else {
        forward_columns(false, work, panels);
    }
}

/* Rows so few that a tile of them has too few chains. */
INLINE bool are_single(const mlp_dense *layer, mlp_range rows)
{
    return rows.count <= SINGLE_ROWS && layer->in <= MARKED_BLOCKS * MLP_BLOCK;
}

/* Inputs of a dense layer are mostly the activations of another, many of them
 * zeros. Those that are sparse are marked here, as many rows at a time as there
 * is room for; and single rows in any case, whose weights come from afar. */
static void forward_marked(const forward_work *work, mlp_range panels)
{
    uint64_t inputs[MARKED_BLOCKS];
    size_t blocks = mlp_blocks(work->layer->in);
    const mlp_nonzeros nonzeros = {.blocks = blocks, .inputs = inputs};
    mlp_batch x = *work->x;
    x.nonzeros = &nonzeros;
    forward_work part = *work;
    part.x = &x;
    size_t end = work->rows.first + work->rows.count;
    for (size_t r = work->rows.first; r < end; r += part.rows.count) {
        part.rows = (mlp_range){r, rows_at_once(end - r, blocks)};
        part.first_marked = r;
        mark_rows(x.values + r * x.stride, x.stride, work->layer->in,
                  part.rows.count, inputs);
        forward_rows(&part, panels);
    }
}

void ISA(mlp_forward)(const mlp_dense *layer, const mlp_batch *x,
                      const mlp_units *y, mlp_range rows, mlp_range panels)
{
    lines_ahead ahead = {0};
    const forward_work work = {
        .layer = layer,
        .x = x,
        .y = y,
        .rows = rows,
        .sums = y->preactivations != NULL ? y->preactivations : y->a,
        .stride = mlp_stride(layer->out),
        .bias = layer->parameters + mlp_dense_bias(layer->in, layer->out),
        .ahead = &ahead};
    if (x->nonzeros != NULL) {
        size_t wide = (panels.count * PANEL_VECS + ROW_VECS - 1) / ROW_VECS;
        ahead = lines_of(x->ahead, rows.count * x->nonzeros->blocks * wide);
        forward_rows(&work, panels);
    } else if (are_single(layer, rows) ||
               is_sparse(SPARSE_PERCENT, x->values, x->stride, layer->in, rows,
                         panels.count * PANEL_VECS)) {
        forward_marked(&work, panels);
    } else {
        ahead = lines_of(x->ahead, tile_rows(rows.count).count * panels.count);
        forward_dense(&work, panels);
    }
}
