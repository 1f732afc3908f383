/** @file
 *  The story of a run: from a configuration to trained weights.
 */
#ifndef MLP_RUN_H
#define MLP_RUN_H

#include "base/status.h"
#include "config/config.h"
#include "source/source.h"
#include "team/comm.h"

/** Train as the configuration says, log, save, report, and print the weights'
 *  digest as the last line on stdout. With config->plan only say what that
 *  would take, and with config->verify whether it gives the one digest.
 *
 *  MLP_OK; MLP_STOPPED when some rank was asked to (system/stop.h), saved if
 * there is a checkpoint directory; MLP_DIVERGED; or the status of what went
 * wrong. The same on every rank. Collective.
 */
mlp_status mlp_run(mlp_comm *comm, const mlp_config *config);

/** The same on rows of a source that the caller has opened, the same on every
 *  rank, and closes; config->data does not count, and config->verify is
 *  MLP_ERROR_USAGE. Collective. */
mlp_status mlp_run_on(mlp_comm *comm, const mlp_config *config,
                      mlp_source *source);

#endif
