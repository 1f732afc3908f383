/** @file
 *  Kernels against plain loops in double on awkward shapes, and bit for bit
 *  between instruction sets, sparse and dense, and any split over threads.
 */
#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "kernels/kernels.h"
#include "kernels/scratch.h"

#include "reference_activation.h"
#include "run_suite.h"

enum { CHOSEN_SHAPES = 10, RANDOM_SHAPES = 9, LEAVES = 5 };
enum { SHAPES = CHOSEN_SHAPES + RANDOM_SHAPES };

typedef struct {
    size_t in, out;
    size_t leaf_rows[LEAVES];
    bool is_sparse;
} shape;

static const shape chosen[CHOSEN_SHAPES] = {
    {1, 1, {1, 0, 0, 0, 0}, false},
    {3, 10, {2, 3, 1, 0, 2}, true},
    {64, 32, {4, 4, 4, 4, 4}, true},
    {113, 65, {1, 70, 3, 0, 5}, true},
    {225, 100, {16, 16, 16, 16, 15}, true},
    {17, 129, {9, 8, 9, 8, 9}, false},
    {784, 48, {3, 3, 2, 3, 3}, true},
    {1100, 400, {5, 0, 9, 2, 1}, false},
    {20, 1130, {4, 1, 0, 3, 2}, false},
    {211, 85, {500, 0, 64, 270, 1}, true},
};

/* The shapes above, then random ones, the same in every run; every other one
 * has zeros. */
static shape shape_of(int i)
{
    if (i < CHOSEN_SHAPES) {
        return chosen[i];
    }
    mlp_rng_key key = {11, MLP_RNG_TEST, 0};
    mlp_rng_block extents = mlp_rng_draw(key, (uint64_t)i, 0);
    shape s = {
        1 + extents.word[0] % 300, 1 + extents.word[1] % 150, {0}, i % 2 == 0};
    for (uint32_t leaf = 0; leaf < LEAVES; leaf++) {
        mlp_rng_block rows = mlp_rng_draw(key, (uint64_t)i, 1 + leaf);
        s.leaf_rows[leaf] = rows.word[0] % 40;
    }
    s.leaf_rows[i % LEAVES]++; /* one row at least */
    return s;
}

/* Everything that one case needs, for one shape. */
typedef struct {
    shape shape;
    size_t rows, in_stride, out_stride, words;
    uint8_t *raw;
    uint32_t *index;
    mlp_batch batch;
    mlp_nonzeros nonzeros;
    size_t leaf_start[LEAVES + 1], leaf_word[LEAVES + 1];
    float *parameters, *dz;
} fixture;

static uint32_t draw_count;

static float draw(void)
{
    mlp_rng_key key = {7, MLP_RNG_TEST, 0};
    return mlp_rng_uniform(mlp_rng_draw(key, 0, draw_count++).word[0]) - 0.5f;
}

static void *zeros(size_t count, size_t size)
{
    size_t bytes = (count * size + 127) / 64 * 64;
    void *memory = aligned_alloc(64, bytes);
    ck_assert_ptr_nonnull(memory);
    return memset(memory, 0, bytes);
}

static void fixture_leaves(fixture *f)
{
    for (size_t i = 0; i < LEAVES; i++) {
        size_t rows = f->shape.leaf_rows[i];
        f->leaf_start[i + 1] = f->leaf_start[i] + rows;
        f->leaf_word[i + 1] = f->leaf_word[i] + mlp_leaf_words(rows);
    }
    f->rows = f->leaf_start[LEAVES];
    f->words = f->leaf_word[LEAVES];
}

static void fixture_init(fixture *f, shape s)
{
    memset(f, 0, sizeof *f);
    f->shape = s;
    fixture_leaves(f);
    f->in_stride = mlp_stride(s.in);
    f->out_stride = mlp_stride(s.out);
    f->raw = zeros(f->rows * s.in, 1);
    f->index = zeros(f->rows, sizeof *f->index);
    for (size_t r = 0; r < f->rows; r++) {
        f->index[r] = (uint32_t)(f->rows - 1 - r);
    }
    for (size_t i = 0; i < f->rows * s.in; i++) {
        float x = draw();
        f->raw[i] = s.is_sparse && x < 0.2f ? 0 : (uint8_t)(x * 500);
    }
    f->parameters =
        zeros(mlp_dense_size(s.in, s.out, MLP_ACTIVATION_PRELU), sizeof(float));
    for (size_t i = 0; i < s.in; i++) {
        for (size_t j = 0; j < s.out; j++) {
            f->parameters[mlp_dense_index(s.in, s.out, i, j)] = draw();
        }
    }
    for (size_t j = 0; j < s.out; j++) {
        f->parameters[mlp_dense_bias(s.in, s.out) + j] = draw();
    }
    f->dz = zeros(f->rows * f->out_stride, sizeof(float));
    for (size_t r = 0; r < f->rows; r++) {
        for (size_t j = 0; j < s.out; j++) {
            float x = draw();
            f->dz[r * f->out_stride + j] = s.is_sparse && x < 0.2f ? 0 : x;
        }
    }
    f->nonzeros.blocks = mlp_blocks(s.in);
    f->nonzeros.groups = (s.in + MLP_GROUP - 1) / MLP_GROUP;
    f->nonzeros.inputs = zeros(f->rows * f->nonzeros.blocks, sizeof(uint64_t));
    f->nonzeros.masks =
        zeros((f->words + 1) * f->nonzeros.groups, sizeof(uint64_t));
    f->batch =
        (mlp_batch){.values = zeros(f->rows * f->in_stride, sizeof(float)),
                    .rows = f->rows,
                    .cols = s.in,
                    .stride = f->in_stride,
                    .leaf_start = f->leaf_start,
                    .leaf_word = f->leaf_word,
                    .leaves = LEAVES};
}

static void fixture_free(fixture *f)
{
    free(f->raw);
    free(f->index);
    free(f->parameters);
    free(f->dz);
    free(f->nonzeros.inputs);
    free(f->nonzeros.masks);
    free(f->batch.values);
}

static void gather(fixture *f, const mlp_kernels *kernels, bool is_sparse)
{
    mlp_rows rows = {.values = f->raw, .index = f->index, .scale = 1.0f / 255};
    f->batch.nonzeros = is_sparse ? &f->nonzeros : NULL;
    kernels->gather(&rows, &f->batch, (mlp_range){0, f->rows});
    if (is_sparse) {
        kernels->mask(&rows, &f->batch,
                      (mlp_range){0, f->batch.leaf_word[f->batch.leaves]},
                      (mlp_range){0, f->nonzeros.groups});
    }
}

static mlp_dense dense_of(const fixture *f, mlp_activation activation)
{
    return (mlp_dense){f->shape.in, f->shape.out, activation, f->parameters};
}

