/** @file
 *  Tests of feature scaling.
 */
#include "rows/scaler.h"

#include <check.h>
#include <float.h>
#include <math.h>
#include <stdlib.h>

#include "run_suite.h"

START_TEST(bytes_scale_to_one)
{
    mlp_scaler scaler = mlp_scaler_max(255.0F);
    ck_assert_float_eq(scaler.shift, 0.0F);
    ck_assert_float_eq(scaler.scale, 1.0F / 255.0F);
}
END_TEST

START_TEST(sixteen_scales_to_exactly_one)
{
    mlp_scaler scaler = mlp_scaler_max(16.0F);
    ck_assert_float_eq((16.0F - scaler.shift) * scaler.scale, 1.0F);
}
END_TEST

START_TEST(features_that_are_all_zero_are_left_alone)
{
    mlp_scaler scaler = mlp_scaler_max(0.0F);
    ck_assert_float_eq(scaler.shift, 0.0F);
    ck_assert_float_eq(scaler.scale, 1.0F);
}
END_TEST

START_TEST(smallest_and_largest_numbers_give_finite_scales)
{
    ck_assert_float_eq(mlp_scaler_max(FLT_TRUE_MIN).scale, 1.0F);
    ck_assert(isfinite(mlp_scaler_max(FLT_MIN).scale));
    ck_assert_float_gt(mlp_scaler_max(FLT_MAX).scale, 0.0F);
}
END_TEST

/* The lecture's example: years and kilometres of three used cars. */
static const double years[3] = {6, 3, 8};
static const double kilometres[3] = {1200, 4000, 8000};

static mlp_column_facts facts_of(const double *x, size_t n)
{
    mlp_column_facts facts = {(float)x[0], (float)x[0], 0.0, 0.0, {0}};
    for (size_t i = 0; i < n; i++) {
        facts.least = fminf(facts.least, (float)x[i]);
        facts.largest = fmaxf(facts.largest, (float)x[i]);
        facts.mean += x[i] / (double)n;
    }
    for (size_t i = 0; i < n; i++) {
        facts.deviation += pow(x[i] - facts.mean, 2) / (double)n;
    }
    facts.deviation = sqrt(facts.deviation);
    return facts;
}

/* @param expected  to two decimals, as on the lecture's slide */
static void expect_scaled(mlp_scaling scaling, const double *x,
                          const double *expected)
{
    mlp_scaler column;
    mlp_column_facts facts = facts_of(x, 3);
    ck_assert_int_eq(mlp_scaler_of(scaling, &facts, &column), MLP_OK);
    ck_assert_ptr_null(column.shifts);
    for (size_t i = 0; i < 3; i++) {
        float scaled = ((float)x[i] - column.shift) * column.scale;
        ck_assert_double_eq_tol((double)scaled, expected[i], 0.00501);
    }
}

START_TEST(columns_scale_as_in_the_lecture)
{
    expect_scaled(MLP_SCALING_MINMAX, years, (double[]){0.6, 0.0, 1.0});
    expect_scaled(MLP_SCALING_STANDARD, years, (double[]){0.16, -1.30, 1.14});
    expect_scaled(MLP_SCALING_STANDARD, kilometres,
                  (double[]){-1.15, -0.14, 1.29});
    expect_scaled(MLP_SCALING_MAX, years, (double[]){0.75, 0.375, 1.0});
    expect_scaled(MLP_SCALING_NONE, years, years);
}
END_TEST

START_TEST(rms_keeps_signs_and_zeros)
{
    static const double numbers[3] = {-1, 0, 7}; /* mean square 50 / 3 */
    expect_scaled(MLP_SCALING_RMS, numbers, (double[]){-0.245, 0.0, 1.715});
    expect_scaled(MLP_SCALING_RMS, (double[]){0, 0, 0}, (double[]){0, 0, 0});
    expect_scaled(MLP_SCALING_RMS, (double[]){5, 5, 5}, (double[]){1, 1, 1});
}
END_TEST

START_TEST(a_constant_column_becomes_zero_and_no_infinity)
{
    mlp_scaler column;
    /* as a rounded mean of equal values may make it */
    const mlp_column_facts facts = {0.1F, 0.1F, 0.1000000001, 1e-10, {0}};
    for (int s = MLP_SCALING_MINMAX; s <= MLP_SCALING_STANDARD; s++) {
        ck_assert_int_eq(mlp_scaler_of((mlp_scaling)s, &facts, &column),
                         MLP_OK);
        ck_assert_float_eq((0.1F - column.shift) * column.scale, 0.0F);
    }
    const mlp_column_facts zeros = {0.0F, 0.0F, 0.0, 0.0, {0}};
    ck_assert_int_eq(mlp_scaler_of(MLP_SCALING_MAX, &zeros, &column), MLP_OK);
    ck_assert_float_eq(column.scale, 1.0F);
}
END_TEST

START_TEST(values_too_far_apart_are_refused)
{
    mlp_scaler column;
    const mlp_column_facts facts = {-FLT_MAX, FLT_MAX, 0.0, 1e38, {0}};
    ck_assert_int_eq(mlp_scaler_of(MLP_SCALING_MINMAX, &facts, &column),
                     MLP_ERROR_DATA);
    ck_assert_int_eq(mlp_scaler_of(MLP_SCALING_STANDARD, &facts, &column),
                     MLP_ERROR_DATA);
    ck_assert_int_eq(mlp_scaler_of(MLP_SCALING_MAX, &facts, &column), MLP_OK);
}
END_TEST

