/** @file
 *  Some columns of a model's first layer.
 */
#include "columns.h"

#include <stdlib.h>
#include <string.h>

#include "internal.h"

/* ---- parameters -------------------------------------------------------- */

mlp_range mlp_columns_of_node(const mlp_model *model, size_t nodes, size_t node)
{
    size_t out = model->layer[0].out;
    size_t lines = mlp_padded(out) / MLP_ALIGN;
    mlp_range part = mlp_range_part(lines, nodes, node);
    size_t first = part.first * MLP_ALIGN;
    size_t end = first + part.count * MLP_ALIGN;
    return (mlp_range){first,
                       lines < nodes ? 0 : (end < out ? end : out) - first};
}

size_t mlp_columns_size(const mlp_model *model, size_t columns)
{
    return mlp_dense_size(model->layer[0].in, columns, MLP_ACTIVATION_IDENTITY);
}

mlp_status mlp_columns_narrow(const mlp_model *model, mlp_range columns,
                              mlp_model **held)
{
    mlp_model *made = calloc(1, sizeof *made);
    mlp_layer *layer = calloc(model->layers, sizeof *layer);
    *held = made;
    if (made == NULL || layer == NULL) {
        free(made);
        free(layer);
        *held = NULL;
        return mlp_fail_memory("the model");
    }
    *made = *model;
    made->layer = layer;
    memcpy(layer, model->layer, model->layers * sizeof *layer);
    size_t left_out = layer[0].size - mlp_columns_size(model, columns.count);
    made->parameters -= (layer[0].in + 1) * (layer[0].out - columns.count);
    made->vector_size -= left_out;
    layer[0].out = columns.count;
    layer[0].size -= left_out;
    layer[0].activation = MLP_ACTIVATION_IDENTITY;
    layer[0].dropout = 0.0;
    for (size_t l = 1; l < made->layers; l++) {
        layer[l].offset -= left_out;
    }
    return MLP_OK;
}

/* Where a cache line of a layer is: of input i, or i = in for the bias. */
static size_t line_at(size_t in, size_t out, size_t i, size_t column)
{
    return i < in ? mlp_dense_index(in, out, i, column)
                  : mlp_dense_bias(in, out) + column;
}

void mlp_columns_take(const mlp_model *model, const float *vector,
                      mlp_range columns, float *layer)
{
    size_t in = model->layer[0].in, out = model->layer[0].out;
    for (size_t i = 0; i <= in; i++) {
        for (size_t j = 0; j < columns.count; j += MLP_ALIGN) {
            memcpy(layer + line_at(in, columns.count, i, j),
                   vector + line_at(in, out, i, columns.first + j),
                   MLP_ALIGN * sizeof *layer);
        }
    }
}

void mlp_columns_put(const mlp_model *model, float *vector, mlp_range columns,
                     const float *layer)
{
    size_t in = model->layer[0].in, out = model->layer[0].out;
    for (size_t i = 0; i <= in; i++) {
        for (size_t j = 0; j < columns.count; j += MLP_ALIGN) {
            memcpy(vector + line_at(in, out, i, columns.first + j),
                   layer + line_at(in, columns.count, i, j),
                   MLP_ALIGN * sizeof *layer);
        }
    }
}

/* ---- values ------------------------------------------------------------ */

/* Rows of floats in memory. */
typedef struct {
    float *at;
    size_t stride;
} matrix;

static void copy_rows(matrix to, matrix from, mlp_range rows, size_t columns)
{
    for (size_t r = rows.first; r < rows.first + rows.count; r++) {
        memcpy(to.at + r * to.stride, from.at + r * from.stride,
               columns * sizeof *to.at);
    }
}

/* The same columns, from `first` on, of two matrices. */
static matrix from_column(matrix m, size_t first)
{
    return (matrix){m.at + first, m.stride};
}

