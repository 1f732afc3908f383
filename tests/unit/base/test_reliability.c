/** @file
 *  Reliability bins by hand.
 */
#include "base/reliability.h"

#include <check.h>
#include <math.h>
#include <stdlib.h>

#include "run_suite.h"

static const double rounding = 1e-6; /* of a float32 such as 0.9 */

START_TEST(two_classes_go_by_the_probability_of_class_1)
{
    mlp_reliability r = {.rows = 0};
    const float one_output = 0.9F;
    const float two_outputs[] = {0.1F, 0.9F};
    mlp_reliability_add(&r, &one_output, 1, 1, 1);
    mlp_reliability_add(&r, two_outputs, 2, 0, 1);
    const mlp_reliability_bin *bin = &r.bins[13]; /* 13/15 to 14/15 */
    ck_assert_uint_eq(bin->rows, 2);
    ck_assert_uint_eq(bin->hits, 1);
    ck_assert_double_eq_tol(mlp_reliability_probability(bin), 0.9, rounding);
    ck_assert_double_eq(mlp_reliability_share(bin), 0.5);
    ck_assert_double_eq_tol(mlp_reliability_error(&r), 0.4, rounding);
}
END_TEST

START_TEST(several_classes_go_by_the_largest)
{
    mlp_reliability r = {.rows = 0};
    const float row[] = {0.2F, 0.3F, 0.5F};
    mlp_reliability_add(&r, row, 3, 2, 2);
    mlp_reliability_add(&r, row, 3, 1, 2);
    mlp_reliability_add(&r, row, 3, 2, 2);
    ck_assert_uint_eq(r.bins[7].rows, 3);
    ck_assert_uint_eq(r.bins[7].hits, 2);
    ck_assert_double_eq_tol(mlp_reliability_error(&r), 2.0 / 3 - 0.5, rounding);
}
END_TEST

START_TEST(the_ends_are_in_the_end_bins)
{
    mlp_reliability r = {.rows = 0};
    const float ends[] = {0.0F, 1.0F};
    mlp_reliability_add(&r, &ends[0], 1, 0, 0);
    mlp_reliability_add(&r, &ends[1], 1, 1, 1);
    ck_assert_uint_eq(r.bins[0].rows, 1);
    ck_assert_uint_eq(r.bins[MLP_RELIABILITY_BINS - 1].rows, 1);
    ck_assert_double_eq(mlp_reliability_error(&r), 0);
}
END_TEST

START_TEST(the_error_is_weighted_by_rows)
{
    mlp_reliability r = {.rows = 0};
    const float low = 0.25F, high = 0.75F;
    for (uint32_t i = 0; i < 3; i++) {
        mlp_reliability_add(&r, &low, 1, 0, 0); /* off by 0.25 */
    }
    mlp_reliability_add(&r, &high, 1, 0, 1); /* off by 0.75 */
    ck_assert_double_eq_tol(mlp_reliability_error(&r), 0.375, rounding);
}
END_TEST

START_TEST(no_rows_have_no_error)
{
    const mlp_reliability r = {.rows = 0};
    ck_assert(isnan(mlp_reliability_error(&r)));
    ck_assert(isnan(mlp_reliability_share(&r.bins[0])));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("reliability");
    TCase *tests = tcase_create("reliability");
    tcase_add_test(tests, two_classes_go_by_the_probability_of_class_1);
    tcase_add_test(tests, several_classes_go_by_the_largest);
    tcase_add_test(tests, the_ends_are_in_the_end_bins);
    tcase_add_test(tests, the_error_is_weighted_by_rows);
    tcase_add_test(tests, no_rows_have_no_error);
    suite_add_tcase(suite, tests);
    return run_suite(suite, CK_FORK_GETENV);
}