static float *run_forward(fixture *f, const mlp_kernels *kernels, bool sparse,
                          size_t parts)
{
    float *y = zeros(f->rows * f->out_stride, sizeof(float));
    mlp_dense layer = dense_of(f, MLP_ACTIVATION_TANH);
    const mlp_units units = {.a = y};
    gather(f, kernels, sparse);
    for (size_t p = 0; p < parts; p++) {
        for (size_t q = 0; q < parts; q++) {
            kernels->forward(
                &layer, &f->batch, &units, mlp_range_part(f->rows, parts, p),
                mlp_range_part(mlp_panels(f->shape.out), parts, q));
        }
    }
    return y;
}

enum { GUARD_BYTES = 64, GUARD = 0xA5 };

/* What a caller must provide, full of NaNs, with guard bytes behind it. */
static float *scratch_of(const fixture *f)
{
    size_t bytes = mlp_scratch_bytes(f->shape.out, f->rows);
    char *memory = zeros(bytes, 1);
    memset(memory, 0xFF, bytes);
    memset(memory + bytes, GUARD, GUARD_BYTES);
    return (float *)(void *)memory;
}

static void scratch_free(const fixture *f, float *scratch)
{
    const unsigned char *guard = (const unsigned char *)scratch +
                                 mlp_scratch_bytes(f->shape.out, f->rows);
    for (size_t i = 0; i < GUARD_BYTES; i++) {
        ck_assert_uint_eq(guard[i], GUARD);
    }
    free(scratch);
}

static float *run_backward(fixture *f, const mlp_kernels *kernels, size_t parts)
{
    float *dx = zeros(f->rows * f->in_stride, sizeof(float));
    float *scratch = scratch_of(f);
    mlp_dense layer = dense_of(f, MLP_ACTIVATION_IDENTITY);
    const mlp_dense below = {.out = f->shape.in,
                             .activation = MLP_ACTIVATION_SIGMOID};
    const mlp_units units = {.a = f->batch.values};
    gather(f, kernels, false);
    for (size_t p = 0; p < parts; p++) {
        for (size_t q = 0; q < parts; q++) {
            kernels->backward(&layer, f->dz, &below, &units, dx,
                              mlp_range_part(f->rows, parts, p),
                              mlp_range_part(mlp_panels(f->shape.in), parts, q),
                              scratch);
        }
    }
    scratch_free(f, scratch);
    return dx;
}

static size_t gradient_size(const fixture *f)
{
    return mlp_dense_size(f->shape.in, f->shape.out, MLP_ACTIVATION_IDENTITY);
}

/* Sum leaves [first, first + count) of the gathered batch into the node;
 * whether the kernel calls the sums safe. */
static bool sum_node(fixture *f, const mlp_kernels *kernels, size_t first,
                     size_t count, mlp_gradient_node node, size_t parts)
{
    bool are_safe = true;
    node.leaves = (mlp_range){first, count};
    mlp_dense layer = dense_of(f, MLP_ACTIVATION_IDENTITY);
    float *scratch = scratch_of(f);
    for (size_t p = 0; p < parts; p++) {
        for (size_t q = 0; q < parts; q++) {
            mlp_range groups = mlp_range_part(f->nonzeros.groups, parts, p);
            mlp_range panels =
                mlp_range_part(mlp_panels(f->shape.out), parts, q);
            if (groups.count > 0) {
                are_safe &= kernels->gradient(&layer, &f->batch, f->dz, NULL,
                                              &node, groups, panels, scratch);
            }
        }
    }
    scratch_free(f, scratch);
    return are_safe;
}

static float *run_gradient(fixture *f, const mlp_kernels *kernels, bool sparse,
                           size_t parts)
{
    float *sum = zeros(gradient_size(f), sizeof(float));
    gather(f, kernels, sparse);
    sum_node(f, kernels, 0, LEAVES, (mlp_gradient_node){.sum = sum}, parts);
    return sum;
}

/* dz of the rows of a leaf that belong to a micro-batch; 0, which adds nothing,
 * in the others. */
static float *dz_of_micro_batch(const fixture *f, size_t micro_batch,
                                size_t micro_batches)
{
    float *dz = zeros(f->rows * f->out_stride, sizeof(float));
    for (size_t i = 0; i < LEAVES; i++) {
        size_t rows = f->leaf_start[i + 1] - f->leaf_start[i];
        mlp_range part = mlp_range_part(rows, micro_batches, micro_batch);
        size_t first = (f->leaf_start[i] + part.first) * f->out_stride;
        memcpy(dz + first, f->dz + first,
               part.count * f->out_stride * sizeof(float));
    }
    return dz;
}

/* The same in micro-batches: each leaf goes on from what it came to. */
static float *run_micro_batches(fixture *f, const mlp_kernels *kernels,
                                bool sparse, size_t micro_batches)
{
    size_t size = gradient_size(f);
    float *sum = zeros(size, sizeof(float));
    float *begun = zeros(LEAVES * size, sizeof(float));
    float *dz = f->dz;
    gather(f, kernels, sparse);
    for (size_t micro_batch = 0; micro_batch < micro_batches; micro_batch++) {
        mlp_gradient_node node = {.begun = micro_batch > 0 ? begun : NULL,
                                  .stride = size};
        f->dz = dz;
        f->dz = dz_of_micro_batch(f, micro_batch, micro_batches);
        for (size_t i = 0; i < LEAVES && micro_batch + 1 < micro_batches; i++) {
            node.sum = begun + i * size;
            sum_node(f, kernels, i, 1, node, 2);
        }
        if (micro_batch + 1 == micro_batches) {
            node.sum = sum;
            sum_node(f, kernels, 0, LEAVES, node, 2);
        }
        free(f->dz);
    }
    f->dz = dz;
    free(begun);
    return sum;
}

/* float32 chains of n terms of size up to 1/2: n rounding errors of 2^-24. */
static double bound(size_t n)
{
    return (double)(n + 4) * ldexp(1.0, -24);
}

static double w_at(const fixture *f, size_t i, size_t j)
{
    return f->parameters[mlp_dense_index(f->shape.in, f->shape.out, i, j)];
}

START_TEST(forward_equals_a_triple_loop_in_double)
{
    const mlp_kernels *kernels = mlp_kernels_find(NULL);
    fixture f;
    fixture_init(&f, shape_of(_i));
    float *y = run_forward(&f, kernels, f.shape.is_sparse, 1);
    for (size_t r = 0; r < f.rows; r++) {
        const uint8_t *x = f.raw + f.index[r] * f.shape.in;
        for (size_t j = 0; j < f.shape.out; j++) {
            double z =
                f.parameters[mlp_dense_bias(f.shape.in, f.shape.out) + j];
            for (size_t i = 0; i < f.shape.in; i++) {
                z += x[i] / 255.0 * w_at(&f, i, j);
            }
            ck_assert_double_eq_tol(y[r * f.out_stride + j], tanh(z),
                                    bound(f.shape.in));
        }
    }
    free(y);
    fixture_free(&f);
}
END_TEST

