/** @file
 *  Tests of the history: one record per epoch.
 */
#include "base/history.h"

#include <check.h>
#include <stdlib.h>

#include "run_suite.h"

START_TEST(a_new_history_is_empty_and_can_be_destroyed)
{
    mlp_history history = {0};
    mlp_history_destroy(&history);
    ck_assert_uint_eq(history.count, 0);
    ck_assert_ptr_null(history.records);
}
END_TEST

START_TEST(records_stay_in_order_while_the_history_grows)
{
    mlp_history history = {0};
    for (uint64_t epoch = 1; epoch <= 1000; epoch++) {
        mlp_epoch_record record = {.epoch = epoch,
                                   .step = 469 * epoch,
                                   .train = {0.5 * (double)epoch, epoch, 3},
                                   .learning_rate = 0.1};
        ck_assert_int_eq(mlp_history_add(&history, &record), MLP_OK);
        ck_assert_uint_eq(history.count, epoch);
    }
    for (size_t i = 0; i < history.count; i++) {
        ck_assert_uint_eq(history.records[i].epoch, i + 1);
        ck_assert_uint_eq(history.records[i].step, 469 * (i + 1));
        ck_assert_uint_eq(history.records[i].train.hits, i + 1);
        ck_assert(history.records[i].train.loss_sum == 0.5 * (double)(i + 1));
    }
    mlp_history_destroy(&history);
}
END_TEST

START_TEST(a_destroyed_history_can_be_filled_again)
{
    mlp_history history = {0};
    mlp_epoch_record record = {.epoch = 7};
    ck_assert_int_eq(mlp_history_add(&history, &record), MLP_OK);
    mlp_history_destroy(&history);
    ck_assert_uint_eq(history.count, 0);
    ck_assert_int_eq(mlp_history_add(&history, &record), MLP_OK);
    ck_assert_uint_eq(history.records[0].epoch, 7);
    mlp_history_destroy(&history);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("history");
    TCase *tcase = tcase_create("history");
    tcase_add_test(tcase, a_new_history_is_empty_and_can_be_destroyed);
    tcase_add_test(tcase, records_stay_in_order_while_the_history_grows);
    tcase_add_test(tcase, a_destroyed_history_can_be_filled_again);
    suite_add_tcase(suite, tcase);
    return run_suite(suite, CK_FORK_GETENV);
}
