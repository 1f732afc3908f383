/** @file
 *  The crew: the OpenMP threads of one rank. Code that runs on a crew is
 *  written as one thread of it (single program, multiple data): it owns some
 *  of the outputs and meets the others at a barrier.
 */
#ifndef MLP_THREADS_H
#define MLP_THREADS_H

#include <stddef.h>
#include <stdint.h>

#include "mlp/range.h"

typedef struct mlp_barrier mlp_barrier;

/** One thread of a crew, as that thread sees itself. */
typedef struct {
    size_t index, count;
    mlp_barrier *barrier;
} mlp_thread;

/** Cores that this process may run on. */
size_t mlp_threads_cores(void);

/** Run body once on each of `count` threads and wait for all of them. */
void mlp_threads_run(size_t count, void (*body)(void *context, mlp_thread self),
                     void *context);

/** Wait for the other threads of the crew. Spins briefly, then sleeps: a crew
 *  with fewer cores than threads goes on. */
void mlp_thread_barrier(mlp_thread self);

/** The share of `total` pieces of work that this thread does. */
mlp_range mlp_thread_share(mlp_thread self, size_t total);

/** Wait until *counter >= target, spinning briefly, then sleeping in the
 *  kernel. Works across processes when the counter is in shared memory. */
void mlp_wait_until(const uint32_t *counter, uint32_t target);

/** Add to a counter that others wait for, and wake them once it has reached
 *  target. Everything written before is visible to those who see the sum. */
void mlp_wait_add(uint32_t *counter, uint32_t amount, uint32_t target);

#endif
