/** @file
 *  The watchdog: ends a job that hangs, and says which rank is to blame. A
 *  stopped rank, a dead disk or a deadlock would otherwise keep all ranks
 *  waiting until the job's time is up.
 *
 *  A thread of each rank looks at the pulses (pulse.h) of its node. When none
 *  has moved for the limit, one rank prints a line with the rank that is stuck
 *  and what every rank is at, and leaves with MLP_ERROR_INTERNAL; the launcher
 *  then ends the others. On several nodes the one with the stuck rank speaks
 *  first, the others a little later, should it have lost its voice.
 */
#ifndef MLP_WATCHDOG_H
#define MLP_WATCHDOG_H

#include "base/status.h"
#include "comm.h"

typedef struct mlp_watchdog mlp_watchdog;

/** Watch the ranks of a team of several.
 *  @param limit_seconds  without any movement; 0: none is made
 *  @param watchdog       NULL when there is nothing to watch
 *  Collective. MLP_ERROR_INTERNAL on all ranks. */
mlp_status mlp_watchdog_create(mlp_comm *comm, double limit_seconds,
                               mlp_watchdog **watchdog);

/** Let go of the team, which ends; go on watching this rank. Collective. */
void mlp_watchdog_detach(mlp_watchdog *watchdog);

/** Not collective. */
void mlp_watchdog_destroy(mlp_watchdog **watchdog);

#endif
