/** @file
 *  Tests of the learning-rate schedules.
 */
#include <check.h>
#include <stdlib.h>

#include "optim/schedule.h"

#include "run_suite.h"

static mlp_config config;

/* 10 epochs of 10 steps. */
static void begin(void)
{
    mlp_config_init(&config);
    config.lr = 0.5;
    config.epochs = 10;
}

static double rate(mlp_schedule schedule, uint64_t step)
{
    config.schedule = schedule;
    return mlp_schedule_lr(&config, step, 10);
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

START_TEST(steps_go_down_by_gamma)
{
    config.gamma = 0.5;
    config.lr_every = (mlp_interval){.count = 2};
    ck_assert_double_eq(rate(MLP_SCHEDULE_STEP, 19), 0.5);
    ck_assert_double_eq(rate(MLP_SCHEDULE_STEP, 20), 0.25);
    ck_assert_double_eq(rate(MLP_SCHEDULE_STEP, 99), 0.03125);
    config.lr_every = (mlp_interval){.count = 3, .counts_steps = true};
    ck_assert_double_eq(rate(MLP_SCHEDULE_STEP, 2), 0.5);
    ck_assert_double_eq(rate(MLP_SCHEDULE_STEP, 6), 0.125);
}
END_TEST

START_TEST(exponential_goes_down_each_epoch)
{
    config.gamma = 0.5;
    ck_assert_double_eq(rate(MLP_SCHEDULE_EXPONENTIAL, 9), 0.5);
    ck_assert_double_eq(rate(MLP_SCHEDULE_EXPONENTIAL, 10), 0.25);
    ck_assert_double_eq(rate(MLP_SCHEDULE_EXPONENTIAL, 35), 0.0625);
}
END_TEST

START_TEST(one_cycle_goes_up_and_down)
{
    ck_assert_double_eq_tol(rate(MLP_SCHEDULE_ONE_CYCLE, 0), 0.02, 1e-12);
    ck_assert_double_eq_tol(rate(MLP_SCHEDULE_ONE_CYCLE, 15), 0.26, 1e-12);
    ck_assert_double_eq(rate(MLP_SCHEDULE_ONE_CYCLE, 30), 0.5);
    ck_assert_double_eq_tol(rate(MLP_SCHEDULE_ONE_CYCLE, 65), 0.250001, 1e-12);
    ck_assert_double_eq_tol(rate(MLP_SCHEDULE_ONE_CYCLE, 100), 2e-6, 1e-12);
}
END_TEST

START_TEST(warm_up_rises_along_a_line_and_the_schedule_follows)
{
    config.warmup = (mlp_interval){.count = 20, .counts_steps = true};
    ck_assert_double_eq(rate(MLP_SCHEDULE_LINEAR, 0), 0.025);
    ck_assert_double_eq(rate(MLP_SCHEDULE_LINEAR, 9), 0.25);
    ck_assert_double_eq(rate(MLP_SCHEDULE_LINEAR, 19), 0.5);
    ck_assert_double_eq(rate(MLP_SCHEDULE_LINEAR, 20), 0.5);
    ck_assert_double_eq(rate(MLP_SCHEDULE_LINEAR, 60), 0.25);
    config.warmup = (mlp_interval){.count = 2};
    ck_assert_double_eq(rate(MLP_SCHEDULE_LINEAR, 9), 0.25);
}
END_TEST

START_TEST(a_segment_begins_anew_and_ends_with_the_epochs)
{
    config.schedule_start = 60;
    ck_assert_double_eq(rate(MLP_SCHEDULE_LINEAR, 60), 0.5);
    ck_assert_double_eq(rate(MLP_SCHEDULE_LINEAR, 80), 0.25);
    ck_assert_double_eq(rate(MLP_SCHEDULE_COSINE, 80), 0.25);
    config.warmup = (mlp_interval){.count = 4, .counts_steps = true};
    ck_assert_double_eq(rate(MLP_SCHEDULE_LINEAR, 60), 0.125);
    ck_assert_double_eq(rate(MLP_SCHEDULE_LINEAR, 64), 0.5);
}
END_TEST

START_TEST(the_rate_grows_with_the_batch)
{
    config.batch = 512;
    ck_assert_double_eq(rate(MLP_SCHEDULE_CONSTANT, 0), 0.5);
    config.lr_scale = MLP_LR_SCALE_LINEAR;
    ck_assert_double_eq(rate(MLP_SCHEDULE_CONSTANT, 0), 2.0);
    config.lr_scale = MLP_LR_SCALE_SQRT;
    ck_assert_double_eq(rate(MLP_SCHEDULE_CONSTANT, 0), 1.0);
    config.accumulate = 4; /* makes the batch larger */
    ck_assert_double_eq(rate(MLP_SCHEDULE_CONSTANT, 0), 2.0);
}
END_TEST

START_TEST(powers_are_products)
{
    ck_assert_double_eq(mlp_schedule_power(0.3, 0), 1.0);
    ck_assert_double_eq(mlp_schedule_power(3.0, 5), 243.0);
    ck_assert_double_eq(mlp_schedule_power(0.5, 2000), 0.0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("schedule");
    TCase *tests = tcase_create("schedule");
    tcase_add_checked_fixture(tests, begin, NULL);
    tcase_add_test(tests, constant_stays);
    tcase_add_test(tests, steps_go_down_by_gamma);
    tcase_add_test(tests, exponential_goes_down_each_epoch);
    tcase_add_test(tests, one_cycle_goes_up_and_down);
    tcase_add_test(tests, warm_up_rises_along_a_line_and_the_schedule_follows);
    tcase_add_test(tests, a_segment_begins_anew_and_ends_with_the_epochs);
    tcase_add_test(tests, the_rate_grows_with_the_batch);
    tcase_add_test(tests, powers_are_products);
    tcase_add_test(tests, linear_goes_down_to_one_step_above_zero);
    tcase_add_test(tests,
                   cosine_is_halfway_in_the_middle_and_flat_at_both_ends);
    suite_add_tcase(suite, tests);
    return run_suite(suite, CK_FORK_GETENV);
}
