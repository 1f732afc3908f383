/** @file
 *  Command lines of a test program: every form of an option, errors and their
 *  messages, and --help.
 */
#include "config/command_line.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "run_suite.h"

enum { WORDS_MAX = 16, OPERANDS_MAX = 2 };

typedef struct {
    const char *output;
    size_t rows;
    unsigned format, color;
    bool is_loud;
} sample;

static const char *const formats[] = {"text", "json", NULL};
static const char *const automatic[] = {"auto", NULL};

#define AT(member) .offset = offsetof(sample, member)
static const mlp_option rows[] = {
    {"output", MLP_FIELD_BORROWED, AT(output), .group = "Files",
     .operand = "FILE", .help = "where to", .brief = 'o', .key = "destination"},
    {"rows", MLP_FIELD_SIZE, AT(rows), .most = 99, .group = "Rows",
     .operand = "N", .help = "at most N rows", .default_text = "all"},
    {"format", MLP_FIELD_ENUM, AT(format), .choices = formats, .group = "Rows",
     .operand = "NAME",
     .help = "a form of the output about which there is more to say than one "
             "line of the help can hold"},
    {"color", MLP_FIELD_BOOL_OR, AT(color), .choices = automatic,
     .group = "Rows", .operand = "[auto]", .help = "in color", .brief = 'c'},
    {"loud", MLP_FIELD_BOOL, AT(is_loud), .group = "Rows", .help = "be loud",
     .brief = 'l', .key = "noisy"},
};

enum { ROWS = sizeof rows / sizeof rows[0] };

static sample values;
static bool given[ROWS];
static mlp_standard_options standard;
static mlp_option_table tables[2];
static char words[512];
static char *argv[WORDS_MAX + 1], *operands[OPERANDS_MAX];
static mlp_command_line line;

static void fresh(void)
{
    values = (sample){.format = 1};
    memset(given, 0, sizeof given);
    standard = (mlp_standard_options){.help = false};
    tables[0] = (mlp_option_table){rows, ROWS, &values, given};
    tables[1] = mlp_standard_options_table(&standard);
}

/* Read words between single spaces. */
static mlp_status read_all(const char *text)
{
    fresh();
    line = (mlp_command_line){.program = "a_program",
                              .tables = tables,
                              .table_count = 2,
                              .argv = argv,
                              .next = 1,
                              .argc = 1,
                              .operands = operands,
                              .operands_max = OPERANDS_MAX};
    snprintf(words, sizeof words, "%s", text);
    for (char *word = strtok(words, " "); word != NULL;
         word = strtok(NULL, " ")) {
        ck_assert_int_lt(line.argc, WORDS_MAX);
        argv[line.argc++] = word;
    }
    while (line.next < line.argc) {
        MLP_TRY(mlp_command_line_take(&line));
    }
    return MLP_OK;
}

static void assert_reads(const char *text)
{
    ck_assert_msg(read_all(text) == MLP_OK, "%s: %s", text, mlp_failure());
}

static void assert_refused(const char *text, const char *why)
{
    ck_assert_int_eq(read_all(text), MLP_ERROR_USAGE);
    ck_assert_str_eq(mlp_failure(), why);
}

START_TEST(a_value_is_the_next_argument_or_joined)
{
    assert_reads("--rows 7 --output=a=b");
    ck_assert_uint_eq(values.rows, 7);
    ck_assert_str_eq(values.output, "a=b");
    assert_reads("--output= --rows=8 --rows 9");
    ck_assert_str_eq(values.output, "");
    ck_assert_uint_eq(values.rows, 9);
}
END_TEST

START_TEST(a_short_option_is_the_long_one)
{
    static const char *const lines[] = {"-o file", "-ofile", "--output file",
                                        "--output=file"};
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        assert_reads(lines[i]);
        ck_assert_str_eq(values.output, "file");
        ck_assert(mlp_option_was_given(&tables[0], "output"));
    }
    assert_reads("-l");
    ck_assert(values.is_loud);
}
END_TEST

START_TEST(what_was_given_is_marked)
{
    assert_reads("--rows 3");
    ck_assert(mlp_option_was_given(&tables[0], "rows"));
    ck_assert(!mlp_option_was_given(&tables[0], "output"));
    ck_assert(!mlp_option_was_given(&tables[0], "nothing"));
}
END_TEST

START_TEST(a_switch_takes_no_further_argument)
{
    assert_reads("--loud file");
    ck_assert(values.is_loud);
    ck_assert_uint_eq(line.operand_count, 1);
    assert_reads("--loud --no-loud");
    ck_assert(!values.is_loud);
    assert_reads("--loud=off");
    ck_assert(!values.is_loud);
    ck_assert(mlp_option_was_given(&tables[0], "loud"));
}
END_TEST

