/** @file
 *  What follows from a configuration's options.
 */
#include "config.h"

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
