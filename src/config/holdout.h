/** @file
 *  The check of --split and of the options that go with it. Private to config.
 */
#ifndef MLP_CONFIG_HOLDOUT_H
#define MLP_CONFIG_HOLDOUT_H

#include "base/status.h"
#include "config.h"

/** MLP_ERROR_USAGE for an unknown --split, or options that exclude each
 *  other. */
mlp_status mlp_config_check_holdout(const mlp_config *config);

/** MLP_ERROR_USAGE for a --fold that is none, and for what does not go with
 *  folds. */
mlp_status mlp_config_check_folds(const mlp_config *config);

#endif