START_TEST(a_switch_with_choices_takes_one_if_it_is_there)
{
    assert_reads("--color");
    ck_assert_uint_eq(values.color, 1);
    assert_reads("--color --loud");
    ck_assert_uint_eq(values.color, 1);
    assert_reads("--color auto");
    ck_assert_uint_eq(values.color, 2);
    assert_reads("-cauto");
    ck_assert_uint_eq(values.color, 2);
    assert_reads("--color=auto --no-color");
    ck_assert_uint_eq(values.color, 0);
    assert_reads("--no-color auto");
    ck_assert_uint_eq(values.color, 0);
    ck_assert_uint_eq(line.operand_count, 1);
}
END_TEST

START_TEST(old_names_are_accepted)
{
    assert_reads("--destination file --noisy");
    ck_assert_str_eq(values.output, "file");
    ck_assert(values.is_loud);
    assert_reads("--noisy --no-noisy");
    ck_assert(!values.is_loud);
}
END_TEST

START_TEST(other_arguments_are_operands_in_order)
{
    assert_reads("first --rows 2 -");
    ck_assert_uint_eq(line.operand_count, 2);
    ck_assert_str_eq(operands[0], "first");
    ck_assert_str_eq(operands[1], "-");
    assert_reads("-- --rows -o");
    ck_assert_uint_eq(line.operand_count, 2);
    ck_assert_str_eq(operands[0], "--rows");
    ck_assert_str_eq(operands[1], "-o");
    assert_reads("--");
    ck_assert_uint_eq(line.operand_count, 0);
    assert_refused("a b c", "\"c\": unexpected argument; see a_program --help");
}
END_TEST

START_TEST(unknown_options_name_the_nearest_or_help)
{
    assert_refused("--row 3", "--row: unknown option; did you mean --rows?");
    assert_refused("--hlep", "--hlep: unknown option; did you mean --help?");
    assert_refused("-rows 3", "-rows: unknown option; did you mean --rows?");
    assert_refused("--frobnicate",
                   "--frobnicate: unknown option; see a_program --help");
    assert_refused("-x", "-x: unknown option; see a_program --help");
    assert_refused("--no-rows",
                   "--no-rows: unknown option; see a_program --help");
    assert_refused("--no-loud=true",
                   "--no-loud: unknown option; see a_program --help");
    assert_refused("--=3", "--: unknown option; see a_program --help");
}
END_TEST

START_TEST(a_missing_value_is_named)
{
    assert_refused("--rows", "--rows needs a value: --rows N");
    assert_refused("--rows --loud", "--rows needs a value: --rows N");
    assert_refused("-o", "--output needs a value: --output FILE");
}
END_TEST

START_TEST(a_bad_value_is_refused)
{
    assert_refused("--rows 100", "--rows: 100 is above 99");
    assert_refused("--format png",
                   "--format: \"png\" is not one of text, json");
    assert_refused("--loud=very", "--loud: \"very\" is not one of true, false");
    ck_assert(!mlp_option_was_given(&tables[0], "loud"));
}
END_TEST

START_TEST(every_program_has_help_and_version)
{
    assert_reads("--help");
    ck_assert(standard.help && !standard.version);
    assert_reads("--version");
    ck_assert(standard.version && !standard.help);
}
END_TEST

START_TEST(help_lists_options_by_group_without_old_names)
{
    char text[2048] = "";
    FILE *out = fmemopen(text, sizeof text, "w");
    ck_assert_ptr_nonnull(out);
    fresh();
    mlp_option_help(out, tables, 2);
    fclose(out);
    ck_assert_str_eq(
        text, "\nFiles:\n"
              "  --output FILE, -o FILE  where to\n"
              "\nRows:\n"
              "  --rows N                at most N rows [all]\n"
              "  --format NAME           text, json: a form of the output about"
              " which there is\n"
              "                          more to say than one line of the help"
              " can hold [json]\n"
              "  --color [auto], -c [auto]\n"
              "                          in color\n"
              "  --loud, -l              be loud\n"
              "\nOther:\n"
              "  --help, -h              print this and exit\n"
              "  --version, -V           print the version and exit\n");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("command_line");
    TCase *tests = tcase_create("command_line");
    tcase_add_test(tests, a_value_is_the_next_argument_or_joined);
    tcase_add_test(tests, a_short_option_is_the_long_one);
    tcase_add_test(tests, what_was_given_is_marked);
    tcase_add_test(tests, a_switch_takes_no_further_argument);
    tcase_add_test(tests, a_switch_with_choices_takes_one_if_it_is_there);
    tcase_add_test(tests, old_names_are_accepted);
    tcase_add_test(tests, other_arguments_are_operands_in_order);
    tcase_add_test(tests, unknown_options_name_the_nearest_or_help);
    tcase_add_test(tests, a_missing_value_is_named);
    tcase_add_test(tests, a_bad_value_is_refused);
    tcase_add_test(tests, every_program_has_help_and_version);
    tcase_add_test(tests, help_lists_options_by_group_without_old_names);
    suite_add_tcase(suite, tests);
    return run_suite(suite, CK_FORK_GETENV);
}
