/** @file
 *  The threads of one rank. Code that runs on them is written as one thread
 *  (single program, multiple data): it owns some of the outputs and meets the
 *  others at a gate.
 */
#ifndef MLP_THREADS_H
#define MLP_THREADS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/range.h"
#include "wait.h"

/** One of several threads, as it sees itself. */
typedef struct {
    size_t index, count;
    mlp_gate *gate;
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

/** Threads that are kept from job to job, for work that comes in jobs of some
 *  hundred microseconds: a job then begins and ends with a cache line that
 *  changes hands. */
typedef struct mlp_threads mlp_threads;

/** What is to be done while threads are kept.
 *  @param threads  for mlp_threads_run, until it returns; NULL: there are none,
 *                  of one thread or without memory */
typedef void mlp_threads_leader(void *context, mlp_threads *threads);

/** Keep `count` threads, of which this is one, while `lead` runs on it. */
void mlp_threads_lead(size_t count, mlp_threads_leader *lead, void *context);

/** Run body once on each of `count` threads and wait for all of them. The
 *  system may give fewer: self.count is what there is.
 *  @param threads  that are kept, for one job at a time; NULL: others */
void mlp_threads_run(mlp_threads *threads, size_t count,
                     void (*body)(void *context, mlp_thread self),
                     void *context);

/** Wait for the other threads. */
void mlp_thread_barrier(mlp_thread self);

/** The share of `total` pieces of work that this thread does. */
mlp_range mlp_thread_share(mlp_thread self, size_t total);

#endif
