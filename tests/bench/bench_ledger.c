/** @file
 *  Counts the bytes that go from core to core in a step.
 */
#include "bench_ledger.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench_net.h"

#include "config/config.h"
#include "model/pass.h"

enum { LINE_BYTES = 64 };

/* The cache lines of a matrix, and which cores have a valid copy of each. */
typedef struct {
    size_t rows, lines; /* of a row */
    uint32_t *holders;  /* [rows, lines]: bit t: thread t */
} matrix;

typedef struct {
    const mlp_model *model;
    mlp_pass *pass;
    mlp_batch batch;
    mlp_thread thread; /* whose accesses are followed */
    matrix x, marks;   /* of the batch, and which of x are not zero */
    matrix a[BENCH_LAYERS_MAX], dz[BENCH_LAYERS_MAX], w[BENCH_LAYERS_MAX];
    size_t bytes; /* that came from other cores in this stage */
} ledger;

static bool create_matrix(matrix *m, size_t rows, size_t lines)
{
    m->rows = rows;
    m->lines = lines;
    m->holders = calloc(rows * lines, sizeof *m->holders);
    return m->holders != NULL;
}

static size_t lines_of(size_t columns)
{
    return mlp_padded(columns) / MLP_ALIGN;
}

static mlp_range all_rows(const matrix *m)
{
    return (mlp_range){0, m->rows};
}

static mlp_range all_lines(const matrix *m)
{
    return (mlp_range){0, m->lines};
}

/* `units` of so many rows or lines each, as far as there are. */
static mlp_range scaled(mlp_range units, size_t each, mlp_range all)
{
    return mlp_range_overlap(
        (mlp_range){units.first * each, units.count * each}, all);
}

static mlp_range lines_in(const matrix *m, mlp_range panels)
{
    return scaled(panels, MLP_PANEL / MLP_ALIGN, all_lines(m));
}

/* The thread reads or writes these lines: those of which its core has no copy
 * come from another core. After a write no other core has one. */
static void touch(ledger *l, matrix *m, mlp_range rows, mlp_range lines,
                  bool writes)
{
    uint32_t mine = UINT32_C(1) << l->thread.index;
    for (size_t r = rows.first; r < rows.first + rows.count; r++) {
        uint32_t *row = m->holders + r * m->lines;
        for (size_t i = lines.first; i < lines.first + lines.count; i++) {
            l->bytes += row[i] != 0 && (row[i] & mine) == 0 ? LINE_BYTES : 0;
            row[i] = writes ? mine : row[i] | mine;
        }
    }
}

static void read_lines(ledger *l, matrix *m, mlp_range rows, mlp_range lines)
{
    touch(l, m, rows, lines, false);
}

static void write_lines(ledger *l, matrix *m, mlp_range rows, mlp_range lines)
{
    touch(l, m, rows, lines, true);
}

/* ---- the stages, as pass.c and feed.c read and write -------------------- */

static void gather(ledger *l, size_t layer)
{
    (void)layer;
    mlp_range rows = mlp_thread_share(l->thread, l->batch.rows);
    write_lines(l, &l->x, rows, all_lines(&l->x));
    write_lines(l, &l->marks, rows, all_lines(&l->marks));
}

static matrix *input_of(ledger *l, size_t layer)
{
    return layer > 0 ? &l->a[layer - 1] : &l->x;
}

static void forward(ledger *l, size_t layer)
{
    matrix *w = &l->w[layer];
    mlp_tile own = mlp_pass_tile(
        l->pass, layer, mlp_panels(l->model->layer[layer].out), l->thread);
    if (own.rows.count == 0) {
        return;
    }
    read_lines(l, input_of(l, layer), own.rows, all_lines(input_of(l, layer)));
    if (layer == 0) {
        read_lines(l, &l->marks, own.rows, all_lines(&l->marks));
    }
    read_lines(l, w, all_rows(w), lines_in(w, own.columns));
    write_lines(l, &l->a[layer], own.rows, lines_in(&l->a[layer], own.columns));
}

static void loss(ledger *l, size_t layer)
{
    mlp_range rows = mlp_thread_share(l->thread, l->batch.rows);
    read_lines(l, &l->a[layer], rows, all_lines(&l->a[layer]));
    write_lines(l, &l->dz[layer], rows, all_lines(&l->dz[layer]));
}

