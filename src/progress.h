/** @file
 *  The line on a terminal that is rewritten while an epoch goes on. Private
 *  to the run log.
 */
#ifndef MLP_PROGRESS_H
#define MLP_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "mlp/config.h"
#include "mlp/metrics.h"

typedef struct {
    FILE *out;
    bool is_wanted;
    bool is_drawn; /**< the cursor stands behind a drawn line */
    double drawn_seconds;
    uint64_t epochs; /**< of the run */
    /* Where this process met the epoch: rates are counted from here. */
    uint64_t epoch;
    size_t first_step;
    uint64_t first_rows;
    double first_seconds;
} mlp_progress;

/** Decide whether to draw at all. Automatic: `out` is a terminal with a known
 *  width (mpirun hands its ranks a terminal of width 0 when its own output is
 *  a file). Never where TERM says that lines cannot be rewritten. */
void mlp_progress_init(mlp_progress *progress, FILE *out,
                       mlp_progress_mode mode, uint64_t epochs);

/** Whether a tenth of a second has gone since the last draw. */
bool mlp_progress_is_due(const mlp_progress *progress);

/** Draw the line within the terminal's width; nothing below 20 columns.
 *  Arguments as of mlp_runlog_step. */
void mlp_progress_draw(mlp_progress *progress, uint64_t epoch, size_t step,
                       size_t steps, const mlp_tally *train);

/** Take the line away, so that a normal line can be printed. */
void mlp_progress_erase(mlp_progress *progress);

#endif
