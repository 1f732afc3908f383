/** @file
 *  The wish to stop: signals, and a limit of time. Each test is a process of
 *  its own, because the wish stays.
 */
#include <check.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "run_suite.h"
#include "system/stop.h"

static const int signals[] = {SIGTERM, SIGINT, SIGUSR1, SIGHUP};
enum { SIGNALS = sizeof signals / sizeof signals[0] };

static mlp_stop stop;

/* Wait as long as a wish is the same wish again, and a little longer. */
static void wait_for_second_wish(void)
{
    usleep(1100000);
}

START_TEST(nobody_wants_to_stop_at_first)
{
    mlp_stop_init(&stop);
    mlp_stop_listen(&stop);
    ck_assert(!mlp_stop_is_wanted(&stop));
    mlp_stop_limit(&stop, 0.0);
    mlp_stop_reserve(&stop, 1e9);
    ck_assert(!mlp_stop_is_wanted(&stop));
}
END_TEST

START_TEST(signal_asks)
{
    mlp_stop_init(&stop);
    mlp_stop_listen(&stop);
    raise(signals[_i]);
    ck_assert(mlp_stop_is_wanted(&stop));
    ck_assert(mlp_stop_was_asked(&stop));
}
END_TEST

START_TEST(wish_that_comes_twice_is_one)
{
    mlp_stop_init(&stop);
    mlp_stop_listen(&stop);
    for (size_t i = 0; i < SIGNALS; i++) {
        raise(signals[i]);
        raise(signals[i]);
    }
    ck_assert(mlp_stop_is_wanted(&stop));
}
END_TEST

START_TEST(second_wish_ends_the_process)
{
    mlp_stop_init(&stop);
    mlp_stop_listen(&stop);
    raise(SIGUSR1);
    wait_for_second_wish();
    raise(signals[_i]); /* the harness expects to die of it */
}
END_TEST

START_TEST(run_under_nohup_outlives_its_terminal)
{
    signal(SIGHUP, SIG_IGN);
    mlp_stop_init(&stop);
    mlp_stop_listen(&stop);
    raise(SIGHUP);
    ck_assert(!mlp_stop_is_wanted(&stop));
    raise(SIGTERM);
    ck_assert(mlp_stop_is_wanted(&stop));
}
END_TEST

START_TEST(limit_asks_when_its_reserve_is_left)
{
    mlp_stop_init(&stop);
    mlp_stop_listen(&stop);
    mlp_stop_limit(&stop, 1000.0);
    mlp_stop_reserve(&stop, 900.0);
    ck_assert(!mlp_stop_is_wanted(&stop));
    mlp_stop_reserve(&stop, 1000.0);
    ck_assert(mlp_stop_is_wanted(&stop));
    ck_assert(!mlp_stop_was_asked(&stop));
    mlp_stop_reserve(&stop, 0.0);
    ck_assert(mlp_stop_is_wanted(&stop));
}
END_TEST

static void *ask(void *one)
{
    mlp_stop_ask(one);
    return NULL;
}

START_TEST(another_thread_asks_one_and_leaves_the_others)
{
    mlp_stop other;
    pthread_t thread;
    mlp_stop_init(&stop);
    mlp_stop_init(&other);
    ck_assert_int_eq(pthread_create(&thread, NULL, ask, &other), 0);
    pthread_join(thread, NULL);
    ck_assert(mlp_stop_was_asked(&other));
    ck_assert(mlp_stop_is_wanted(&other));
    ck_assert(!mlp_stop_is_wanted(&stop));
    ck_assert(!mlp_stop_is_wanted(NULL));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("stop");
    TCase *tests = tcase_create("stop");
    tcase_add_test(tests, nobody_wants_to_stop_at_first);
    tcase_add_loop_test(tests, signal_asks, 0, SIGNALS);
    tcase_add_test(tests, wish_that_comes_twice_is_one);
    for (int i = 0; i < SIGNALS; i++) {
        tcase_add_loop_test_raise_signal(tests, second_wish_ends_the_process,
                                         signals[i], i, i + 1);
    }
    tcase_add_test(tests, run_under_nohup_outlives_its_terminal);
    tcase_add_test(tests, limit_asks_when_its_reserve_is_left);
    tcase_add_test(tests, another_thread_asks_one_and_leaves_the_others);
    suite_add_tcase(suite, tests);
    return run_suite(suite, CK_FORK);
}
