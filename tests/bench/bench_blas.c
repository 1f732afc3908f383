/** @file
 *  Compares our kernels and a BLAS's sgemm on the same matrices.
 */
#include "bench_blas.h"

#include <dlfcn.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench_machine.h"
#include "bench_memory.h"

static const double MEASURE_SECONDS = 0.006;

/* The Fortran interface of BLAS. Column-major: a row-major matrix is passed as
 * its transpose. */
typedef void (*sgemm_function)(const char *, const char *, const int *,
                               const int *, const int *, const float *,
                               const float *, const int *, const float *,
                               const int *, const float *, float *,
                               const int *);

typedef struct {
    size_t in, out, rows;
    const mlp_kernels *kernels;
    sgemm_function sgemm;
    mlp_dense dense;
    mlp_batch batch;
    mlp_gradient_node node;
    size_t leaf_start[2], leaf_word[2];
    float *x, *w, *dz;         /* row-major, for the BLAS */
    float *panels, *dz_padded; /* the same, in our layout */
    float *y, *dx, *dw;        /* ours */
    float *y_blas, *dx_blas, *dw_blas;
    float *scratch;
} shape;

/* C = op(A) op(B), column-major, [m, n], inner extent k. */
static void multiply(const shape *s, const char *op_a, const char *op_b,
                     size_t m, size_t n, size_t k, const float *a, size_t lda,
                     const float *b, size_t ldb, float *c)
{
    const float one = 1.0f;
    const float zero = 0.0f;
    const int extents[] = {(int)m, (int)n, (int)k, (int)lda, (int)ldb};
    s->sgemm(op_a, op_b, &extents[0], &extents[1], &extents[2], &one, a,
             &extents[3], b, &extents[4], &zero, c, &extents[0]);
}

/* The transpose of Y = X W is Y^T = W^T X^T, and so on. */
static void blas_forward(shape *s)
{
    multiply(s, "N", "N", s->out, s->rows, s->in, s->w, s->out, s->x, s->in,
             s->y_blas);
}

static void blas_backward(shape *s)
{
    multiply(s, "T", "N", s->in, s->rows, s->out, s->w, s->out, s->dz, s->out,
             s->dx_blas);
}

static void blas_gradient(shape *s)
{
    multiply(s, "N", "T", s->out, s->in, s->rows, s->dz, s->out, s->x, s->in,
             s->dw_blas);
}

static void our_forward(shape *s)
{
    const mlp_units units = {.a = s->y};
    s->kernels->forward(&s->dense, &s->batch, &units, (mlp_range){0, s->rows},
                        (mlp_range){0, mlp_panels(s->out)});
}

static void our_backward(shape *s)
{
    const mlp_dense below = {.activation = MLP_ACTIVATION_IDENTITY};
    const mlp_units units = {.a = s->batch.values};
    s->kernels->backward(&s->dense, s->dz_padded, &below, &units, s->dx,
                         (mlp_range){0, s->rows},
                         (mlp_range){0, mlp_panels(s->in)}, s->scratch);
}

static void our_gradient(shape *s)
{
    s->kernels->gradient(&s->dense, &s->batch, s->dz_padded, NULL, &s->node,
                         (mlp_range){0, (s->in + MLP_GROUP - 1) / MLP_GROUP},
                         (mlp_range){0, mlp_panels(s->out)}, s->scratch);
}

typedef struct {
    const char *name;
    void (*ours)(shape *s);
    void (*theirs)(shape *s);
} product;

static const product products[] = {
    {"forward", our_forward, blas_forward},
    {"backward", our_backward, blas_backward},
    {"gradient", our_gradient, blas_gradient},
};
enum { PRODUCTS = sizeof products / sizeof products[0] };

/* ---- the matrices ------------------------------------------------------ */

/* Copy [rows, cols] to rows of stride mlp_stride(cols). */
static float *padded_copy(const float *from, size_t rows, size_t cols)
{
    float *to = bench_zeros(rows * mlp_stride(cols));
    for (size_t r = 0; r < rows; r++) {
        memcpy(to + r * mlp_stride(cols), from + r * cols, cols * sizeof *to);
    }
    return to;
}

