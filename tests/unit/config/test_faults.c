/** @file
 *  Tests of faults that are reported together.
 */
#include "config/faults.h"

#include <check.h>
#include <string.h>

#include "run_suite.h"

START_TEST(no_fault_is_no_failure)
{
    mlp_faults faults = {.first = MLP_OK};
    mlp_faults_add(&faults, MLP_OK);
    ck_assert_int_eq(mlp_faults_end(&faults), MLP_OK);
}
END_TEST

START_TEST(faults_are_joined_and_the_first_gives_the_status)
{
    mlp_faults faults = {.first = MLP_OK};
    mlp_faults_add(&faults, mlp_fail(MLP_ERROR_MISSING, "one"));
    mlp_faults_add(&faults, MLP_OK);
    mlp_faults_add(&faults, mlp_fail(MLP_ERROR_USAGE, "two"));
    mlp_fail(MLP_ERROR_IO, "something else");
    ck_assert_int_eq(mlp_faults_end(&faults), MLP_ERROR_MISSING);
    ck_assert_str_eq(mlp_failure(), "one; two");
}
END_TEST

START_TEST(the_same_text_is_reported_once)
{
    mlp_faults faults = {.first = MLP_OK};
    mlp_faults_add(&faults, mlp_fail(MLP_ERROR_USAGE, "one"));
    mlp_faults_add(&faults, mlp_fail(MLP_ERROR_USAGE, "one"));
    mlp_faults_end(&faults);
    ck_assert_str_eq(mlp_failure(), "one");
}
END_TEST

START_TEST(too_many_faults_are_cut)
{
    mlp_faults faults = {.first = MLP_OK};
    for (int i = 0; i < 500; i++) {
        mlp_faults_add(&faults, mlp_fail(MLP_ERROR_USAGE, "fault %d", i));
    }
    ck_assert_int_eq(mlp_faults_end(&faults), MLP_ERROR_USAGE);
    ck_assert_uint_lt(strlen(mlp_failure()), MLP_FAILURE_MAX);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("faults");
    TCase *tests = tcase_create("faults");
    tcase_add_test(tests, no_fault_is_no_failure);
    tcase_add_test(tests, faults_are_joined_and_the_first_gives_the_status);
    tcase_add_test(tests, the_same_text_is_reported_once);
    tcase_add_test(tests, too_many_faults_are_cut);
    suite_add_tcase(suite, tests);
    return run_suite(suite, CK_FORK_GETENV);
}
