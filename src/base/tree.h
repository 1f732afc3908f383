/** @file
 *  The one binary tree over shard numbers in which everything is summed.
 *
 *  tree(first, count) with count = 1 is the leaf `first`. Otherwise its left
 *  child has the largest power of two below count, its right child the rest.
 *  The order of additions is thereby fixed for a number of shards, whoever
 *  does them: floating-point addition does not associate, so this is what
 *  makes the weights' digest the same for every number of ranks.
 *
 *  Summing in this order is counting in binary. Take the leaves in order, keep
 *  their sums on a stack, and add the two newest while there are more than
 *  mlp_tree_sums:
 *
 *      for (size_t i = 0; i < leaves; i++) {
 *          sums[height++] = value of leaf i;
 *          for (; height > mlp_tree_sums(leaves, i + 1); height--) {
 *              sums[height - 2] += sums[height - 1];
 *          }
 *      }
 *
 *  The same loop sums a subtree from smaller ones that tile it, taken in order
 *  of first: i + 1 is then where one ends, counted from the subtree's first
 *  leaf.
 */
#ifndef MLP_TREE_H
#define MLP_TREE_H

#include <stddef.h>

/** The subtree over leaves first .. first + count - 1. */
typedef struct {
    size_t first, count;
} mlp_subtree;

enum {
    MLP_TREE_CUT_MAX = 128, /**< subtrees that a run of leaves is cut into */
    MLP_TREE_SUMS_MAX = 65  /**< sums on the stack at a time */
};

/** How many sums leaves 0 .. end - 1 of tree(0, leaves) come to: one, the root,
 *  at its end; before it one for each 1 among the binary digits of end, which
 *  stands for a complete subtree of so many leaves. */
static inline size_t mlp_tree_sums(size_t leaves, size_t end)
{
    return end == leaves ? 1 : (size_t)__builtin_popcountll(end);
}

/** Cut a run of leaves into the fewest subtrees of tree(0, leaves).
 *  @param run       the leaves that one rank owns
 *  @param subtrees  [MLP_TREE_CUT_MAX], filled in order of first
 *  @return how many: at most 2 log2(leaves)
 */
size_t mlp_tree_cut(size_t leaves, mlp_subtree run, mlp_subtree *subtrees);

/** Sum values[leaf * stride] over the leaves of tree(0, leaves). */
double mlp_tree_sum(const double *values, size_t leaves, size_t stride);

#endif
