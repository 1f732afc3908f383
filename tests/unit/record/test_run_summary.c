/** @file
 *  Tests of the summary of a run, from its log.
 */
#include "record/run_summary.h"

#include <check.h>
#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "run_suite.h"

static char folder[] = "/tmp/mlp-run-XXXXXX";
static char path[64];
static mlp_run_summary run;

static void setup(void)
{
    ck_assert_ptr_nonnull(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/log.jsonl", folder);
}

static void teardown(void)
{
    mlp_run_summary_close(&run);
    unlink(path);
    rmdir(folder);
}

static void write_log(const char *content)
{
    FILE *file = fopen(path, "w");
    ck_assert_ptr_nonnull(file);
    fputs(content, file);
    ck_assert_int_eq(fclose(file), 0);
}

#define START                                                                  \
    "{\"event\":\"start\",\"config\":{\"lr\":0.1,\"checkpoint\":\"\"},"        \
    "\"placement\":{\"ranks\":2},\"widths\":[4,3]}\n"
#define EPOCH(number, loss, accuracy)                                          \
    "{\"event\":\"epoch\",\"epoch\":" #number ",\"step\":10,\"train_loss\":"   \
    "0.5,\"test_loss\":" #loss ",\"test_accuracy\":" #accuracy                 \
    ",\"validation_loss\":null}\n"

START_TEST(a_log_has_epochs_and_records)
{
    char text[64];
    write_log(START EPOCH(1, 0.9, 0.5) EPOCH(2, 0.3, 0.75) EPOCH(
        3, 0.2, 0.75) "{\"event\":\"end\",\"weights_sha256\":\"ab\"}\n");
    ck_assert_msg(mlp_run_summary_open(path, &run) == MLP_OK, "%s",
                  mlp_failure());
    ck_assert_uint_eq(run.epoch_count, 3);
    ck_assert_double_eq(run.epochs[1].test_loss, 0.3);
    ck_assert(isnan(run.epochs[1].validation_loss));
    ck_assert(isnan(run.epochs[1].learning_rate));
    ck_assert_uint_eq(mlp_run_summary_best(&run), 2); /* the last */
    run.epochs[0].validation_loss = 0.3;
    run.epochs[1].validation_loss = 0.2;
    run.epochs[2].validation_loss = 0.2;
    ck_assert_uint_eq(mlp_run_summary_best(&run), 1);
    mlp_run_summary_text(run.start, "placement.ranks", text, sizeof text);
    ck_assert_str_eq(text, "2");
    mlp_run_summary_text(run.start, "config.lr", text, sizeof text);
    ck_assert_str_eq(text, "0.1");
    mlp_run_summary_text(run.start, "widths", text, sizeof text);
    ck_assert_str_eq(text, "[4,3]");
    mlp_run_summary_text(run.start, "config.nothing.at.all", text, sizeof text);
    ck_assert_str_eq(text, "");
    mlp_run_summary_text(run.end, "weights_sha256", text, sizeof text);
    ck_assert_str_eq(text, "ab");
}
END_TEST

START_TEST(a_directory_has_its_log)
{
    write_log(START EPOCH(1, 0.9, 0.5));
    ck_assert_msg(mlp_run_summary_open(folder, &run) == MLP_OK, "%s",
                  mlp_failure());
    ck_assert_uint_eq(run.epoch_count, 1);
    ck_assert_str_eq(run.checkpoint_path, "");
}
END_TEST

START_TEST(a_run_that_goes_on_has_no_end_and_maybe_half_a_line)
{
    write_log(START EPOCH(1, 0.9, 0.5) "{\"event\":\"stop\"}\n" START EPOCH(
        2, 0.4, 0.6) "{\"event\":\"epo");
    ck_assert_int_eq(mlp_run_summary_open(path, &run), MLP_OK);
    ck_assert_uint_eq(run.epoch_count, 2);
    ck_assert_uint_eq(run.starts, 2);
    ck_assert_ptr_null(run.end);
}
END_TEST

START_TEST(curves_are_members_of_epochs)
{
    write_log(START EPOCH(1, 0.9, 0.5) EPOCH(2, 0.4, 0.6));
    ck_assert_int_eq(mlp_run_summary_open(path, &run), MLP_OK);
    double *curve = mlp_run_summary_curve(
        &run, offsetof(mlp_run_summary_epoch, test_accuracy));
    ck_assert_ptr_nonnull(curve);
    ck_assert_double_eq(curve[0], 0.5);
    ck_assert_double_eq(curve[1], 0.6);
    free(curve);
}
END_TEST

START_TEST(a_file_that_is_no_log_is_refused)
{
    ck_assert_int_eq(mlp_run_summary_open("/no/such/run", &run),
                     MLP_ERROR_MISSING);
    write_log(START "[1]\n");
    ck_assert_int_eq(mlp_run_summary_open(path, &run), MLP_ERROR_DATA);
    ck_assert_ptr_nonnull(strstr(mlp_failure(), "log.jsonl:2:"));
    write_log(START);
    ck_assert_int_eq(mlp_run_summary_open(path, &run), MLP_ERROR_DATA);
    ck_assert_ptr_nonnull(strstr(mlp_failure(), "no finished epoch"));
    unlink(path);
    ck_assert_int_eq(mlp_run_summary_open(folder, &run), MLP_ERROR_MISSING);
    ck_assert_ptr_nonnull(strstr(mlp_failure(), "neither"));
}
END_TEST

static void expect_data(const char *data, const char *name, mlp_status status,
                        const char *spec)
{
    char found[MLP_MAX_PATH];
    json_t *start = json_pack("{s:{s:s}, s:{s:s}}", "config", "data", data,
                              "data", "name", name);
    ck_assert_ptr_nonnull(start);
    ck_assert_int_eq(mlp_run_summary_data(start, "data", "data", found),
                     status);
    if (status == MLP_OK) {
        ck_assert_str_eq(found, spec);
    } else {
        ck_assert_ptr_nonnull(strstr(mlp_failure(), spec));
    }
    json_decref(start);
}

START_TEST(data_of_a_log_are_there_or_have_to_be_named)
{
    char found[MLP_MAX_PATH];
    ck_assert_int_eq(unsetenv("MLP_DATA"), 0);
    expect_data("digits", "digits (built in)", MLP_OK, "digits");
    expect_data("", "digits (built in)", MLP_OK, "digits");
    expect_data("", "/nowhere/mnist", MLP_OK, "");
    expect_data("-", "standard input", MLP_ERROR_USAGE, "standard input");
    expect_data("/nowhere/a.csv", "", MLP_ERROR_MISSING, "/nowhere/a.csv");
    ck_assert_int_eq(setenv("MLP_DATA", folder, 1), 0);
    expect_data("/nowhere/a.csv", "", MLP_OK, "");
    ck_assert_int_eq(mlp_run_summary_data(NULL, "data", "data", found), MLP_OK);
    ck_assert_str_eq(found, "");
}
END_TEST

START_TEST(values_of_a_wrong_kind_are_no_numbers)
{
    write_log("{\"event\":\"epoch\",\"epoch\":\"x\",\"test_loss\":{}}\n"
              "{\"event\":\"start\",\"config\":7}\n");
    ck_assert_int_eq(mlp_run_summary_open(path, &run), MLP_OK);
    ck_assert(isnan(run.epochs[0].epoch));
    ck_assert(isnan(run.epochs[0].test_loss));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("run_summary");
    TCase *tests = tcase_create("run");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, a_log_has_epochs_and_records);
    tcase_add_test(tests, a_directory_has_its_log);
    tcase_add_test(tests, a_run_that_goes_on_has_no_end_and_maybe_half_a_line);
    tcase_add_test(tests, curves_are_members_of_epochs);
    tcase_add_test(tests, a_file_that_is_no_log_is_refused);
    tcase_add_test(tests, data_of_a_log_are_there_or_have_to_be_named);
    tcase_add_test(tests, values_of_a_wrong_kind_are_no_numbers);
    suite_add_tcase(suite, tests);
    return run_suite(suite, CK_FORK_GETENV);
}
