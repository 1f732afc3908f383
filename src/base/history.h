/** @file
 *  The record of each finished epoch. Checkpoints store the records, so that
 *  curves continue after a resume.
 */
#ifndef MLP_HISTORY_H
#define MLP_HISTORY_H

#include <stddef.h>
#include <stdint.h>

#include "metrics.h"
#include "status.h"

/** One finished epoch. A data set that is absent has a tally of 0 rows. */
typedef struct {
    uint64_t epoch; /**< from 1 */
    uint64_t step;  /**< global steps done when the epoch ended */
    mlp_tally train, validation, test;
    double learning_rate;
    double wall_seconds;
} mlp_epoch_record;

/** Zero-initialize to begin. */
typedef struct {
    mlp_epoch_record *records;
    size_t count, capacity;
} mlp_history;

mlp_status mlp_history_add(mlp_history *history,
                           const mlp_epoch_record *record);
void mlp_history_destroy(mlp_history *history);

#endif
