/** @file
 *  The node team: the threads of all ranks of a node, which compute a step
 *  together in shared memory, like threads of one process. Each rank
 *  contributes the rows of its shards; then each thread owns outputs (columns,
 *  rows, parameters) of the whole node's batch. So no thread writes a whole
 *  gradient, and the sum over the node's shards in the tree stays in registers.
 *
 *  Ranks in excess of the node's cores are idle: they contribute their rows and
 *  sleep. When steps are too short to be shared, all ranks but one are idle.
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
    bool is_alone;  /**< each rank is its own node team; the same on all */
} mlp_node_team_wish;

/** Collective. MLP_ERROR_INTERNAL without memory. The comm must outlive it. */
mlp_status mlp_node_team_create(mlp_comm *comm, const mlp_node_team_wish *wish,
                                mlp_node_team **team);
void mlp_node_team_destroy(mlp_node_team **team); /**< Collective. */

/** The comm whose ranks on this node form the node team: that of create, or
 *  this rank's own. */
mlp_comm *mlp_node_team_home(const mlp_node_team *team);

/** The range of shards, of `shards` in all, that this node team owns. */
mlp_range mlp_node_team_shards(const mlp_node_team *team, size_t shards);

/** Number of ranks that compute (workers); index of this one among them, >=
 *  workers if it is idle; maximum number of threads of all workers. */
size_t mlp_node_team_workers(const mlp_node_team *team);
size_t mlp_node_team_worker(const mlp_node_team *team);
size_t mlp_node_team_threads(const mlp_node_team *team);
bool mlp_node_team_is_idle(const mlp_node_team *team);

/** Whether the workers of this node have more threads than cores. */
bool mlp_node_team_is_crowded(const mlp_node_team *team);

/** Allocate shared memory of `bytes`, the same on all ranks, zeroed and 64-byte
 *  aligned. Freed with the node team. Collective. */
mlp_status mlp_node_team_share(mlp_node_team *team, size_t bytes,
                               void **memory);

/* For each batch, workers call join, compute with meet as their barrier, and
 * dismiss; idle ranks call hand_in and await. */

/** This thread has written its part of this rank's rows. Waits until all ranks'
 *  rows are written; on a single rank it does not wait, not even for the rank's
 *  other threads. Every thread of the rank calls.
 *  @param self  the thread in its rank
 *  @return      the same thread in the node team */
mlp_thread mlp_node_team_join(mlp_node_team *team, mlp_thread self);

/** Barrier of all threads of the workers.
 *  @param self  the thread in its rank
 *  @param me    the same thread in the node team */
void mlp_node_team_meet(mlp_node_team *team, mlp_thread self, mlp_thread me);

/** Release idle ranks: their rows are no longer needed. From the node team's
 *  thread 0, after a meet. */
void mlp_node_team_dismiss(mlp_node_team *team);

/** An idle rank has written its rows. Does not wait. From its only thread. */
void mlp_node_team_hand_in(mlp_node_team *team);

/** Wait for the next dismiss. From an idle rank's only thread. */
void mlp_node_team_await(mlp_node_team *team);

#endif
