/** @file
 *  ROC AUC and average precision: by hand with ties, and beside plain loops
 *  over all pairs of rows and all thresholds.
 */
#include "base/ranking.h"

#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "run_suite.h"

enum { ROWS_MOST = 120, CLASSES_MOST = 5 };

/* some thousand operations on numbers up to 1 */
static const double rounding = 1e-13;

static mlp_ranking_scores measure(const float *outputs, const uint32_t *labels,
                                  size_t rows, size_t classes,
                                  const float *weights)
{
    mlp_ranking ranking;
    mlp_ranking_scores scores;
    size_t columns = mlp_ranking_columns(classes);
    ck_assert_int_eq(mlp_ranking_create(rows, classes, &ranking), MLP_OK);
    for (size_t r = 0; r < rows; r++) {
        mlp_ranking_put(&ranking, r, outputs + r * columns, labels[r]);
    }
    ck_assert_int_eq(mlp_ranking_measure(&ranking, weights, &scores), MLP_OK);
    mlp_ranking_destroy(&ranking);
    return scores;
}

/* ---- plain definitions ------------------------------------------------- */

static double weight_of(const float *weights, size_t row)
{
    return weights != NULL ? (double)weights[row] : 1.0;
}

/* The share of pairs (row of the class, row of another) that are in order. */
static double plain_auc(const float *outputs, const uint32_t *labels,
                        size_t rows, size_t columns, uint32_t class,
                        const float *weights)
{
    size_t k = columns == 1 ? 0 : class;
    double in_order = 0, pairs = 0;
    for (size_t i = 0; i < rows; i++) {
        for (size_t j = 0; j < rows; j++) {
            if (labels[i] == class && labels[j] != class) {
                float of_class = outputs[i * columns + k];
                float other = outputs[j * columns + k];
                double weight = weight_of(weights, i) * weight_of(weights, j);
                pairs += weight;
                in_order += weight * (of_class > other    ? 1
                                      : of_class == other ? 0.5
                                                          : 0);
            }
        }
    }
    return in_order / pairs;
}

/* Precision at the threshold of each row of the class, averaged: rows of one
 * threshold have one precision, so that this is the sum over thresholds. */
static double plain_precision(const float *outputs, const uint32_t *labels,
                              size_t rows, size_t columns, uint32_t class,
                              const float *weights)
{
    size_t k = columns == 1 ? 0 : class;
    double sum = 0, all = 0;
    for (size_t i = 0; i < rows; i++) {
        double hits = 0, above = 0;
        for (size_t j = 0; j < rows; j++) {
            if (outputs[j * columns + k] >= outputs[i * columns + k]) {
                above += weight_of(weights, j);
                hits += labels[j] == class ? weight_of(weights, j) : 0;
            }
        }
        if (labels[i] == class && weight_of(weights, i) > 0) {
            all += weight_of(weights, i);
            sum += weight_of(weights, i) * hits / above;
        }
    }
    return sum / all;
}

/* ---- by hand ----------------------------------------------------------- */

START_TEST(ties_count_one_half)
{
    /* class 1: 0.9, 0.5; class 0: 0.5, 0.1. Pairs: 1, 1, 1/2, 1. Precision: at
     * 0.9 1/1, at 0.5 2/3. */
    const float outputs[] = {0.9F, 0.5F, 0.5F, 0.1F};
    const uint32_t labels[] = {1, 1, 0, 0};
    mlp_ranking_scores scores = measure(outputs, labels, 4, 2, NULL);
    ck_assert_double_eq(scores.roc_auc, 3.5 / 4);
    ck_assert_double_eq(scores.average_precision, (1 + 2.0 / 3) / 2);
}
END_TEST

START_TEST(equal_outputs_rank_like_a_coin)
{
    const float outputs[] = {0.0F, -0.0F, 0.0F, -0.0F, 0.0F};
    const uint32_t labels[] = {1, 0, 0, 0, 1};
    mlp_ranking_scores scores = measure(outputs, labels, 5, 2, NULL);
    ck_assert_double_eq(scores.roc_auc, 0.5);
    ck_assert_double_eq(scores.average_precision, 0.4); /* the class's share */
}
END_TEST

