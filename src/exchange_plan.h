/** @file
 *  Who adds what: the summation tree laid over ranks and machines.
 *
 *  "Node" is a computer here, as in comm.h; vertices of the tree are called
 *  subtrees. Ranks of a node need not be neighbours. Pure functions: nothing
 *  is sent, so any team can be played through by one process.
 */
#ifndef MLP_EXCHANGE_PLAN_H
#define MLP_EXCHANGE_PLAN_H

#include <stdbool.h>
#include <stddef.h>

#include "mlp/comm.h"
#include "mlp/tree.h"

/** One sum that a rank leaves for its node. */
typedef struct {
    size_t local_rank; /**< who leaves it */
    size_t index;      /**< which of that rank's subtrees */
} mlp_exchange_source;

/** A sum that a node finishes from sources first, first + 1, ... */
typedef struct {
    mlp_tree_plan plan;
    size_t first;
} mlp_exchange_inner;

typedef struct {
    mlp_tree_node *own; /**< [own_count], this rank's subtrees */
    size_t own_count;

    mlp_exchange_source *sources; /**< [source_count], in order of shards */
    size_t source_count;
    mlp_exchange_inner *inner; /**< [inner_count], what this node hands on */
    size_t inner_count;        /**< 1, the root, if there is one node */

    size_t *handed; /**< [nodes], how many sums each node hands on */
    size_t *slots;  /**< [outer_count], operand -> place among those gathered,
                         which lie in order of node */
    size_t outer_count;
    mlp_tree_plan outer; /**< from the gathered sums to the root */
} mlp_exchange_plan;

/** Plan for one rank of a team. MLP_ERROR_INTERNAL without memory.
 *  @param by_leaves  a rank leaves the sum of each of its shards, and not those
 *                    of the subtrees that they make */
mlp_status mlp_exchange_plan_create(size_t shards, size_t ranks, size_t rank,
                                    const mlp_comm_place *place, bool by_leaves,
                                    mlp_exchange_plan *plan);
void mlp_exchange_plan_destroy(mlp_exchange_plan *plan);

#endif
