/** @file
 *  A configuration by its table of options, and what follows from them.
 */
#include "config.h"

mlp_option_table mlp_config_table(mlp_config *config)
{
    size_t count;
    const mlp_option *rows = mlp_config_fields(&count);
    return (mlp_option_table){
        .rows = rows, .count = count, .values = config, .given = config->given};
}

mlp_status mlp_config_set(mlp_config *config, const char *name,
                          const char *text)
{
    const mlp_option_table table = mlp_config_table(config);
    const mlp_option *field = mlp_config_find(name);
    return field != NULL ? mlp_option_set(&table, field, text)
                         : mlp_option_unknown(&table, 1, "", name, NULL);
}

bool mlp_config_was_given(const mlp_config *config, const char *name)
{
    size_t count;
    const mlp_option *rows = mlp_config_fields(&count);
    const mlp_option *field = mlp_config_find(name);
    return field != NULL && config->given[field - rows];
}

bool mlp_config_is_state(const mlp_option *field)
{
    return field->absent != NULL;
}

const char *mlp_config_key(const mlp_option *field)
{
    return field->key != NULL ? field->key : field->name;
}

void mlp_config_get(const mlp_config *config, const mlp_option *field,
                    char text[MLP_CONFIG_VALUE])
{
    mlp_option_print(config, field, text);
}

void mlp_config_get_stored(const mlp_config *config, const mlp_option *field,
                           char text[MLP_CONFIG_VALUE])
{
    mlp_option stored = *field;
    stored.words = NULL;
    mlp_option_print(config, &stored, text);
}

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
