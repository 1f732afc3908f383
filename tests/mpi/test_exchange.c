/** @file
 *  Tests of the exchange between ranks: any team gets the bits that one
 *  process computes alone. With MLP_TEST_NODE_SIZE, between nodes.
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

static const size_t shard_counts[] = {1, 2, 3, 5, 8, 11, 20};
enum { SHARD_COUNTS = sizeof shard_counts / sizeof shard_counts[0] };

START_TEST(any_team_gets_the_bits_of_one_rank)
{
    for (size_t i = 0; i < SHARD_COUNTS; i++) {
        drill d = {
            shard_counts[i],      (size_t)_i, 50, 0, MLP_EXCHANGE_TREE, 0,
            MLP_PRECISION_FLOAT32};
        if (d.shards >= mlp_comm_size(comm)) {
            expect_flawless(&d);
            d.steps = 20;
            d.precision = MLP_PRECISION_BF16;
            expect_flawless(&d);
        }
    }
}
END_TEST

START_TEST(late_ranks_and_threads_change_nothing)
{
    for (size_t i = 0; i < SHARD_COUNTS; i++) {
        drill d = {shard_counts[i],
                   (size_t)_i,
                   50,
                   1,
                   MLP_EXCHANGE_TREE,
                   0,
                   i % 2 == 0 ? MLP_PRECISION_FLOAT32 : MLP_PRECISION_BF16};
        if (d.shards >= mlp_comm_size(comm)) {
            expect_flawless(&d);
        }
    }
}
END_TEST

static Suite *create_suite(void)
{
    TCase *tests = tcase_create("exchange");
    tcase_add_loop_test(tests, any_team_gets_the_bits_of_one_rank, 1, 3);
    tcase_add_loop_test(tests, late_ranks_and_threads_change_nothing, 1, 3);
    Suite *suite = suite_create("exchange between ranks");
    suite_add_tcase(suite, tests);
    return suite;
}

int main(int argc, char **argv)
{
    return run_ranks(argc, argv, &comm, create_suite);
}
