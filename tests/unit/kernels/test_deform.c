/** @file
 *  Deformed images against the formulas of kernels/deform.h in double, and bit
 *  for bit between instruction sets.
 */
#include "kernels/deform.h"

#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "run_suite.h"

enum { SIDE_MOST = 45, PIXELS_MOST = 4 * SIDE_MOST * SIDE_MOST, SHAPES = 6 };

typedef struct {
    size_t height, width, channels;
    bool is_f32;
    double alpha, sigma;
} example;

/* MNIST; color; one and two panels wide, and their edges; a narrow band. */
static const example examples[SHAPES] = {
    {28, 28, 1, false, 36, 6},  {9, 13, 3, false, 5, 1.5},
    {16, 16, 1, true, 20, 4},   {33, 45, 2, true, 12, 3},
    {45, 32, 1, false, 3, 0.4}, {2, 1, 1, false, 4, 2}};

static const char *const sets[] = {"base", "avx2", "avx512"};

typedef struct {
    example of;
    mlp_image_shape shape;
    mlp_image_map map;
    float blur_rows[SIDE_MOST * SIDE_MOST];
    float blur_columns[SIDE_MOST * (SIDE_MOST + MLP_ALIGN)];
    float floats[PIXELS_MOST];
    uint8_t bytes[PIXELS_MOST];
    float out_floats[PIXELS_MOST];
    uint8_t out_bytes[PIXELS_MOST];
} fixture;

static fixture f;

static float draw(uint32_t unit)
{
    const mlp_rng_key key = {3, MLP_RNG_TEST, 0};
    return mlp_rng_uniform(mlp_rng_draw(key, 0, unit).word[0]);
}

static double weight(double distance)
{
    return fabs(distance) <= (double)f.shape.radius
               ? exp(-distance * distance / (2 * f.of.sigma * f.of.sigma))
               : 0.0;
}

static void fill_band(size_t side, size_t stride, float *matrix)
{
    double sum = 0.0;
    for (double d = -(double)f.shape.radius; d <= (double)f.shape.radius; d++) {
        sum += weight(d);
    }
    memset(matrix, 0, side * stride * sizeof *matrix);
    for (size_t i = 0; i < side; i++) {
        for (size_t j = 0; j < side; j++) {
            matrix[i * stride + j] =
                (float)(weight((double)i - (double)j) / sum);
        }
    }
}

/* Half of the pixels are 0. */
static void fill_image(void)
{
    size_t values = f.of.height * f.of.width * f.of.channels;
    for (uint32_t i = 0; i < values; i++) {
        float value = draw(2 * i) < 0.5F ? 0.0F : 255.0F * draw(2 * i + 1);
        f.bytes[i] = (uint8_t)value;
        f.floats[i] = value - 20.0F * (float)(value != 0.0F);
    }
}

static void create(int i)
{
    const example *of = &examples[i];
    f.of = *of;
    f.shape = (mlp_image_shape){of->height,       of->width,
                                of->channels,     of->is_f32,
                                (float)of->alpha, (size_t)(3 * of->sigma + 0.5),
                                f.blur_rows,      f.blur_columns};
    fill_band(of->height, of->height, f.blur_rows);
    fill_band(of->width, mlp_padded(of->width), f.blur_columns);
    fill_image();
    f.map =
        (mlp_image_map){.from = of->is_f32 ? (void *)f.floats : f.bytes,
                        .to = of->is_f32 ? (void *)f.out_floats : f.out_bytes,
                        .xx = 0.93F,
                        .xy = 0.21F,
                        .yx = -0.17F,
                        .yy = 1.08F,
                        .shift_x = 1.4F,
                        .shift_y = -0.6F,
                        .seed = 0x123456789ABCDEF0,
                        .row = 0x3456789ABCDE,
                        .epoch = 77};
}

static size_t count_values(void)
{
    return f.of.height * f.of.width * f.of.channels;
}

/* Into the fixture's output, on memory that holds other numbers before.
 * Returns false where the CPU lacks the set. */
