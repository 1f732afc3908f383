/** @file
 *  The progress line on a terminal, which is redrawn during an epoch. Private
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
    bool is_drawn; /**< a line is drawn, and the cursor at its start */
    double drawn_seconds;
    uint64_t epochs; /**< of the run */
    size_t steps;    /**< of an epoch, as last drawn */
    mlp_tally train; /**< the last one that is not empty */
    /* Start of this process's part of the run, for the time left. */
    bool has_begun;
    double first_position; /**< steps done before, in all epochs */
    double first_seconds;
    /* Start of this process's part of the epoch, for the rate. */
    uint64_t epoch;
    uint64_t epoch_rows;
    double epoch_seconds;
    double rate; /**< rows per second, last value; 0: unknown */
} mlp_progress;

/** Decide whether to draw. Automatic: if `out` is a terminal with a known width
 *  (mpirun gives its ranks a terminal of width 0 when its own output is a
 *  file). Never if TERM cannot redraw lines. The stream becomes fully buffered:
 *  flush it to show output. */
void mlp_progress_init(mlp_progress *progress, FILE *out,
                       mlp_progress_mode mode, uint64_t epochs);

/** Whether a tenth of a second has passed since the last draw. */
bool mlp_progress_is_due(const mlp_progress *progress);

/** Draw the line within the terminal's width; nothing below 20 columns. It
 *  replaces the previous line, and the cursor stays at its start: if the window
 *  gets narrower and wraps the line, the next one starts at the same place.
 *  @param train  of the epoch so far; if it has no rows yet, the last one shown
 *  Other arguments as for mlp_runlog_step. */
void mlp_progress_draw(mlp_progress *progress, uint64_t epoch, size_t step,
                       size_t steps, const mlp_tally *train);

/** Erase the line, so that a normal line can be printed. The stream is not
 *  flushed: both changes then appear at once. */
void mlp_progress_erase(mlp_progress *progress);

#endif
