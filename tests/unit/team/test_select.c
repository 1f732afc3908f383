/** @file
 *  Order statistics by counts: those of a sorted list.
 */
#include "team/select.h"

#include <check.h>
#include <math.h>
#include <stdlib.h>

#include "base/rng.h"
#include "run_suite.h"

enum { MOST = 500, WANTED = 3 };

static int by_value(const void *a, const void *b)
{
    float x = *(const float *)a;
    float y = *(const float *)b;
    return (x > y) - (x < y);
}

/* The column's numbers; wanted are the first, the median and the last. */
static void expect_sorted(const float *numbers, size_t count)
{
    mlp_selection selection = {0};
    float sorted[MOST];
    const size_t places[WANTED] = {0, count / 2, count - 1};
    bool is_first = true;
    ck_assert_int_eq(mlp_selection_create(2, WANTED, &selection), MLP_OK);
    mlp_selection_begin(&selection, 2); /* the other column has no value */
    do {
        for (size_t first = 0; first < count; first += MLP_SELECT_VALUES) {
            size_t left = count - first;
            mlp_selection_count(&selection, 1, numbers + first,
                                left < MLP_SELECT_VALUES ? left
                                                         : MLP_SELECT_VALUES);
        }
        ck_assert_int_eq(mlp_selection_sum(&selection, NULL), MLP_OK);
        for (size_t w = 0; w < WANTED && is_first; w++) {
            ck_assert_uint_eq(mlp_selection_total(&selection, 1), count);
            ck_assert_uint_eq(mlp_selection_total(&selection, 0), 0);
            mlp_selection_want(&selection, 1, w, places[w]);
        }
        is_first = false;
    } while (mlp_selection_narrow(&selection));
    memcpy(sorted, numbers, count * sizeof *sorted);
    qsort(sorted, count, sizeof *sorted, by_value);
    for (size_t w = 0; w < WANTED; w++) {
        ck_assert_float_eq(mlp_selection_value(&selection, 1, w),
                           sorted[places[w]]);
    }
    mlp_selection_destroy(&selection);
}

START_TEST(values_are_those_of_a_sorted_list)
{
    const mlp_rng_key key = {1, MLP_RNG_SPLIT, 0};
    float numbers[MOST];
    for (size_t count = 1; count < MOST; count += 1 + count / 3) {
        for (size_t i = 0; i < count; i++) {
            mlp_rng_block draw = mlp_rng_draw(key, i, count);
            memcpy(&numbers[i], &draw.word[0], sizeof numbers[i]);
            if (!isfinite(numbers[i])) {
                numbers[i] = 0.0F;
            }
        }
        expect_sorted(numbers, count);
    }
}
END_TEST

START_TEST(equal_and_near_values_are_told_apart)
{
    const float numbers[] = {1.0F,  nextafterf(1.0F, 2.0F), 1.0F, -1.0F,
                             -2.0F, nextafterf(1.0F, 0.0F), 1.0F};
    expect_sorted(numbers, sizeof numbers / sizeof *numbers);
    expect_sorted(numbers, 1);
    expect_sorted(numbers, 2);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("select");
    TCase *tcase = tcase_create("select");
    tcase_add_test(tcase, values_are_those_of_a_sorted_list);
    tcase_add_test(tcase, equal_and_near_values_are_told_apart);
    suite_add_tcase(suite, tcase);
    return run_suite(suite, CK_FORK_GETENV);
}
