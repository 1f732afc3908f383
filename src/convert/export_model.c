/** @file
 *  A checkpoint's model as a list of layers.
 */
#include "export.h"

#include <string.h>

#include "model/model.h"

static bool is_positive_regression(const mlp_config *config)
{
    return config->task == MLP_TASK_REGRESSION &&
           mlp_output_is_positive(config->output);
}

/* Scales outputs, in units of the targets' root mean square, to the targets'
 * unit. */
static void add_unit(const mlp_checkpoint *checkpoint, mlp_export_model *model)
{
    model->unit[0] = 1.0F / checkpoint->target_scaler.scale;
    model->unit[1] = checkpoint->target_scaler.shift;
    model->layer[model->layers++] =
        (mlp_export_layer){.in = 1,
                           .out = 1,
                           .weights = &model->unit[0],
                           .bias = &model->unit[1],
                           .activation = MLP_ACTIVATION_IDENTITY};
}

void mlp_export_take(const mlp_checkpoint *checkpoint, mlp_export_model *model)
{
    const mlp_config *config = &checkpoint->config;
    const float *from = checkpoint->parameters;
    *model =
        (mlp_export_model){.checkpoint = checkpoint,
                           .layers = checkpoint->layers,
                           .inputs = checkpoint->widths[0],
                           .outputs = checkpoint->widths[checkpoint->layers],
                           .widest = checkpoint->widths[0],
                           .is_binary = config->binary,
                           .scaler = checkpoint->scaler,
                           .is_clipped = checkpoint->target_scaler.is_clipped,
                           .clip = {checkpoint->target_scaler.least,
                                    checkpoint->target_scaler.largest}};
    for (size_t l = 0; l < model->layers; l++) {
        mlp_export_layer *layer = &model->layer[l];
        bool is_last = l + 1 == model->layers;
        layer->in = checkpoint->widths[l];
        layer->out = checkpoint->widths[l + 1];
        layer->activation = is_last
                                ? mlp_model_output_activation(config->output)
                                : mlp_config_activation(config, l);
        layer->is_softmax = is_last && config->output == MLP_OUTPUT_SOFTMAX;
        layer->is_exponential = is_last && config->output == MLP_OUTPUT_EXP;
        layer->weights = from;
        from += layer->in * layer->out;
        layer->bias = from;
        from += layer->out;
        if (mlp_checkpoint_has_slopes(config, l)) {
            layer->slopes = from;
            from += layer->out;
        }
        model->widest = layer->out > model->widest ? layer->out : model->widest;
    }
    if (is_positive_regression(config)) {
        add_unit(checkpoint, model);
    }
}

void mlp_export_settle(mlp_checkpoint *c)
{
    const float *result = mlp_checkpoint_result(c);
    if (result != c->parameters) {
        memcpy(c->parameters, result, c->parameter_count * sizeof *result);
    }
    if (c->config.task != MLP_TASK_REGRESSION ||
        is_positive_regression(&c->config)) {
        return;
    }
    size_t out = c->widths[c->layers];
    size_t count = (c->widths[c->layers - 1] + 1) * out;
    float *last = c->parameters + c->parameter_count - count;
    for (size_t i = 0; i < count; i++) {
        last[i] /= c->target_scaler.scale;
        last[i] += i < count - out ? 0.0F : c->target_scaler.shift;
    }
}

const char *mlp_export_activation_name(const mlp_export_layer *layer)
{
    return layer->is_softmax ? "softmax"
           : layer->is_exponential
               ? "exp"
               : mlp_config_find("activation")->choices[layer->activation];
}
