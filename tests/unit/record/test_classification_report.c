/** @file
 *  The report's text, against scikit-learn's for the same counts.
 */
#include "record/classification_report.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "run_suite.h"

static char *report_of(const uint64_t *confusion, size_t classes)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    ck_assert_ptr_nonnull(out);
    ck_assert_int_eq(mlp_report_print(out, confusion, classes, NULL), MLP_OK);
    fclose(out);
    return text;
}

START_TEST(three_classes_are_laid_out_as_by_scikit_learn)
{
    static const uint64_t confusion[9] = {2, 1, 0, 0, 3, 0, 1, 1, 0};
    char *text = report_of(confusion, 3);
    ck_assert_str_eq(text,
                     "              precision    recall  f1-score   support\n"
                     "\n"
                     "           0     0.6667    0.6667    0.6667         3\n"
                     "           1     0.6000    1.0000    0.7500         3\n"
                     "           2     0.0000    0.0000    0.0000         2\n"
                     "\n"
                     "    accuracy                         0.6250         8\n"
                     "   macro avg     0.4222    0.5556    0.4722         8\n"
                     "weighted avg     0.4750    0.6250    0.5312         8\n"
                     "\n"
                     "confusion matrix (row: truth, column: prediction)\n"
                     "\n"
                     "              0 1 2\n"
                     "           0  2 1 0\n"
                     "           1  0 3 0\n"
                     "           2  1 1 0\n");
    free(text);
}
END_TEST

START_TEST(matrix_columns_are_as_wide_as_the_largest_count)
{
    static const uint64_t confusion[4] = {12345, 1, 22, 9};
    char *text = report_of(confusion, 2);
    ck_assert_ptr_nonnull(strstr(text, "                  0     1\n"
                                       "           0  12345     1\n"
                                       "           1     22     9\n"));
    free(text);
}
END_TEST

START_TEST(no_rows_at_all_give_zeros)
{
    static const uint64_t confusion[4] = {0};
    char *text = report_of(confusion, 2);
    ck_assert_ptr_nonnull(strstr(
        text, "    accuracy                         0.0000         0\n"));
    ck_assert_ptr_null(strstr(text, "nan"));
    free(text);
}
END_TEST

START_TEST(many_classes_list_the_largest_confusions_first)
{
    enum { CLASSES = 31 };
    uint64_t *confusion = calloc((size_t)CLASSES * CLASSES, sizeof *confusion);
    ck_assert_ptr_nonnull(confusion);
    for (size_t k = 0; k < CLASSES; k++) {
        confusion[k * CLASSES + k] = 100;
    }
    confusion[0 * CLASSES + 30] = 3;
    confusion[7 * CLASSES + 2] = 50;
    confusion[30 * CLASSES + 0] = 9;
    char *text = report_of(confusion, CLASSES);
    const char *list = strstr(text, "largest confusions\n");
    ck_assert_ptr_nonnull(list);
    ck_assert_str_eq(list, "largest confusions\n"
                           "\n"
                           "       truth  prediction      rows\n"
                           "           7           2        50\n"
                           "          30           0         9\n"
                           "           0          30         3\n");
    ck_assert_ptr_null(strstr(text, "confusion matrix"));
    free(text);
    free(confusion);
}
END_TEST

START_TEST(of_many_confusions_the_largest_twenty_stay)
{
    enum { CLASSES = 40 };
    uint64_t *confusion = calloc((size_t)CLASSES * CLASSES, sizeof *confusion);
    ck_assert_ptr_nonnull(confusion);
    for (size_t k = 1; k < CLASSES; k++) {
        confusion[k] = 1000 + k; /* of truth 0, rising */
    }
    char *text = report_of(confusion, CLASSES);
    const char *list = strstr(text, "largest confusions");
    ck_assert_ptr_nonnull(list);
    ck_assert_ptr_nonnull(strstr(list, " 1039\n"));
    ck_assert_ptr_nonnull(strstr(list, " 1020\n"));
    ck_assert_ptr_null(strstr(list, " 1019\n"));
    free(text);
    free(confusion);
}
END_TEST

static char *report_of_names(const uint64_t *confusion, size_t classes,
                             char **names)
{
    char *text = NULL;
    size_t size = 0;
    const mlp_names list = {.items = names, .count = classes};
    FILE *out = open_memstream(&text, &size);
    ck_assert_ptr_nonnull(out);
    ck_assert_int_eq(mlp_report_print(out, confusion, classes, &list), MLP_OK);
    fclose(out);
    return text;
}

START_TEST(columns_of_the_matrix_have_names_that_fit)
{
    static const uint64_t confusion[9] = {2, 1, 0, 0, 3, 0, 1, 1, 0};
    char *names[] = {"red", "gr\303\274n", "b\tlue"};
    char *text = report_of_names(confusion, 3, names);
    ck_assert_ptr_nonnull(strstr(text,
                                 "\n"
                                 "                red  gr\303\274n b?lue\n"
                                 "         red      2     1     0\n"
                                 "        gr\303\274n      0     3     0\n"
                                 "       b?lue      1     1     0\n"));
    free(text);
}
END_TEST

START_TEST(names_too_long_for_columns_get_numbers_in_rows_and_columns)
{
    enum { CLASSES = 5 };
    uint64_t confusion[CLASSES * CLASSES] = {10};
    char *names[CLASSES] = {"cotton crop", "grey soil", "very damp grey soil",
                            "red soil", "vegetation stubble"};
    char *text = report_of_names(confusion, CLASSES, names);
    ck_assert_ptr_nonnull(strstr(text,
                                 "\n"
                                 "                        0  1  2  3  4\n"
                                 "        cotton crop  0 10  0  0  0  0\n"
                                 "          grey soil  1  0  0  0  0  0\n"
                                 "very damp grey soil  2  0  0  0  0  0\n"
                                 "           red soil  3  0  0  0  0  0\n"
                                 " vegetation stubble  4  0  0  0  0  0\n"));
    ck_assert_ptr_nonnull(
        strstr(text, "          grey soil     0.0000    0.0000"));
    free(text);
}
END_TEST

START_TEST(large_confusions_have_names)
{
    enum { CLASSES = 31 };
    uint64_t confusion[CLASSES * CLASSES] = {0};
    char *names[CLASSES];
    for (size_t k = 0; k < CLASSES; k++) {
        names[k] = k == 7 ? "seven" : "other";
    }
    confusion[7 * CLASSES + 2] = 50;
    char *text = report_of_names(confusion, CLASSES, names);
    ck_assert_ptr_nonnull(strstr(text, "       truth  prediction      rows\n"
                                       "       seven       other        50\n"));
    free(text);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("classification_report");
    TCase *tests = tcase_create("report");
    tcase_add_test(tests, three_classes_are_laid_out_as_by_scikit_learn);
    tcase_add_test(tests, matrix_columns_are_as_wide_as_the_largest_count);
    tcase_add_test(tests, no_rows_at_all_give_zeros);
    tcase_add_test(tests, many_classes_list_the_largest_confusions_first);
    tcase_add_test(tests, of_many_confusions_the_largest_twenty_stay);
    tcase_add_test(tests, columns_of_the_matrix_have_names_that_fit);
    tcase_add_test(tests,
                   names_too_long_for_columns_get_numbers_in_rows_and_columns);
    tcase_add_test(tests, large_confusions_have_names);
    suite_add_tcase(suite, tests);
    return run_suite(suite, CK_FORK_GETENV);
}
