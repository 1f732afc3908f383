/** @file
 *  Tests of rows that are held out: which, how many, and what they depend on.
 */
#include "source/holdout.h"

#include <check.h>
#include <string.h>

#include "base/rng.h"
#include "run_suite.h"

enum { ROWS = 1000, CLASSES = 3, FOLDS = 5 };

static uint32_t numbers[ROWS], classes[ROWS], keys[2 * ROWS];
static uint8_t splits[ROWS]; /* of the last choice */
static mlp_holdout how;
static mlp_holdout_facts facts;
static mlp_split_rows chosen;

/* Classes of 500, 333 and 167 rows, which the file has one after another; 40
 * groups of 1 to 49 rows; times that fall, two rows each. */
static void set_up(void)
{
    for (uint32_t i = 0; i < ROWS; i++) {
        uint32_t word =
            mlp_rng_draw((mlp_rng_key){1, MLP_RNG_TEST, 0}, i, 0).word[0];
        numbers[i] = i;
        classes[i] = i < 500 ? 0 : i < 833 ? 2 : 65535;
        keys[2 * i] = word % 40 * (word >> 8) % 40;
        keys[2 * i + 1] = 7;
    }
    how = (mlp_holdout){.kind = MLP_HOLDOUT_RANDOM,
                        .column = "",
                        .seed = 1,
                        .test = 0.25,
                        .validation = 0.1};
    facts = (mlp_holdout_facts){.name = "rows",
                                .rows = ROWS,
                                .numbers = numbers,
                                .classes = classes,
                                .keys = keys};
    chosen = (mlp_split_rows){0};
}

static void tear_down(void)
{
    mlp_split_rows_destroy(&chosen);
}

/* Choose; each row is in one split, and lists ascend. */
static void choose(void)
{
    size_t count = 0;
    mlp_split_rows_destroy(&chosen);
    ck_assert_msg(mlp_holdout_choose(&how, &facts, &chosen) == MLP_OK, "%s",
                  mlp_failure());
    memset(splits, 255, sizeof splits);
    for (size_t s = 0; s < MLP_SPLITS; s++) {
        for (size_t i = 0; i < chosen.count[s]; i++) {
            uint32_t row = chosen.rows[s][i];
            ck_assert(i == 0 || chosen.rows[s][i - 1] < row);
            ck_assert_uint_eq(splits[row], 255);
            splits[row] = (uint8_t)s;
        }
        count += chosen.count[s];
    }
    ck_assert_uint_eq(count, facts.rows);
}

static size_t count_of(mlp_split split, size_t first, size_t end)
{
    size_t count = 0;
    for (size_t i = first; i < end; i++) {
        count += splits[i] == (uint8_t)split;
    }
    return count;
}

START_TEST(random_rows_are_as_many_as_was_said)
{
    choose();
    ck_assert_uint_eq(chosen.count[MLP_SPLIT_TEST], 250);
    ck_assert_uint_eq(chosen.count[MLP_SPLIT_VALIDATION], 75);
    /* 125 of 500 on average; 5 deviations of sqrt(500 / 4 * 3 / 4 / 2) */
    ck_assert_int_lt(abs((int)count_of(MLP_SPLIT_TEST, 0, 500) - 125), 35);
    uint8_t before[ROWS];
    memcpy(before, splits, sizeof before);
    choose();
    ck_assert_mem_eq(before, splits, sizeof before);
    how.seed = 2;
    choose();
    ck_assert_mem_ne(before, splits, sizeof before);
}
END_TEST

/* The rows that have the smallest hashes among all are so among fewer. */
START_TEST(a_row_that_is_dropped_moves_no_other_rows_hash)
{
    uint8_t before[ROWS];
    how.validation = 0.0;
    choose();
    memcpy(before, splits, sizeof before);
    for (uint32_t i = 0; i < ROWS - 4; i++) {
        numbers[i] = i + 4; /* the first four are dropped */
    }
    facts.rows = ROWS - 4;
    choose();
    size_t moved = 0;
    for (size_t i = 0; i < facts.rows; i++) {
        moved += splits[i] != before[i + 4];
    }
    ck_assert_uint_le(moved, 4);
}
END_TEST

