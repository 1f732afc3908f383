/** @file
 *  The node team of a node: the threads of all its ranks, which compute a step
 *  together as if they were those of one process. What they read and write lies
 *  in memory that the node shares. A rank hands in the rows of its own shards;
 *  after that a thread owns outputs (columns, rows, parameters) of the whole
 *  node's batch, whoever the rows came from. So nobody writes a whole gradient,
 *  and what the tree over the node's shards adds up stays in registers.
 *
 *  Ranks beyond the cores of the node do not compute ("idle"): they hand in
 *  their rows and sleep. So it is with all ranks but one where a step is too
 *  short to be shared.
 */
#ifndef MLP_NODE_TEAM_H
#define MLP_NODE_TEAM_H

#include <stdbool.h>
#include <stddef.h>

#include "base/range.h"
#include "base/status.h"
#include "comm.h"
#include "system/threads.h"

typedef struct mlp_node_team mlp_node_team;

typedef struct {
    size_t threads; /**< of this rank, at most */
    bool is_short;  /**< steps are too short to be shared; the same on all */
    bool is_alone;  /**< each rank is a node team of its own; the same on all */
} mlp_node_team_wish;

/** Collective. MLP_ERROR_INTERNAL without memory. The comm must outlive it. */
mlp_status mlp_node_team_create(mlp_comm *comm, const mlp_node_team_wish *wish,
                                mlp_node_team **team);
void mlp_node_team_destroy(mlp_node_team **team); /**< Collective. */

/** The team whose ranks on this node are the node team: the one of create, or
 * this rank alone. */
mlp_comm *mlp_node_team_home(const mlp_node_team *team);

/** The run of shards, of `shards` in all, that the ranks of this node team own.
 */
mlp_range mlp_node_team_shards(const mlp_node_team *team, size_t shards);

/** Ranks of the node team that compute; which of them this one is, `workers` or
 * more if it is idle; threads of all of them, at most. */
size_t mlp_node_team_workers(const mlp_node_team *team);
size_t mlp_node_team_worker(const mlp_node_team *team);
size_t mlp_node_team_threads(const mlp_node_team *team);
bool mlp_node_team_is_idle(const mlp_node_team *team);

/** Memory for the whole node team: `bytes`, the same on all, zeroed and 64-byte
 *  aligned. It goes with the node team. Collective. */
mlp_status mlp_node_team_share(mlp_node_team *team, size_t bytes,
                               void **memory);

/* A batch, and the next one. Workers: join, which takes the rows in; compute,
 * and meet; dismiss. Idle ranks: hand_in; await. */

/** This thread's part of this rank's rows is in its place. Wait until those of
 *  all ranks are; a lone rank has nobody to wait for, and its threads may still
 *  be at theirs. Every thread of the rank calls.
 *  @param self  the thread in its rank
 *  @return      the same thread in the node team */
mlp_thread mlp_node_team_join(mlp_node_team *team, mlp_thread self);

/** Wait for all working threads of the node team.
 *  @param self  the thread in its rank
 *  @param me    the same thread in the node team */
void mlp_node_team_meet(mlp_node_team *team, mlp_thread self, mlp_thread me);

/** Let idle ranks go on: nobody needs the rows that they handed in any more.
 *  From the node team's thread 0, after all have met. */
void mlp_node_team_dismiss(mlp_node_team *team);

/** An idle rank's rows are in their place. Does not wait. From its only
 *  thread. */
void mlp_node_team_hand_in(mlp_node_team *team);

/** Wait for the next dismissal. From an idle rank's only thread. */
void mlp_node_team_await(mlp_node_team *team);

#endif
