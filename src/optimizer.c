/** @file
 *  The update rule.
 */
#include "mlp/optimizer.h"

size_t mlp_optimizer_moments(const mlp_config *config)
{
    return config->momentum > 0.0 ? 1 : 0;
}

mlp_optimizer mlp_optimizer_make(const mlp_config *config,
                                 const mlp_model *model,
                                 const mlp_kernels *kernels,
                                 float *const *states)
{
    mlp_optimizer optimizer = {
        .model = model,
        .kernels = kernels,
        .rule = {.momentum = (float)config->momentum,
                 .l2 = (float)config->l2,
                 .is_nesterov = config->optimizer == MLP_OPTIMIZER_NESTEROV},
        .parameters = states[0],
        .velocity = mlp_optimizer_moments(config) > 0 ? states[1] : NULL};
    return optimizer;
}

/* The first element after `first` at which another rule begins: a layer's
 * bias, or the layer's end. */
static size_t next_border(const mlp_model *model, size_t first, bool *is_bias)
{
    size_t l = 0;
    while (first >= model->layer[l].offset + model->layer[l].size) {
        l++;
    }
    const mlp_layer *layer = &model->layer[l];
    size_t bias = layer->offset + mlp_dense_bias(layer->in, layer->out);
    *is_bias = first >= bias;
    return *is_bias ? layer->offset + layer->size : bias;
}

void mlp_optimizer_update(const mlp_optimizer *optimizer, size_t first,
                          size_t count, const float *sum)
{
    size_t end = first + count;
    while (first < end) {
        bool is_bias;
        size_t border = next_border(optimizer->model, first, &is_bias);
        size_t length = (border < end ? border : end) - first;
        mlp_sgd rule = optimizer->rule;
        rule.l2 = is_bias ? 0.0f : rule.l2;
        float *velocity = optimizer->velocity;
        optimizer->kernels->sgd(&rule, length, sum,
                                optimizer->parameters + first,
                                velocity == NULL ? NULL : velocity + first);
        first += length;
        sum += length;
    }
}
