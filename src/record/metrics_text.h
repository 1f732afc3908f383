/** @file
 *  Metrics and the calibration of probabilities as text.
 */
#ifndef MLP_METRICS_TEXT_H
#define MLP_METRICS_TEXT_H

#include <stdio.h>

#include "base/metrics.h"
#include "base/reliability.h"

/** A line for each metric that the tally has, but for loss and accuracy: of
 *  classes after an empty line, of numbers without. */
void mlp_metrics_print(FILE *out, const mlp_tally *tally);

/** A reliability diagram after an empty line: for each bin its range, rows,
 * mean probability and share of hits, and this as a bar, with a mark where the
 *  share of calibrated probabilities would be. Nothing without rows.
 *  @param classes  of the model */
void mlp_reliability_print(FILE *out, const mlp_reliability *reliability,
                           size_t classes);

/** What is compared: "probability of class 1" and "rows of class 1", for
 *  several classes "largest probability" and "rows of that class". */
const char *mlp_reliability_probability_name(size_t classes);
const char *mlp_reliability_share_name(size_t classes);

#endif
