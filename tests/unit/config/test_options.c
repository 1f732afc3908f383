/** @file
 *  The command line and the configuration file: valid and invalid options, and
 *  precedence.
 */
#include "config/options.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/version.h"

#include "run_suite.h"

enum { WORDS_MAX = 16 };

static mlp_config config;
static mlp_request request;
static char folder[] = "/tmp/mlp-options-XXXXXX";
static char ini[64];

static void make_folder(void)
{
    ck_assert_ptr_nonnull(mkdtemp(folder));
    snprintf(ini, sizeof ini, "%s/run.ini", folder);
}

static void remove_folder(void)
{
    unlink(ini);
    rmdir(folder);
}

/* Parse a command line of words between single spaces; "@" is the INI file. */
static mlp_status parse(const char *line)
{
    char words[512];
    char *argv[WORDS_MAX + 1] = {"mlp_train"};
    int argc = 1;
    snprintf(words, sizeof words, "%s", line);
    for (char *word = strtok(words, " "); word != NULL;
         word = strtok(NULL, " ")) {
        ck_assert_int_lt(argc, WORDS_MAX);
        argv[argc++] = strcmp(word, "@") == 0 ? ini : word;
    }
    return mlp_options_parse(argc, argv, &config, &request);
}

static void assert_parses(const char *line)
{
    ck_assert_msg(parse(line) == MLP_OK, "%s: %s", line, mlp_failure());
}

static void assert_refused(const char *line, const char *why)
{
    ck_assert_int_eq(parse(line), MLP_ERROR_USAGE);
    ck_assert_str_eq(mlp_failure(), why);
}

static void write_bytes(const char *bytes, size_t n)
{
    FILE *file = fopen(ini, "w");
    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite(bytes, 1, n, file), n);
    ck_assert_int_eq(fclose(file), 0);
}

static void write_ini(const char *text)
{
    write_bytes(text, strlen(text));
}

static void assert_file_refused(const char *text, const char *why)
{
    char expected[512];
    write_ini(text);
    ck_assert_int_eq(parse("--config @"), MLP_ERROR_USAGE);
    snprintf(expected, sizeof expected, "%s:%s", ini, why);
    ck_assert_str_eq(mlp_failure(), expected);
}

START_TEST(no_arguments_run_with_the_defaults)
{
    assert_parses("");
    ck_assert_int_eq(request.action, MLP_ACTION_RUN);
    ck_assert_uint_eq(config.batch, 128);
    ck_assert_ptr_null(memchr(config.given, true, sizeof config.given));
}
END_TEST

START_TEST(a_value_follows_a_space_or_an_equals_sign)
{
    assert_parses("--batch 64 --lr=0.5 --data=a=b");
    ck_assert_uint_eq(config.batch, 64);
    ck_assert_double_eq(config.lr, 0.5);
    ck_assert_str_eq(config.data, "a=b");
    ck_assert(mlp_config_was_given(&config, "batch"));
    ck_assert(!mlp_config_was_given(&config, "epochs"));
}
END_TEST

START_TEST(the_last_of_repeated_options_counts)
{
    assert_parses("--batch 64 --batch 32");
    ck_assert_uint_eq(config.batch, 32);
    assert_parses("--quiet --no-quiet");
    ck_assert(!config.quiet);
    assert_parses("--no-quiet --quiet");
    ck_assert(config.quiet);
    assert_parses("--quiet=no");
    ck_assert(!config.quiet);
}
END_TEST

START_TEST(unknown_options_name_the_nearest)
{
    assert_refused("--bach 3", "--bach: unknown option; did you mean --batch?");
    assert_refused("--confg a",
                   "--confg: unknown option; did you mean --config?");
    assert_refused("--frobnicate",
                   "--frobnicate: unknown option; see mlp_train --help");
}
END_TEST

START_TEST(abbreviations_are_refused_with_the_full_name)
{
    assert_refused("--check runs/a",
                   "--check: unknown option; did you mean --checkpoint?");
}
END_TEST

