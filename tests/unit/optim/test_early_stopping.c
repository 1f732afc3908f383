/** @file
 *  Tests of early stopping on made-up histories.
 */
#include "optim/early_stopping.h"

#include <check.h>
#include <math.h>
#include <stdlib.h>

#include "run_suite.h"

static mlp_config config;
static mlp_history history;

static void begin(void)
{
    mlp_config_init(&config);
    config.patience = 2;
}

static void end(void)
{
    mlp_history_destroy(&history);
}

/* The state after one more epoch of 100 rows. */
static mlp_early_stopping after(double train_loss, double validation_loss,
                                uint64_t validation_hits)
{
    uint64_t rows = validation_loss > 0.0 ? 100 : 0;
    mlp_epoch_record record = {
        .epoch = history.count + 1,
        .train = {100.0 * train_loss, 50, 100},
        .validation = {100.0 * validation_loss, validation_hits, rows}};
    ck_assert_int_eq(mlp_history_add(&history, &record), MLP_OK);
    return mlp_early_stopping_of(&config, &history);
}

static void assert_state(mlp_early_stopping state, uint64_t best,
                         uint64_t waited, bool stops)
{
    ck_assert_uint_eq(state.best, best);
    ck_assert_uint_eq(state.waited, waited);
    ck_assert_int_eq(state.stops, stops);
}

START_TEST(no_epoch_has_no_best)
{
    assert_state(mlp_early_stopping_of(&config, &history), 0, 0, false);
}
END_TEST

START_TEST(patience_ends_after_epochs_that_are_not_better)
{
    assert_state(after(9.0, 1.0, 0), 1, 0, false);
    assert_state(after(8.0, 0.5, 0), 2, 0, false);
    assert_state(after(7.0, 0.5, 0), 2, 1, false); /* equal is not better */
    assert_state(after(6.0, 0.25, 0), 4, 0, false);
    assert_state(after(5.0, 0.5, 0), 4, 1, false);
    assert_state(after(4.0, 0.5, 0), 4, 2, true);
}
END_TEST

START_TEST(without_validation_rows_training_counts)
{
    after(2.0, 0.0, 0);
    assert_state(after(1.0, 0.0, 0), 2, 0, false);
    assert_state(after(1.5, 0.0, 0), 2, 1, false);
}
END_TEST

START_TEST(accuracy_is_better_when_higher)
{
    config.monitor = MLP_METRIC_ACCURACY;
    after(1.0, 1.0, 80);
    assert_state(after(1.0, 9.0, 90), 2, 0, false);
    assert_state(after(1.0, 0.1, 89), 2, 1, false);
}
END_TEST

/* The state after one more epoch in which the validation rows have this ROC
 * AUC and this Brier score. */
static mlp_early_stopping after_scores(double auc, double brier)
{
    mlp_epoch_record record = {.epoch = history.count + 1,
                               .validation = {.rows = 100,
                                              .scored = 100,
                                              .square_sum = 100 * brier,
                                              .ranked = 100,
                                              .ranking = {auc, 0.5}}};
    ck_assert_int_eq(mlp_history_add(&history, &record), MLP_OK);
    return mlp_early_stopping_of(&config, &history);
}

START_TEST(any_metric_may_decide)
{
    config.monitor = MLP_METRIC_ROC_AUC; /* higher is better */
    after_scores(0.5, 0.5);
    assert_state(after_scores(0.75, 0.75), 2, 0, false);
    assert_state(after_scores(0.75, 0.25), 2, 1, false);
    config.monitor = MLP_METRIC_BRIER; /* lower is */
    assert_state(mlp_early_stopping_of(&config, &history), 3, 0, false);
}
END_TEST

START_TEST(an_undefined_metric_is_no_improvement)
{
    config.monitor = MLP_METRIC_ROC_AUC;
    assert_state(after_scores((double)NAN, 1), 0, 1, false);
    assert_state(after_scores(0.1, 1), 2, 0, false);
    assert_state(after_scores((double)NAN, 1), 2, 1, false);
    assert_state(after_scores(0.2, 1), 4, 0, false);
}
END_TEST

START_TEST(better_means_by_more_than_min_delta)
{
    config.min_delta = 0.25;
    after(1.0, 1.0, 0);
    assert_state(after(1.0, 0.75, 0), 1, 1, false);
    assert_state(after(1.0, 0.5, 0), 3, 0, false);
}
END_TEST

START_TEST(a_plateau_lowers_the_rate_again_and_again)
{
    config.patience = 0;
    config.schedule = MLP_SCHEDULE_PLATEAU;
    config.plateau = 2;
    static const uint64_t reductions[] = {0, 0, 1, 1, 2};
    for (size_t i = 0; i < 5; i++) {
        ck_assert_uint_eq(after(1.0, 1.0, 0).reductions, reductions[i]);
    }
    ck_assert_uint_eq(after(1.0, 0.5, 0).reductions, 2);
    ck_assert_uint_eq(after(1.0, 0.5, 0).reductions, 2);
    mlp_early_stopping state = after(1.0, 0.5, 0);
    ck_assert_uint_eq(state.reductions, 3);
    ck_assert(!state.stops);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("early_stopping");
    TCase *tests = tcase_create("monitor");
    tcase_add_checked_fixture(tests, begin, end);
    tcase_add_test(tests, no_epoch_has_no_best);
    tcase_add_test(tests, patience_ends_after_epochs_that_are_not_better);
    tcase_add_test(tests, without_validation_rows_training_counts);
    tcase_add_test(tests, accuracy_is_better_when_higher);
    tcase_add_test(tests, any_metric_may_decide);
    tcase_add_test(tests, an_undefined_metric_is_no_improvement);
    tcase_add_test(tests, better_means_by_more_than_min_delta);
    tcase_add_test(tests, a_plateau_lowers_the_rate_again_and_again);
    suite_add_tcase(suite, tests);
    return run_suite(suite, CK_FORK_GETENV);
}
