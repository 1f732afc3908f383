/** @file
 *  Tests of the crew: barrier, counters, shares.
 */
#define _GNU_SOURCE /* cpu_set_t */
#include "system/threads.h"

#include <check.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "run_suite.h"

enum { THREADS_MAX = 8, ROUNDS = 2000 };

typedef struct {
    int ran[THREADS_MAX]; /* times that each thread ran */
    size_t count;         /* of the crew, as thread 0 saw it */
} roll_call;

static void answer_roll_call(void *context, mlp_thread self)
{
    roll_call *call = context;
    call->ran[self.index]++;
    if (self.index == 0) {
        call->count = self.count;
    }
}

START_TEST(every_thread_of_a_crew_runs_once)
{
    roll_call call = {0};
    mlp_threads_run((size_t)_i, answer_roll_call, &call);
    ck_assert_uint_eq(call.count, (size_t)_i);
    for (int i = 0; i < THREADS_MAX; i++) {
        ck_assert_int_eq(call.ran[i], i < _i ? 1 : 0);
    }
}
END_TEST

typedef struct {
    int round[THREADS_MAX]; /* that each thread is in */
    int violations[THREADS_MAX];
} march;

/* Between two barriers nobody may be seen in another round. */
static void march_in_step(void *context, mlp_thread self)
{
    march *m = context;
    for (int round = 1; round <= ROUNDS; round++) {
        m->round[self.index] = round;
        mlp_thread_barrier(self);
        for (size_t i = 0; i < self.count; i++) {
            m->violations[self.index] += m->round[i] != round;
        }
        mlp_thread_barrier(self);
    }
}

START_TEST(barrier_keeps_a_crew_in_step)
{
    march m = {0};
    mlp_threads_run((size_t)_i, march_in_step, &m);
    for (int i = 0; i < _i; i++) {
        ck_assert_int_eq(m.round[i], ROUNDS);
        ck_assert_int_eq(m.violations[i], 0);
    }
}
END_TEST

/* One late thread: the others have gone to sleep when it arrives. */
static void arrive_late(void *context, mlp_thread self)
{
    int *passed = context;
    if (self.index == 0) {
        usleep(20000);
    }
    mlp_thread_barrier(self);
    passed[self.index] = 1;
}

START_TEST(barrier_wakes_threads_that_sleep)
{
    int passed[4] = {0};
    mlp_threads_run(4, arrive_late, passed);
    for (int i = 0; i < 4; i++) {
        ck_assert_int_eq(passed[i], 1);
    }
}
END_TEST

START_TEST(wait_returns_at_once_when_the_target_is_reached)
{
    mlp_counter counter = {0};
    mlp_wait_until(&counter, 0, false);
    mlp_wait_add(&counter, 3, 3);
    mlp_wait_until(&counter, 2, false);
    mlp_wait_until(&counter, 3, true);
    ck_assert_uint_eq(counter.value, 3);
    ck_assert_uint_eq(counter.sleepers, 0);
}
END_TEST

START_TEST(counter_may_wrap)
{
    mlp_counter counter = {.value = UINT32_MAX - 1};
    mlp_wait_until(&counter, UINT32_MAX - 2, false);
    mlp_wait_add(&counter, 3, 1);
    ck_assert_uint_eq(counter.value, 1);
    mlp_wait_until(&counter, UINT32_MAX, false);
    mlp_wait_until(&counter, 1, false);
}
END_TEST

typedef struct {
    mlp_counter ping, pong;
    uint32_t message; /* written before each ping, read after it */
} table;

static void return_pings(table *t)
{
    uint32_t wrong = 0;
    for (uint32_t i = 1; i <= ROUNDS; i++) {
        mlp_wait_until(&t->ping, i, i % 2);
        wrong += t->message != i;
        if (i % 500 == 0) {
            usleep(1000); /* let the other side fall asleep */
        }
        mlp_wait_add(&t->pong, 1, i);
    }
    _exit(wrong == 0 ? EXIT_SUCCESS : EXIT_FAILURE);
}

START_TEST(counters_work_between_processes)
{
    table *t = mmap(NULL, sizeof *t, PROT_READ | PROT_WRITE,
                    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    ck_assert(t != MAP_FAILED);
    pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        return_pings(t);
    }
    for (uint32_t i = 1; i <= ROUNDS; i++) {
        if (i % 300 == 0) {
            usleep(1000);
        }
        t->message = i;
        mlp_wait_add(&t->ping, 1, i);
        mlp_wait_until(&t->pong, i, i % 3 == 0);
    }
    int status;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_int_eq(status, 0);
    munmap(t, sizeof *t);
}
END_TEST

START_TEST(shares_tile_the_work)
{
    for (size_t total = 0; total < 20; total++) {
        size_t next = 0;
        for (size_t i = 0; i < 3; i++) {
            mlp_range share = mlp_thread_share((mlp_thread){i, 3, NULL}, total);
            ck_assert_uint_eq(share.first, next);
            next += share.count;
        }
        ck_assert_uint_eq(next, total);
    }
}
END_TEST

START_TEST(cores_are_those_the_process_may_use)
{
    size_t cores = mlp_threads_cores();
    ck_assert_uint_ge(cores, 1);
    cpu_set_t all;
    cpu_set_t one;
    ck_assert_int_eq(sched_getaffinity(0, sizeof all, &all), 0);
    size_t first = 0;
    while (!CPU_ISSET(first, &all)) {
        first++;
    }
    CPU_ZERO(&one);
    CPU_SET(first, &one);
    ck_assert_int_eq(sched_setaffinity(0, sizeof one, &one), 0);
    ck_assert_uint_eq(mlp_threads_cores(), 1);
    ck_assert_uint_eq(mlp_threads_fair(1), 1);
    ck_assert_int_eq(sched_setaffinity(0, sizeof all, &all), 0);
    ck_assert_uint_eq(mlp_threads_fair(1), cores);
    ck_assert_uint_eq(mlp_threads_fair(100000), 0);
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("threads");
    tcase_set_timeout(tests, 30);
    tcase_add_loop_test(tests, every_thread_of_a_crew_runs_once, 1,
                        THREADS_MAX + 1);
    tcase_add_loop_test(tests, barrier_keeps_a_crew_in_step, 1,
                        THREADS_MAX + 1);
    tcase_add_test(tests, barrier_wakes_threads_that_sleep);
    tcase_add_test(tests, wait_returns_at_once_when_the_target_is_reached);
    tcase_add_test(tests, counter_may_wrap);
    tcase_add_test(tests, counters_work_between_processes);
    tcase_add_test(tests, shares_tile_the_work);
    tcase_add_test(tests, cores_are_those_the_process_may_use);
    Suite *suite = suite_create("threads");
    suite_add_tcase(suite, tests);
    return run_suite(suite, CK_FORK_GETENV);
}
