/** @file
 *  Tests of rows that a program has in memory.
 */
#include <check.h>
#include <string.h>

#include "source/source.h"

#include "run_suite.h"

static const float train[3][2] = {{1, 2}, {3, 4}, {5, 6}};
static const float test[1][2] = {{7, 8}};
static const uint16_t train_labels[3] = {0, 1, 1};
static const uint16_t test_labels[1] = {1};
static const mlp_source_arrays arrays = {.name = "two numbers",
                                         .height = 1,
                                         .width = 2,
                                         .element = MLP_ELEMENT_F32,
                                         .rows = {3, 1},
                                         .values = {train, test},
                                         .labels = {train_labels, test_labels}};

START_TEST(rows_come_back_as_they_are)
{
    mlp_source *source = NULL;
    float values[2][2];
    uint16_t labels[2];
    ck_assert_int_eq(mlp_source_open_arrays(&arrays, &source), MLP_OK);
    const mlp_source_info *info = mlp_source_facts(source);
    ck_assert_str_eq(info->name, "two numbers");
    ck_assert_uint_eq(info->features, 2);
    ck_assert_uint_eq(info->rows[MLP_SPLIT_TRAIN], 3);
    ck_assert_uint_eq(info->rows[MLP_SPLIT_TEST], 1);
    ck_assert(info->has_labels);
    ck_assert_int_eq(
        mlp_source_read(source, MLP_SPLIT_TRAIN, 1, 2, values, labels), MLP_OK);
    ck_assert_mem_eq(values, train[1], sizeof values);
    ck_assert_mem_eq(labels, train_labels + 1, sizeof labels);
    ck_assert_int_eq(
        mlp_source_read(source, MLP_SPLIT_TEST, 0, 1, values, labels), MLP_OK);
    ck_assert_mem_eq(values[0], test[0], sizeof values[0]);
    ck_assert_uint_eq(labels[0], 1);
    mlp_source_close(&source);
}
END_TEST

START_TEST(the_description_may_go_and_only_the_rows_must_stay)
{
    mlp_source *source = NULL;
    mlp_source_arrays brief = arrays;
    float values[1][2];
    uint16_t labels[1];
    ck_assert_int_eq(mlp_source_open_arrays(&brief, &source), MLP_OK);
    memset(&brief, 0, sizeof brief);
    ck_assert_int_eq(
        mlp_source_read(source, MLP_SPLIT_TRAIN, 2, 1, values, labels), MLP_OK);
    ck_assert_mem_eq(values, train[2], sizeof values);
    mlp_source_close(&source);
}
END_TEST

START_TEST(nothing_to_train_on_is_refused)
{
    mlp_source *source = NULL;
    mlp_source_arrays none = arrays;
    none.rows[MLP_SPLIT_TRAIN] = 0;
    ck_assert_int_eq(mlp_source_open_arrays(&none, &source), MLP_ERROR_DATA);
    ck_assert_str_eq(mlp_failure(),
                     "two numbers: 0 training rows of 1 x 2 features");
    ck_assert_ptr_null(source);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("source_arrays");
    TCase *c = tcase_create("arrays");
    tcase_add_test(c, rows_come_back_as_they_are);
    tcase_add_test(c, the_description_may_go_and_only_the_rows_must_stay);
    tcase_add_test(c, nothing_to_train_on_is_refused);
    suite_add_tcase(s, c);
    return s;
}

int main(void)
{
    return run_suite(suite(), CK_FORK_GETENV);
}
