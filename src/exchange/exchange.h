/** @file
 *  The gradient exchange: sums the gradients of all node teams and updates the
 *  parameters on all ranks. There are two ways to sum.
 *
 *  MLP_EXCHANGE_TREE: in the summation tree of base/tree.h, with one copy of
 *  the parameters per node. The node team (team/node_team.h) writes the sums of
 *  the largest subtrees within its shards to shared memory. When all ranks of
 *  the node have published a layer, each updates its range of that layer in the
 *  shared parameters. On a single node the sum is complete by then, and nothing
 *  is copied. Between nodes, the ranks with the same local rank complete the
 *  tree by a reduce-scatter and an all-gather of their common range, while the
 *  rest of the step is computed.
 *
 *  MLP_EXCHANGE_MPI: by MPI's reduction, in any order, with a copy of the
 *  parameters per rank; each rank is a node team of its own. For comparison
 *  only. On one rank both ways give the same bits.
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

enum {
    MLP_EXCHANGE_CHUNK = 256,    /**< floats: all ranges of a layer begin at
                                      multiples of it */
    MLP_EXCHANGE_ROW_ARRAYS = 4, /**< that hold parts of a row, at most */
    MLP_EXCHANGE_AHEAD = 4       /**< micro-batches whose rows are under way or
                                      in use */
};

/** The first layer by columns: each node holds some of its columns, and sums
 *  their gradient over all rows of the batch by itself. So the layer's
 *  parameters and gradient stay where they are; what travels are the columns'
 *  sums z to the nodes that have the rows, and dz back; and the rows, unless
 *  every node knows them all. */
typedef struct {
    const mlp_range *of_node; /**< [nodes], must outlive the exchange; NULL: no
                                   columns, every node holds all of the layer */
    size_t shard_rows;        /**< of a shard in a micro-batch, at most */
    bool sends_rows;
    size_t row_bytes[MLP_EXCHANGE_ROW_ARRAYS]; /**< sent of a row, by array; 0:
                                                    there is none */
} mlp_exchange_columns;

typedef struct {
    size_t shards;             /**< V, leaves of the tree */
    size_t layers;             /**< of the model */
    const size_t *layer_sizes; /**< [layers] floats, multiples of 16; the same
                                    on all nodes, but of the first layer by
                                    columns */
    size_t states;             /**< state vectors: parameters and moments */
    size_t metrics_per_shard;  /**< doubles, sent with the gradients */
    size_t measures;           /**< doubles shared by the ranks of a node */
    mlp_exchange_kind kind;    /**< how to sum */
    /** Precision of all values of the tree, leaves and sums. With
     *  MLP_PRECISION_BF16 they are rounded to bfloat16, so 16 bits each go
     *  between nodes, and mlp_exchange_subtrees are single leaves. Only for
     *  MLP_EXCHANGE_TREE. */
    mlp_exchange_precision precision;
    mlp_exchange_columns columns; /**< only for MLP_EXCHANGE_TREE */
} mlp_exchange_shape;

/** Collective. MLP_ERROR_INTERNAL without memory. Comm and node team must
 *  outlive it.
 *  @param node_team  of this comm, for MLP_EXCHANGE_MPI one of this rank alone;
 *                    owns the shared memory */
mlp_status mlp_exchange_create(mlp_comm *comm, mlp_node_team *node_team,
                               const mlp_exchange_shape *shape,
                               mlp_exchange **exchange);
void mlp_exchange_destroy(mlp_exchange **exchange); /**< Collective. */

/** State vector i (0: parameters, then moments), [sum of layer_sizes], layer
 *  by layer, 64-byte aligned, initially zero. With MLP_EXCHANGE_TREE, shared by
 *  the ranks of a node. */
float *mlp_exchange_state(mlp_exchange *exchange, size_t i);

/** Whether this rank writes the state vectors between steps. All ranks call
 *  mlp_comm_agree before they read them. */
bool mlp_exchange_fills_state(const mlp_exchange *exchange);

/** Floats of the state vectors that this rank updates in a layer. A local rank
 *  has the same range on every node, except of columns; ranks beyond the size
 *  of the smallest node, and idle ranks, have none. */
