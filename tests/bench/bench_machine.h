/** @file
 *  What this machine can do at most, measured: the yardsticks of the
 *  benchmark.
 */
#ifndef BENCH_MACHINE_H
#define BENCH_MACHINE_H

#include "kernels/kernels.h"

/** CPU seconds of this thread: what a kernel takes does not grow when another
 *  program gets the core in between. */
double bench_cpu_seconds(void);

/** What one call of it costs, in seconds; it asks the kernel. */
double bench_cpu_clock_cost(void);

/** GFLOP/s of one core in fused multiply-adds on vectors of this instruction
 *  set, from registers alone.
 *  @param seconds  how long to measure, at least */
double bench_peak_gflops(const mlp_kernels *kernels, double seconds);

/** Instructions that one core takes in a cycle when they are nothing else. Of a
 *  core of one's own that is how wide it is (6 of Zen 3); the other hardware
 *  thread of the core, where somebody uses it, takes up to half of it. The FMA
 *  peak does not show that: it needs two a cycle.
 *  @param seconds  how long to measure, at least */
double bench_issue_rate(double seconds);

/** GB/s of one core in a[i] = b[i] + s c[i] over arrays far larger than the
 *  caches; the bytes of a, b and c count once each (McCalpin 1995, STREAM).
 *  The best of `repeats`. 0 without memory. */
double bench_triad_gbytes(int repeats);

#endif
