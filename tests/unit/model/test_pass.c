/** @file
 *  A pass against a plain reference in double: activations, losses, and every
 *  element of the gradient, by backpropagation and by central differences.
 */
#include "model/pass.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "reference_mlp.h"
#include "rows/feed.h"
#include "run_suite.h"

enum { ROWS = 9, LEAVES = 3, CLASSES = 3, FEATURES = 19 };
enum { ACTIVATIONS = MLP_ACTIVATIONS, OUTPUTS = 3, DEPTHS = REFERENCE_LAYERS };
enum { NETS = ACTIVATIONS * OUTPUTS * DEPTHS };

/* Floats carry 2^-24 of relative error; a sum here has at most 33 terms of
 * about 1, and an error passes through at most four layers. */
static const double float_tolerance = 2e-5;

/* Of the second order in the step, and of the loss's rounding divided by it;
 * what the float gradient is off comes on top. */
static const double difference_step = 1e-6;
static const double difference_tolerance = 2e-5 + 1e-7;

static const size_t one_leaf[] = {0, ROWS};
static const size_t three_leaves[] = {0, 5, 5, ROWS}; /* the second is empty */

/* One net with parameters, and a batch for it. */
typedef struct {
    reference_net net;
    mlp_model *model;
    float *canonical, *vector;
    double *parameters; /* canonical, too */
    mlp_dataset dataset;
    uint32_t index[ROWS];
    mlp_feed *feed;
    mlp_gradient_node node;
} fixture;

static double draw(uint64_t row, uint32_t unit)
{
    mlp_rng_key key = {11, MLP_RNG_TEST, 0};
    return (double)mlp_rng_uniform(mlp_rng_draw(key, row, unit).word[0]) - 0.5;
}

static void *zeros(size_t count, size_t size)
{
    size_t bytes = (count * size + 64) / 64 * 64;
    void *memory = aligned_alloc(64, bytes);
    ck_assert_ptr_nonnull(memory);
    return memset(memory, 0, bytes);
}

/* Net i of NETS: all activations, outputs and depths, with odd widths. */
static reference_net net_of(int i)
{
    static const size_t hidden[] = {33, 17, 5};
    reference_net net = {.layers = (size_t)(i % DEPTHS) + 1,
                         .hidden = (mlp_activation)(i / DEPTHS % ACTIVATIONS),
                         .output = (mlp_output)(i / DEPTHS / ACTIVATIONS)};
    net.widths[0] = FEATURES;
    memcpy(net.widths + 1, hidden, sizeof hidden);
    net.widths[net.layers] = CLASSES;
    return net;
}

static void create_model(fixture *f)
{
    mlp_config config;
    mlp_config_init(&config);
    config.activation.item[0] = f->net.hidden;
    config.output = f->net.output;
    config.loss = f->net.output == MLP_OUTPUT_SOFTMAX ? MLP_LOSS_CROSS_ENTROPY
                                                      : MLP_LOSS_MSE;
    ck_assert_int_eq(
        mlp_model_create(f->net.widths, f->net.layers, &config, &f->model),
        MLP_OK);
    ck_assert_uint_eq(f->model->parameters, reference_parameters(&f->net));
    f->canonical = zeros(f->model->parameters, sizeof *f->canonical);
    f->parameters = zeros(f->model->parameters, sizeof *f->parameters);
    f->vector = zeros(f->model->vector_size, sizeof *f->vector);
    for (size_t i = 0; i < f->model->parameters; i++) {
        f->canonical[i] = (float)draw(1, (uint32_t)i);
        f->parameters[i] = (double)f->canonical[i];
    }
    mlp_model_pack(f->model, f->canonical, f->vector);
}

static void create_data(fixture *f)
{
    f->dataset = (mlp_dataset){.range = {0, ROWS},
                               .features = FEATURES,
                               .element = MLP_ELEMENT_F32,
                               .values = zeros(ROWS * FEATURES, sizeof(float)),
                               .labels = zeros(ROWS, sizeof(uint16_t))};
    float *values = f->dataset.values;
    for (size_t i = 0; i < ROWS * FEATURES; i++) {
        double value = draw(2, (uint32_t)i);
        values[i] = value < 0.0 ? 0.0F : (float)(4.0 * value);
    }
    for (uint32_t r = 0; r < ROWS; r++) {
        f->dataset.labels[r] = (uint16_t)(r % CLASSES);
        f->index[r] = (r * 4 + 1) % ROWS; /* a permutation */
    }
}

static void fill(void *context, mlp_thread self)
{
    mlp_feed_fill(context, mlp_kernels_find(NULL), self);
}

