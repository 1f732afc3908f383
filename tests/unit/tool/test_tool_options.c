/** @file
 *  What a sub-command's command line comes to, of the options that it has.
 */
#include "tool/tool.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "run_suite.h"

enum { WORDS_MAX = 16 };

static const char *const names[] = {
    "data",          "split",      "skip",   "rows",
    "bad-rows",      "to",         "format", "output-activation",
    "size",          "gray",       "seed",   "output",
    "test-fraction", "bad-images", NULL};
static const char *const formats[] = {"text", "json", NULL};
static const mlp_tool_command command = {.name = "sample",
                                         .options = names,
                                         .formats = formats,
                                         .operands = "FILE [FILE]",
                                         .operands_max = 2};

static mlp_tool_options options;
static char words[512];

/* Read words between single spaces. */
static mlp_status read_line(const char *text)
{
    static char *argv[WORDS_MAX] = {"mlp", "sample"}; /* operands stay there */
    int argc = 2;
    snprintf(words, sizeof words, "%s", text);
    for (char *word = strtok(words, " "); word != NULL;
         word = strtok(NULL, " ")) {
        ck_assert_int_lt(argc, WORDS_MAX);
        argv[argc++] = word;
    }
    return mlp_tool_options_read(&command, argc, argv, &options);
}

static void assert_reads(const char *text)
{
    ck_assert_msg(read_line(text) == MLP_OK, "%s: %s", text, mlp_failure());
}

static void assert_refused(const char *text, const char *why)
{
    ck_assert_int_eq(read_line(text), MLP_ERROR_USAGE);
    ck_assert_str_eq(mlp_failure(), why);
}

START_TEST(without_options_there_are_defaults)
{
    assert_reads("run");
    ck_assert_str_eq(options.file, "run");
    ck_assert_uint_eq(options.operand_count, 1);
    ck_assert_ptr_null(options.data);
    ck_assert_ptr_null(options.output);
    ck_assert_int_eq(options.split, MLP_SPLIT_TEST);
    ck_assert(options.rows == SIZE_MAX);
    ck_assert(options.memory_limit == UINT64_C(1073741824));
    ck_assert_double_eq(options.test_fraction, 0.2);
    ck_assert_uint_eq(options.seed, 1);
    ck_assert_str_eq(options.format, "text");
    ck_assert(!options.has_rows && !options.has_split && !options.has_format);
    ck_assert(!options.is_all && !options.is_json);
}
END_TEST

START_TEST(options_that_choose_rows_are_noted)
{
    static const char *const lines[] = {"run --data digits", "run --split test",
                                        "run --first 0", "run --rows 3"};
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        assert_reads(lines[i]);
        ck_assert_msg(options.has_rows, "%s", lines[i]);
        ck_assert_int_eq(options.has_split, i == 1);
    }
    assert_reads("run --gray --seed 2");
    ck_assert(!options.has_rows);
}
END_TEST

START_TEST(all_is_every_row_of_the_test_split)
{
    assert_reads("run --split all");
    ck_assert(options.is_all && options.has_split);
    ck_assert_int_eq(options.split, MLP_SPLIT_TEST);
    assert_reads("run --split train");
    ck_assert(!options.is_all);
    ck_assert_int_eq(options.split, MLP_SPLIT_TRAIN);
}
END_TEST

START_TEST(formats_are_those_of_the_sub_command)
{
    assert_reads("run --format json --to text");
    ck_assert(options.is_json && options.has_format);
    ck_assert_str_eq(options.to, "text");
    assert_refused("run --format png",
                   "--format: \"png\" is not one of text, json");
}
END_TEST

START_TEST(words_are_read_into_their_fields)
{
    assert_reads("run --bad-rows drop --bad-images skip --size 4x6 --gray "
                 "--function sigmoid -o out other");
    ck_assert_int_eq(options.bad_rows, MLP_BAD_ROWS_DROP);
    ck_assert_int_eq(options.bad_images, MLP_BAD_IMAGES_SKIP);
    ck_assert_uint_eq(options.size.height, 4);
    ck_assert_uint_eq(options.size.width, 6);
    ck_assert(options.is_gray);
    ck_assert_str_eq(options.output_activation, "sigmoid");
    ck_assert_str_eq(options.output, "out");
    ck_assert_uint_eq(options.operand_count, 2);
    ck_assert_str_eq(options.operands[1], "other");
}
END_TEST

START_TEST(what_the_sub_command_does_not_have_is_refused)
{
    assert_refused("run --center",
                   "--center: unknown option; see mlp sample --help");
    assert_refused("run --seeed 3",
                   "--seeed: unknown option; did you mean --seed?");
    assert_refused("a b c",
                   "\"c\": unexpected argument; see mlp sample --help");
    assert_refused(
        "--gray",
        "missing argument; usage: mlp sample FILE [FILE] [OPTION]...");
}
END_TEST

START_TEST(help_needs_nothing_else)
{
    assert_reads("--help --nonsense");
    ck_assert(options.standard.help);
    assert_reads("--version");
    ck_assert(options.standard.version);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("tool_options");
    TCase *tests = tcase_create("tool_options");
    tcase_add_test(tests, without_options_there_are_defaults);
    tcase_add_test(tests, options_that_choose_rows_are_noted);
    tcase_add_test(tests, all_is_every_row_of_the_test_split);
    tcase_add_test(tests, formats_are_those_of_the_sub_command);
    tcase_add_test(tests, words_are_read_into_their_fields);
    tcase_add_test(tests, what_the_sub_command_does_not_have_is_refused);
    tcase_add_test(tests, help_needs_nothing_else);
    suite_add_tcase(suite, tests);
    return run_suite(suite, CK_FORK_GETENV);
}