static void create_shape(shape *s)
{
    s->x = bench_values(s->rows * s->in, 1.0f, 1);
    s->w = bench_values(s->in * s->out, 1.0f, 2);
    s->dz = bench_values(s->rows * s->out, 1.0f, 3);
    s->panels =
        bench_zeros(mlp_dense_size(s->in, s->out, MLP_ACTIVATION_IDENTITY));
    for (size_t i = 0; i < s->in; i++) {
        for (size_t j = 0; j < s->out; j++) {
            s->panels[mlp_dense_index(s->in, s->out, i, j)] =
                s->w[i * s->out + j];
        }
    }
    s->dz_padded = padded_copy(s->dz, s->rows, s->out);
    s->y = bench_zeros(s->rows * mlp_stride(s->out));
    s->dx = bench_zeros(s->rows * mlp_stride(s->in));
    s->dw = bench_zeros(mlp_dense_size(s->in, s->out, MLP_ACTIVATION_IDENTITY));
    s->y_blas = bench_zeros(s->rows * s->out);
    s->dx_blas = bench_zeros(s->rows * s->in);
    s->dw_blas = bench_zeros(s->in * s->out);
    s->scratch =
        bench_zeros(mlp_scratch_bytes(s->out, s->rows) / sizeof(float));
    s->dense = (mlp_dense){s->in, s->out, MLP_ACTIVATION_IDENTITY, s->panels};
    s->leaf_start[1] = s->rows;
    s->leaf_word[1] = mlp_leaf_words(s->rows);
    s->batch = (mlp_batch){.values = padded_copy(s->x, s->rows, s->in),
                           .rows = s->rows,
                           .cols = s->in,
                           .stride = mlp_stride(s->in),
                           .leaf_start = s->leaf_start,
                           .leaf_word = s->leaf_word,
                           .leaves = 1};
    s->node = (mlp_gradient_node){.leaves = {0, 1}, .sum = s->dw};
}

static void destroy_shape(shape *s)
{
    free(s->x);
    free(s->w);
    free(s->dz);
    free(s->panels);
    free(s->dz_padded);
    free(s->y);
    free(s->dx);
    free(s->dw);
    free(s->y_blas);
    free(s->dx_blas);
    free(s->dw_blas);
    free(s->scratch);
    free(s->batch.values);
}

/* Whether two sums of that many products of factors below 1 may differ by
 * this much, in whatever order they are added (Higham 2002, eq. 3.5). */
static bool is_rounding(float ours, float theirs, size_t terms)
{
    double difference = fabs((double)ours - (double)theirs);
    return difference <= (double)terms * (double)terms * 0x1p-23;
}

/* @param ours  with rows of stride mlp_stride(cols) */
static bool rows_agree(const float *ours, const float *theirs, size_t rows,
                       size_t cols, size_t terms)
{
    for (size_t r = 0; r < rows; r++) {
        for (size_t c = 0; c < cols; c++) {
            if (!is_rounding(ours[r * mlp_stride(cols) + c],
                             theirs[r * cols + c], terms)) {
                return false;
            }
        }
    }
    return true;
}

static bool gradients_agree(const shape *s)
{
    for (size_t i = 0; i < s->in; i++) {
        for (size_t j = 0; j < s->out; j++) {
            if (!is_rounding(s->dw[mlp_dense_index(s->in, s->out, i, j)],
                             s->dw_blas[i * s->out + j], s->rows)) {
                return false;
            }
        }
    }
    return true;
}

/* Check that both products are equal before they are timed. */
static bool agrees(shape *s)
{
    for (size_t p = 0; p < PRODUCTS; p++) {
        products[p].ours(s);
        products[p].theirs(s);
    }
    bool is_same = rows_agree(s->y, s->y_blas, s->rows, s->out, s->in) &&
                   rows_agree(s->dx, s->dx_blas, s->rows, s->in, s->out) &&
                   gradients_agree(s);
    if (!is_same) {
        fprintf(stderr, "bench_kernels: the library's products are not ours\n");
    }
    return is_same;
}

/* ---- measuring --------------------------------------------------------- */

/* Seconds of one call. */
static double time_of(void (*run)(shape *s), shape *s)
{
    double start = bench_cpu_seconds();
    double elapsed = 0.0;
    double calls = 0.0;
    while (elapsed < MEASURE_SECONDS) {
        run(s);
        calls += 1.0;
        elapsed = bench_cpu_seconds() - start;
    }
    return elapsed / calls;
}

static void measure_pair(shape *s)
{
    printf("{\"peak_gflops\":%.4f,\"products\":[",
           bench_peak_gflops(s->kernels, MEASURE_SECONDS));
    for (size_t p = 0; p < PRODUCTS; p++) {
        double ours = time_of(products[p].ours, s);
        double theirs = time_of(products[p].theirs, s);
        printf("%s{\"op\":\"%s\",\"flops\":%.0f,\"ours\":%.9f,"
               "\"theirs\":%.9f}",
               p > 0 ? "," : "", products[p].name,
               2.0 * (double)s->rows * (double)s->in * (double)s->out, ours,
               theirs);
    }
    printf("]}\n");
}

int bench_blas(const char *library, size_t in, size_t out, size_t rows,
               size_t pairs)
{
    void *handle = dlopen(library, RTLD_NOW | RTLD_LOCAL);
    shape s = {.in = in, .out = out, .rows = rows};
    s.kernels = mlp_kernels_find(NULL);
    if (handle != NULL) {
        /* POSIX's way to turn dlsym's object pointer into a function's. */
        *(void **)&s.sgemm = dlsym(handle, "sgemm_");
    }
    if (handle == NULL || s.sgemm == NULL || s.kernels == NULL) {
        fprintf(stderr, "bench_kernels: %s: %s\n", library, dlerror());
        return 2;
    }
    create_shape(&s);
    bool is_same = agrees(&s);
    for (size_t pair = 0; is_same && pair < pairs; pair++) {
        measure_pair(&s);
    }
    destroy_shape(&s);
    return is_same ? 0 : 2;
}
