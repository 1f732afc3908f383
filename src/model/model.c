/** @file
 *  The shape of a model, and the two memory orders of its parameters.
 */
#include "model.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "kernels/kernels.h"

mlp_activation mlp_model_output_activation(mlp_output output)
{
    switch (output) {
    case MLP_OUTPUT_SIGMOID:
        return MLP_ACTIVATION_SIGMOID;
    case MLP_OUTPUT_TANH:
        return MLP_ACTIVATION_TANH;
    case MLP_OUTPUT_SOFTPLUS:
        return MLP_ACTIVATION_SOFTPLUS;
    case MLP_OUTPUT_STEP:
        return MLP_ACTIVATION_STEP;
    case MLP_OUTPUT_SOFTMAX:
    case MLP_OUTPUT_EXP:
    case MLP_OUTPUT_IDENTITY:
        break;
    }
    return MLP_ACTIVATION_IDENTITY;
}

/* In training with cross-entropy, the output's sigmoid is part of the loss. */
static mlp_activation output_activation(const mlp_config *config)
{
    return config->loss == MLP_LOSS_BINARY_CROSS_ENTROPY &&
                   config->output == MLP_OUTPUT_SIGMOID
               ? MLP_ACTIVATION_IDENTITY
               : mlp_model_output_activation(config->output);
}

/* Size of a layer in floats, bounded so that sums cannot overflow. */
static mlp_status measure_layer(mlp_layer *layer)
{
    size_t in = layer->in;
    size_t out = layer->out;
    const size_t most = (size_t)1 << 40;
    if (in == 0 || out == 0 || in >= most / (out + MLP_ALIGN)) {
        return mlp_fail(MLP_ERROR_USAGE,
                        "a layer of %zu x %zu weights is too large", in, out);
    }
    layer->has_slopes = layer->activation == MLP_ACTIVATION_PRELU;
    layer->size = mlp_dense_size(in, out, layer->activation);
    return MLP_OK;
}

/* Rows of `out` parameters in canonical order: weights, bias, slopes. */
static size_t canonical_rows(const mlp_layer *layer)
{
    return layer->in + 1 + layer->has_slopes;
}

bool mlp_model_has_probabilities(const mlp_model *model)
{
    const mlp_layer *last = &model->layer[model->layers - 1];
    bool is_sigmoid = last->activation == MLP_ACTIVATION_SIGMOID ||
                      model->loss == MLP_LOSS_BINARY_CROSS_ENTROPY;
    return model->loss == MLP_LOSS_CROSS_ENTROPY ||
           (last->out == 1 && is_sigmoid);
}

size_t mlp_model_layer_of(const mlp_model *model, size_t i)
{
    size_t l = 0;
    size_t end = canonical_rows(&model->layer[0]) * model->layer[0].out;
    while (i >= end) {
        l++;
        end += canonical_rows(&model->layer[l]) * model->layer[l].out;
    }
    return l;
}

static mlp_status fill_layers(const size_t *widths, const mlp_config *config,
                              mlp_model *model)
{
    for (size_t l = 0; l < model->layers; l++) {
        mlp_layer *layer = &model->layer[l];
        layer->in = widths[l];
        layer->out = widths[l + 1];
        bool is_last = l + 1 == model->layers;
        layer->activation = is_last ? output_activation(config)
                                    : mlp_config_activation(config, l);
        layer->dropout = is_last ? 0.0 : mlp_config_dropout(config, l);
        layer->offset = model->vector_size;
        MLP_TRY(measure_layer(layer));
        model->vector_size += layer->size;
        model->parameters += canonical_rows(layer) * layer->out;
        size_t wider = layer->in > layer->out ? layer->in : layer->out;
        model->widest = wider > model->widest ? wider : model->widest;
    }
    return MLP_OK;
}

mlp_status mlp_model_create(const size_t *widths, size_t layers,
                            const mlp_config *config, mlp_model **model)
{
    mlp_status status = MLP_OK;
    mlp_model *made = calloc(1, sizeof *made);
    if (made != NULL) {
        made->layers = layers;
        made->loss = config->loss;
        made->huber_delta = (float)config->huber_delta;
        made->classes = config->binary ? 2 : widths[layers];
        made->frozen = config->freeze;
        made->layer = calloc(layers, sizeof *made->layer);
    }
    if (made == NULL || made->layer == NULL) {
        status = mlp_fail_memory("the model");
        goto done;
    }
    status = fill_layers(widths, config, made);
done:
    if (status != MLP_OK) {
        mlp_model_destroy(&made);
    }
    *model = made;
    return status;
}

void mlp_model_destroy(mlp_model **model)
{
    if (*model != NULL) {
        free((*model)->layer);
        free(*model);
        *model = NULL;
    }
}

/* Index in the vector of canonical element (i, j) of a layer; row in is the
 * bias, the next one the slopes. */
static size_t place_of(const mlp_layer *layer, size_t i, size_t j)
{
    if (i < layer->in) {
        return layer->offset + mlp_dense_index(layer->in, layer->out, i, j);
    }
    return layer->offset + i * mlp_padded(layer->out) + j;
}

/* Number of columns from j, the first of a panel, that are adjacent in both
 * orders. */
static size_t in_panel(const mlp_layer *layer, size_t j)
{
    size_t rest = layer->out - j;
    return rest < MLP_PANEL ? rest : MLP_PANEL;
}

void mlp_model_pack(const mlp_model *model, const float *canonical,
                    float *vector)
{
    memset(vector, 0, model->vector_size * sizeof *vector);
    for (size_t l = 0; l < model->layers; l++) {
        const mlp_layer *layer = &model->layer[l];
        for (size_t i = 0; i < canonical_rows(layer); i++) {
            for (size_t j = 0; j < layer->out; j += MLP_PANEL) {
                size_t count = in_panel(layer, j);
                memcpy(vector + place_of(layer, i, j), canonical,
                       count * sizeof *vector);
                canonical += count;
            }
        }
    }
}

void mlp_model_unpack(const mlp_model *model, const float *vector,
                      float *canonical)
{
    for (size_t l = 0; l < model->layers; l++) {
        const mlp_layer *layer = &model->layer[l];
        for (size_t i = 0; i < canonical_rows(layer); i++) {
            for (size_t j = 0; j < layer->out; j += MLP_PANEL) {
                size_t count = in_panel(layer, j);
                memcpy(canonical, vector + place_of(layer, i, j),
                       count * sizeof *canonical);
                canonical += count;
            }
        }
    }
}

mlp_status mlp_model_digest(const float *canonical, size_t parameters,
                            unsigned char value[MLP_DIGEST_BYTES])
{
#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "the digest is defined over little-endian float32"
#endif
    return mlp_digest_of(canonical, parameters * sizeof *canonical, value);
}
