/** @file
 *  Training until nothing moves any more leaves no denormal numbers in moments
 *  or derivatives, on any instruction set: what an Intel core takes 150 cycles
 *  a vector for. Those in activations and gradients are counted and printed.
 */
#include <check.h>
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "optim/optimizer.h"

#include "run_suite.h"
#include "train/internal.h"

enum { ROWS = 48, FEATURES = 12, CLASSES = 3, BATCH = 16, STEPS_MOST = 8000 };

/* What is trained how. All other options have values that end soon. */
typedef struct {
    const char *words; /* "option value option value ..." */
    float size;        /* of the features that tell classes apart */
    bool ends;         /* before STEPS_MOST */
} scenario;

/* Large features drive logits so far apart that the derivatives of a softmax
 * underflow: then moments decay without anything new. */
static const scenario scenarios[] = {
    {"optimizer sgd lr 0.0001", 2000.0f, true},
    {"optimizer nesterov lr 0.0001", 2000.0f, true},
    {"optimizer rmsprop lr 0.01", 1000.0f, true},
    {"optimizer adam lr 0.01", 1000.0f, true},
    {"optimizer adamw lr 0.01 weight-decay 0", 1000.0f, true},
    {"optimizer lars lr 1 momentum 0.9", 60.0f, true},
    {"optimizer lamb lr 0.001", 60.0f, true},
    {"activation prelu,gelu lr 0.01", 60.0f, true},
    {"activation sigmoid lr 0.5", 60.0f, false},
    {"activation tanh output identity loss mse lr 0.001 dropout 0.5", 60.0f,
     false},
    {"activation silu output sigmoid loss binary-cross-entropy lr 0.01", 60.0f,
     false},
};

static struct {
    uint64_t activations, gradients; /* denormal numbers there, of all steps */
    uint64_t values;                 /* of all of these */
} counted;

/* ---- rows -------------------------------------------------------------- */

static float values[ROWS * FEATURES];
static uint16_t labels[ROWS];

/* Classes that a plane parts; the last columns are rarely or never set, as
 * pixels at the border of a picture. */
static void make_rows(float size)
{
    for (size_t r = 0; r < ROWS; r++) {
        float *row = values + r * FEATURES;
        labels[r] = (uint16_t)(r * 7 % CLASSES);
        for (size_t c = 0; c < FEATURES; c++) {
            float noise = (float)((r * 37 + c * 101) % 17) / 17.0f;
            row[c] = c % CLASSES == labels[r] ? size + noise : noise;
        }
        row[FEATURES - 1] = 0.0f;
        row[FEATURES - 2] = r == 5 ? 1.0f : 0.0f;
    }
}

/* ---- one training ------------------------------------------------------ */

typedef struct {
    mlp_comm *comm;
    mlp_config config;
    mlp_model *model;
    mlp_sharded split;
    mlp_trainer *trainer;
    float *state[2]; /* parameters, then moments: now, and a step ago */
    size_t floats;
} training;

static void set_words(mlp_config *config, const char *words)
{
    char copy[256], *rest = copy;
    snprintf(copy, sizeof copy, "%s", words);
    for (char *name = strtok_r(rest, " ", &rest); name != NULL;
         name = strtok_r(rest, " ", &rest)) {
        const char *value = strtok_r(rest, " ", &rest);
        ck_assert_int_eq(mlp_config_set(config, name, value), MLP_OK);
    }
}

