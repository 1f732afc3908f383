/** @file
 *  The one binary tree over shard numbers in which everything is summed.
 *
 *  tree(first, count) with count = 1 is the leaf `first`. Otherwise its left
 *  child has the largest power of two below count, its right child the rest.
 *  The order of additions is thereby fixed for a number of shards, whoever
 *  does them: floating-point addition does not associate, so this is what
 *  makes the weights' digest the same for every number of ranks.
 */
#ifndef MLP_TREE_H
#define MLP_TREE_H

#include <stddef.h>
#include <stdint.h>

#include "status.h"

/** The subtree over leaves first .. first + count - 1. */
typedef struct {
    size_t first, count;
} mlp_tree_node;

enum { MLP_TREE_NODES_MAX = 128 }; /**< canonical nodes of one run of leaves */

/** Cut a run of leaves into the fewest subtrees of tree(0, leaves).
 *  @param run    the leaves that one rank owns
 *  @param nodes  [MLP_TREE_NODES_MAX], filled in order of first
 *  @return how many: at most 2 log2(leaves)
 */
size_t mlp_tree_cut(size_t leaves, mlp_tree_node run, mlp_tree_node *nodes);

enum { MLP_TREE_ADD = -1 }; /**< the step that adds the two newest sums */

/** How to sum operands (subtrees) to one subtree, on a stack:
 *  step >= 0 pushes that operand, MLP_TREE_ADD replaces the two newest, a and
 *  b, by a + b. Owned by whoever created it. */
typedef struct {
    int32_t *steps;
    size_t count;
    size_t depth; /**< entries on the stack at most */
} mlp_tree_plan;

/** Plan the sum of `root`, a subtree of tree(0, leaves), from operands that
 *  tile it, given in order of first. MLP_ERROR_INTERNAL when they don't. */
mlp_status mlp_tree_plan_create(size_t leaves, mlp_tree_node root,
                                const mlp_tree_node *operands, size_t count,
                                mlp_tree_plan *plan);
void mlp_tree_plan_destroy(mlp_tree_plan *plan);

/** Sum values[leaf * stride] over the leaves of tree(0, leaves). */
double mlp_tree_sum(const double *values, size_t leaves, size_t stride);

#endif
