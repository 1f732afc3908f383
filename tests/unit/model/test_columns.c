/** @file
 *  Tests of columns of the first layer: which a node holds, and that a pass
 * over columns of all rows and one over rows of all columns come to the bits of
 * one pass over everything.
 */
#include "model/columns.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "run_suite.h"

enum { IN = 19, OUT = 53, CLASSES = 3, ROWS = 14, NODES = 3 };

static mlp_model *create(mlp_activation activation, double dropout)
{
    const size_t widths[] = {IN, OUT, CLASSES};
    mlp_config config;
    mlp_model *model;
    mlp_config_init(&config);
    config.activation.count = 1;
    config.activation.item[0] = activation;
    config.dropout.count = 1;
    config.dropout.item[0] = dropout;
    ck_assert_int_eq(mlp_model_create(widths, 2, &config, &model), MLP_OK);
    return model;
}

static float *floats(size_t count)
{
    float *made = aligned_alloc(64, (count + 32) / 16 * 64);
    ck_assert_ptr_nonnull(made);
    memset(made, 0, (count + 32) / 16 * 64);
    return made;
}

/* ---- parameters -------------------------------------------------------- */

START_TEST(nodes_hold_whole_lines_that_tile_the_layer)
{
    mlp_model *model = create(MLP_ACTIVATION_RELU, 0.0);
    for (size_t nodes = 1; nodes <= 4; nodes++) {
        size_t next = 0;
        for (size_t k = 0; k < nodes; k++) {
            mlp_range columns = mlp_columns_of_node(model, nodes, k);
            ck_assert_uint_eq(columns.first, next);
            ck_assert_uint_eq(columns.first % MLP_ALIGN, 0);
            ck_assert_uint_gt(columns.count, 0);
            next += columns.count;
        }
        ck_assert_uint_eq(next, OUT);
    }
    ck_assert_uint_eq(mlp_columns_of_node(model, 5, 0).count, 0);
    ck_assert_uint_eq(mlp_columns_of_node(model, 5, 4).count, 0);
    mlp_model_destroy(&model);
}
END_TEST

START_TEST(a_held_model_is_the_rest_of_the_model_behind_its_columns)
{
    mlp_model *model = create(MLP_ACTIVATION_TANH, 0.5);
    for (size_t k = 0; k < NODES; k++) {
        mlp_range columns = mlp_columns_of_node(model, NODES, k);
        mlp_model *held;
        ck_assert_int_eq(mlp_columns_narrow(model, columns, &held), MLP_OK);
        ck_assert_uint_eq(held->layer[0].in, IN);
        ck_assert_uint_eq(held->layer[0].out, columns.count);
        ck_assert_uint_eq(held->layer[0].size,
                          mlp_columns_size(model, columns.count));
        ck_assert_int_eq(held->layer[0].activation, MLP_ACTIVATION_IDENTITY);
        ck_assert(held->layer[0].dropout == 0.0);
        ck_assert_uint_eq(held->layer[1].offset, held->layer[0].size);
        ck_assert_uint_eq(held->layer[1].size, model->layer[1].size);
        ck_assert_uint_eq(held->vector_size,
                          held->layer[0].size + model->layer[1].size);
        ck_assert_uint_eq(held->parameters,
                          (IN + 1) * columns.count + (OUT + 1) * CLASSES);
        mlp_model_destroy(&held);
    }
    mlp_model_destroy(&model);
}
END_TEST