START_TEST(backward_equals_a_triple_loop_in_double)
{
    const mlp_kernels *kernels = mlp_kernels_find(NULL);
    fixture f;
    fixture_init(&f, shape_of(_i));
    float *dx = run_backward(&f, kernels, 1);
    for (size_t r = 0; r < f.rows; r++) {
        for (size_t i = 0; i < f.shape.in; i++) {
            double a = f.batch.values[r * f.in_stride + i];
            double sum = 0.0;
            for (size_t j = 0; j < f.shape.out; j++) {
                sum += (double)f.dz[r * f.out_stride + j] * w_at(&f, i, j);
            }
            ck_assert_double_eq_tol(dx[r * f.in_stride + i],
                                    sum * a * (1.0 - a), bound(f.shape.out));
        }
    }
    free(dx);
    fixture_free(&f);
}
END_TEST

START_TEST(gradient_equals_a_triple_loop_in_double)
{
    const mlp_kernels *kernels = mlp_kernels_find(NULL);
    fixture f;
    fixture_init(&f, shape_of(_i));
    float *sum = run_gradient(&f, kernels, f.shape.is_sparse, 1);
    for (size_t j = 0; j < f.shape.out; j++) {
        double bias = 0.0;
        for (size_t r = 0; r < f.rows; r++) {
            bias += (double)f.dz[r * f.out_stride + j];
        }
        size_t at = mlp_dense_bias(f.shape.in, f.shape.out) + j;
        ck_assert_double_eq_tol(sum[at], bias, bound(f.rows));
        for (size_t i = 0; i < f.shape.in; i++) {
            double want = 0.0;
            for (size_t r = 0; r < f.rows; r++) {
                want += f.raw[f.index[r] * f.shape.in + i] / 255.0 *
                        (double)f.dz[r * f.out_stride + j];
            }
            at = mlp_dense_index(f.shape.in, f.shape.out, i, j);
            ck_assert_double_eq_tol(sum[at], want, bound(f.rows));
        }
    }
    free(sum);
    fixture_free(&f);
}
END_TEST

static const char *const sets[] = {"avx512", "avx2", "base"};

/* ---- the chains of kernels.h, one multiply-add after the other ----------- */

static float *chain_forward(const fixture *f)
{
    float *y = zeros(f->rows * f->out_stride, sizeof(float));
    mlp_dense layer = dense_of(f, MLP_ACTIVATION_TANH);
    const mlp_units units = {.a = y};
    const float *bias = f->parameters + mlp_dense_bias(layer.in, layer.out);
    for (size_t r = 0; r < f->rows; r++) {
        const float *x = f->batch.values + r * f->in_stride;
        for (size_t j = 0; j < layer.out; j++) {
            float z = 0.0F;
            for (size_t i = 0; i < layer.in; i++) {
                z = fmaf(x[i], (float)w_at(f, i, j), z);
            }
            y[r * f->out_stride + j] = z + bias[j];
        }
    }
    mlp_kernels_find(NULL)->activate(&layer, &units, (mlp_range){0, f->rows},
                                     (mlp_range){0, mlp_padded(layer.out)});
    return y;
}

static float *chain_backward(const fixture *f)
{
    float *dx = zeros(f->rows * f->in_stride, sizeof(float));
    const mlp_dense below = {.out = f->shape.in,
                             .activation = MLP_ACTIVATION_SIGMOID};
    const mlp_units units = {.a = f->batch.values};
    for (size_t r = 0; r < f->rows; r++) {
        const float *dz = f->dz + r * f->out_stride;
        for (size_t i = 0; i < f->shape.in; i++) {
            float sum = 0.0F;
            for (size_t j = 0; j < f->shape.out; j++) {
                sum = fmaf(dz[j], (float)w_at(f, i, j), sum);
            }
            dx[r * f->in_stride + i] = sum;
        }
    }
    mlp_kernels_find(NULL)->slope(&below, &units, dx, (mlp_range){0, f->rows},
                                  (mlp_range){0, mlp_padded(f->shape.in)});
    return dx;
}

/* The tree over leaves for input i and output j; i = in: of the bias. */
static float chain_sum(const fixture *f, size_t i, size_t j)
{
    float sums[LEAVES + 1];
    size_t height = 0;
    for (size_t leaf = 0; leaf < LEAVES; leaf++) {
        float sum = 0.0F;
        for (size_t r = f->leaf_start[leaf]; r < f->leaf_start[leaf + 1]; r++) {
            float dz = f->dz[r * f->out_stride + j];
            sum = i < f->shape.in
                      ? fmaf(f->batch.values[r * f->in_stride + i], dz, sum)
                      : sum + dz;
        }
        sums[height++] = sum;
        for (; height > mlp_tree_sums(LEAVES, leaf + 1); height--) {
            sums[height - 2] += sums[height - 1];
        }
    }
    return sums[0];
}

static float *chain_gradient(const fixture *f)
{
    float *sum = zeros(gradient_size(f), sizeof(float));
    size_t in = f->shape.in, out = f->shape.out;
    for (size_t j = 0; j < out; j++) {
        for (size_t i = 0; i < in; i++) {
            sum[mlp_dense_index(in, out, i, j)] = chain_sum(f, i, j);
        }
        sum[mlp_dense_bias(in, out) + j] = chain_sum(f, in, j);
    }
    return sum;
}

/* All results of one shape must have the bits of their chains, whatever
 * computes them and however the work is cut. */
START_TEST(no_instruction_set_split_or_sparsity_changes_a_bit)
{
    fixture f;
    fixture_init(&f, shape_of(_i));
    gather(&f, mlp_kernels_find(NULL), false);
    float *y = chain_forward(&f);
    float *dx = chain_backward(&f);
    float *sum = chain_gradient(&f);
    size_t y_bytes = f.rows * f.out_stride * sizeof(float);
    size_t dx_bytes = f.rows * f.in_stride * sizeof(float);
    size_t sum_bytes =
        mlp_dense_size(f.shape.in, f.shape.out, MLP_ACTIVATION_IDENTITY) *
        sizeof(float);
    for (size_t s = 0; s < sizeof sets / sizeof *sets; s++) {
        const mlp_kernels *kernels = mlp_kernels_find(sets[s]);
        for (size_t parts = 1; kernels != NULL && parts <= 3; parts++) {
            for (int sparse = 0; sparse <= 1; sparse++) {
                float *y2 = run_forward(&f, kernels, sparse, parts);
                ck_assert_mem_eq(y, y2, y_bytes);
                free(y2);
                float *sum2 = run_gradient(&f, kernels, sparse, parts);
                ck_assert_mem_eq(sum, sum2, sum_bytes);
                free(sum2);
            }
            float *dx2 = run_backward(&f, kernels, parts);
            ck_assert_mem_eq(dx, dx2, dx_bytes);
            free(dx2);
        }
    }
    free(y);
    free(dx);
    free(sum);
    fixture_free(&f);
}
END_TEST

