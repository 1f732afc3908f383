/** @file
 *  The configuration as JSON.
 */
#ifndef MLP_CONFIG_JSON_H
#define MLP_CONFIG_JSON_H

#include "base/json.h"
#include "config.h"

/** A field of the configuration as a JSON number, list, boolean or string, with
 *  the stored values of choices. */
json_t *mlp_json_field(const mlp_config *config, const mlp_option *field);

#endif