static void create_batch(fixture *f, const size_t *leaf_start, size_t leaves,
                         bool is_sparse)
{
    const mlp_shard_batches shard_batches = {f->index, leaf_start, leaves};
    const mlp_feed_shape shape = {.features = FEATURES,
                                  .rows = ROWS,
                                  .leaves = leaves,
                                  .is_sparse = is_sparse};
    ck_assert_int_eq(mlp_feed_create(&shape, NULL, &f->feed), MLP_OK);
    mlp_feed_begin(f->feed, &f->dataset, (mlp_scaler){.scale = 0.5F},
                   &shard_batches, NULL);
    mlp_threads_run(NULL, 1, fill, f->feed);
    f->node.leaves = (mlp_range){0, leaves};
}

static void create(fixture *f, reference_net net, size_t leaves, bool is_sparse)
{
    memset(f, 0, sizeof *f);
    f->net = net;
    create_model(f);
    create_data(f);
    create_batch(f, leaves == 1 ? one_leaf : three_leaves, leaves, is_sparse);
}

static void destroy(fixture *f)
{
    mlp_feed_destroy(&f->feed);
    mlp_dataset_destroy(&f->dataset);
    free(f->canonical);
    free(f->parameters);
    free(f->vector);
    mlp_model_destroy(&f->model);
}

/* What a pass comes to. */
typedef struct {
    float *gradient; /* canonical */
    float *outputs;  /* [ROWS, mlp_stride(CLASSES)] */
    double losses[ROWS];
    uint32_t predictions[ROWS];
} outcome;

enum { THREADS_MOST = 7 };

typedef struct {
    mlp_pass *pass;
    const mlp_gradient_node *node;
    size_t layers;
    bool by_blocks; /* the gradient is handed over so */
    float *vector;  /* where to */
    mlp_pass_extent extents[THREADS_MOST];
} running;

/* Each element comes once: a second time would double it. */
static void add_sums(void *context, size_t first, size_t count,
                     const float *sum)
{
    float *vector = context;
    for (size_t i = 0; i < count; i++) {
        vector[first + i] += sum[i];
    }
}

static void run_gradient(running *r, size_t l, mlp_thread self)
{
    if (r->by_blocks) {
        mlp_pass_gradient_blocks(r->pass, l, r->node, NULL, add_sums, r->vector,
                                 self);
    } else {
        mlp_pass_gradient(r->pass, l, r->node, 1, NULL, self);
    }
}

static void run(void *context, mlp_thread self)
{
    running *r = context;
    for (size_t l = 0; l < r->layers; l++) {
        mlp_pass_forward(r->pass, l, self);
        mlp_thread_barrier(self);
    }
    mlp_pass_loss(r->pass, true, self);
    mlp_thread_barrier(self);
    for (size_t l = r->layers; l-- > 0;) {
        if (l > 0) {
            mlp_pass_backward(r->pass, l, self);
        }
        run_gradient(r, l, self);
        mlp_thread_barrier(self);
    }
    mlp_pass_measure(r->pass, mlp_thread_share(self, ROWS),
                     &r->extents[self.index], self);
}

/* The largest magnitude of values [ROWS, mlp_stride(columns)], as bits. */
static uint32_t largest_bits(const float *values, size_t columns)
{
    uint32_t largest = 0;
    for (size_t i = 0; i < ROWS * mlp_stride(columns); i++) {
        float magnitude = fabsf(values[i]);
        uint32_t bits;
        memcpy(&bits, &magnitude, sizeof bits);
        largest = bits > largest ? bits : largest;
    }
    return largest;
}

/* The threads' extents together are those of the whole pass. */
static void check_extents(const fixture *f, const running *r)
{
    for (size_t l = 0; l < r->layers; l++) {
        const mlp_layer *layer = &f->model->layer[l];
        uint32_t input = 0, dz = 0;
        for (size_t t = 0; t < THREADS_MOST; t++) {
            const mlp_pass_extent *seen = &r->extents[t];
            input = seen->input[l] > input ? seen->input[l] : input;
            dz = seen->dz[l] > dz ? seen->dz[l] : dz;
        }
        ck_assert_uint_eq(
            input, largest_bits(l == 0 ? mlp_feed_batch(f->feed)->values
                                       : mlp_pass_activations(r->pass, l - 1),
                                layer->in));
        ck_assert_uint_eq(dz,
                          largest_bits(mlp_pass_dz(r->pass, l), layer->out));
    }
}

