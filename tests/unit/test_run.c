/** @file
 *  What a run refuses before it begins.
 */
#include <check.h>
#include <string.h>

#include "mlp/run.h"
#include "run_suite.h"

START_TEST(rows_of_the_caller_cannot_be_verified)
{
    static const float values[4] = {0, 1, 1, 0};
    static const uint16_t labels[2] = {0, 1};
    const mlp_source_arrays rows = {"two",  1,        2,       MLP_ELEMENT_F32,
                                    {2, 0}, {values}, {labels}};
    mlp_comm *team = NULL;
    mlp_source *source = NULL;
    mlp_config config;
    mlp_config_init(&config);
    config.verify = true;
    ck_assert_int_eq(mlp_comm_serial_create(&team), MLP_OK);
    ck_assert_int_eq(mlp_source_open_arrays(&rows, &source), MLP_OK);
    ck_assert_int_eq(mlp_run_on(team, &config, source), MLP_ERROR_USAGE);
    ck_assert_ptr_nonnull(strstr(mlp_failure(), "--verify"));
    mlp_source_close(&source);
    mlp_comm_destroy(&team);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("run");
    TCase *tcase = tcase_create("run");
    tcase_add_test(tcase, rows_of_the_caller_cannot_be_verified);
    suite_add_tcase(suite, tcase);
    return run_suite(suite, CK_FORK_GETENV);
}
