/** @file
 *  Times the kernels in training a net, on one core.
 */
#ifndef BENCH_NET_H
#define BENCH_NET_H

#include <stddef.h>

enum { BENCH_LAYERS_MAX = 16 };

/** What to measure. */
typedef struct {
    size_t widths[BENCH_LAYERS_MAX + 1]; /**< of the input and all layers */
    size_t layers;
    size_t batch, shards;
    size_t pairs;     /**< repeats */
    const char *data; /**< source of the rows; NULL: random, without zeros */
} bench_net_plan;

/** Train steps and print a JSON line for each pair: the FMA peak measured
 *  before and after, and for each kernel of each layer its flops (counted
 *  dense) and the seconds of a call.
 *  @return 0, or 2 when the data cannot be read */
int bench_net(const bench_net_plan *plan);

#endif
