/** @file
 *  Tests of option checks before a run, and of --plan.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "run/run.h"
#include "run_suite.h"

enum { ROWS = 64 };

/* A run on the caller's rows, of which every second has class 1. */
static mlp_status run_on_rows(const mlp_config *config)
{
    float values[ROWS];
    uint16_t labels[ROWS];
    const mlp_source_arrays rows = {.name = "rows",
                                    .height = 1,
                                    .width = 1,
                                    .element = MLP_ELEMENT_F32,
                                    .rows = {ROWS, 0},
                                    .values = {values},
                                    .labels = {labels}};
    mlp_comm *team = NULL;
    mlp_source *source = NULL;
    mlp_stop stop;
    for (size_t i = 0; i < ROWS; i++) {
        labels[i] = (uint16_t)(i % 2);
        values[i] = (float)labels[i];
    }
    ck_assert_int_eq(mlp_comm_serial_create(&team), MLP_OK);
    ck_assert_int_eq(mlp_source_open_arrays(&rows, &source), MLP_OK);
    mlp_stop_init(&stop);
    mlp_status status = mlp_run(
        &(mlp_run_setting){.comm = team, .stop = &stop, .source = source},
        config);
    ck_assert_uint_eq(mlp_source_facts(source)->features, 1);
    mlp_source_close(&source);
    mlp_comm_destroy(&team);
    return status;
}

static void expect_refusal(const mlp_config *config, const char *option)
{
    ck_assert_int_eq(run_on_rows(config), MLP_ERROR_USAGE);
    ck_assert_ptr_nonnull(strstr(mlp_failure(), option));
}

START_TEST(rows_of_the_caller_cannot_be_verified)
{
    mlp_config config;
    mlp_config_init(&config);
    config.verify = true;
    expect_refusal(&config, "--check-digest");
    config.plan = 2;
    expect_refusal(&config, "combined with --check-digest");
}
END_TEST

START_TEST(plan_link_needs_plan)
{
    mlp_config config;
    mlp_config_init(&config);
    ck_assert_int_eq(mlp_config_set(&config, "plan-link", "30,10"), MLP_OK);
    expect_refusal(&config, "--plan-link");
}
END_TEST

/* Number of lines of a file that contain this text. */
static size_t count_lines(const char *path, const char *text)
{
    char line[4096];
    size_t count = 0;
    FILE *file = fopen(path, "r");
    ck_assert_ptr_nonnull(file);
    while (fgets(line, sizeof line, file) != NULL) {
        count += strstr(line, text) != NULL;
    }
    fclose(file);
    return count;
}

START_TEST(rows_of_the_caller_are_planned_with_and_not_trained_on)
{
    char log[] = "/tmp/mlp_test_run_XXXXXX";
    mlp_config config;
    int made = mkstemp(log);
    ck_assert_int_ge(made, 0);
    close(made);
    ck_assert_int_eq(unlink(log), 0);
    mlp_config_init(&config);
    config.plan = 2;
    config.threads = 1;
    ck_assert_int_eq(mlp_config_set(&config, "log", log), MLP_OK);
    mlp_status status = run_on_rows(&config);
    size_t plans = count_lines(log, "\"plan\"");
    size_t epochs = count_lines(log, "\"epoch\"");
    ck_assert_int_eq(unlink(log), 0);
    ck_assert_int_eq(status, MLP_OK);
    ck_assert_uint_gt(plans, 1);
    ck_assert_uint_eq(epochs, 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("run");
    TCase *tcase = tcase_create("run");
    tcase_add_test(tcase, rows_of_the_caller_cannot_be_verified);
    tcase_add_test(tcase, plan_link_needs_plan);
    tcase_add_test(tcase,
                   rows_of_the_caller_are_planned_with_and_not_trained_on);
    suite_add_tcase(suite, tcase);
    return run_suite(suite, CK_FORK_GETENV);
}
