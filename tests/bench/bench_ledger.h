/** @file
 *  Counts the bytes that go from core to core in a step.
 */
#ifndef BENCH_LEDGER_H
#define BENCH_LEDGER_H

#include <stddef.h>

enum { BENCH_THREADS_MAX = 32 };

/** Follow every cache line of the inputs, activations, derivatives and weights
 *  through a step of one rank, by the ranges that the pass gives its threads.
 *  Every core keeps what it has touched until another one writes it, as if
 *  caches were large. Print a JSON line: {"threads": .., "stages": [{"op": ..,
 *  "layer": .., "bytes": ..}, ...]}.
 *
 *  @param widths   [layers + 1]
 *  @param rows     of the batch
 *  @param threads  at most BENCH_THREADS_MAX
 *  @return 0, or 2 without memory */
int bench_ledger(const size_t *widths, size_t layers, size_t rows,
                 size_t threads);

#endif
