/** @file
 *  The update rule.
 */
#include "optimizer.h"

#include "schedule.h"

size_t mlp_optimizer_moments(const mlp_config *config)
{
    const mlp_optimizer_facts *facts = mlp_config_optimizer(config->optimizer);
    if (facts->has_betas) {
        return 2;
    }
    return facts->has_rho || (facts->has_momentum && config->momentum > 0.0)
               ? 1
               : 0;
}

bool mlp_optimizer_has_ratios(const mlp_config *config)
{
    return config->optimizer == MLP_OPTIMIZER_LARS ||
           config->optimizer == MLP_OPTIMIZER_LAMB;
}

mlp_optimizer mlp_optimizer_make(const mlp_config *config,
                                 const mlp_model *model,
                                 const mlp_kernels *kernels,
                                 float *const *states)
{
    const mlp_optimizer_facts *facts = mlp_config_optimizer(config->optimizer);
    mlp_optimizer optimizer = {
        .model = model,
        .kernels = kernels,
        .rule = {.kind = config->optimizer,
                 .momentum = (float)config->momentum,
                 .l2 = facts->has_l2 ? (float)config->l2 : 0.0f,
                 .decay = facts->has_decay ? (float)config->weight_decay : 0.0f,
                 .epsilon = (float)config->epsilon},
        .beta1 = config->beta1,
        .beta2 = facts->has_rho ? config->rho : config->beta2,
        .trust = config->trust,
        .parameters = states[0]};
    optimizer.rule.share1 = (float)(1.0 - optimizer.beta1);
    optimizer.rule.share2 = (float)(1.0 - optimizer.beta2);
    for (size_t i = 0; i < mlp_optimizer_moments(config); i++) {
        optimizer.moments[i] = states[1 + i];
    }
    return optimizer;
}

/* Bias correction 1 / (1 - beta^t), t = step + 1. */
static float bias_correction(double beta, uint64_t step)
{
    return (float)(1.0 / (1.0 - mlp_schedule_power(beta, step + 1)));
}

void mlp_optimizer_begin(mlp_optimizer *optimizer, double lr, double weight,
                         uint64_t step)
{
    mlp_update *rule = &optimizer->rule;
    optimizer->lr = lr;
    rule->lr = (float)lr;
    rule->gradient_scale = (float)(1.0 / weight);
    if (optimizer->moments[1] != NULL) { /* of the rules with two */
        rule->bias_correction1 = bias_correction(optimizer->beta1, step);
        rule->bias_correction2 = bias_correction(optimizer->beta2, step);
    }
}

void mlp_optimizer_clip(mlp_optimizer *optimizer, double share)
{
    optimizer->rule.gradient_scale =
        (float)(share * (double)optimizer->rule.gradient_scale);
}

void mlp_optimizer_adapt(mlp_optimizer *optimizer, double weights,
                         double direction)
{
    double ratio = weights / direction;
    if (optimizer->rule.kind == MLP_OPTIMIZER_LARS) {
        double decay = (double)optimizer->rule.decay;
        ratio = optimizer->trust * weights / (direction + decay * weights);
    }
    bool has_both = weights > 0.0 && direction > 0.0;
    optimizer->rule.lr = (float)(optimizer->lr * (has_both ? ratio : 1.0));
}

/* The next element at which the rule changes: the layer's bias, or its end. */
static size_t rule_end(const mlp_model *model, size_t first, bool *is_bias)
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

/* A range of elements with one rule. */
typedef struct {
    const mlp_update *rule;
    mlp_update own; /* what the rule is, where it is not the optimizer's */
    size_t first, count;
    float *moments[MLP_OPTIMIZER_MOMENTS];
} segment;

/* The longest such range from `first`, below `end`. Biases have no penalty. */
static void take_segment(const mlp_optimizer *optimizer, size_t first,
                         size_t end, segment *next)
{
    bool is_bias;
    size_t border = rule_end(optimizer->model, first, &is_bias);
    next->first = first;
    next->count = (border < end ? border : end) - first;
    next->rule = &optimizer->rule;
    if (is_bias &&
        (optimizer->rule.l2 != 0.0f || optimizer->rule.decay != 0.0f)) {
        next->own = optimizer->rule;
        next->own.l2 = 0.0f;
        next->own.decay = 0.0f;
        next->rule = &next->own;
    }
    for (size_t i = 0; i < MLP_OPTIMIZER_MOMENTS; i++) {
        float *moment = optimizer->moments[i];
        next->moments[i] = moment == NULL ? NULL : moment + first;
    }
}

/* LAMB has divided the sum by the batch, and added the penalty, already. */
static void take_direction(segment *next)
{
    next->own = *next->rule;
    next->own.gradient_scale = 1.0f;
    next->own.l2 = 0.0f;
    next->rule = &next->own;
}

void mlp_optimizer_update(const mlp_optimizer *optimizer, size_t first,
                          size_t count, const float *sum)
{
    size_t end = first + count;
    while (first < end) {
        segment next;
        take_segment(optimizer, first, end, &next);
        if (optimizer->rule.kind == MLP_OPTIMIZER_LAMB) {
            take_direction(&next);
        }
        optimizer->kernels->update(next.rule, next.count, sum,
                                   optimizer->parameters + first, next.moments);
        first += next.count;
        sum += next.count;
    }
}

void mlp_optimizer_direct(const mlp_optimizer *optimizer, size_t first,
                          size_t count, float *sum)
{
    size_t end = first + count;
    while (first < end) {
        segment next;
        take_segment(optimizer, first, end, &next);
        optimizer->kernels->direction(next.rule, next.count,
                                      optimizer->parameters + first,
                                      next.moments, sum);
        first += next.count;
        sum += next.count;
    }
}
