/** @file
 *  Tests of the log: which ranks print, and what.
 */
#include "base/log.h"

#include <check.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "run_suite.h"

static FILE *printed; /* stderr of this test; Check forks for each */

static void redirect(void)
{
    printed = tmpfile();
    ck_assert_ptr_nonnull(printed);
    ck_assert_int_ge(dup2(fileno(printed), STDERR_FILENO), 0);
}

static void assert_printed(const char *expected)
{
    char text[4096];
    rewind(printed);
    text[fread(text, 1, sizeof text - 1, printed)] = '\0';
    ck_assert_str_eq(text, expected);
}

START_TEST(rank_0_prints_the_programs_name)
{
    mlp_log_open("mlp_train", 1, 0);
    mlp_log_note("%d shards", 8);
    mlp_log_warning("%s is slow", "np 9");
    assert_printed("mlp_train: 8 shards\nmlp_train: warning: np 9 is slow\n");
}
END_TEST

START_TEST(other_ranks_print_nothing)
{
    mlp_log_open("mlp_train", 0, 0);
    mlp_log_note("a note");
    mlp_log_warning("a warning");
    assert_printed("");
}
END_TEST

START_TEST(quiet_drops_notes_and_keeps_warnings)
{
    mlp_log_open("mlp", 1, 1);
    mlp_log_note("a note");
    mlp_log_warning("a warning");
    assert_printed("mlp: warning: a warning\n");
}
END_TEST

START_TEST(nothing_is_printed_unless_a_program_opens_the_log)
{
    ck_assert_str_eq(mlp_log_name(), "mlp");
    mlp_log_note("a note");
    mlp_log_warning("a warning");
    assert_printed("");
}
END_TEST

/* The line that a thread of this test has logged. */
typedef struct {
    char line[64];
    bool is_warning;
} captured;

static void capture(void *context, bool is_warning, const char *line)
{
    captured *t = context;
    t->is_warning = is_warning;
    snprintf(t->line, sizeof t->line, "%s", line);
}

static void *warn_from_a_thread(void *context)
{
    mlp_log_redirect(capture, context);
    mlp_log_warning("from a thread");
    return NULL;
}

START_TEST(each_thread_redirects_its_own_lines)
{
    captured mine = {0}, other = {0};
    pthread_t thread;
    mlp_log_open("mlp", 1, 0);
    mlp_log_redirect(capture, &mine);
    ck_assert_int_eq(pthread_create(&thread, NULL, warn_from_a_thread, &other),
                     0);
    pthread_join(thread, NULL);
    mlp_log_note("%d rows", 3);
    ck_assert_str_eq(mine.line, "3 rows");
    ck_assert(!mine.is_warning);
    ck_assert_str_eq(other.line, "from a thread");
    ck_assert(other.is_warning);
    assert_printed("");
    mlp_log_redirect(NULL, NULL);
    mlp_log_note("printed again");
    assert_printed("mlp: printed again\n");
}
END_TEST

static int calls;

static void count_call(void *context)
{
    calls += *(int *)context;
}

START_TEST(the_callback_runs_before_each_printed_line)
{
    int step = 10;
    mlp_log_open("mlp", 1, 1);
    mlp_log_before(count_call, &step);
    mlp_log_note("dropped");
    ck_assert_int_eq(calls, 0);
    mlp_log_warning("said");
    mlp_log_warning("said");
    ck_assert_int_eq(calls, 20);
    mlp_log_before(NULL, NULL);
    mlp_log_warning("said");
    ck_assert_int_eq(calls, 20);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("log");
    TCase *tests = tcase_create("log");
    tcase_add_checked_fixture(tests, redirect, NULL);
    tcase_add_test(tests, rank_0_prints_the_programs_name);
    tcase_add_test(tests, other_ranks_print_nothing);
    tcase_add_test(tests, quiet_drops_notes_and_keeps_warnings);
    tcase_add_test(tests, nothing_is_printed_unless_a_program_opens_the_log);
    tcase_add_test(tests, each_thread_redirects_its_own_lines);
    tcase_add_test(tests, the_callback_runs_before_each_printed_line);
    suite_add_tcase(suite, tests);
    return run_suite(suite, CK_FORK_GETENV);
}
