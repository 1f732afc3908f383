/** @file
 *  The sum of subtrees that tile a tree, as every user of base/tree.h forms it.
 */
#ifndef MLP_TEST_TREE_OPERANDS_H
#define MLP_TEST_TREE_OPERANDS_H

#include <check.h>

#include "base/tree.h"

/* The loop of the header over subtrees that tile a tree, and their sums. */
static double sum_operands(const mlp_subtree *subtrees, const double *values,
                           size_t count)
{
    double sums[MLP_TREE_SUMS_MAX];
    size_t first = subtrees[0].first, height = 0;
    size_t leaves = subtrees[count - 1].first + subtrees[count - 1].count;
    for (size_t i = 0; i < count; i++) {
        size_t end = subtrees[i].first + subtrees[i].count;
        sums[height++] = values[i];
        for (; height > mlp_tree_sums(leaves - first, end - first); height--) {
            sums[height - 2] += sums[height - 1];
        }
    }
    ck_assert_uint_eq(height, 1);
    return sums[0];
}

#endif
