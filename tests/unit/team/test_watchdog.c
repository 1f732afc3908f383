/** @file
 *  Tests of the watchdog's report: which rank is stuck, and the text.
 */
#include <check.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "team/watchdog.h"
#include "team/watchdog_report.h"

#include "run_suite.h"

/* Rank r of a team in step 52, waiting for others. */
static mlp_rank_state waiting(size_t rank)
{
    return (mlp_rank_state){.rank = rank,
                            .is_waiting = true,
                            .beats = 100,
                            .step = 52,
                            .phase = MLP_PULSE_TRAIN};
}

START_TEST(a_stopped_rank_is_reported_before_a_slow_one)
{
    mlp_rank_state all[] = {waiting(0), waiting(1), waiting(2)};
    all[0].is_waiting = false;
    all[0].step = 3;
    all[2].process = MLP_PROCESS_STOPPED;
    ck_assert_uint_eq(mlp_rank_states_stuck(all, 3), 2);
    all[2].process = MLP_PROCESS_GONE;
    ck_assert_uint_eq(mlp_rank_states_stuck(all, 3), 2);
}
END_TEST

START_TEST(of_ranks_that_do_not_wait_the_last_is_reported)
{
    mlp_rank_state all[] = {waiting(0), waiting(1), waiting(2)};
    all[0].is_waiting = all[2].is_waiting = false;
    all[0].step = 53;
    ck_assert_uint_eq(mlp_rank_states_stuck(all, 3), 2);
    all[2].step = 53;
    all[2].beats = 101;
    ck_assert_uint_eq(mlp_rank_states_stuck(all, 3), 0);
}
END_TEST

START_TEST(no_rank_is_stuck_when_all_wait)
{
    const mlp_rank_state all[] = {waiting(4), waiting(5)};
    char line[200];
    ck_assert_uint_eq(mlp_rank_states_stuck(all, 2), 2);
    mlp_rank_states_describe(all, 2, line, sizeof line);
    ck_assert_str_eq(line, "rank 4-5: waiting for others, training, step 52");
}
END_TEST

START_TEST(ranks_of_one_state_are_listed_together)
{
    mlp_rank_state all[] = {waiting(0), waiting(1), waiting(2), waiting(3),
                            waiting(4)};
    char line[300];
    all[2].process = MLP_PROCESS_STOPPED;
    all[2].is_waiting = false;
    all[2].step = 51;
    all[4].is_waiting = false;
    all[4].step = 0;
    all[4].phase = MLP_PULSE_DATA;
    mlp_rank_states_describe(all, 5, line, sizeof line);
    ck_assert_str_eq(line,
                     "rank 2 is stuck: stopped by a signal, training, step 51; "
                     "rank 0-1,3: waiting for others, training, step 52; "
                     "rank 4: running, reading data");
}
END_TEST

START_TEST(a_line_that_is_too_long_is_cut)
{
    const mlp_rank_state all[] = {waiting(0), waiting(1)};
    for (size_t size = 1; size < 60; size++) {
        char line[64] = "################################################";
        mlp_rank_states_describe(all, 2, line, size);
        ck_assert_uint_lt(strlen(line), size);
    }
}
END_TEST

static void expect_to_become(int pid, mlp_process_state state)
{
    for (int i = 0; i < 500 && mlp_process_state_of(pid) != state; i++) {
        usleep(10000);
    }
    ck_assert_int_eq(mlp_process_state_of(pid), state);
}

START_TEST(stopped_and_ended_processes_are_recognized)
{
    ck_assert_int_eq(mlp_process_state_of(getpid()), MLP_PROCESS_RUNS);
    pid_t pid = fork();
    ck_assert_int_ge(pid, 0);
    while (pid == 0) {
        pause();
    }
    kill(pid, SIGSTOP);
    expect_to_become(pid, MLP_PROCESS_STOPPED);
    kill(pid, SIGKILL);
    expect_to_become(pid, MLP_PROCESS_GONE); /* a zombie */
    waitpid(pid, NULL, 0);
    ck_assert_int_eq(mlp_process_state_of(pid), MLP_PROCESS_GONE);
}
END_TEST

START_TEST(a_team_of_one_has_no_watchdog)
{
    mlp_comm *comm = NULL;
    mlp_watchdog *watchdog = NULL;
    ck_assert_int_eq(mlp_comm_serial_create(&comm), MLP_OK);
    ck_assert_int_eq(mlp_watchdog_create(comm, 600.0, &watchdog), MLP_OK);
    ck_assert_ptr_null(watchdog);
    mlp_watchdog_detach(watchdog);
    mlp_watchdog_destroy(&watchdog);
    mlp_pulse_step(mlp_comm_pulse(comm), 7); /* without a watchdog */
    ck_assert_uint_eq(mlp_comm_pulse(comm)->step, 7);
    mlp_comm_destroy(&comm);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("watchdog");
    TCase *tcase = tcase_create("watchdog");
    tcase_add_test(tcase, a_stopped_rank_is_reported_before_a_slow_one);
    tcase_add_test(tcase, of_ranks_that_do_not_wait_the_last_is_reported);
    tcase_add_test(tcase, no_rank_is_stuck_when_all_wait);
    tcase_add_test(tcase, ranks_of_one_state_are_listed_together);
    tcase_add_test(tcase, a_line_that_is_too_long_is_cut);
    tcase_add_test(tcase, stopped_and_ended_processes_are_recognized);
    tcase_add_test(tcase, a_team_of_one_has_no_watchdog);
    suite_add_tcase(suite, tcase);
    return run_suite(suite, CK_FORK_GETENV);
}