START_TEST(a_gradient_in_micro_batches_has_the_bits_of_one)
{
    fixture f;
    fixture_init(&f, shape_of(_i));
    size_t bytes = gradient_size(&f) * sizeof(float);
    float *sum = run_gradient(&f, mlp_kernels_find(NULL), false, 1);
    for (size_t s = 0; s < sizeof sets / sizeof *sets; s++) {
        const mlp_kernels *kernels = mlp_kernels_find(sets[s]);
        for (int sparse = 0; kernels != NULL && sparse <= 1; sparse++) {
            float *in_micro_batches = run_micro_batches(&f, kernels, sparse, 3);
            ck_assert_mem_eq(sum, in_micro_batches, bytes);
            free(in_micro_batches);
        }
    }
    free(sum);
    fixture_free(&f);
}
END_TEST

/* A leaf's sum; with `begun`, as a chain that goes on from zeros. */
static float *run_leaf(fixture *f, const mlp_kernels *kernels, size_t leaf,
                       const float *begun)
{
    float *sum = zeros(gradient_size(f), sizeof(float));
    sum_node(f, kernels, leaf, 1,
             (mlp_gradient_node){.sum = sum, .begun = begun}, 2);
    return sum;
}

/* Also of products that are rounded to -0. */
START_TEST(a_leaf_of_one_row_has_the_bits_of_a_chain)
{
    fixture f;
    shape s = shape_of(_i);
    s.leaf_rows[_i % LEAVES] = 1;
    fixture_init(&f, s);
    size_t row = f.leaf_start[_i % LEAVES];
    f.dz[row * f.out_stride] = -1e-30F;
    float *zero = zeros(gradient_size(&f), sizeof(float));
    for (size_t k = 0; k < sizeof sets / sizeof *sets; k++) {
        const mlp_kernels *kernels = mlp_kernels_find(sets[k]);
        if (kernels == NULL) {
            continue;
        }
        gather(&f, kernels, false);
        f.batch.values[row * f.in_stride] = 1e-30F;
        float *chain = run_leaf(&f, kernels, _i % LEAVES, zero);
        float *product = run_leaf(&f, kernels, _i % LEAVES, NULL);
        ck_assert(signbit(product[0]) && product[0] == 0.0F);
        ck_assert_mem_eq(chain, product, gradient_size(&f) * sizeof(float));
        free(chain);
        free(product);
    }
    free(zero);
    fixture_free(&f);
}
END_TEST

static void softmax_rows(const mlp_kernels *kernels, float *y, float *dz,
                         double *losses, uint32_t *predicted, size_t rows,
                         size_t cols)
{
    uint16_t labels[3] = {0, 1, 2};
    const mlp_loss_rows loss = {.outputs = y,
                                .dz = dz,
                                .labels = labels,
                                .on = 1.0f,
                                .losses = losses,
                                .predicted = predicted,
                                .cols = cols,
                                .stride = mlp_stride(cols)};
    kernels->loss(MLP_LOSS_CROSS_ENTROPY, &loss, NULL, (mlp_range){0, rows});
}

/* One product in one place, the rest is 0. */
static bool is_product_safe(fixture *f, const mlp_kernels *kernels, size_t row,
                            size_t i, size_t j, float x, float dz)
{
    float *sum = zeros(gradient_size(f), sizeof(float));
    f->batch.values[row * f->in_stride + i] = x;
    f->dz[row * f->out_stride + j] = dz;
    bool is_safe =
        sum_node(f, kernels, 0, LEAVES, (mlp_gradient_node){.sum = sum}, 1);
    f->batch.values[row * f->in_stride + i] = 0;
    f->dz[row * f->out_stride + j] = 0;
    free(sum);
    return is_safe;
}

/* All rows of all inputs in the masks, but 0. */
static void clear_batch(fixture *f, const mlp_kernels *kernels, bool sparse)
{
    memset(f->raw, 1, f->rows * f->shape.in);
    gather(f, kernels, sparse);
    memset(f->batch.values, 0, f->rows * f->in_stride * sizeof(float));
    memset(f->dz, 0, f->rows * f->out_stride * sizeof(float));
}

/* In every input and every output. */
static void check_alarms(fixture *f, const mlp_kernels *kernels, bool sparse)
{
    clear_batch(f, kernels, sparse);
    for (size_t k = 0; k < f->shape.in + f->shape.out; k++) {
        size_t i = k < f->shape.in ? k : 5 * k % f->shape.in;
        size_t j = k < f->shape.in ? 3 * k % f->shape.out : k - f->shape.in;
        size_t row = k % f->rows;
        ck_assert(is_product_safe(f, kernels, row, i, j, 1e9F, 1e3F));
        ck_assert(!is_product_safe(f, kernels, row, i, j, 1e30F, 1e9F));
        ck_assert(!is_product_safe(f, kernels, row, i, j, NAN, 1.0F));
    }
    for (size_t j = 0; j < f->shape.out; j++) { /* of the bias */
        ck_assert(is_product_safe(f, kernels, 0, 0, j, 0.0F, 1e9F));
        ck_assert(!is_product_safe(f, kernels, 0, 0, j, 0.0F, INFINITY));
    }
}

START_TEST(a_sum_that_is_not_finite_is_told_wherever_it_is)
{
    static const char *const names[] = {"avx512", "avx2", "base"};
    for (size_t set = 0; set < 3; set++) {
        const mlp_kernels *kernels = mlp_kernels_find(names[set]);
        for (int sparse = 0; kernels != NULL && sparse <= 1; sparse++) {
            fixture f;
            fixture_init(&f, shape_of(_i));
            check_alarms(&f, kernels, sparse);
            fixture_free(&f);
        }
    }
}
END_TEST

/* Rows 1 and 2 of 3, columns 16 to 47: everywhere else is more. */
START_TEST(the_largest_magnitude_is_seen_wherever_it_is)
{
    enum { STRIDE = 80 };
    static const float rising[] = {1e-40F, -0.5F, 3.0F, -INFINITY, NAN};
    _Alignas(64) float values[3 * STRIDE];
    const mlp_kernels *kernels = mlp_kernels_find(sets[_i]);
    for (size_t k = 0; kernels != NULL && k < 64; k++) {
        size_t at = (1 + k / 32) * STRIDE + 16 + k % 32;
        for (size_t i = 0; i < 3 * STRIDE; i++) {
            size_t r = i / STRIDE, c = i % STRIDE;
            values[i] = r > 0 && c >= 16 && c < 48 ? -1e-41F : NAN;
        }
        for (size_t v = 0; v < sizeof rising / sizeof *rising; v++) {
            float size = fabsf(rising[v]);
            uint32_t bits;
            memcpy(&bits, &size, sizeof bits);
            values[at] = rising[v];
            ck_assert_uint_eq(kernels->largest(values, STRIDE,
                                               (mlp_range){1, 2},
                                               (mlp_range){16, 32}),
                              bits);
        }
    }
}
END_TEST

