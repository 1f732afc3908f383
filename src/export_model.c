/** @file
 *  A checkpoint's model, taken apart into layers.
 */
#include "export.h"

#include <string.h>

#include "mlp/model.h"

void mlp_export_take(const mlp_checkpoint *checkpoint, mlp_export_model *model)
{
    const mlp_config *config = &checkpoint->config;
    const float *from = checkpoint->parameters;
    *model =
        (mlp_export_model){.layers = checkpoint->layers,
                           .inputs = checkpoint->widths[0],
                           .outputs = checkpoint->widths[checkpoint->layers],
                           .widest = checkpoint->widths[0],
                           .is_binary = config->binary,
                           .scaler = checkpoint->scaler};
    for (size_t l = 0; l < model->layers; l++) {
        mlp_export_layer *layer = &model->layer[l];
        bool is_last = l + 1 == model->layers;
        layer->in = checkpoint->widths[l];
        layer->out = checkpoint->widths[l + 1];
        layer->activation = is_last
                                ? mlp_model_output_activation(config->output)
                                : mlp_config_activation(config, l);
        layer->is_softmax = is_last && config->output == MLP_OUTPUT_SOFTMAX;
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
}

mlp_status mlp_export_settle(mlp_checkpoint *c)
{
    const float *result = mlp_checkpoint_result(c);
    if (result != c->parameters) {
        memcpy(c->parameters, result, c->parameter_count * sizeof *result);
    }
    if (c->config.task != MLP_TASK_REGRESSION) {
        return MLP_OK;
    }
    if (c->config.output != MLP_OUTPUT_IDENTITY) {
        return mlp_fail(MLP_ERROR_USAGE,
                        "a regression whose output is not --output identity "
                        "cannot be exported: its targets are scaled");
    }
    size_t out = c->widths[c->layers];
    size_t count = (c->widths[c->layers - 1] + 1) * out;
    float *last = c->parameters + c->parameter_count - count;
    for (size_t i = 0; i < count; i++) {
        last[i] /= c->target_scaler.scale;
        last[i] += i < count - out ? 0.0F : c->target_scaler.shift;
    }
    return MLP_OK;
}

const char *mlp_export_activation_name(mlp_activation activation)
{
    return mlp_config_find("activation")->choices[activation];
}
