/** @file
 *  Tests of the plan of the exchange. One process computes the plans of all
 *  ranks of teams of every shape, with ranks assigned to nodes block by block
 *  or round-robin.
 */
#include "exchange/plan.h"

#include <check.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/range.h"

#include "run_suite.h"
#include "tree_operands.h"

enum { SHARDS_MAX = 20 };

/* A team of `ranks` ranks and their places. */
typedef struct {
    size_t node_of[SHARDS_MAX], local_rank[SHARDS_MAX];
    size_t ranks, nodes;
} simulated_team;

static simulated_team make_team(size_t ranks, size_t nodes, bool is_round_robin)
{
    simulated_team team = {.ranks = ranks, .nodes = nodes};
    size_t filled[SHARDS_MAX] = {0};
    for (size_t r = 0; r < ranks; r++) {
        team.node_of[r] = is_round_robin ? r % nodes : r * nodes / ranks;
        team.local_rank[r] = filled[team.node_of[r]]++;
    }
    return team;
}

static mlp_comm_place place_of(const simulated_team *team, size_t rank)
{
    return (mlp_comm_place){.rank = team->local_rank[rank],
                            .node = team->node_of[rank],
                            .nodes = team->nodes,
                            .ranks = team->ranks,
                            .node_of = team->node_of,
                            .local_rank = team->local_rank};
}

/* Sum of a subtree, by the definition. */
static double sum_subtree(const double *values, mlp_subtree tree)
{
    return mlp_tree_sum(values + tree.first, tree.count, 1);
}

/* The sums of a node's exchanged subtrees, from those of its local subtrees.
 * Returns their number. */
static size_t sum_node(const mlp_exchange_plan *plan, const double *values,
                       double *exchanged)
{
    double local[SHARDS_MAX];
    for (size_t i = 0; i < plan->local_count; i++) {
        local[i] = sum_subtree(values, plan->local[i]);
    }
    for (size_t k = 0; k < plan->own.count; k++) {
        mlp_range terms = mlp_exchange_plan_terms(plan, k);
        exchanged[k] = sum_operands(plan->local + terms.first,
                                    local + terms.first, terms.count);
    }
    return plan->own.count;
}

/* Every rank computes the same sum from the exchanged subtrees of all nodes. */
static void expect_sum(const simulated_team *team, size_t shards,
                       const double *values, bool by_leaves)
{
    double gathered[SHARDS_MAX];
    size_t counts[SHARDS_MAX];
    size_t total = 0;
    for (size_t node = 0; node < team->nodes; node++) {
        for (size_t r = 0; r < team->ranks; r++) {
            if (team->node_of[r] != node || team->local_rank[r] != 0) {
                continue;
            }
            mlp_comm_place place = place_of(team, r);
            mlp_exchange_plan plan;
            ck_assert_int_eq(
                mlp_exchange_plan_create(shards, &place, by_leaves, &plan),
                MLP_OK);
            counts[node] = sum_node(&plan, values, gathered + total);
            total += counts[node];
            mlp_exchange_plan_destroy(&plan);
        }
    }
    for (size_t r = 0; r < team->ranks; r++) {
        mlp_comm_place place = place_of(team, r);
        mlp_exchange_plan plan;
        ck_assert_int_eq(
            mlp_exchange_plan_create(shards, &place, by_leaves, &plan), MLP_OK);
        ck_assert_uint_eq(plan.exchanged_count, total);
        for (size_t node = 0; node < team->nodes; node++) {
            ck_assert_uint_eq(plan.by_node[node].count, counts[node]);
        }
        ck_assert(sum_operands(plan.exchanged, gathered, total) ==
                  mlp_tree_sum(values, shards, 1));
        mlp_exchange_plan_destroy(&plan);
    }
}

START_TEST(two_nodes_of_two_ranks_exchange_one_half_each)
{
    simulated_team team = make_team(4, 2, false);
    mlp_comm_place place = place_of(&team, 3);
    mlp_exchange_plan plan;
    ck_assert_int_eq(mlp_exchange_plan_create(8, &place, false, &plan), MLP_OK);
    ck_assert_uint_eq(plan.local_count, 1);
    ck_assert_uint_eq(plan.local[0].first, 4);
    ck_assert_uint_eq(plan.local[0].count, 4);
    ck_assert_uint_eq(plan.by_node[0].count, 1);
    ck_assert_uint_eq(plan.by_node[1].first, 1);
    ck_assert_uint_eq(plan.by_node[1].count, 1);
    ck_assert_uint_eq(plan.exchanged_count, 2);
    mlp_exchange_plan_destroy(&plan);
}
END_TEST

START_TEST(round_robin_ranks_exchange_no_more_than_blocks)
{
    simulated_team team = make_team(4, 2, true);
    mlp_comm_place place = place_of(&team, 1);
    mlp_exchange_plan plan;
    ck_assert_int_eq(mlp_exchange_plan_create(8, &place, false, &plan), MLP_OK);
    ck_assert_uint_eq(plan.local_count, 1); /* of ranks 1 and 3 */
    ck_assert_uint_eq(plan.local[0].first, 4);
    ck_assert_uint_eq(plan.local[0].count, 4);
    ck_assert_uint_eq(plan.exchanged_count, 2);
    mlp_exchange_plan_destroy(&plan);
}
END_TEST

START_TEST(one_node_sums_the_root)
{
    for (size_t ranks = 1; ranks <= 11; ranks++) {
        simulated_team team = make_team(ranks, 1, false);
        mlp_comm_place place = place_of(&team, 0);
        mlp_exchange_plan plan;
        ck_assert_int_eq(mlp_exchange_plan_create(11, &place, false, &plan),
                         MLP_OK);
        ck_assert_uint_eq(plan.own.count, 1);
        mlp_exchange_plan_destroy(&plan);
    }
}
END_TEST

START_TEST(every_team_on_any_nodes_gets_the_same_bits)
{
    double values[SHARDS_MAX];
    for (size_t i = 0; i < SHARDS_MAX; i++) {
        values[i] = ldexp(1 + 0.1 * (double)(i * 7 % 13), (int)(i * 5 % 47));
        values[i] *= i % 3 == 1 ? -1 : 1;
    }
    for (size_t shards = 1; shards <= SHARDS_MAX; shards++) {
        for (size_t ranks = 1; ranks <= shards; ranks++) {
            for (size_t nodes = 1; nodes <= ranks; nodes++) {
                simulated_team blocks = make_team(ranks, nodes, false);
                simulated_team round_robin = make_team(ranks, nodes, true);
                expect_sum(&blocks, shards, values, shards % 2 == 0);
                expect_sum(&round_robin, shards, values, nodes % 2 == 0);
            }
        }
    }
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("exchange_plan");
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, two_nodes_of_two_ranks_exchange_one_half_each);
    tcase_add_test(tests, round_robin_ranks_exchange_no_more_than_blocks);
    tcase_add_test(tests, one_node_sums_the_root);
    tcase_add_test(tests, every_team_on_any_nodes_gets_the_same_bits);
    Suite *suite = suite_create("exchange_plan");
    suite_add_tcase(suite, tests);
    return run_suite(suite, CK_FORK_GETENV);
}
