/** @file
 *  Tests of the summation tree.
 */
#include "base/tree.h"

#include <check.h>
#include <math.h>
#include <stdlib.h>

#include "base/range.h"

#include "run_suite.h"

enum { LEAVES_MAX = 70 };

/* Values of very different size, whose sum depends on the order. */
static void fill_awkward(double *values, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        values[i] = ldexp(1.0 + 0.1 * (double)(i * 7 % 13), (int)(i * 5 % 47));
        values[i] *= i % 3 == 1 ? -1 : 1;
    }
}

/* The definition of the header, written once more without the library. */
static double defined_sum(const double *values, size_t count)
{
    if (count == 1) {
        return values[0];
    }
    size_t left = 1;
    while (2 * left < count) {
        left *= 2;
    }
    return defined_sum(values, left) + defined_sum(values + left, count - left);
}

static double run_plan(const mlp_tree_plan *plan, const double *operands)
{
    double stack[LEAVES_MAX];
    size_t height = 0;
    for (size_t i = 0; i < plan->count; i++) {
        if (plan->steps[i] == MLP_TREE_ADD) {
            ck_assert_uint_ge(height, 2);
            height--;
            stack[height - 1] += stack[height];
        } else {
            stack[height++] = operands[plan->steps[i]];
        }
        ck_assert_uint_le(height, plan->depth);
    }
    ck_assert_uint_eq(height, 1);
    return stack[0];
}

START_TEST(five_leaves_add_as_written_by_hand)
{
    const double v[] = {1e16, 1, -1e16, 3, 0.5};
    ck_assert(mlp_tree_sum(v, 5, 1) == ((v[0] + v[1]) + (v[2] + v[3])) + v[4]);
    ck_assert(mlp_tree_sum(v, 1, 1) == 1e16);
    ck_assert(mlp_tree_sum(v, 0, 1) == 0);
    ck_assert(mlp_tree_sum(v, 3, 2) == (v[0] + v[2]) + v[4]);
}
END_TEST

START_TEST(sum_follows_the_definition)
{
    double values[LEAVES_MAX];
    fill_awkward(values, LEAVES_MAX);
    for (size_t n = 1; n <= LEAVES_MAX; n++) {
        ck_assert(mlp_tree_sum(values, n, 1) == defined_sum(values, n));
    }
}
END_TEST

START_TEST(order_matters_for_the_awkward_values)
{
    double values[LEAVES_MAX];
    double chain = 0;
    fill_awkward(values, LEAVES_MAX);
    for (size_t i = 0; i < LEAVES_MAX; i++) {
        chain += values[i];
    }
    ck_assert(chain != mlp_tree_sum(values, LEAVES_MAX, 1));
}
END_TEST

static void expect_cut(size_t leaves, mlp_tree_node run,
                       const mlp_tree_node *expected, size_t count)
{
    mlp_tree_node nodes[MLP_TREE_NODES_MAX];
    ck_assert_uint_eq(mlp_tree_cut(leaves, run, nodes), count);
    for (size_t i = 0; i < count; i++) {
        ck_assert_uint_eq(nodes[i].first, expected[i].first);
        ck_assert_uint_eq(nodes[i].count, expected[i].count);
    }
}

START_TEST(runs_are_cut_into_the_subtrees_found_by_hand)
{
    expect_cut(8, (mlp_tree_node){0, 8}, (mlp_tree_node[]){{0, 8}}, 1);
    expect_cut(8, (mlp_tree_node){4, 4}, (mlp_tree_node[]){{4, 4}}, 1);
    expect_cut(8, (mlp_tree_node){1, 6},
               (mlp_tree_node[]){{1, 1}, {2, 2}, {4, 2}, {6, 1}}, 4);
    expect_cut(11, (mlp_tree_node){7, 4}, (mlp_tree_node[]){{7, 1}, {8, 3}}, 2);
    expect_cut(11, (mlp_tree_node){8, 2}, (mlp_tree_node[]){{8, 2}}, 1);
    expect_cut(1, (mlp_tree_node){0, 1}, (mlp_tree_node[]){{0, 1}}, 1);
    expect_cut(8, (mlp_tree_node){3, 0}, NULL, 0);
}
END_TEST

START_TEST(cuts_tile_their_run_with_few_nodes)
{
    for (size_t leaves = 1; leaves <= LEAVES_MAX; leaves++) {
        for (size_t first = 0; first < leaves; first++) {
            for (size_t count = 1; count <= leaves - first; count++) {
                mlp_tree_node nodes[MLP_TREE_NODES_MAX];
                size_t n =
                    mlp_tree_cut(leaves, (mlp_tree_node){first, count}, nodes);
                size_t next = first;
                for (size_t i = 0; i < n; i++) {
                    ck_assert_uint_eq(nodes[i].first, next);
                    next += nodes[i].count;
                }
                ck_assert_uint_eq(next, first + count);
                double limit = 2 * ceil(log2((double)leaves));
                ck_assert((double)n <= fmax(1, limit));
            }
        }
    }
}
END_TEST