static outcome run_pass_by(fixture *f, const mlp_kernels *kernels,
                           size_t threads, bool by_blocks)
{
    size_t outputs = ROWS * mlp_stride(CLASSES);
    float *vector = zeros(f->model->vector_size, sizeof *vector);
    outcome o = {.gradient = zeros(f->model->parameters, sizeof(float)),
                 .outputs = zeros(outputs, sizeof(float))};
    mlp_pass *pass;
    ck_assert_int_eq(
        mlp_pass_create(f->model, kernels, ROWS, threads, NULL, &pass), MLP_OK);
    mlp_pass_begin(pass, f->vector, mlp_feed_batch(f->feed),
                   mlp_feed_labels(f->feed), NULL);
    float *other = zeros(f->model->vector_size, sizeof *other);
    f->node.sum = by_blocks ? other : vector;
    running context = {.pass = pass,
                       .node = &f->node,
                       .layers = f->model->layers,
                       .by_blocks = by_blocks,
                       .vector = vector};
    mlp_threads_run(NULL, threads, run, &context);
    check_extents(f, &context);
    free(other);
    mlp_model_unpack(f->model, vector, o.gradient);
    memcpy(o.outputs, mlp_pass_outputs(pass), outputs * sizeof *o.outputs);
    memcpy(o.losses, mlp_pass_losses(pass), sizeof o.losses);
    memcpy(o.predictions, mlp_pass_predictions(pass), sizeof o.predictions);
    mlp_pass_destroy(&pass);
    ck_assert_ptr_null(pass);
    free(vector);
    return o;
}

static outcome run_pass(fixture *f, const mlp_kernels *kernels, size_t threads)
{
    return run_pass_by(f, kernels, threads, false);
}

static void free_outcome(outcome *o)
{
    free(o->gradient);
    free(o->outputs);
}

/* Row r of the batch, as the reference wants it. */
static reference_row row_of(const fixture *f, size_t r)
{
    const mlp_batch *batch = mlp_feed_batch(f->feed);
    reference_row row;
    for (size_t i = 0; i < FEATURES; i++) {
        row.a[0][i] = (double)batch->values[r * batch->stride + i];
    }
    return row;
}

static double loss_of_batch(const fixture *f)
{
    double loss = 0.0;
    for (size_t r = 0; r < ROWS; r++) {
        reference_row row = row_of(f, r);
        reference_forward(&f->net, f->parameters, &row);
        loss += reference_loss(&f->net, &row, mlp_feed_labels(f->feed)[r]);
    }
    return loss;
}

static double difference_quotient(const fixture *f, size_t parameter)
{
    double before = f->parameters[parameter];
    f->parameters[parameter] = before + difference_step;
    double high = loss_of_batch(f);
    f->parameters[parameter] = before - difference_step;
    double low = loss_of_batch(f);
    f->parameters[parameter] = before;
    return (high - low) / (2.0 * difference_step);
}

static double allowed(double tolerance, double expected)
{
    return tolerance * (1.0 + fabs(expected));
}

static void check_forward(const fixture *f, const outcome *o)
{
    for (size_t r = 0; r < ROWS; r++) {
        reference_row row = row_of(f, r);
        const double *expected = row.a[f->net.layers];
        const float *outputs = o->outputs + r * mlp_stride(CLASSES);
        reference_forward(&f->net, f->parameters, &row);
        double loss =
            reference_loss(&f->net, &row, mlp_feed_labels(f->feed)[r]);
        uint32_t best = 0;
        for (uint32_t j = 0; j < CLASSES; j++) {
            ck_assert_double_eq_tol((double)outputs[j], expected[j],
                                    allowed(float_tolerance, expected[j]));
            best = expected[j] > expected[best] ? j : best;
        }
        ck_assert_double_eq_tol(o->losses[r], loss,
                                allowed(float_tolerance, loss));
        ck_assert_uint_eq(o->predictions[r], best);
    }
}

static void check_gradient(const fixture *f, const outcome *o)
{
    double *expected = zeros(f->model->parameters, sizeof *expected);
    for (size_t r = 0; r < ROWS; r++) {
        reference_row row = row_of(f, r);
        reference_forward(&f->net, f->parameters, &row);
        reference_add_gradient(&f->net, f->parameters, &row,
                               mlp_feed_labels(f->feed)[r], expected);
    }
    for (size_t i = 0; i < f->model->parameters; i++) {
        ck_assert_double_eq_tol((double)o->gradient[i], expected[i],
                                allowed(float_tolerance, expected[i]));
    }
    free(expected);
}

