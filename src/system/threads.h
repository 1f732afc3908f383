/** @file
 *  The crew: the OpenMP threads of one rank. Code that runs on a crew is
 *  written as one thread of it (single program, multiple data): it owns some
 *  of the outputs and meets the others at a barrier.
 */
#ifndef MLP_THREADS_H
#define MLP_THREADS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/range.h"

/** A number that only grows (and may wrap), for others to wait on. All zero
 *  bytes are a counter at 0; in shared memory it works across processes. */
typedef struct {
    _Atomic uint32_t value;
    _Atomic uint32_t sleepers; /**< threads that need to be woken */
} mlp_counter;

/** Where a crew meets. All zero bytes are one that nobody has come to; in
 *  shared memory it works across processes. */
typedef struct {
    _Alignas(64) mlp_counter generation; /**< barriers passed */
    _Alignas(64) _Atomic size_t arrived; /**< at the current one */
    bool is_crowded;                     /**< more threads than cores */
} mlp_barrier;

/** One thread of a crew, as that thread sees itself. */
typedef struct {
    size_t index, count;
    mlp_barrier *barrier;
} mlp_thread;

/** Cores that this process may run on. */
size_t mlp_threads_cores(void);

/** Cores of this computer. */
size_t mlp_threads_online(void);

/** Cores that the process which launched this one may run on: all of this
 *  computer, or those that a batch system or taskset has left it. */
size_t mlp_threads_launcher(void);

enum { MLP_THREADS_CPUS = 1024 }; /**< processors that have a number here */

/** Which processors this process may run on.
 *  @param allowed  [MLP_THREADS_CPUS], overwritten with 0 or 1 */
void mlp_threads_allowed(uint8_t *allowed);

/** Threads that each of `ranks` ranks on this machine can run without having
 *  more of them than cores; 0 if one thread each is too many already. */
size_t mlp_threads_fair(size_t ranks);

/** Run body once on each of `count` threads and wait for all of them. The
 *  system may give fewer: self.count is what there is. */
void mlp_threads_run(size_t count, void (*body)(void *context, mlp_thread self),
                     void *context);

/** Wait for the other threads of the crew. Spins briefly, then sleeps: a crew
 *  with fewer cores than threads goes on. */
void mlp_thread_barrier(mlp_thread self);

/** The share of `total` pieces of work that this thread does. */
mlp_range mlp_thread_share(mlp_thread self, size_t total);

/** Wait until the counter has reached target (less than 2^31 ahead): spin
 *  briefly, then sleep in the kernel. Where more threads than cores wait for
 *  each other (is_crowded) spinning only keeps a core from the thread that is
 *  waited for: then sleep almost at once. */
void mlp_wait_until(mlp_counter *counter, uint32_t target, bool is_crowded);

/** Add to a counter, and wake those who wait once it has reached target, which
 *  is what they wait for. Everything written before is visible to those who
 *  see the sum. */
void mlp_wait_add(mlp_counter *counter, uint32_t amount, uint32_t target);

#endif
