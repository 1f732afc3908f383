/** @file
 *  One vector of floats for the instruction set that a file is compiled for:
 *  MLP_ISA_AVX512 (16 lanes), MLP_ISA_AVX2 (8), or neither (4). All
 *  operations are exactly rounded or SLEEF's finz variants, which give the
 *  same bits for every width.
 */
#ifndef MLP_KERNELS_VECTOR_H
#define MLP_KERNELS_VECTOR_H

#if defined(__x86_64__)
#include <immintrin.h>
#endif
#include <math.h>
/* Have sleef.h declare the functions that need a fused multiply-add: not every
 * compiler says by this name that it has one. */
#ifndef FP_FAST_FMA
#define FP_FAST_FMA 1
#endif
#include <sleef.h>

#if defined(MLP_ISA_AVX512)

enum { LANES = 16 };
typedef __m512 vec;
#define VEC(operation) _mm512_##operation
#define SLEEF_EXP      Sleef_finz_expf16_u10avx512f
#define SLEEF_TANH     Sleef_finz_tanhf16_u10avx512f

#elif defined(MLP_ISA_AVX2)

enum { LANES = 8 };
typedef __m256 vec;
#define VEC(operation) _mm256_##operation
#define SLEEF_EXP      Sleef_finz_expf8_u10avx2
#define SLEEF_TANH     Sleef_finz_tanhf8_u10avx2

#else

enum { LANES = 4 };
typedef float vec __attribute__((vector_size(16)));

#endif

#if defined(VEC)

static inline vec vec_zero(void)
{
    return VEC(setzero_ps)();
}

static inline vec vec_all(float x)
{
    return VEC(set1_ps)(x);
}

static inline vec vec_load(const float *from)
{
    return VEC(loadu_ps)(from);
}

static inline void vec_store(float *to, vec x)
{
    VEC(storeu_ps)(to, x);
}

/* a * b + c, rounded once */
static inline vec vec_fma(vec a, vec b, vec c)
{
    return VEC(fmadd_ps)(a, b, c);
}

/* max(0, x), and NaN for NaN: the instruction returns its second operand */
static inline vec vec_relu(vec x)
{
    return VEC(max_ps)(vec_zero(), x);
}

static inline vec vec_exp(vec x)
{
    return SLEEF_EXP(x);
}

static inline vec vec_tanh(vec x)
{
    return SLEEF_TANH(x);
}

/* x where a > 0, else 0 */
#if defined(MLP_ISA_AVX512)
static inline vec vec_where_positive(vec a, vec x)
{
    __mmask16 positive = _mm512_cmp_ps_mask(a, vec_zero(), _CMP_GT_OQ);
    return _mm512_maskz_mov_ps(positive, x);
}
#else
static inline vec vec_where_positive(vec a, vec x)
{
    return _mm256_and_ps(_mm256_cmp_ps(a, vec_zero(), _CMP_GT_OQ), x);
}
#endif

#else /* any machine with a fused multiply-add */

static inline vec vec_zero(void)
{
    return (vec){0};
}

static inline vec vec_all(float x)
{
    return (vec){x, x, x, x};
}

static inline vec vec_load(const float *from)
{
    vec x;
    __builtin_memcpy(&x, from, sizeof x);
    return x;
}

static inline void vec_store(float *to, vec x)
{
    __builtin_memcpy(to, &x, sizeof x);
}

static inline vec vec_fma(vec a, vec b, vec c)
{
#if defined(__FMA__)
    return (vec)_mm_fmadd_ps((__m128)a, (__m128)b, (__m128)c);
#else
    for (int i = 0; i < LANES; i++) {
        c[i] = __builtin_fmaf(a[i], b[i], c[i]);
    }
    return c;
#endif
}

static inline vec vec_relu(vec x)
{
    for (int i = 0; i < LANES; i++) {
        x[i] = 0.0f > x[i] ? 0.0f : x[i];
    }
    return x;
}

static inline vec vec_exp(vec x)
{
    for (int i = 0; i < LANES; i++) {
        x[i] = Sleef_finz_expf1_u10purecfma(x[i]);
    }
    return x;
}

static inline vec vec_tanh(vec x)
{
    for (int i = 0; i < LANES; i++) {
        x[i] = Sleef_finz_tanhf1_u10purecfma(x[i]);
    }
    return x;
}

static inline vec vec_where_positive(vec a, vec x)
{
    for (int i = 0; i < LANES; i++) {
        x[i] = a[i] > 0.0f ? x[i] : 0.0f;
    }
    return x;
}

#endif

/* f(z) */
static inline vec vec_activate(mlp_activation activation, vec z)
{
    switch (activation) {
    case MLP_ACTIVATION_RELU:
        return vec_relu(z);
    case MLP_ACTIVATION_SIGMOID:
        return vec_all(1.0f) / (vec_all(1.0f) + vec_exp(-z));
    case MLP_ACTIVATION_TANH:
        return vec_tanh(z);
    case MLP_ACTIVATION_IDENTITY:
        break;
    }
    return z;
}

/* d f'(z), where a = f(z). ReLU keeps a NaN out of a > 0 from hiding: where
 * a is NaN the loss is NaN too, and the step is refused. */
static inline vec vec_slope(mlp_activation activation, vec a, vec d)
{
    switch (activation) {
    case MLP_ACTIVATION_RELU:
        return vec_where_positive(a, d);
    case MLP_ACTIVATION_SIGMOID:
        return d * (a * (vec_all(1.0f) - a));
    case MLP_ACTIVATION_TANH:
        return d * vec_fma(-a, a, vec_all(1.0f));
    case MLP_ACTIVATION_IDENTITY:
        break;
    }
    return d;
}

#endif
