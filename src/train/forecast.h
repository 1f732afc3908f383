/** @file
 *  What a step sends between nodes, and how much of it computation hides, on
 *  any team.
 */
#ifndef MLP_TRAIN_FORECAST_H
#define MLP_TRAIN_FORECAST_H

#include "exchange/forecast.h"
#include "model/model.h"

/** A step on a team. */
typedef struct {
    mlp_exchange_load sent; /**< by a node; rounds: transfers that nothing hides
                                 from each other */
    const char *by_tree; /**< why the first layer is not exchanged by columns;
                              NULL: it is */
    double exposed_seconds; /**< in which the ranks only wait for the network */
} mlp_step_forecast;

/** The connection between two nodes. */
typedef struct {
    double latency, seconds_per_byte;
} mlp_wire;

/** Forecast a step.
 *  @param config     batch, shards, exchange options; --exchange tree
 *  @param computing  seconds that a rank computes in the step
 *  @param rows       of columns: whether rows are sent, and their bytes
 *  @param columns    scratch, [nodes of the team] */
mlp_step_forecast mlp_step_forecast_make(const mlp_config *config,
                                         const mlp_model *model,
                                         const mlp_exchange_team *team,
                                         const mlp_wire *wire, double computing,
                                         const mlp_exchange_columns *rows,
                                         mlp_range *columns);

#endif
