/** @file
 *  Tests of the model's shape, the two orders of its parameters, its first
 *  weights and its digest.
 */
#include "model/model.h"

#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "kernels/kernels.h"

#include "run_suite.h"

static mlp_model *create_relu(const size_t *widths, size_t layers)
{
    mlp_config config;
    mlp_model *model;
    mlp_config_init(&config);
    ck_assert_int_eq(mlp_model_create(widths, layers, &config, &model), MLP_OK);
    return model;
}

static float *floats(size_t count)
{
    float *made = calloc(count, sizeof *made);
    ck_assert_ptr_nonnull(made);
    return made;
}

/* ---- shape ------------------------------------------------------------- */

START_TEST(layers_lie_one_behind_the_other)
{
    const size_t widths[] = {2, 3, 40, 2};
    mlp_model *model = create_relu(widths, 3);
    ck_assert_uint_eq(model->layers, 3);
    /* W and b: 2*3+3, 3*40+40, 40*2+2 */
    ck_assert_uint_eq(model->parameters, 9 + 160 + 82);
    ck_assert_uint_eq(model->widest, 40);
    /* rows of W and b padded to 16 floats: 3*16, 4*48, 41*16 */
    ck_assert_uint_eq(model->vector_size, 48 + 192 + 656);
    ck_assert_uint_eq(model->layer[0].offset, 0);
    ck_assert_uint_eq(model->layer[1].offset, 48);
    ck_assert_uint_eq(model->layer[2].offset, 48 + 192);
    ck_assert_uint_eq(model->layer[1].in, 3);
    ck_assert_uint_eq(model->layer[1].out, 40);
    mlp_model_destroy(&model);
    ck_assert_ptr_null(model);
    mlp_model_destroy(&model);
}
END_TEST

START_TEST(hidden_layers_and_output_have_their_activations)
{
    static const mlp_activation last[] = {MLP_ACTIVATION_IDENTITY,
                                          MLP_ACTIVATION_SIGMOID,
                                          MLP_ACTIVATION_IDENTITY};
    const size_t widths[] = {4, 3, 3, 2};
    for (int output = MLP_OUTPUT_SOFTMAX; output <= MLP_OUTPUT_IDENTITY;
         output++) {
        mlp_config config;
        mlp_model *model;
        mlp_config_init(&config);
        config.activation =
            (mlp_activation_list){2, {MLP_ACTIVATION_TANH, MLP_ACTIVATION_ELU}};
        config.output = (mlp_output)output;
        ck_assert_int_eq(mlp_model_create(widths, 3, &config, &model), MLP_OK);
        ck_assert_int_eq(model->layer[0].activation, MLP_ACTIVATION_TANH);
        ck_assert_int_eq(model->layer[1].activation, MLP_ACTIVATION_ELU);
        ck_assert_int_eq(model->layer[2].activation, last[output]);
        mlp_model_destroy(&model);
    }
}
END_TEST

START_TEST(model_beyond_memory_is_refused)
{
    const size_t widths[] = {SIZE_MAX / 2, SIZE_MAX / 2, 2};
    mlp_config config;
    mlp_model *model;
    mlp_config_init(&config);
    ck_assert_int_eq(mlp_model_create(widths, 2, &config, &model),
                     MLP_ERROR_USAGE);
    ck_assert_ptr_null(model);
    ck_assert_ptr_nonnull(strstr(mlp_failure(), "9223372036854775807"));
}
END_TEST

/* ---- the two orders ---------------------------------------------------- */

