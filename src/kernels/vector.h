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
#include <stdbool.h>
/* Have sleef.h declare the functions that need a fused multiply-add: not every
 * compiler says by this name that it has one. */
#ifndef FP_FAST_FMA
#define FP_FAST_FMA 1
#endif
#include <sleef.h>

#include "kernels.h"
#include "tuning.h"

#if defined(MLP_ISA_AVX512)

typedef __m512 vec;
#define VEC(operation)  _mm512_##operation
#define SLEEF(function) Sleef_finz_##function##f16_u10avx512f

#elif defined(MLP_ISA_AVX2)

typedef __m256 vec;
#define VEC(operation)  _mm256_##operation
#define SLEEF(function) Sleef_finz_##function##f8_u10avx2

#else

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

static inline vec vec_sqrt(vec x)
{
    return VEC(sqrt_ps)(x);
}

/* max(0, x), and NaN for NaN: the instruction returns its second operand */
static inline vec vec_relu(vec x)
{
    return VEC(max_ps)(vec_zero(), x);
}

static inline vec vec_least(vec x, vec y)
{
    return VEC(min_ps)(x, y);
}

/* vec_pick: x where c > 0, else y.
 * vec_flush: x, and 0 where |x| < least; a NaN stays one. vec_larger: |x|, or
 * `most` where that has the larger bits: NaN and infinity have the largest. */
#if defined(MLP_ISA_AVX512)
static inline vec vec_pick(vec c, vec x, vec y)
{
    return _mm512_mask_mov_ps(y, _mm512_cmp_ps_mask(c, vec_zero(), _CMP_GT_OQ),
                              x);
}

static inline vec vec_flush(vec x, vec least)
{
    return _mm512_maskz_mov_ps(
        _mm512_cmp_ps_mask(_mm512_abs_ps(x), least, _CMP_NLT_UQ), x);
}

static inline vec vec_larger(vec most, vec x)
{
    return _mm512_castsi512_ps(_mm512_max_epi32(
        _mm512_castps_si512(most), _mm512_castps_si512(_mm512_abs_ps(x))));
}
#else
static inline vec vec_pick(vec c, vec x, vec y)
{
    return _mm256_blendv_ps(y, x, _mm256_cmp_ps(c, vec_zero(), _CMP_GT_OQ));
}

static inline vec vec_flush(vec x, vec least)
{
    vec size = _mm256_andnot_ps(_mm256_set1_ps(-0.0f), x);
    return _mm256_and_ps(x, _mm256_cmp_ps(size, least, _CMP_NLT_UQ));
}

static inline vec vec_larger(vec most, vec x)
{
    vec size = _mm256_andnot_ps(_mm256_set1_ps(-0.0f), x);
    return _mm256_castsi256_ps(
        _mm256_max_epi32(_mm256_castps_si256(most), _mm256_castps_si256(size)));
}
#endif

#define VEC_FUNCTION(function)                                                 \
    static inline vec vec_##function(vec x)                                    \
    {                                                                          \
        return SLEEF(function)(x);                                             \
    }

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

static inline vec vec_sqrt(vec x)
{
    for (int i = 0; i < LANES; i++) {
        x[i] = sqrtf(x[i]);
    }
    return x;
}

static inline vec vec_relu(vec x)
{
    for (int i = 0; i < LANES; i++) {
        x[i] = 0.0f > x[i] ? 0.0f : x[i];
    }
    return x;
}

static inline vec vec_least(vec x, vec y)
{
    for (int i = 0; i < LANES; i++) {
        x[i] = x[i] < y[i] ? x[i] : y[i];
    }
    return x;
}

static inline vec vec_pick(vec c, vec x, vec y)
{
    for (int i = 0; i < LANES; i++) {
        y[i] = c[i] > 0.0f ? x[i] : y[i];
    }
    return y;
}

static inline vec vec_flush(vec x, vec least)
{
    for (int i = 0; i < LANES; i++) {
        x[i] = fabsf(x[i]) < least[i] ? 0.0f : x[i];
    }
    return x;
}

static inline vec vec_larger(vec most, vec x)
{
    typedef int32_t bits __attribute__((vector_size(16)));
    bits old = (bits)most, size = (bits)x & 0x7fffffff;
    bits is_larger = size > old;
    return (vec)((size & is_larger) | (old & ~is_larger));
}

#define VEC_FUNCTION(function)                                                 \
    static inline vec vec_##function(vec x)                                    \
    {                                                                          \
        for (int i = 0; i < LANES; i++) {                                      \
            x[i] = Sleef_finz_##function##f1_u10purecfma(x[i]);                \
        }                                                                      \
        return x;                                                              \
    }

