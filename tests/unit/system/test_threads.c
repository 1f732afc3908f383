/** @file
 *  Tests of a rank's threads: jobs, pool, barrier, ranges, cores.
 */
#define _GNU_SOURCE /* cpu_set_t */
#include "system/threads.h"

#include <check.h>
#include <sched.h>
#include <stdlib.h>
#include <unistd.h>

#include "run_suite.h"

enum { THREADS_MAX = 8, ROUNDS = 2000 };

typedef struct {
    int ran[THREADS_MAX]; /* times that each thread ran */
    size_t count;         /* of threads, from thread 0 */
} roll_call;

static void answer_roll_call(void *context, mlp_thread self)
{
    roll_call *call = context;
    call->ran[self.index]++;
    if (self.index == 0) {
        call->count = self.count;
    }
}

START_TEST(every_thread_runs_once)
{
    roll_call call = {0};
    mlp_threads_run(NULL, (size_t)_i, answer_roll_call, &call);
    ck_assert_uint_eq(call.count, (size_t)_i);
    for (int i = 0; i < THREADS_MAX; i++) {
        ck_assert_int_eq(call.ran[i], i < _i ? 1 : 0);
    }
}
END_TEST

typedef struct {
    int round[THREADS_MAX]; /* of each thread */
    int violations[THREADS_MAX];
} march;

/* Between two barriers all threads must be in one round. */
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

START_TEST(barrier_keeps_threads_in_step)
{
    march m = {0};
    mlp_threads_run(NULL, (size_t)_i, march_in_step, &m);
    for (int i = 0; i < _i; i++) {
        ck_assert_int_eq(m.round[i], ROUNDS);
        ck_assert_int_eq(m.violations[i], 0);
    }
}
END_TEST

/* One late thread: the others sleep when it arrives. */
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
    mlp_threads_run(NULL, 4, arrive_late, passed);
    for (int i = 0; i < 4; i++) {
        ck_assert_int_eq(passed[i], 1);
    }
}
END_TEST

/* Jobs of varying numbers of threads, on a pool. */
typedef struct {
    size_t most;
    uint64_t ran[THREADS_MAX]; /* by each thread, its jobs' numbers */
    uint64_t wanted[THREADS_MAX];
    uint64_t job;
    size_t wrong;
} kept_jobs;

static void add_job(void *context, mlp_thread self)
{
    kept_jobs *jobs = context;
    jobs->ran[self.index] += jobs->job;
    mlp_thread_barrier(self);
}

static void give_jobs(void *context, mlp_threads *threads)
{
    kept_jobs *jobs = context;
    for (jobs->job = 1; jobs->job <= ROUNDS; jobs->job++) {
        size_t count = 1 + jobs->job * 7 % jobs->most;
        for (size_t i = 0; i < count; i++) {
            jobs->wanted[i] += jobs->job;
        }
        if (jobs->job % 400 == 0) {
            usleep(1000); /* until the others sleep */
        }
        mlp_threads_run(threads, count, add_job, jobs);
        for (size_t i = 0; i < jobs->most; i++) {
            jobs->wrong += jobs->ran[i] != jobs->wanted[i];
        }
    }
}

START_TEST(pool_runs_each_job_once)
{
    kept_jobs jobs = {.most = (size_t)_i};
    mlp_threads_lead(jobs.most, give_jobs, &jobs);
    ck_assert_uint_eq(jobs.wrong, 0);
    ck_assert_uint_eq(jobs.job, ROUNDS + 1);
}
END_TEST

static void ask_for_too_many(void *context, mlp_threads *threads)
{
    mlp_threads_run(threads, 4, answer_roll_call, context);
}

/* OpenMP opens no nested region: the job gets one thread. */
START_TEST(a_job_larger_than_the_pool_runs)
{
    roll_call call = {0};
    mlp_threads_lead(2, ask_for_too_many, &call);
    ck_assert_uint_eq(call.count, 1);
    ck_assert_int_eq(call.ran[0], 1);
}
END_TEST

START_TEST(ranges_tile_the_work)
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
    ck_assert_int_eq(sched_setaffinity(0, sizeof all, &all), 0);
    ck_assert_uint_eq(mlp_threads_cores(), cores);
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("threads");
    tcase_set_timeout(tests, 30);
    tcase_add_loop_test(tests, every_thread_runs_once, 1, THREADS_MAX + 1);
    tcase_add_loop_test(tests, barrier_keeps_threads_in_step, 1,
                        THREADS_MAX + 1);
    tcase_add_test(tests, barrier_wakes_threads_that_sleep);
    tcase_add_loop_test(tests, pool_runs_each_job_once, 1, THREADS_MAX + 1);
    tcase_add_test(tests, a_job_larger_than_the_pool_runs);
    tcase_add_test(tests, ranges_tile_the_work);
    tcase_add_test(tests, cores_are_those_the_process_may_use);
    Suite *suite = suite_create("threads");
    suite_add_tcase(suite, tests);
    return run_suite(suite, CK_FORK_GETENV);
}
