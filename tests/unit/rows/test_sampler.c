/** @file
 *  Tests of the order in which a rank uses its rows.
 */
#include "rows/sampler.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "rows/shard.h"

#include "run_suite.h"

enum { SEED = 42 };

static mlp_sampler *make(size_t rows, size_t shards, mlp_range owned,
                         size_t batch)
{
    mlp_sampler *sampler = NULL;
    ck_assert_int_eq(
        mlp_sampler_create(SEED, rows, shards, owned, batch, &sampler), MLP_OK);
    return sampler;
}

static size_t first_row(size_t rows, size_t shards, size_t shard)
{
    return mlp_range_part(rows, shards, shard).first;
}

START_TEST(every_row_is_used_exactly_once_in_an_epoch)
{
    enum { ROWS = 103, SHARDS = 7, BATCH = 10 };
    mlp_sampler *sampler = make(ROWS, SHARDS, (mlp_range){0, SHARDS}, BATCH);
    for (uint64_t epoch = 0; epoch < 3; epoch++) {
        unsigned char seen[ROWS] = {0};
        mlp_sampler_shuffle(sampler, epoch);
        for (size_t step = 0; step < mlp_epoch_steps(ROWS, BATCH); step++) {
            mlp_shard_batches got = mlp_sampler_batch(sampler, step);
            ck_assert_uint_eq(got.leaves, SHARDS);
            for (size_t i = 0; i < got.leaf_start[SHARDS]; i++) {
                ck_assert_uint_lt(got.rows[i], ROWS);
                ck_assert_uint_eq(seen[got.rows[i]]++, 0);
            }
        }
        for (size_t row = 0; row < ROWS; row++) {
            ck_assert_uint_eq(seen[row], 1);
        }
    }
    mlp_sampler_destroy(&sampler);
    ck_assert_ptr_null(sampler);
}
END_TEST

START_TEST(a_leaf_holds_rows_of_its_own_shard_only)
{
    enum { ROWS = 50, SHARDS = 4, BATCH = 9 };
    mlp_sampler *sampler = make(ROWS, SHARDS, (mlp_range){0, SHARDS}, BATCH);
    mlp_sampler_shuffle(sampler, 5);
    for (size_t step = 0; step < mlp_epoch_steps(ROWS, BATCH); step++) {
        mlp_shard_batches got = mlp_sampler_batch(sampler, step);
        for (size_t leaf = 0; leaf < SHARDS; leaf++) {
            mlp_range own = mlp_range_part(ROWS, SHARDS, leaf);
            for (size_t i = got.leaf_start[leaf]; i < got.leaf_start[leaf + 1];
                 i++) {
                ck_assert_uint_ge(got.rows[i], own.first);
                ck_assert_uint_lt(got.rows[i], own.first + own.count);
            }
        }
    }
    mlp_sampler_destroy(&sampler);
}
END_TEST

/* Compare a rank that owns some shards with one that owns all. */
static void check_rank(size_t rows, size_t shards, size_t batch,
                       mlp_range owned)
{
    mlp_sampler *all = make(rows, shards, (mlp_range){0, shards}, batch);
    mlp_sampler *some = make(rows, shards, owned, batch);
    size_t offset = first_row(rows, shards, owned.first);
    mlp_sampler_shuffle(all, 3);
    mlp_sampler_shuffle(some, 3);
    for (size_t step = 0; step < mlp_epoch_steps(rows, batch); step++) {
        mlp_shard_batches a = mlp_sampler_batch(all, step);
        mlp_shard_batches b = mlp_sampler_batch(some, step);
        ck_assert_uint_eq(b.leaves, owned.count);
        size_t skipped = a.leaf_start[owned.first];
        for (size_t leaf = 0; leaf <= owned.count; leaf++) {
            ck_assert_uint_eq(a.leaf_start[owned.first + leaf] - skipped,
                              b.leaf_start[leaf]);
        }
        for (size_t i = 0; i < b.leaf_start[owned.count]; i++) {
            ck_assert_uint_eq(a.rows[skipped + i], b.rows[i] + offset);
        }
    }
    mlp_sampler_destroy(&all);
    mlp_sampler_destroy(&some);
}

