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

#include "base/metrics.h"
#include "config/config.h"

typedef struct {
    FILE *out;
    bool is_wanted;
    bool has_color, has_utf8; /**< of the terminal */
    bool is_drawn;            /**< the cursor stands before a drawn line */
    double drawn_seconds;
    uint64_t epochs; /**< of the run */
    size_t steps;    /**< of an epoch, as last drawn */
    mlp_tally train; /**< the newest that is not empty */
    /* Where this process met the run: the time left is told from here. */
    bool has_met;
    double first_position; /**< steps done before, in all epochs */
    double first_seconds;
    /* Where it met this epoch, a resumed one in its middle: so is the rate. */
    uint64_t epoch;
    uint64_t epoch_rows;
    double epoch_seconds;
    double rate; /**< rows a second, as last known; 0: not yet */
} mlp_progress;

/** Decide whether to draw at all. Automatic: `out` is a terminal with a known
 *  width (mpirun hands its ranks a terminal of width 0 when its own output is
 *  a file). Never where TERM says that lines cannot be rewritten. A stream that
 *  is drawn on becomes fully buffered: flush what is to be seen. */
void mlp_progress_init(mlp_progress *progress, FILE *out,
                       mlp_progress_mode mode, uint64_t epochs);

/** Whether a tenth of a second has gone since the last draw. */
bool mlp_progress_is_due(const mlp_progress *progress);

/** Draw the line within the terminal's width; nothing below 20 columns. The
 *  line before it is overwritten in place, and the cursor stays at its
 *  beginning: when the window gets narrower and the terminal folds the line,
 *  the next one begins where this one did.
 *  @param train  of the epoch so far; when it has no rows yet, what was shown
 *                before stays
 *  Other arguments as of mlp_runlog_step. */
void mlp_progress_draw(mlp_progress *progress, uint64_t epoch, size_t step,
                       size_t steps, const mlp_tally *train);

/** Take the line away, so that a normal line can be printed. The stream is not
 *  flushed: line gone and line printed are seen at once. */
void mlp_progress_erase(mlp_progress *progress);

#endif
