/** @file
 *  The gradient exchange: sums every node team's gradient and updates the
 *  parameters, on all ranks alike. There are two ways to sum.
 *
 *  MLP_EXCHANGE_TREE: in the one tree of base/tree.h, with parameters that live
 *  once per node. The ranks of a node are one node team (team/node_team.h),
 * which leaves the sums of the node's largest subtrees (base/tree.h) in memory
 * that they share. When all of them have published a layer, each updates its
 * range of the layer in the shared parameters; a single node's sum is complete
 * by then. Nothing is copied back. Between nodes the ranks that own the same
 * range finish the tree together, each a cut of it, while the rest of the step
 * is computed.
 *
 *  MLP_EXCHANGE_MPI: by the transport's own reduction, in whatever order, with
 *  parameters of its own for each rank, which is a node team of its own. It is
 * there to compare with. The two give the same bits on one rank.
 *
 *  Steps allocate nothing.
 */
#ifndef MLP_EXCHANGE_H
#define MLP_EXCHANGE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/status.h"
#include "base/tree.h"
#include "config/config.h"
#include "system/threads.h"
#include "team/comm.h"
#include "team/node_team.h"

typedef struct mlp_exchange mlp_exchange;

/** Floats: all ranges of a layer begin at multiples of it. */
enum { MLP_EXCHANGE_CHUNK = 256 };

typedef struct {
    size_t shards;             /**< V, leaves of the tree */
    size_t layers;             /**< of the model */
    const size_t *layer_sizes; /**< [layers] floats, multiples of 16 */
    size_t states;             /**< vectors kept: parameters and moments */
    size_t metrics_per_shard;  /**< doubles per shard, sent with gradients */
    size_t measures;           /**< doubles that a node's ranks share */
    mlp_exchange_kind kind;    /**< how to sum */
    /** Of every value of the tree, leaves and sums: with MLP_PRECISION_BF16
     *  they are rounded to bfloat16, so 16 bits of them go between nodes. Then
     *  mlp_exchange_subtrees are single leaves. For the tree only. */
    mlp_exchange_precision precision;
} mlp_exchange_shape;

/** Collective. MLP_ERROR_INTERNAL without memory. Comm and node team must
 * outlive it.
 *  @param node team  of this comm, for MLP_EXCHANGE_MPI one of this rank alone;
 * it shares the memory, and keeps it */
mlp_status mlp_exchange_create(mlp_comm *comm, mlp_node_team *node_team,
                               const mlp_exchange_shape *shape,
                               mlp_exchange **exchange);
void mlp_exchange_destroy(mlp_exchange **exchange); /**< Collective. */

/** State vector i (0: parameters, then moments), [sum of layer_sizes], layer
 *  after layer, 64-byte aligned; maybe shared by the ranks of a node. Zero at
 *  first. */
float *mlp_exchange_state(mlp_exchange *exchange, size_t i);

/** Whether this rank is one of those that fill the state vectors between
 *  steps; all ranks agree (mlp_comm_agree) before they read them. */
bool mlp_exchange_fills_state(const mlp_exchange *exchange);

/** Floats of the state vectors that this rank updates of a layer. */
mlp_range mlp_exchange_rank_range(const mlp_exchange *exchange, size_t layer);

/** The largest subtrees within the node team's shards, in order; or these
 *  shards, when every leaf is rounded. */
const mlp_subtree *mlp_exchange_subtrees(const mlp_exchange *exchange,
                                         size_t *count);

/** Where the node team leaves the gradient sum of its subtree i,
 *  [sum of layer_sizes], layer after layer, 64-byte aligned. */
float *mlp_exchange_gradient(mlp_exchange *exchange, size_t i);

/** Where the node team's thread 0 leaves the records of its shards in this
 * step, in order: [node team's shards, metrics_per_shard]. It may write there
 * until it publishes them; at first there are those of an older step. */
double *mlp_exchange_shard_metrics(mlp_exchange *exchange);

/** Update elements first .. first + count - 1 of the state vectors (multiples
 *  of 16) from their gradient sum. Called by several threads at once, for
 *  disjoint elements.
 *  @param sum  [count] */
typedef void mlp_exchange_update(void *context, size_t first, size_t count,
                                 const float *sum);

