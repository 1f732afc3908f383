/** @file
 *  Tests of rows in memory.
 */
#include "rows/dataset.h"

#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "run_suite.h"

static mlp_source *source;

static void set_up(void)
{
    ck_assert_int_eq(mlp_source_open("digits", &source), MLP_OK);
}

static void tear_down(void)
{
    mlp_source_close(&source);
}

static mlp_dataset load(mlp_split split, size_t first, size_t count)
{
    mlp_dataset dataset;
    ck_assert_int_eq(
        mlp_dataset_load(source, split, (mlp_range){first, count}, &dataset),
        MLP_OK);
    return dataset;
}

/* Two rows of three features, in the caller's memory. */
static mlp_dataset floats(float *values, uint16_t *labels)
{
    return (mlp_dataset){.range = {10, 2},
                         .features = 3,
                         .element = MLP_ELEMENT_F32,
                         .values = values,
                         .labels = labels};
}

START_TEST(rows_are_those_of_the_range)
{
    mlp_dataset all = load(MLP_SPLIT_TRAIN, 0, 1348);
    mlp_dataset some = load(MLP_SPLIT_TRAIN, 100, 50);
    ck_assert_uint_eq(some.range.first, 100);
    ck_assert_uint_eq(some.range.count, 50);
    ck_assert_uint_eq(some.features, 64);
    ck_assert_int_eq(some.element, MLP_ELEMENT_U8);
    ck_assert_mem_eq(some.values, (char *)all.values + 100 * 64, 50 * 64);
    ck_assert_mem_eq(some.labels, all.labels + 100, 50 * sizeof(uint16_t));
    mlp_dataset_destroy(&all);
    mlp_dataset_destroy(&some);
}
END_TEST

START_TEST(values_are_aligned_for_vectors)
{
    for (size_t count = 0; count < 20; count++) {
        mlp_dataset dataset = load(MLP_SPLIT_TEST, 1, count);
        ck_assert_ptr_nonnull(dataset.values);
        ck_assert_uint_eq((uintptr_t)dataset.values % 64, 0);
        mlp_dataset_destroy(&dataset);
        ck_assert_ptr_null(dataset.values);
    }
}
END_TEST

START_TEST(no_rows_have_no_classes_and_no_largest_value)
{
    float largest = 1.0F;
    mlp_dataset dataset = load(MLP_SPLIT_TRAIN, 1348, 0);
    ck_assert_uint_eq(mlp_dataset_classes(&dataset), 0);
    ck_assert_int_eq(mlp_dataset_largest(&dataset, &largest), MLP_OK);
    ck_assert_float_eq(largest, 0.0F);
    ck_assert_int_eq(mlp_dataset_check_labels(&dataset, "training", 0), MLP_OK);
    mlp_dataset_destroy(&dataset);
    mlp_dataset_destroy(&dataset);
}
END_TEST

START_TEST(a_range_that_memory_cannot_hold_is_an_error)
{
    mlp_dataset dataset;
    ck_assert_int_eq(mlp_dataset_load(source, MLP_SPLIT_TRAIN,
                                      (mlp_range){0, SIZE_MAX / 2}, &dataset),
                     MLP_ERROR_INTERNAL);
    ck_assert_ptr_null(dataset.values);
    ck_assert_ptr_null(dataset.labels);
}
END_TEST

START_TEST(digits_have_ten_classes_and_sixteen_as_largest)
{
    float largest = 0.0F;
    mlp_dataset dataset = load(MLP_SPLIT_TRAIN, 0, 1348);
    ck_assert_uint_eq(mlp_dataset_classes(&dataset), 10);
    ck_assert_int_eq(mlp_dataset_largest(&dataset, &largest), MLP_OK);
    ck_assert_float_eq(largest, 16.0F);
    mlp_dataset_destroy(&dataset);
}
END_TEST

START_TEST(largest_is_of_the_absolute_value)
{
    float values[6] = {1.0F, -7.5F, 3.0F, 0.0F, 7.25F, -0.0F}, largest = 0.0F;
    uint16_t labels[2] = {0, 1};
    mlp_dataset dataset = floats(values, labels);
    ck_assert_int_eq(mlp_dataset_largest(&dataset, &largest), MLP_OK);
    ck_assert_float_eq(largest, 7.5F);
}
END_TEST

START_TEST(values_that_are_not_finite_are_named_by_their_row)
{
    const float bad[] = {NAN, INFINITY, -INFINITY};
    for (size_t i = 0; i < 3; i++) {
        float values[6] = {0}, largest = 0.0F;
        uint16_t labels[2] = {0};
        mlp_dataset dataset = floats(values, labels);
        values[4] = bad[i];
        ck_assert_int_eq(mlp_dataset_largest(&dataset, &largest),
                         MLP_ERROR_DATA);
        ck_assert_msg(strstr(mlp_failure(), "row 11") != NULL, "%s",
                      mlp_failure());
    }
}
END_TEST

/* In whole vectors and in the rest after them. */
START_TEST(a_check_of_some_rows_finds_values_that_are_not_finite)
{
    const float bad[] = {NAN, INFINITY, -INFINITY};
    const mlp_kernels *kernels;
    float values[7 * 5] = {0};
    mlp_dataset dataset = {.range = {10, 7},
                           .features = 5,
                           .element = MLP_ELEMENT_F32,
                           .values = values};
    ck_assert_int_eq(mlp_kernels_best(&kernels), MLP_OK);
    for (size_t i = 0; i < 35; i++) {
        mlp_range before = {0, i / 5}, to_end = {i / 5, 7 - i / 5};
        char row[32];
        snprintf(row, sizeof row, "row %zu", 10 + i / 5);
        values[i] = bad[i % 3];
        ck_assert_int_eq(mlp_dataset_check_finite(&dataset, before, kernels),
                         MLP_OK);
        ck_assert_int_eq(mlp_dataset_check_finite(&dataset, to_end, kernels),
                         MLP_ERROR_DATA);
        ck_assert_msg(strstr(mlp_failure(), row) != NULL, "%s", mlp_failure());
        values[i] = -3e38F;
    }
}
END_TEST

