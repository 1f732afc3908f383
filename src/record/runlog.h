/** @file
 *  The log of a run (JSON lines, `--log FILE`) and its progress (a redrawn line
 *  on a terminal, plain lines in a file). Called by rank 0 only.
 */
#ifndef MLP_RUNLOG_H
#define MLP_RUNLOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/digest.h"
#include "base/history.h"
#include "base/status.h"
#include "config/config.h"
#include "source/source.h"

/** Where the run executes. */
typedef struct {
    size_t ranks, threads, cores; /**< cores available to a node's ranks */
    size_t nodes;
    const char *between_nodes[2]; /**< as the trainer says of several */
    bool is_bound; /**< rank 0 is bound to some cores of its node */
    const char *instruction_set; /**< of the kernels: "avx512", "avx2" ... */
    const char *data;            /**< the source's name */
    size_t train_rows, validation_rows, test_rows;
    const mlp_table_counts *counts; /**< of a table; else NULL */
    size_t parameters;
    const size_t *widths; /**< [layers + 1] */
    size_t layers;
    const char *origin; /**< digest of the state that the run started from;
                             NULL: none */
} mlp_placement;

typedef struct mlp_runlog mlp_runlog;

/** Open config->log (if any) and determine what stdout is. A resumed run
 *  appends, after removing records of steps after `resume_step`, and of epochs
 *  after `resume_epoch`, that an earlier, killed run has written, so that no
 *  record is duplicated. MLP_ERROR_IO; MLP_ERROR_DATA when the file is not a
 *  run log.
 *  @param resume_step   UINT64_MAX for a new run: the file starts empty
 *  @param resume_epoch  epochs that are evaluated and recorded */
mlp_status mlp_runlog_open(const mlp_config *config, uint64_t resume_step,
                           uint64_t resume_epoch, mlp_runlog **log);

/** Write what is buffered and close; MLP_ERROR_IO when that fails. */
mlp_status mlp_runlog_close(mlp_runlog **log);

/** {"event":"start"} with the configuration; the start-up lines on stdout.
 *  @param resumed_from  path of the checkpoint, NULL for a new run */
mlp_status mlp_runlog_start(mlp_runlog *log, const mlp_config *config,
                            const mlp_placement *placement,
                            const char *resumed_from);

/** Whether to call mlp_runlog_step now: on a terminal, at most ten times per
 *  second. Cheap. */
bool mlp_runlog_wants_step(mlp_runlog *log);

/** Redraw the progress line within an epoch.
 *  @param step, steps  of this epoch
 *  @param train        tally of the epoch so far */
void mlp_runlog_step(mlp_runlog *log, uint64_t epoch, size_t step, size_t steps,
                     const mlp_tally *train);

/** {"event":"epoch"}; the epoch's line on stdout. */
mlp_status mlp_runlog_epoch(mlp_runlog *log, const mlp_epoch_record *record);

/** {"event":"profile"}: time by phase of this process's training.
 *  @param nanoseconds  [ranks, MLP_PHASES], mean over a rank's threads
 *  @param sent         bytes and messages between nodes, of all ranks */
mlp_status mlp_runlog_profile(mlp_runlog *log, uint64_t step,
                              const uint64_t *nanoseconds, size_t ranks,
                              const uint64_t sent[2]);

/** {"event":"warning"}: a warning at the end of the run.
 *  @param units, dead ReLU units of a layer, and those that are always 0; 0: no
 *  such layer */
mlp_status mlp_runlog_warning(mlp_runlog *log, uint64_t step, const char *text,
                              size_t units, size_t dead);

/** {"event":"end"} or, for a run that stops early, {"event":"stop"}.
 *  @param weights_hex  digest of the weights, printed by the caller last */
mlp_status mlp_runlog_end(mlp_runlog *log, const mlp_epoch_record *last,
                          const char *weights_hex, double wall_seconds,
                          bool is_finished);

#endif
