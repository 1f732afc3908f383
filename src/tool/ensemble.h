/** @file
 *  Several models with the same rows, whose outputs are averaged. Private to
 *  the tool.
 */
#ifndef MLP_ENSEMBLE_H
#define MLP_ENSEMBLE_H

#include "infer/average.h"
#include "tool.h"

/** Models, each with the same rows, encoded and scaled as it needs them.
 *  Zero-initialize; unload frees. */
typedef struct {
    const mlp_tool_options *options;
    mlp_tool_case *cases; /**< [count] */
    size_t count;
    mlp_average *average;
} mlp_ensemble;

/** Load the models of the operands: of each a run, or each model of a run of
 *  several. Of a run of several there are no held-out rows that all its models
 *  share: then --split must be "all", or not given.
 *  @param has_labels  as mlp_tool_load
 *  Unload, also after a failure. Errors of mlp_tool_load; MLP_ERROR_DATA when
 *  the models don't predict the same of the same rows. */
mlp_status mlp_ensemble_load(const mlp_tool_options *options, bool has_labels,
                             mlp_ensemble *of);
void mlp_ensemble_unload(mlp_ensemble *of);

#endif
