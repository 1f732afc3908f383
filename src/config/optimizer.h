/** @file
 *  Whether options fit the optimizer. Private to the configuration.
 */
#ifndef MLP_CONFIG_OPTIMIZER_H
#define MLP_CONFIG_OPTIMIZER_H

#include "config.h"

/** MLP_ERROR_USAGE names an option that this optimizer has no use for. */
mlp_status mlp_config_check_optimizer(const mlp_config *config);

#endif
