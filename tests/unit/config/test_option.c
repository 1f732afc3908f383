/** @file
 *  A table of the test: every kind of field, with valid and invalid values.
 */
#include "config/option.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "run_suite.h"

typedef struct {
    size_t count;
    size_t item[MLP_LIST_MAX];
} size_list;

typedef struct {
    size_t count;
    unsigned item[MLP_LIST_MAX];
} choice_list;

/* One field of each kind. */
typedef struct {
    char string[MLP_MAX_PATH];
    const char *borrowed, *borrowed_choice;
    size_t size;
    size_list sizes;
    uint64_t u64;
    double number;
    unsigned choice;
    choice_list choices;
    mlp_double_list numbers;
    bool is_on;
    unsigned is_on_or;
    mlp_interval interval;
    uint64_t duration, bytes;
    mlp_extent extent;
} sample;

static const char *const colors[] = {"red", "green", "blue", NULL};
static const char *const better_colors[] = {"red", "green", "azure", NULL};
static const char *const automatic[] = {"auto", NULL};

#define AT(member) .offset = offsetof(sample, member)
static const mlp_option rows[] = {
    {"string", MLP_FIELD_STRING, AT(string)},
    {"borrowed", MLP_FIELD_BORROWED, AT(borrowed)},
    {"borrowed-choice", MLP_FIELD_BORROWED, AT(borrowed_choice),
     .choices = colors},
    {"size", MLP_FIELD_SIZE, AT(size), .least = 1, .most = 9},
    {"sizes", MLP_FIELD_SIZES, AT(sizes), .least = 1, .most = 9},
    {"u64", MLP_FIELD_U64, AT(u64), .most = 18446744073709551615.0},
    {"number", MLP_FIELD_DOUBLE, AT(number), .least = -1, .most = 1},
    {"choice", MLP_FIELD_ENUM, AT(choice), .choices = colors,
     .words = better_colors, .key = "old-choice"},
    {"choices", MLP_FIELD_ENUMS, AT(choices), .choices = colors},
    {"numbers", MLP_FIELD_DOUBLES, AT(numbers), .most = 1},
    {"switch", MLP_FIELD_BOOL, AT(is_on)},
    {"switch-or", MLP_FIELD_BOOL_OR, AT(is_on_or), .choices = automatic},
    {"interval", MLP_FIELD_INTERVAL, AT(interval), .choices = automatic,
     .most = 1e15},
    {"duration", MLP_FIELD_DURATION, AT(duration), .most = 1e9},
    {"bytes", MLP_FIELD_BYTES, AT(bytes), .most = 1e18},
    {"extent", MLP_FIELD_EXTENT, AT(extent), .least = 1, .most = 4096},
};

enum { ROWS = sizeof rows / sizeof rows[0] };

static sample values;

static void fresh(void)
{
    memset(&values, 0, sizeof values);
}

static const mlp_option *row_of(const char *name)
{
    const mlp_option *row = mlp_option_find(rows, ROWS, name);
    ck_assert_msg(row != NULL, "%s", name);
    return row;
}

static void set(const char *name, const char *text)
{
    ck_assert_msg(mlp_option_parse(&values, row_of(name), text) == MLP_OK, "%s",
                  mlp_failure());
}

static void assert_text(const char *name, const char *expected)
{
    char text[MLP_CONFIG_VALUE];
    mlp_option_print(&values, row_of(name), text);
    ck_assert_str_eq(text, expected);
}

/* The text must be refused, and no field changed. */
static void assert_refused(const char *name, const char *text, const char *why)
{
    char line[512];
    sample before = values;
    ck_assert_int_eq(mlp_option_parse(&values, row_of(name), text),
                     MLP_ERROR_USAGE);
    snprintf(line, sizeof line, "--%s: %s", name, why);
    ck_assert_str_eq(mlp_failure(), line);
    ck_assert_mem_eq(&before, &values, sizeof before);
}

START_TEST(each_kind_is_read_into_its_field)
{
    const char *text = "of the caller";
    set("string", "a path");
    ck_assert_str_eq(values.string, "a path");
    set("borrowed", text);
    ck_assert_ptr_eq(values.borrowed, text);
    set("borrowed-choice", "green");
    ck_assert_ptr_eq(values.borrowed_choice, colors[1]);
    set("size", "7");
    ck_assert_uint_eq(values.size, 7);
    set("sizes", "3,1, 2");
    ck_assert_uint_eq(values.sizes.count, 3);
    ck_assert_uint_eq(values.sizes.item[2], 2);
    set("u64", "18446744073709551615");
    ck_assert(values.u64 == UINT64_MAX);
    set("number", "-2.5e-1");
    ck_assert_double_eq(values.number, -0.25);
    set("choice", "green");
    ck_assert_uint_eq(values.choice, 1);
    set("choices", "blue,red");
    ck_assert_uint_eq(values.choices.count, 2);
    ck_assert_uint_eq(values.choices.item[0], 2);
    set("numbers", "0.5,1");
    ck_assert_uint_eq(values.numbers.count, 2);
    ck_assert_double_eq(values.numbers.item[1], 1.0);
    set("switch", "on");
    ck_assert(values.is_on);
    set("switch-or", "auto");
    ck_assert_uint_eq(values.is_on_or, 2);
    set("interval", "30steps");
    ck_assert_uint_eq(values.interval.count, 30);
    ck_assert(values.interval.counts_steps);
    set("duration", "1-00:01:02");
    ck_assert_uint_eq(values.duration, 86462);
    set("bytes", "3K");
    ck_assert_uint_eq(values.bytes, 3072);
    set("extent", "480x640");
    ck_assert_uint_eq(values.extent.height, 480);
    ck_assert_uint_eq(values.extent.width, 640);
}
END_TEST

