/** @file
 *  What a step costs on any number of ranks, by the alpha-beta model: a message
 *  of n bytes takes alpha + n beta. Pure functions; plan.c measures
 *  what goes in.
 *
 *  Source: Hockney 1994, "The communication challenge for MPP", eq. 1; Thakur,
 *  Rabenseifner and Gropp 2005, "Optimization of collective communication
 *  operations in MPICH", sections 4.4 and 4.5.
 */
#ifndef MLP_COSTS_H
#define MLP_COSTS_H

#include <stddef.h>

/** A way between two ranks. */
typedef struct {
    double alpha; /**< seconds a message */
    double beta;  /**< seconds a byte */
} mlp_link;

/** Seconds of an allreduce, as a reduce-scatter and an allgather, which move
 *  least: 2 ceil(log2 p) alpha + 2 (p - 1) / p n beta. Additions are left out:
 *  reading what is added takes longer. 0 for one rank. */
double mlp_link_allreduce(mlp_link link, size_t ranks, double bytes);

/** The link whose allreduces over `ranks` > 1 ranks take so long for two
 *  sizes, the first one the smaller. Not below 0. */
mlp_link mlp_link_fit(size_t ranks, const double bytes[2],
                      const double seconds[2]);

/** What a rank computes in a step: fixed + rows per_row. */
typedef struct {
    double fixed, per_row; /**< seconds */
} mlp_work;

/** Least squares of the relative errors. Not below 0.
 *  @param rows, seconds  [count], count >= 1; of one point: all by row */
mlp_work mlp_work_fit(const double *rows, const double *seconds, size_t count);

typedef struct {
    mlp_work work;
    double bytes;             /**< of a gradient */
    size_t per_node;          /**< ranks of a full node */
    mlp_link inside, between; /**< ranks of a node; nodes */
} mlp_costs;

/** Nodes that so many ranks fill. */
size_t mlp_costs_nodes(const mlp_costs *costs, size_t ranks);

/** Seconds of a step on a global batch: the work on ceil(batch / ranks) rows,
 *  the sum within nodes, and the sum between them. That part of the exchange
 *  may be hidden behind backpropagation is left out. */
double mlp_costs_step(const mlp_costs *costs, size_t ranks, size_t batch);

/** Seconds of the steps of an epoch. */
double mlp_costs_epoch(const mlp_costs *costs, size_t ranks, size_t batch,
                       size_t rows);

/** Rows a second of each rank on a batch, over those of a single rank on the
 *  batch `base`: 1 at best, or more where a rank gets more rows than that. */
double mlp_costs_efficiency(const mlp_costs *costs, size_t ranks, size_t batch,
                            size_t base);

/** The smallest batch that is a power of two, has a row for each rank and has
 *  this efficiency at least: larger ones need more epochs. 0 if none up to
 *  `most` has. */
size_t mlp_costs_best_batch(const mlp_costs *costs, size_t ranks, size_t base,
                            double efficiency, size_t most);

#endif