START_TEST(columns_that_are_taken_and_put_back_make_the_layer)
{
    mlp_model *model = create(MLP_ACTIVATION_RELU, 0.0);
    float *canonical = floats(model->parameters);
    float *vector = floats(model->vector_size);
    float *copy = floats(model->vector_size);
    for (size_t i = 0; i < model->parameters; i++) {
        canonical[i] = (float)(i + 1);
    }
    mlp_model_pack(model, canonical, vector);
    for (size_t k = 0; k < NODES; k++) {
        mlp_range columns = mlp_columns_of_node(model, NODES, k);
        float *layer = floats(mlp_columns_size(model, columns.count));
        mlp_columns_take(model, vector, columns, layer);
        for (size_t i = 0; i < IN; i++) { /* canonical: W [in, out], then b */
            ck_assert(layer[mlp_dense_index(IN, columns.count, i, 0)] ==
                      canonical[i * OUT + columns.first]);
        }
        ck_assert(layer[mlp_dense_bias(IN, columns.count)] ==
                  canonical[IN * OUT + columns.first]);
        mlp_columns_put(model, copy, columns, layer);
        free(layer);
    }
    ck_assert_mem_eq(copy, vector, model->layer[0].size * sizeof *vector);
    free(canonical);
    free(vector);
    free(copy);
    mlp_model_destroy(&model);
}
END_TEST

/* ---- passes ------------------------------------------------------------ */

static const size_t leaf_start[NODES + 1] = {0, 5, 9, ROWS}; /* one a node */
static const size_t leaf_word[NODES + 1] = {0, 1, 2, 3};

/* What each way comes to, of all rows and columns. */
typedef struct {
    float *a, *dz;   /* of the first layer, [ROWS, stride(OUT)] */
    float *gradient; /* of the model */
} outcome;

typedef struct {
    mlp_model *model;
    float *vector, *values; /* of all */
    uint16_t labels[ROWS];
    uint64_t numbers[ROWS];
} training;

static training prepare(mlp_activation activation, double dropout)
{
    training t = {.model = create(activation, dropout)};
    float *canonical = floats(t.model->parameters);
    t.vector = floats(t.model->vector_size);
    t.values = floats(ROWS * mlp_stride(IN));
    mlp_model_initialize(t.model, MLP_INIT_HE_UNIFORM, 3, canonical);
    for (size_t j = 0; j < OUT; j++) { /* biases, too */
        canonical[IN * OUT + j] = 0.01F * (float)j - 0.2F;
    }
    mlp_model_pack(t.model, canonical, t.vector);
    for (size_t r = 0; r < ROWS; r++) {
        t.labels[r] = (uint16_t)(r % CLASSES);
        t.numbers[r] = 100 + r;
        for (size_t i = 0; i < IN; i++) {
            t.values[r * mlp_stride(IN) + i] =
                (float)((r * 31 + i * 17) % 23) / 11.0F - 1.0F;
        }
    }
    free(canonical);
    return t;
}

static void finish(training *t)
{
    mlp_model_destroy(&t->model);
    free(t->vector);
    free(t->values);
}

static mlp_batch batch_of(const training *t)
{
    return (mlp_batch){.values = t->values,
                       .rows = ROWS,
                       .cols = IN,
                       .stride = mlp_stride(IN),
                       .leaf_start = leaf_start,
                       .leaf_word = leaf_word,
                       .leaves = NODES};
}

static const mlp_thread self = {0, 1, NULL};

static mlp_pass *create_pass(const mlp_model *model)
{
    mlp_pass *pass;
    ck_assert_int_eq(
        mlp_pass_create(model, mlp_kernels_find(NULL), ROWS, 1, NULL, &pass),
        MLP_OK);
    return pass;
}

static void begin(mlp_pass *pass, const float *vector, const mlp_batch *batch,
                  const training *t, size_t first)
{
    const mlp_dropout dropout = {.seed = 5, .rows = t->numbers + first};
    mlp_pass_begin(pass, vector, batch, t->labels + first, NULL);
    mlp_pass_drop(pass, &dropout);
}

