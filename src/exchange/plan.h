/** @file
 *  The summation tree divided among nodes: which subtrees each node sums.
 *
 *  "Node" means a computer, as in team/comm.h; a vertex of the tree is called a
 *  subtree. A node's shards are one range (team/place.h), in the order of the
 *  nodes' numbers, so the subtrees of all nodes, node by node, are in tree
 *  order. Pure functions that send nothing: one process can compute the plans
 *  of any team.
 */
#ifndef MLP_EXCHANGE_PLAN_H
#define MLP_EXCHANGE_PLAN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/range.h"
#include "base/tree.h"
#include "team/comm.h"

typedef struct {
    mlp_subtree *local; /**< [local_count], subtrees whose sums the node team
                              computes, in order of shards */
    size_t local_count;
    mlp_subtree *exchanged; /**< [exchanged_count], the largest subtrees within
                                 each node's shards, of all nodes, in order of
                                 shards: they tile the root */
    size_t exchanged_count;
    mlp_range *by_node; /**< [nodes], exchanged subtrees of each node */
    mlp_range own;      /**< those of this node; of a single node, the root */
} mlp_exchange_plan;

/** Plan for one node of a team. MLP_ERROR_INTERNAL without memory.
 *  @param by_leaves  local subtrees are single shards; else they are this
 *                    node's exchanged subtrees */
mlp_status mlp_exchange_plan_create(size_t shards, const mlp_comm_place *place,
                                    bool by_leaves, mlp_exchange_plan *plan);
void mlp_exchange_plan_destroy(mlp_exchange_plan *plan);

/** The local subtrees that add up to this node's exchanged subtree k. */
mlp_range mlp_exchange_plan_terms(const mlp_exchange_plan *plan, size_t k);

#endif
