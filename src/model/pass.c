/** @file
 *  Forward and backward pass. A thread owns a tile of each layer's outputs:
 *  panels of columns, or rows where a layer has fewer panels than there are
 *  threads.
 */
#include "pass.h"

#include <stdlib.h>

#include "base/arena.h"

#include "internal.h"

/* Row padding is never written, but kernels read it: it must be 0. */
static void place_layers(mlp_pass *pass, size_t rows, mlp_arena *arena)
{
    for (size_t l = 0; l < pass->model->layers; l++) {
        const mlp_layer *layer = &pass->model->layer[l];
        size_t count = rows * mlp_stride(layer->out);
        bool drops = layer->dropout > 0.0;
        bool keeps = drops || mlp_keeps_sums(layer->activation);
        pass->activations[l] = mlp_arena_cut(arena, count, sizeof(float));
        pass->dz[l] = mlp_arena_cut(arena, count, sizeof(float));
        pass->preactivations[l] =
            keeps ? mlp_arena_cut(arena, count, sizeof(float)) : NULL;
        pass->masks[l] =
            drops ? mlp_arena_cut(arena, count, sizeof(float)) : NULL;
    }
}

static void place_arrays(mlp_pass *pass, size_t rows, mlp_arena *arena)
{
    size_t scratch = mlp_scratch_bytes(pass->model->widest, rows);
    place_layers(pass, rows, arena);
    for (size_t t = 0; t < pass->threads; t++) {
        pass->scratch[t] = mlp_arena_cut(arena, scratch, 1);
    }
    pass->losses = mlp_arena_cut(arena, rows + 1, sizeof *pass->losses);
    pass->predictions =
        mlp_arena_cut(arena, rows + 1, sizeof *pass->predictions);
}

/* Allocate everything but the arrays of the pass. */
static mlp_status create(const mlp_model *model, size_t threads,
                         mlp_pass **pass)
{
    mlp_pass *made = calloc(1, sizeof *made);
    if (made != NULL) {
        made->model = made->held = model;
        made->threads = threads;
        made->activations = calloc(model->layers, sizeof *made->activations);
        made->preactivations =
            calloc(model->layers, sizeof *made->preactivations);
        made->masks = calloc(model->layers, sizeof *made->masks);
        made->dz = calloc(model->layers, sizeof *made->dz);
        made->scratch = calloc(threads, sizeof *made->scratch);
    }
    *pass = made;
    if (made == NULL || made->activations == NULL ||
        made->preactivations == NULL || made->masks == NULL ||
        made->dz == NULL || made->scratch == NULL) {
        mlp_pass_destroy(pass);
        return mlp_fail_memory("the activations of a batch");
    }
    return MLP_OK;
}

static size_t count_bytes(mlp_pass *pass, size_t rows)
{
    mlp_arena nothing = {0};
    place_arrays(pass, rows, &nothing);
    return nothing.used;
}

size_t mlp_pass_bytes(const mlp_model *model, size_t rows, size_t threads)
{
    mlp_pass *pass;
    if (create(model, threads, &pass) != MLP_OK) {
        return 0;
    }
    size_t bytes = count_bytes(pass, rows);
    mlp_pass_destroy(&pass);
    return bytes;
}

mlp_status mlp_pass_create(const mlp_model *model, const mlp_kernels *kernels,
                           size_t rows, size_t threads, void *memory,
                           mlp_pass **pass)
{
    mlp_arena arena = {.memory = memory};
    MLP_TRY(create(model, threads, pass));
    if (memory == NULL) {
        (*pass)->own = mlp_arena_allocate(count_bytes(*pass, rows));
        arena.memory = (*pass)->own;
    }
    if (arena.memory == NULL) {
        mlp_pass_destroy(pass);
        return mlp_fail_memory("the activations of a batch");
    }
    (*pass)->kernels = kernels;
    place_arrays(*pass, rows, &arena);
    return MLP_OK;
}

void mlp_pass_destroy(mlp_pass **pass)
{
    if (*pass != NULL) {
        free((*pass)->activations);
        free((*pass)->preactivations);
        free((*pass)->masks);
        free((*pass)->dz);
        free((*pass)->scratch);
        free((*pass)->own);
        free(*pass);
        *pass = NULL;
    }
}

void mlp_pass_hold(mlp_pass *pass, const mlp_model *held)
{
    pass->held = held;
}

