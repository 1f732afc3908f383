/** @file
 *  Who speaks on stderr, and how.
 */
#include "base/log.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "run_suite.h"

static FILE *spoken; /* stderr of this test; Check forks for each */

static void redirect(void)
{
    spoken = tmpfile();
    ck_assert_ptr_nonnull(spoken);
    ck_assert_int_ge(dup2(fileno(spoken), STDERR_FILENO), 0);
}

static void assert_spoken(const char *expected)
{
    char text[4096];
    rewind(spoken);
    text[fread(text, 1, sizeof text - 1, spoken)] = '\0';
    ck_assert_str_eq(text, expected);
}

START_TEST(the_leader_speaks_with_the_programs_name)
{
    mlp_log_open("mlp_train", 1, 0);
    mlp_log_note("%d shards", 8);
    mlp_log_warning("%s is slow", "np 9");
    assert_spoken("mlp_train: 8 shards\nmlp_train: warning: np 9 is slow\n");
}
END_TEST

START_TEST(the_others_are_silent)
{
    mlp_log_open("mlp_train", 0, 0);
    mlp_log_note("a note");
    mlp_log_warning("a warning");
    assert_spoken("");
}
END_TEST

START_TEST(quiet_drops_notes_and_keeps_warnings)
{
    mlp_log_open("mlp", 1, 1);
    mlp_log_note("a note");
    mlp_log_warning("a warning");
    assert_spoken("mlp: warning: a warning\n");
}
END_TEST

START_TEST(before_open_the_name_is_the_projects)
{
    ck_assert_str_eq(mlp_log_name(), "mlp");
    mlp_log_note("early");
    assert_spoken("mlp: early\n");
}
END_TEST

static int calls;

static void count_call(void *context)
{
    calls += *(int *)context;
}

START_TEST(what_is_in_the_way_is_told_before_each_line)
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
    tcase_add_test(tests, the_leader_speaks_with_the_programs_name);
    tcase_add_test(tests, the_others_are_silent);
    tcase_add_test(tests, quiet_drops_notes_and_keeps_warnings);
    tcase_add_test(tests, before_open_the_name_is_the_projects);
    tcase_add_test(tests, what_is_in_the_way_is_told_before_each_line);
    suite_add_tcase(suite, tests);
    return run_suite(suite, CK_FORK_GETENV);
}