START_TEST(each_kind_is_written_as_it_is_read)
{
    static const char *const texts[ROWS] = {
        "a b",  "here",      "blue",       "9",    "9,8,7", "12",
        "0.25", "azure",     "green,blue", "0,1",  "true",  "false",
        "auto", "100:00:00", "512M",       "28x1",
    };
    for (size_t i = 0; i < ROWS; i++) {
        char text[MLP_CONFIG_VALUE], again[MLP_CONFIG_VALUE];
        set(rows[i].name, texts[i]);
        mlp_option_print(&values, &rows[i], text);
        if (rows[i].kind != MLP_FIELD_DURATION) {
            ck_assert_str_eq(text, texts[i]);
        }
        if (rows[i].kind != MLP_FIELD_BORROWED) {
            set(rows[i].name, text);
        }
        mlp_option_print(&values, &rows[i], again);
        ck_assert_str_eq(text, again);
    }
    assert_text("duration", "4-04:00:00");
}
END_TEST

START_TEST(a_borrowed_text_that_is_not_given_is_empty)
{
    assert_text("borrowed", "");
    assert_text("borrowed-choice", "");
}
END_TEST

START_TEST(a_bad_value_is_refused_by_option_value_and_what_is_allowed)
{
    assert_refused("size", "x", "\"x\" is not a whole number");
    assert_refused("size", "0", "0 is below 1");
    assert_refused("size", "10", "10 is above 9");
    assert_refused("u64", "18446744073709551616",
                   "\"18446744073709551616\" is too large");
    assert_refused("number", "1,5", "\"1,5\" is not a number");
    assert_refused("number", "-1.5", "-1.5 is below -1");
    assert_refused("borrowed-choice", "pink",
                   "\"pink\" is not one of red, green, blue");
    assert_refused("choices", "red,,blue",
                   "\"red,,blue\" is not a list like relu,tanh");
    assert_refused("numbers", "0.5,2", "2 is above 1");
    assert_refused("extent", "28",
                   "\"28\" is not HEIGHTxWIDTH like 28x28, each from 1 to "
                   "4096");
    assert_refused("extent", "28x4097",
                   "\"28x4097\" is not HEIGHTxWIDTH like 28x28, each from 1 "
                   "to 4096");
    assert_refused("extent", "28x28x3",
                   "\"28x28x3\" is not HEIGHTxWIDTH like 28x28, each from 1 "
                   "to 4096");
    assert_refused("extent", "0x28",
                   "\"0x28\" is not HEIGHTxWIDTH like 28x28, each from 1 to "
                   "4096");
}
END_TEST

START_TEST(a_list_has_at_most_64_items)
{
    char text[2 * (MLP_LIST_MAX + 1)], why[256];
    for (size_t i = 0; i <= MLP_LIST_MAX; i++) {
        text[2 * i] = '1';
        text[2 * i + 1] = ',';
    }
    text[sizeof text - 3] = '\0';
    set("sizes", text);
    ck_assert_uint_eq(values.sizes.count, MLP_LIST_MAX);
    text[sizeof text - 3] = ',';
    text[sizeof text - 1] = '\0';
    snprintf(why, sizeof why, "\"%s\" has more than 64 items", text);
    assert_refused("sizes", text, why);
}
END_TEST

START_TEST(old_names_and_old_words_are_accepted)
{
    ck_assert_ptr_eq(row_of("old-choice"), row_of("choice"));
    set("old-choice", "blue");
    ck_assert_uint_eq(values.choice, 2);
    set("choice", "azure");
    ck_assert_uint_eq(values.choice, 2);
    assert_text("choice", "azure");
    assert_refused("choice", "pink",
                   "\"pink\" is not one of red, green, azure");
}
END_TEST

START_TEST(a_row_without_an_old_name_is_found_by_its_own_alone)
{
    ck_assert_ptr_eq(row_of("size"), &rows[3]);
    ck_assert_ptr_null(mlp_option_find(rows, ROWS, "siz"));
    ck_assert_ptr_null(mlp_option_find(rows, ROWS, ""));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("option");
    TCase *tests = tcase_create("option");
    tcase_add_checked_fixture(tests, fresh, NULL);
    tcase_add_test(tests, each_kind_is_read_into_its_field);
    tcase_add_test(tests, each_kind_is_written_as_it_is_read);
    tcase_add_test(tests, a_borrowed_text_that_is_not_given_is_empty);
    tcase_add_test(tests,
                   a_bad_value_is_refused_by_option_value_and_what_is_allowed);
    tcase_add_test(tests, a_list_has_at_most_64_items);
    tcase_add_test(tests, old_names_and_old_words_are_accepted);
    tcase_add_test(tests, a_row_without_an_old_name_is_found_by_its_own_alone);
    suite_add_tcase(suite, tests);
    return run_suite(suite, CK_FORK_GETENV);
}
