/** @file
 *  Charts: axes, what is drawn on a canvas, and as text.
 */
#include "draw/chart.h"

#include <check.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "run_suite.h"

static const double epochs[] = {1, 2, 3, 4};
static const double falling[] = {1.0, 0.5, 0.25, 0.0};
static char *text;
static size_t size;
static FILE *out;

static void setup(void)
{
    out = open_memstream(&text, &size);
    ck_assert_ptr_nonnull(out);
}

static void teardown(void)
{
    fclose(out);
    free(text);
}

static void expect_axis(mlp_axis axis, double least, double most, double step)
{
    ck_assert_double_eq_tol(axis.least, least, 1e-9);
    ck_assert_double_eq_tol(axis.most, most, 1e-9);
    ck_assert_double_eq_tol(axis.step, step, 1e-9);
}

START_TEST(ticks_are_1_2_or_5_times_a_power_of_ten)
{
    expect_axis(mlp_axis_of(0, 10, 5), 0, 10, 2);
    expect_axis(mlp_axis_of(0.924, 0.9997, 5), 0.92, 1, 0.02);
    expect_axis(mlp_axis_of(1, 100, 5), 0, 100, 20);
    expect_axis(mlp_axis_of(-3, 400, 4), -200, 400, 200);
}
END_TEST

START_TEST(an_axis_of_one_value_has_it_in_the_middle)
{
    mlp_axis axis = mlp_axis_of(0.1, 0.1, 5);
    ck_assert_double_lt(axis.least, 0.1);
    ck_assert_double_gt(axis.most, 0.1);
    axis = mlp_axis_of(0, 0, 5);
    ck_assert_double_lt(axis.least, axis.most);
}
END_TEST

static void draw(const mlp_chart *chart)
{
    mlp_markup m = {.out = out};
    mlp_canvas_svg svg;
    mlp_canvas_svg_init(&svg, &m);
    mlp_markup_open(&m, "svg");
    mlp_chart_draw(chart, &svg.canvas, 0);
    mlp_markup_close(&m);
    fflush(out);
}

static size_t count_of(const char *what)
{
    size_t count = 0;
    for (const char *s = text; (s = strstr(s, what)) != NULL; s++) {
        count++;
    }
    return count;
}

START_TEST(every_point_is_a_dot_and_the_best_has_a_ring)
{
    const mlp_series series = {.name = "test <1>",
                               .x = epochs,
                               .y = falling,
                               .count = 4,
                               .ink = MLP_INK_SERIES,
                               .best = 2};
    const mlp_chart chart = {
        .title = "Loss", .x_label = "epoch", .series = &series, .count = 1};
    draw(&chart);
    ck_assert_uint_eq(count_of("<circle"), 4 + 2);
    ck_assert_uint_eq(count_of("(best)"), 1);
    ck_assert_ptr_nonnull(
        strstr(text, "<title>test &lt;1&gt;, epoch 3: 0.2500 (best)</title>"));
    ck_assert_ptr_nonnull(strstr(text, ">Loss</text>"));
}
END_TEST

START_TEST(a_gap_in_a_curve_is_a_gap)
{
    const double broken[] = {1.0, (double)NAN, 3.0, 4.0};
    const mlp_series series = {.name = "a",
                               .x = epochs,
                               .y = broken,
                               .count = 4,
                               .ink = MLP_INK_SERIES,
                               .best = SIZE_MAX};
    const mlp_chart chart = {
        .title = "A", .x_label = "epoch", .series = &series, .count = 1};
    draw(&chart);
    ck_assert_uint_eq(count_of("stroke-width=\"2\""), 2);
    ck_assert_ptr_null(strstr(text, "nan"));
}
END_TEST

START_TEST(numbers_beyond_all_bounds_draw_nothing_mad)
{
    const double mad[] = {1e308, -1e308, (double)INFINITY, 1e-300};
    const mlp_series series = {.name = "a",
                               .x = mad,
                               .y = mad,
                               .count = 4,
                               .ink = MLP_INK_SERIES,
                               .best = SIZE_MAX};
    mlp_chart chart = {.title = "A",
                       .x_label = "epoch",
                       .is_log = true,
                       .series = &series,
                       .count = 1};
    draw(&chart);
    ck_assert_int_eq(mlp_chart_print(&chart, out, 40, true), MLP_OK);
    chart.count = 0;
    draw(&chart);
    ck_assert_int_eq(mlp_chart_print(&chart, out, 40, true), MLP_OK);
}
END_TEST

START_TEST(text_has_the_first_point_above_and_the_last_below)
{
    const mlp_series series = {
        .name = "test", .x = epochs, .y = falling, .count = 4};
    const mlp_chart chart = {
        .title = "Loss", .x_label = "epoch", .series = &series, .count = 1};
    ck_assert_int_eq(mlp_chart_print(&chart, out, 40, false), MLP_OK);
    fflush(out);
    ck_assert_ptr_nonnull(strstr(text, "Loss: test\n       1 |*"));
    const char *last = strstr(text, "       0 |");
    ck_assert_ptr_nonnull(last);
    ck_assert_int_eq(last[39], '*');
    for (const char *line = text; *line != '\0';) {
        size_t length = strcspn(line, "\n");
        ck_assert_uint_le(length, 40);
        line += length + 1;
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("chart");
    TCase *tests = tcase_create("chart");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, ticks_are_1_2_or_5_times_a_power_of_ten);
    tcase_add_test(tests, an_axis_of_one_value_has_it_in_the_middle);
    tcase_add_test(tests, every_point_is_a_dot_and_the_best_has_a_ring);
    tcase_add_test(tests, a_gap_in_a_curve_is_a_gap);
    tcase_add_test(tests, numbers_beyond_all_bounds_draw_nothing_mad);
    tcase_add_test(tests, text_has_the_first_point_above_and_the_last_below);
    suite_add_tcase(suite, tests);
    return run_suite(suite, CK_FORK_GETENV);
}