mlp_range mlp_exchange_rank_range(const mlp_exchange *exchange, size_t layer);

/** The largest subtrees within the node team's shards, in order; single shards
 *  if every leaf is rounded. */
const mlp_subtree *mlp_exchange_subtrees(const mlp_exchange *exchange,
                                         size_t *count);

/** Where the node team writes the gradient sum of subtree i of
 *  mlp_exchange_subtrees: [sum of layer_sizes], layer by layer, 64-byte
 *  aligned. */
float *mlp_exchange_gradient(mlp_exchange *exchange, size_t i);

/** Where the node team's thread 0 writes the metrics of its shards, in order:
 *  [node team's shards, metrics_per_shard]. Writable until they are published;
 *  initially holds those of an older step. */
double *mlp_exchange_shard_metrics(mlp_exchange *exchange);

/** Update elements first .. first + count - 1 of the state vectors (multiples
 *  of 16) from their gradient sum. Called by several threads at once, for
 *  disjoint elements.
 *  @param sum  [count] */
typedef void mlp_exchange_update(void *context, size_t first, size_t count,
                                 const float *sum);

/* One step. All threads of a working rank call these functions unless noted,
 * with `self` the thread in its rank and `me` the same in the node team: wait
 * and publish for each layer, the latter from the last to the first; publish
 * the shard metrics; then sum and release each layer; and end the step. An idle
 * rank only ends it. A failure of MPI ends the job. */

/** This rank is through with the step, or was idle. Call from one thread, when
 *  all threads of the rank are. */
void mlp_exchange_end_step(mlp_exchange *exchange);

/** Publish the node team's shard metrics, after all its threads have published
 *  all layers of this step. Call from the node team's thread 0. Collective over
 *  node teams; does not wait. */
void mlp_exchange_publish_shard_metrics(mlp_exchange *exchange);

/** Wait for the shard metrics of all node teams. Once a step on every working
 *  rank, before it publishes layers of the next step. Call from the rank's
 *  thread 0. Collective.
 *  @return  [shards, metrics_per_shard], valid until the next step's publish */
const double *mlp_exchange_collect_shard_metrics(mlp_exchange *exchange);

/* The rows that nodes send each other (sends_rows), micro-batch by micro-batch,
 * some before they are needed. Every rank, also an idle one, calls from one
 * thread. A turn is the number of a micro-batch whose rows are sent, from 1. */

/** Micro-batches whose rows this rank has sent. */
uint32_t mlp_exchange_sent_rows(const mlp_exchange *exchange);

/** An array of the next turn's rows, [rows of the micro-batch, row_bytes]: this
 *  rank writes those of its shards. The rows of turn - MLP_EXCHANGE_AHEAD are
 *  no longer read. */
void *mlp_exchange_rows_to_send(mlp_exchange *exchange, size_t array);

/** This rank has written its rows of the next turn. Does not wait for other
 *  nodes.
 *  @param shard_start  [shards + 1], first row of each shard's in it */
void mlp_exchange_send_rows(mlp_exchange *exchange, const size_t *shard_start);

/** Wait until a turn's rows are here, of all nodes. Collective: a failure ends
 *  the job. */
void mlp_exchange_await_rows(mlp_exchange *exchange, uint32_t turn);

/** That turn's array then: [rows of the micro-batch, row_bytes]. */
const void *mlp_exchange_rows_received(const mlp_exchange *exchange,
                                       size_t array, uint32_t turn);

/** The values that travel between the nodes of columns, once in each
 *  micro-batch, in this order. A node has a block of them for every node: the
 *  sums of its columns of that node's rows, and dz of that node's columns of
 * its own rows. */
typedef enum {
    MLP_COLUMNS_SUMS,
    MLP_COLUMNS_DZ,
    MLP_COLUMNS_VALUES
} mlp_values;

/** Begin a micro-batch, before any thread of the node sends its values. From
 *  each rank's main thread.
 *  @param shard_start  [shards + 1], first row of each shard's rows in it */
void mlp_exchange_begin_rows(mlp_exchange *exchange, const size_t *shard_start);

