/** @file
 *  The team: the ranks that train together. A serial team of one is in src/,
 *  the team over MPI in mpi/; nothing else knows which one it talks to.
 *
 *  "Collective" means: every rank of the team calls, in the same order, from
 *  its main thread. When the transport itself fails, ranks can agree on nothing
 *  any more: then a call that all ranks make ends the job (mlp_comm_abort).
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

/** End every rank at once with this exit code, because one of them can reach no
 *  collective any more; first say why on stderr, "mlp_train: rank 3: ...", if a
 *  reason is remembered (mlp_failure). Not collective. Does not return. */
void mlp_comm_abort(mlp_comm *comm, mlp_status status)
    __attribute__((noreturn));

/** End this process at once, from any thread, without a word: the launcher
 *  notices, and ends the other ranks. */
void mlp_comm_leave(mlp_status status) __attribute__((noreturn));

/** Where this rank shows that it goes on; see pulse.h. Never NULL. */
mlp_pulse *mlp_comm_pulse(mlp_comm *comm);

/** Show it here from now on; NULL: where nobody looks. Not collective. */
void mlp_comm_set_pulse(mlp_comm *comm, mlp_pulse *pulse);

size_t mlp_comm_rank(const mlp_comm *comm);
size_t mlp_comm_size(const mlp_comm *comm);

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

/** Agree on how a phase went: MLP_OK if it was MLP_OK for all, else the status
 *  of the lowest rank that failed, whose line (mlp_failure) every rank then
 *  holds; it begins with "rank 3: " unless all ranks failed, with several
 *  nodes with "rank 3 on node07: ". Every phase that can fail on one rank ends
 *  with this. Collective. */
mlp_status mlp_comm_agree(mlp_comm *comm, mlp_status mine);

/** The same for a phase in which one rank works for seconds: the others sleep.
 *  Collective. */
mlp_status mlp_comm_agree_patiently(mlp_comm *comm, mlp_status mine);

/** Copy rank 0's bytes, or those of the rank `root`, to all. n and root are the
 *  same everywhere; any size. Collective. */
mlp_status mlp_comm_broadcast(mlp_comm *comm, void *bytes, size_t n);
mlp_status mlp_comm_broadcast_from(mlp_comm *comm, size_t root, void *bytes,
                                   size_t n);

/** Sum, or take the largest, element by element, over all ranks, in place.
 *  Unsigned integers: exact in any order. Collective. */
mlp_status mlp_comm_sum(mlp_comm *comm, uint64_t *values, size_t n);
mlp_status mlp_comm_max(mlp_comm *comm, uint64_t *values, size_t n);

/** Whether the claim is true on some rank. Collective. */
mlp_status mlp_comm_any(mlp_comm *comm, bool *claim);

/** The largest value over all ranks, and the lowest rank that has it.
 *  Collective. */
mlp_status mlp_comm_max_rank(mlp_comm *comm, uint32_t *value, size_t *rank);

/** Sums under way: the ranks compute while the transport adds. */
typedef struct mlp_sums mlp_sums;

typedef enum { MLP_SUM_FLOAT, MLP_SUM_DOUBLE } mlp_sum_type;

/** Room for `count` sums at a time, of which none is under way yet. Not
 *  collective. MLP_ERROR_INTERNAL without memory. */
mlp_status mlp_sums_create(mlp_comm *comm, size_t count, mlp_sums **sums);
void mlp_sums_destroy(mlp_sums **sums); /**< None may be under way. */

/** Begin sum i: add n numbers element by element over all ranks, in place. The
 *  transport chooses the order, so rounding depends on the number of ranks;
 *  but all ranks get the same bits. Nobody touches the numbers until
 *  mlp_sums_end. Collective. */
mlp_status mlp_sums_begin(mlp_sums *sums, size_t i, mlp_sum_type type,
                          void *numbers, size_t n);

/** Progress: a transport may move only while it is called. From the main
 *  thread; not collective. */
mlp_status mlp_sums_poke(mlp_sums *sums);

/** Wait for sum i, if it is under way. From the main thread. */
mlp_status mlp_sums_end(mlp_sums *sums, size_t i);

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

/** Transfers between nodes that repeat: the same memory and sizes each time,
 *  between the ranks that have one local rank. They go on side by side, while
 *  the ranks compute, but maybe only while somebody tests one. */
typedef struct mlp_transfers mlp_transfers;

/** What this rank sends to one node, and gets from it; may be no bytes. */
typedef struct {
    const void *from; /**< [sent] bytes */
    void *to;         /**< [received] bytes */
    size_t sent, received;
} mlp_lane;

/** Room for `count` transfers, at most INT16_MAX, that are planned next. Only
 *  in a team of several nodes. Not collective. MLP_ERROR_INTERNAL. */
mlp_status mlp_transfers_create(mlp_comm *comm, size_t count,
                                mlp_transfers **transfers);
void mlp_transfers_destroy(mlp_transfers **transfers); /**< None is under way.*/

/** Say once what transfer i moves. The two ends agree on the sizes.
 *  @param lanes  [nodes]; the one of this rank's own node is left out
 *  Not collective. MLP_ERROR_INTERNAL when a lane is of 2 GiB or more. */
mlp_status mlp_transfers_plan(mlp_transfers *transfers, size_t i,
                              const mlp_lane *lanes);

/** Begin transfer i: what it sends is there, what it receives is overwritten
 *  from now on. In any order, but for the repetitions of one transfer; the
 *  others in its lanes begin theirs, too. From the main thread. */
mlp_status mlp_transfers_begin(mlp_transfers *transfers, size_t i);

/** Whether transfer i is over, if it was begun: all is received, and what was
 *  sent may be overwritten. Helps all transfers along. From the main thread. */
mlp_status mlp_transfers_test(mlp_transfers *transfers, size_t i,
                              bool *is_over);

#endif