#endif

/* A derivative dz that backpropagation goes on with. */
static inline vec vec_flush_dz(vec dz)
{
    return vec_flush(dz, vec_all(MLP_LEAST_DZ));
}

VEC_FUNCTION(exp)
VEC_FUNCTION(expm1)
VEC_FUNCTION(log1p)
VEC_FUNCTION(tanh)
VEC_FUNCTION(atan)
VEC_FUNCTION(erf)

static inline vec vec_sigmoid(vec z)
{
    return vec_all(1.0f) / (vec_all(1.0f) + vec_exp(-z));
}

/* The cumulative normal distribution. */
static inline vec vec_normal(vec z)
{
    vec half = vec_all(0.5f);
    return vec_fma(half, vec_erf(z * vec_all((float)M_SQRT1_2)), half);
}

static const float LEAK = 0.01f; /* Maas et al. 2013 */

/* f(z); `slope` is PReLU's. A NaN must come out as one. */
static inline vec vec_activate(mlp_activation activation, vec z, vec slope)
{
    switch (activation) {
    case MLP_ACTIVATION_RELU:
        return vec_relu(z);
    case MLP_ACTIVATION_SIGMOID:
        return vec_sigmoid(z);
    case MLP_ACTIVATION_TANH:
        return vec_tanh(z);
    case MLP_ACTIVATION_STEP: /* 1 from 0 on; 0 z + 1 keeps a NaN */
        return vec_pick(-z, vec_zero(), vec_fma(vec_zero(), z, vec_all(1.0f)));
    case MLP_ACTIVATION_ARCTAN:
        return vec_atan(z);
    case MLP_ACTIVATION_LEAKY_RELU:
        return vec_pick(z, z, vec_all(LEAK) * z);
    case MLP_ACTIVATION_PRELU:
        return vec_pick(z, z, slope * z);
    case MLP_ACTIVATION_ELU:
        return vec_pick(z, z, vec_expm1(z));
    case MLP_ACTIVATION_SOFTPLUS: /* log(1 + e^z), in a form that is finite */
        return vec_relu(z) + vec_log1p(vec_exp(-(vec_relu(z) + vec_relu(-z))));
    case MLP_ACTIVATION_SILU:
        return z / (vec_all(1.0f) + vec_exp(-z));
    case MLP_ACTIVATION_GELU:
        return z * vec_normal(z);
    case MLP_ACTIVATION_IDENTITY:
    case MLP_ACTIVATIONS:
        break;
    }
    return z;
}

/* d f'(z), where x is z if mlp_keeps_sums, else a = f(z). ReLU keeps a NaN out
 * of a > 0 from hiding: where a is NaN the loss is NaN too, and the step is
 * refused. */
static inline vec vec_slope(mlp_activation activation, vec x, vec slope, vec d)
{
    const vec one = vec_all(1.0f);
    switch (activation) {
    case MLP_ACTIVATION_RELU:
        return vec_pick(x, d, vec_zero());
    case MLP_ACTIVATION_SIGMOID:
        return d * (x * (one - x));
    case MLP_ACTIVATION_TANH:
        return d * vec_fma(-x, x, one);
    case MLP_ACTIVATION_STEP:
        return vec_zero();
    case MLP_ACTIVATION_ARCTAN:
        return d / vec_fma(x, x, one);
    case MLP_ACTIVATION_LEAKY_RELU:
        return vec_pick(x, d, vec_all(LEAK) * d);
    case MLP_ACTIVATION_PRELU:
        return vec_pick(x, d, slope * d);
    case MLP_ACTIVATION_ELU: /* e^z = a + 1 */
        return vec_pick(x, d, d * (x + one));
    case MLP_ACTIVATION_SOFTPLUS: /* sigmoid(z) = 1 - e^-a */
        return d * -vec_expm1(-x);
    case MLP_ACTIVATION_SILU: { /* s + z s (1 - s), s = sigmoid(z) */
        vec s = vec_sigmoid(x);
        return d * (s * vec_fma(x, one - s, one));
    }
    case MLP_ACTIVATION_GELU: { /* P(z) + z p(z), p the normal density */
        vec density = vec_all((float)(0.5 * M_2_SQRTPI * M_SQRT1_2)) *
                      vec_exp(vec_all(-0.5f) * (x * x));
        return d * vec_fma(x, density, vec_normal(x));
    }
    case MLP_ACTIVATION_IDENTITY:
    case MLP_ACTIVATIONS:
        break;
    }
    return d;
}

#endif
