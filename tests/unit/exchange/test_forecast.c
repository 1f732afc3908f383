/** @file
 *  Tests of the counts of what nodes send, with numbers computed by hand.
 *  tests/system/train/test_plan.sh compares them with what is sent.
 */
#include "exchange/forecast.h"

#include <check.h>

#include "run_suite.h"

enum { SHARDS = 8, METRICS = 13 };
static const double EXACT = 1e-9;

static const size_t sizes[] = {200704, 32768};
static const mlp_range quarters[] = {{0, 64}, {64, 64}, {128, 64}, {192, 64}};

static mlp_exchange_shape shape_of(const mlp_range *columns)
{
    return (mlp_exchange_shape){.shards = SHARDS,
                                .layers = 2,
                                .layer_sizes = sizes,
                                .metrics_per_shard = METRICS,
                                .columns = {.of_node = columns}};
}

/* Of a batch of 128 rows. */
static mlp_exchange_forecast forecast(const mlp_range *columns, size_t ranks,
                                      size_t per_node)
{
    const mlp_exchange_shape shape = shape_of(columns);
    const mlp_exchange_team team = {ranks, per_node};
    mlp_exchange_forecast f;
    mlp_exchange_forecast_loads(&shape, &team, 128, &f);
    return f;
}

static void expect(const mlp_exchange_load *load, double bytes, double messages,
                   size_t rounds)
{
    ck_assert_double_eq_tol(load->bytes, bytes, EXACT);
    ck_assert_double_eq_tol(load->messages, messages, EXACT);
    ck_assert_uint_eq(load->rounds, rounds);
}

START_TEST(four_nodes_send_three_quarters_of_a_range_twice)
{
    mlp_exchange_forecast f = forecast(NULL, 4, 1);
    /* 2 x 3/4 of 4 bytes a number; of metrics 3 x 2 shards */
    expect(&f.sums[0], 1.5 * 4 * 200704, 6, 2);
    expect(&f.sums[1], 1.5 * 4 * 32768, 6, 2);
    expect(&f.metrics, 3 * 2 * METRICS * 8, 3, 1);
    expect(&f.values[MLP_COLUMNS_SUMS], 0, 0, 0);
    mlp_exchange_load all = mlp_exchange_forecast_total(&f, 2);
    ck_assert_double_eq_tol(all.bytes, 6.0 * 233472 + 624, EXACT);
    ck_assert_double_eq_tol(all.messages, 15, EXACT);
}
END_TEST

START_TEST(columns_send_their_sums_and_dz_in_place_of_a_gradient)
{
    mlp_exchange_forecast f = forecast(quarters, 4, 1);
    /* 96 rows of others, 64 columns; 32 rows, 192 columns of others */
    expect(&f.values[MLP_COLUMNS_SUMS], 96 * 64 * 4, 3, 1);
    expect(&f.values[MLP_COLUMNS_DZ], 32 * 192 * 4, 3, 1);
    expect(&f.sums[0], 0, 0, 0);
    expect(&f.sums[1], 1.5 * 4 * 32768, 6, 2);
}
END_TEST

START_TEST(rows_are_counted_where_they_are_sent)
{
    mlp_exchange_shape shape = shape_of(quarters);
    const mlp_exchange_team team = {4, 1};
    mlp_exchange_forecast f;
    shape.columns.row_bytes[0] = 784;
    shape.columns.row_bytes[1] = 2;
    mlp_exchange_forecast_loads(&shape, &team, 128, &f);
    expect(&f.rows, 0, 0, 0);
    shape.columns.sends_rows = true;
    mlp_exchange_forecast_loads(&shape, &team, 128, &f);
    expect(&f.rows, 32 * 3 * 786, 6, 0);
}
END_TEST

START_TEST(uneven_nodes_send_the_subtrees_that_they_have)
{
    /* of three ranks two nodes have shards 0-4 (a half and one) and 5-7 (one
     * and two); two nodes send directly, once all their range */
    mlp_exchange_forecast f = forecast(NULL, 3, 2);
    expect(&f.sums[1], 2.0 * 4 * 32768, 1, 1);
    expect(&f.metrics, 0.5 * SHARDS * METRICS * 8, 1, 1);
}
END_TEST

START_TEST(one_node_sends_nothing)
{
    mlp_exchange_forecast f = forecast(NULL, 3, 4);
    mlp_exchange_load all = mlp_exchange_forecast_total(&f, 2);
    expect(&all, 0, 0, 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("forecast");
    TCase *tests = tcase_create("forecast");
    tcase_add_test(tests, four_nodes_send_three_quarters_of_a_range_twice);
    tcase_add_test(tests,
                   columns_send_their_sums_and_dz_in_place_of_a_gradient);
    tcase_add_test(tests, rows_are_counted_where_they_are_sent);
    tcase_add_test(tests, uneven_nodes_send_the_subtrees_that_they_have);
    tcase_add_test(tests, one_node_sends_nothing);
    suite_add_tcase(suite, tests);
    return run_suite(suite, CK_FORK_GETENV);
}
