/** @file
 *  Memory and numbers for the benchmark's programs, which exit without memory.
 */
#ifndef BENCH_MEMORY_H
#define BENCH_MEMORY_H

#include <stddef.h>

/** count floats, 64-byte aligned, all 0. Ends the program without memory. */
float *bench_zeros(size_t count);

/** The same with values spread over [-scale, scale), none of them 0.
 *  @param seed  another one gives other values */
float *bench_values(size_t count, float scale, unsigned seed);

/** calloc that ends the program without memory. */
void *bench_array(size_t count, size_t size);

#endif