START_TEST(equal_logits_cost_log_of_class_count)
{
    float y[16] = {0}, dz[16];
    double loss;
    uint32_t predicted;
    for (size_t s = 0; s < 3; s++) {
        const mlp_kernels *kernels = mlp_kernels_find(sets[s]);
        if (kernels == NULL) {
            continue;
        }
        memset(y, 0, sizeof y);
        softmax_rows(kernels, y, dz, &loss, &predicted, 1, 10);
        ck_assert_double_eq_tol(loss, log(10.0), 1e-15);
        ck_assert_uint_eq(predicted, 0);
        ck_assert_float_eq(y[3], 0.1f);
        ck_assert_float_eq(dz[0], 0.1f - 1.0f);
        ck_assert_float_eq(dz[12], 0.0f);
    }
}
END_TEST

START_TEST(softmax_has_the_same_bits_on_every_set)
{
    enum { COLS = 37, STRIDE = 48, ROWS = 3 };
    float logits[ROWS * STRIDE], first[ROWS * STRIDE], first_dz[ROWS * STRIDE];
    double first_loss[ROWS];
    const mlp_kernels *best = mlp_kernels_find(NULL);
    for (size_t i = 0; i < ROWS * STRIDE; i++) {
        logits[i] = 20.0f * draw();
    }
    for (size_t s = 0; s < 3; s++) {
        const mlp_kernels *kernels = mlp_kernels_find(sets[s]);
        float y[ROWS * STRIDE], dz[ROWS * STRIDE];
        double losses[ROWS];
        uint32_t predicted[ROWS];
        if (kernels == NULL) {
            continue;
        }
        memcpy(y, logits, sizeof y);
        softmax_rows(kernels, y, dz, losses, predicted, ROWS, COLS);
        if (kernels == best) {
            memcpy(first, y, sizeof y);
            memcpy(first_dz, dz, sizeof dz);
            memcpy(first_loss, losses, sizeof losses);
        }
        ck_assert_mem_eq(y, first, sizeof y);
        ck_assert_mem_eq(dz, first_dz, sizeof dz);
        ck_assert_mem_eq(losses, first_loss, sizeof losses);
    }
}
END_TEST

/* ---- losses ------------------------------------------------------------ */

/* Losses of one row of two outputs, or of one. */
typedef struct {
    float y[16], dz[16];
    double loss;
    uint32_t predicted;
} loss_row;

static loss_row lose(mlp_loss kind, mlp_loss_rows how, float y0, float y1)
{
    static const float zeros_of_layer[64];
    const mlp_dense layer = {1, how.cols,
                             kind == MLP_LOSS_PERCEPTRON
                                 ? MLP_ACTIVATION_STEP
                                 : MLP_ACTIVATION_IDENTITY,
                             zeros_of_layer};
    loss_row row = {.y = {y0, y1}, .dz = {0}};
    how.outputs = row.y;
    how.dz = row.dz;
    how.losses = &row.loss;
    how.predicted = &row.predicted;
    how.stride = 16;
    mlp_kernels_find(NULL)->loss(kind, &how, &layer, (mlp_range){0, 1});
    return row;
}

START_TEST(smoothed_cross_entropy_by_hand)
{
    const uint16_t label = 1;
    const mlp_loss_rows how = {
        .labels = &label, .on = 0.9f, .off = 0.1f, .cols = 2};
    /* logits 0 and log 3: probabilities 1/4 and 3/4 */
    loss_row row = lose(MLP_LOSS_CROSS_ENTROPY, how, 0.0f, (float)log(3.0));
    ck_assert_double_eq_tol(row.loss, -0.9 * log(0.75) - 0.1 * log(0.25), 1e-7);
    ck_assert_float_eq_tol(row.dz[0], 0.25f - 0.1f, 1e-6f);
    ck_assert_float_eq_tol(row.dz[1], 0.75f - 0.9f, 1e-6f);
    ck_assert_float_eq(row.dz[2], 0.0f);
    ck_assert_uint_eq(row.predicted, 1);
}
END_TEST

START_TEST(class_weights_multiply_loss_and_derivative)
{
    const uint16_t label = 1;
    const float weights[] = {5.0f, 3.0f};
    mlp_loss_rows how = {.labels = &label, .on = 1.0f, .cols = 2};
    for (int kind = MLP_LOSS_CROSS_ENTROPY;
         kind <= MLP_LOSS_BINARY_CROSS_ENTROPY; kind++) {
        how.class_weights = NULL;
        loss_row plain = lose((mlp_loss)kind, how, 0.25f, 0.5f);
        how.class_weights = weights;
        loss_row weighted = lose((mlp_loss)kind, how, 0.25f, 0.5f);
        ck_assert_double_eq_tol(weighted.loss, 3.0 * plain.loss, 1e-15);
        ck_assert_float_eq_tol(weighted.dz[0], 3.0f * plain.dz[0], 1e-6f);
        ck_assert_float_eq_tol(weighted.dz[1], 3.0f * plain.dz[1], 1e-6f);
    }
}
END_TEST

START_TEST(weights_of_rows_multiply_loss_and_derivative)
{
    const uint16_t label = 1;
    const float class_weights[] = {5.0f, 3.0f};
    const float weights[] = {0.5f, 0.0f};
    mlp_loss_rows how = {.labels = &label, .on = 1.0f, .cols = 2};
    for (int kind = MLP_LOSS_CROSS_ENTROPY;
         kind <= MLP_LOSS_BINARY_CROSS_ENTROPY; kind++) {
        how.class_weights = class_weights;
        how.weights = NULL;
        loss_row plain = lose((mlp_loss)kind, how, 0.25f, 0.5f);
        how.weights = weights;
        loss_row weighted = lose((mlp_loss)kind, how, 0.25f, 0.5f);
        ck_assert_double_eq(weighted.loss, 0.5 * plain.loss);
        ck_assert_float_eq(weighted.dz[0], 0.5f * plain.dz[0]);
        ck_assert_float_eq(weighted.dz[1], 0.5f * plain.dz[1]);
        how.weights = weights + 1; /* 0: whatever the outputs */
        how.class_weights = NULL;
        loss_row none = lose((mlp_loss)kind, how, INFINITY, NAN);
        ck_assert_double_eq(none.loss, 0.0);
        ck_assert_float_eq(none.dz[0], 0.0f);
        ck_assert_float_eq(none.dz[1], 0.0f);
    }
}
END_TEST

