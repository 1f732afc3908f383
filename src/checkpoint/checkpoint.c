/** @file
 *  Checkpoints in memory; files and directories are elsewhere.
 */
#include "checkpoint.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

bool mlp_checkpoint_has_slopes(const mlp_config *config, size_t layer)
{
    return layer < config->hidden_count &&
           mlp_config_activation(config, layer) == MLP_ACTIVATION_PRELU;
}

mlp_status mlp_checkpoint_count(const mlp_config *config, const size_t *widths,
                                size_t layers, size_t *parameter_count)
{
    size_t total = 0;
    for (size_t i = 0; i < layers; i++) {
        size_t weights, in = widths[i], out = widths[i + 1];
        size_t slopes = mlp_checkpoint_has_slopes(config, i) ? out : 0;
        if (__builtin_mul_overflow(in, out, &weights) ||
            __builtin_add_overflow(total, weights, &total) ||
            __builtin_add_overflow(total, out, &total) ||
            __builtin_add_overflow(total, slopes, &total)) {
            return mlp_fail(MLP_ERROR_DATA,
                            "layer %zu of %zu inputs and %zu outputs is too "
                            "large for this machine",
                            i, in, out);
        }
    }
    *parameter_count = total;
    return MLP_OK;
}

size_t mlp_checkpoint_classes(const mlp_checkpoint *checkpoint)
{
    return checkpoint->config.binary ? 2
                                     : checkpoint->widths[checkpoint->layers];
}

const float *mlp_checkpoint_result(const mlp_checkpoint *checkpoint)
{
    bool has_best = checkpoint->config.patience > 0 && checkpoint->epoch > 0 &&
                    checkpoint->moment_count > 0;
    return has_best ? checkpoint->moments[checkpoint->moment_count - 1]
                    : checkpoint->parameters;
}

/* Division by 255 and multiplication by its reciprocal differ in the last bit:
 * round to the original integer. */
float mlp_checkpoint_white(const mlp_checkpoint *checkpoint)
{
    float scale = checkpoint->scaler.scale;
    mlp_scaling scaling = checkpoint->config.scaling;
    bool is_by_largest =
        (scaling == MLP_SCALING_AUTO || scaling == MLP_SCALING_COMMON) &&
        checkpoint->scaler.scales == NULL && scale > 0.0F;
    if (!is_by_largest) {
        return 255.0F;
    }
    float largest = 1.0F / scale;
    float whole = rintf(largest);
    return fabsf(largest - whole) < 1e-4F * largest ? whole : largest;
}

void mlp_checkpoint_destroy(mlp_checkpoint *checkpoint)
{
    free(checkpoint->widths);
    free(checkpoint->parameters);
    for (size_t i = 0; i < MLP_MOMENTS_MAX; i++) {
        free(checkpoint->moments[i]);
    }
    mlp_names_destroy(&checkpoint->class_names);
    mlp_schema_destroy(&checkpoint->schema);
    mlp_scaler_destroy(&checkpoint->scaler);
    mlp_history_destroy(&checkpoint->history);
    *checkpoint = (mlp_checkpoint){0};
}

bool mlp_checkpoint_has_origin(const mlp_checkpoint *checkpoint)
{
    static const unsigned char none[MLP_DIGEST_BYTES];
    return memcmp(checkpoint->origin_digest, none, sizeof none) != 0;
}