void mlp_pass_begin(mlp_pass *pass, const float *vector, const mlp_batch *batch,
                    const uint16_t *labels, const float *targets)
{
    pass->vector = vector;
    pass->batch = batch;
    pass->labels = labels;
    pass->targets = targets;
    pass->weights = NULL;
    pass->drops = false;
}

void mlp_pass_weigh(mlp_pass *pass, const float *weights)
{
    pass->weights = weights;
}

void mlp_pass_clip(mlp_pass *pass, const float limits[2])
{
    pass->is_clipped = true;
    memcpy(pass->limits, limits, sizeof pass->limits);
}

void mlp_pass_adjust(mlp_pass *pass, double label_smoothing,
                     const float *class_weights)
{
    pass->label_smoothing = label_smoothing;
    pass->class_weights = class_weights;
}

void mlp_pass_set_pause(mlp_pass *pass, void (*pause)(void *context),
                        void *context)
{
    pass->pause = pause;
    pass->pause_context = context;
}

void mlp_pass_set_pauser(mlp_pass *pass, size_t thread)
{
    pass->pauser = thread;
}

void mlp_pass_drop(mlp_pass *pass, const mlp_dropout *dropout)
{
    pass->dropout = *dropout;
    pass->drops = true;
}

/* ---- which thread owns which outputs ----------------------------------- */

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

static size_t ceiling(size_t a, size_t b)
{
    return (a + b - 1) / b;
}

/* A thread with its own columns of a layer keeps their weights in its core's
 * cache, in forward, gradient and update: worth this much of the largest
 * tile. */
static const double LARGER_TILE = 1.25;

/* The largest tile of a grid of so many column ranges. */
static size_t tile_size(size_t rows, size_t columns, size_t splits,
                        size_t threads)
{
    return ceiling(columns, splits) * ceiling(rows, threads / splits);
}

/* Split rows x columns into a grid of at most one tile per thread: of the most
 * column ranges whose largest tile is not much larger than any grid's. */
static mlp_tile split_tiles(size_t rows, size_t columns, mlp_thread self)
{
    if (self.count == 1) {
        return (mlp_tile){{0, rows}, {0, columns}};
    }
    size_t most = least(self.count, columns);
    size_t smallest = SIZE_MAX;
    for (size_t splits = 1; splits <= most; splits++) {
        smallest =
            least(smallest, tile_size(rows, columns, splits, self.count));
    }
    size_t best = 1;
    for (size_t splits = 2; splits <= most; splits++) {
        size_t largest = tile_size(rows, columns, splits, self.count);
        if ((double)largest <= LARGER_TILE * (double)smallest) {
            best = splits;
        }
    }
    size_t row_ranges = self.count / best;
    if (self.index >= best * row_ranges) {
        return (mlp_tile){{0, 0}, {0, 0}};
    }
    return (mlp_tile){mlp_range_part(rows, row_ranges, self.index / best),
                      mlp_range_part(columns, best, self.index % best)};
}

/* Up to this many bytes of weights, which leave room for other things in a
 * core's cache, each thread reads the whole layer, so that it need not wait for
 * the others between layers; each thread then needs a few tiles of rows. */
enum { SHARED_BYTES = 256 * 1024, ROWS_OF_THREAD = 12 };

bool mlp_pass_is_by_rows(const mlp_pass *pass, size_t l, mlp_thread self)
{
    bool is_received = l == 0 && pass->held != pass->model;
    return is_received ||
           (pass->model->layer[l].size * sizeof(float) <= SHARED_BYTES &&
            pass->batch->rows >= self.count * ROWS_OF_THREAD);
}

mlp_tile mlp_pass_tile(const mlp_pass *pass, size_t l, size_t columns,
                       mlp_thread self)
{
    if (mlp_pass_is_by_rows(pass, l, self)) {
        return (mlp_tile){mlp_thread_share(self, pass->batch->rows),
                          {0, columns}};
    }
    return split_tiles(pass->batch->rows, columns, self);
}

mlp_tile mlp_pass_gradient_tile(const mlp_pass *pass, size_t l, mlp_thread self)
{
    const mlp_layer *layer = &pass->model->layer[l];
    size_t groups = (layer->in + MLP_GROUP - 1) / MLP_GROUP;
    return split_tiles(groups, mlp_panels(layer->out), self);
}

/* ---- the pass ---------------------------------------------------------- */

mlp_dense mlp_pass_dense(const mlp_pass *pass, size_t l)
{
    const mlp_layer *layer = &pass->model->layer[l];
    return (mlp_dense){layer->in, layer->out, layer->activation,
                       pass->vector + pass->held->layer[l].offset};
}