START_TEST(squared_error_of_targets_by_hand)
{
    const float targets[16] = {2.0f, -1.0f};
    const mlp_loss_rows how = {.targets = targets, .cols = 2};
    loss_row row = lose(MLP_LOSS_MSE, how, 2.5f, 1.0f);
    ck_assert_double_eq(row.loss, 0.5 * (0.25 + 4.0));
    ck_assert_float_eq(row.dz[0], 0.5f);
    ck_assert_float_eq(row.dz[1], 2.0f);
    ck_assert_uint_eq(row.predicted, 0);
}
END_TEST

START_TEST(losses_of_numbers_by_hand)
{
    const float targets[16] = {2.0f, -1.0f, 0.0f};
    mlp_loss_rows how = {.targets = targets, .cols = 2, .delta = 1.5f};
    loss_row row = lose(MLP_LOSS_MAE, how, 2.5f, -3.0f);
    ck_assert_double_eq(row.loss, 0.5 + 2.0);
    ck_assert_float_eq(row.dz[0], 1.0f);
    ck_assert_float_eq(row.dz[1], -1.0f);
    ck_assert_float_eq(lose(MLP_LOSS_MAE, how, 2.0f, 0.0f).dz[0], 0.0f);
    row = lose(MLP_LOSS_HUBER, how, 2.5f, -3.0f);
    ck_assert_double_eq(row.loss, 0.5 * 0.25 + 1.5 * (2.0 - 0.75));
    ck_assert_float_eq(row.dz[0], 0.5f);
    ck_assert_float_eq(row.dz[1], -1.5f);
    how.cols = 1;
    row = lose(MLP_LOSS_POISSON, how, (float)log(3.0), 0.0f);
    ck_assert_double_eq_tol(row.loss, 3.0 - 2.0 - 2.0 * log(1.5), 1e-6);
    ck_assert_float_eq_tol(row.y[0], 3.0f, 1e-6f);
    ck_assert_float_eq_tol(row.dz[0], 1.0f, 1e-6f);
    how.targets = targets + 2; /* a count of 0 */
    row = lose(MLP_LOSS_POISSON, how, 0.0f, 0.0f);
    ck_assert_double_eq(row.loss, 1.0);
    ck_assert_float_eq(row.dz[0], 1.0f);
}
END_TEST

/* The loss of one output z whose activation is the identity, or part of it. */
static double loss_at(mlp_loss kind, const mlp_loss_rows *how, double z)
{
    return lose(kind, *how, (float)z, 0.0f).loss;
}

/* Not where mae and huber have a kink: 1 and 2.5 are off the grid's steps. */
START_TEST(losses_of_numbers_equal_central_differences)
{
    static const mlp_loss kinds[] = {MLP_LOSS_MSE, MLP_LOSS_MAE, MLP_LOSS_HUBER,
                                     MLP_LOSS_POISSON};
    const double step = 0x1p-10;
    const float target[16] = {1.0f};
    const mlp_loss_rows how = {.targets = target, .cols = 1, .delta = 0.5f};
    for (double z = -3.0625; z < 3.5; z += 0.125) {
        double slope = (loss_at(kinds[_i], &how, z + step) -
                        loss_at(kinds[_i], &how, z - step)) /
                       (2.0 * step);
        loss_row row = lose(kinds[_i], how, (float)z, 0.0f);
        /* third derivatives, at most e^3.5, times step^2 / 6 */
        ck_assert_double_eq_tol((double)row.dz[0], slope, 1e-5);
    }
}
END_TEST

START_TEST(losses_of_numbers_have_the_same_bits_on_every_set)
{
    enum { COLS = 37, STRIDE = 48, ROWS = 5 };
    typedef struct {
        double losses[ROWS];
        float y[ROWS * STRIDE], dz[ROWS * STRIDE];
    } result;
    static const float of_layer[64 * 64];
    float outputs[ROWS * STRIDE], targets[ROWS * STRIDE];
    result first = {.losses = {0}};
    const mlp_loss kind = (mlp_loss)_i;
    const mlp_dense layer = {1, COLS, MLP_ACTIVATION_IDENTITY, of_layer};
    for (size_t i = 0; i < ROWS * STRIDE; i++) {
        outputs[i] = 4.0f * draw();
        targets[i] = 4.0f * (draw() + 1.0f);
    }
    for (size_t s = 0; s < 3; s++) {
        const mlp_kernels *kernels = mlp_kernels_find(sets[s]);
        if (kernels == NULL) {
            continue;
        }
        result found = {.losses = {0}};
        uint32_t predicted[ROWS];
        memcpy(found.y, outputs, sizeof found.y);
        const mlp_loss_rows how = {.outputs = found.y,
                                   .dz = found.dz,
                                   .targets = targets,
                                   .delta = 1.0f,
                                   .losses = found.losses,
                                   .predicted = predicted,
                                   .cols = COLS,
                                   .stride = STRIDE};
        kernels->loss(kind, &how, &layer, (mlp_range){0, ROWS});
        first = kernels == mlp_kernels_find(NULL) ? found : first;
        ck_assert_mem_eq(&found, &first, sizeof found);
    }
}
END_TEST

START_TEST(one_output_tells_two_classes)
{
    for (uint16_t label = 0; label < 2; label++) {
        const mlp_loss_rows how = {.labels = &label, .on = 1.0f, .cols = 1};
        loss_row row = lose(MLP_LOSS_MSE, how, 0.75f, 0.0f);
        float error = 0.75f - (float)label;
        ck_assert_double_eq(row.loss, 0.5 * (double)(error * error));
        ck_assert_float_eq(row.dz[0], error);
        ck_assert_uint_eq(row.predicted, 1);
        ck_assert_uint_eq(lose(MLP_LOSS_MSE, how, 0.49f, 0.0f).predicted, 0);
        ck_assert_uint_eq(lose(MLP_LOSS_MSE, how, 0.5f, 0.0f).predicted, 1);
    }
}
END_TEST

START_TEST(binary_cross_entropy_by_hand)
{
    const uint16_t label = 1;
    const mlp_loss_rows how = {.labels = &label, .on = 1.0f, .cols = 1};
    /* z = log 3: p = 3/4 */
    loss_row row =
        lose(MLP_LOSS_BINARY_CROSS_ENTROPY, how, (float)log(3.0), 0.0f);
    ck_assert_double_eq_tol(row.loss, -log(0.75), 1e-7);
    ck_assert_float_eq_tol(row.y[0], 0.75f, 1e-6f);
    ck_assert_float_eq_tol(row.dz[0], -0.25f, 1e-6f);
    /* surely wrong: the loss is -z, and finite */
    row = lose(MLP_LOSS_BINARY_CROSS_ENTROPY, how, -1000.0f, 0.0f);
    ck_assert_double_eq_tol(row.loss, 1000.0, 1e-9);
    ck_assert_float_eq(row.dz[0], -1.0f);
}
END_TEST