START_TEST(stratified_rows_are_as_many_of_each_class)
{
    how.kind = MLP_HOLDOUT_STRATIFIED;
    choose();
    ck_assert_uint_eq(count_of(MLP_SPLIT_TEST, 0, 500), 125);
    ck_assert_uint_eq(count_of(MLP_SPLIT_TEST, 500, 833), 83);
    ck_assert_uint_eq(count_of(MLP_SPLIT_TEST, 833, ROWS), 42);
    ck_assert_uint_eq(count_of(MLP_SPLIT_VALIDATION, 0, 500), 38);
    ck_assert_uint_eq(count_of(MLP_SPLIT_VALIDATION, 500, 833), 25);
    ck_assert_uint_eq(count_of(MLP_SPLIT_VALIDATION, 833, ROWS), 13);
}
END_TEST

START_TEST(the_last_rows_are_at_the_end)
{
    how.kind = MLP_HOLDOUT_LAST;
    choose();
    ck_assert_uint_eq(count_of(MLP_SPLIT_TEST, 750, ROWS), 250);
    ck_assert_uint_eq(count_of(MLP_SPLIT_VALIDATION, 675, 750), 75);
}
END_TEST

START_TEST(the_latest_rows_are_by_time_then_number)
{
    for (uint32_t i = 0; i < ROWS; i++) {
        keys[2 * i] = 0;
        keys[2 * i + 1] = (ROWS - i) / 2; /* the first rows are the latest */
    }
    how.kind = MLP_HOLDOUT_TIME;
    how.column = "t";
    how.test = 0.002;
    how.validation = 0.0;
    choose(); /* row 0 alone has the latest time, 1 and 2 share the next */
    ck_assert_uint_eq(splits[0], MLP_SPLIT_TEST);
    ck_assert_uint_eq(splits[1], MLP_SPLIT_TRAIN);
    ck_assert_uint_eq(splits[2], MLP_SPLIT_TEST);
}
END_TEST

/* Whether each group is in one split. */
static void expect_whole_groups(void)
{
    size_t torn = 0;
    for (size_t i = 0; i < ROWS; i++) {
        for (size_t k = 0; k < i; k++) {
            torn += keys[2 * i] == keys[2 * k] && splits[i] != splits[k];
        }
    }
    ck_assert_uint_eq(torn, 0);
}

START_TEST(groups_are_whole)
{
    how.kind = MLP_HOLDOUT_GROUP;
    how.column = "g";
    choose();
    expect_whole_groups();
    size_t test = chosen.count[MLP_SPLIT_TEST];
    ck_assert(200 < test && test < 300);
    ck_assert_uint_gt(chosen.count[MLP_SPLIT_VALIDATION], 30);
    /* two groups, of which either is far from a quarter: the smaller */
    for (size_t i = 0; i < ROWS; i++) {
        keys[2 * i] = i < 480;
    }
    how.test = 0.1;
    how.validation = 0.0;
    choose();
    ck_assert_uint_eq(count_of(MLP_SPLIT_TEST, 0, 480), 480);
    ck_assert_uint_eq(chosen.count[MLP_SPLIT_TEST], 480);
}
END_TEST