START_TEST(missing_values_and_stray_words_are_refused)
{
    assert_refused("--lr", "--lr needs a value: --lr X");
    assert_refused("--log --quiet", "--log needs a value: --log FILE");
    assert_refused("--config", "--config needs a value: --config FILE");
    assert_refused("train", "\"train\": unexpected argument; for data, --data "
                            "train; see mlp_train --help");
    assert_refused("-x", "-x: unknown option; see mlp_train --help");
    assert_refused("--quiet yes", "\"yes\": unexpected argument; for data, "
                                  "--data yes; see mlp_train --help");
    assert_refused("--no-lr", "--no-lr: unknown option; see mlp_train --help");
}
END_TEST

START_TEST(all_faults_are_named_in_one_line)
{
    assert_refused("--epochs x --nothing 3 --batch 0",
                   "--epochs: \"x\" is not a whole number; --nothing: unknown "
                   "option; see mlp_train --help; --batch: 0 is below 1");
    assert_refused("--classes 1 --shards 200 --quiet --progress always",
                   "--classes: 1 is below 2 (0: from the labels); --shards 200 "
                   "is above the 128 rows of an update: raise --batch or lower "
                   "--shards; --quiet and --progress always exclude each "
                   "other");
    write_ini("lr = x\nbach = 3\nlr 5\n");
    ck_assert_int_eq(parse("--config @"), MLP_ERROR_USAGE);
    ck_assert_ptr_nonnull(strstr(mlp_failure(), "ini:1: --lr: \"x\" is"));
    ck_assert_ptr_nonnull(strstr(mlp_failure(), "ini:2: bach: unknown"));
    ck_assert_ptr_nonnull(strstr(mlp_failure(), "ini:3: is not of the form"));
}
END_TEST

START_TEST(a_run_names_checkpoints_log_and_events)
{
    assert_parses("--run runs/a --log other.jsonl");
    ck_assert_str_eq(config.checkpoint, "runs/a");
    ck_assert_str_eq(config.log, "other.jsonl");
    ck_assert_str_eq(config.tensorboard, "runs/a/events");
    assert_parses("--run runs/a --resume");
    ck_assert_int_eq(config.resume, MLP_RESUME_YES);
    assert_parses("--resume runs/b --lr 0.5");
    ck_assert_int_eq(config.resume, MLP_RESUME_YES);
    ck_assert_str_eq(config.checkpoint, "runs/b");
    ck_assert_str_eq(config.log, "runs/b/log.jsonl");
    ck_assert_double_eq(config.lr, 0.5);
    assert_parses("--resume=runs/c");
    ck_assert_str_eq(config.checkpoint, "runs/c");
    assert_refused("--batch-size 3",
                   "--batch-size: unknown option; did you mean --batch?");
}
END_TEST

START_TEST(values_are_checked_and_so_is_the_whole)
{
    assert_refused("--lr fast", "--lr: \"fast\" is not a number");
    assert_refused("--resume",
                   "--resume needs --checkpoint DIR to resume from");
}
END_TEST

START_TEST(a_switch_may_have_further_values)
{
    assert_parses("--checkpoint a --resume --epochs 2");
    ck_assert_int_eq(config.resume, MLP_RESUME_YES);
    ck_assert_uint_eq(config.epochs, 2);
    assert_parses("--checkpoint a --resume auto --epochs 2");
    ck_assert_int_eq(config.resume, MLP_RESUME_AUTO);
    ck_assert_uint_eq(config.epochs, 2);
    assert_parses("--resume=auto --checkpoint a");
    ck_assert_int_eq(config.resume, MLP_RESUME_AUTO);
    assert_parses("--checkpoint a --resume=yes");
    ck_assert_int_eq(config.resume, MLP_RESUME_YES);
    assert_parses("--resume auto --no-resume");
    ck_assert_int_eq(config.resume, MLP_RESUME_NO);
    assert_parses("--resume runs --epochs 2"); /* there or not */
    ck_assert_int_eq(config.resume, MLP_RESUME_YES);
    ck_assert_str_eq(config.run, "runs");
    write_ini("checkpoint = a\nresume = auto\n");
    assert_parses("--config @");
    ck_assert_int_eq(config.resume, MLP_RESUME_AUTO);
}
END_TEST