START_TEST(canonical_order_of_2_3_2_is_as_by_hand)
{
    const size_t widths[] = {2, 3, 2};
    /* W1 [2, 3], b1 [3], W2 [3, 2], b2 [2] */
    const float canonical[17] = {1,  2,  3,  4,  5,  6,  7,  8, 9,
                                 10, 11, 12, 13, 14, 15, 16, 17};
    /* rows of 16: two of W1, b1, three of W2, b2 */
    static const float by_hand[7][16] = {{1, 2, 3}, {4, 5, 6}, {7, 8, 9},
                                         {10, 11},  {12, 13},  {14, 15},
                                         {16, 17}};
    mlp_model *model = create_relu(widths, 2);
    float vector[7 * 16];
    float back[17];
    ck_assert_uint_eq(model->parameters, 17);
    ck_assert_uint_eq(model->vector_size, sizeof vector / sizeof *vector);
    memset(vector, 0xff, sizeof vector); /* padding must become 0 */
    mlp_model_pack(model, canonical, vector);
    ck_assert_mem_eq(vector, by_hand, sizeof by_hand);
    mlp_model_unpack(model, vector, back);
    ck_assert_mem_eq(back, canonical, sizeof canonical);
    mlp_model_destroy(&model);
}
END_TEST

START_TEST(slopes_of_prelu_follow_the_bias)
{
    const size_t widths[] = {1, 2, 1};
    /* W1 [1, 2], b1 [2], slopes [2], W2 [2, 1], b2 [1] */
    const float canonical[9] = {1, 2, 3, 4, 5, 6, 7, 8, 9};
    static const float by_hand[6][16] = {{1, 2}, {3, 4}, {5, 6}, {7}, {8}, {9}};
    mlp_config config;
    mlp_model *model;
    float vector[6 * 16], back[9], first[9];
    mlp_config_init(&config);
    config.activation.item[0] = MLP_ACTIVATION_PRELU;
    ck_assert_int_eq(mlp_model_create(widths, 2, &config, &model), MLP_OK);
    ck_assert_uint_eq(model->parameters, 9);
    ck_assert_uint_eq(model->vector_size, 6 * 16);
    mlp_model_pack(model, canonical, vector);
    ck_assert_mem_eq(vector, by_hand, sizeof by_hand);
    mlp_model_unpack(model, vector, back);
    ck_assert_mem_eq(back, canonical, sizeof canonical);
    mlp_model_initialize(model, MLP_INIT_HE_NORMAL, 1, first);
    ck_assert_float_eq(first[3], 0.0f);
    ck_assert_float_eq(first[4], 0.25f);
    ck_assert_float_eq(first[5], 0.25f);
    mlp_model_destroy(&model);
}
END_TEST

static const size_t shapes[][4] = {
    {1, 1, 1, 1},     {2, 3, 2, 5},    {784, 256, 128, 10},
    {31, 32, 33, 17}, {5, 64, 65, 16}, {3, 129, 48, 2},
};

START_TEST(unpacked_is_what_was_packed)
{
    mlp_model *model = create_relu(shapes[_i], 3);
    float *canonical = floats(model->parameters);
    float *back = floats(model->parameters);
    float *vector = floats(model->vector_size);
    double sum = 0.0;
    double packed_sum = 0.0;
    for (size_t i = 0; i < model->parameters; i++) {
        canonical[i] = (float)(i + 1);
        sum += (double)canonical[i];
    }
    memset(vector, 0xff, model->vector_size * sizeof *vector);
    mlp_model_pack(model, canonical, vector);
    mlp_model_unpack(model, vector, back);
    ck_assert_mem_eq(back, canonical, model->parameters * sizeof *canonical);
    /* whole numbers: the sum is exact, and shows that padding is 0 */
    for (size_t i = 0; i < model->vector_size; i++) {
        packed_sum += (double)vector[i];
    }
    ck_assert(packed_sum == sum);
    free(canonical);
    free(back);
    free(vector);
    mlp_model_destroy(&model);
}
END_TEST

/* ---- first weights ----------------------------------------------------- */

enum { INITS = 4, WIDE = 300, NARROW = 200, DRAWS = WIDE * NARROW };

/* A correct generator fails a limit of 5 standard errors once in 1.7 million
 * draws of a seed, and this seed is fixed. */
