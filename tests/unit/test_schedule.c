/** @file
 *  The learning rate over the course of a run.
 */
#include <check.h>
#include <stdlib.h>

#include "mlp/schedule.h"

#include "run_suite.h"

static double rate(mlp_schedule schedule, uint64_t step)
{
    mlp_config config;
    mlp_config_init(&config);
    config.lr = 0.5;
    config.schedule = schedule;
    return mlp_schedule_lr(&config, step, 100);
}

START_TEST(constant_stays)
{
    ck_assert_double_eq(rate(MLP_SCHEDULE_CONSTANT, 0), 0.5);
    ck_assert_double_eq(rate(MLP_SCHEDULE_CONSTANT, 99), 0.5);
}
END_TEST

START_TEST(linear_goes_down_to_one_step_above_zero)
{
    ck_assert_double_eq(rate(MLP_SCHEDULE_LINEAR, 0), 0.5);
    ck_assert_double_eq(rate(MLP_SCHEDULE_LINEAR, 50), 0.25);
    ck_assert_double_eq_tol(rate(MLP_SCHEDULE_LINEAR, 99), 0.005, 1e-16);
    ck_assert_double_eq(rate(MLP_SCHEDULE_LINEAR, 101), 0.0);
}
END_TEST

START_TEST(cosine_is_halfway_in_the_middle_and_flat_at_both_ends)
{
    ck_assert_double_eq(rate(MLP_SCHEDULE_COSINE, 0), 0.5);
    ck_assert_double_eq(rate(MLP_SCHEDULE_COSINE, 50), 0.25);
    ck_assert_double_gt(rate(MLP_SCHEDULE_COSINE, 10), 0.487);
    ck_assert_double_lt(rate(MLP_SCHEDULE_COSINE, 99), 0.0002);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("schedule");
    TCase *tests = tcase_create("schedule");
    tcase_add_test(tests, constant_stays);
    tcase_add_test(tests, linear_goes_down_to_one_step_above_zero);
    tcase_add_test(tests,
                   cosine_is_halfway_in_the_middle_and_flat_at_both_ends);
    suite_add_tcase(suite, tests);
    return run_suite(suite, CK_FORK_GETENV);
}