START_TEST(help_and_version_need_no_valid_whole)
{
    assert_parses("--resume --help");
    ck_assert_int_eq(request.action, MLP_ACTION_HELP);
    assert_parses("--version --nonsense");
    ck_assert_int_eq(request.action, MLP_ACTION_VERSION);
}
END_TEST

START_TEST(a_file_gives_keys_and_may_have_comments)
{
    write_ini("# a run\n"
              "; of two layers\n"
              "\n"
              "hidden = 30, 20\n"
              "  lr=0.25   # with a comment\n"
              "\tbatch = 16 ; and another\r\n"
              "data = /a#b\n"
              "quiet = yes");
    assert_parses("--config @");
    ck_assert_uint_eq(config.hidden_count, 2);
    ck_assert_uint_eq(config.hidden[1], 20);
    ck_assert_double_eq(config.lr, 0.25);
    ck_assert_uint_eq(config.batch, 16);
    ck_assert_str_eq(config.data, "/a#b");
    ck_assert(config.quiet);
    ck_assert(mlp_config_was_given(&config, "lr"));
}
END_TEST

START_TEST(command_line_wins_over_file_over_preset_in_any_order)
{
    static const char *const lines[] = {
        "--lr 0.7 --config @ --preset keras-mnist",
        "--preset keras-mnist --config @ --lr 0.7",
        "--config @ --lr 0.7 --preset keras-mnist"};
    write_ini("lr = 0.3\nbatch = 32\n");
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        assert_parses(lines[i]);
        ck_assert_double_eq(config.lr, 0.7);
        ck_assert_uint_eq(config.batch, 32);
        ck_assert_uint_eq(config.epochs, 100);
        ck_assert_int_eq(config.activation.item[0], MLP_ACTIVATION_SIGMOID);
    }
}
END_TEST

START_TEST(a_file_may_name_a_preset)
{
    write_ini("preset = keras-mnist\nepochs = 2\n");
    assert_parses("--config @");
    ck_assert_uint_eq(config.epochs, 2);
    ck_assert_double_eq(config.lr, 0.01);
    ck_assert_str_eq(config.preset, "keras-mnist");
    write_ini("preset = keras\n");
    ck_assert_int_eq(parse("--config @"), MLP_ERROR_USAGE);
    assert_parses("--config @ --preset keras-mnist");
}
END_TEST

START_TEST(errors_in_a_file_name_line_and_key)
{
    assert_file_refused("lr = 0.1\n\nbatch = 0\n", "3: --batch: 0 is below 1");
    assert_file_refused("\nbach = 3\n",
                        "2: bach: unknown option; did you mean batch?");
    assert_file_refused("confg = 3\n", "1: confg: unknown option");
    assert_file_refused("lr 0.1\n", "1: is not of the form name = value");
    assert_file_refused("lr = 0.1\n[model]\nhidden = 3\n",
                        "2: sections are not supported");
}
END_TEST

START_TEST(an_indented_line_is_a_line_of_its_own)
{
    write_ini("lr = 0.25\n  batch = 7\n");
    assert_parses("--config @");
    ck_assert_double_eq(config.lr, 0.25);
    ck_assert_uint_eq(config.batch, 7);
}
END_TEST

START_TEST(lines_that_are_too_long_or_binary_are_refused)
{
    char text[1024];
    memset(text, 'x', sizeof text);
    memcpy(text, "data = ", 7);
    text[sizeof text - 1] = '\0';
    assert_file_refused(text, "1: the line is too long, or is not text");
    write_bytes("lr = 0.1\0garbage\nbatch = 3\n", 27);
    ck_assert_int_eq(parse("--config @"), MLP_ERROR_USAGE);
}
END_TEST

START_TEST(a_file_that_is_not_there_is_missing)
{
    ck_assert_int_eq(parse("--config /no/such.ini"), MLP_ERROR_MISSING);
    ck_assert_ptr_nonnull(strstr(mlp_failure(), "/no/such.ini"));
}
END_TEST

