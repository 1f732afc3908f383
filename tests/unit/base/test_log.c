/** @file
 *  Who speaks on stderr, and how.
 */
#include "base/log.h"

#include <check.h>
#include <pthread.h>
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

START_TEST(nothing_is_printed_unless_a_program_opens_the_log)
{
    ck_assert_str_eq(mlp_log_name(), "mlp");
    mlp_log_note("a note");
    mlp_log_warning("a warning");
    assert_spoken("");
}
END_TEST

/* Where the lines of this test's threads go, one for each. */
typedef struct {
    char line[64];
    bool is_warning;
} taken;

static void take(void *context, bool is_warning, const char *line)
{
    taken *t = context;
    t->is_warning = is_warning;
    snprintf(t->line, sizeof t->line, "%s", line);
}

static void *warn_from_a_thread(void *context)
{
    mlp_log_redirect(take, context);
    mlp_log_warning("from a thread");
    return NULL;
}

START_TEST(each_thread_has_its_lines_where_it_wants_them)
{
    taken mine = {0}, other = {0};
    pthread_t thread;
    mlp_log_open("mlp", 1, 0);
    mlp_log_redirect(take, &mine);
    ck_assert_int_eq(pthread_create(&thread, NULL, warn_from_a_thread, &other),
                     0);
    pthread_join(thread, NULL);
    mlp_log_note("%d rows", 3);
    ck_assert_str_eq(mine.line, "3 rows");
    ck_assert(!mine.is_warning);
    ck_assert_str_eq(other.line, "from a thread");
    ck_assert(other.is_warning);
    assert_spoken("");
    mlp_log_redirect(NULL, NULL);
    mlp_log_note("printed again");
    assert_spoken("mlp: printed again\n");
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
    tcase_add_test(tests, nothing_is_printed_unless_a_program_opens_the_log);
    tcase_add_test(tests, each_thread_has_its_lines_where_it_wants_them);
    tcase_add_test(tests, what_is_in_the_way_is_told_before_each_line);
    suite_add_tcase(suite, tests);
    return run_suite(suite, CK_FORK_GETENV);
}