static void begin(training *t, const char *words, const mlp_kernels *kernels)
{
    const size_t widths[] = {FEATURES, 10, 7, CLASSES};
    *t = (training){0};
    mlp_config_init(&t->config);
    set_words(&t->config, "hidden 10,7 schedule constant batch 16 shards 4 "
                          "threads 1 beta2 0.98 rho 0.98");
    set_words(&t->config, words);
    ck_assert_int_eq(mlp_comm_serial_create(&t->comm), MLP_OK);
    ck_assert_int_eq(mlp_model_create(widths, 3, &t->config, &t->model),
                     MLP_OK);
    t->split = (mlp_sharded){.here = {.range = {0, ROWS},
                                      .features = FEATURES,
                                      .element = MLP_ELEMENT_F32,
                                      .values = values,
                                      .labels = labels},
                             .rows = ROWS,
                             .shards = {0, 4}};
    const mlp_trainer_parts parts = {.comm = t->comm,
                                     .config = &t->config,
                                     .model = t->model,
                                     .kernels = kernels,
                                     .train = &t->split,
                                     .scaler = {.scale = 1.0f}};
    ck_assert_int_eq(mlp_trainer_create(&parts, &t->trainer), MLP_OK);
    t->floats = t->model->parameters * (1 + mlp_optimizer_moments(&t->config));
    for (size_t i = 0; i < 2; i++) {
        t->state[i] = calloc(t->floats, sizeof(float));
        ck_assert_ptr_nonnull(t->state[i]);
    }
    mlp_model_initialize(t->model, t->config.init, 1, t->state[0]);
    ck_assert_int_eq(mlp_trainer_load(t->trainer, t->state[0], NULL), MLP_OK);
}

static void end(training *t)
{
    mlp_trainer_destroy(&t->trainer);
    mlp_model_destroy(&t->model);
    mlp_comm_destroy(&t->comm);
    free(t->state[0]);
    free(t->state[1]);
}

static size_t count_denormals(const float *x, size_t count)
{
    size_t found = 0;
    for (size_t i = 0; i < count; i++) {
        found += x[i] != 0.0f && fabsf(x[i]) < FLT_MIN;
    }
    return found;
}

/* What a step left behind. */
static void look(const training *t, const char *name, size_t step)
{
    const mlp_model *model = t->model;
    size_t parameters = model->parameters;
    ck_assert_msg(
        count_denormals(t->state[0] + parameters, t->floats - parameters) == 0,
        "%s: denormal moments after step %zu", name, step);
    for (size_t l = 0; l < model->layers; l++) {
        size_t count = BATCH * mlp_stride(model->layer[l].out);
        ck_assert_msg(
            count_denormals(mlp_pass_dz(t->trainer->node.pass, l), count) == 0,
            "%s: denormal dz of layer %zu in step %zu", name, l, step);
        counted.activations += count_denormals(
            mlp_pass_activations(t->trainer->node.pass, l), count);
        counted.values += count;
    }
    counted.gradients += count_denormals(t->trainer->weights.subtrees[0].sum,
                                         model->vector_size);
    counted.values += model->vector_size;
}

/* One step, and whether anything moved. */
static bool moves(training *t, size_t step)
{
    mlp_step_result result;
    size_t parameters = t->model->parameters, bytes = t->floats * sizeof(float);
    float *moments[MLP_OPTIMIZER_MOMENTS] = {NULL};
    memcpy(t->state[1], t->state[0], bytes);
    ck_assert_int_eq(mlp_trainer_step(t->trainer, step / (ROWS / BATCH),
                                      step % (ROWS / BATCH), false, &result),
                     MLP_OK);
    mlp_trainer_wait(t->trainer);
    for (size_t i = 0; i < mlp_optimizer_moments(&t->config); i++) {
        moments[i] = t->state[0] + (1 + i) * parameters;
    }
    mlp_trainer_store(t->trainer, t->state[0], moments);
    return memcmp(t->state[0], t->state[1], bytes) != 0;
}

static void train(const scenario *s, const mlp_kernels *kernels)
{
    training t;
    size_t step = 0, still = 0;
    begin(&t, s->words, kernels);
    while (step < STEPS_MOST && still < ROWS / BATCH) { /* an epoch */
        still = moves(&t, step) ? 0 : still + 1;
        look(&t, s->words, step++);
    }
    ck_assert_msg(still > 0 || !s->ends, "%s: still moves after %zu steps",
                  s->words, step);
    printf("%s %s: %zu steps\n", kernels->name, s->words, step);
    end(&t);
}