void mlp_columns_send_sums(mlp_pass *pass, mlp_range rows, float *block,
                           mlp_thread self)
{
    size_t out = pass->model->layer[0].out;
    mlp_tile own = mlp_pass_tile(pass, 0, mlp_panels(out), self);
    size_t first = own.columns.first * MLP_PANEL;
    size_t end = first + own.columns.count * MLP_PANEL;
    own.rows = mlp_range_overlap(own.rows, rows);
    if (own.rows.count > 0 && own.columns.count > 0) {
        mlp_pass_forward_tile(pass, 0, own);
        copy_rows(
            from_column((matrix){block - rows.first * out, out}, first),
            from_column((matrix){pass->activations[0], mlp_stride(out)}, first),
            own.rows, (end < out ? end : out) - first);
    }
}

void mlp_columns_receive_sums(mlp_pass *pass, const mlp_range *columns,
                              size_t nodes, const float *blocks,
                              mlp_thread self)
{
    const mlp_dense layer = mlp_pass_dense(pass, 0);
    const mlp_units units = mlp_pass_units(pass, 0);
    size_t out = layer.out, stride = mlp_stride(out);
    mlp_range rows = mlp_thread_share(self, pass->batch->rows);
    float *z = units.preactivations != NULL ? units.preactivations : units.a;
    for (size_t k = 0; k < nodes; k++) {
        float *block = (float *)blocks + pass->batch->rows * columns[k].first;
        copy_rows((matrix){z + columns[k].first, stride},
                  (matrix){block, columns[k].count}, rows, columns[k].count);
    }
    for (size_t r = rows.first; r < rows.first + rows.count; r++) {
        memset(z + r * stride + out, 0, (mlp_padded(out) - out) * sizeof *z);
    }
    mlp_pass_draw_mask(pass, 0, (mlp_tile){rows, {0, mlp_panels(out)}});
    pass->kernels->activate(&layer, &units, rows,
                            (mlp_range){0, mlp_padded(out)});
}

/* Panels of a node's columns that are not computed for another one before. */
static mlp_range panels_of(const mlp_range *columns, size_t nodes, size_t node,
                           size_t here)
{
    size_t first = columns[node].first / MLP_PANEL;
    size_t end = mlp_panels(columns[node].first + columns[node].count);
    bool is_after_next = node + 1 < nodes && node + 1 != here;
    bool is_after_previous = node == here && node > 0;
    if (is_after_next && columns[node + 1].first % MLP_PANEL != 0) {
        end--;
    }
    if (is_after_previous && columns[node].first % MLP_PANEL != 0) {
        first++;
    }
    return (mlp_range){first, end > first ? end - first : 0};
}

/* NOLINTBEGIN(readability-non-const-parameter): the block is written */
void mlp_columns_send_dz(mlp_pass *pass, const mlp_range *columns, size_t nodes,
                         size_t node, size_t here, float *block,
                         mlp_thread self)
/* NOLINTEND(readability-non-const-parameter) */
{
    size_t out = pass->model->layer[0].out;
    const matrix dz = {pass->dz[0], mlp_stride(out)};
    const matrix to = {block, columns[node].count};
    mlp_tile own = mlp_pass_tile(pass, 1, mlp_panels(out), self);
    mlp_tile new = {
        own.rows,
        mlp_range_overlap(own.columns, panels_of(columns, nodes, node, here))};
    mlp_range copied =
        mlp_range_overlap((mlp_range){own.columns.first * MLP_PANEL,
                                      own.columns.count * MLP_PANEL},
                          columns[node]);
    if (new.rows.count > 0 && new.columns.count > 0) {
        mlp_pass_backward_tile(pass, 1, new, self);
    }
    if (copied.count > 0) {
        copy_rows(from_column(to, copied.first - columns[node].first),
                  from_column(dz, copied.first), own.rows, copied.count);
    }
}

void mlp_columns_receive_dz(mlp_pass *pass, const float *rows, mlp_thread self)
{
    size_t out = pass->model->layer[0].out;
    copy_rows((matrix){pass->dz[0], mlp_stride(out)},
              (matrix){(float *)rows, out},
              mlp_thread_share(self, pass->batch->rows), out);
}
