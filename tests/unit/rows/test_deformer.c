/** @file
 *  Tests of what --augment makes of an image: strengths, kinds, soft classes,
 *  and what is refused.
 */
#include "rows/deformer.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

#include "run_suite.h"

enum { SIDE = 21, PIXELS = SIDE * SIDE };

static const mlp_source_info images = {.name = "images",
                                       .features = PIXELS,
                                       .height = SIDE,
                                       .width = SIDE,
                                       .element = MLP_ELEMENT_F32};

static mlp_config config;

static void create_config(const char *kind)
{
    mlp_config_init(&config);
    ck_assert_int_eq(mlp_config_set(&config, "augment", kind), MLP_OK);
}

/* A square of 3 x 3, 6 pixels left of the middle. */
static void paint(float *image)
{
    memset(image, 0, PIXELS * sizeof *image);
    for (size_t y = 0; y < 3; y++) {
        for (size_t x = 0; x < 3; x++) {
            image[(9 + y) * SIDE + 3 + x] = 1.0F;
        }
    }
}

static void run(uint64_t epoch, uint64_t number, uint16_t label, float *to)
{
    float image[PIXELS];
    paint(image);
    mlp_deformer *deformer;
    ck_assert_int_eq(mlp_deformer_create(&config, &images, 2, &deformer),
                     MLP_OK);
    ck_assert_ptr_nonnull(deformer);
    const mlp_deformer_row row = {image, to, number, label};
    mlp_deformer_run(deformer, mlp_kernels_find(NULL), 1, epoch, &row);
    mlp_deformer_destroy(&deformer);
    ck_assert_ptr_null(deformer);
}

/* How far the square's centre is from where it was, squared. */
static double distance_of(const float *image)
{
    double sum = 0.0, x = 0.0, y = 0.0;
    for (size_t i = 0; i < PIXELS; i++) {
        double value = (double)image[i];
        sum += value;
        x += value * (double)(i % SIDE);
        y += value * (double)(i / SIDE);
    }
    double across = x / sum - 4, down = y / sum - 10;
    return across * across + down * down;
}

START_TEST(none_needs_no_deformer_and_no_images)
{
    mlp_deformer *deformer;
    create_config("none");
    const mlp_source_info table = {.features = 4, .height = 1, .width = 4};
    ck_assert_int_eq(mlp_deformer_check(&config, &table), MLP_OK);
    ck_assert_int_eq(mlp_deformer_create(&config, &table, 1, &deformer),
                     MLP_OK);
    ck_assert_ptr_null(deformer);
}
END_TEST

START_TEST(rows_that_are_no_images_are_refused_by_name)
{
    create_config("shift");
    const mlp_source_info table = {
        .name = "cars.csv", .features = 4, .height = 1, .width = 4};
    ck_assert_int_eq(mlp_deformer_check(&config, &table), MLP_ERROR_USAGE);
    ck_assert_ptr_nonnull(strstr(mlp_failure(), "cars.csv"));
    ck_assert_int_eq(mlp_deformer_check(&config, &images), MLP_OK);
}
END_TEST

START_TEST(a_row_of_an_epoch_is_always_the_same_and_others_differ)
{
    float one[PIXELS], again[PIXELS];
    create_config("elastic");
    run(3, 5, 0, one);
    run(3, 5, 0, again);
    ck_assert_mem_eq(one, again, sizeof one);
    run(4, 5, 0, again);
    ck_assert_mem_ne(one, again, sizeof one);
    run(3, 6, 0, again);
    ck_assert_mem_ne(one, again, sizeof one);
    config.seed++;
    run(3, 5, 0, again);
    ck_assert_mem_ne(one, again, sizeof one);
}
END_TEST

START_TEST(strengths_of_0_leave_the_image)
{
    static const char *const strengths[] = {"shift", "rotation", "shear",
                                            "scale", "alpha"};
    float image[PIXELS], out[PIXELS];
    create_config("elastic");
    for (size_t i = 0; i < 5; i++) {
        char name[32];
        snprintf(name, sizeof name, "augment-%s", strengths[i]);
        ck_assert_int_eq(mlp_config_set(&config, name, "0"), MLP_OK);
    }
    paint(image);
    run(1, 2, 0, out);
    ck_assert_mem_eq(out, image, sizeof out);
}
END_TEST

/* The same draws: a weaker kind is the strongest with strengths of 0. */
START_TEST(each_kind_includes_the_ones_before_it)
{
    float weaker[PIXELS], stronger[PIXELS];
    create_config("shift");
    run(1, 2, 0, weaker);
    create_config("affine");
    config.augment_rotation = config.augment_shear = config.augment_scale = 0;
    run(1, 2, 0, stronger);
    ck_assert_mem_eq(weaker, stronger, sizeof weaker);
    create_config("affine");
    run(1, 2, 0, weaker);
    ck_assert_mem_ne(weaker, stronger, sizeof weaker);
    create_config("elastic");
    config.augment_alpha = 0;
    run(1, 2, 0, stronger);
    ck_assert_mem_eq(weaker, stronger, sizeof weaker);
}
END_TEST

/* A shift by up to 2 pixels in each direction moves by no more than that, and
 * moves some rows by more than half of it. */
START_TEST(shifts_are_as_far_as_asked_for)
{
    float out[PIXELS];
    double most = 0.0;
    create_config("shift");
    config.augment_shift = 2;
    for (uint64_t row = 0; row < 100; row++) {
        run(1, row, 0, out);
        double squared = distance_of(out);
        ck_assert_double_le(squared, 8.0 + 1e-4);
        most = squared > most ? squared : most;
    }
    ck_assert_double_ge(most, 2.0);
}
END_TEST

/* 6 pixels from the middle 30 degrees are 3.11 pixels, 15 degrees 1.57. */
START_TEST(soft_classes_rotate_and_shear_half_as_far)
{
    float hard[PIXELS], soft[PIXELS];
    create_config("affine");
    config.augment_shift = config.augment_scale = config.augment_shear = 0;
    config.augment_rotation = 30;
    ck_assert_int_eq(mlp_config_set(&config, "augment-soft", "1,7"), MLP_OK);
    double most[2] = {0.0, 0.0};
    for (uint64_t row = 0; row < 100; row++) {
        run(1, row, 0, hard);
        run(1, row, 7, soft);
        double far = distance_of(hard), near = distance_of(soft);
        most[0] = far > most[0] ? far : most[0];
        most[1] = near > most[1] ? near : most[1];
    }
    ck_assert_double_le(most[0], 3.2 * 3.2);
    ck_assert_double_ge(most[0], 2.8 * 2.8);
    ck_assert_double_le(most[1], 1.65 * 1.65);
    ck_assert_double_ge(most[1], 1.3 * 1.3);
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("deformer");
    tcase_add_test(tests, none_needs_no_deformer_and_no_images);
    tcase_add_test(tests, rows_that_are_no_images_are_refused_by_name);
    tcase_add_test(tests,
                   a_row_of_an_epoch_is_always_the_same_and_others_differ);
    tcase_add_test(tests, strengths_of_0_leave_the_image);
    tcase_add_test(tests, each_kind_includes_the_ones_before_it);
    tcase_add_test(tests, shifts_are_as_far_as_asked_for);
    tcase_add_test(tests, soft_classes_rotate_and_shear_half_as_far);
    Suite *suite = suite_create("deformer");
    suite_add_tcase(suite, tests);
    return run_suite(suite, CK_FORK_GETENV);
}