/** A node's rows among those of the micro-batch. */
mlp_range mlp_exchange_rows_of(const mlp_exchange *exchange, size_t node);

/** The node whose block is number i: the one on the left first, this node last,
 *  so that what is sent has the time to arrive in which the rest is computed.
 *  Blocks leave in a few rounds, each when its last block is written. */
size_t mlp_exchange_destination(const mlp_exchange *exchange, size_t i);

/** Where the threads of this node write the block for a node: [its rows, our
 *  columns] of sums, [our rows, its columns] of dz. */
float *mlp_exchange_block(const mlp_exchange *exchange, mlp_values values,
                          size_t node);

/** This thread has written its part of the block for a node, which progresses
 *  the exchange when a round may leave. Does not wait. */
void mlp_exchange_send(mlp_exchange *exchange, mlp_values values, size_t node,
                       mlp_thread self, mlp_thread me);

/** Wait until this micro-batch's values are sent and received. Every thread
 *  calls. Collective: a failure ends the job. */
void mlp_exchange_receive(mlp_exchange *exchange, mlp_values values,
                          mlp_thread self);

/** What was received, a block for each node: sums [our rows, its columns], dz
 *  [its rows, our columns]. */
const float *mlp_exchange_received(const mlp_exchange *exchange,
                                   mlp_values values);

/** Publish a layer: this thread has written its range of the layer's gradients
 *  and no longer reads its parameters in this step. Does not wait. Every thread
 *  calls, from the last layer to the first. */
void mlp_exchange_publish(mlp_exchange *exchange, size_t layer, mlp_thread me);

/** Progress the exchange between nodes, which may advance only inside this
 *  call. Thread 0 calls it between parts of its work; a call from any other
 *  thread has no effect. */
void mlp_exchange_progress(mlp_exchange *exchange, mlp_thread self);

/** Whether there are several nodes, so that sums take long. The same on all
 *  ranks. */
bool mlp_exchange_is_far(const mlp_exchange *exchange);

/** Traffic between nodes so far. */
typedef struct {
    uint64_t sent_bytes, sent_messages; /**< by this rank; not of MPI's sums */
    double active_seconds;              /**< with a transfer in flight */
    double exposed_seconds; /**< of active_seconds: this rank only waited */
} mlp_exchange_traffic;
mlp_exchange_traffic mlp_exchange_traffic_of(const mlp_exchange *exchange);

/** Wait until sum would not wait for this layer, so that the caller can time
 *  the wait. Thread 0 must call, other threads may. */
void mlp_exchange_await(mlp_exchange *exchange, size_t layer, mlp_thread self);

/** Wait until the layer is published by all ranks needed; then `take` gets the
 *  sums of this thread's range, to update it or to copy what it needs. May be
 *  called again before release. The range, and the parts that `take` gets,
 *  begin at multiples of MLP_EXCHANGE_CHUNK in the layer, and end at a multiple
 *  or with the layer. Every thread of the rank calls. Layers in the same order
 *  on all ranks. Collective. */
void mlp_exchange_sum(mlp_exchange *exchange, size_t layer, mlp_thread self,
                      mlp_exchange_update *take, void *context);

/** This thread has updated its range of the layer. Does not wait. */
void mlp_exchange_release(mlp_exchange *exchange, size_t layer, mlp_thread me);

/** Elements of the state vectors that this thread updates in this layer. Every
 *  node updates whole vectors. */
mlp_range mlp_exchange_thread_range(const mlp_exchange *exchange, size_t layer,
                                    mlp_thread self);

/** This thread's range of `total` items that each node processes once. */
mlp_range mlp_exchange_split(const mlp_exchange *exchange, size_t total,
                             mlp_thread self);

/** Numbers that all ranks of the node read and write: [measures], initially 0.
 *  What is written before a meeting of the node team may be read after it. */
double *mlp_exchange_measures(mlp_exchange *exchange);

/** Wait until all ranks of the node have released the layer in the last step:
 *  then its parameters may be read and its gradients overwritten. Every thread
 *  calls. */
void mlp_exchange_wait(mlp_exchange *exchange, size_t layer);

#endif
