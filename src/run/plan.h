/** @file
 *  mlp_train --plan: measurements of plan.c, printed by plan_print.c.
 */
#ifndef MLP_RUN_PLAN_H
#define MLP_RUN_PLAN_H

#include "costs.h"

#include "internal.h"

enum { MLP_PLAN_POINTS = 5, MLP_PLAN_RANKS = 4096 /**< of the last line */ };

/** Measured step times. */
typedef struct {
    double rows[MLP_PLAN_POINTS]; /**< of a rank, in a step */
    double seconds[MLP_PLAN_POINTS];
    size_t count;
} mlp_plan_steps;

typedef struct {
    mlp_run_parts run;
    mlp_plan_steps alone; /**< each rank by itself, all at once */
    mlp_plan_steps team;  /**< all ranks together; `alone` if there is one */
    mlp_costs costs;
    mlp_range columns[MLP_PLAN_RANKS]; /**< scratch of costs */
    const char *inside_from,
        *between_from; /**< source of each link's figures */
} mlp_plan;

/** Time steps of a trainer: the minimum over some pairs, of the slowest rank.
 *  All ranks make the same number of steps, which change the weights.
 *  @param seconds  of one step, overwritten. Collective. */
mlp_status mlp_plan_time_steps(mlp_run_parts *run, double *seconds);

/** Print the table, and write it to --log. Rank 0; not collective. */
mlp_status mlp_plan_print(const mlp_plan *forecast);

#endif
