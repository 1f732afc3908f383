/** @file
 *  The summation tree laid over nodes.
 */
#include "plan.h"

#include <stdlib.h>

#include "team/place.h"

static void plan_outer(size_t shards, const mlp_comm_place *place,
                       mlp_exchange_plan *plan)
{
    for (size_t node = 0; node < place->nodes; node++) {
        mlp_range run = mlp_place_node_shards(place, node, shards);
        size_t count = mlp_tree_cut(shards, (mlp_subtree){run.first, run.count},
                                    plan->outer + plan->outer_count);
        plan->handed[node] = (mlp_range){plan->outer_count, count};
        plan->outer_count += count;
    }
}

static void plan_left(bool by_leaves, mlp_exchange_plan *plan)
{
    for (size_t k = 0; k < plan->own.count; k++) {
        mlp_subtree sum = plan->outer[plan->own.first + k];
        for (size_t i = 0; by_leaves && i < sum.count; i++) {
            plan->left[plan->left_count++] = (mlp_subtree){sum.first + i, 1};
        }
        if (!by_leaves) {
            plan->left[plan->left_count++] = sum;
        }
    }
}

mlp_range mlp_exchange_plan_inner(const mlp_exchange_plan *plan, size_t k)
{
    const mlp_subtree *first = plan->outer + plan->own.first;
    bool by_leaves = plan->left_count > plan->own.count;
    return by_leaves
               ? (mlp_range){first[k].first - first[0].first, first[k].count}
               : (mlp_range){k, 1};
}

mlp_status mlp_exchange_plan_create(size_t shards, const mlp_comm_place *place,
                                    bool by_leaves, mlp_exchange_plan *plan)
{
    /* No list is longer than the shards. */
    *plan = (mlp_exchange_plan){.left = calloc(shards, sizeof *plan->left),
                                .outer = calloc(shards, sizeof *plan->outer),
                                .handed =
                                    calloc(place->nodes, sizeof *plan->handed)};
    if (plan->left == NULL || plan->outer == NULL || plan->handed == NULL) {
        mlp_exchange_plan_destroy(plan);
        return mlp_fail_memory("the plan of the exchange");
    }
    plan_outer(shards, place, plan);
    plan->own = plan->handed[place->node];
    plan_left(by_leaves, plan);
    return MLP_OK;
}

void mlp_exchange_plan_destroy(mlp_exchange_plan *plan)
{
    free(plan->left);
    free(plan->outer);
    free(plan->handed);
    *plan = (mlp_exchange_plan){0};
}
