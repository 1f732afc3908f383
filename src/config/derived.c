/** @file
 *  What follows from a configuration's options.
 */
#include "config.h"

bool mlp_output_is_positive(mlp_output output)
{
    return output == MLP_OUTPUT_SOFTPLUS || output == MLP_OUTPUT_EXP;
}

bool mlp_loss_is_of_numbers(mlp_loss loss)
{
    return loss == MLP_LOSS_MAE || loss == MLP_LOSS_HUBER ||
           loss == MLP_LOSS_POISSON;
}

mlp_activation mlp_config_activation(const mlp_config *config, size_t layer)
{
    const mlp_activation_list *list = &config->activation;
    return list->item[list->count == 1 ? 0 : layer];
}

size_t mlp_config_step_rows(const mlp_config *config)
{
    return config->batch * config->accumulate;
}

double mlp_config_dropout(const mlp_config *config, size_t layer)
{
    const mlp_double_list *list = &config->dropout;
    return list->item[list->count == 1 ? 0 : layer];
}