/* One step, called by all threads of a working rank unless it says so, each
 * with what it is in its rank: publish each layer, from the last to the first;
 * then the records; then for each layer finish and wait; then publish again. An
 * idle rank only calls skip. An error of finish or collect leaves other ranks
 * waiting: mlp_comm_abort. */

/** A step has been taken in which this rank is idle. */
void mlp_exchange_skip(mlp_exchange *exchange);

/** The node team's records are written: tell all ranks. After all threads have
 *  published all layers of this step. Call from the node team's thread 0.
 * Collective, but waits for nobody. */
void mlp_exchange_publish_shard_metrics(mlp_exchange *exchange);

/** Wait for the records of all node teams. Once a step, on every working rank,
 *  before it publishes its next layers.
 *  @param all  [shards, metrics_per_shard], valid until the next step's publish
 *  Call from the rank's thread 0. Collective. */
mlp_status mlp_exchange_collect_shard_metrics(mlp_exchange *exchange,
                                              const double **all);

/** This thread has written its range of this layer of the node team's
 * gradients, and no longer reads the parameters of the layer in this step. The
 * last thread of the rank to say so tells the other ranks. Every thread calls,
 * from the last layer to the first. */
void mlp_exchange_publish(mlp_exchange *exchange, size_t layer,
                          mlp_thread self);

/** Progress: sums between nodes may move only while this is called. Thread 0
 *  calls it between pieces of its work; other threads need not. */
void mlp_exchange_progress(mlp_exchange *exchange, mlp_thread self);

/** Whether sums go between nodes, and take long. The same on all ranks. */
bool mlp_exchange_is_far(const mlp_exchange *exchange);

/** What went between nodes so far. */
typedef struct {
    uint64_t sent_bytes;    /**< by this rank */
    double active_seconds;  /**< something was under way */
    double exposed_seconds; /**< of them, this rank only waited for it */
} mlp_exchange_traffic;
mlp_exchange_traffic mlp_exchange_traffic_of(const mlp_exchange *exchange);

/** Wait until the layer can be finished: what finish does first, for a caller
 *  who wants to know how long it took. Thread 0 calls, and others may. */
void mlp_exchange_await(mlp_exchange *exchange, size_t layer, mlp_thread self);

/** Wait until all ranks that it takes have published the layer, then sum this
 *  rank's range and update it. Every thread of the rank calls; each does its
 *  own range, and gets the same status; the line of a failure is thread 0's.
 *  Layers in the same order on all ranks. Collective. */
mlp_status mlp_exchange_finish(mlp_exchange *exchange, size_t layer,
                               mlp_thread self, mlp_exchange_update *update,
                               void *context);

/* finish in two steps, for an update that needs all sums of all layers first:
 * sum each layer, meet, update the ranges, release each layer. */

/** The first half of finish: `take` gets the sums of this thread's range and
 *  keeps what it needs of them. May be called again before release. Ranges, and
 *  the pieces of them that take gets, begin at multiples of MLP_EXCHANGE_CHUNK
 *  in the layer, and end at one or with the layer. */
mlp_status mlp_exchange_sum(mlp_exchange *exchange, size_t layer,
                            mlp_thread self, mlp_exchange_update *take,
                            void *context);

/** The second half: this thread's range of the layer is up to date. */
void mlp_exchange_release(mlp_exchange *exchange, size_t layer,
                          mlp_thread self);

/** Elements of the vector that this thread updates in this layer. All nodes
 *  update the whole vector. */
mlp_range mlp_exchange_thread_range(const mlp_exchange *exchange, size_t layer,
                                    mlp_thread self);

/** Of `total` things that each node does once, those that this thread does. */
mlp_range mlp_exchange_split(const mlp_exchange *exchange, size_t total,
                             mlp_thread self);

/** Numbers that all ranks of the node read and write: [measures], 0 at first.
 *  Written before a meeting, they may be read after it. */
double *mlp_exchange_measures(mlp_exchange *exchange);

/** Wait until every thread of every working rank of the node is here. */
void mlp_exchange_meet(mlp_exchange *exchange, mlp_thread self);

/** The same; whether all of them say so. */
bool mlp_exchange_agree(mlp_exchange *exchange, mlp_thread self, bool says_so);

/** Wait until all ranks of the node have finished the layer: from here on its
 * parameters may be read, and its gradients overwritten. Every thread calls. */
void mlp_exchange_wait(mlp_exchange *exchange, size_t layer);

#endif
