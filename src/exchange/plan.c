/** @file
 *  The summation tree laid over nodes.
 */
#include "plan.h"

#include <stdlib.h>

/* The team, as the functions below need it. */
typedef struct {
    size_t shards, ranks;
    const mlp_comm_place *place;
    bool by_leaves;
} team;

/* The shards of ranks first .. end - 1. */
static mlp_subtree shards_of(const team *t, size_t first, size_t end)
{
    mlp_range low = mlp_range_part(t->shards, t->ranks, first);
    mlp_range high = mlp_range_part(t->shards, t->ranks, end - 1);
    return (mlp_subtree){low.first, high.first + high.count - low.first};
}

/* The first rank after `rank` that is on another node. */
static size_t neighbours_end(const team *t, size_t rank)
{
    const size_t *node_of = t->place->node_of;
    size_t end = rank + 1;
    while (end < t->ranks && node_of[end] == node_of[rank]) {
        end++;
    }
    return end;
}

/* Plan one sum of this node: the crew leaves it as it is, or its leaves. */
static void plan_inner(const team *t, mlp_subtree subtree,
                       mlp_exchange_plan *plan)
{
    mlp_subtree *left = plan->left + plan->left_count;
    size_t count = t->by_leaves ? subtree.count : 1;
    left[0] = subtree;
    for (size_t i = 0; t->by_leaves && i < count; i++) {
        left[i] = (mlp_subtree){subtree.first + i, 1};
    }
    plan->inner[plan->inner_count++] = (mlp_range){plan->left_count, count};
    plan->left_count += count;
}

/* A subtree is a run of shards, so the largest subtrees within a node are
 * those within its runs of neighbouring ranks. */
static void plan_inside(const team *t, mlp_exchange_plan *plan)
{
    for (size_t r = 0, end; r < t->ranks; r = end) {
        end = neighbours_end(t, r);
        if (t->place->node_of[r] != t->place->node) {
            continue;
        }
        mlp_subtree cut[MLP_TREE_CUT_MAX];
        size_t count = mlp_tree_cut(t->shards, shards_of(t, r, end), cut);
        for (size_t i = 0; i < count; i++) {
            plan_inner(t, cut[i], plan);
        }
    }
}

/* List what all nodes hand on in order of shards; slots[k] is then the node of
 * number k. */
static void list_handed(const team *t, mlp_exchange_plan *plan)
{
    for (size_t r = 0, end; r < t->ranks; r = end) {
        end = neighbours_end(t, r);
        size_t node = t->place->node_of[r];
        size_t count = mlp_tree_cut(t->shards, shards_of(t, r, end),
                                    plan->outer + plan->outer_count);
        for (size_t i = 0; i < count; i++) {
            plan->slots[plan->outer_count++] = node;
        }
        plan->handed[node] += count;
    }
}

static mlp_status plan_between(const team *t, mlp_exchange_plan *plan)
{
    list_handed(t, plan);
    size_t *next_slot = malloc(t->place->nodes * sizeof *next_slot);
    if (next_slot == NULL) {
        return mlp_fail_memory("the exchange between nodes");
    }
    for (size_t node = 0, sum = 0; node < t->place->nodes; node++) {
        next_slot[node] = sum;
        sum += plan->handed[node];
    }
    for (size_t k = 0; k < plan->outer_count; k++) {
        plan->slots[k] = next_slot[plan->slots[k]]++;
    }
    free(next_slot);
    return MLP_OK;
}

/* No list is longer than the shards. */
static mlp_status allocate(const team *t, mlp_exchange_plan *plan)
{
    plan->left = calloc(t->shards, sizeof *plan->left);
    plan->inner = calloc(t->shards, sizeof *plan->inner);
    plan->outer = calloc(t->shards, sizeof *plan->outer);
    plan->slots = calloc(t->shards, sizeof *plan->slots);
    plan->handed = calloc(t->place->nodes, sizeof *plan->handed);
    if (plan->left == NULL || plan->inner == NULL || plan->outer == NULL ||
        plan->slots == NULL || plan->handed == NULL) {
        return mlp_fail_memory("the plan of the exchange");
    }
    return MLP_OK;
}

mlp_status mlp_exchange_plan_create(size_t shards, size_t ranks,
                                    const mlp_comm_place *place, bool by_leaves,
                                    mlp_exchange_plan *plan)
{
    team t = {shards, ranks, place, by_leaves};
    *plan = (mlp_exchange_plan){0};
    mlp_status status = allocate(&t, plan);
    if (status == MLP_OK) {
        plan_inside(&t, plan);
        status = plan_between(&t, plan);
    }
    if (status != MLP_OK) {
        mlp_exchange_plan_destroy(plan);
    }
    return status;
}

void mlp_exchange_plan_destroy(mlp_exchange_plan *plan)
{
    free(plan->left);
    free(plan->inner);
    free(plan->outer);
    free(plan->slots);
    free(plan->handed);
    *plan = (mlp_exchange_plan){0};
}
