/** @file
 *  The time of a step on any number of ranks, by the alpha-beta model: a
 *  message of n bytes takes alpha + n beta. Pure functions; plan.c measures
 *  their inputs.
 *
 *  Source: Hockney 1994, "The communication challenge for MPP", eq. 1; Thakur,
 *  Rabenseifner and Gropp 2005, "Optimization of collective communication
 *  operations in MPICH", sections 4.4 and 4.5.
 */
#ifndef MLP_COSTS_H
#define MLP_COSTS_H

#include <stddef.h>

#include "config/config.h"
#include "model/model.h"
#include "train/forecast.h"

/** The connection between two ranks. */
typedef struct {
    double alpha; /**< latency: seconds per message */
    double beta;  /**< seconds per byte */
} mlp_link;

/** Seconds of an allreduce as a reduce-scatter and an all-gather, which move
 *  the fewest bytes: 2 ceil(log2 p) alpha + 2 (p - 1) / p n beta. Without the
 *  time of the additions, which memory bandwidth hides. 0 for one rank. */
double mlp_link_allreduce(mlp_link link, size_t ranks, double bytes);

/** Fit a link to measured allreduces over `ranks` > 1 ranks: of a word, which
 *  takes ceil(log2 p) messages one after the other (recursive doubling), and of
 *  many bytes, as above. Returns alpha and beta >= 0. */
mlp_link mlp_link_fit(size_t ranks, double word_seconds, double bytes,
                      double seconds);

/** Computing time of a rank in a step: fixed_seconds + rows row_seconds. */
typedef struct {
    double fixed_seconds, row_seconds;
} mlp_work;

/** Fit by least squares of the relative errors. Returns values >= 0.
 *  @param rows, seconds  [count], count >= 1; with one point fixed_seconds
 *                        is 0 */
mlp_work mlp_work_fit(const double *rows, const double *seconds, size_t count);

typedef struct {
    mlp_work work;
    double bytes;             /**< of the gradient */
    size_t per_node;          /**< ranks of a full node */
    mlp_link inside, between; /**< within a node; between nodes */
    /** Of the exchange between nodes; NULL model: all of the gradient is summed
     *  by an allreduce, after everything is computed (--exchange mpi). */
    const mlp_config *config;
    const mlp_model *model;
    mlp_exchange_columns rows; /**< whether they are sent, and their bytes */
    mlp_range *columns;        /**< scratch, [nodes of the largest team] */
} mlp_costs;

/** Nodes needed for so many ranks. */
size_t mlp_costs_nodes(const mlp_costs *costs, size_t ranks);

/** What a node sends in a step on a global batch, and how long ranks only wait
 *  for that (train/forecast.h). */
mlp_step_forecast mlp_costs_between(const mlp_costs *costs, size_t ranks,
                                    size_t batch);

/** Seconds of a step on a global batch: the work on ceil(batch / ranks) rows,
 *  the sum within nodes, and the wait for other nodes. */
double mlp_costs_step(const mlp_costs *costs, size_t ranks, size_t batch);

/** Seconds of the steps of an epoch. */
double mlp_costs_epoch(const mlp_costs *costs, size_t ranks, size_t batch,
                       size_t rows);

/** Parallel efficiency: rows per second and rank on a batch, divided by the
 *  rows per second of a single rank on the batch `base`. At most 1, or more if
 *  a rank gets more than `base` rows. */
double mlp_costs_efficiency(const mlp_costs *costs, size_t ranks, size_t batch,
                            size_t base);

/** The smallest batch that is a power of two, has a row for each rank and at
 *  least this efficiency (larger batches need more epochs). 0 if no batch up
 *  to `most` has. */
size_t mlp_costs_best_batch(const mlp_costs *costs, size_t ranks, size_t base,
                            double efficiency, size_t most);

#endif
