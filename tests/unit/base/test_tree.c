/** @file
 *  Tests of the summation tree.
 */
#include "base/tree.h"

#include <check.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/range.h"

#include "run_suite.h"
#include "tree_operands.h"

enum { LEAVES_MAX = 70, COUNTED_MAX = 700, RANDOM_CUTS = 20000 };

/* Values of very different magnitude, whose sum depends on the order. */
static void fill_awkward(double *values, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        values[i] = ldexp(1.0 + 0.1 * (double)(i * 7 % 13), (int)(i * 5 % 47));
        values[i] *= i % 3 == 1 ? -1 : 1;
    }
}

/* The definition of the header, implemented independently. */
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
    static double values[COUNTED_MAX];
    fill_awkward(values, COUNTED_MAX);
    for (size_t n = 1; n <= COUNTED_MAX; n++) {
        ck_assert(mlp_tree_sum(values, n, 1) == defined_sum(values, n));
    }
}
END_TEST

START_TEST(the_order_changes_the_sum_of_these_values)
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

static void expect_cut(size_t leaves, mlp_subtree run,
                       const mlp_subtree *expected, size_t count)
{
    mlp_subtree nodes[MLP_TREE_CUT_MAX];
    ck_assert_uint_eq(mlp_tree_cut(leaves, run, nodes), count);
    for (size_t i = 0; i < count; i++) {
        ck_assert_uint_eq(nodes[i].first, expected[i].first);
        ck_assert_uint_eq(nodes[i].count, expected[i].count);
    }
}

START_TEST(runs_are_cut_into_the_subtrees_found_by_hand)
{
    expect_cut(8, (mlp_subtree){0, 8}, (mlp_subtree[]){{0, 8}}, 1);
    expect_cut(8, (mlp_subtree){4, 4}, (mlp_subtree[]){{4, 4}}, 1);
    expect_cut(8, (mlp_subtree){1, 6},
               (mlp_subtree[]){{1, 1}, {2, 2}, {4, 2}, {6, 1}}, 4);
    expect_cut(11, (mlp_subtree){7, 4}, (mlp_subtree[]){{7, 1}, {8, 3}}, 2);
    expect_cut(11, (mlp_subtree){8, 2}, (mlp_subtree[]){{8, 2}}, 1);
    expect_cut(1, (mlp_subtree){0, 1}, (mlp_subtree[]){{0, 1}}, 1);
    expect_cut(8, (mlp_subtree){3, 0}, NULL, 0);
}
END_TEST

START_TEST(cuts_tile_their_run_with_few_nodes)
{
    for (size_t leaves = 1; leaves <= LEAVES_MAX; leaves++) {
        for (size_t first = 0; first < leaves; first++) {
            for (size_t count = 1; count <= leaves - first; count++) {
                mlp_subtree nodes[MLP_TREE_CUT_MAX];
                size_t n =
                    mlp_tree_cut(leaves, (mlp_subtree){first, count}, nodes);
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

/* Sum the subtrees of each run of leaves, which end at `ends`, by their
 * definition; then the whole tree from them. */
static double sum_over_runs(const double *values, const size_t *ends,
                            size_t runs)
{
    static mlp_subtree subtrees[COUNTED_MAX + MLP_TREE_CUT_MAX];
    static double sums[COUNTED_MAX + MLP_TREE_CUT_MAX];
    size_t count = 0;
    for (size_t r = 0, first = 0; r < runs; first = ends[r++]) {
        count +=
            mlp_tree_cut(ends[runs - 1], (mlp_subtree){first, ends[r] - first},
                         subtrees + count);
    }
    for (size_t i = 0; i < count; i++) {
        sums[i] = defined_sum(values + subtrees[i].first, subtrees[i].count);
    }
    return sum_operands(subtrees, sums, count);
}

static double sum_over_ranks(const double *values, size_t leaves, size_t ranks)
{
    size_t ends[LEAVES_MAX];
    for (size_t r = 0; r < ranks; r++) {
        mlp_range run = mlp_range_part(leaves, ranks, r);
        ends[r] = run.first + run.count;
    }
    return sum_over_runs(values, ends, ranks);
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

/* The next number of a linear congruential generator (Knuth's MMIX). */
static size_t draw(uint64_t *state, size_t below)
{
    *state = *state * 6364136223846793005U + 1442695040888963407U;
    return (size_t)(*state >> 33U) % below;
}

START_TEST(any_cut_into_runs_gets_the_same_bits)
{
    static double values[COUNTED_MAX];
    static size_t ends[COUNTED_MAX];
    uint64_t state = 17;
    fill_awkward(values, COUNTED_MAX);
    for (size_t i = 0; i < RANDOM_CUTS; i++) {
        size_t leaves = 1 + draw(&state, COUNTED_MAX);
        size_t longest = 1 + draw(&state, leaves);
        size_t runs = 0;
        for (size_t end = 0; end < leaves; runs++) {
            size_t next = end + 1 + draw(&state, longest);
            end = next < leaves ? next : leaves;
            ends[runs] = end;
        }
        ck_assert(sum_over_runs(values, ends, runs) ==
                  defined_sum(values, leaves));
    }
}
END_TEST

START_TEST(few_partial_sums_are_stored)
{
    for (size_t end = 0; end < COUNTED_MAX; end++) {
        ck_assert_uint_le(mlp_tree_sums(COUNTED_MAX, end), 9);
    }
    ck_assert_uint_eq(mlp_tree_sums(SIZE_MAX, SIZE_MAX - 1) + 1, 64);
    ck_assert_uint_eq(mlp_tree_sums(COUNTED_MAX, COUNTED_MAX), 1);
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("tree");
    tcase_add_test(tests, five_leaves_add_as_written_by_hand);
    tcase_add_test(tests, sum_follows_the_definition);
    tcase_add_test(tests, the_order_changes_the_sum_of_these_values);
    tcase_add_test(tests, runs_are_cut_into_the_subtrees_found_by_hand);
    tcase_add_test(tests, cuts_tile_their_run_with_few_nodes);
    tcase_add_test(tests, any_number_of_ranks_gets_the_same_bits);
    tcase_add_test(tests, any_cut_into_runs_gets_the_same_bits);
    tcase_add_test(tests, few_partial_sums_are_stored);
    Suite *suite = suite_create("tree");
    suite_add_tcase(suite, tests);
    return run_suite(suite, CK_FORK_GETENV);
}
