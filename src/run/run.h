/** @file
 *  The story of a run: from a configuration to trained weights.
 */
#ifndef MLP_RUN_H
#define MLP_RUN_H

#include "base/status.h"
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