START_TEST(delta_rule_moves_wrong_outputs_only)
{
    const uint16_t label = 1;
    const mlp_loss_rows how = {.labels = &label, .on = 1.0f, .cols = 1};
    loss_row row = lose(MLP_LOSS_PERCEPTRON, how, 0.0f, 0.0f);
    ck_assert_double_eq(row.loss, 1.0);
    ck_assert_float_eq(row.dz[0], -1.0f);
    row = lose(MLP_LOSS_PERCEPTRON, how, 1.0f, 0.0f);
    ck_assert_double_eq(row.loss, 0.0);
    ck_assert_float_eq(row.dz[0], 0.0f);
}
END_TEST

/* ---- dropout ----------------------------------------------------------- */

/* What unit j of a row draws, by base/rng.h alone. */
static uint32_t drawn(const mlp_dropout *dropout, size_t r, size_t j)
{
    mlp_rng_key key = {dropout->seed, MLP_RNG_DROPOUT, dropout->epoch};
    uint64_t row = (uint64_t)dropout->layer << 40 | (dropout->rows[r]);
    size_t unit = j / MLP_PANEL * 8 + j % 8;
    return mlp_rng_draw(key, row, (uint32_t)unit).word[j % MLP_PANEL / 8];
}

START_TEST(dropout_is_a_function_of_the_row_and_unit)
{
    enum { ROWS = 3, STRIDE = 80 };
    const uint64_t large = UINT64_C(1) << 33;
    const uint64_t rows[ROWS] = {large + 7, large, large + 123456};
    const mlp_dropout dropout = {.seed = 0x123456789abcdef0U,
                                 .epoch = 9,
                                 .layer = 2,
                                 .share = 0.25,
                                 .rows = rows};
    for (size_t s = 0; s < 3; s++) {
        const mlp_kernels *kernels = mlp_kernels_find(sets[s]);
        float keep[ROWS * STRIDE];
        for (size_t p = 0; kernels != NULL && p < 3; p++) {
            kernels->dropout(&dropout, keep, STRIDE, (mlp_range){0, ROWS},
                             (mlp_range){p, 1});
        }
        for (size_t i = 0; kernels != NULL && i < ROWS * STRIDE; i++) {
            bool is_kept =
                drawn(&dropout, i / STRIDE, i % STRIDE) >= UINT32_C(1) << 30;
            ck_assert_float_eq(keep[i], is_kept ? 1.0f / 0.75f : 0.0f);
        }
    }
}
END_TEST

START_TEST(dropout_leaves_out_its_share)
{
    enum { ROWS = 500, STRIDE = 64 };
    static uint64_t rows[ROWS];
    static float keep[ROWS * STRIDE];
    const mlp_dropout dropout = {.seed = 1, .share = 0.3, .rows = rows};
    size_t dropped = 0;
    for (size_t r = 0; r < ROWS; r++) {
        rows[r] = r;
    }
    mlp_kernels_find(NULL)->dropout(&dropout, keep, STRIDE,
                                    (mlp_range){0, ROWS}, (mlp_range){0, 2});
    for (size_t i = 0; i < ROWS * STRIDE; i++) {
        dropped += keep[i] == 0.0f;
    }
    /* 32,000 draws: four standard deviations are 328 */
    ck_assert_double_eq_tol((double)dropped, 0.3 * ROWS * STRIDE, 328);
}
END_TEST

/* ---- activations ------------------------------------------------------- */

enum { UNITS = 16 };
static const double PRELU_SLOPE = 0.3;

/* One row of a layer of UNITS units, whose weights don't matter. */
typedef struct {
    _Alignas(64) float parameters[3 * UNITS];
    _Alignas(64) float a[UNITS];
    _Alignas(64) float z[UNITS];
    mlp_dense layer;
    mlp_units units;
} unit_row;

static void activate(unit_row *row, const mlp_kernels *kernels,
                     mlp_activation activation, const float *z)
{
    bool keeps = mlp_keeps_sums(activation);
    row->layer = (mlp_dense){1, UNITS, activation, row->parameters};
    row->units = (mlp_units){row->a, keeps ? row->z : NULL, NULL};
    for (size_t i = 0; i < UNITS; i++) {
        row->parameters[mlp_dense_slopes(1, UNITS) + i] = (float)PRELU_SLOPE;
        row->a[i] = row->z[i] = z[i];
    }
    kernels->activate(&row->layer, &row->units, (mlp_range){0, 1},
                      (mlp_range){0, UNITS});
}

static double formula(mlp_activation activation, double z)
{
    return reference_activate(activation, PRELU_SLOPE, z);
}

/* z from -6.9 to 7.5, none of them 0. */
static void fill_sums(float *z, float scale)
{
    for (size_t i = 0; i < UNITS; i++) {
        z[i] = scale * ((float)i - 7.2f);
    }
}

START_TEST(activations_are_the_textbook_formulas)
{
    mlp_activation activation = (mlp_activation)_i;
    unit_row row;
    float z[UNITS];
    fill_sums(z, 0.96f);
    activate(&row, mlp_kernels_find(NULL), activation, z);
    for (size_t i = 0; i < UNITS; i++) {
        double want = formula(activation, z[i]);
        ck_assert_double_eq_tol(row.a[i], want, 1e-6);
    }
}
END_TEST

START_TEST(slopes_equal_central_differences)
{
    mlp_activation activation = (mlp_activation)_i;
    unit_row row;
    float z[UNITS], d[UNITS];
    fill_sums(z, 0.37f);
    for (size_t i = 0; i < UNITS; i++) {
        d[i] = 1.0f;
    }
    const mlp_kernels *kernels = mlp_kernels_find(NULL);
    activate(&row, kernels, activation, z);
    kernels->slope(&row.layer, &row.units, d, (mlp_range){0, 1},
                   (mlp_range){0, UNITS});
    for (size_t i = 0; i < UNITS; i++) {
        double h = 1e-5;
        double want =
            (formula(activation, z[i] + h) - formula(activation, z[i] - h)) /
            (2 * h);
        /* float32 of a near 1, and h^2 of the difference */
        ck_assert_double_eq_tol(d[i], want, 1e-6);
    }
}
END_TEST