/* Sum each rank's canonical nodes from its leaves, then all of them. */
static double sum_over_ranks(const double *values, size_t leaves, size_t ranks)
{
    mlp_tree_node nodes[MLP_TREE_NODES_MAX];
    double sums[MLP_TREE_NODES_MAX];
    size_t count = 0;
    for (size_t r = 0; r < ranks; r++) {
        mlp_range run = mlp_range_part(leaves, ranks, r);
        size_t begin = count;
        count += mlp_tree_cut(leaves, (mlp_tree_node){run.first, run.count},
                              nodes + count);
        for (size_t i = begin; i < count; i++) {
            mlp_tree_node owned[LEAVES_MAX];
            mlp_tree_plan plan;
            for (size_t k = 0; k < nodes[i].count; k++) {
                owned[k] = (mlp_tree_node){nodes[i].first + k, 1};
            }
            ck_assert_int_eq(mlp_tree_plan_create(leaves, nodes[i], owned,
                                                  nodes[i].count, &plan),
                             MLP_OK);
            sums[i] = run_plan(&plan, values + nodes[i].first);
            mlp_tree_plan_destroy(&plan);
        }
    }
    mlp_tree_plan plan;
    mlp_tree_node root = {0, leaves};
    ck_assert_int_eq(mlp_tree_plan_create(leaves, root, nodes, count, &plan),
                     MLP_OK);
    double sum = run_plan(&plan, sums);
    mlp_tree_plan_destroy(&plan);
    return sum;
}

START_TEST(any_number_of_ranks_gets_the_same_bits)
{
    double values[LEAVES_MAX];
    fill_awkward(values, LEAVES_MAX);
    for (size_t leaves = 1; leaves <= 20; leaves++) {
        for (size_t ranks = 1; ranks <= leaves; ranks++) {
            ck_assert(sum_over_ranks(values, leaves, ranks) ==
                      mlp_tree_sum(values, leaves, 1));
        }
    }
    ck_assert(sum_over_ranks(values, 70, 9) == mlp_tree_sum(values, 70, 1));
}
END_TEST

START_TEST(operands_that_do_not_tile_the_root_are_refused)
{
    mlp_tree_plan plan;
    mlp_tree_node root = {0, 4};
    mlp_tree_node gap[] = {{0, 2}, {3, 1}};
    mlp_tree_node overlap[] = {{0, 2}, {1, 1}, {2, 2}};
    mlp_tree_node crossing[] = {{0, 1}, {1, 2}, {3, 1}};
    mlp_tree_node beyond[] = {{0, 2}, {2, 2}, {4, 1}};
    mlp_tree_node none[] = {{0, 1}};
    const struct {
        const mlp_tree_node *operands;
        size_t count;
    } wrong[] = {{gap, 2}, {overlap, 3}, {crossing, 3}, {beyond, 3}, {none, 0}};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        ck_assert_int_eq(mlp_tree_plan_create(8, root, wrong[i].operands,
                                              wrong[i].count, &plan),
                         MLP_ERROR_INTERNAL);
        ck_assert_ptr_null(plan.steps);
    }
}
END_TEST

START_TEST(root_that_is_no_subtree_is_refused)
{
    mlp_tree_plan plan;
    mlp_tree_node leaves[] = {{1, 1}, {2, 1}};
    ck_assert_int_eq(
        mlp_tree_plan_create(8, (mlp_tree_node){1, 2}, leaves, 2, &plan),
        MLP_ERROR_INTERNAL);
    ck_assert_int_eq(
        mlp_tree_plan_create(2, (mlp_tree_node){1, 2}, leaves, 2, &plan),
        MLP_ERROR_INTERNAL);
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("tree");
    tcase_add_test(tests, five_leaves_add_as_written_by_hand);
    tcase_add_test(tests, sum_follows_the_definition);
    tcase_add_test(tests, order_matters_for_the_awkward_values);
    tcase_add_test(tests, runs_are_cut_into_the_subtrees_found_by_hand);
    tcase_add_test(tests, cuts_tile_their_run_with_few_nodes);
    tcase_add_test(tests, any_number_of_ranks_gets_the_same_bits);
    tcase_add_test(tests, operands_that_do_not_tile_the_root_are_refused);
    tcase_add_test(tests, root_that_is_no_subtree_is_refused);
    Suite *suite = suite_create("tree");
    suite_add_tcase(suite, tests);
    return run_suite(suite, CK_FORK_GETENV);
}