static const double standard_errors = 5.0;

static bool is_normal(int init)
{
    return init == MLP_INIT_GLOROT_NORMAL || init == MLP_INIT_HE_NORMAL;
}

static bool is_he(int init)
{
    return init == MLP_INIT_HE_UNIFORM || init == MLP_INIT_HE_NORMAL;
}

static float *draw_weights(const mlp_model *model, int init, uint64_t seed)
{
    float *canonical = floats(model->parameters);
    memset(canonical, 0xff, model->parameters * sizeof *canonical);
    mlp_model_initialize(model, (mlp_init)init, seed, canonical);
    return canonical;
}

START_TEST(weights_have_mean_0_and_the_papers_variance)
{
    const size_t widths[] = {WIDE, NARROW};
    mlp_model *model = create_relu(widths, 1);
    float *weights = draw_weights(model, _i, 1);
    double variance = 2.0 / (is_he(_i) ? WIDE : WIDE + NARROW);
    double mean = 0.0;
    double square = 0.0;
    for (size_t i = 0; i < DRAWS; i++) {
        mean += (double)weights[i] / DRAWS;
        square += (double)weights[i] * (double)weights[i] / DRAWS;
    }
    /* the variance's standard error follows from the kurtosis, 3 or 9/5 */
    double kurtosis = is_normal(_i) ? 3.0 : 1.8;
    ck_assert_double_eq_tol(mean, 0.0,
                            standard_errors * sqrt(variance / DRAWS));
    ck_assert_double_eq_tol(square, variance,
                            standard_errors * variance *
                                sqrt((kurtosis - 1.0) / DRAWS));
    free(weights);
    mlp_model_destroy(&model);
}
END_TEST

START_TEST(uniform_weights_fill_their_bounds_and_normal_ones_pass_them)
{
    const size_t widths[] = {WIDE, NARROW};
    mlp_model *model = create_relu(widths, 1);
    float *weights = draw_weights(model, _i, 1);
    double bound = sqrt(6.0 / (is_he(_i) ? WIDE : WIDE + NARROW));
    size_t beyond = 0;
    double least = 0.0;
    double most = 0.0;
    for (size_t i = 0; i < DRAWS; i++) {
        double w = (double)weights[i];
        beyond += fabs(w) > bound * (1.0 + 1e-7); /* rounding to float */
        least = w < least ? w : least;
        most = w > most ? w : most;
    }
    if (is_normal(_i)) {
        /* P(|w| > sqrt(3) sigma) = 0.08326 of a normal variable */
        ck_assert_double_eq_tol((double)beyond / DRAWS, 0.08326,
                                standard_errors *
                                    sqrt(0.08326 * 0.91674 / DRAWS));
    } else {
        ck_assert_uint_eq(beyond, 0);
        ck_assert_double_gt(most, 0.999 * bound);
        ck_assert_double_lt(least, -0.999 * bound);
    }
    free(weights);
    mlp_model_destroy(&model);
}
END_TEST

START_TEST(biases_begin_at_zero)
{
    const size_t widths[] = {3, 5, 2};
    mlp_model *model = create_relu(widths, 2);
    float *canonical = draw_weights(model, _i, 9);
    const float zeros[5] = {0};
    ck_assert_mem_eq(canonical + 15, zeros, 5 * sizeof *zeros);
    ck_assert_mem_eq(canonical + 20 + 10, zeros, 2 * sizeof *zeros);
    for (size_t i = 0; i < 15; i++) {
        ck_assert(isfinite(canonical[i]) && canonical[i] != 0.0F);
    }
    free(canonical);
    mlp_model_destroy(&model);
}
END_TEST

static double correlation(const float *a, const float *b, size_t count)
{
    double ab = 0.0;
    double aa = 0.0;
    double bb = 0.0;
    for (size_t i = 0; i < count; i++) {
        ab += (double)a[i] * (double)b[i];
        aa += (double)a[i] * (double)a[i];
        bb += (double)b[i] * (double)b[i];
    }
    return ab / sqrt(aa * bb);
}

