/** @file
 *  Early stopping and learning-rate reduction from the history of finished
 *  epochs: whether to stop, whether to lower the rate, which epoch was best. A
 *  function of the history alone, so that a resumed run decides the same.
 *
 *  The metric is of the validation rows, or of the training rows where there
 *  are none; never of the test rows.
 */
#ifndef MLP_EARLY_STOPPING_H
#define MLP_EARLY_STOPPING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/history.h"
#include "config/config.h"

typedef struct {
    uint64_t best;       /**< best epoch, from 1; 0 before the first */
    uint64_t waited;     /**< epochs since then */
    uint64_t reductions; /**< reductions of the rate by schedule plateau */
    bool stops;          /**< --patience epochs without improvement */
} mlp_early_stopping;

/** The monitored metric of some rows, negated where lower is better; NAN where
 *  it is undefined. */
double mlp_monitored(const mlp_config *config, const mlp_tally *tally);

/** An epoch improves on the best one when config->monitor, the monitored
 *  metric, is better by more than config->min_delta; whether higher or lower is
 *  better is in base/metrics.c. An epoch in which it is undefined is not.
 *
 *  Early stopping after `patience` epochs without improvement: Prechelt 1998,
 *  "Early stopping - but when?". The schedule plateau multiplies the rate by
 *  gamma after each `plateau` such epochs in a row, like ReduceLROnPlateau of
 *  Keras. */
mlp_early_stopping mlp_early_stopping_of(const mlp_config *config,
                                         const mlp_history *history);

#endif
