/** @file
 *  Tests of lists and patterns of files.
 */
#include "source/paths.h"

#include <check.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "idx_writer.h"
#include "run_suite.h"

static char directory[64];
static const file_image nothing = {.size = 0};

static void set_up(void)
{
    make_directory(directory);
    ck_assert_int_eq(chdir(directory), 0);
    write_file(".", "b.csv", &nothing);
    write_file(".", "B.csv", &nothing);
    write_file(".", "a.csv", &nothing);
    write_file(".", "x,[1].csv", &nothing);
}

static void tear_down(void)
{
    ck_assert_int_eq(chdir("/"), 0);
    remove_directory(directory);
}

/* Expect these files, each followed by a blank. */
static void expect(const char *spec, const char *expected)
{
    mlp_paths paths = {0};
    char found[256] = "";
    ck_assert_int_eq(mlp_paths_find(spec, &paths), MLP_OK);
    for (size_t i = 0; i < paths.count; i++) {
        size_t used = strlen(found);
        snprintf(found + used, sizeof found - used, "%s ", paths.items[i]);
    }
    ck_assert_str_eq(found, expected);
    mlp_paths_destroy(&paths);
}

START_TEST(lists_keep_their_order_and_patterns_that_of_bytes)
{
    expect("b.csv,a.csv", "b.csv a.csv ");
    expect("?.csv", "B.csv a.csv b.csv ");
    expect("b.csv,[Ba].csv,none", "b.csv B.csv a.csv none ");
}
END_TEST

START_TEST(what_exists_is_no_list)
{
    ck_assert(!mlp_paths_is_list("a.csv"));
    ck_assert(!mlp_paths_is_list("none.csv"));
    ck_assert(!mlp_paths_is_list("x,[1].csv"));
    expect("x,[1].csv", "x,[1].csv ");
    ck_assert(mlp_paths_is_list("*.csv"));
}
END_TEST

START_TEST(a_pattern_without_a_file_is_missing)
{
    mlp_paths paths = {0};
    ck_assert_int_eq(mlp_paths_find("a.csv,*.tsv", &paths), MLP_ERROR_MISSING);
    ck_assert_str_eq(mlp_failure(), "*.tsv: no file matches");
    mlp_paths_destroy(&paths);
    ck_assert_int_eq(mlp_paths_find(",", &paths), MLP_ERROR_MISSING);
    mlp_paths_destroy(&paths);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("paths");
    TCase *tcase = tcase_create("paths");
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_test(tcase, lists_keep_their_order_and_patterns_that_of_bytes);
    tcase_add_test(tcase, what_exists_is_no_list);
    tcase_add_test(tcase, a_pattern_without_a_file_is_missing);
    suite_add_tcase(suite, tcase);
    return run_suite(suite, CK_FORK_GETENV);
}
