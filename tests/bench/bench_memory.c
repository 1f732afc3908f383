/** @file
 *  Memory and numbers for the benchmark's programs.
 */
#include "bench_memory.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *checked(void *memory)
{
    if (memory == NULL) {
        fprintf(stderr, "bench_kernels: out of memory\n");
        exit(2);
    }
    return memory;
}

float *bench_zeros(size_t count)
{
    size_t bytes = (count * sizeof(float) / 64 + 1) * 64;
    return memset(checked(aligned_alloc(64, bytes)), 0, bytes);
}

float *bench_values(size_t count, float scale, unsigned seed)
{
    float *values = bench_zeros(count);
    uint32_t state = seed * 2654435769u;
    for (size_t i = 0; i < count; i++) {
        state = state * 1664525u + 1013904223u; /* Knuth 1997, 3.3.4 */
        values[i] = scale * ((float)(state >> 8 | 1) * 0x1p-23f - 1.0f);
    }
    return values;
}

void *bench_array(size_t count, size_t size)
{
    return checked(calloc(count + 1, size));
}
