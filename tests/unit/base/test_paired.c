/** @file
 *  McNemar's test and paired differences, by hand and beside published values.
 */
#include "base/paired.h"

#include <check.h>
#include <math.h>
#include <stdlib.h>

#include "run_suite.h"

/* A few operations on numbers up to 1; lgamma's last digits. */
static const double rounding = 1e-12;

START_TEST(few_rows_are_as_by_hand)
{
    /* of 5 rows 1 and 4: 2 (1 + 5) / 32, less 5 / 32 */
    const mlp_paired_counts counts = {90, 4, 1, 5};
    mlp_mcnemar test = mlp_mcnemar_test(&counts);
    ck_assert_double_eq_tol(test.exact, 12.0 / 32, rounding);
    ck_assert_double_eq_tol(test.mid, 7.0 / 32, rounding);
    ck_assert_double_eq_tol(test.difference, -0.03, rounding);
    /* (2 - 5) / 102 -+ 1.96 sqrt((7/102 - (3/102)^2) / 102) */
    double half = 1.959963984540054 * sqrt((7.0 / 102 - 9.0 / 10404) / 102);
    ck_assert_double_eq_tol(test.low, -3.0 / 102 - half, rounding);
    ck_assert_double_eq_tol(test.high, -3.0 / 102 + half, rounding);
}
END_TEST

START_TEST(equal_counts_show_nothing)
{
    /* of 4 rows 2 and 2: 1 less half of 6 / 16 */
    const mlp_paired_counts counts = {10, 2, 2, 0};
    mlp_mcnemar test = mlp_mcnemar_test(&counts);
    ck_assert_double_eq(test.exact, 1);
    ck_assert_double_eq_tol(test.mid, 1 - 3.0 / 16, rounding);
    ck_assert_double_eq(test.difference, 0);
    const mlp_paired_counts same = {10, 0, 0, 3};
    ck_assert_double_eq(mlp_mcnemar_test(&same).exact, 1);
    ck_assert_double_eq(mlp_mcnemar_test(&same).mid, 1);
}
END_TEST

START_TEST(the_order_of_models_changes_signs_only)
{
    const mlp_paired_counts one = {50, 17, 6, 9}, other = {50, 6, 17, 9};
    mlp_mcnemar a = mlp_mcnemar_test(&one), b = mlp_mcnemar_test(&other);
    ck_assert_double_eq(a.exact, b.exact);
    ck_assert_double_eq(a.mid, b.mid);
    ck_assert_double_eq(a.difference, -b.difference);
    ck_assert_double_eq_tol(a.low, -b.high, rounding);
}
END_TEST

START_TEST(no_rows_have_no_test)
{
    const mlp_paired_counts none = {0, 0, 0, 0};
    ck_assert(isnan(mlp_mcnemar_test(&none).exact));
    ck_assert(isnan(mlp_mcnemar_test(&none).difference));
}
END_TEST

/* Many rows come to the normal limit: 2 (1 - Phi(|b - c| / sqrt(b + c))), with
 * mid-p in place of a continuity correction. */
START_TEST(many_rows_are_nearly_normal)
{
    const mlp_paired_counts counts = {0, 501000, 499000, 0};
    mlp_mcnemar test = mlp_mcnemar_test(&counts);
    ck_assert_double_eq_tol(test.mid, erfc(2.0 / sqrt(2.0)), 1e-5);
    ck_assert(test.exact > test.mid);
}
END_TEST

/* Tables of the distribution, three decimals. */
START_TEST(quantiles_are_those_of_tables)
{
    static const struct {
        uint64_t freedom;
        double value;
    } table[] = {{1, 12.706}, {2, 4.303},  {3, 3.182},     {4, 2.776},
                 {5, 2.571},  {10, 2.228}, {29, 2.045},    {30, 2.042},
                 {31, 2.040}, {60, 2.000}, {120, 1.980},   {1000, 1.962},
                 {9, 2.262},  {20, 2.086}, {100000, 1.960}};
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        ck_assert_double_eq_tol(mlp_student_quantile(table[i].freedom),
                                table[i].value, 0.0006);
    }
    /* exactly tan(0.95 pi / 2), and 0.95 sqrt(2 / (1 - 0.95^2)) */
    ck_assert_double_eq_tol(mlp_student_quantile(1), tan(0.475 * M_PI), 1e-9);
    ck_assert_double_eq_tol(mlp_student_quantile(2),
                            0.95 * sqrt(2 / (1 - 0.95 * 0.95)), 1e-9);
}
END_TEST

/* The sum and the expansion meet. */
START_TEST(quantiles_fall_smoothly)
{
    double last = mlp_student_quantile(28) - mlp_student_quantile(29);
    for (uint64_t freedom = 29; freedom < 40; freedom++) {
        double step =
            mlp_student_quantile(freedom) - mlp_student_quantile(freedom + 1);
        ck_assert(step > 0 && step < last);
        last = step;
    }
}
END_TEST

START_TEST(a_mean_has_its_interval)
{
    /* mean 2, deviation 1, standard error 1 / sqrt(3), t of 2 is 4.3027 */
    static const double differences[] = {1, 2, 3};
    mlp_paired_mean mean = mlp_paired_mean_of(differences, 3);
    ck_assert_double_eq(mean.mean, 2);
    ck_assert_double_eq_tol(mean.error, 1 / sqrt(3), rounding);
    ck_assert_double_eq_tol(mean.high - 2, mean.error * 4.302653, 1e-6);
    ck_assert_double_eq_tol(2 - mean.low, mean.high - 2, rounding);
    ck_assert(isnan(mlp_paired_mean_of(differences, 1).low));
    ck_assert_double_eq(mlp_paired_mean_of(differences, 1).mean, 1);
    ck_assert(isnan(mlp_paired_mean_of(differences, 0).mean));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("paired");
    TCase *tests = tcase_create("paired");
    tcase_add_test(tests, few_rows_are_as_by_hand);
    tcase_add_test(tests, equal_counts_show_nothing);
    tcase_add_test(tests, the_order_of_models_changes_signs_only);
    tcase_add_test(tests, no_rows_have_no_test);
    tcase_add_test(tests, many_rows_are_nearly_normal);
    tcase_add_test(tests, quantiles_are_those_of_tables);
    tcase_add_test(tests, quantiles_fall_smoothly);
    tcase_add_test(tests, a_mean_has_its_interval);
    suite_add_tcase(suite, tests);
    return run_suite(suite, CK_FORK_GETENV);
}
