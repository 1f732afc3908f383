/** @file
 *  A run: from a configuration to trained weights.
 */
#ifndef MLP_RUN_H
#define MLP_RUN_H

#include <stdbool.h>

#include "base/history.h"
#include "base/status.h"
#include "checkpoint/checkpoint.h"
#include "config/config.h"
#include "source/source.h"
#include "system/stop.h"
#include "team/comm.h"

/** What a run of a fold comes to. */
typedef struct {
    unsigned char digest[MLP_DIGEST_BYTES]; /**< of the weights */
    mlp_epoch_record record; /**< of the epoch whose weights they are */
} mlp_run_outcome;

/** The ranks, rows and callbacks of a run. */
typedef struct {
    mlp_comm *comm;
    mlp_stop *stop;     /**< of this rank: ends the run early; not NULL */
    mlp_source *source; /**< opened and closed by the caller, the same rows on
                             every rank; NULL: config->data */
    bool is_guest;      /**< called from another program: print no digest (and
                             with config->quiet nothing else), and ignore the
                             time limit of the batch job */

    /** Continue from this state's weights, moments, scaling and classes, with
     *  epochs and steps counted from 0. Its model must be the configuration's,
     *  and there must be no checkpoint directory. NULL: start or resume as
     *  configured. */
    const mlp_checkpoint *start;

    /** Overwritten on every rank when the run returns MLP_OK, or MLP_STOPPED
     *  after set-up: the state at the end of the last closed epoch, with the
     *  history of this run. The caller destroys it. NULL: no result. */
    mlp_checkpoint *result;

    /** Called on every rank after each epoch. If it returns true on some rank,
     *  the run ends on all ranks with MLP_STOPPED, unless that was the last
     *  epoch. NULL on all ranks or on none. */
    bool (*on_epoch)(void *context, const mlp_epoch_record *record);
    void *context; /**< passed to on_epoch */

    /** Of a fold of a run of several models: overwritten on rank 0 when the run
     *  returns MLP_OK; no report is printed. NULL: the run is one by itself. */
    mlp_run_outcome *outcome;
} mlp_run_setting;

/** Train as configured, log, save, report, and print the digest of the weights
 *  as the last line on stdout. With config->plan only predict times, and with
 *  config->verify only check digests. With config->folds train several models,
 *  one after another, and print the digest of their digests.
 *
 *  MLP_OK; MLP_STOPPED when some rank was asked to stop, after a save if there
 *  is a checkpoint directory; MLP_DIVERGED; MLP_ERROR_USAGE, among others, for
 *  config->verify together with setting->source; or the status of the failure.
 *  The same on every rank. Collective.
 */
mlp_status mlp_run(const mlp_run_setting *setting, const mlp_config *config);

#endif
