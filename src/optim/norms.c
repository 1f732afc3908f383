/** @file
 *  Norms of layers and of units.
 */
#include "norms.h"

#include <math.h>

#include "base/tree.h"

static size_t blocks_of(const mlp_layer *layer)
{
    return (layer->size + MLP_NORM_BLOCK - 1) / MLP_NORM_BLOCK;
}

/* Index of layer l's first block. */
static size_t first_block(const mlp_model *model, size_t l)
{
    size_t first = 0;
    for (size_t i = 0; i < l; i++) {
        first += blocks_of(&model->layer[i]);
    }
    return first;
}

size_t mlp_norms_blocks(const mlp_model *model)
{
    return first_block(model, model->layers);
}

void mlp_norms_measure(const mlp_model *model, const mlp_kernels *kernels,
                       size_t l, mlp_range elements, const float *values,
                       double *sums)
{
    size_t begin = elements.first - model->layer[l].offset;
    sums += first_block(model, l) + begin / MLP_NORM_BLOCK;
    for (size_t i = 0; i < elements.count; i += MLP_NORM_BLOCK) {
        size_t rest = elements.count - i;
        *sums++ = kernels->squares(
            values + i, rest < MLP_NORM_BLOCK ? rest : MLP_NORM_BLOCK);
    }
}

double mlp_norms_layer(const mlp_model *model, size_t l, const double *sums)
{
    return mlp_tree_sum(sums + first_block(model, l),
                        blocks_of(&model->layer[l]), 1);
}

double mlp_norms_all(const mlp_model *model, const double *sums)
{
    double sum = 0.0;
    for (size_t l = 0; l < model->layers; l++) {
        sum += mlp_norms_layer(model, l, sums);
    }
    return sum;
}

/* ---- units ------------------------------------------------------------- */

size_t mlp_norms_panels(const mlp_model *model, size_t layers)
{
    size_t panels = 0;
    for (size_t l = 0; l < layers; l++) {
        panels += mlp_panels(model->layer[l].out);
    }
    return panels;
}

/* One chain of additions per column of a panel. */
static void limit_columns(float *weights, size_t rows, size_t width,
                          double limit)
{
    double squares[MLP_PANEL] = {0};
    for (size_t i = 0; i < rows; i++) {
        for (size_t j = 0; j < width; j++) {
            double w = weights[i * width + j];
            squares[j] += w * w;
        }
    }
    for (size_t j = 0; j < width; j++) {
        if (squares[j] > limit * limit) {
            float share = (float)(limit / sqrt(squares[j]));
            for (size_t i = 0; i < rows; i++) {
                weights[i * width + j] *= share;
            }
        }
    }
}

void mlp_norms_limit(const mlp_model *model, size_t panel, double limit,
                     float *vector)
{
    const mlp_layer *layer = model->layer;
    while (panel >= mlp_panels(layer->out)) {
        panel -= mlp_panels(layer->out);
        layer++;
    }
    size_t column = panel * MLP_PANEL;
    size_t rest = mlp_padded(layer->out) - column;
    limit_columns(vector + layer->offset +
                      mlp_dense_index(layer->in, layer->out, 0, column),
                  layer->in, rest < MLP_PANEL ? rest : MLP_PANEL, limit);
}