mlp_units mlp_pass_units(const mlp_pass *pass, size_t l)
{
    const mlp_layer *layer = &pass->model->layer[l];
    bool drops = pass->drops && layer->dropout > 0.0;
    bool keeps = drops || mlp_keeps_sums(layer->activation);
    return (mlp_units){pass->activations[l],
                       keeps ? pass->preactivations[l] : NULL,
                       drops ? pass->masks[l] : NULL};
}

/* The input of layer l: the batch, or the activations of layer l - 1. */
static mlp_batch input_of(const mlp_pass *pass, size_t l)
{
    mlp_batch input = *pass->batch;
    if (l > 0) {
        input.values = pass->activations[l - 1];
        input.cols = pass->model->layer[l].in;
        input.stride = mlp_stride(input.cols);
        input.nonzeros = NULL;
        input.ahead = (mlp_ahead){0};
    }
    return input;
}

void mlp_pass_draw_mask(const mlp_pass *pass, size_t l, mlp_tile own)
{
    const mlp_layer *layer = &pass->model->layer[l];
    if (pass->drops && layer->dropout > 0.0) {
        mlp_dropout dropout = pass->dropout;
        dropout.layer = (uint32_t)l;
        dropout.share = layer->dropout;
        pass->kernels->dropout(&dropout, pass->masks[l], mlp_stride(layer->out),
                               own.rows, own.columns);
    }
}

static void forward(mlp_pass *pass, size_t l, const mlp_batch *input,
                    mlp_tile own)
{
    mlp_dense layer = mlp_pass_dense(pass, l);
    mlp_units units = mlp_pass_units(pass, l);
    mlp_pass_draw_mask(pass, l, own);
    pass->kernels->forward(&layer, input, &units, own.rows, own.columns);
}

void mlp_pass_forward_tile(mlp_pass *pass, size_t l, mlp_tile own)
{
    mlp_batch input = input_of(pass, l);
    forward(pass, l, &input, own);
}

/* Each thread asks for the rows that it will gather. */
static mlp_ahead part_of(mlp_ahead ahead, mlp_thread self)
{
    mlp_range part = mlp_thread_share(self, ahead.bytes);
    return (mlp_ahead){ahead.first + part.first, part.count};
}

void mlp_pass_forward(mlp_pass *pass, size_t l, mlp_thread self)
{
    size_t panels = mlp_panels(pass->model->layer[l].out);
    mlp_batch input = input_of(pass, l);
    if (input.ahead.bytes > 0) {
        input.ahead = part_of(input.ahead, self);
    }
    forward(pass, l, &input, mlp_pass_tile(pass, l, panels, self));
}

/* A NaN stays one. */
static void clip_outputs(mlp_pass *pass, mlp_range rows)
{
    size_t last = pass->model->layers - 1;
    size_t out = pass->model->layer[last].out;
    for (size_t r = rows.first; r < rows.first + rows.count; r++) {
        float *a = pass->activations[last] + r * mlp_stride(out);
        for (size_t j = 0; j < out; j++) {
            a[j] = a[j] < pass->limits[0]   ? pass->limits[0]
                   : a[j] > pass->limits[1] ? pass->limits[1]
                                            : a[j];
        }
    }
}

void mlp_pass_loss(mlp_pass *pass, bool is_training, mlp_thread self)
{
    size_t last = pass->model->layers - 1;
    mlp_dense layer = mlp_pass_dense(pass, last);
    mlp_range rows = mlp_thread_share(self, pass->batch->rows);
    double spread = is_training ? pass->label_smoothing : 0.0;
    double each = spread / (double)(layer.out > 1 ? layer.out : 2);
    const mlp_loss_rows loss = {.outputs = pass->activations[last],
                                .dz = is_training ? pass->dz[last] : NULL,
                                .labels = pass->labels,
                                .targets = pass->targets,
                                .on = (float)(1.0 - spread + each),
                                .off = (float)each,
                                .delta = pass->model->huber_delta,
                                .class_weights =
                                    is_training ? pass->class_weights : NULL,
                                .weights = pass->weights,
                                .losses = pass->losses,
                                .predicted = pass->predictions,
                                .cols = layer.out,
                                .stride = mlp_stride(layer.out)};
    if (!is_training && pass->is_clipped) {
        clip_outputs(pass, rows);
    }
    pass->kernels->loss(pass->model->loss, &loss, &layer, rows);
}

