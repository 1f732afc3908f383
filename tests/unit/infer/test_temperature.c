/** @file
 *  Temperatures by hand, and beside the losses around them.
 */
#include "infer/temperature.h"

#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "run_suite.h"

static const double rounding = 1e-9; /* 48 halvings of 32 */

static double fit(float *logits, uint16_t *labels, size_t rows, size_t count)
{
    const mlp_logits all = {rows, count, logits, labels};
    double factor;
    ck_assert_msg(mlp_temperature_fit(&all, &factor) == MLP_OK, "%s",
                  mlp_failure());
    return factor;
}

static double loss_of(const float *logits, const uint16_t *labels, size_t rows,
                      size_t count, double factor)
{
    double loss = 0;
    for (size_t r = 0; r < rows; r++) {
        const float *z = logits + r * count;
        double sum = 0;
        for (size_t k = 0; k < count; k++) {
            sum += exp(factor * (double)z[k]);
        }
        loss += log(sum) - factor * (double)z[labels[r]];
    }
    return loss / (double)rows;
}

START_TEST(three_of_four_right_have_the_odds_3)
{
    /* sigmoid(2 b) = 3/4 */
    float one[] = {2, 2, 2, 2};
    float two[] = {1, 3, 0, 2, -4, -2, 5, 7};
    uint16_t labels[] = {1, 1, 0, 1};
    ck_assert_double_eq_tol(fit(one, labels, 4, 1), log(3) / 2, rounding);
    ck_assert_double_eq_tol(fit(two, labels, 4, 2), log(3) / 2, rounding);
}
END_TEST

START_TEST(sizes_of_logits_are_made_up_for)
{
    uint16_t labels[] = {1, 1, 0, 1};
    static const float sizes[] = {1e-4F, 1.0F, 1e4F};
    for (size_t i = 0; i < 3; i++) {
        float logits[] = {sizes[i], sizes[i], sizes[i], sizes[i]};
        double factor = fit(logits, labels, 4, 1);
        ck_assert_double_eq_tol(factor * (double)sizes[i], log(3), 1e-6);
    }
}
END_TEST

START_TEST(the_loss_is_least_there)
{
    enum { ROWS = 60, CLASSES = 4 };
    float logits[ROWS * CLASSES];
    uint16_t labels[ROWS];
    uint32_t state = 7;
    for (size_t i = 0; i < ROWS * CLASSES; i++) {
        state = state * 1664525U + 1013904223U;
        logits[i] = (float)(state >> 8) / 16777216.0F * 12 - 6;
    }
    for (size_t r = 0; r < ROWS; r++) { /* two of three are the largest */
        size_t best = 0;
        for (size_t k = 0; k < CLASSES; k++) {
            const float *z = logits + r * CLASSES;
            best = z[k] > z[best] ? k : best;
        }
        labels[r] = (uint16_t)(r % 3 > 0 ? best : (best + 1) % CLASSES);
    }
    double factor = fit(logits, labels, ROWS, CLASSES);
    double least = loss_of(logits, labels, ROWS, CLASSES, factor);
    static const double others[] = {0.9, 0.999, 1.001, 1.1};
    for (size_t i = 0; i < 4; i++) {
        ck_assert(loss_of(logits, labels, ROWS, CLASSES, factor * others[i]) >
                  least);
    }
}
END_TEST

START_TEST(rows_that_are_all_right_have_no_temperature)
{
    float logits[] = {1, -1, 2};
    uint16_t labels[] = {1, 0, 1};
    double factor;
    const mlp_logits all = {3, 1, logits, labels};
    ck_assert_int_eq(mlp_temperature_fit(&all, &factor), MLP_ERROR_DATA);
}
END_TEST

START_TEST(logits_no_better_than_chance_have_none)
{
    float logits[] = {1, 1, 1, -1};
    uint16_t labels[] = {0, 0, 1, 1};
    double factor;
    const mlp_logits all = {4, 1, logits, labels};
    ck_assert_int_eq(mlp_temperature_fit(&all, &factor), MLP_ERROR_DATA);
}
END_TEST

/* 2 inputs, 2 outputs, no hidden layer: W, then b. */
START_TEST(the_last_layer_takes_the_factor)
{
    size_t widths[] = {2, 2};
    float parameters[] = {1, 2, 3, 4, 5, 6};
    mlp_checkpoint c = {.layers = 1,
                        .widths = widths,
                        .parameter_count = 6,
                        .parameters = parameters,
                        .epoch = 1,
                        .moment_count = 1};
    mlp_config_init(&c.config);
    c.config.patience = 3; /* the best weights are the last moment */
    c.moments[0] = malloc(sizeof parameters);
    ck_assert_ptr_nonnull(c.moments[0]);
    for (size_t i = 0; i < 6; i++) {
        c.moments[0][i] = 10 * parameters[i];
    }
    mlp_temperature_apply(&c, 0.5);
    for (size_t i = 0; i < 6; i++) {
        ck_assert_float_eq(mlp_checkpoint_result(&c)[i], 5 * (float)(i + 1));
    }
    ck_assert_uint_eq(c.moment_count, 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("temperature");
    TCase *tests = tcase_create("temperature");
    tcase_add_test(tests, three_of_four_right_have_the_odds_3);
    tcase_add_test(tests, sizes_of_logits_are_made_up_for);
    tcase_add_test(tests, the_loss_is_least_there);
    tcase_add_test(tests, rows_that_are_all_right_have_no_temperature);
    tcase_add_test(tests, logits_no_better_than_chance_have_none);
    tcase_add_test(tests, the_last_layer_takes_the_factor);
    suite_add_tcase(suite, tests);
    return run_suite(suite, CK_FORK_GETENV);
}
