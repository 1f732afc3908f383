/** @file
 *  Who adds what: the summation tree laid over machines.
 *
 *  "Node" is a computer here, as in team/comm.h; vertices of the tree are
 * called subtrees. Ranks of a node need not be neighbours. Pure functions:
 * nothing is sent, so any team can be played through by one process.
 */
#ifndef MLP_EXCHANGE_PLAN_H
#define MLP_EXCHANGE_PLAN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/range.h"
#include "base/tree.h"
#include "team/comm.h"

typedef struct {
    mlp_subtree *left; /**< [left_count], subtrees whose sums this node's crew
                            leaves, in order of shards */
    size_t left_count;
    mlp_range *inner;   /**< [inner_count], what this node hands on: each the
                             sum of these of left */
    size_t inner_count; /**< 1, the root, if there is one node */

    mlp_subtree *outer; /**< [outer_count], what all nodes hand on, in order of
                             shards: they tile the root */
    size_t *slots;      /**< [outer_count], where each lies among those
                             gathered, which lie in order of node */
    size_t outer_count;
    size_t *handed; /**< [nodes], how many sums each node hands on */
} mlp_exchange_plan;

/** Plan for one node of a team. MLP_ERROR_INTERNAL without memory.
 *  @param by_leaves  the crew leaves the sum of each of its shards, and not
 *                    those of the largest subtrees that they make */
mlp_status mlp_exchange_plan_create(size_t shards, size_t ranks,
                                    const mlp_comm_place *place, bool by_leaves,
                                    mlp_exchange_plan *plan);
void mlp_exchange_plan_destroy(mlp_exchange_plan *plan);

#endif
