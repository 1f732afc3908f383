/** @file
 *  Scores by hand for three classes, one of which is never predicted.
 */
#include "base/metrics.h"

#include <check.h>
#include <math.h>
#include <stdlib.h>

#include "run_suite.h"

enum { CLASSES = 3 };
static const double rounding = 1e-15; /* a few operations on values near 1 */

/* 8 rows: row = truth, column = prediction. */
static const uint64_t confusion[CLASSES * CLASSES] = {
    2, 1, 0, /* 3 rows of class 0 */
    0, 3, 0, /* 3 rows of class 1 */
    1, 1, 0, /* 2 rows of class 2 */
};

static void assert_score(const mlp_class_score *score, double precision,
                         double recall, double f1, uint64_t support)
{
    ck_assert_double_eq_tol(score->precision, precision, rounding);
    ck_assert_double_eq_tol(score->recall, recall, rounding);
    ck_assert_double_eq_tol(score->f1, f1, rounding);
    ck_assert_uint_eq(score->support, support);
}

START_TEST(loss_and_accuracy_are_means_over_rows)
{
    mlp_tally tally = {.loss_sum = 3.0, .hits = 3, .rows = 4};
    ck_assert_double_eq(mlp_tally_loss(&tally), 0.75);
    ck_assert_double_eq(mlp_tally_accuracy(&tally), 0.75);
    tally.loss_sum = 5.0;
    ck_assert_double_eq(mlp_tally_loss(&tally), 1.25);
}
END_TEST

START_TEST(weighted_rows_count_by_their_weights)
{
    mlp_tally tally = {.loss_sum = 3.0,
                       .hits = 3,
                       .rows = 4,
                       .top_hits = 4,
                       .weighted = 4,
                       .weight_sum = 8.0,
                       .hit_sum = 2.0,
                       .top_hit_sum = 7.0};
    ck_assert_double_eq(mlp_tally_loss(&tally), 0.375);
    ck_assert_double_eq(mlp_tally_accuracy(&tally), 0.25);
    ck_assert_double_eq(mlp_tally_top_accuracy(&tally), 0.875);
    /* targets 1, 2, 4 of weights 1, 0, 3: mean 13/4 */
    mlp_tally of = {.rows = 3, .weighted = 3, .weight_sum = 4.0};
    mlp_tally_target(&of, 2.0F, 1.0F, 10.0, 1.0);
    mlp_tally_target(&of, 9.0F, 2.0F, 10.0, 0.0);
    mlp_tally_target(&of, 3.5F, 4.0F, 10.0, 3.0);
    ck_assert_double_eq(mlp_tally_mae(&of), (10.0 + 3 * 5.0) / 4);
    ck_assert_double_eq_tol(mlp_tally_r2(&of),
                            1.0 - 1.75 / (49.0 - 4 * 3.25 * 3.25), rounding);
}
END_TEST

START_TEST(no_rows_have_no_loss_and_no_accuracy)
{
    mlp_tally tally = {0};
    ck_assert(isnan(mlp_tally_loss(&tally)));
    ck_assert(isnan(mlp_tally_accuracy(&tally)));
}
END_TEST

START_TEST(scores_of_each_class_are_as_by_hand)
{
    mlp_class_score scores[CLASSES];
    mlp_metrics_scores(confusion, CLASSES, scores);
    assert_score(&scores[0], 2.0 / 3, 2.0 / 3, 2.0 / 3, 3);
    assert_score(&scores[1], 3.0 / 5, 1.0, 0.75, 3);
}
END_TEST

START_TEST(a_class_that_is_never_predicted_scores_zero)
{
    mlp_class_score scores[CLASSES];
    mlp_metrics_scores(confusion, CLASSES, scores);
    assert_score(&scores[2], 0, 0, 0, 2);
}
END_TEST

START_TEST(a_class_without_rows_and_predictions_scores_zero)
{
    static const uint64_t lonely[4] = {5, 0, 0, 0};
    mlp_class_score scores[2];
    mlp_metrics_scores(lonely, 2, scores);
    assert_score(&scores[0], 1, 1, 1, 5);
    assert_score(&scores[1], 0, 0, 0, 0);
}
END_TEST

START_TEST(averages_count_classes_alike_or_by_their_rows)
{
    mlp_class_score scores[CLASSES];
    mlp_class_score macro;
    mlp_class_score weighted;
    mlp_metrics_scores(confusion, CLASSES, scores);
    mlp_metrics_averages(scores, CLASSES, &macro, &weighted);
    /* precision (2/3 + 3/5 + 0) / 3, recall (2/3 + 1 + 0) / 3,
     * f1 (2/3 + 3/4 + 0) / 3 */
    assert_score(&macro, 19.0 / 45, 5.0 / 9, 17.0 / 36, 8);
    /* (3 * 2/3 + 3 * 3/5) / 8, (3 * 2/3 + 3) / 8, (3 * 2/3 + 3 * 3/4) / 8 */
    assert_score(&weighted, 3.8 / 8, 5.0 / 8, 4.25 / 8, 8);
}
END_TEST

