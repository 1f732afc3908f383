/** @file
 *  Forward through a dense layer, for one instruction set. Dense inputs go
 *  through register tiles, sparse ones and those of few rows through lists of
 *  non-zero inputs: the chain of an element is the same, less its exact zeros.
 */
#include "nonzeros.h"
#include "product.h"

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
    size_t first_listed; /* row that the lists of x begin with */
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

/* ---- a tile of one row -------------------------------------------------- */

/* Some vectors of columns of one row: of a sparse batch, or single. A dense
 * tile of one row and one panel has two chains, of which each waits for the
 * last multiplication: as many columns as these have enough. */
typedef struct {
    /* From the block's first input and the tile's first column on, a pointer
     * for each panel: one for each vector would be more than there are
     * registers for. */
    const float *w[LIST_VECS];
    size_t w_stride;
    const float *x; /* the row, from the block's first input on */
    float *to;      /* what its chains come to */
    bool is_first, is_last;
    mlp_activation activation;
    const float *bias; /* of the tile's first column */
} row_tile;

/* Of the inputs from `first` on and the columns from `column` on. */
INLINE row_tile tile_of(size_t vecs, const forward_work *work, size_t first,
                        size_t column)
{
    const mlp_dense *layer = work->layer;
    row_tile tile = {.w_stride = panel_width(layer->out, column / MLP_PANEL),
                     .activation = layer->activation,
                     .bias = work->bias + column};
    UNROLL
    for (size_t v = 0; v < vecs; v += PANEL_VECS) {
        tile.w[v / PANEL_VECS] =
            layer->parameters +
            mlp_dense_index(layer->in, layer->out, first, column + v * LANES);
    }
    return tile;
}

INLINE void add_input(size_t vecs, const row_tile *tile, size_t k, vec *acc)
{
    /* where the tile has whole panels, the same as a constant */
    size_t w_stride = vecs < PANEL_VECS ? tile->w_stride : MLP_PANEL;
    vec xk = vec_all(tile->x[k]);
    UNROLL
    for (size_t v = 0; v < vecs; v++) {
        const float *w = tile->w[v / PANEL_VECS] + k * w_stride;
        acc[v] = vec_fma(xk, vec_load(w + v % PANEL_VECS * LANES), acc[v]);
    }
}

/* The chain over the `count` inputs of the list. */
INLINE void sum_row(size_t vecs, const row_tile *tile, const uint8_t *list,
                    size_t count)
{
    vec acc[LIST_VECS];
    begin_values(1, vecs, tile->is_first, tile->to, 0, acc);
    for (size_t n = 0; n < count; n++) {
        add_input(vecs, tile, list[n], acc);
    }
    if (tile->is_last) {
        finish_values(1, vecs, tile->activation, tile->bias, acc);
    }
    store_values(1, vecs, acc, tile->to, 0);
}

/* ---- sparse and single rows, many columns at a time --------------------- */

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

INLINE void list_columns(size_t vecs, const forward_work *work, size_t column)
{
    const mlp_batch *x = work->x;
    const mlp_nonzeros *nonzeros = x->nonzeros;
    mlp_range rows = work->rows;
    size_t end = rows.first + rows.count;
    for (size_t b = 0; b < nonzeros->blocks; b++) {
        size_t k = b * MLP_BLOCK;
        row_tile tile = tile_of(vecs, work, k, column);
        tile.is_first = b == 0;
        tile.is_last = b + 1 == nonzeros->blocks;
        for (size_t r = rows.first; r < end; r++) {
            size_t list = (r - work->first_listed) * nonzeros->blocks + b;
            if (x->ahead.bytes > 0) { /* both at once is more than pays */
                prefetch_ahead(work->ahead);
            } else {
                prefetch_list(x, r + LIST_AHEAD, b);
            }
            tile.x = x->values + r * x->stride + k;
            tile.to = work->sums + r * work->stride + column;
            if (tile.is_first) {
                size_t ahead = least(r + LIST_AHEAD, end - 1) - r;
                prefetch_to_write(tile.to + ahead * work->stride, vecs * LANES);
            }
            sum_row(vecs, &tile, nonzeros->columns + list * MLP_BLOCK,
                    nonzeros->counts[list]);
        }
    }
    finish_block(work, rows, (mlp_range){column, vecs * LANES});
}

/* Vectors from column to the first of `end` and a panel of another width: a
 * tile's rows of weights have one length. */
static size_t same_width(const mlp_dense *layer, size_t column, size_t end)
{
    size_t last = mlp_padded(layer->out) / MLP_PANEL * MLP_PANEL;
    size_t stop = column < last ? least(last, end) : end;
    return (stop - column) / LANES;
}

static void forward_lists(const forward_work *work, mlp_range panels)
{
    size_t column = panels.first * MLP_PANEL;
    size_t end = least((panels.first + panels.count) * MLP_PANEL,
                       mlp_padded(work->layer->out));
    while (column < end) {
        size_t room = same_width(work->layer, column, end);
        size_t vecs = 1;
        if (room >= LIST_VECS) {
            vecs = LIST_VECS;
            list_columns(LIST_VECS, work, column);
        } else if (room >= 4) {
            vecs = 4;
            list_columns(4, work, column);
        } else if (room >= 2) {
            vecs = 2;
            list_columns(2, work, column);
        } else {
            list_columns(1, work, column);
        }
        column += vecs * LANES;
    }
}

/* Inputs of a dense layer are mostly the activations of another, many of them
 * zeros: single rows, whose weights come from afar, get lists, too. */
static void forward_single(const forward_work *work, mlp_range panels)
{
    uint8_t columns[SINGLE_ROWS * LISTED_BLOCKS * MLP_BLOCK + MLP_ALIGN];
    uint8_t counts[SINGLE_ROWS * LISTED_BLOCKS];
    const mlp_nonzeros lists = {.blocks = (work->layer->in + MLP_BLOCK - 1) /
                                          MLP_BLOCK,
                                .columns = columns,
                                .counts = counts};
    mlp_batch x = *work->x;
    x.nonzeros = &lists;
    forward_work listed = *work;
    listed.x = &x;
    listed.first_listed = work->rows.first;
    for (size_t i = 0; i < work->rows.count; i++) {
        const float *row = x.values + (work->rows.first + i) * x.stride;
        list_row(row, work->layer->in, i, &lists);
    }
    forward_lists(&listed, panels);
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
        size_t wide = (panels.count * PANEL_VECS + LIST_VECS - 1) / LIST_VECS;
        ahead = lines_of(x->ahead, rows.count * x->nonzeros->blocks * wide);
        forward_lists(&work, panels);
    } else if (rows.count <= SINGLE_ROWS &&
               layer->in <= LISTED_BLOCKS * MLP_BLOCK) {
        forward_single(&work, panels);
    } else {
        ahead = lines_of(x->ahead, tile_rows(rows.count).count * panels.count);
        forward_dense(&work, panels);
    }
}
