/** @file
 *  Tests of the cost model of a step, with numbers computed by hand.
 */
#include "run/costs.h"

#include <check.h>

#include "run_suite.h"

static const double TINY = 1e-12; /* rounding */

START_TEST(an_allreduce_takes_two_passes_over_the_data)
{
    const mlp_link link = {.alpha = 3.0, .beta = 0.5};
    ck_assert_double_eq_tol(mlp_link_allreduce(link, 1, 100.0), 0.0, TINY);
    /* 2 x 1 x 3 + 2 x 1/2 x 100 x 0.5 */
    ck_assert_double_eq_tol(mlp_link_allreduce(link, 2, 100.0), 56.0, TINY);
    /* 2 x 3 x 3 + 2 x 7/8 x 100 x 0.5 */
    ck_assert_double_eq_tol(mlp_link_allreduce(link, 8, 100.0), 105.5, TINY);
    /* 5 ranks need 3 rounds: 18 + 2 x 4/5 x 50 */
    ck_assert_double_eq_tol(mlp_link_allreduce(link, 5, 100.0), 98.0, TINY);
}
END_TEST

START_TEST(a_link_is_fitted_to_two_of_its_allreduces)
{
    const mlp_link link = {.alpha = 2e-5, .beta = 8e-10};
    const double word_messages[] = {1, 2, 2, 3, 3, 3, 3};
    for (size_t ranks = 2; ranks < 9; ranks++) {
        mlp_link found =
            mlp_link_fit(ranks, word_messages[ranks - 2] * link.alpha, 1e6,
                         mlp_link_allreduce(link, ranks, 1e6));
        ck_assert_double_eq_tol(found.alpha, link.alpha, 1e-15);
        ck_assert_double_eq_tol(found.beta, link.beta, 1e-19);
    }
}
END_TEST

START_TEST(noise_gives_no_negative_link_times)
{
    mlp_link found = mlp_link_fit(2, 1.0, 1000.0, 1.0);
    ck_assert_double_eq_tol(found.beta, 0.0, TINY);
    ck_assert_double_eq_tol(found.alpha, 1.0, TINY);
}
END_TEST

START_TEST(exact_work_is_fitted_exactly)
{
    const double rows[] = {10, 100, 1000}, seconds[] = {7, 25, 205};
    mlp_work work = mlp_work_fit(rows, seconds, 3);
    ck_assert_double_eq_tol(work.fixed_seconds, 5.0, 1e-9);
    ck_assert_double_eq_tol(work.row_seconds, 0.2, 1e-9);
    work = mlp_work_fit(rows, seconds, 1);
    ck_assert_double_eq_tol(work.fixed_seconds, 0.0, TINY);
    ck_assert_double_eq_tol(work.row_seconds, 0.7, TINY);
}
END_TEST

START_TEST(fitted_work_is_not_negative)
{
    const double rows[] = {1, 2}, seconds[] = {1, 4};
    mlp_work work = mlp_work_fit(rows, seconds, 2);
    ck_assert_double_eq_tol(work.fixed_seconds, 0.0, TINY);
    ck_assert_double_gt(work.row_seconds, 1.0);
    ck_assert_double_lt(work.row_seconds, 2.0);
}
END_TEST

static const mlp_costs costs = {
    .work = {.fixed_seconds = 10.0, .row_seconds = 1.0},
    .bytes = 100.0,
    .per_node = 4,
    .inside = {.alpha = 1.0, .beta = 0.0},
    .between = {.alpha = 0.0, .beta = 0.1}};

START_TEST(a_step_is_work_and_two_sums)
{
    ck_assert_double_eq_tol(mlp_costs_step(&costs, 1, 64), 74.0, TINY);
    /* 10 + 32, and 2 alpha of one round */
    ck_assert_double_eq_tol(mlp_costs_step(&costs, 2, 64), 44.0, TINY);
    /* three ranks share 64 rows as 22, 21, 21; two rounds */
    ck_assert_double_eq_tol(mlp_costs_step(&costs, 3, 64), 36.0, TINY);
    /* two full nodes: 10 + 8 + 4, and 2 x 1/2 x 100 x 0.1 */
    ck_assert_uint_eq(mlp_costs_nodes(&costs, 8), 2);
    ck_assert_double_eq_tol(mlp_costs_step(&costs, 8, 64), 32.0, TINY);
    ck_assert_uint_eq(mlp_costs_nodes(&costs, 9), 3);
}
END_TEST

START_TEST(an_epoch_is_its_steps_and_efficiency_is_of_one_rank)
{
    ck_assert_double_eq_tol(mlp_costs_epoch(&costs, 1, 64, 129), 3 * 74.0,
                            TINY);
    ck_assert_double_eq_tol(mlp_costs_efficiency(&costs, 1, 64, 64), 1.0, TINY);
    ck_assert_double_eq_tol(mlp_costs_efficiency(&costs, 2, 64, 64),
                            74.0 / 88.0, TINY);
    /* twice the batch: 64 rows a rank in 10 + 64 + 2, and not in 74 */
    ck_assert_double_eq_tol(mlp_costs_efficiency(&costs, 2, 128, 64),
                            74.0 / 76.0, TINY);
}
END_TEST

START_TEST(the_best_batch_is_the_smallest_that_is_efficient)
{
    /* of base 64 one rank does 64 / 74 rows a second; two of them, on b rows
     * each, b / (12 + b): 80% of that for b >= 26.96, the batch 64 */
    ck_assert_uint_eq(mlp_costs_best_batch(&costs, 2, 64, 0.8, 1024), 64);
    ck_assert_uint_eq(mlp_costs_best_batch(&costs, 2, 64, 0.8, 63), 0);
    /* one rank: b / (10 + b) from b = 22.5 on */
    ck_assert_uint_eq(mlp_costs_best_batch(&costs, 1, 64, 0.8, 1024), 32);
    ck_assert_uint_eq(mlp_costs_best_batch(&costs, 3, 64, 0.0, 1024), 4);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("costs");
    TCase *tcase = tcase_create("costs");
    tcase_add_test(tcase, an_allreduce_takes_two_passes_over_the_data);
    tcase_add_test(tcase, a_link_is_fitted_to_two_of_its_allreduces);
    tcase_add_test(tcase, noise_gives_no_negative_link_times);
    tcase_add_test(tcase, exact_work_is_fitted_exactly);
    tcase_add_test(tcase, fitted_work_is_not_negative);
    tcase_add_test(tcase, a_step_is_work_and_two_sums);
    tcase_add_test(tcase, an_epoch_is_its_steps_and_efficiency_is_of_one_rank);
    tcase_add_test(tcase, the_best_batch_is_the_smallest_that_is_efficient);
    suite_add_tcase(suite, tcase);
    return run_suite(suite, CK_FORK_GETENV);
}
