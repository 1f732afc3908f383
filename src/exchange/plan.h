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

#include "base/tree.h"
#include "team/comm.h"

/** A sum that a node finishes from what its crew left: sums first, first + 1,
 *  ... */
typedef struct {
    mlp_tree_plan plan;
    size_t first;
} mlp_exchange_inner;

typedef struct {
    mlp_tree_node *left; /**< [left_count], subtrees whose sums this node's crew
                              leaves, in order of shards */
    size_t left_count;
    mlp_exchange_inner *inner; /**< [inner_count], what this node hands on */
    size_t inner_count;        /**< 1, the root, if there is one node */

    size_t *handed; /**< [nodes], how many sums each node hands on */
    size_t *slots;  /**< [outer_count], operand -> place among those gathered,
                         which lie in order of node */
    size_t outer_count;
    mlp_tree_plan outer; /**< from the gathered sums to the root */
} mlp_exchange_plan;

/** Plan for one node of a team. MLP_ERROR_INTERNAL without memory.
 *  @param by_leaves  the crew leaves the sum of each of its shards, and not
 *                    those of the largest subtrees that they make */
mlp_status mlp_exchange_plan_create(size_t shards, size_t ranks,
                                    const mlp_comm_place *place, bool by_leaves,
                                    mlp_exchange_plan *plan);
void mlp_exchange_plan_destroy(mlp_exchange_plan *plan);

#endif
