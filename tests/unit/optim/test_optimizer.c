/** @file
 *  Tests of the update rule. All numbers are sums of few powers of two, so
 *  that a result by hand is exact.
 */
#include "optim/optimizer.h"

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
    _Alignas(64) float square[VECTOR];
    _Alignas(64) float sum[VECTOR];
    mlp_optimizer optimizer;
} fixture;

/* Parameters 1, sums of 4 rows' gradients 8: the mean gradient is 2. */
static void create_of(fixture *f, const mlp_config *config)
{
    float *const states[] = {f->parameters, f->velocity, f->square};
    for (size_t i = 0; i < VECTOR; i++) {
        f->parameters[i] = 1.0F;
        f->velocity[i] = 0.0F;
        f->square[i] = 0.0F;
        f->sum[i] = 8.0F;
    }
    f->optimizer =
        mlp_optimizer_make(config, model, mlp_kernels_find(NULL), states);
    mlp_optimizer_begin(&f->optimizer, 0.25, 4, 0);
}

static void create(fixture *f, mlp_optimizer_kind kind, double momentum,
                   double l2)
{
    mlp_config config;
    mlp_config_init(&config);
    config.optimizer = kind;
    config.momentum = momentum;
    config.l2 = l2;
    create_of(f, &config);
}

/* 1 - beta1 = 1/2, 1 - beta2 = 1 - rho = 1/4, epsilon 2. */
static void create_adaptive(fixture *f, mlp_optimizer_kind kind, double decay)
{
    mlp_config config;
    mlp_config_init(&config);
    config.optimizer = kind;
    config.beta1 = 0.5;
    config.beta2 = 0.75;
    config.rho = 0.75;
    config.epsilon = 2.0;
    config.weight_decay = decay;
    create_of(f, &config);
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
    ck_assert_ptr_null(f.optimizer.moments[0]);
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

START_TEST(momentum_adds_a_fraction_of_the_last_update)
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

START_TEST(nesterov_adds_the_next_momentum_step)
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

/* The exchange updates ranges that end on any cache line. */
START_TEST(updating_ranges_equals_updating_the_whole)
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

START_TEST(parameters_outside_the_range_stay)
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

START_TEST(rmsprop_divides_by_the_root_of_the_mean_square)
{
    fixture f;
    create_adaptive(&f, MLP_OPTIMIZER_RMSPROP, 0.0);
    update_all(&f);
    ck_assert_float_eq(f.velocity[0], 1.0F); /* 1/4 of 2^2 */
    /* 1 - 0.25 * 2 / (1 + 2), the quotient rounded */
    ck_assert_float_eq_tol(f.parameters[0], 1.0F - 0.5F / 3.0F, 1e-7F);
    update_all(&f);
    ck_assert_float_eq(f.velocity[0], 1.75F); /* 1 + (4 - 1) / 4 */
}
END_TEST

START_TEST(adam_corrects_the_bias_of_its_moments)
{
    fixture f;
    create_adaptive(&f, MLP_OPTIMIZER_ADAM, 0.0);
    update_all(&f);
    ck_assert_float_eq(f.velocity[0], 1.0F); /* 1/2 of 2 */
    ck_assert_float_eq(f.square[0], 1.0F);   /* 1/4 of 4 */
    check_parameters(&f, 0.875F, 0.875F);    /* 1 - 0.25 * 2 / (2 + 2) */
    mlp_optimizer_begin(&f.optimizer, 0.25, 4, 1);
    update_all(&f);
    ck_assert_float_eq(f.velocity[0], 1.5F);
    ck_assert_float_eq(f.square[0], 1.75F);
    /* again 2 / (2 + 2): 1.5 / (1 - 1/4), 1.75 / (1 - 9/16), rounded */
    ck_assert_float_eq_tol(f.parameters[0], 0.75F, 1e-6F);
    mlp_optimizer_begin(&f.optimizer, 0.25, 4, 1000000);
    ck_assert_float_eq(f.optimizer.rule.bias_correction1, 1.0F);
}
END_TEST

START_TEST(adamw_decays_weights_independently_of_the_gradient)
{
    fixture f;
    create_adaptive(&f, MLP_OPTIMIZER_ADAMW, 0.5);
    update_all(&f);
    check_parameters(&f, 0.75F, 0.875F); /* 1 - 0.25 (1/2 + 0.5 * 1) */
    ck_assert_float_eq(f.velocity[0], 1.0F);
}
END_TEST

START_TEST(lars_steps_by_the_ratio_of_norms)
{
    fixture f;
    mlp_config config;
    mlp_config_init(&config);
    config.optimizer = MLP_OPTIMIZER_LARS;
    config.momentum = 0.5;
    config.trust = 0.5;
    create_of(&f, &config);
    mlp_optimizer_adapt(&f.optimizer, 3.0, 1.0); /* 0.25 * 0.5 * 3 / 1 */
    ck_assert_float_eq(f.optimizer.rule.lr, 0.375F);
    update_all(&f);
    check_parameters(&f, 0.25F, 0.25F); /* v = -0.375 * 2 */
    update_all(&f);
    check_parameters(&f, -0.875F, -0.875F); /* v = -0.375 - 0.75 */
    config.weight_decay = 0.5;
    create_of(&f, &config);
    mlp_optimizer_adapt(&f.optimizer, 2.0, 1.0); /* 0.25 * 0.5 * 2 / (1 + 1) */
    ck_assert_float_eq(f.optimizer.rule.lr, 0.125F);
    update_all(&f);
    check_parameters(&f, 0.6875F, 0.75F); /* 1 - 0.125 (2 + 0.5) */
}
END_TEST

START_TEST(lamb_steps_by_the_norms_of_weights_and_direction)
{
    fixture f;
    create_adaptive(&f, MLP_OPTIMIZER_LAMB, 0.5);
    for (size_t l = 0; l < model->layers; l++) {
        const mlp_layer *layer = &model->layer[l];
        mlp_optimizer_direct(&f.optimizer, layer->offset, layer->size,
                             f.sum + layer->offset);
    }
    check_parameters(&f, 1.0F, 1.0F);
    ck_assert_float_eq(f.sum[0], 1.0F);       /* 2 / (2 + 2) + 0.5 */
    ck_assert_float_eq(f.sum[WEIGHTS], 0.5F); /* of a bias: no decay */
    mlp_optimizer_adapt(&f.optimizer, 2.0, 1.0);
    update_all(&f);
    check_parameters(&f, 0.5F, 0.75F); /* 1 - 0.25 * 2 * 1 */
}
END_TEST

START_TEST(norms_of_0_leave_the_rate_alone)
{
    fixture f;
    create_adaptive(&f, MLP_OPTIMIZER_LAMB, 0.5);
    mlp_optimizer_adapt(&f.optimizer, 0.0, 1.0);
    ck_assert_float_eq(f.optimizer.rule.lr, 0.25F);
    mlp_optimizer_adapt(&f.optimizer, 1.0, 0.0);
    ck_assert_float_eq(f.optimizer.rule.lr, 0.25F);
}
END_TEST

START_TEST(clipping_scales_the_gradient)
{
    fixture f;
    create(&f, MLP_OPTIMIZER_SGD, 0.0, 0.0);
    mlp_optimizer_clip(&f.optimizer, 0.5);
    update_all(&f);
    check_parameters(&f, 0.75F, 0.75F); /* 1 - 0.25 * 2 / 2 */
}
END_TEST

START_TEST(every_instruction_set_updates_alike)
{
    mlp_optimizer_kind kind = (mlp_optimizer_kind)_i;
    fixture best;
    create_adaptive(&best, kind, 0.125);
    for (size_t i = 0; i < VECTOR; i++) {
        best.sum[i] = 0.3F * (float)i - 7.0F;
    }
    fixture base = best;
    float *const moved[] = {base.velocity, base.square};
    for (size_t i = 0; i < 2; i++) {
        if (base.optimizer.moments[i] != NULL) {
            base.optimizer.moments[i] = moved[i];
        }
    }
    base.optimizer.parameters = base.parameters;
    base.optimizer.kernels = mlp_kernels_find("base");
    for (size_t step = 0; step < 3; step++) {
        update_all(&best);
        update_all(&base);
    }
    ck_assert_mem_eq(best.parameters, base.parameters, sizeof best.parameters);
    ck_assert_mem_eq(best.velocity, base.velocity, sizeof best.velocity);
    ck_assert_mem_eq(best.square, base.square, sizeof best.square);
}
END_TEST

START_TEST(a_rule_keeps_as_many_moments_as_it_needs)
{
    mlp_config config;
    mlp_config_init(&config);
    config.momentum = 0.0;
    static const size_t without[MLP_OPTIMIZERS] = {0, 0, 1, 2, 2, 0, 2};
    static const size_t with[MLP_OPTIMIZERS] = {1, 1, 1, 2, 2, 1, 2};
    for (int kind = 0; kind < MLP_OPTIMIZERS; kind++) {
        config.optimizer = (mlp_optimizer_kind)kind;
        config.momentum = 0.0;
        ck_assert_uint_eq(mlp_optimizer_moments(&config), without[kind]);
        config.momentum = 0.5;
        ck_assert_uint_eq(mlp_optimizer_moments(&config), with[kind]);
    }
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("optimizer");
    tcase_add_checked_fixture(tests, create_model, destroy_model);
    tcase_add_test(tests, plain_descent_steps_along_the_mean_gradient);
    tcase_add_test(tests, l2_pulls_weights_and_not_biases);
    tcase_add_test(tests, momentum_adds_a_fraction_of_the_last_update);
    tcase_add_test(tests, nesterov_adds_the_next_momentum_step);
    tcase_add_test(tests, l2_is_part_of_the_velocity);
    tcase_add_test(tests, updating_ranges_equals_updating_the_whole);
    tcase_add_test(tests, parameters_outside_the_range_stay);
    tcase_add_test(tests, rmsprop_divides_by_the_root_of_the_mean_square);
    tcase_add_test(tests, adam_corrects_the_bias_of_its_moments);
    tcase_add_test(tests, adamw_decays_weights_independently_of_the_gradient);
    tcase_add_test(tests, lars_steps_by_the_ratio_of_norms);
    tcase_add_test(tests, lamb_steps_by_the_norms_of_weights_and_direction);
    tcase_add_test(tests, norms_of_0_leave_the_rate_alone);
    tcase_add_test(tests, clipping_scales_the_gradient);
    tcase_add_loop_test(tests, every_instruction_set_updates_alike, 0,
                        MLP_OPTIMIZERS);
    tcase_add_test(tests, a_rule_keeps_as_many_moments_as_it_needs);
    Suite *suite = suite_create("optimizer");
    suite_add_tcase(suite, tests);
    return run_suite(suite, CK_FORK_GETENV);
}