START_TEST(averages_of_no_rows_are_zero)
{
    static const uint64_t nothing[4] = {0};
    mlp_class_score scores[2];
    mlp_class_score macro;
    mlp_class_score weighted;
    mlp_metrics_scores(nothing, 2, scores);
    mlp_metrics_averages(scores, 2, &macro, &weighted);
    assert_score(&macro, 0, 0, 0, 0);
    assert_score(&weighted, 0, 0, 0, 0);
}
END_TEST

START_TEST(two_classes_have_the_brier_score_of_class_1)
{
    mlp_tally tally = {.rows = 2};
    const float one_output = 0.25F;
    const float two_outputs[] = {0.25F, 0.75F};
    mlp_tally_probabilities(&tally, &one_output, 1, 1, 0.5, 1.0);
    mlp_tally_probabilities(&tally, two_outputs, 2, 1, 0.25, 1.0);
    ck_assert_double_eq(mlp_tally_metric(&tally, MLP_METRIC_BRIER),
                        (0.5625 + 0.0625) / 2);
    ck_assert_double_eq(mlp_tally_metric(&tally, MLP_METRIC_LOG_LOSS), 0.375);
    ck_assert(isnan(mlp_tally_metric(&tally, MLP_METRIC_RMSE)));
}
END_TEST

START_TEST(several_classes_have_the_sum_of_squares)
{
    mlp_tally tally = {.rows = 1};
    const float outputs[] = {0.5F, 0.25F, 0.25F};
    mlp_tally_probabilities(&tally, outputs, 3, 0, 0.7, 1.0);
    ck_assert_double_eq(mlp_tally_metric(&tally, MLP_METRIC_BRIER), 0.375);
}
END_TEST

START_TEST(log_loss_of_outputs_is_finite)
{
    mlp_tally tally = {.rows = 2};
    const float sure = 1.0F, half = 0.5F;
    mlp_tally_probabilities(&tally, &sure, 1, 0, (double)NAN, 1.0);
    mlp_tally_probabilities(&tally, &half, 1, 0, (double)NAN, 1.0);
    ck_assert_double_eq_tol(mlp_tally_metric(&tally, MLP_METRIC_LOG_LOSS),
                            (23 * log(2) + log(2)) / 2, 1e-12);
}
END_TEST

START_TEST(errors_are_in_the_unit_of_the_data)
{
    mlp_tally tally = {.rows = 2};
    mlp_tally_target(&tally, 1.0F, 3.0F, 10, 1.0);  /* 20 */
    mlp_tally_target(&tally, 2.0F, -2.0F, 10, 1.0); /* 40 */
    ck_assert_double_eq(mlp_tally_metric(&tally, MLP_METRIC_MAE), 30);
    ck_assert_double_eq_tol(mlp_tally_metric(&tally, MLP_METRIC_RMSE),
                            sqrt(1000), 1e-12);
    ck_assert(isnan(mlp_tally_metric(&tally, MLP_METRIC_BRIER)));
    ck_assert(isnan(mlp_tally_metric(&tally, MLP_METRIC_ACCURACY)));
}
END_TEST

START_TEST(what_was_not_measured_is_not_a_number)
{
    /* as older versions stored it */
    const mlp_tally classes = {.rows = 9, .hits = 3};
    const mlp_tally numbers = {.rows = 9, .targets = 9};
    for (mlp_metric m = MLP_METRIC_LOG_LOSS; m < MLP_METRICS; m++) {
        ck_assert(isnan(mlp_tally_metric(&classes, m)));
    }
    ck_assert(isnan(mlp_tally_metric(&numbers, MLP_METRIC_RMSE)));
}
END_TEST

START_TEST(a_sum_is_not_ranked)
{
    mlp_tally sum = {0};
    const mlp_tally part = {.rows = 1, .ranked = 1, .ranking = {0.5, 0.5}};
    mlp_tally_add(&sum, &part);
    ck_assert(isnan(mlp_tally_metric(&sum, MLP_METRIC_ROC_AUC)));
    ck_assert_double_eq(mlp_tally_metric(&part, MLP_METRIC_ROC_AUC), 0.5);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("metrics");
    TCase *tests = tcase_create("metrics");
    tcase_add_test(tests, loss_and_accuracy_are_means_over_rows);
    tcase_add_test(tests, weighted_rows_count_by_their_weights);
    tcase_add_test(tests, no_rows_have_no_loss_and_no_accuracy);
    tcase_add_test(tests, scores_of_each_class_are_as_by_hand);
    tcase_add_test(tests, a_class_that_is_never_predicted_scores_zero);
    tcase_add_test(tests, a_class_without_rows_and_predictions_scores_zero);
    tcase_add_test(tests, averages_count_classes_alike_or_by_their_rows);
    tcase_add_test(tests, averages_of_no_rows_are_zero);
    tcase_add_test(tests, two_classes_have_the_brier_score_of_class_1);
    tcase_add_test(tests, several_classes_have_the_sum_of_squares);
    tcase_add_test(tests, log_loss_of_outputs_is_finite);
    tcase_add_test(tests, errors_are_in_the_unit_of_the_data);
    tcase_add_test(tests, what_was_not_measured_is_not_a_number);
    tcase_add_test(tests, a_sum_is_not_ranked);
    suite_add_tcase(suite, tests);
    return run_suite(suite, CK_FORK_GETENV);
}
