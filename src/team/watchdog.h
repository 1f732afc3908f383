/** @file
 *  The watchdog ends a job that hangs and reports which rank is stuck. A
 *  stopped rank, a dead disk or a deadlock would otherwise keep all ranks
 *  waiting until the job's time limit.
 *
 *  A thread of each rank reads the pulses (pulse.h) of its node. When none has
 *  changed for the limit, one rank of the node prints a line with the stuck
 *  rank and the state of every rank, and exits with MLP_ERROR_INTERNAL; the
 *  launcher then ends the others. With several nodes the one with the stuck
 *  rank reports first, the others a little later, in case it cannot.
 */
#ifndef MLP_WATCHDOG_H
#define MLP_WATCHDOG_H

#include "base/status.h"
#include "comm.h"

typedef struct mlp_watchdog mlp_watchdog;

/** Watch the ranks of a team of several.
 *  @param limit_seconds  without progress; 0: no watchdog
 *  @param watchdog       NULL when none is needed
 *  Collective. MLP_ERROR_INTERNAL on all ranks. */
mlp_status mlp_watchdog_create(mlp_comm *comm, double limit_seconds,
                               mlp_watchdog **watchdog);

/** Before the team is destroyed: from now on watch only this rank.
 *  Collective. */
void mlp_watchdog_detach(mlp_watchdog *watchdog);

/** Not collective. */
void mlp_watchdog_destroy(mlp_watchdog **watchdog);

#endif
