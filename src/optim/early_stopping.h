/** @file
 *  What the finished epochs say about the next: whether to stop, whether to
 *  lower the rate, which epoch was best. A function of the history alone, so
 *  that a resumed run comes to the same verdict.
 *
 *  The metric is that of the validation rows, or of the training rows where
 *  there are none; never of the test rows.
 */
#ifndef MLP_MONITOR_H
#define MLP_MONITOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/history.h"
#include "config/config.h"

typedef struct {
    uint64_t best;       /**< epoch, from 1; 0 before the first */
    uint64_t waited;     /**< epochs since then */
    uint64_t reductions; /**< of the rate, by the schedule plateau */
    bool stops;          /**< --patience epochs passed in vain */
} mlp_verdict;

/** An epoch is better than the best one when its loss is lower, or accuracy
 *  higher, by more than config->min_delta.
 *
 *  Early stopping after `patience` epochs that are not: Prechelt 1998, "Early
 *  stopping - but when?". The schedule plateau multiplies the rate by gamma
 *  after `plateau` such epochs in a row, and counts anew; as
 *  ReduceLROnPlateau of Keras does. */
mlp_verdict mlp_monitor_judge(const mlp_config *config,
                              const mlp_history *history);

#endif