static bool run(const char *set)
{
    const mlp_kernels *kernels = mlp_kernels_find(set);
    if (kernels == NULL) {
        return false;
    }
    size_t bytes = (mlp_deform_bytes(&f.shape) + 63) / 64 * 64;
    void *scratch = aligned_alloc(64, bytes);
    ck_assert_ptr_nonnull(scratch);
    memset(scratch, 0x41, bytes);
    memset(f.out_floats, 0x41, sizeof f.out_floats);
    memset(f.out_bytes, 0x41, sizeof f.out_bytes);
    kernels->deform(&f.shape, &f.map, scratch);
    free(scratch);
    return true;
}

static double output_at(size_t i)
{
    return f.of.is_f32 ? f.out_floats[i] : f.out_bytes[i];
}

/* ---- the reference ----------------------------------------------------- */

/* The noise of a pixel, by the words of base/rng.h one by one. */
static double noise_at(size_t y, size_t x, int direction)
{
    const mlp_rng_key key = {f.map.seed, MLP_RNG_DEFORM, f.map.epoch};
    size_t panels = mlp_panels(f.of.width);
    size_t panel = x / 32, word = x % 32 / 8, block = x % 8;
    uint32_t unit =
        (uint32_t)(MLP_DEFORM_UNITS + 8 * (y * panels + panel) + block);
    uint32_t drawn = mlp_rng_draw(key, f.map.row, unit).word[word];
    double half = direction == 0 ? drawn & 0xFFFF : drawn >> 16;
    return (2.0 * half - 65535.0) / 65536.0;
}

static double field_at(size_t y, size_t x, int direction)
{
    double sum = 0.0;
    for (size_t i = 0; i < f.of.height; i++) {
        for (size_t j = 0; j < f.of.width; j++) {
            sum += (double)f.blur_rows[y * f.of.height + i] *
                   noise_at(i, j, direction) *
                   (double)f.blur_columns[j * mlp_padded(f.of.width) + x];
        }
    }
    return sum;
}

static double pixel_at(double y, double x, size_t channel)
{
    if (y < 0 || x < 0 || y >= (double)f.of.height || x >= (double)f.of.width) {
        return 0.0;
    }
    size_t at = ((size_t)y * f.of.width + (size_t)x) * f.of.channels + channel;
    return f.of.is_f32 ? (double)f.floats[at] : f.bytes[at];
}

static double look_up(double v, double u, size_t channel)
{
    double y = floor(v), x = floor(u), s = v - y, t = u - x;
    return (1 - s) * ((1 - t) * pixel_at(y, x, channel) +
                      t * pixel_at(y, x + 1, channel)) +
           s * ((1 - t) * pixel_at(y + 1, x, channel) +
                t * pixel_at(y + 1, x + 1, channel));
}

static void place(size_t y, size_t x, double *v, double *u)
{
    double cx = ((double)f.of.width - 1) / 2;
    double cy = ((double)f.of.height - 1) / 2;
    double across = (double)x - cx, down = (double)y - cy;
    *u = cx + (double)f.map.shift_x + (double)f.map.xx * across +
         (double)f.map.xy * down + (double)f.shape.alpha * field_at(y, x, 0);
    *v = cy + (double)f.map.shift_y + (double)f.map.yx * across +
         (double)f.map.yy * down + (double)f.shape.alpha * field_at(y, x, 1);
}

/* ---- tests ------------------------------------------------------------- */

/* Places are known to some 1e-5 of a pixel in float32, and a pixel further are
 * up to 255; a byte is rounded besides. */
START_TEST(pixels_are_those_of_the_formula_in_double)
{
    create(_i);
    ck_assert(run(NULL));
    double tolerance = 0.02 + (f.of.is_f32 ? 0.0 : 0.5);
    size_t strays = 0;
    for (size_t y = 0; y < f.of.height; y++) {
        for (size_t x = 0; x < f.of.width; x++) {
            double v, u;
            place(y, x, &v, &u);
            for (size_t c = 0; c < f.of.channels; c++) {
                size_t at = (y * f.of.width + x) * f.of.channels + c;
                double expected = look_up(v, u, c);
                ck_assert_double_eq_tol(output_at(at), expected, tolerance);
                strays += expected != pixel_at((double)y, (double)x, c);
            }
        }
    }
    ck_assert_uint_gt(strays, 0);
}
END_TEST

