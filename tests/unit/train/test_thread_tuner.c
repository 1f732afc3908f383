/** @file
 *  The thread tuner: fewer threads when waiting prevails, back when it does
 * not.
 */
#include <check.h>
#include <stdlib.h>

#include "run_suite.h"
#include "train/thread_tuner.h"

/* Run `steps` steps on a made-up machine whose steps take seconds[count], of
 * which waits[count] is waiting. */
static void run(mlp_thread_tuner *tuner, size_t steps, const double *seconds,
                const double *waits)
{
    for (size_t i = 0; i < steps; i++) {
        mlp_thread_tuner_note(tuner, seconds[tuner->count],
                              waits[tuner->count] * seconds[tuner->count]);
    }
}

START_TEST(threads_that_work_stay)
{
    const double seconds[] = {0, 2.0, 1.0}, waits[] = {0, 0.0, 0.2};
    mlp_thread_tuner tuner;
    mlp_thread_tuner_init(&tuner, 2);
    for (size_t i = 0; i < 1000; i++) {
        run(&tuner, 1, seconds, waits);
        ck_assert_uint_eq(tuner.count, 2);
    }
}
END_TEST

START_TEST(threads_that_wait_make_way_if_fewer_are_faster)
{
    const double seconds[] = {0, 1.0, 3.0, 0, 9.0};
    const double waits[] = {0, 0, 0.8, 0, 0.9};
    mlp_thread_tuner tuner;
    mlp_thread_tuner_init(&tuner, 4);
    run(&tuner, 200, seconds, waits);
    ck_assert_uint_eq(tuner.count, 1);
}
END_TEST

START_TEST(threads_that_wait_stay_if_fewer_are_no_faster)
{
    const double seconds[] = {0, 1.0, 1.0}, waits[] = {0, 0.0, 0.6};
    mlp_thread_tuner tuner;
    size_t on_one = 0;
    mlp_thread_tuner_init(&tuner, 2);
    for (size_t i = 0; i < 10000; i++) {
        run(&tuner, 1, seconds, waits);
        on_one += tuner.count == 1;
    }
    ck_assert_uint_eq(tuner.count, 2);
    /* it tries again, less and less often */
    ck_assert_uint_gt(on_one, 0);
    ck_assert_uint_lt(on_one, 200);
}
END_TEST

START_TEST(threads_come_back_when_the_cores_are_free_again)
{
    const double busy[] = {0, 1.0, 9.0}, waiting[] = {0, 0.0, 0.9};
    const double idle[] = {0, 1.0, 0.55}, little[] = {0, 0.0, 0.1};
    mlp_thread_tuner tuner;
    mlp_thread_tuner_init(&tuner, 2);
    run(&tuner, 300, busy, waiting);
    ck_assert_uint_eq(tuner.count, 1);
    run(&tuner, 3000, idle, little);
    ck_assert_uint_eq(tuner.count, 2);
}
END_TEST

START_TEST(three_threads_come_back_to_three)
{
    const double busy[] = {0, 1.0, 9.0, 9.0}, waiting[] = {0, 0, 0.9, 0.9};
    const double idle[] = {0, 1.0, 0.5, 0.34}, none[] = {0, 0, 0, 0};
    mlp_thread_tuner tuner;
    mlp_thread_tuner_init(&tuner, 3);
    run(&tuner, 300, busy, waiting);
    ck_assert_uint_eq(tuner.count, 1);
    run(&tuner, 5000, idle, none);
    ck_assert_uint_eq(tuner.count, 3);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("thread_tuner");
    TCase *tests = tcase_create("tuner");
    tcase_add_test(tests, threads_that_work_stay);
    tcase_add_test(tests, threads_that_wait_make_way_if_fewer_are_faster);
    tcase_add_test(tests, threads_that_wait_stay_if_fewer_are_no_faster);
    tcase_add_test(tests, threads_come_back_when_the_cores_are_free_again);
    tcase_add_test(tests, three_threads_come_back_to_three);
    suite_add_tcase(suite, tests);
    return run_suite(suite, CK_FORK_GETENV);
}
