/** @file
 *  Reliability: whether of the rows to which a model gives a probability p a
 *  share of p is as predicted.
 *
 *  Two classes: the probability of class 1, and the share of rows of class 1.
 *  Several: the largest probability, and the share of rows of that class.
 *
 *  Source: Guo et al. 2017, "On calibration of modern neural networks", section
 *  2: reliability diagrams (DeGroot and Fienberg 1983) and, with 15 bins of
 *  equal width, the expected calibration error, eq. 3. A bin here contains its
 *  lower end, the last one both ends.
 */
#ifndef MLP_RELIABILITY_H
#define MLP_RELIABILITY_H

#include <stddef.h>
#include <stdint.h>

enum { MLP_RELIABILITY_BINS = 15 };

/** Rows whose probability is in a bin. */
typedef struct {
    uint64_t rows, hits;
    double probabilities; /**< their sum, added in the order of rows */
} mlp_reliability_bin;

/** Zero-initialize. */
typedef struct {
    mlp_reliability_bin bins[MLP_RELIABILITY_BINS];
    uint64_t rows;
} mlp_reliability;

/** Add a row.
 *  @param outputs     [count], probabilities; one is that of class 1 of two
 *  @param prediction  class of the largest output */
void mlp_reliability_add(mlp_reliability *reliability, const float *outputs,
                         size_t count, uint32_t label, uint32_t prediction);

/** Of a bin: mean probability, and share of hits; NAN without rows. */
double mlp_reliability_probability(const mlp_reliability_bin *bin);
double mlp_reliability_share(const mlp_reliability_bin *bin);

/** Expected calibration error: the mean over rows of the distance between the
 *  two in a row's bin. NAN without rows. */
double mlp_reliability_error(const mlp_reliability *reliability);

#endif