/* Panels of the layer's inputs are rows of its weights. */
static void backward(ledger *l, size_t layer)
{
    matrix *w = &l->w[layer], *dx = &l->dz[layer - 1];
    mlp_tile own = mlp_pass_tile(
        l->pass, layer, mlp_panels(l->model->layer[layer].in), l->thread);
    mlp_range lines = lines_in(dx, own.columns);
    mlp_range inputs = scaled(own.columns, MLP_PANEL, all_rows(w));
    if (own.rows.count == 0) {
        return;
    }
    read_lines(l, &l->dz[layer], own.rows, all_lines(&l->dz[layer]));
    read_lines(l, w, inputs, all_lines(w));
    read_lines(l, &l->a[layer - 1], own.rows, lines);
    write_lines(l, dx, own.rows, lines);
}

/* With the update of the same weights. */
static void gradient(ledger *l, size_t layer)
{
    matrix *w = &l->w[layer], *x = input_of(l, layer);
    mlp_tile own = mlp_pass_gradient_tile(l->pass, layer, l->thread);
    mlp_range inputs = scaled(own.rows, MLP_GROUP, all_rows(w));
    size_t first_line = inputs.first / MLP_ALIGN;
    size_t end_line = lines_of(inputs.first + inputs.count);
    if (own.rows.count == 0) {
        return;
    }
    read_lines(l, x, all_rows(x),
               (mlp_range){first_line, end_line - first_line});
    read_lines(l, &l->dz[layer], all_rows(&l->dz[layer]),
               lines_in(&l->dz[layer], own.columns));
    write_lines(l, w, inputs, lines_in(w, own.columns));
}

/* ---- a step ------------------------------------------------------------- */

static void stage(ledger *l, const char *op, size_t layer, bool prints,
                  void (*body)(ledger *l, size_t layer))
{
    l->bytes = 0;
    for (size_t t = 0; t < l->thread.count; t++) {
        l->thread.index = t;
        body(l, layer);
    }
    if (prints) {
        printf("%s{\"op\":\"%s\",\"layer\":%zu,\"bytes\":%zu}",
               body == gather ? "" : ",", op, layer, l->bytes);
    }
}

static void step(ledger *l, bool prints)
{
    size_t layers = l->model->layers;
    stage(l, "gather", 0, prints, gather);
    for (size_t i = 0; i < layers; i++) {
        stage(l, "forward", i, prints, forward);
    }
    stage(l, "loss", layers - 1, prints, loss);
    for (size_t i = layers - 1; i > 0; i--) {
        stage(l, "backward", i, prints, backward);
    }
    for (size_t i = layers; i-- > 0;) {
        stage(l, "gradient", i, prints, gradient);
    }
}

/* All lines are with some core after the first step. */
static void print_step(ledger *l)
{
    step(l, false);
    printf("{\"threads\":%zu,\"stages\":[", l->thread.count);
    step(l, true);
    puts("]}");
}

static bool create_matrices(ledger *l)
{
    size_t features = l->model->layer[0].in;
    size_t marks = mlp_blocks(features) * sizeof *l->batch.nonzeros->inputs;
    bool is_made = create_matrix(&l->x, l->batch.rows, lines_of(features)) &&
                   create_matrix(&l->marks, l->batch.rows,
                                 (marks + LINE_BYTES - 1) / LINE_BYTES);
    for (size_t i = 0; i < l->model->layers && is_made; i++) {
        const mlp_layer *layer = &l->model->layer[i];
        size_t lines = lines_of(layer->out);
        is_made = create_matrix(&l->a[i], l->batch.rows, lines) &&
                  create_matrix(&l->dz[i], l->batch.rows, lines) &&
                  create_matrix(&l->w[i], layer->in, lines);
    }
    return is_made;
}

static void destroy_matrices(ledger *l)
{
    free(l->x.holders);
    free(l->marks.holders);
    for (size_t i = 0; i < BENCH_LAYERS_MAX; i++) {
        free(l->a[i].holders);
        free(l->dz[i].holders);
        free(l->w[i].holders);
    }
}

int bench_ledger(const size_t *widths, size_t layers, size_t rows,
                 size_t threads)
{
    mlp_config config;
    mlp_model *model = NULL;
    ledger l = {.batch = {.rows = rows, .cols = widths[0]},
                .thread = {.count = threads}};
    mlp_config_init(&config);
    mlp_status status = mlp_model_create(widths, layers, &config, &model);
    if (status == MLP_OK) {
        status = mlp_pass_create(model, mlp_kernels_find(NULL), rows, threads,
                                 NULL, &l.pass);
    }
    if (status == MLP_OK) {
        l.model = model;
        mlp_pass_begin(l.pass, NULL, &l.batch, NULL, NULL);
        status = create_matrices(&l) ? MLP_OK : mlp_fail_memory("the ledger");
    }
    if (status == MLP_OK) {
        print_step(&l);
    }
    destroy_matrices(&l);
    mlp_pass_destroy(&l.pass);
    mlp_model_destroy(&model);
    return status == MLP_OK ? 0 : 2;
}
