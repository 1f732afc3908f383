/** @file
 *  Options that are lists, one value for each hidden layer: "256,128". Private
 *  to the configuration.
 */
#ifndef MLP_CONFIG_LIST_H
#define MLP_CONFIG_LIST_H

#include "config.h"

/** As mlp_config_parse and mlp_config_print, for fields that are lists. */
mlp_status mlp_config_list_parse(mlp_config *config,
                                 const mlp_config_field *field,
                                 const char *text);
void mlp_config_list_print(const mlp_config *config,
                           const mlp_config_field *field,
                           char text[MLP_CONFIG_VALUE]);

#endif
