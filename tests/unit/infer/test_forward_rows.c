/** @file
 *  Tests of the loop over the rows of an evaluation.
 */
#include "infer/forward_rows.h"

#include <math.h>
#include <stdlib.h>

#include "run_suite.h"

enum { ROWS = 2600, SHARDS = 4 };

static mlp_model *model;
static mlp_feed *feed;
static mlp_pass *pass;
static mlp_evaluator evaluator;
static float *vector;
static float values[ROWS];
static uint16_t labels[ROWS];
static mlp_tally tallies[SHARDS];

/* One input, two outputs without a hidden layer; all weights 0: each loss is
 * log 2, and class 0 is predicted. Row r has the label r % 3 == 0. */
static void set_up(void)
{
    mlp_config config;
    const size_t widths[2] = {1, 2};
    const mlp_kernels *kernels;
    const mlp_feed_shape shape = {
        .features = 1, .rows = EVALUATION_ROWS, .leaves = 1};
    mlp_config_init(&config);
    ck_assert_int_eq(mlp_config_set(&config, "hidden", "none"), MLP_OK);
    ck_assert_int_eq(mlp_model_create(widths, 1, &config, &model), MLP_OK);
    ck_assert_int_eq(mlp_kernels_best(&kernels), MLP_OK);
    ck_assert_int_eq(mlp_feed_create(&shape, NULL, &feed), MLP_OK);
    ck_assert_int_eq(
        mlp_pass_create(model, kernels, EVALUATION_ROWS, 1, NULL, &pass),
        MLP_OK);
    vector = aligned_alloc(64, (model->vector_size * 4 + 63) / 64 * 64);
    ck_assert_ptr_nonnull(vector);
    for (size_t i = 0; i < model->vector_size; i++) {
        vector[i] = 0.0F;
    }
    for (size_t r = 0; r < ROWS; r++) {
        labels[r] = r % 3 == 0;
    }
    evaluator = (mlp_evaluator){.model = model,
                                .kernels = kernels,
                                .vector = vector,
                                .feed = feed,
                                .pass = pass,
                                .scaler = {.scale = 1.0F},
                                .threads = 1};
}

static void tear_down(void)
{
    mlp_pass_destroy(&pass);
    mlp_feed_destroy(&feed);
    mlp_model_destroy(&model);
    free(vector);
}

/* Rows first .. of a split, which are in memory. */
static mlp_dataset rows_from(size_t first, size_t count)
{
    return (mlp_dataset){.range = {first, count},
                         .features = 1,
                         .element = MLP_ELEMENT_F32,
                         .values = values + first,
                         .labels = labels + first};
}

/* Iterate over the batches; each must begin at the end of the one before, or at
 * the start of its shard, floor(s rows / shards).
 * @param most  rows of a shard */
static size_t walk(const mlp_dataset *dataset,
                   const mlp_evaluation_order *order, size_t most)
{
    mlp_evaluation e;
    size_t seen = 0, shard = SIZE_MAX, next = 0;
    mlp_evaluation_begin(&e, &evaluator, dataset, order);
    while (mlp_evaluation_next(&e)) {
        if (e.shard != shard) {
            shard = e.shard;
            next = shard * order->rows / order->shards - order->before;
        }
        size_t end = (shard + 1) * order->rows / order->shards - order->before;
        size_t begin = shard * order->rows / order->shards - order->before;
        end = end - begin < most ? end : begin + most;
        ck_assert_uint_eq(e.rows.first, next);
        ck_assert_uint_gt(e.rows.count, 0);
        ck_assert_uint_le(e.rows.count, EVALUATION_ROWS);
        next += e.rows.count;
        ck_assert_uint_le(next, end);
        seen += e.rows.count;
    }
    return seen;
}

START_TEST(batches_tile_the_rows_shard_by_shard)
{
    const mlp_dataset dataset = rows_from(0, ROWS);
    const mlp_evaluation_order order = {
        .rows = ROWS, .shards = SHARDS, .here = {0, SHARDS}};
    ck_assert_uint_eq(walk(&dataset, &order, ROWS), ROWS);
    ck_assert_uint_eq(mlp_evaluation_rows(&order), ROWS);
}
END_TEST

START_TEST(a_rank_goes_through_its_own_shards_only)
{
    const mlp_dataset dataset = rows_from(650, 1300);
    const mlp_evaluation_order order = {
        .rows = ROWS, .shards = SHARDS, .here = {1, 2}, .before = 650};
    ck_assert_uint_eq(walk(&dataset, &order, ROWS), 1300);
}
END_TEST

START_TEST(shards_without_rows_have_no_batch)
{
    const mlp_dataset dataset = rows_from(0, 3);
    const mlp_evaluation_order order = {
        .rows = 3, .shards = SHARDS, .here = {0, SHARDS}};
    ck_assert_uint_eq(walk(&dataset, &order, ROWS), 3);
}
END_TEST

