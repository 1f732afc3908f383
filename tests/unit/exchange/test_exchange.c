/** @file
 *  Tests of the exchange in a team of one. Larger teams are in tests/mpi.
 */
#include "exchange/exchange.h"

#include <check.h>
#include <stdint.h>
#include <stdlib.h>

#include "exchange_drill.h"
#include "run_suite.h"

static mlp_comm *comm;
static mlp_node_team *node_team;

static void create_team(void)
{
    const mlp_node_team_wish wish = {.threads = 1};
    ck_assert_int_eq(mlp_comm_serial_create(&comm), MLP_OK);
    ck_assert_int_eq(mlp_node_team_create(comm, &wish, &node_team), MLP_OK);
}

static void destroy_team(void)
{
    mlp_node_team_destroy(&node_team);
    mlp_comm_destroy(&comm);
}

static mlp_exchange *create_small(void)
{
    static const size_t sizes[] = {32, 16};
    mlp_exchange_shape shape = {.shards = 3,
                                .layers = 2,
                                .layer_sizes = sizes,
                                .states = 2,
                                .metrics_per_shard = 2};
    mlp_exchange *exchange;
    ck_assert_int_eq(mlp_exchange_create(comm, node_team, &shape, &exchange),
                     MLP_OK);
    return exchange;
}

START_TEST(one_rank_owns_the_root)
{
    mlp_exchange *exchange = create_small();
    size_t count;
    const mlp_subtree *subtrees = mlp_exchange_subtrees(exchange, &count);
    ck_assert_uint_eq(count, 1);
    ck_assert_uint_eq(subtrees[0].first, 0);
    ck_assert_uint_eq(subtrees[0].count, 3);
    mlp_exchange_destroy(&exchange);
    ck_assert_ptr_null(exchange);
    mlp_exchange_destroy(&exchange);
}
END_TEST

START_TEST(states_are_aligned_apart_and_zero)
{
    mlp_exchange *exchange = create_small();
    for (size_t s = 0; s < 2; s++) {
        float *state = mlp_exchange_state(exchange, s);
        ck_assert_uint_eq((uintptr_t)state % 64, 0);
        for (size_t i = 0; i < 48; i++) {
            ck_assert(state[i] == 0);
        }
    }
    ck_assert_ptr_eq(mlp_exchange_state(exchange, 1),
                     mlp_exchange_state(exchange, 0) + 48);
    ck_assert_uint_eq((uintptr_t)mlp_exchange_gradient(exchange, 0) % 64, 0);
    mlp_exchange_destroy(&exchange);
}
END_TEST

/* Arguments of update. */
typedef struct {
    size_t first, count;
    const float *sum;
} update_arguments;

static void store_arguments(void *context, size_t first, size_t count,
                            const float *sum)
{
    *(update_arguments *)context = (update_arguments){first, count, sum};
}

START_TEST(single_sum_is_passed_in_place)
{
    mlp_exchange *exchange = create_small();
    mlp_thread self = {0, 1, NULL};
    update_arguments found = {0};
    mlp_exchange_publish(exchange, 1, self);
    mlp_exchange_sum(exchange, 1, self, store_arguments, &found);
    mlp_exchange_release(exchange, 1, self);
    mlp_exchange_end_step(exchange);
    mlp_exchange_wait(exchange, 1);
    ck_assert_uint_eq(found.first, 32);
    ck_assert_uint_eq(found.count, 16);
    ck_assert_ptr_eq(found.sum, mlp_exchange_gradient(exchange, 0) + 32);
    mlp_exchange_destroy(&exchange);
}
END_TEST

START_TEST(shard_metrics_come_back_in_order_and_stay_until_the_next_step)
{
    mlp_exchange *exchange = create_small();
    double *mine = mlp_exchange_shard_metrics(exchange);
    const double *first;
    for (int i = 0; i < 6; i++) {
        mine[i] = i;
    }
    mlp_exchange_publish_shard_metrics(exchange);
    first = mlp_exchange_collect_shard_metrics(exchange);
    mlp_exchange_end_step(exchange);
    mine = mlp_exchange_shard_metrics(exchange);
    for (int i = 0; i < 6; i++) {
        mine[i] = 100 + i;
    }
    const double *second;
    mlp_exchange_publish_shard_metrics(exchange);
    second = mlp_exchange_collect_shard_metrics(exchange);
    for (int i = 0; i < 6; i++) {
        ck_assert(first[i] == i);
        ck_assert(second[i] == 100 + i);
    }
    mlp_exchange_destroy(&exchange);
}
END_TEST

START_TEST(run_equals_the_reference)
{
    const size_t shards[] = {1, 2, 3, 8, 11, 20};
    drill d = {shards[_i / 3],
               (size_t)(_i % 3 + 1),
               20,
               _i % 2,
               MLP_EXCHANGE_TREE,
               0,
               MLP_PRECISION_FLOAT32};
    ck_assert_uint_eq(drill_mistakes(comm, &d), 0);
    d.precision = MLP_PRECISION_BF16;
    ck_assert_uint_eq(drill_mistakes(comm, &d), 0);
    d.precision = MLP_PRECISION_FLOAT32;
    d.kind = MLP_EXCHANGE_MPI;
    ck_assert_uint_eq(drill_mistakes(comm, &d), 0);
}
END_TEST

START_TEST(exchange_without_shard_metrics_and_moments_works)
{
    const size_t sizes[] = {16};
    mlp_exchange_shape shape = {
        .shards = 1, .layers = 1, .layer_sizes = sizes, .states = 1};
    mlp_exchange *exchange;
    ck_assert_int_eq(mlp_exchange_create(comm, node_team, &shape, &exchange),
                     MLP_OK);
    mlp_exchange_publish_shard_metrics(exchange);
    (void)mlp_exchange_collect_shard_metrics(exchange);
    mlp_exchange_destroy(&exchange);
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("exchange");
    tcase_set_timeout(tests, 60);
    tcase_add_checked_fixture(tests, create_team, destroy_team);
    tcase_add_test(tests, one_rank_owns_the_root);
    tcase_add_test(tests, states_are_aligned_apart_and_zero);
    tcase_add_test(tests, single_sum_is_passed_in_place);
    tcase_add_test(
        tests, shard_metrics_come_back_in_order_and_stay_until_the_next_step);
    tcase_add_loop_test(tests, run_equals_the_reference, 0, 18);
    tcase_add_test(tests, exchange_without_shard_metrics_and_moments_works);
    Suite *suite = suite_create("exchange");
    suite_add_tcase(suite, tests);
    return run_suite(suite, CK_FORK_GETENV);
}
