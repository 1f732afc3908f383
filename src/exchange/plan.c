/** @file
 *  The summation tree divided among nodes.
 */
#include "plan.h"

#include <stdlib.h>

#include "team/place.h"

static void plan_exchanged(size_t shards, const mlp_comm_place *place,
                           mlp_exchange_plan *plan)
{
    for (size_t node = 0; node < place->nodes; node++) {
        mlp_range run = mlp_place_node_shards(place, node, shards);
        size_t count = mlp_tree_cut(shards, (mlp_subtree){run.first, run.count},
                                    plan->exchanged + plan->exchanged_count);
        plan->by_node[node] = (mlp_range){plan->exchanged_count, count};
        plan->exchanged_count += count;
    }
}

static void plan_local(bool by_leaves, mlp_exchange_plan *plan)
{
    for (size_t k = 0; k < plan->own.count; k++) {
        mlp_subtree sum = plan->exchanged[plan->own.first + k];
        for (size_t i = 0; by_leaves && i < sum.count; i++) {
            plan->local[plan->local_count++] = (mlp_subtree){sum.first + i, 1};
        }
        if (!by_leaves) {
            plan->local[plan->local_count++] = sum;
        }
    }
}

mlp_range mlp_exchange_plan_terms(const mlp_exchange_plan *plan, size_t k)
{
    const mlp_subtree *first = plan->exchanged + plan->own.first;
    bool by_leaves = plan->local_count > plan->own.count;
    return by_leaves
               ? (mlp_range){first[k].first - first[0].first, first[k].count}
               : (mlp_range){k, 1};
}

mlp_status mlp_exchange_plan_create(size_t shards, const mlp_comm_place *place,
                                    bool by_leaves, mlp_exchange_plan *plan)
{
    /* No list is longer than the shards. */
    *plan = (mlp_exchange_plan){
        .local = calloc(shards, sizeof *plan->local),
        .exchanged = calloc(shards, sizeof *plan->exchanged),
        .by_node = calloc(place->nodes, sizeof *plan->by_node)};
    if (plan->local == NULL || plan->exchanged == NULL ||
        plan->by_node == NULL) {
        mlp_exchange_plan_destroy(plan);
        return mlp_fail_memory("the plan of the exchange");
    }
    plan_exchanged(shards, place, plan);
    plan->own = plan->by_node[place->node];
    plan_local(by_leaves, plan);
    return MLP_OK;
}

void mlp_exchange_plan_destroy(mlp_exchange_plan *plan)
{
    free(plan->local);
    free(plan->exchanged);
    free(plan->by_node);
    *plan = (mlp_exchange_plan){0};
}
