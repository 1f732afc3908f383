/** @file
 *  The wish to stop: signals, and a limit of time. Each test is a process of
 *  its own, because the wish stays.
 */
#include <check.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "run_suite.h"
#include "system/stop.h"

static const int signals[] = {SIGTERM, SIGINT, SIGUSR1, SIGHUP};
enum { SIGNALS = sizeof signals / sizeof signals[0] };

/* Wait as long as a wish is the same wish again, and a little longer. */
static void wait_for_second_wish(void)
{
    usleep(1100000);
}

START_TEST(nobody_wants_to_stop_at_first)
{
    mlp_stop_listen();
    ck_assert(!mlp_stop_is_wanted());
    mlp_stop_limit(0.0);
    mlp_stop_reserve(1e9);
    ck_assert(!mlp_stop_is_wanted());
}
END_TEST

START_TEST(signal_asks)
{
    mlp_stop_listen();
    raise(signals[_i]);
    ck_assert(mlp_stop_is_wanted());
    ck_assert(mlp_stop_was_asked());
}
END_TEST

START_TEST(wish_that_comes_twice_is_one)
{
    mlp_stop_listen();
    for (size_t i = 0; i < SIGNALS; i++) {
        raise(signals[i]);
        raise(signals[i]);
    }
    ck_assert(mlp_stop_is_wanted());
}
END_TEST

START_TEST(second_wish_ends_the_process)
{
    mlp_stop_listen();
    raise(SIGUSR1);
    wait_for_second_wish();
    raise(signals[_i]); /* the harness expects to die of it */
}
END_TEST

START_TEST(run_under_nohup_outlives_its_terminal)
{
    signal(SIGHUP, SIG_IGN);
    mlp_stop_listen();
    raise(SIGHUP);
    ck_assert(!mlp_stop_is_wanted());
    raise(SIGTERM);
    ck_assert(mlp_stop_is_wanted());
}
END_TEST

START_TEST(limit_asks_when_its_reserve_is_left)
{
    mlp_stop_listen();
    mlp_stop_limit(1000.0);
    mlp_stop_reserve(900.0);
    ck_assert(!mlp_stop_is_wanted());
    mlp_stop_reserve(1000.0);
    ck_assert(mlp_stop_is_wanted());
    ck_assert(!mlp_stop_was_asked());
    mlp_stop_reserve(0.0);
    ck_assert(mlp_stop_is_wanted());
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
    suite_add_tcase(suite, tests);
    return run_suite(suite, CK_FORK);
}
