/** @file
 *  Pictures and bars out of letters.
 */
#include "draw/terminal_picture.h"

#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "run_suite.h"

static mlp_image image, fitted;
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
    mlp_image_destroy(&image);
    mlp_image_destroy(&fitted);
}

static void create(size_t height, size_t width, const char *pixels)
{
    ck_assert_int_eq(mlp_image_create(height, width, 1, &image), MLP_OK);
    memcpy(image.pixels, pixels, height * width);
}

static const char *printed(void)
{
    fflush(out);
    return text;
}

START_TEST(thin_letters_are_dark_and_thick_ones_light)
{
    create(2, 3, "\000\200\377\000\200\377");
    mlp_drawing_line(out, &image, 0, MLP_DRAWING_ASCII);
    ck_assert_str_eq(printed(), " +@");
}
END_TEST

START_TEST(two_rows_are_one_line)
{
    create(3, 2, "\377\000\000\377\377\000");
    ck_assert_uint_eq(mlp_drawing_lines(&image), 2);
    mlp_drawing_line(out, &image, 0, MLP_DRAWING_BLOCKS);
    fputc('|', out);
    mlp_drawing_line(out, &image, 1, MLP_DRAWING_BLOCKS);
    fputc('|', out);
    mlp_drawing_line(out, &image, 2, MLP_DRAWING_BLOCKS);
    fputc('|', out);
    ck_assert_str_eq(printed(), "▒▒|▒ |  |");
}
END_TEST

START_TEST(a_half_block_has_two_grays)
{
    create(2, 1, "\377\000");
    mlp_drawing_line(out, &image, 0, MLP_DRAWING_COLOR);
    ck_assert_str_eq(printed(), "\033[38;5;255;48;5;232m▀\033[0m");
}
END_TEST

START_TEST(a_small_picture_is_enlarged_and_a_wide_one_shrunk)
{
    create(1, 2, "\000\377");
    ck_assert_int_eq(mlp_drawing_fit(&image, 60, &fitted), MLP_OK);
    ck_assert_uint_eq(fitted.width, 28);
    ck_assert_uint_eq(fitted.height, 14);
    ck_assert_uint_eq(fitted.pixels[13], 0);
    ck_assert_uint_eq(fitted.pixels[14], 255);
    mlp_image_destroy(&fitted);
    mlp_image_destroy(&image);
    ck_assert_int_eq(mlp_image_create(50, 200, 1, &image), MLP_OK);
    ck_assert_int_eq(mlp_drawing_fit(&image, 60, &fitted), MLP_OK);
    ck_assert_uint_eq(fitted.width, 60);
    ck_assert_uint_eq(fitted.height, 15);
}
END_TEST

START_TEST(a_bar_is_as_long_as_its_part)
{
    static const double parts[] = {0.0, 0.5, 1.0, 0.03125, 7.0, -1.0};
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        mlp_drawing_bar(out, parts[i], 4, MLP_DRAWING_BLOCKS);
        fputc('|', out);
    }
    mlp_drawing_bar(out, (double)NAN, 4, MLP_DRAWING_BLOCKS);
    ck_assert_str_eq(printed(), "    |██  |████|▏   |████|    |    ");
}
END_TEST

START_TEST(a_bar_of_ascii_has_whole_signs)
{
    mlp_drawing_bar(out, 0.6, 4, MLP_DRAWING_ASCII);
    ck_assert_str_eq(printed(), "##  ");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("terminal_picture");
    TCase *tests = tcase_create("drawing");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, thin_letters_are_dark_and_thick_ones_light);
    tcase_add_test(tests, two_rows_are_one_line);
    tcase_add_test(tests, a_half_block_has_two_grays);
    tcase_add_test(tests, a_small_picture_is_enlarged_and_a_wide_one_shrunk);
    tcase_add_test(tests, a_bar_is_as_long_as_its_part);
    tcase_add_test(tests, a_bar_of_ascii_has_whole_signs);
    suite_add_tcase(suite, tests);
    return run_suite(suite, CK_FORK_GETENV);
}
