/** @file
 *  Tests of feature scaling.
 */
#include "mlp/scaler.h"

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

int main(void)
{
    Suite *suite = suite_create("scaler");
    TCase *tcase = tcase_create("scaler");
    tcase_add_test(tcase, bytes_scale_to_one);
    tcase_add_test(tcase, sixteen_scales_to_exactly_one);
    tcase_add_test(tcase, features_that_are_all_zero_are_left_alone);
    tcase_add_test(tcase, smallest_and_largest_numbers_give_finite_scales);
    suite_add_tcase(suite, tcase);
    return run_suite(suite, CK_FORK_GETENV);
}
