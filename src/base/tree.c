/** @file
 *  The summation tree: decomposing a range of leaves into subtrees, and sums of
 *  scalars.
 */
#include "tree.h"

/* Both children of a subtree with more than one leaf. */
static mlp_subtree left_of(mlp_subtree tree)
{
    size_t count = 1;
    while (count < tree.count - count) {
        count *= 2;
    }
    return (mlp_subtree){tree.first, count};
}

static mlp_subtree right_of(mlp_subtree tree)
{
    size_t left = left_of(tree).count;
    return (mlp_subtree){tree.first + left, tree.count - left};
}

static size_t end_of(mlp_subtree tree)
{
    return tree.first + tree.count;
}

/* Write the largest subtrees of tree that lie in the range; return the end. */
static mlp_subtree *decompose(mlp_subtree tree, mlp_subtree run,
                              mlp_subtree *out)
{
    if (end_of(tree) <= run.first || end_of(run) <= tree.first) {
        return out;
    }
    if (run.first <= tree.first && end_of(tree) <= end_of(run)) {
        *out = tree;
        return out + 1;
    }
    return decompose(right_of(tree), run, decompose(left_of(tree), run, out));
}

size_t mlp_tree_cut(size_t leaves, mlp_subtree run, mlp_subtree *subtrees)
{
    if (run.count == 0) {
        return 0;
    }
    mlp_subtree *end = decompose((mlp_subtree){0, leaves}, run, subtrees);
    return (size_t)(end - subtrees);
}

double mlp_tree_sum(const double *values, size_t leaves, size_t stride)
{
    if (leaves == 1) {
        return values[0];
    }
    double sums[MLP_TREE_SUMS_MAX] = {0};
    size_t height = 0;
    for (size_t i = 0; i < leaves; i++) {
        sums[height++] = values[i * stride];
        for (; height > mlp_tree_sums(leaves, i + 1); height--) {
            sums[height - 2] += sums[height - 1];
        }
    }
    return sums[0];
}