START_TEST(layers_rows_and_seeds_are_independent)
{
    const size_t widths[] = {100, 100, 100};
    const size_t layer = 101 * 100;
    mlp_model *model = create_relu(widths, 2);
    float *one = draw_weights(model, _i, 1);
    float *two = draw_weights(model, _i, 2);
    double limit = standard_errors / sqrt(100.0 * 100.0);
    ck_assert_double_lt(fabs(correlation(one, one + layer, 10000)), limit);
    ck_assert_double_lt(fabs(correlation(one, two, 10000)), limit);
    ck_assert_double_lt(fabs(correlation(one, one + 100, 9900)), limit);
    ck_assert_double_lt(fabs(correlation(one, one + 1, 9999)), limit);
    free(one);
    free(two);
    mlp_model_destroy(&model);
}
END_TEST

START_TEST(weight_depends_on_seed_layer_and_index_only)
{
    const size_t few[] = {10, 20};
    const size_t many[] = {10, 20, 20};
    mlp_model *small = create_relu(few, 1);
    mlp_model *large = create_relu(many, 2);
    float *a = draw_weights(small, _i, 3);
    float *b = draw_weights(large, _i, 3);
    float *again = draw_weights(large, _i, 3);
    ck_assert_mem_eq(a, b, small->parameters * sizeof *a);
    ck_assert_mem_eq(b, again, large->parameters * sizeof *b);
    free(a);
    free(b);
    free(again);
    mlp_model_destroy(&small);
    mlp_model_destroy(&large);
}
END_TEST

/* ---- digest ------------------------------------------------------------ */

START_TEST(digest_is_sha256_of_the_floats)
{
    const size_t widths[] = {1, 1};
    const float canonical[] = {1.0F, -2.0F};
    mlp_model *model = create_relu(widths, 1);
    unsigned char value[MLP_DIGEST_BYTES];
    char hex[MLP_DIGEST_HEX];
    ck_assert_int_eq(mlp_model_digest(canonical, model->parameters, value),
                     MLP_OK);
    mlp_digest_hex(value, hex);
    /* printf '\x00\x00\x80\x3f\x00\x00\x00\xc0' | sha256sum */
    ck_assert_str_eq(
        hex,
        "ee4ac73c2bd27756ab82780f27c73a7bc4d3f0bb6acb37e008bc27eccd7e588b");
    mlp_model_destroy(&model);
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("model");
    tcase_add_test(tests, layers_lie_one_behind_the_other);
    tcase_add_test(tests, hidden_layers_and_output_have_their_activations);
    tcase_add_test(tests, model_beyond_memory_is_refused);
    tcase_add_test(tests, canonical_order_of_2_3_2_is_as_by_hand);
    tcase_add_test(tests, slopes_of_prelu_follow_the_bias);
    tcase_add_loop_test(tests, unpacked_is_what_was_packed, 0,
                        sizeof shapes / sizeof *shapes);
    tcase_add_loop_test(tests, weights_have_mean_0_and_the_papers_variance, 0,
                        INITS);
    tcase_add_loop_test(
        tests, uniform_weights_fill_their_bounds_and_normal_ones_pass_them, 0,
        INITS);
    tcase_add_loop_test(tests, biases_begin_at_zero, 0, INITS);
    tcase_add_loop_test(tests, layers_rows_and_seeds_are_independent, 0, INITS);
    tcase_add_loop_test(tests, weight_depends_on_seed_layer_and_index_only, 0,
                        INITS);
    tcase_add_test(tests, digest_is_sha256_of_the_floats);
    Suite *suite = suite_create("model");
    suite_add_tcase(suite, tests);
    return run_suite(suite, CK_FORK_GETENV);
}
