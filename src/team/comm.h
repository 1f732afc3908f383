/** @file
 *  The team: the ranks that train together. A serial team of one is in src/,
 *  the team over MPI in mpi/; callers use both in the same way.
 *
 *  "Collective" means: every rank of the team calls, in the same order, from
 *  its main thread. When MPI itself fails, ranks cannot agree on anything: a
 *  collective call then ends the job (mlp_comm_abort).
 */
#ifndef MLP_COMM_H
#define MLP_COMM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "pulse.h"

typedef struct mlp_comm mlp_comm;

/** The team of all ranks of this launch. Defined twice, linked once: over MPI
 *  for mlp_train, serial for the tools and the unit tests. The MPI one is a
 *  serial team, without MPI_Init, when no launcher started this process.
 *  Collective. */
mlp_status mlp_comm_world_create(int *argc, char ***argv, mlp_comm **comm);

/** A team of one. */
mlp_status mlp_comm_serial_create(mlp_comm **comm);

/** Leave the team. Collective. */
void mlp_comm_destroy(mlp_comm **comm);

/** End all ranks at once with this exit code, when a rank cannot reach the next
 *  collective. Prints the failure (mlp_failure), if any, to stderr first:
 *  "mlp_train: rank 3: ...". Not collective. Does not return. */
void mlp_comm_abort(mlp_comm *comm, mlp_status status)
    __attribute__((noreturn));

/** End this process at once, from any thread, without a message. The launcher
 *  then ends the other ranks. */
void mlp_comm_leave(mlp_status status) __attribute__((noreturn));

/** Where this rank reports its progress; see pulse.h. Never NULL. */
mlp_pulse *mlp_comm_pulse(mlp_comm *comm);

/** Report it here from now on; NULL: in memory of its own. Not collective. */
void mlp_comm_set_pulse(mlp_comm *comm, mlp_pulse *pulse);

size_t mlp_comm_rank(const mlp_comm *comm);
size_t mlp_comm_size(const mlp_comm *comm);

/** Whether MPI allows this process no thread but the one that calls it
 *  (MPI_THREAD_SINGLE). The same on all ranks. */
bool mlp_comm_is_single(const mlp_comm *comm);

/** Ranks that share this rank's memory are a node. */
typedef struct {
    size_t rank, size;        /**< of this rank within its node */
    size_t node, nodes;       /**< which node, of how many */
    size_t smallest;          /**< size of the smallest node */
    size_t ranks;             /**< of the team */
    const size_t *node_of;    /**< [ranks]: the node of each; nodes are numbered
                                   in the order of their lowest ranks */
    const size_t *local_rank; /**< [ranks]: the rank of each in its node, in
                                   the same order */
} mlp_comm_place;
const mlp_comm_place *mlp_comm_where(const mlp_comm *comm);

/** Agree on the status of a phase: MLP_OK if all ranks pass MLP_OK, else the
 *  status of the lowest rank that failed. Every rank then has that rank's
 *  failure text (mlp_failure), which begins with "rank 3: ", with several nodes
 *  "rank 3 on node07: ", unless all ranks failed. Every phase that can fail on
 *  one rank ends with this. Collective. */
mlp_status mlp_comm_agree(mlp_comm *comm, mlp_status mine);

/** The same, but ranks sleep while they wait: for a phase in which one rank
 *  works for seconds. Collective. */
mlp_status mlp_comm_agree_sleeping(mlp_comm *comm, mlp_status mine);

/** Copy rank 0's bytes, or those of rank `root`, to all. n, of any size, and
 *  root are the same on all ranks. Collective. */
mlp_status mlp_comm_broadcast(mlp_comm *comm, void *bytes, size_t n);
mlp_status mlp_comm_broadcast_from(mlp_comm *comm, size_t root, void *bytes,
                                   size_t n);

/** Sum, or maximum, element by element, over all ranks, in place.
 *  Unsigned integers: exact in any order. Collective. */
mlp_status mlp_comm_sum(mlp_comm *comm, uint64_t *values, size_t n);
mlp_status mlp_comm_max(mlp_comm *comm, uint64_t *values, size_t n);

/** Set *claim to whether it is true on any rank. Collective. */
mlp_status mlp_comm_any(mlp_comm *comm, bool *claim);

/** The largest value over all ranks, and the lowest rank with this value.
 *  Collective. */
mlp_status mlp_comm_max_rank(mlp_comm *comm, uint32_t *value, size_t *rank);

/** Memory that the ranks of a node share. */
typedef struct mlp_shared mlp_shared;

/** Allocate `bytes` on this rank (may differ between ranks, may be 0), zeroed
 *  and 64-byte aligned, visible to its node.
 *  @param segments  [node size], overwritten: where each rank's memory is in
 *                   this process
 *  Collective. MLP_ERROR_INTERNAL on all ranks if it fails on one. */
mlp_status mlp_comm_share(mlp_comm *comm, size_t bytes, void **segments,
                          mlp_shared **shared);
void mlp_shared_destroy(mlp_shared **shared); /**< Collective. */

/** Bytes that this rank's node has left to share; UINT64_MAX if that is
 *  unknown, or this team has one rank. Not collective. */
uint64_t mlp_comm_shared_room(mlp_comm *comm);

/** Transfers that repeat, with the same memory and sizes each time: between
 *  nodes, by ranks with the same local rank, or sums over all ranks. Several
 * may be in flight while the ranks compute, but they may progress only in
 *  mlp_transfers_test. */
typedef struct mlp_transfers mlp_transfers;

/** What this rank sends to one node and receives from it; 0 bytes are
 *  allowed. */
typedef struct {
    const void *from; /**< [sent] bytes */
    void *to;         /**< [received] bytes */
    size_t sent, received;
} mlp_lane;

/** For `count` transfers, at most INT16_MAX, to be planned next. Only in a team
 *  of several ranks. Not collective. MLP_ERROR_INTERNAL. */
mlp_status mlp_transfers_create(mlp_comm *comm, size_t count,
                                mlp_transfers **transfers);
void mlp_transfers_destroy(mlp_transfers **transfers); /**< None in flight. */

/** Define transfer i, which is not in flight; again if sizes change. Sizes must
 *  match at both ends.
 *  @param lanes  [nodes]; the lane of this rank's own node is ignored
 *  Not collective. MLP_ERROR_INTERNAL for a lane of 2 GiB or more. */
mlp_status mlp_transfers_plan(mlp_transfers *transfers, size_t i,
                              const mlp_lane *lanes);

typedef enum { MLP_SUM_FLOAT, MLP_SUM_DOUBLE } mlp_sum_type;

/** Define transfer i as the sum of n numbers over all ranks, element by
 * element, in place. MPI chooses the order of additions, so rounding depends on
 * the number of ranks, but all ranks get the same bits. MLP_ERROR_INTERNAL for
 * more than INT_MAX numbers. */
mlp_status mlp_transfers_plan_sum(mlp_transfers *transfers, size_t i,
                                  mlp_sum_type type, void *numbers, size_t n);

/** Begin transfer i: its send buffers are complete, its receive buffers are
 *  overwritten from now on. The ranks at the other ends begin it, too.
 *  Different transfers may begin in any order, sums in the same one on all
 *  ranks. From the main thread. */
mlp_status mlp_transfers_begin(mlp_transfers *transfers, size_t i);

/** Whether transfer i, which was begun, is complete: all is received, and the
 *  send buffers may be overwritten. Progresses all transfers. From the main
 *  thread. */
mlp_status mlp_transfers_test(mlp_transfers *transfers, size_t i,
                              bool *is_over);

#endif