static outcome train_whole(const training *t)
{
    const mlp_batch batch = batch_of(t);
    size_t units = ROWS * mlp_stride(OUT);
    outcome o = {floats(units), floats(units), floats(t->model->vector_size)};
    mlp_pass *pass = create_pass(t->model);
    begin(pass, t->vector, &batch, t, 0);
    mlp_pass_forward(pass, 0, self);
    mlp_pass_forward(pass, 1, self);
    mlp_pass_loss(pass, true, self);
    mlp_pass_backward(pass, 1, self);
    const mlp_gradient_node root = {.leaves = {0, NODES}, .sum = o.gradient};
    mlp_pass_gradient(pass, 0, &root, 1, NULL, self);
    memcpy(o.a, mlp_pass_activations(pass, 0), units * sizeof *o.a);
    memcpy(o.dz, mlp_pass_dz(pass, 0), units * sizeof *o.dz);
    mlp_pass_destroy(&pass);
    return o;
}

/* What the nodes send each other: of node k all rows of its columns, or all
 * columns of its rows. */
typedef struct {
    mlp_range columns[NODES];
    float *by_columns[NODES], *by_rows[NODES];
} messages;

/* Columns of all rows become rows of all columns, or back. */
static void transpose(const messages *m, bool goes_back)
{
    for (size_t node = 0; node < NODES; node++) {
        for (size_t k = 0; k < NODES; k++) {
            size_t rows = leaf_start[node + 1] - leaf_start[node];
            size_t columns = m->columns[k].count;
            float *one = m->by_columns[k] + leaf_start[node] * columns;
            float *other = m->by_rows[node] + rows * m->columns[k].first;
            memcpy(goes_back ? one : other, goes_back ? other : one,
                   rows * columns * sizeof *one);
        }
    }
}

static float *held_vector(const training *t, const mlp_model *held,
                          mlp_range columns)
{
    float *vector = floats(held->vector_size);
    mlp_columns_take(t->model, t->vector, columns, vector);
    memcpy(vector + held->layer[1].offset,
           t->vector + t->model->layer[1].offset,
           held->layer[1].size * sizeof *vector);
    return vector;
}

/* A node's rows, in a pass that holds what the node does. */
static void train_rows(const training *t, messages *m, size_t node, outcome *o)
{
    size_t first = leaf_start[node], stride = mlp_stride(OUT);
    size_t rows = leaf_start[node + 1] - first;
    const size_t own_start[] = {0, rows};
    mlp_batch batch = batch_of(t);
    mlp_model *held;
    ck_assert_int_eq(mlp_columns_narrow(t->model, m->columns[node], &held),
                     MLP_OK);
    float *vector = held_vector(t, held, m->columns[node]);
    mlp_pass *pass = create_pass(t->model);
    batch.rows = rows;
    batch.leaves = 1;
    batch.leaf_start = own_start;
    mlp_pass_hold(pass, held);
    begin(pass, vector, &batch, t, first);
    mlp_columns_receive_sums(pass, m->columns, NODES, m->by_rows[node], self);
    mlp_pass_forward(pass, 1, self);
    mlp_pass_loss(pass, true, self);
    for (size_t k = NODES; k-- > 0;) {
        size_t to = (node + k) % NODES;
        mlp_columns_send_dz(pass, m->columns, NODES, to, node,
                            m->by_rows[node] + rows * m->columns[to].first,
                            self);
    }
    memcpy(o->a + first * stride, mlp_pass_activations(pass, 0),
           rows * stride * sizeof *o->a);
    memcpy(o->dz + first * stride, mlp_pass_dz(pass, 0),
           rows * stride * sizeof *o->dz);
    mlp_pass_destroy(&pass);
    mlp_model_destroy(&held);
    free(vector);
}