/* Each row is for testing in one fold; folds are as large as each other. */
START_TEST(folds_tile_the_rows)
{
    static const mlp_holdout_kind kinds[] = {
        MLP_HOLDOUT_RANDOM, MLP_HOLDOUT_STRATIFIED, MLP_HOLDOUT_LAST,
        MLP_HOLDOUT_GROUP};
    size_t seen[ROWS] = {0};
    how.kind = kinds[_i];
    how.folds = FOLDS;
    for (how.fold = 0; how.fold < FOLDS; how.fold++) {
        choose();
        for (size_t i = 0; i < ROWS; i++) {
            seen[i] += splits[i] == MLP_SPLIT_TEST;
        }
        if (how.kind == MLP_HOLDOUT_GROUP) {
            expect_whole_groups();
            ck_assert_int_le(abs((int)chosen.count[MLP_SPLIT_TEST] - 200), 10);
            continue;
        }
        ck_assert_uint_eq(chosen.count[MLP_SPLIT_TEST], 200);
        ck_assert_int_le(abs((int)chosen.count[MLP_SPLIT_VALIDATION] - 80), 1);
        if (how.kind == MLP_HOLDOUT_STRATIFIED) {
            ck_assert_uint_eq(count_of(MLP_SPLIT_TEST, 0, 500), 100);
            ck_assert_int_le(abs((int)count_of(MLP_SPLIT_TEST, 833, ROWS) - 33),
                             1);
        }
    }
    for (size_t i = 0; i < ROWS; i++) {
        ck_assert_uint_eq(seen[i], 1);
    }
}
END_TEST

/* The choice of version 0.1.0, which stored runs have. */
START_TEST(the_seed_draws_test_rows_and_the_last_ones_are_for_validation)
{
    how.kind = MLP_HOLDOUT_SEED;
    how.validation = 0.0999;
    choose();
    ck_assert_uint_eq(chosen.count[MLP_SPLIT_TEST], 250);
    ck_assert_uint_eq(chosen.count[MLP_SPLIT_VALIDATION], 74); /* of 74.9 */
    uint32_t first = chosen.rows[MLP_SPLIT_VALIDATION][0];
    ck_assert_uint_eq(count_of(MLP_SPLIT_TRAIN, first, ROWS), 0);
    /* Algorithm S with the draws of seed 1 takes these first */
    static const uint32_t expected[] = {9, 13, 17, 22, 29, 42, 43, 44};
    for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++) {
        ck_assert_uint_eq(chosen.rows[MLP_SPLIT_TEST][i], expected[i]);
    }
}
END_TEST

static void expect_refused(mlp_status status, const char *text)
{
    mlp_split_rows_destroy(&chosen);
    ck_assert_int_eq(mlp_holdout_choose(&how, &facts, &chosen), status);
    ck_assert_msg(strstr(mlp_failure(), text) != NULL, "%s", mlp_failure());
}

START_TEST(nothing_to_hold_out_or_to_train_on_is_refused)
{
    how.test = 0.0001;
    expect_refused(MLP_ERROR_USAGE, "--test-fraction 0.0001 of the 1000 rows "
                                    "of rows is less than a row");
    how.test = 0.0;
    how.validation = 0.0004;
    expect_refused(MLP_ERROR_USAGE, "--validation 0.0004 of the 1000 training "
                                    "rows of rows is less than a row");
    how.validation = 0.9;
    facts.rows = 1;
    expect_refused(MLP_ERROR_DATA, "none left for training");
    facts.rows = 3;
    how.folds = FOLDS;
    how.fold = 4;
    expect_refused(MLP_ERROR_DATA, "none of its 3 rows is for fold 5 of 5");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("holdout");
    TCase *tests = tcase_create("holdout");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, random_rows_are_as_many_as_was_said);
    tcase_add_test(tests, a_row_that_is_dropped_moves_no_other_rows_hash);
    tcase_add_test(tests, stratified_rows_are_as_many_of_each_class);
    tcase_add_test(tests, the_last_rows_are_at_the_end);
    tcase_add_test(tests, the_latest_rows_are_by_time_then_number);
    tcase_add_test(tests, groups_are_whole);
    tcase_add_loop_test(tests, folds_tile_the_rows, 0, 4);
    tcase_add_test(
        tests, the_seed_draws_test_rows_and_the_last_ones_are_for_validation);
    tcase_add_test(tests, nothing_to_hold_out_or_to_train_on_is_refused);
    suite_add_tcase(suite, tests);
    return run_suite(suite, CK_FORK_GETENV);
}