START_TEST(a_fifo_or_a_huge_file_is_refused_at_once)
{
    ck_assert_int_eq(mkfifo(ini, 0600), 0);
    ck_assert_int_eq(parse("--config @"), MLP_ERROR_USAGE);
    ck_assert_ptr_nonnull(strstr(mlp_failure(), "not a regular file"));
    unlink(ini);
    write_ini("lr = 0.1\n");
    ck_assert_int_eq(truncate(ini, (1 << 20) + 1), 0);
    ck_assert_int_eq(parse("--config @"), MLP_ERROR_USAGE);
    ck_assert_ptr_nonnull(strstr(mlp_failure(), "1 MiB"));
}
END_TEST

static char *help_text(unsigned topic)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    ck_assert_ptr_nonnull(out);
    mlp_options_help(out, topic);
    fclose(out);
    return text;
}

START_TEST(help_names_every_option_and_preset)
{
    char *text = help_text(1);
    char name[64];
    size_t count = 0;
    const mlp_option *fields = mlp_config_fields(&count);
    for (size_t i = 0; i < count; i++) {
        snprintf(name, sizeof name, "\n  --%s", fields[i].name);
        ck_assert_msg(strstr(text, name) != NULL, "%s", name);
    }
    const mlp_config_preset_row *presets = mlp_config_presets(&count);
    for (size_t i = 0; i < count; i++) {
        ck_assert_ptr_nonnull(strstr(text, presets[i].name));
    }
    ck_assert_ptr_nonnull(strstr(text, "[256,128]"));
    ck_assert_ptr_nonnull(strstr(text, "--config FILE"));
    free(text);
}
END_TEST

START_TEST(help_fits_80_columns)
{
    char *text = help_text(1);
    for (char *line = strtok(text, "\n"); line != NULL;
         line = strtok(NULL, "\n")) {
        ck_assert_msg(strlen(line) < 80, "%s", line);
    }
    free(text);
}
END_TEST

START_TEST(version_is_program_and_number)
{
    char line[64] = "";
    FILE *out = fmemopen(line, sizeof line, "w");
    ck_assert_ptr_nonnull(out);
    mlp_options_version(out, "mlp_train");
    fclose(out);
    ck_assert_str_eq(line, "mlp_train " MLP_VERSION "\n");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("options");
    TCase *tests = tcase_create("options");
    tcase_add_checked_fixture(tests, make_folder, remove_folder);
    tcase_add_test(tests, no_arguments_run_with_the_defaults);
    tcase_add_test(tests, a_value_follows_a_space_or_an_equals_sign);
    tcase_add_test(tests, the_last_of_repeated_options_counts);
    tcase_add_test(tests, unknown_options_name_the_nearest);
    tcase_add_test(tests, abbreviations_are_refused_with_the_full_name);
    tcase_add_test(tests, missing_values_and_stray_words_are_refused);
    tcase_add_test(tests, all_faults_are_named_in_one_line);
    tcase_add_test(tests, a_run_names_checkpoints_log_and_events);
    tcase_add_test(tests, values_are_checked_and_so_is_the_whole);
    tcase_add_test(tests, a_switch_may_have_further_values);
    tcase_add_test(tests, help_and_version_need_no_valid_whole);
    tcase_add_test(tests, a_file_gives_keys_and_may_have_comments);
    tcase_add_test(tests, command_line_wins_over_file_over_preset_in_any_order);
    tcase_add_test(tests, a_file_may_name_a_preset);
    tcase_add_test(tests, errors_in_a_file_name_line_and_key);
    tcase_add_test(tests, an_indented_line_is_a_line_of_its_own);
    tcase_add_test(tests, lines_that_are_too_long_or_binary_are_refused);
    tcase_add_test(tests, a_file_that_is_not_there_is_missing);
    tcase_add_test(tests, a_fifo_or_a_huge_file_is_refused_at_once);
    tcase_add_test(tests, help_names_every_option_and_preset);
    tcase_add_test(tests, help_fits_80_columns);
    tcase_add_test(tests, version_is_program_and_number);
    suite_add_tcase(suite, tests);
    return run_suite(suite, CK_FORK_GETENV);
}