START_TEST(labels_beyond_the_classes_are_named)
{
    float values[6] = {0};
    uint16_t labels[2] = {65535, 3};
    mlp_dataset dataset = floats(values, labels);
    ck_assert_uint_eq(mlp_dataset_classes(&dataset), 65536);
    labels[0] = 2;
    ck_assert_uint_eq(mlp_dataset_classes(&dataset), 4);
    ck_assert_int_eq(mlp_dataset_check_labels(&dataset, "test", 4), MLP_OK);
    ck_assert_int_eq(mlp_dataset_check_labels(&dataset, "test", 3),
                     MLP_ERROR_DATA);
    ck_assert_str_eq(mlp_failure(),
                     "test row 11: expected a label below 3, found 3");
}
END_TEST

START_TEST(digest_is_sha256_of_values_then_labels)
{
    float values[6] = {1, 2, 3, 4, 5, 6};
    uint16_t labels[2] = {258, 1};
    unsigned char bytes[3 * sizeof(float) + sizeof(uint16_t)];
    unsigned char expected[MLP_DIGEST_BYTES], value[MLP_DIGEST_BYTES];
    mlp_dataset dataset = floats(values, labels);
    memcpy(bytes, values + 3, 3 * sizeof(float));
    memcpy(bytes + 3 * sizeof(float), labels + 1, sizeof(uint16_t));
    ck_assert_int_eq(mlp_digest_of(bytes, sizeof bytes, expected), MLP_OK);
    ck_assert_int_eq(mlp_dataset_digest(&dataset, (mlp_range){1, 1}, value),
                     MLP_OK);
    ck_assert_mem_eq(value, expected, sizeof expected);
}
END_TEST

START_TEST(digest_of_rows_does_not_depend_on_what_else_is_loaded)
{
    unsigned char of_all[MLP_DIGEST_BYTES], of_some[MLP_DIGEST_BYTES];
    mlp_dataset all = load(MLP_SPLIT_TRAIN, 0, 1348);
    mlp_dataset some = load(MLP_SPLIT_TRAIN, 168, 200);
    ck_assert_int_eq(mlp_dataset_digest(&all, (mlp_range){170, 100}, of_all),
                     MLP_OK);
    ck_assert_int_eq(mlp_dataset_digest(&some, (mlp_range){2, 100}, of_some),
                     MLP_OK);
    ck_assert_mem_eq(of_all, of_some, sizeof of_all);
    some.labels[50]++;
    ck_assert_int_eq(mlp_dataset_digest(&some, (mlp_range){2, 100}, of_some),
                     MLP_OK);
    ck_assert_mem_ne(of_all, of_some, sizeof of_all);
    mlp_dataset_destroy(&all);
    mlp_dataset_destroy(&some);
}
END_TEST

START_TEST(columns_have_extremes_and_sums)
{
    float values[6] = {1.0F, -2.0F, 0.25F, 3.0F, 5.0F, 0.5F};
    float least[3], largest[3];
    double sums[2], squares[2];
    uint16_t labels[2] = {0, 1};
    mlp_dataset dataset = floats(values, labels);
    mlp_dataset_extremes(&dataset, least, largest);
    ck_assert_mem_eq(least, ((float[]){1.0F, -2.0F, 0.25F}), sizeof least);
    ck_assert_mem_eq(largest, ((float[]){3.0F, 5.0F, 0.5F}), sizeof largest);
    mlp_dataset_sums(&dataset, (mlp_range){0, 2}, (mlp_range){1, 2}, sums);
    ck_assert_double_eq(sums[0], 3.0);
    ck_assert_double_eq(sums[1], 0.75);
    mlp_dataset_squares(&dataset, (mlp_range){1, 1}, (mlp_range){1, 2},
                        (double[]){1.0, 0.0}, squares);
    ck_assert_double_eq(squares[0], 16.0);
    ck_assert_double_eq(squares[1], 0.25);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("dataset");
    TCase *tcase = tcase_create("dataset");
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_test(tcase, columns_have_extremes_and_sums);
    tcase_add_test(tcase, rows_are_those_of_the_range);
    tcase_add_test(tcase, values_are_aligned_for_vectors);
    tcase_add_test(tcase, no_rows_have_no_classes_and_no_largest_value);
    tcase_add_test(tcase, a_range_that_memory_cannot_hold_is_an_error);
    tcase_add_test(tcase, digits_have_ten_classes_and_sixteen_as_largest);
    tcase_add_test(tcase, largest_is_of_the_absolute_value);
    tcase_add_test(tcase, values_that_are_not_finite_are_named_by_their_row);
    tcase_add_test(tcase,
                   a_check_of_some_rows_finds_values_that_are_not_finite);
    tcase_add_test(tcase, labels_beyond_the_classes_are_named);
    tcase_add_test(tcase, digest_is_sha256_of_values_then_labels);
    tcase_add_test(tcase,
                   digest_of_rows_does_not_depend_on_what_else_is_loaded);
    suite_add_tcase(suite, tcase);
    return run_suite(suite, CK_FORK_GETENV);
}