START_TEST(prelu_leaves_the_gradient_of_its_slopes)
{
    unit_row row;
    float z[UNITS], d[UNITS];
    fill_sums(z, 0.5f);
    for (size_t i = 0; i < UNITS; i++) {
        d[i] = 2.0f;
    }
    const mlp_kernels *kernels = mlp_kernels_find(NULL);
    activate(&row, kernels, MLP_ACTIVATION_PRELU, z);
    kernels->slope(&row.layer, &row.units, d, (mlp_range){0, 1},
                   (mlp_range){0, UNITS});
    for (size_t i = 0; i < UNITS; i++) { /* a = slope z below 0 */
        ck_assert_float_eq(row.z[i], z[i] > 0 ? 0.0f : 2.0f * z[i]);
    }
}
END_TEST

START_TEST(activations_have_the_same_bits_on_every_set)
{
    mlp_activation activation = (mlp_activation)_i;
    for (int k = -6; k <= 6; k++) { /* from tiny sums to huge ones */
        unit_row best;
        float z[UNITS], best_d[UNITS];
        fill_sums(z, powf(10.0f, (float)k));
        for (size_t s = 0; s < 3; s++) {
            const mlp_kernels *kernels = mlp_kernels_find(sets[s]);
            unit_row row;
            float d[UNITS] = {1, 2, 3, -4, 5, 6, 7, -8, 9, 1, 1, 1, 1, 1, 1, 1};
            if (kernels == NULL) {
                continue;
            }
            activate(&row, kernels, activation, z);
            kernels->slope(&row.layer, &row.units, d, (mlp_range){0, 1},
                           (mlp_range){0, UNITS});
            if (kernels == mlp_kernels_find(NULL)) {
                best = row;
                memcpy(best_d, d, sizeof d);
            }
            ck_assert_mem_eq(row.a, best.a, sizeof row.a);
            ck_assert_mem_eq(row.z, best.z, sizeof row.z);
            ck_assert_mem_eq(d, best_d, sizeof d);
            for (size_t i = 0; i < UNITS; i++) {
                ck_assert(isfinite(row.a[i]) && isfinite(d[i]));
            }
        }
    }
}
END_TEST

START_TEST(no_activation_hides_a_nan)
{
    for (size_t s = 0; s < 3; s++) {
        const mlp_kernels *kernels = mlp_kernels_find(sets[s]);
        const float z[UNITS] = {NAN, -1.0f, 2.0f, -0.0f, INFINITY, -INFINITY};
        unit_row row;
        if (kernels == NULL) {
            continue;
        }
        activate(&row, kernels, (mlp_activation)_i, z);
        ck_assert(isnan(row.a[0]));
        ck_assert(!isnan(row.a[1]) && !isnan(row.a[2]) && !isnan(row.a[3]));
        if (_i == MLP_ACTIVATION_RELU) {
            ck_assert_float_eq(row.a[1], 0.0f);
            ck_assert_float_eq(row.a[2], 2.0f);
            ck_assert(isinf(row.a[4]));
            ck_assert_float_eq(row.a[5], 0.0f);
        }
    }
}
END_TEST

/* Scratch is made once, for the largest batch; a smaller one packs more inputs
 * at a time. */
START_TEST(scratch_of_many_rows_has_room_for_fewer)
{
    static const size_t tile_rows[] = {3, 6, 14}, room[] = {4, 8, 16};
    for (size_t most = 0; most < 3000; most += 1 + most / 9) {
        for (size_t rows = 0; rows <= most; rows++) {
            for (size_t t = 0; t < 3; t++) {
                size_t tiles =
                    (packed_inputs(rows) + tile_rows[t] - 1) / tile_rows[t];
                ck_assert_uint_le(rows * (tiles * room[t] + MLP_PANEL),
                                  mlp_scratch_bytes(1, most) / sizeof(float));
            }
        }
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("kernels");
    TCase *products = tcase_create("products");
    tcase_set_timeout(products, 60);
    tcase_add_loop_test(products, forward_equals_a_triple_loop_in_double, 0,
                        SHAPES);
    tcase_add_loop_test(products, backward_equals_a_triple_loop_in_double, 0,
                        SHAPES);
    tcase_add_loop_test(products, gradient_equals_a_triple_loop_in_double, 0,
                        SHAPES);
    tcase_add_loop_test(products,
                        no_instruction_set_split_or_sparsity_changes_a_bit, 0,
                        SHAPES);
    tcase_add_loop_test(products,
                        a_sum_that_is_not_finite_is_told_wherever_it_is, 0, 4);
    tcase_add_loop_test(
        products, a_gradient_in_micro_batches_has_the_bits_of_one, 0, SHAPES);
    tcase_add_loop_test(products, a_leaf_of_one_row_has_the_bits_of_a_chain, 0,
                        SHAPES);
    tcase_add_test(products, scratch_of_many_rows_has_room_for_fewer);
    suite_add_tcase(suite, products);
    TCase *rows = tcase_create("rows");
    tcase_add_loop_test(rows, the_largest_magnitude_is_seen_wherever_it_is, 0,
                        sizeof sets / sizeof *sets);
    tcase_add_test(rows, equal_logits_cost_log_of_class_count);
    tcase_add_test(rows, softmax_has_the_same_bits_on_every_set);
    tcase_add_test(rows, smoothed_cross_entropy_by_hand);
    tcase_add_test(rows, class_weights_multiply_loss_and_derivative);
    tcase_add_test(rows, weights_of_rows_multiply_loss_and_derivative);
    tcase_add_test(rows, squared_error_of_targets_by_hand);
    tcase_add_test(rows, losses_of_numbers_by_hand);
    tcase_add_loop_test(rows, losses_of_numbers_equal_central_differences, 0,
                        4);
    tcase_add_loop_test(rows, losses_of_numbers_have_the_same_bits_on_every_set,
                        MLP_LOSS_MAE, MLP_LOSS_POISSON + 1);
    tcase_add_test(rows, one_output_tells_two_classes);
    tcase_add_test(rows, binary_cross_entropy_by_hand);
    tcase_add_test(rows, delta_rule_moves_wrong_outputs_only);
    tcase_add_test(rows, dropout_is_a_function_of_the_row_and_unit);
    tcase_add_test(rows, dropout_leaves_out_its_share);
    tcase_add_loop_test(rows, activations_are_the_textbook_formulas, 0,
                        MLP_ACTIVATIONS);
    tcase_add_loop_test(rows, slopes_equal_central_differences, 0,
                        MLP_ACTIVATIONS);
    tcase_add_test(rows, prelu_leaves_the_gradient_of_its_slopes);
    tcase_add_loop_test(rows, activations_have_the_same_bits_on_every_set, 0,
                        MLP_ACTIVATIONS);
    tcase_add_loop_test(rows, no_activation_hides_a_nan, 0, MLP_ACTIVATIONS);
    suite_add_tcase(suite, rows);
    return run_suite(suite, CK_FORK_GETENV);
}