/* f(z) = z / sqrt(1 + z^2/9), as the kernels compute it */
static float squeezed(float x, mlp_scaler column)
{
    float z = (x - column.shift) * column.scale;
    float part = z / 3.0F;
    return z / sqrtf(1.0F + part * part);
}

START_TEST(robust_scaling_goes_by_the_quartiles)
{
    mlp_scaler column;
    mlp_column_facts facts = {-100.0F, 900.0F, 5.0, 9.0, {2.0, 4.0, 6.0}};
    ck_assert_int_eq(mlp_scaler_of(MLP_SCALING_ROBUST, &facts, &column),
                     MLP_OK);
    ck_assert_float_eq(column.shift, 4.0F);
    ck_assert_float_eq(column.scale, 0.25F);
    facts.quartiles[0] = facts.quartiles[2] = 4.0;
    ck_assert_int_eq(mlp_scaler_of(MLP_SCALING_ROBUST, &facts, &column),
                     MLP_OK);
    ck_assert_float_eq(column.scale, 2.0F / 1000.0F);
    facts.least = facts.largest = 4.0F;
    ck_assert_int_eq(mlp_scaler_of(MLP_SCALING_ROBUST, &facts, &column),
                     MLP_OK);
    ck_assert_float_eq(column.scale, 0.0F); /* a constant is 0, and others */
}
END_TEST

START_TEST(indicators_stay_as_they_are)
{
    mlp_scaler column = mlp_scaler_indicator(true);
    ck_assert_float_eq(squeezed(1.0F, column), 1.0F);
    ck_assert_float_eq(squeezed(-1.0F, column), -1.0F);
    ck_assert_float_eq(squeezed(0.0F, column), 0.0F);
    ck_assert_float_eq(mlp_scaler_indicator(false).scale, 1.0F);
}
END_TEST

START_TEST(zeros_are_kept_unless_a_column_is_shifted)
{
    mlp_scaler scaler, copy;
    ck_assert_int_eq(mlp_scaler_create(3, &scaler), MLP_OK);
    ck_assert(mlp_scaler_keeps_zeros(&scaler, 3));
    scaler.shifts[2] = 1.0F;
    scaler.scales[0] = 4.0F;
    ck_assert(!mlp_scaler_keeps_zeros(&scaler, 3));
    ck_assert_int_eq(mlp_scaler_copy(&scaler, 3, &copy), MLP_OK);
    mlp_scaler_destroy(&scaler);
    ck_assert_ptr_null(scaler.shifts);
    ck_assert_float_eq(copy.shifts[2], 1.0F);
    ck_assert_float_eq(copy.scales[0], 4.0F);
    mlp_scaler_destroy(&copy);
    copy = mlp_scaler_max(2.0F);
    ck_assert(mlp_scaler_keeps_zeros(&copy, 3));
}
END_TEST

START_TEST(predictions_stay_within_the_range_of_targets)
{
    mlp_target_scaler scaler = {.shift = 10.0F, .scale = 0.5F};
    float limits[2];
    ck_assert_float_eq(mlp_target_scaled(&scaler, 14.0F), 2.0F);
    ck_assert_double_eq(mlp_target_prediction(&scaler, 2.0F), 14.0);
    ck_assert_double_eq(mlp_target_prediction(&scaler, 9.0F), 28.0);
    scaler.is_clipped = true;
    scaler.least = 4.0F;
    scaler.largest = 18.0F;
    ck_assert_double_eq(mlp_target_prediction(&scaler, 2.0F), 14.0);
    ck_assert_double_eq(mlp_target_prediction(&scaler, 9.0F), 18.0);
    ck_assert_double_eq(mlp_target_prediction(&scaler, -9.0F), 4.0);
    ck_assert(isnan(mlp_target_prediction(&scaler, NAN)));
    mlp_target_limits(&scaler, false, limits);
    ck_assert_float_eq(limits[0], -3.0F);
    ck_assert_float_eq(limits[1], 4.0F);
    scaler.shift = 0.0F; /* counts, whose outputs are logarithms */
    scaler.least = 0.0F;
    mlp_target_limits(&scaler, true, limits);
    ck_assert(isinf(limits[0]) && limits[0] < 0.0F);
    ck_assert_float_eq_tol(limits[1], 2.1972246F, 1e-6F);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("scaler");
    TCase *tcase = tcase_create("scaler");
    tcase_add_test(tcase, predictions_stay_within_the_range_of_targets);
    tcase_add_test(tcase, bytes_scale_to_one);
    tcase_add_test(tcase, sixteen_scales_to_exactly_one);
    tcase_add_test(tcase, features_that_are_all_zero_are_left_alone);
    tcase_add_test(tcase, smallest_and_largest_numbers_give_finite_scales);
    tcase_add_test(tcase, columns_scale_as_in_the_lecture);
    tcase_add_test(tcase, rms_keeps_signs_and_zeros);
    tcase_add_test(tcase, a_constant_column_becomes_zero_and_no_infinity);
    tcase_add_test(tcase, values_too_far_apart_are_refused);
    tcase_add_test(tcase, robust_scaling_goes_by_the_quartiles);
    tcase_add_test(tcase, indicators_stay_as_they_are);
    tcase_add_test(tcase, zeros_are_kept_unless_a_column_is_shifted);
    suite_add_tcase(suite, tcase);
    return run_suite(suite, CK_FORK_GETENV);
}
