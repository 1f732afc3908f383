/** @file
 *  What a step sends between the nodes of any team, counted without one.
 */
#ifndef MLP_EXCHANGE_FORECAST_H
#define MLP_EXCHANGE_FORECAST_H

#include "exchange.h"

/** What a node sends in a step: the mean over the nodes, of all ranks. */
typedef struct {
    double bytes, messages;
    size_t rounds; /**< transfers that follow each other */
} mlp_exchange_load;

typedef struct {
    mlp_exchange_load values[MLP_COLUMNS_VALUES]; /**< none without columns */
    mlp_exchange_load rows; /**< none where all nodes know them */
    mlp_exchange_load metrics;
    mlp_exchange_load sums[MLP_MAX_HIDDEN + 1]; /**< [layers]: of gradients */
} mlp_exchange_forecast;

/** A team: full nodes, but the last one. */
typedef struct {
    size_t ranks, per_node;
} mlp_exchange_team;

static inline size_t mlp_exchange_team_nodes(const mlp_exchange_team *team)
{
    return (team->ranks + team->per_node - 1) / team->per_node;
}

/** The loads of one micro-batch that is a step.
 *  @param shape     for MLP_EXCHANGE_TREE; shards >= ranks; of_node of that
 *                   team's nodes, or NULL
 *  @param rows      of the batch, which shards have in equal parts
 *  @param forecast  overwritten */
void mlp_exchange_forecast_loads(const mlp_exchange_shape *shape,
                                 const mlp_exchange_team *team, size_t rows,
                                 mlp_exchange_forecast *forecast);

/** All of it. */
mlp_exchange_load mlp_exchange_forecast_total(const mlp_exchange_forecast *f,
                                              size_t layers);

#endif
