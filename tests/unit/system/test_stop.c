/** @file
 *  Tests of requests to stop: signals, and the time limit. Each test is a
 *  process of its own, because a request remains.
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

/* Wait a little longer than signals count as the same request. */
static void wait_for_second_wish(void)
{
    usleep(1100000);
}

START_TEST(no_stop_is_wanted_at_first)
{
    mlp_stop_init(&stop);
    mlp_stop_listen(&stop);
    ck_assert(!mlp_stop_is_wanted(&stop));
    mlp_stop_limit(&stop, 0.0);
    mlp_stop_reserve(&stop, 1e9);
    ck_assert(!mlp_stop_is_wanted(&stop));
}
END_TEST

START_TEST(signal_requests_a_stop)
{
    mlp_stop_init(&stop);
    mlp_stop_listen(&stop);
    raise(signals[_i]);
    ck_assert(mlp_stop_is_wanted(&stop));
    ck_assert(mlp_stop_was_asked(&stop));
}
END_TEST

START_TEST(repeated_signal_is_one_request)
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

START_TEST(second_request_ends_the_process)
{
    mlp_stop_init(&stop);
    mlp_stop_listen(&stop);
    raise(SIGUSR1);
    wait_for_second_wish();
    raise(signals[_i]); /* the test expects this signal to end it */
}
END_TEST

START_TEST(sighup_is_ignored_under_nohup)
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

START_TEST(limit_requests_a_stop_before_the_reserve)
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

START_TEST(a_thread_requests_one_stop_only)
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
    tcase_add_test(tests, no_stop_is_wanted_at_first);
    tcase_add_loop_test(tests, signal_requests_a_stop, 0, SIGNALS);
    tcase_add_test(tests, repeated_signal_is_one_request);
    for (int i = 0; i < SIGNALS; i++) {
        tcase_add_loop_test_raise_signal(tests, second_request_ends_the_process,
                                         signals[i], i, i + 1);
    }
    tcase_add_test(tests, sighup_is_ignored_under_nohup);
    tcase_add_test(tests, limit_requests_a_stop_before_the_reserve);
    tcase_add_test(tests, a_thread_requests_one_stop_only);
    suite_add_tcase(suite, tests);
    return run_suite(suite, CK_FORK);
}
