/** @file
 *  Temperature scaling: dividing all logits by one number, so that the
 *  probabilities of a classifier fit labelled rows best. Predictions stay.
 *
 *  Source: Guo et al. 2017, "On calibration of modern neural networks", section
 *  4.2.
 */
#ifndef MLP_TEMPERATURE_H
#define MLP_TEMPERATURE_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "checkpoint/checkpoint.h"
#include "rows/dataset.h"

/** The logits of labelled rows; zero-initialize, destroy frees. Rows may come
 *  from several models: each has the logits of a model that was not trained on
 *  it. */
typedef struct {
    size_t rows, count;
    float *logits;    /**< [rows, count]; one is that of class 1 against 0 */
    uint16_t *labels; /**< [rows] */
} mlp_logits;

/** Append the rows of a dataset, run through the model of a checkpoint.
 *  @param checkpoint  with softmax outputs, or one sigmoid
 *  @param threads  0: one for each core
 *  MLP_ERROR_INTERNAL without memory; errors of reading rows. */
mlp_status mlp_logits_append(mlp_logits *logits,
                             const mlp_checkpoint *checkpoint, size_t threads,
                             const mlp_dataset *dataset);
void mlp_logits_destroy(mlp_logits *logits);

/** The factor b = 1 / temperature of the logits with the least mean log loss.
 *
 *  The log loss is convex in b. Its derivative is the mean over rows of sum_k
 *  z_k p_k - z_label with p = softmax(b z), and is 0 at the result, found by
 *  bisection of log b on [-16, 16]; sums are in the order of rows. Source: the
 *  bisection of probmetrics (Berta, Holzmueller, Jordan and Bach 2025,
 * "Rethinking early stopping: refine, then calibrate").
 *
 *  MLP_ERROR_DATA when there is no such factor: all rows are predicted right,
 * so that a larger one is always better; or the logits are no better than
 * chance. */
mlp_status mlp_temperature_fit(const mlp_logits *logits, double *factor);

/** Multiply the logits of a checkpoint's result by a factor: its parameters
 *  become the result with the last layer's weights and biases times it, rounded
 *  to float32, so a logit differs from the factor times the old one by rounding
 *  alone. Moments are dropped: the state is for use, not to be resumed. */
void mlp_temperature_apply(mlp_checkpoint *checkpoint, double factor);

#endif
