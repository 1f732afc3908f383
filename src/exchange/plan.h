/** @file
 *  Who adds what: the summation tree laid over machines.
 *
 *  "Node" is a computer here, as in team/comm.h; vertices of the tree are
 *  called subtrees. A node's shards are one run (team/place.h), and runs go up
 *  with the nodes' numbers: so what all nodes hand on, node after node, is in
 *  the order in which the tree adds it. Pure functions: nothing is sent, so any
 *  team can be played through by one process.
 */
#ifndef MLP_EXCHANGE_PLAN_H
#define MLP_EXCHANGE_PLAN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/range.h"
#include "base/tree.h"
#include "team/comm.h"

typedef struct {
    mlp_subtree *left; /**< [left_count], subtrees whose sums this node's node
                          team leaves, in order of shards */
    size_t left_count;
    mlp_subtree *outer; /**< [outer_count], what all nodes hand on, in order of
                             shards: they tile the root */
    size_t outer_count;
    mlp_range *handed; /**< [nodes], those of outer that each node hands on */
    mlp_range own;     /**< those of this node; just the root, if it is alone */
} mlp_exchange_plan;

/** Plan for one node of a team. MLP_ERROR_INTERNAL without memory.
 *  @param by_leaves  the node team leaves the sum of each of its shards, and
 * not those of the largest subtrees that they make */
mlp_status mlp_exchange_plan_create(size_t shards, const mlp_comm_place *place,
                                    bool by_leaves, mlp_exchange_plan *plan);
void mlp_exchange_plan_destroy(mlp_exchange_plan *plan);

/** Of which ones of left this node's sum k is the sum. */
mlp_range mlp_exchange_plan_inner(const mlp_exchange_plan *plan, size_t k);

#endif
