/** @file
 *  Peak rates of the machine: fused multiply-adds, instructions, and the triad.
 */
#include "bench_machine.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

enum {
    CHAINS = 12, /* latency x units is 8 to 10; 12 fit in 16 registers */
    ROUNDS = 20000,
    CLOCK_CALLS = 1000,
    TRIAD_COUNT = 8 << 20 /* doubles of an array: 64 MiB */
};

/* CHAINS independent chains, ROUNDS long. The result is returned so that the
 * work is not optimized away. */
#define DEFINE_CHAINS(name, attributes, vector, all, fma, lanes)               \
    attributes static float name(void)                                         \
    {                                                                          \
        vector chain[CHAINS];                                                  \
        vector factor = all(0.999f);                                           \
        vector term = all(0.001f);                                             \
        for (int c = 0; c < CHAINS; c++) {                                     \
            chain[c] = all((float)c);                                          \
        }                                                                      \
        for (int round = 0; round < ROUNDS; round++) {                         \
            _Pragma("GCC unroll 12") for (int c = 0; c < CHAINS; c++)          \
            {                                                                  \
                chain[c] = fma(chain[c], factor, term);                        \
            }                                                                  \
        }                                                                      \
        float values[CHAINS * (lanes)];                                        \
        memcpy(values, chain, sizeof values);                                  \
        float sum = 0.0f;                                                      \
        for (int i = 0; i < CHAINS * (lanes); i++) {                           \
            sum += values[i];                                                  \
        }                                                                      \
        return sum;                                                            \
    }

typedef struct {
    float (*run)(void);
    int lanes;
} chains;

#if defined(__x86_64__)

DEFINE_CHAINS(chains_avx512, __attribute__((target("avx512f"))), __m512,
              _mm512_set1_ps, _mm512_fmadd_ps, 16)
DEFINE_CHAINS(chains_avx2, __attribute__((target("avx2,fma"))), __m256,
              _mm256_set1_ps, _mm256_fmadd_ps, 8)
DEFINE_CHAINS(chains_base, __attribute__((target("fma"))), __m128, _mm_set1_ps,
              _mm_fmadd_ps, 4)

static chains chains_of(const mlp_kernels *kernels)
{
    if (strcmp(kernels->name, "avx512") == 0) {
        return (chains){chains_avx512, 16};
    }
    if (strcmp(kernels->name, "avx2") == 0) {
        return (chains){chains_avx2, 8};
    }
    return (chains){chains_base, 4};
}

#else

typedef float vector4 __attribute__((vector_size(16)));

static inline vector4 all4(float x)
{
    return (vector4){x, x, x, x};
}

static inline vector4 fma4(vector4 a, vector4 b, vector4 c)
{
    for (int i = 0; i < 4; i++) {
        c[i] = __builtin_fmaf(a[i], b[i], c[i]);
    }
    return c;
}

DEFINE_CHAINS(chains_base, , vector4, all4, fma4, 4)

static chains chains_of(const mlp_kernels *kernels)
{
    (void)kernels;
    return (chains){chains_base, 4};
}

#endif

double bench_cpu_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

double bench_cpu_clock_cost(void)
{
    double start = bench_cpu_seconds();
    for (int call = 1; call < CLOCK_CALLS; call++) {
        bench_cpu_seconds();
    }
    return (bench_cpu_seconds() - start) / CLOCK_CALLS;
}

double bench_peak_gflops(const mlp_kernels *kernels, double seconds)
{
    chains best = chains_of(kernels);
    volatile float kept = 0.0f;
    double start = bench_cpu_seconds();
    double elapsed = 0.0;
    double runs = 0.0;
    while (elapsed < seconds) {
        kept = kept + best.run();
        runs += 1.0;
        elapsed = bench_cpu_seconds() - start;
    }
    return 2e-9 * runs * ROUNDS * CHAINS * best.lanes / elapsed;
}

/* Repeat sixteen times. */
#define TIMES_16(action)                                                       \
    action action action action action action action action action action      \
        action action action action action action

/* Dependent additions take a cycle each. */
static double seconds_of_cycles(void)
{
    size_t x = 0;
    double start = bench_cpu_seconds();
    for (int round = 0; round < ROUNDS; round++) {
        TIMES_16(x++; __asm__ volatile("" : "+r"(x));)
    }
    return (bench_cpu_seconds() - start) / (16.0 * ROUNDS);
}

static double seconds_of_instructions(void)
{
    double start = bench_cpu_seconds();
    for (int round = 0; round < ROUNDS; round++) {
        TIMES_16(__asm__ volatile("nop");)
    }
    return (bench_cpu_seconds() - start) / (16.0 * ROUNDS);
}

double bench_issue_rate(double seconds)
{
    double cycles = 0.0;
    double instructions = 0.0;
    for (double start = bench_cpu_seconds();
         bench_cpu_seconds() - start < seconds;) {
        cycles += seconds_of_cycles();
        instructions += seconds_of_instructions();
    }
    return cycles / instructions;
}

double bench_triad_gbytes(int repeats)
{
    size_t bytes = TRIAD_COUNT * sizeof(double);
    double *a = malloc(bytes);
    double *b = malloc(bytes);
    double *c = malloc(bytes);
    double best = 0.0;
    if (a != NULL && b != NULL && c != NULL) {
        for (size_t i = 0; i < TRIAD_COUNT; i++) {
            a[i] = 0.0;
            b[i] = 1.0;
            c[i] = (double)i;
        }
        for (int repeat = 0; repeat < repeats; repeat++) {
            double start = bench_cpu_seconds();
            for (size_t i = 0; i < TRIAD_COUNT; i++) {
                a[i] = b[i] + 3.0 * c[i];
            }
            __asm__ volatile("" ::"r"(a) : "memory");
            double rate = 3e-9 * (double)bytes / (bench_cpu_seconds() - start);
            best = rate > best ? rate : best;
        }
    }
    free(a);
    free(b);
    free(c);
    return best;
}
