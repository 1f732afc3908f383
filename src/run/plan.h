/** @file
 *  mlp_train --plan: what plan.c measures and plan_print.c
 *  tells.
 */
#ifndef MLP_RUN_FORECAST_H
#define MLP_RUN_FORECAST_H

#include "costs.h"

#include "internal.h"

enum { MLP_FORECAST_POINTS = 5 };

/** Seconds of steps that were measured. */
typedef struct {
    double rows[MLP_FORECAST_POINTS]; /**< of a rank, in a step */
    double seconds[MLP_FORECAST_POINTS];
    size_t count;
} mlp_forecast_steps;

typedef struct {
    mlp_run_parts run;
    mlp_forecast_steps alone; /**< each rank by itself, all at once */
    mlp_forecast_steps team;  /**< all together; the same if there is one */
    mlp_costs costs;
    const char *inside_from, *between_from; /**< where the links are from */
} mlp_forecast;

/** Print the table, and write it to --log. Rank 0; not collective. */
mlp_status mlp_forecast_print(const mlp_forecast *forecast);

#endif