START_TEST(a_sample_has_the_first_rows_of_each_shard)
{
    const mlp_dataset dataset = rows_from(0, ROWS);
    mlp_evaluation_order order = {
        .rows = ROWS, .shards = SHARDS, .here = {0, SHARDS}, .most = 64};
    ck_assert_uint_eq(walk(&dataset, &order, 64), 4 * 64);
    ck_assert_uint_eq(mlp_evaluation_rows(&order), 4 * 64);
    order.most = 600;
    ck_assert_uint_eq(walk(&dataset, &order, 600), 4 * 600);
}
END_TEST

/* Rows with the label 0, which are hits, weigh 2, but each fourth row nothing;
 * the others 1. */
START_TEST(rows_count_by_their_weights)
{
    static float weights[ROWS];
    uint64_t confusion[4] = {0};
    const mlp_evaluation_counts counted_by = {.confusion = confusion};
    const mlp_evaluation_counts nothing = {0};
    mlp_dataset dataset = rows_from(0, ROWS);
    const mlp_evaluation_order order = {
        .rows = ROWS, .shards = SHARDS, .here = {0, SHARDS}};
    double all = 0.0, of_hits = 0.0;
    uint64_t hits = 0, counted = 0;
    for (size_t r = 0; r < ROWS; r++) {
        weights[r] = r % 4 == 0 ? 0.0F : labels[r] == 0 ? 2.0F : 1.0F;
        all += (double)weights[r];
        of_hits += labels[r] == 0 ? (double)weights[r] : 0.0;
        hits += labels[r] == 0 && r % 4 != 0;
        counted += r % 4 != 0;
    }
    dataset.weights = weights;
    mlp_evaluate(&evaluator, &dataset, &order, tallies, &counted_by);
    mlp_tally tally = mlp_evaluation_total(tallies, SHARDS);
    ck_assert_uint_eq(tally.rows, ROWS);
    ck_assert_uint_eq(tally.hits, hits);
    ck_assert_uint_eq(confusion[0] + confusion[2], counted);
    ck_assert_double_eq(tally.weight_sum, all);
    ck_assert_double_eq(mlp_tally_accuracy(&tally), of_hits / all);
    ck_assert_double_eq_tol(mlp_tally_loss(&tally), log(2.0), 1e-12);
    dataset.weights = NULL;
    mlp_evaluate(&evaluator, &dataset, &order, tallies, &nothing);
    tally = mlp_evaluation_total(tallies, SHARDS);
    ck_assert_uint_eq(tally.weighted, 0);
    ck_assert_double_eq(tally.weight_sum, 0.0);
}
END_TEST

START_TEST(a_wanted_stop_ends_the_loop)
{
    mlp_stop stop;
    mlp_evaluation e;
    const mlp_dataset dataset = rows_from(0, ROWS);
    const mlp_evaluation_order order = {
        .rows = ROWS, .shards = SHARDS, .here = {0, SHARDS}};
    mlp_stop_init(&stop);
    evaluator.stop = &stop;
    mlp_evaluation_begin(&e, &evaluator, &dataset, &order);
    ck_assert(mlp_evaluation_next(&e));
    mlp_stop_ask(&stop);
    ck_assert(!mlp_evaluation_next(&e));
}
END_TEST

/* Shards of 650 rows, of which each third one, from row 0 of the split on, has
 * class 1. A loss of two batches is one chain of additions. */
START_TEST(shards_that_are_not_here_have_tallies_of_0)
{
    uint64_t confusion[4] = {0};
    const mlp_dataset dataset = rows_from(650, 1300);
    const mlp_evaluation_order order = {
        .rows = ROWS, .shards = SHARDS, .here = {1, 2}, .before = 650};
    mlp_evaluate(&evaluator, &dataset, &order, tallies,
                 &(mlp_evaluation_counts){.confusion = confusion});
    mlp_tally tally = mlp_evaluation_total(tallies, SHARDS);
    double loss = mlp_pass_losses(pass)[0];
    double chain = 0.0;
    for (size_t r = 0; r < 650; r++) {
        chain += loss;
    }
    ck_assert_double_eq_tol(loss, 0.6931472, 1e-6); /* log 2, as a float */
    ck_assert(tallies[0].loss_sum == 0.0 && tallies[3].rows == 0);
    ck_assert(tallies[1].loss_sum == chain && tallies[2].loss_sum == chain);
    ck_assert(tally.loss_sum == chain + chain);
    ck_assert_uint_eq(tally.rows, 1300);
    ck_assert_uint_eq(confusion[0], tally.hits);
    ck_assert_uint_eq(confusion[2], 1300 - tally.hits);
    ck_assert_uint_eq(tally.hits, 1300 - 433); /* 651, 654 .. 1947 */
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("forward_rows");
    TCase *tests = tcase_create("forward_rows");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, batches_tile_the_rows_shard_by_shard);
    tcase_add_test(tests, a_rank_goes_through_its_own_shards_only);
    tcase_add_test(tests, shards_without_rows_have_no_batch);
    tcase_add_test(tests, a_sample_has_the_first_rows_of_each_shard);
    tcase_add_test(tests, rows_count_by_their_weights);
    tcase_add_test(tests, a_wanted_stop_ends_the_loop);
    tcase_add_test(tests, shards_that_are_not_here_have_tallies_of_0);
    suite_add_tcase(suite, tests);
    return run_suite(suite, CK_FORK_GETENV);
}