START_TEST(the_best_order_is_1_and_the_worst_0)
{
    const float up[] = {-INFINITY, -3.0F, -1e-30F, 1e-30F, 2.0F};
    const float down[] = {2.0F, 1e-30F, -1e-30F, -3.0F, -INFINITY};
    const uint32_t labels[] = {0, 0, 0, 1, 1};
    ck_assert_double_eq(measure(up, labels, 5, 2, NULL).roc_auc, 1);
    ck_assert_double_eq(measure(up, labels, 5, 2, NULL).average_precision, 1);
    ck_assert_double_eq(measure(down, labels, 5, 2, NULL).roc_auc, 0);
    /* at the first row of the class 1/4, at the second 2/5 */
    ck_assert_double_eq(measure(down, labels, 5, 2, NULL).average_precision,
                        (0.25 + 0.4) / 2);
}
END_TEST

START_TEST(several_classes_are_each_against_the_rest)
{
    const float outputs[] = {0.6F, 0.3F, 0.1F, /* of class 0 */
                             0.5F, 0.3F, 0.2F, /* of class 1 */
                             0.2F, 0.4F, 0.4F /* of class 0 */};
    const uint32_t labels[] = {0, 1, 0};
    mlp_ranking_scores scores = measure(outputs, labels, 3, 3, NULL);
    /* class 0: pairs 0.6 > 0.5, 0.2 < 0.5: 1/2; precision 1/1 and 2/3
     * class 1: pairs 0.3 = 0.3, 0.3 < 0.4: 1/4; precision 1/3
     * class 2 has no rows, and is left out */
    ck_assert_double_eq(scores.roc_auc, (0.5 + 0.25) / 2);
    ck_assert_double_eq(scores.average_precision,
                        ((1 + 2.0 / 3) / 2 + 1.0 / 3) / 2);
}
END_TEST

START_TEST(what_is_undefined_is_not_a_number)
{
    const float outputs[] = {0.1F, 0.9F};
    const uint32_t ones[] = {1, 1}, zeros[] = {0, 0};
    ck_assert(isnan(measure(outputs, ones, 2, 2, NULL).roc_auc));
    ck_assert_double_eq(measure(outputs, ones, 2, 2, NULL).average_precision,
                        1);
    ck_assert(isnan(measure(outputs, zeros, 2, 2, NULL).roc_auc));
    ck_assert(isnan(measure(outputs, zeros, 2, 2, NULL).average_precision));
    ck_assert(isnan(measure(outputs, zeros, 0, 2, NULL).roc_auc));
}
END_TEST

/* ---- beside the definitions -------------------------------------------- */

typedef struct {
    float outputs[ROWS_MOST * CLASSES_MOST];
    uint32_t labels[ROWS_MOST];
    float weights[ROWS_MOST];
    size_t rows, classes, columns;
} drawn_rows;

/* Few distinct outputs, so that many are equal, of both signs. */
static drawn_rows draw(uint64_t seed, size_t rows, size_t classes,
                       uint32_t levels)
{
    drawn_rows drawn = {.rows = rows,
                        .classes = classes,
                        .columns = mlp_ranking_columns(classes)};
    uint32_t state = (uint32_t)seed * 2654435761U + 1;
    for (size_t i = 0; i < rows * drawn.columns; i++) {
        state = state * 1664525U + 1013904223U;
        drawn.outputs[i] = (float)(state >> 8) / 16777216.0F * (float)levels;
        drawn.outputs[i] = floorf(drawn.outputs[i]) - (float)(levels / 2);
    }
    for (size_t r = 0; r < rows; r++) {
        state = state * 1664525U + 1013904223U;
        drawn.labels[r] = (state >> 16) % (uint32_t)classes;
        state = state * 1664525U + 1013904223U;
        drawn.weights[r] = (float)((state >> 20) % 4);
    }
    return drawn;
}