START_TEST(a_shards_order_does_not_depend_on_its_owner)
{
    for (size_t ranks = 1; ranks <= 8; ranks++) {
        for (size_t rank = 0; rank < ranks; rank++) {
            check_rank(101, 8, 20, mlp_range_part(8, ranks, rank));
            check_rank(30, 11, 11, mlp_range_part(11, ranks, rank));
        }
    }
}
END_TEST

START_TEST(epochs_differ_and_one_epoch_repeats)
{
    enum { ROWS = 64 };
    uint32_t first[ROWS];
    mlp_sampler *sampler = make(ROWS, 2, (mlp_range){0, 2}, ROWS);
    mlp_sampler_shuffle(sampler, 0);
    memcpy(first, mlp_sampler_batch(sampler, 0).rows, sizeof first);
    mlp_sampler_shuffle(sampler, 1);
    ck_assert_mem_ne(first, mlp_sampler_batch(sampler, 0).rows, sizeof first);
    mlp_sampler_shuffle(sampler, 0);
    ck_assert_mem_eq(first, mlp_sampler_batch(sampler, 0).rows, sizeof first);
    mlp_sampler_destroy(&sampler);
}
END_TEST

START_TEST(a_huge_batch_is_the_whole_epoch)
{
    mlp_sampler *sampler = make(10, 3, (mlp_range){0, 3}, SIZE_MAX);
    mlp_sampler_shuffle(sampler, 0);
    ck_assert_uint_eq(mlp_sampler_batch(sampler, 0).leaf_start[3], 10);
    ck_assert_uint_eq(mlp_sampler_batch(sampler, 1).leaf_start[3], 0);
    mlp_sampler_destroy(&sampler);
}
END_TEST

START_TEST(fewer_rows_than_shards_leave_some_leaves_empty)
{
    mlp_sampler *sampler = make(3, 8, (mlp_range){0, 8}, 8);
    mlp_sampler_shuffle(sampler, 0);
    mlp_shard_batches got = mlp_sampler_batch(sampler, 0);
    ck_assert_uint_eq(got.leaf_start[8], 3);
    for (size_t i = 0; i < 3; i++) {
        ck_assert_uint_eq(got.rows[i], i);
    }
    mlp_sampler_destroy(&sampler);
}
END_TEST

START_TEST(no_rows_and_no_shards_are_allowed)
{
    mlp_sampler *sampler = make(0, 8, (mlp_range){0, 8}, SIZE_MAX);
    mlp_sampler_shuffle(sampler, 0);
    ck_assert_uint_eq(mlp_sampler_batch(sampler, 0).leaf_start[8], 0);
    mlp_sampler_destroy(&sampler);
    sampler = make(10, 8, (mlp_range){3, 0}, 4);
    mlp_sampler_shuffle(sampler, 0);
    ck_assert_uint_eq(mlp_sampler_batch(sampler, 0).leaves, 0);
    mlp_sampler_destroy(&sampler);
    mlp_sampler_destroy(&sampler);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("sampler");
    TCase *tcase = tcase_create("sampler");
    tcase_add_test(tcase, every_row_is_used_exactly_once_in_an_epoch);
    tcase_add_test(tcase, a_leaf_holds_rows_of_its_own_shard_only);
    tcase_add_test(tcase, a_shards_order_does_not_depend_on_its_owner);
    tcase_add_test(tcase, epochs_differ_and_one_epoch_repeats);
    tcase_add_test(tcase, a_huge_batch_is_the_whole_epoch);
    tcase_add_test(tcase, fewer_rows_than_shards_leave_some_leaves_empty);
    tcase_add_test(tcase, no_rows_and_no_shards_are_allowed);
    suite_add_tcase(suite, tcase);
    return run_suite(suite, CK_FORK_GETENV);
}