/* A node's columns: forward, or the gradient from all dz. */
static void train_columns(const training *t, messages *m, size_t node,
                          bool is_forward, outcome *o)
{
    const mlp_batch batch = batch_of(t);
    mlp_model *held;
    ck_assert_int_eq(mlp_columns_narrow(t->model, m->columns[node], &held),
                     MLP_OK);
    float *vector = held_vector(t, held, m->columns[node]);
    float *sum = floats(held->vector_size);
    mlp_model first = *held;
    first.layers = 1;
    mlp_pass *pass = create_pass(&first);
    mlp_pass_begin(pass, vector, &batch, NULL, NULL);
    if (is_forward) {
        for (size_t k = 0; k < NODES; k++) {
            const mlp_range rows = {leaf_start[k],
                                    leaf_start[k + 1] - leaf_start[k]};
            mlp_columns_send_sums(pass, rows,
                                  m->by_columns[node] +
                                      rows.first * m->columns[node].count,
                                  self);
        }
    } else {
        const mlp_gradient_node root = {.leaves = {0, NODES}, .sum = sum};
        mlp_columns_receive_dz(pass, m->by_columns[node], self);
        mlp_pass_gradient(pass, 0, &root, 1, NULL, self);
        mlp_columns_put(t->model, o->gradient, m->columns[node], sum);
    }
    mlp_pass_destroy(&pass);
    mlp_model_destroy(&held);
    free(vector);
    free(sum);
}

static outcome train_apart(const training *t)
{
    size_t units = ROWS * mlp_stride(OUT);
    outcome o = {floats(units), floats(units), floats(t->model->vector_size)};
    messages m;
    for (size_t k = 0; k < NODES; k++) {
        m.columns[k] = mlp_columns_of_node(t->model, NODES, k);
        m.by_columns[k] = floats(ROWS * OUT);
        m.by_rows[k] = floats(ROWS * OUT);
    }
    for (size_t k = 0; k < NODES; k++) {
        train_columns(t, &m, k, true, &o);
    }
    transpose(&m, false);
    for (size_t k = 0; k < NODES; k++) {
        train_rows(t, &m, k, &o);
    }
    transpose(&m, true);
    for (size_t k = 0; k < NODES; k++) {
        train_columns(t, &m, k, false, &o);
        free(m.by_columns[k]);
        free(m.by_rows[k]);
    }
    return o;
}

static const mlp_activation activations[] = {
    MLP_ACTIVATION_RELU, MLP_ACTIVATION_TANH, MLP_ACTIVATION_GELU,
    MLP_ACTIVATION_SOFTPLUS};
enum { ACTIVATIONS = sizeof activations / sizeof *activations };

START_TEST(nodes_come_to_the_bits_of_one_pass)
{
    training t =
        prepare(activations[_i % ACTIVATIONS], _i < ACTIVATIONS ? 0.0 : 0.3);
    outcome whole = train_whole(&t), apart = train_apart(&t);
    size_t stride = mlp_stride(OUT);
    for (size_t r = 0; r < ROWS; r++) {
        ck_assert_mem_eq(whole.a + r * stride, apart.a + r * stride,
                         OUT * sizeof(float));
        ck_assert_mem_eq(whole.dz + r * stride, apart.dz + r * stride,
                         OUT * sizeof(float));
    }
    ck_assert_mem_eq(whole.gradient, apart.gradient,
                     t.model->layer[0].size * sizeof(float));
    outcome *both[] = {&whole, &apart};
    for (size_t i = 0; i < 2; i++) {
        free(both[i]->a);
        free(both[i]->dz);
        free(both[i]->gradient);
    }
    finish(&t);
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("columns");
    tcase_add_test(tests, nodes_hold_whole_lines_that_tile_the_layer);
    tcase_add_test(tests,
                   a_held_model_is_the_rest_of_the_model_behind_its_columns);
    tcase_add_test(tests, columns_that_are_taken_and_put_back_make_the_layer);
    tcase_add_loop_test(tests, nodes_come_to_the_bits_of_one_pass, 0,
                        2 * ACTIVATIONS);
    Suite *suite = suite_create("columns of the first layer");
    suite_add_tcase(suite, tests);
    return run_suite(suite, CK_FORK_GETENV);
}
