/** @file
 *  Tests of the update rule. All numbers are sums of few powers of two, so
 *  that a result by hand is exact.
 */
#include "mlp/optimizer.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "run_suite.h"

enum { WEIGHTS = 32, LAYER = 48, VECTOR = 48 + 64 };

static mlp_model *model;

/* 2-3-2: the vector has rows of 16 floats, two of W1, b1, three of W2, b2. */
static void create_model(void)
{
    const size_t widths[] = {2, 3, 2};
    mlp_config config;
    mlp_config_init(&config);
    ck_assert_int_eq(mlp_model_create(widths, 2, &config, &model), MLP_OK);
    ck_assert_uint_eq(model->vector_size, VECTOR);
}

static void destroy_model(void)
{
    mlp_model_destroy(&model);
}

typedef struct {
    _Alignas(64) float parameters[VECTOR];
    _Alignas(64) float velocity[VECTOR];
    _Alignas(64) float sum[VECTOR];
    mlp_optimizer optimizer;
} fixture;

/* Parameters 1, sums of 4 rows' gradients 8: the mean gradient is 2. */
static void create(fixture *f, mlp_optimizer_kind kind, double momentum,
                   double l2)
{
    mlp_config config;
    mlp_config_init(&config);
    config.optimizer = kind;
    config.momentum = momentum;
    config.l2 = l2;
    float *const states[] = {f->parameters, f->velocity};
    for (size_t i = 0; i < VECTOR; i++) {
        f->parameters[i] = 1.0F;
        f->velocity[i] = 0.0F;
        f->sum[i] = 8.0F;
    }
    f->optimizer =
        mlp_optimizer_make(&config, model, mlp_kernels_find(NULL), states);
    f->optimizer.rule.lr = 0.25F;
    f->optimizer.rule.per_row = 0.25F;
}

static void update_all(fixture *f)
{
    for (size_t l = 0; l < model->layers; l++) {
        const mlp_layer *layer = &model->layer[l];
        mlp_optimizer_update(&f->optimizer, layer->offset, layer->size,
                             f->sum + layer->offset);
    }
}

static void check_parameters(const fixture *f, float weight, float bias)
{
    for (size_t i = 0; i < VECTOR; i++) {
        bool is_bias = (i >= WEIGHTS && i < LAYER) || i >= LAYER + 48;
        ck_assert_float_eq(f->parameters[i], is_bias ? bias : weight);
    }
}

START_TEST(plain_descent_steps_along_the_mean_gradient)
{
    fixture f;
    create(&f, MLP_OPTIMIZER_SGD, 0.0, 0.0);
    ck_assert_ptr_null(f.optimizer.velocity);
    update_all(&f);
    check_parameters(&f, 0.5F, 0.5F); /* 1 - 0.25 * 2 */
    update_all(&f);
    check_parameters(&f, 0.0F, 0.0F);
}
END_TEST

START_TEST(l2_pulls_weights_and_not_biases)
{
    fixture f;
    create(&f, MLP_OPTIMIZER_SGD, 0.0, 0.5);
    update_all(&f);
    check_parameters(&f, 0.375F, 0.5F); /* 1 - 0.25 (2 + 0.5 * 1) */
}
END_TEST

START_TEST(momentum_keeps_a_share_of_the_last_update)
{
    fixture f;
    create(&f, MLP_OPTIMIZER_SGD, 0.5, 0.0);
    update_all(&f);
    check_parameters(&f, 0.5F, 0.5F); /* v = 2 */
    update_all(&f);
    check_parameters(&f, -0.25F, -0.25F); /* v = 0.5 * 2 + 2 = 3 */
    ck_assert_float_eq(f.velocity[0], 3.0F);
}
END_TEST

START_TEST(nesterov_looks_one_update_ahead)
{
    fixture f;
    create(&f, MLP_OPTIMIZER_NESTEROV, 0.5, 0.0);
    update_all(&f);
    check_parameters(&f, 0.25F, 0.25F); /* v = 2: 1 - 0.25 (2 + 0.5 * 2) */
    update_all(&f);
    check_parameters(&f, -0.625F, -0.625F); /* v = 3: - 0.25 (2 + 1.5) */
}
END_TEST

START_TEST(l2_is_part_of_the_velocity)
{
    fixture f;
    create(&f, MLP_OPTIMIZER_SGD, 0.5, 0.5);
    update_all(&f);
    check_parameters(&f, 0.375F, 0.5F); /* v = 2.5, and 2 of a bias */
    update_all(&f);
    /* v = 1.25 + 2 + 0.5 * 0.375 = 3.4375; of a bias 3 */
    check_parameters(&f, 0.375F - 0.859375F, -0.25F);
}
END_TEST

/* The exchange calls with slices that end anywhere on a cache line. */
START_TEST(slices_of_a_layer_make_the_whole)
{
    static const size_t cuts[] = {0, 16, 32, LAYER, LAYER + 32, VECTOR};
    fixture whole;
    fixture parts;
    create(&whole, MLP_OPTIMIZER_NESTEROV, 0.9, 0.001);
    create(&parts, MLP_OPTIMIZER_NESTEROV, 0.9, 0.001);
    for (size_t i = 0; i < VECTOR; i++) {
        whole.sum[i] = parts.sum[i] = 0.1F * (float)i;
    }
    for (size_t step = 0; step < 3; step++) {
        update_all(&whole);
        for (size_t c = 5; c-- > 0;) {
            mlp_optimizer_update(&parts.optimizer, cuts[c],
                                 cuts[c + 1] - cuts[c], parts.sum + cuts[c]);
        }
    }
    ck_assert_mem_eq(whole.parameters, parts.parameters,
                     sizeof whole.parameters);
    ck_assert_mem_eq(whole.velocity, parts.velocity, sizeof whole.velocity);
}
END_TEST

START_TEST(neighbours_of_a_slice_stay)
{
    fixture f;
    create(&f, MLP_OPTIMIZER_SGD, 0.5, 0.5);
    mlp_optimizer_update(&f.optimizer, 16, 16, f.sum + 16);
    for (size_t i = 0; i < VECTOR; i++) {
        bool is_updated = i >= 16 && i < 32;
        ck_assert_float_eq(f.parameters[i], is_updated ? 0.375F : 1.0F);
        ck_assert_float_eq(f.velocity[i], is_updated ? 2.5F : 0.0F);
    }
}
END_TEST

START_TEST(one_moment_with_momentum_and_none_without)
{
    mlp_config config;
    mlp_config_init(&config);
    config.momentum = 0.0;
    ck_assert_uint_eq(mlp_optimizer_moments(&config), 0);
    config.momentum = 0.5;
    ck_assert_uint_eq(mlp_optimizer_moments(&config), 1);
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("optimizer");
    tcase_add_checked_fixture(tests, create_model, destroy_model);
    tcase_add_test(tests, plain_descent_steps_along_the_mean_gradient);
    tcase_add_test(tests, l2_pulls_weights_and_not_biases);
    tcase_add_test(tests, momentum_keeps_a_share_of_the_last_update);
    tcase_add_test(tests, nesterov_looks_one_update_ahead);
    tcase_add_test(tests, l2_is_part_of_the_velocity);
    tcase_add_test(tests, slices_of_a_layer_make_the_whole);
    tcase_add_test(tests, neighbours_of_a_slice_stay);
    tcase_add_test(tests, one_moment_with_momentum_and_none_without);
    Suite *suite = suite_create("optimizer");
    suite_add_tcase(suite, tests);
    return run_suite(suite, CK_FORK_GETENV);
}