static void compare(const drawn_rows *of, const float *weights)
{
    mlp_ranking_scores scores =
        measure(of->outputs, of->labels, of->rows, of->classes, weights);
    double auc = 0, precision = 0;
    for (size_t k = 0; k < of->columns; k++) {
        uint32_t class = of->columns == 1 ? 1 : (uint32_t)k;
        auc += plain_auc(of->outputs, of->labels, of->rows, of->columns, class,
                         weights);
        precision += plain_precision(of->outputs, of->labels, of->rows,
                                     of->columns, class, weights);
    }
    ck_assert_double_eq_tol(scores.roc_auc, auc / (double)of->columns,
                            rounding);
    ck_assert_double_eq_tol(scores.average_precision,
                            precision / (double)of->columns, rounding);
}

START_TEST(scores_are_those_of_the_definitions)
{
    static const uint32_t levels[] = {2, 7, 60, 1000000};
    for (uint64_t seed = 0; seed < 4; seed++) {
        for (size_t classes = 2; classes <= CLASSES_MOST; classes++) {
            drawn_rows drawn =
                draw(seed, ROWS_MOST - 13 * seed, classes, levels[seed]);
            compare(&drawn, NULL);
            compare(&drawn, drawn.weights);
        }
    }
}
END_TEST

/* A weight of 3 is three rows, one of 0 is none. */
START_TEST(a_weight_is_so_many_rows)
{
    drawn_rows drawn = draw(5, ROWS_MOST / 3, 3, 9);
    drawn_rows repeated = {.classes = 3, .columns = 3};
    for (size_t r = 0; r < drawn.rows; r++) {
        for (float i = 0; i < drawn.weights[r]; i++) {
            memcpy(repeated.outputs + repeated.rows * 3, drawn.outputs + r * 3,
                   3 * sizeof(float));
            repeated.labels[repeated.rows++] = drawn.labels[r];
        }
    }
    mlp_ranking_scores weighted =
        measure(drawn.outputs, drawn.labels, drawn.rows, 3, drawn.weights);
    mlp_ranking_scores plain =
        measure(repeated.outputs, repeated.labels, repeated.rows, 3, NULL);
    ck_assert_double_eq_tol(weighted.roc_auc, plain.roc_auc, rounding);
    ck_assert_double_eq_tol(weighted.average_precision, plain.average_precision,
                            rounding);
}
END_TEST

/* As ranks do: each puts its rows, and the words are added. */
START_TEST(words_of_ranks_add_up)
{
    drawn_rows drawn = draw(3, 101, 4, 50);
    mlp_ranking_scores whole =
        measure(drawn.outputs, drawn.labels, drawn.rows, 4, NULL);
    mlp_ranking parts[3];
    uint64_t *words[3];
    size_t count = 0;
    for (size_t p = 0; p < 3; p++) {
        ck_assert_int_eq(mlp_ranking_create(drawn.rows, 4, &parts[p]), MLP_OK);
        for (size_t r = p; r < drawn.rows; r += 3) {
            mlp_ranking_put(&parts[p], r, drawn.outputs + r * 4,
                            drawn.labels[r]);
        }
        words[p] = mlp_ranking_words(&parts[p], &count);
    }
    for (size_t i = 0; i < count; i++) {
        words[0][i] += words[1][i] + words[2][i];
    }
    mlp_ranking_scores scores;
    ck_assert_int_eq(mlp_ranking_measure(&parts[0], NULL, &scores), MLP_OK);
    ck_assert_int_eq(memcmp(&scores, &whole, sizeof scores), 0);
    for (size_t p = 0; p < 3; p++) {
        mlp_ranking_destroy(&parts[p]);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("ranking");
    TCase *tests = tcase_create("ranking");
    tcase_add_test(tests, ties_count_one_half);
    tcase_add_test(tests, equal_outputs_rank_like_a_coin);
    tcase_add_test(tests, the_best_order_is_1_and_the_worst_0);
    tcase_add_test(tests, several_classes_are_each_against_the_rest);
    tcase_add_test(tests, what_is_undefined_is_not_a_number);
    tcase_add_test(tests, scores_are_those_of_the_definitions);
    tcase_add_test(tests, a_weight_is_so_many_rows);
    tcase_add_test(tests, words_of_ranks_add_up);
    suite_add_tcase(suite, tests);
    return run_suite(suite, CK_FORK_GETENV);
}
