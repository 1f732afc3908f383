/** @file
 *  Tests of the division of rows into shard batches.
 */
#include "rows/shard.h"

#include <check.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#include "run_suite.h"

static void expect_range(mlp_range range, size_t first, size_t count)
{
    ck_assert_uint_eq(range.first, first);
    ck_assert_uint_eq(range.count, count);
}

START_TEST(an_epoch_has_a_last_short_step)
{
    ck_assert_uint_eq(mlp_epoch_steps(60000, 128), 469);
    ck_assert_uint_eq(mlp_epoch_steps(128, 128), 1);
    ck_assert_uint_eq(mlp_epoch_steps(129, 128), 2);
    ck_assert_uint_eq(mlp_epoch_steps(0, 128), 0);
    ck_assert_uint_eq(mlp_epoch_steps(SIZE_MAX, 2), SIZE_MAX / 2 + 1);
}
END_TEST

START_TEST(mnist_in_eight_shards_gives_sixteen_rows_each)
{
    for (size_t shard = 0; shard < 8; shard++) {
        expect_range(mlp_shard_batch(60000, 8, 128, 0, shard), 0, 16);
        expect_range(mlp_shard_batch(60000, 8, 128, 467, shard), 7472, 16);
        expect_range(mlp_shard_batch(60000, 8, 128, 468, shard), 7488, 12);
    }
}
END_TEST

/* 6 rows in 4 shards: shards 1 and 3 have two rows and come first, so the order
 * of shards is 1 3 0 2, 1 3. */
START_TEST(longer_shards_come_first)
{
    const size_t counts[2][4] = {{1, 1, 0, 1}, {0, 1, 1, 1}};
    const size_t firsts[2][4] = {{0, 0, 0, 0}, {1, 1, 0, 1}};
    for (size_t step = 0; step < 2; step++) {
        for (size_t shard = 0; shard < 4; shard++) {
            expect_range(mlp_shard_batch(6, 4, 3, step, shard),
                         firsts[step][shard], counts[step][shard]);
        }
    }
}
END_TEST

START_TEST(row_by_row_takes_a_row_from_the_only_shard)
{
    for (size_t step = 0; step < 5; step++) {
        expect_range(mlp_shard_batch(5, 1, 1, step, 0), step, 1);
    }
}
END_TEST

START_TEST(past_the_last_step_there_is_nothing)
{
    expect_range(mlp_shard_batch(10, 2, 4, 3, 0), 5, 0);
    expect_range(mlp_shard_batch(10, 2, 4, SIZE_MAX, 1), 5, 0);
    expect_range(mlp_shard_batch(0, 2, 4, 0, 1), 0, 0);
}
END_TEST

START_TEST(a_batch_of_any_size_does_not_overflow)
{
    expect_range(mlp_shard_batch(10, 2, SIZE_MAX, 0, 1), 0, 5);
    expect_range(mlp_shard_batch(SIZE_MAX, 1, SIZE_MAX - 1, 1, 0), SIZE_MAX - 1,
                 1);
}
END_TEST

/* One step: the batch has the right number of rows, evenly from all shards, and
 * each shard continues where it was. No assertions here: Check's are too slow
 * for some million steps. */
static bool is_fair_step(size_t rows, size_t shards, size_t batch, size_t step,
                         size_t *used)
{
    size_t total = 0, least = SIZE_MAX, most = 0;
    bool goes_on = true;
    for (size_t shard = 0; shard < shards; shard++) {
        mlp_range part = mlp_shard_batch(rows, shards, batch, step, shard);
        goes_on = goes_on && part.first == used[shard];
        used[shard] += part.count;
        total += part.count;
        least = part.count < least ? part.count : least;
        most = part.count > most ? part.count : most;
    }
    size_t left = rows - step * batch;
    return goes_on && most - least <= 1 &&
           total == (left < batch ? left : batch);
}

static void check_epoch(size_t rows, size_t shards, size_t batch)
{
    size_t used[64] = {0};
    bool is_fair = true;
    for (size_t step = 0; step < mlp_epoch_steps(rows, batch); step++) {
        is_fair = is_fair_step(rows, shards, batch, step, used) && is_fair;
    }
    for (size_t shard = 0; shard < shards; shard++) {
        is_fair =
            is_fair && used[shard] == mlp_range_part(rows, shards, shard).count;
    }
    ck_assert_msg(is_fair, "rows %zu, shards %zu, batch %zu", rows, shards,
                  batch);
}

START_TEST(every_row_is_used_once_and_shard_batches_differ_by_one)
{
    static const size_t shard_counts[] = {1, 2, 3, 4, 5, 7, 8, 11, 16, 64};
    static const size_t batches[] = {1, 2, 3, 5, 7, 8, 10, 11, 32, 100, 1000};
    for (size_t v = 0; v < sizeof shard_counts / sizeof *shard_counts; v++) {
        for (size_t b = 0; b < sizeof batches / sizeof *batches; b++) {
            for (size_t rows = 0; rows < 140; rows++) {
                check_epoch(rows, shard_counts[v], batches[b]);
            }
        }
    }
    check_epoch(60000, 7, 128);
    check_epoch(1348, 11, 100);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("shard");
    TCase *tcase = tcase_create("shard");
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, an_epoch_has_a_last_short_step);
    tcase_add_test(tcase, mnist_in_eight_shards_gives_sixteen_rows_each);
    tcase_add_test(tcase, longer_shards_come_first);
    tcase_add_test(tcase, row_by_row_takes_a_row_from_the_only_shard);
    tcase_add_test(tcase, past_the_last_step_there_is_nothing);
    tcase_add_test(tcase, a_batch_of_any_size_does_not_overflow);
    tcase_add_test(tcase,
                   every_row_is_used_once_and_shard_batches_differ_by_one);
    suite_add_tcase(suite, tcase);
    return run_suite(suite, CK_FORK_GETENV);
}
