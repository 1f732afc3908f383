/** @file
 *  Which instruction set's kernels to use on this CPU.
 */
#include "kernels.h"

#include <string.h>

#include "scratch.h"

extern const mlp_kernels mlp_kernels_base;
#if defined(__x86_64__)
extern const mlp_kernels mlp_kernels_avx512, mlp_kernels_avx2;

static bool cpu_has(const mlp_kernels *kernels)
{
    __builtin_cpu_init();
    if (kernels == &mlp_kernels_base) {
        return __builtin_cpu_supports("fma");
    }
    bool has_avx2 = __builtin_cpu_supports("fma") &&
                    __builtin_cpu_supports("avx2") &&
                    __builtin_cpu_supports("bmi");
    if (kernels == &mlp_kernels_avx2) {
        return has_avx2;
    }
    return has_avx2 && __builtin_cpu_supports("avx512f") &&
           __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512dq") &&
           __builtin_cpu_supports("avx512vl");
}
#else
static bool cpu_has(const mlp_kernels *kernels)
{
    (void)kernels;
    return true;
}
#endif

const mlp_kernels *mlp_kernels_find(const char *name)
{
    static const mlp_kernels *const best_first[] = {
#if defined(__x86_64__)
        &mlp_kernels_avx512,
        &mlp_kernels_avx2,
#endif
        &mlp_kernels_base
    };
    for (size_t i = 0; i < sizeof best_first / sizeof *best_first; i++) {
        const mlp_kernels *kernels = best_first[i];
        if ((name == NULL || strcmp(name, kernels->name) == 0) &&
            cpu_has(kernels)) {
            return kernels;
        }
    }
    return NULL;
}

mlp_status mlp_kernels_best(const mlp_kernels **kernels)
{
    *kernels = mlp_kernels_find(NULL);
    return *kernels != NULL
               ? MLP_OK
               : mlp_fail(MLP_ERROR_INTERNAL,
                          "this CPU has no fused multiply-add, which every "
                          "instruction set here needs");
}

static size_t larger(size_t a, size_t b)
{
    return a > b ? a : b;
}

size_t mlp_scratch_bytes(size_t widest, size_t rows)
{
    size_t gradient = larger(dense_floats(rows), long_floats(widest, rows));
    return larger(backward_floats(widest), gradient) * sizeof(float);
}

bool mlp_gradient_has_blocks(const mlp_batch *x, size_t panels)
{
    return x->nonzeros != NULL ? x->rows <= LONG_ROWS
                               : panels < PACKED_COLUMNS / MLP_PANEL;
}

bool mlp_keeps_sums(mlp_activation activation)
{
    return activation == MLP_ACTIVATION_ARCTAN ||
           activation == MLP_ACTIVATION_PRELU ||
           activation == MLP_ACTIVATION_SILU ||
           activation == MLP_ACTIVATION_GELU;
}
