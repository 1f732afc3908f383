/** @file
 *  Tests of waiting at gates.
 */
#include "system/wait.h"

#include <check.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "run_suite.h"

enum { ROUNDS = 2000, PROCESSES = 3 };

START_TEST(a_gate_of_one_is_a_flag_that_may_wrap)
{
    mlp_gate gate = {.passed = UINT32_MAX - 1};
    mlp_gate_wait(&gate, UINT32_MAX - 2);
    for (uint32_t ticket = UINT32_MAX; ticket != 3; ticket++) {
        ck_assert_uint_eq(mlp_gate_ticket(&gate), ticket);
        ck_assert(!mlp_gate_has_passed(&gate, ticket));
        ck_assert_uint_eq(mlp_gate_arrive(&gate, 1), ticket);
        ck_assert(mlp_gate_has_passed(&gate, ticket));
        mlp_gate_wait(&gate, ticket);
        mlp_gate_wait(&gate, UINT32_MAX - 1);
    }
    ck_assert_uint_eq(gate.sleepers, 0);
}
END_TEST

typedef struct {
    mlp_gate ping, pong;
    uint32_t message; /* written before each ping, read after it */
} table;

static void return_pings(table *t)
{
    uint32_t wrong = 0;
    for (uint32_t i = 1; i <= ROUNDS; i++) {
        mlp_gate_wait(&t->ping, i);
        wrong += t->message != i;
        if (i % 500 == 0) {
            usleep(1000); /* until the other side sleeps */
        }
        mlp_gate_arrive(&t->pong, 1);
    }
    _exit(wrong == 0 ? EXIT_SUCCESS : EXIT_FAILURE);
}

START_TEST(flags_work_between_processes)
{
    table *t = mmap(NULL, sizeof *t, PROT_READ | PROT_WRITE,
                    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    ck_assert(t != MAP_FAILED);
    t->ping.is_crowded = _i == 1;
    t->pong.is_crowded = _i == 2;
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
        mlp_gate_arrive(&t->ping, 1);
        mlp_gate_wait(&t->pong, i);
    }
    int status;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_int_eq(status, 0);
    munmap(t, sizeof *t);
}
END_TEST

/* Shared by processes: each writes its own mark between two meetings. */
typedef struct {
    mlp_gate gate;
    uint32_t marks[PROCESSES], wrong[PROCESSES];
} hall;

/* Arrive, do other work, wait: then all marks are of this round. */
static void meet_often(hall *h, size_t self)
{
    for (uint32_t round = 1; round <= ROUNDS; round++) {
        h->marks[self] = round;
        uint32_t ticket = mlp_gate_arrive(&h->gate, PROCESSES);
        if (round % 500 == 100 * self) {
            usleep(1000); /* until the others sleep */
        }
        mlp_gate_wait(&h->gate, ticket);
        for (size_t i = 0; i < PROCESSES; i++) {
            h->wrong[self] += h->marks[i] != round;
        }
        mlp_gate_meet(&h->gate, PROCESSES);
    }
}

/* Tickets count meetings, also across a wrap. */
START_TEST(a_gate_keeps_processes_in_step)
{
    hall *h = mmap(NULL, sizeof *h, PROT_READ | PROT_WRITE,
                   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    ck_assert(h != MAP_FAILED);
    h->gate.passed = UINT32_MAX - ROUNDS;
    h->gate.is_crowded = _i == 1;
    pid_t children[PROCESSES];
    for (size_t i = 1; i < PROCESSES; i++) {
        children[i] = fork();
        ck_assert_int_ge(children[i], 0);
        if (children[i] == 0) {
            meet_often(h, i);
            _exit(EXIT_SUCCESS);
        }
    }
    meet_often(h, 0);
    for (size_t i = 0; i < PROCESSES; i++) {
        int status = 0;
        if (i > 0) {
            ck_assert_int_eq(waitpid(children[i], &status, 0), children[i]);
        }
        ck_assert_int_eq(status, 0);
        ck_assert_uint_eq(h->wrong[i], 0);
    }
    ck_assert_uint_eq(h->gate.passed,
                      UINT32_MAX - ROUNDS + 2 * (uint32_t)ROUNDS);
    munmap(h, sizeof *h);
}
END_TEST

START_TEST(arriving_does_not_wait)
{
    mlp_gate gate = {0};
    uint32_t ticket = mlp_gate_arrive(&gate, 2);
    ck_assert_uint_eq(ticket, 1);
    ck_assert_uint_eq(gate.passed, 0);
    ck_assert_uint_eq(mlp_gate_arrive(&gate, 2), 1);
    mlp_gate_wait(&gate, ticket);
    ck_assert_uint_eq(gate.passed, 1);
    ck_assert_uint_eq(gate.arrived, 0);
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("wait");
    tcase_set_timeout(tests, 30);
    tcase_add_test(tests, a_gate_of_one_is_a_flag_that_may_wrap);
    tcase_add_loop_test(tests, flags_work_between_processes, 0, 3);
    tcase_add_loop_test(tests, a_gate_keeps_processes_in_step, 0, 2);
    tcase_add_test(tests, arriving_does_not_wait);
    Suite *suite = suite_create("wait");
    suite_add_tcase(suite, tests);
    return run_suite(suite, CK_FORK_GETENV);
}