START_TEST(pass_is_the_reference)
{
    for (size_t leaves = 1; leaves <= LEAVES; leaves += 2) {
        for (int is_sparse = 0; is_sparse < 2; is_sparse++) {
            fixture f;
            create(&f, net_of(_i), leaves, is_sparse);
            outcome o = run_pass(&f, mlp_kernels_find(NULL), 1);
            check_forward(&f, &o);
            check_gradient(&f, &o);
            free_outcome(&o);
            destroy(&f);
        }
    }
}
END_TEST

START_TEST(gradient_is_the_slope_of_the_loss)
{
    fixture f;
    create(&f, net_of(_i), LEAVES, true);
    outcome o = run_pass(&f, mlp_kernels_find(NULL), 1);
    for (size_t i = 0; i < f.model->parameters; i++) {
        double expected = difference_quotient(&f, i);
        ck_assert_double_eq_tol((double)o.gradient[i], expected,
                                allowed(difference_tolerance, expected));
    }
    free_outcome(&o);
    destroy(&f);
}
END_TEST

static void check_same_bits(const outcome *a, const outcome *b,
                            size_t parameters)
{
    ck_assert_mem_eq(a->gradient, b->gradient, parameters * sizeof(float));
    ck_assert_mem_eq(a->outputs, b->outputs,
                     ROWS * mlp_stride(CLASSES) * sizeof(float));
    ck_assert_mem_eq(a->losses, b->losses, sizeof a->losses);
    ck_assert_mem_eq(a->predictions, b->predictions, sizeof a->predictions);
}

START_TEST(threads_and_instruction_sets_change_no_bit)
{
    static const char *const names[] = {"avx512", "avx2", "base"};
    fixture f;
    create(&f, net_of(_i), LEAVES, _i % 2 == 0);
    outcome expected = run_pass(&f, mlp_kernels_find("base"), 1);
    for (size_t k = 0; k < 3; k++) {
        const mlp_kernels *kernels = mlp_kernels_find(names[k]);
        size_t most = (size_t)_i % 3 == k ? THREADS_MOST : 1; /* its turn */
        for (size_t threads = 1; kernels != NULL && threads <= most;
             threads++) {
            for (int blocks = 0; blocks <= 1; blocks++) {
                outcome o = run_pass_by(&f, kernels, threads, blocks == 1);
                check_same_bits(&o, &expected, f.model->parameters);
                free_outcome(&o);
            }
        }
    }
    free_outcome(&expected);
    destroy(&f);
}
END_TEST

START_TEST(zero_weights_give_even_odds)
{
    fixture f;
    create(&f, net_of(1), LEAVES, true);
    memset(f.vector, 0, f.model->vector_size * sizeof *f.vector);
    outcome o = run_pass(&f, mlp_kernels_find(NULL), 1);
    for (size_t r = 0; r < ROWS; r++) {
        ck_assert_double_eq_tol(o.losses[r], log(CLASSES), 1e-7);
        ck_assert_uint_eq(o.predictions[r], 0);
    }
    /* 9 rows, 3 of each class: sum over rows of 1/3 - [label = j] is 0 */
    for (size_t j = 0; j < CLASSES; j++) {
        float bias = o.gradient[f.model->parameters - CLASSES + j];
        ck_assert_double_eq_tol((double)bias, 0.0, 1e-6);
    }
    free_outcome(&o);
    destroy(&f);
}
END_TEST

/* A not-a-number must come out as one: no activation may swallow it. */
START_TEST(nan_in_a_row_reaches_its_loss)
{
    fixture f;
    create(&f, net_of(_i), LEAVES, true);
    mlp_feed_destroy(&f.feed);
    ((float *)f.dataset.values)[(size_t)f.index[0] * FEATURES + 3] = NAN;
    create_batch(&f, three_leaves, LEAVES, true);
    outcome o = run_pass(&f, mlp_kernels_find(NULL), 1);
    ck_assert(isnan(o.losses[0]));
    for (size_t r = 1; r < ROWS; r++) {
        ck_assert(isfinite(o.losses[r]));
    }
    free_outcome(&o);
    destroy(&f);
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("pass");
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, zero_weights_give_even_odds);
    tcase_add_loop_test(tests, pass_is_the_reference, 0, NETS);
    tcase_add_loop_test(tests, gradient_is_the_slope_of_the_loss, 0, NETS);
    tcase_add_loop_test(tests, threads_and_instruction_sets_change_no_bit, 0,
                        NETS);
    tcase_add_loop_test(tests, nan_in_a_row_reaches_its_loss, 0, NETS);
    Suite *suite = suite_create("pass");
    suite_add_tcase(suite, tests);
    return run_suite(suite, CK_FORK_GETENV);
}