START_TEST(nothing_denormal_is_left_in_moments_and_derivatives)
{
    static const char *const sets[] = {"avx512", "avx2", "base"};
    make_rows(scenarios[_i].size);
    for (size_t k = 0; k < sizeof sets / sizeof sets[0]; k++) {
        const mlp_kernels *kernels = mlp_kernels_find(sets[k]);
        if (kernels != NULL) {
            train(&scenarios[_i], kernels);
        }
    }
    printf("denormal: %ju activations and %ju sums of gradients of %ju "
           "numbers\n",
           (uintmax_t)counted.activations, (uintmax_t)counted.gradients,
           (uintmax_t)counted.values);
}
END_TEST

/* One element through an update rule, with a gradient and moments before. */
static void update_one(const mlp_kernels *kernels, const mlp_update *rule,
                       float gradient, float before, float after[2])
{
    _Alignas(64) float sum[MLP_ALIGN] = {0}, w[MLP_ALIGN] = {0};
    _Alignas(64) float moment[2][MLP_ALIGN] = {{0}};
    float *const moments[] = {moment[0], moment[1]};
    sum[3] = gradient;
    moment[0][3] = moment[1][3] = before;
    kernels->update(rule, MLP_ALIGN, sum, w, moments);
    after[0] = moment[0][3];
    after[1] = moment[1][3];
}

/* Momentum and the second moment's memory are a half here. */
START_TEST(moments_are_zero_below_their_limits_and_not_at_them)
{
    static const char *const sets[] = {"avx512", "avx2", "base"};
    const mlp_kernels *kernels = mlp_kernels_find(sets[_i]);
    const mlp_update sgd = {
        .kind = MLP_OPTIMIZER_SGD, .gradient_scale = 1.0f, .momentum = 0.5f};
    const mlp_update adam = {.kind = MLP_OPTIMIZER_ADAM,
                             .gradient_scale = 1.0f,
                             .share1 = 0.5f,
                             .share2 = 0.5f,
                             .bias_correction1 = 1.0f,
                             .bias_correction2 = 1.0f,
                             .epsilon = 1e-8f};
    const float below = 1.0f - 0x1p-24f;
    float after[2];
    if (kernels == NULL) {
        return;
    }
    for (int sign = -1; sign <= 1; sign += 2) {
        float one = (float)sign;
        update_one(kernels, &sgd, 0.0f, one * 0x1p-99f, after);
        ck_assert(after[0] == one * MLP_LEAST_MOMENT);
        update_one(kernels, &sgd, 0.0f, one * 0x1p-99f * below, after);
        ck_assert(after[0] == 0.0f);
        update_one(kernels, &adam, 0.0f, one * 0x1p-99f, after);
        ck_assert(after[0] == one * MLP_LEAST_MOMENT);
        update_one(kernels, &adam, 0.0f, one * 0x1p-99f * below, after);
        ck_assert(after[0] == 0.0f);
    }
    update_one(kernels, &adam, 0.0f, 0x1p-119f, after);
    ck_assert(after[1] == MLP_LEAST_SQUARE);
    update_one(kernels, &adam, 0.0f, 0x1p-119f * below, after);
    ck_assert(after[1] == 0.0f);
    /* the square of a gradient, beside a moment that carries it */
    update_one(kernels, &adam, MLP_LEAST_ROOT, 0x1p-118f, after);
    ck_assert(after[1] == 0x1p-119f + 0x1p-125f);
    update_one(kernels, &adam, MLP_LEAST_ROOT * below, 0x1p-118f, after);
    ck_assert(after[1] == 0x1p-119f);
    update_one(kernels, &sgd, NAN, 0.0f, after);
    ck_assert(isnan(after[0]));
    update_one(kernels, &adam, NAN, 0.0f, after);
    ck_assert(isnan(after[0]) && isnan(after[1]));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("denormals");
    TCase *tests = tcase_create("denormals");
    tcase_add_loop_test(tests,
                        nothing_denormal_is_left_in_moments_and_derivatives, 0,
                        sizeof scenarios / sizeof scenarios[0]);
    tcase_add_loop_test(
        tests, moments_are_zero_below_their_limits_and_not_at_them, 0, 3);
    suite_add_tcase(suite, tests);
    return run_suite(suite, CK_FORK_GETENV);
}
