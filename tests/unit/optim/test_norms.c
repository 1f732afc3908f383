/** @file
 *  Norms of layers by hand, for any division into ranges, and limits of units.
 */
#include "optim/norms.h"

#include <check.h>
#include <math.h>
#include <stdlib.h>

#include "run_suite.h"

static mlp_model *model;
static float *vector;
static double *sums;

/* 70-40-3: 71 x 48 floats, then 41 x 16. */
static void create(void)
{
    const size_t widths[] = {70, 40, 3};
    mlp_config config;
    mlp_config_init(&config);
    ck_assert_int_eq(mlp_model_create(widths, 2, &config, &model), MLP_OK);
    vector = calloc(model->vector_size, sizeof *vector);
    sums = calloc(mlp_norms_blocks(model), sizeof *sums);
    ck_assert(vector != NULL && sums != NULL);
    for (size_t i = 0; i < model->vector_size; i++) {
        vector[i] = 0.1F * (float)(i % 17) - 0.5F;
    }
}

static void destroy(void)
{
    free(vector);
    free(sums);
    mlp_model_destroy(&model);
}

static void measure(size_t l, size_t first, size_t count)
{
    mlp_range range = {model->layer[l].offset + first, count};
    mlp_norms_measure(model, mlp_kernels_find(NULL), l, range,
                      vector + range.first, sums);
}

START_TEST(a_layer_is_cut_into_blocks_of_its_own)
{
    /* ceil(3408 / 256) and ceil(656 / 256) */
    ck_assert_uint_eq(mlp_norms_blocks(model), 14 + 3);
}
END_TEST

START_TEST(squares_add_up_by_hand)
{
    for (size_t i = 0; i < model->vector_size; i++) {
        vector[i] = 0.0F;
    }
    vector[3] = 3.0F;
    vector[700] = 4.0F;
    vector[model->layer[1].offset + 655] = 12.0F;
    measure(0, 0, model->layer[0].size);
    measure(1, 0, model->layer[1].size);
    ck_assert_double_eq(mlp_norms_layer(model, 0, sums), 25.0);
    ck_assert_double_eq(mlp_norms_layer(model, 1, sums), 144.0);
    ck_assert_double_eq(mlp_norms_all(model, sums), 169.0);
}
END_TEST

START_TEST(parts_measured_by_many_give_the_same_bits)
{
    size_t size = model->layer[0].size;
    measure(0, 0, size);
    double whole = mlp_norms_layer(model, 0, sums);
    for (size_t first = 0; first < size; first += 512) {
        measure(0, first, size - first < 512 ? size - first : 512);
    }
    ck_assert(mlp_norms_layer(model, 0, sums) == whole);
    double plain = 0.0;
    for (size_t i = 0; i < size; i++) {
        plain += (double)vector[i] * (double)vector[i];
    }
    /* another order of additions */
    ck_assert_double_eq_tol(whole, plain, 1e-12 * plain);
}
END_TEST

static double norm_of_unit(size_t l, size_t j)
{
    const mlp_layer *layer = &model->layer[l];
    double sum = 0.0;
    for (size_t i = 0; i < layer->in; i++) {
        double w = vector[layer->offset +
                          mlp_dense_index(layer->in, layer->out, i, j)];
        sum += w * w;
    }
    return sqrt(sum);
}

START_TEST(units_are_scaled_down_to_the_limit_and_biases_stay)
{
    const mlp_layer *layer = &model->layer[0];
    size_t bias = layer->offset + mlp_dense_bias(layer->in, layer->out);
    float kept = vector[bias + 7];
    double limit = norm_of_unit(0, 5);
    double longer = norm_of_unit(0, 33);
    double other = norm_of_unit(1, 2);
    vector[mlp_dense_index(layer->in, layer->out, 1, 33)] = 100.0F;
    mlp_norms_limit(model, 1, limit, vector); /* columns 32 to 39 */
    ck_assert_double_gt(100.0, longer);
    /* each product is rounded to float32 */
    ck_assert_double_eq_tol(norm_of_unit(0, 33), limit, 1e-6 * limit);
    ck_assert_double_eq(norm_of_unit(0, 5), limit);
    ck_assert_double_eq(norm_of_unit(1, 2), other);
    ck_assert_float_eq(vector[bias + 7], kept);
    ck_assert_uint_eq(mlp_norms_panels(model, 2), 2 + 1);
    ck_assert_uint_eq(mlp_norms_panels(model, 1), 2);
    mlp_norms_limit(model, 2, other / 2, vector);
    ck_assert_double_eq_tol(norm_of_unit(1, 2), other / 2, 1e-6 * other);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("norms");
    TCase *tests = tcase_create("norms");
    tcase_add_checked_fixture(tests, create, destroy);
    tcase_add_test(tests, a_layer_is_cut_into_blocks_of_its_own);
    tcase_add_test(tests, squares_add_up_by_hand);
    tcase_add_test(tests, parts_measured_by_many_give_the_same_bits);
    tcase_add_test(tests, units_are_scaled_down_to_the_limit_and_biases_stay);
    suite_add_tcase(suite, tests);
    return run_suite(suite, CK_FORK_GETENV);
}