void mlp_pass_predict(mlp_pass *pass, mlp_thread self)
{
    size_t last = pass->model->layers - 1;
    mlp_dense layer = mlp_pass_dense(pass, last);
    mlp_range rows = mlp_thread_share(self, pass->batch->rows);
    const mlp_loss_rows outputs = {.outputs = pass->activations[last],
                                   .targets = pass->targets,
                                   .predicted = pass->predictions,
                                   .cols = layer.out,
                                   .stride = mlp_stride(layer.out)};
    if (pass->is_clipped) {
        clip_outputs(pass, rows);
    }
    pass->kernels->loss(pass->model->loss, &outputs, &layer, rows);
}

void mlp_pass_backward_tile(mlp_pass *pass, size_t l, mlp_tile own,
                            mlp_thread self)
{
    mlp_dense layer = mlp_pass_dense(pass, l);
    mlp_dense below = mlp_pass_dense(pass, l - 1);
    mlp_units units = mlp_pass_units(pass, l - 1);
    pass->kernels->backward(&layer, pass->dz[l], &below, &units,
                            pass->dz[l - 1], own.rows, own.columns,
                            pass->scratch[self.index]);
}

void mlp_pass_backward(mlp_pass *pass, size_t l, mlp_thread self)
{
    size_t panels = mlp_panels(pass->model->layer[l].in);
    mlp_pass_backward_tile(pass, l, mlp_pass_tile(pass, l, panels, self), self);
}

/* Of a node whose sums are whole vectors, the part of layer l. */
static mlp_gradient_node node_of(const mlp_pass *pass, size_t l,
                                 const mlp_gradient_node *vectors,
                                 const float *begun)
{
    size_t offset = pass->held->layer[l].offset;
    mlp_gradient_node node = *vectors;
    node.sum += offset;
    node.begun = begun == NULL ? NULL : begun + offset;
    node.stride = pass->held->vector_size;
    return node;
}

bool mlp_pass_gradient(mlp_pass *pass, size_t l, const mlp_gradient_node *nodes,
                       size_t count, const float *begun, mlp_thread self)
{
    mlp_dense layer = mlp_pass_dense(pass, l);
    mlp_batch input = input_of(pass, l);
    mlp_units units = mlp_pass_units(pass, l);
    mlp_tile own = mlp_pass_gradient_tile(pass, l, self);
    bool pauses = pass->pause != NULL && self.index == pass->pauser;
    size_t columns = pauses ? 1 : own.columns.count;
    bool are_safe = true;
    for (size_t n = 0; n < count && own.rows.count > 0; n++) {
        const mlp_gradient_node node = node_of(pass, l, &nodes[n], begun);
        for (size_t c = 0; c < own.columns.count; c += columns) {
            are_safe &= pass->kernels->gradient(
                &layer, &input, pass->dz[l], &units, &node, own.rows,
                (mlp_range){own.columns.first + c, columns},
                pass->scratch[self.index]);
            if (pauses) {
                pass->pause(pass->pause_context);
            }
        }
    }
    return are_safe;
}

/* ---- gradients by blocks ----------------------------------------------- */

/* A block of a gradient, and the parameters and moments that it updates, stay
 * in L1; two panels are the widest tile of the sparse gradient. */
enum { BLOCK_PANELS = 2, BLOCK_GROUPS = 32 };

/* Gradient sums of some groups of inputs and panels of a layer. */
typedef struct {
    const mlp_layer *layer;
    mlp_range groups, panels;
    /* The block that they are in, in the layout of parameters: its inputs and
     * first column; where its weights, biases and slopes begin. A layer's
     * gradient is one block. */
    mlp_range inputs;
    size_t column;
    const float *weights, *biases, *slopes;
} layer_sums;

/* A panel's sums: one run of weights, and, where the first inputs are, one of
 * biases and one of slopes. */
static void take_panel(const layer_sums *sums, size_t p, mlp_pass_take *take,
                       void *context)
{
    const mlp_layer *layer = sums->layer;
    size_t column = p * MLP_PANEL;
    size_t width = least(MLP_PANEL, mlp_padded(layer->out) - column);
    size_t first = sums->groups.first * MLP_GROUP;
    size_t inputs = least(sums->groups.count * MLP_GROUP, layer->in - first);
    size_t before = column - sums->column;
    take(context,
         layer->offset + mlp_dense_index(layer->in, layer->out, first, column),
         inputs * width,
         sums->weights + before * sums->inputs.count +
             (first - sums->inputs.first) * width);
    if (first > 0) {
        return;
    }
    take(context,
         layer->offset + mlp_dense_bias(layer->in, layer->out) + column, width,
         sums->biases + before);
    if (layer->activation == MLP_ACTIVATION_PRELU) {
        take(context,
             layer->offset + mlp_dense_slopes(layer->in, layer->out) + column,
             width, sums->slopes + before);
    }
}

