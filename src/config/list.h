/** @file
 *  Options that are lists, one value for each hidden layer: "256,128". Private
 *  to the options.
 */
#ifndef MLP_CONFIG_LIST_H
#define MLP_CONFIG_LIST_H

#include "option.h"

/** As mlp_option_parse and mlp_option_print, for fields that are lists.
 *  @param place  of the field */
mlp_status mlp_list_parse(void *place, const mlp_option *row, const char *text);
void mlp_list_print(const void *place, const mlp_option *row,
                    char text[MLP_CONFIG_VALUE]);

#endif
