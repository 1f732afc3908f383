/** @file
 *  The summation tree: cutting runs of leaves into subtrees, planning sums of
 *  subtrees, and summing scalars.
 */
#include "tree.h"

#include <stdbool.h>
#include <stdlib.h>

/* Both children of a node with more than one leaf. */
static mlp_tree_node left_of(mlp_tree_node node)
{
    size_t count = 1;
    while (count < node.count - count) {
        count *= 2;
    }
    return (mlp_tree_node){node.first, count};
}

static mlp_tree_node right_of(mlp_tree_node node)
{
    size_t left = left_of(node).count;
    return (mlp_tree_node){node.first + left, node.count - left};
}

static size_t end_of(mlp_tree_node node)
{
    return node.first + node.count;
}

static bool is_equal(mlp_tree_node a, mlp_tree_node b)
{
    return a.first == b.first && a.count == b.count;
}

/* Write the largest subtrees of node that lie in the run; return the end. */
static mlp_tree_node *cut(mlp_tree_node node, mlp_tree_node run,
                          mlp_tree_node *out)
{
    if (end_of(node) <= run.first || end_of(run) <= node.first) {
        return out;
    }
    if (run.first <= node.first && end_of(node) <= end_of(run)) {
        *out = node;
        return out + 1;
    }
    return cut(right_of(node), run, cut(left_of(node), run, out));
}

size_t mlp_tree_cut(size_t leaves, mlp_tree_node run, mlp_tree_node *nodes)
{
    if (run.count == 0) {
        return 0;
    }
    mlp_tree_node *end = cut((mlp_tree_node){0, leaves}, run, nodes);
    return (size_t)(end - nodes);
}

/* A plan under construction. */
typedef struct {
    const mlp_tree_node *operands;
    size_t count;
    size_t next;   /* operand to use */
    size_t height; /* of the stack after the steps so far */
    mlp_tree_plan *plan;
} planner;

static void append(planner *p, int32_t step)
{
    p->plan->steps[p->plan->count++] = step;
    if (step == MLP_TREE_ADD) {
        p->height--;
    } else if (++p->height > p->plan->depth) {
        p->plan->depth = p->height;
    }
}

/* Append the steps for a node; false when the operands do not tile it. */
static bool plan_node(planner *p, mlp_tree_node node)
{
    if (p->next == p->count) {
        return false;
    }
    if (is_equal(p->operands[p->next], node)) {
        append(p, (int32_t)p->next++);
        return true;
    }
    if (node.count == 1 || !plan_node(p, left_of(node)) ||
        !plan_node(p, right_of(node))) {
        return false;
    }
    append(p, MLP_TREE_ADD);
    return true;
}

static bool is_subtree(size_t leaves, mlp_tree_node node)
{
    mlp_tree_node nodes[MLP_TREE_NODES_MAX];
    return node.count > 0 && end_of(node) <= leaves &&
           mlp_tree_cut(leaves, node, nodes) == 1;
}

mlp_status mlp_tree_plan_create(size_t leaves, mlp_tree_node root,
                                const mlp_tree_node *operands, size_t count,
                                mlp_tree_plan *plan)
{
    *plan = (mlp_tree_plan){0};
    if (!is_subtree(leaves, root) || count == 0 || count > root.count ||
        count > INT32_MAX) {
        return mlp_fail(MLP_ERROR_INTERNAL,
                        "no sum of %zu operands to shards %zu + %zu of %zu",
                        count, root.first, root.count, leaves);
    }
    plan->steps = malloc((2 * count - 1) * sizeof *plan->steps);
    if (plan->steps == NULL) {
        return mlp_fail_memory("the plan of a sum");
    }
    planner p = {.operands = operands, .count = count, .plan = plan};
    if (!plan_node(&p, root) || p.next != count) {
        mlp_tree_plan_destroy(plan);
        return mlp_fail(MLP_ERROR_INTERNAL,
                        "%zu operands do not tile shards %zu + %zu of %zu",
                        count, root.first, root.count, leaves);
    }
    return MLP_OK;
}

void mlp_tree_plan_destroy(mlp_tree_plan *plan)
{
    free(plan->steps);
    *plan = (mlp_tree_plan){0};
}

static double sum_node(const double *values, mlp_tree_node node, size_t stride)
{
    if (node.count == 1) {
        return values[node.first * stride];
    }
    return sum_node(values, left_of(node), stride) +
           sum_node(values, right_of(node), stride);
}

double mlp_tree_sum(const double *values, size_t leaves, size_t stride)
{
    return leaves == 0 ? 0
                       : sum_node(values, (mlp_tree_node){0, leaves}, stride);
}
