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

/** Where a run takes place, and on what. */
typedef struct {
    mlp_comm *comm;
    mlp_stop *stop;     /**< of this rank: ends the run early; not NULL */
    mlp_source *source; /**< that the caller has opened, the same rows on every
                             rank, and closes; NULL: config->data */
    bool is_guest;      /**< in somebody's program: print no digest (and with
                             config->quiet nothing else), and don't go by the
                             time of a batch job, which is the program's */

    /** Go on from this state's weights, moments, scaling and classes, with
     *  epochs and steps counted from 0; NULL: begin, or resume, as the
     *  configuration says. Without checkpoints. Its model must be the
     *  configuration's. */
    const mlp_checkpoint *start;

    /** Overwritten, on every rank, when the run returns MLP_OK, or MLP_STOPPED
     *  after its first step could begin: the state at the end of the last epoch
     *  that was closed, with the history of this run, for the caller to
     *  destroy. NULL: none is wanted. */
    mlp_checkpoint *result;

    /** Called on every rank after each epoch; true on one ends the run on all
     *  with MLP_STOPPED, unless it is over. NULL on all or none. */
    bool (*on_epoch)(void *context, const mlp_epoch_record *record);
    void *context; /**< handed to it */
} mlp_run_setting;

/** Train as the configuration says, log, save, report, and print the weights'
 *  digest as the last line on stdout. With config->plan only say what that
 *  would take, and with config->verify whether it gives the one digest.
 *
 *  MLP_OK; MLP_STOPPED when a stop was wanted on some rank, saved if there is a
 *  checkpoint directory; MLP_DIVERGED; MLP_ERROR_USAGE, among others, when
 *  config->verify meets rows of the caller's; or the status of what went wrong.
 *  The same on every rank. Collective.
 */
mlp_status mlp_run(const mlp_run_setting *setting, const mlp_config *config);

#endif
