/** @file
 *  The binary tree over shard numbers in which everything is summed.
 *
 *  tree(first, count) with count = 1 is the leaf `first`. Otherwise its left
 *  child has the largest power of two below count, its right child the rest.
 *  So the number of shards fixes the order of additions, for any team.
 *  Floating-point addition does not associate: this order makes the weights'
 *  digest the same for every number of ranks.
 *
 *  Summation in this order is counting in binary. Push the leaves' values on a
 *  stack in order; while it holds more than mlp_tree_sums values, add the top
 *  two:
 *
 *      for (size_t i = 0; i < leaves; i++) {
 *          sums[height++] = value of leaf i;
 *          for (; height > mlp_tree_sums(leaves, i + 1); height--) {
 *              sums[height - 2] += sums[height - 1];
 *          }
 *      }
 *
 *  The same loop sums a subtree from smaller ones that tile it, taken in order
 *  of first: i + 1 is then the end of the smaller subtree, counted from the
 *  larger one's first leaf.
 */
#ifndef MLP_TREE_H
#define MLP_TREE_H

#include <stddef.h>

/** The subtree over leaves first .. first + count - 1. */
typedef struct {
    size_t first, count;
} mlp_subtree;

enum {
    MLP_TREE_CUT_MAX = 128, /**< subtrees of a range of leaves */
    MLP_TREE_SUMS_MAX = 65  /**< sums on the stack at a time */
};

/** Sums on the stack after leaves 0 .. end - 1 of tree(0, leaves): one, the
 *  root's, at the end; before it, one complete subtree for each 1 among the
 *  binary digits of end. */
static inline size_t mlp_tree_sums(size_t leaves, size_t end)
{
    return end == leaves ? 1 : (size_t)__builtin_popcountll(end);
}

/** Decompose a range of leaves into the fewest subtrees of tree(0, leaves).
 *  @param run       range of leaves, such as a rank's
 *  @param subtrees  [MLP_TREE_CUT_MAX], filled in order of first
 *  @return their number, at most 2 log2(leaves)
 */
size_t mlp_tree_cut(size_t leaves, mlp_subtree run, mlp_subtree *subtrees);

/** Sum values[leaf * stride] over the leaves of tree(0, leaves). */
double mlp_tree_sum(const double *values, size_t leaves, size_t stride);

#endif
