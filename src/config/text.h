/** @file
 *  One value of the configuration as text, in both directions. Private to the
 *  configuration: everybody else goes through mlp_config_set and _get.
 */
#ifndef MLP_CONFIG_TEXT_H
#define MLP_CONFIG_TEXT_H

#include "config.h"

/** Read text into the field, if it has the right form and range. On
 *  MLP_ERROR_USAGE the field is unchanged. */
mlp_status mlp_config_parse(mlp_config *config, const mlp_config_field *field,
                            const char *text);

/** Write the field as text that mlp_config_parse reads back exactly. */
void mlp_config_print(const mlp_config *config, const mlp_config_field *field,
                      char text[MLP_CONFIG_VALUE]);

#endif
