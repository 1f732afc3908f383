/** @file
 *  Tests of the exchange by MPI's reductions: the sums are right but for
 *  rounding, all ranks get the same bits, and one rank gets those of the tree.
 */
#include "exchange/exchange.h"

#include <check.h>
#include <stdint.h>
#include <stdlib.h>

#include "exchange_drill.h"
#include "run_ranks.h"

static mlp_comm *comm;

/* Mistakes of all ranks, so that all fail together. */
static void expect_flawless(const drill *d)
{
    uint64_t mistakes = drill_mistakes(comm, d);
    ck_assert_int_eq(mlp_comm_max(comm, &mistakes, 1), MLP_OK);
    ck_assert_uint_eq(mistakes, 0);
}

/* A sum of up to 20 numbers in another order differs by up to 20 times 6e-8,
 * and moments add up the last few steps. */
static const float TOLERANCE = 1e-4F;

static const size_t shard_counts[] = {1, 2, 3, 5, 8, 11, 20};
enum { SHARD_COUNTS = sizeof shard_counts / sizeof shard_counts[0] };

START_TEST(sums_are_right_but_for_their_rounding)
{
    for (size_t i = 0; i < SHARD_COUNTS; i++) {
        drill d = {
            shard_counts[i], (size_t)_i,           50, 0, MLP_EXCHANGE_MPI,
            TOLERANCE,       MLP_PRECISION_FLOAT32};
        if (d.shards >= mlp_comm_size(comm)) {
            expect_flawless(&d);
        }
    }
}
END_TEST

START_TEST(late_ranks_and_threads_change_nothing)
{
    for (size_t i = 0; i < SHARD_COUNTS; i++) {
        drill d = {
            shard_counts[i], (size_t)_i,           50, 1, MLP_EXCHANGE_MPI,
            TOLERANCE,       MLP_PRECISION_FLOAT32};
        if (d.shards >= mlp_comm_size(comm)) {
            expect_flawless(&d);
        }
    }
}
END_TEST

START_TEST(one_rank_gets_the_bits_of_the_tree)
{
    mlp_comm *alone;
    drill d = {11, (size_t)_i,           50, 0, MLP_EXCHANGE_MPI,
               0,  MLP_PRECISION_FLOAT32};
    ck_assert_int_eq(mlp_comm_serial_create(&alone), MLP_OK);
    size_t mistakes = drill_mistakes(alone, &d);
    mlp_comm_destroy(&alone);
    ck_assert_uint_eq(mistakes, 0);
}
END_TEST

static Suite *create_suite(void)
{
    TCase *tests = tcase_create("exchange");
    tcase_add_loop_test(tests, sums_are_right_but_for_their_rounding, 1, 3);
    tcase_add_loop_test(tests, late_ranks_and_threads_change_nothing, 1, 3);
    tcase_add_loop_test(tests, one_rank_gets_the_bits_of_the_tree, 1, 3);
    Suite *suite = suite_create("exchange by reductions");
    suite_add_tcase(suite, tests);
    return suite;
}

int main(int argc, char **argv)
{
    return run_ranks(argc, argv, &comm, create_suite);
}
