/** @file
 *  The threads of one rank. Their code is written for one thread (single
 *  program, multiple data), which owns some of the outputs and meets the others
 *  at a gate.
 */
#ifndef MLP_THREADS_H
#define MLP_THREADS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/range.h"
#include "wait.h"

/** A thread: its index, their count, and their gate. */
typedef struct {
    size_t index, count;
    mlp_gate *gate;
} mlp_thread;

/** Number of cores that this process may run on. */
size_t mlp_threads_cores(void);

/** Number of cores of this computer. */
size_t mlp_threads_online(void);

/** Number of cores that the parent process may run on: all of this computer, or
 *  those that a batch system or taskset allows. */
size_t mlp_threads_launcher(void);

enum { MLP_THREADS_CPUS = 1024 }; /**< most processors per node */

/** Which processors this process may run on.
 *  @param allowed  [MLP_THREADS_CPUS], overwritten with 0 or 1 */
void mlp_threads_allowed(uint8_t *allowed);

/** A pool of threads for jobs of some hundred microseconds: starting and ending
 *  a job takes one transfer of a cache line each. */
typedef struct mlp_threads mlp_threads;

/** A function that uses a pool.
 *  @param threads  the pool, for mlp_threads_run, until the function returns;
 *                  NULL for one thread or without memory */
typedef void mlp_threads_leader(void *context, mlp_threads *threads);

/** Run `lead` on this thread, with a pool of `count` threads that includes it.
 */
void mlp_threads_lead(size_t count, mlp_threads_leader *lead, void *context);

/** Run body once on each of `count` threads and wait for all of them. OpenMP
 *  may provide fewer: self.count is their number.
 *  @param threads  a pool, for one job at a time; NULL: new threads */
void mlp_threads_run(mlp_threads *threads, size_t count,
                     void (*body)(void *context, mlp_thread self),
                     void *context);

/** Barrier of these threads. */
void mlp_thread_barrier(mlp_thread self);

/** This thread's range of `total` items. */
mlp_range mlp_thread_share(mlp_thread self, size_t total);

/** The same of a range. */
mlp_range mlp_thread_range(mlp_thread self, mlp_range range);

#endif
