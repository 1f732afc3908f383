/** @file
 *  Tests of cells as numbers: different groups differ, times are in order.
 */
#include "source/row_key.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

#include "run_suite.h"

static locale_t c_locale;

static void set_up(void)
{
    c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
}

static void tear_down(void)
{
    freelocale(c_locale);
}

static bool key_of(const char *text, bool is_time, uint64_t *key)
{
    char line[64]; /* as in a file: with something behind it */
    snprintf(line, sizeof line, "%s,9", text);
    const mlp_csv_cell cell = {.text = line, .length = strlen(text)};
    return mlp_row_key(&cell, is_time, c_locale, key);
}

START_TEST(groups_are_texts)
{
    uint64_t a, b;
    ck_assert(key_of("anna", false, &a) && key_of("anna", false, &b));
    ck_assert(a == b);
    ck_assert(key_of("annb", false, &b) && a != b);
    /* a published value of the hash */
    ck_assert(key_of("foobar", false, &a));
    ck_assert(a == UINT64_C(0x85944171f73967e8));
}
END_TEST

START_TEST(times_are_in_order)
{
    static const char *const numbers[] = {
        "-1e9", " -2.5", "-0.001",     "0",
        "1e-9", "3 ",    "1700000000", "1700000000.25"};
    static const char *const dates[] = {
        "0001-01-01",       "1969-12-31 23:59",
        "1970-01-01",       "1970-01-01T00:00:01",
        "1999-02-28",       "2000-02-29",
        "2000-03-01",       "2024-02-29T23:59:59.5",
        "2024-03-01 00:00Z"};
    const struct {
        const char *const *texts;
        size_t count;
    } lists[] = {{numbers, sizeof numbers / sizeof *numbers},
                 {dates, sizeof dates / sizeof *dates}};
    for (size_t l = 0; l < 2; l++) {
        uint64_t before = 0;
        for (size_t i = 0; i < lists[l].count; i++) {
            uint64_t key = 0;
            ck_assert_msg(key_of(lists[l].texts[i], true, &key), "%s",
                          lists[l].texts[i]);
            ck_assert_msg(key > before, "%s", lists[l].texts[i]);
            before = key;
        }
    }
    uint64_t day, seconds; /* seconds since 1970 */
    ck_assert(key_of("2001-09-09T01:46:40", true, &day) &&
              key_of("1000000000", true, &seconds) && day == seconds);
    ck_assert(key_of("-0", true, &day) && key_of("0", true, &seconds) &&
              day == seconds);
}
END_TEST

START_TEST(other_texts_are_no_times)
{
    static const char *const texts[] = {
        "noon",          "nan",        "inf",        "0x10",
        "1,5",           " ",          "2024-13-01", "2024-00-01",
        "2024-01-32",    "2024-1-1",   "1e999",      "2024-01-01T25:00",
        "2024-01-01T12", "31.12.2024", "1 2"};
    uint64_t key;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        ck_assert_msg(!key_of(texts[i], true, &key), "%s", texts[i]);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("row key");
    TCase *tests = tcase_create("row key");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, groups_are_texts);
    tcase_add_test(tests, times_are_in_order);
    tcase_add_test(tests, other_texts_are_no_times);
    suite_add_tcase(suite, tests);
    return run_suite(suite, CK_FORK_GETENV);
}
