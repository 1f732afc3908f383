/** @file
 *  Measured peak rates of this machine, to which the benchmark compares.
 */
#ifndef BENCH_MACHINE_H
#define BENCH_MACHINE_H

#include "kernels/kernels.h"

/** CPU seconds of this thread, which exclude time of other programs on the
 *  core. */
double bench_cpu_seconds(void);

/** Seconds of one call of bench_cpu_seconds, a system call. */
double bench_cpu_clock_cost(void);

/** GFLOP/s of one core in fused multiply-adds on vectors of this instruction
 *  set, from registers alone.
 *  @param seconds  how long to measure, at least */
double bench_peak_gflops(const mlp_kernels *kernels, double seconds);

/** Independent instructions per cycle of one core. On an unshared core this is
 *  its width (6 on Zen 3); another program on the core's other hardware thread
 *  takes up to half of it. The FMA peak does not show that, as it needs only
 *  two per cycle.
 *  @param seconds  how long to measure, at least */
double bench_issue_rate(double seconds);

/** GB/s of one core in a[i] = b[i] + s c[i] over arrays far larger than the
 *  caches; the bytes of a, b and c count once each (McCalpin 1995, STREAM).
 *  The best of `repeats`. 0 without memory. */
double bench_triad_gbytes(int repeats);

#endif