START_TEST(every_instruction_set_gives_the_same_bits)
{
    static uint8_t bytes[PIXELS_MOST];
    static float floats[PIXELS_MOST];
    create(_i);
    ck_assert(run("base"));
    memcpy(bytes, f.out_bytes, sizeof bytes);
    memcpy(floats, f.out_floats, sizeof floats);
    for (size_t i = 1; i < sizeof sets / sizeof *sets; i++) {
        if (run(sets[i])) {
            ck_assert_mem_eq(f.out_bytes, bytes, sizeof bytes);
            ck_assert_mem_eq(f.out_floats, floats, sizeof floats);
        }
    }
}
END_TEST

START_TEST(without_displacement_the_result_is_the_image)
{
    create(_i);
    f.shape.alpha = 0.0F;
    f.map.xx = f.map.yy = 1.0F;
    f.map.xy = f.map.yx = f.map.shift_x = f.map.shift_y = 0.0F;
    for (size_t i = 0; i < sizeof sets / sizeof *sets; i++) {
        if (run(sets[i])) {
            ck_assert_mem_eq(f.map.to, f.map.from,
                             count_values() *
                                 (f.of.is_f32 ? sizeof(float) : 1));
        }
    }
}
END_TEST

START_TEST(whole_shifts_move_pixels_and_bring_in_zeros)
{
    create(_i);
    f.shape.alpha = 0.0F;
    f.map.xx = f.map.yy = 1.0F;
    f.map.xy = f.map.yx = 0.0F;
    f.map.shift_x = -3.0F;
    f.map.shift_y = 1.0F;
    ck_assert(run(NULL));
    for (size_t i = 0; i < count_values(); i++) {
        size_t channel = i % f.of.channels, pixel = i / f.of.channels;
        double y = (double)(pixel / f.of.width) + 1.0;
        double x = (double)(pixel % f.of.width) - 3.0;
        ck_assert_double_eq(output_at(i), pixel_at(y, x, channel));
    }
}
END_TEST

/* However far away a pixel is looked up. */
START_TEST(an_image_of_zeros_stays_exactly_zero)
{
    create(_i);
    memset(f.floats, 0, sizeof f.floats);
    memset(f.bytes, 0, sizeof f.bytes);
    f.map.shift_x = 1e6F;
    f.map.shift_y = -1e6F;
    ck_assert(run(NULL));
    for (size_t i = 0; i < count_values(); i++) {
        ck_assert_double_eq(output_at(i), 0.0);
        ck_assert(!signbit(output_at(i)));
    }
}
END_TEST

START_TEST(another_row_epoch_or_seed_has_another_field)
{
    static uint8_t first[PIXELS_MOST];
    create(0);
    ck_assert(run(NULL));
    memcpy(first, f.out_bytes, sizeof first);
    f.map.row++;
    ck_assert(run(NULL));
    ck_assert_mem_ne(f.out_bytes, first, sizeof first);
    f.map.row--;
    f.map.epoch++;
    ck_assert(run(NULL));
    ck_assert_mem_ne(f.out_bytes, first, sizeof first);
    f.map.epoch--;
    f.map.seed ^= 1ULL << 40;
    ck_assert(run(NULL));
    ck_assert_mem_ne(f.out_bytes, first, sizeof first);
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("deform");
    tcase_set_timeout(tests, 60);
    tcase_add_loop_test(tests, pixels_are_those_of_the_formula_in_double, 0,
                        SHAPES);
    tcase_add_loop_test(tests, every_instruction_set_gives_the_same_bits, 0,
                        SHAPES);
    tcase_add_loop_test(tests, without_displacement_the_result_is_the_image, 0,
                        SHAPES);
    tcase_add_loop_test(tests, whole_shifts_move_pixels_and_bring_in_zeros, 0,
                        SHAPES);
    tcase_add_loop_test(tests, an_image_of_zeros_stays_exactly_zero, 0, SHAPES);
    tcase_add_test(tests, another_row_epoch_or_seed_has_another_field);
    Suite *suite = suite_create("deform");
    suite_add_tcase(suite, tests);
    return run_suite(suite, CK_FORK_GETENV);
}