/* Sum these groups and panels of layer l to where `node` says, and hand them
 * over. */
static void sum_and_take(const mlp_pass *pass, size_t l, const layer_sums *sums,
                         const mlp_gradient_node *node, mlp_pass_take *take,
                         void *context, mlp_thread self)
{
    mlp_dense layer = mlp_pass_dense(pass, l);
    mlp_batch input = input_of(pass, l);
    mlp_units units = mlp_pass_units(pass, l);
    (void)pass->kernels->gradient(&layer, &input, pass->dz[l], &units, node,
                                  sums->groups, sums->panels,
                                  pass->scratch[self.index]);
    for (size_t p = 0; p < sums->panels.count; p++) {
        take_panel(sums, sums->panels.first + p, take, context);
    }
}

static void take_blocks(const mlp_pass *pass, size_t l, mlp_tile own,
                        mlp_gradient_node node, mlp_pass_take *take,
                        void *context, mlp_thread self)
{
    _Alignas(64) float sum[BLOCK_PANELS * BLOCK_GROUPS * MLP_GROUP * MLP_PANEL];
    _Alignas(64) float biases[2 * BLOCK_PANELS * MLP_PANEL];
    const mlp_layer *layer = &pass->model->layer[l];
    layer_sums sums = {.layer = layer, .weights = sum, .biases = biases};
    node.sum = sum;
    node.biases = biases;
    size_t end_panel = own.columns.first + own.columns.count;
    size_t end_group = own.rows.first + own.rows.count;
    for (size_t p = own.columns.first; p < end_panel; p += BLOCK_PANELS) {
        sums.panels = (mlp_range){p, least(BLOCK_PANELS, end_panel - p)};
        sums.column = p * MLP_PANEL;
        sums.slopes = biases + sums.panels.count * MLP_PANEL;
        for (size_t g = own.rows.first; g < end_group; g += BLOCK_GROUPS) {
            sums.groups = (mlp_range){g, least(BLOCK_GROUPS, end_group - g)};
            sums.inputs.first = g * MLP_GROUP;
            sums.inputs.count = least(sums.groups.count * MLP_GROUP,
                                      layer->in - sums.inputs.first);
            sum_and_take(pass, l, &sums, &node, take, context, self);
        }
    }
}

void mlp_pass_gradient_blocks(mlp_pass *pass, size_t l,
                              const mlp_gradient_node *node, const float *begun,
                              mlp_pass_take *take, void *context,
                              mlp_thread self)
{
    const mlp_layer *layer = &pass->model->layer[l];
    mlp_tile own = mlp_pass_gradient_tile(pass, l, self);
    mlp_batch input = input_of(pass, l);
    const mlp_gradient_node whole = node_of(pass, l, node, begun);
    if (own.rows.count == 0 || own.columns.count == 0) {
        return;
    }
    if (mlp_gradient_has_blocks(&input, own.columns.count)) {
        take_blocks(pass, l, own, whole, take, context, self);
        return;
    }
    const layer_sums sums = {
        .layer = layer,
        .groups = own.rows,
        .panels = own.columns,
        .inputs = {0, layer->in},
        .weights = whole.sum,
        .biases = whole.sum + mlp_dense_bias(layer->in, layer->out),
        .slopes = whole.sum + mlp_dense_slopes(layer->in, layer->out)};
    sum_and_take(pass, l, &sums, &whole, take, context, self);
}

/* ---- results ------------------------------------------------------------ */

const double *mlp_pass_losses(const mlp_pass *pass)
{
    return pass->losses;
}

const uint32_t *mlp_pass_predictions(const mlp_pass *pass)
{
    return pass->predictions;
}

const float *mlp_pass_outputs(const mlp_pass *pass)
{
    return pass->activations[pass->model->layers - 1];
}

const float *mlp_pass_activations(const mlp_pass *pass, size_t l)
{
    return pass->activations[l];
}

const float *mlp_pass_dz(const mlp_pass *pass, size_t l)
{
    return pass->dz[l];
}
