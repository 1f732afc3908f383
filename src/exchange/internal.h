/** @file
 *  The state of an exchange, for the files that make it up: exchange.c (its
 *  life), step.c (the order of a step), and three ways to sum:
 *  within_node.c within a node and between_progress.c between nodes, which
 *  have sum.c in common; reduce.c.
 */
#ifndef MLP_EXCHANGE_INTERNAL_H
#define MLP_EXCHANGE_INTERNAL_H

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/range.h"
#include "exchange.h"
#include "plan.h"

enum { MLP_EXCHANGE_UNIT = 16 }; /**< floats: a cache line, never cut */

/** Counters of a node. Each counts working ranks times steps and has a cache
 *  line of its own. */
typedef struct {
    _Alignas(64) mlp_counter published;
    _Alignas(64) mlp_counter finished;
} mlp_exchange_layer_board;

typedef struct {
    _Alignas(64) mlp_counter
        metrics_published; /**< steps, by the node team's thread 0 */
    _Alignas(64) mlp_counter metrics_gathered; /**< steps, by local rank 0 */
    _Alignas(64) mlp_counter met;      /**< working ranks times meetings */
    _Atomic uint32_t denied;           /**< the last meeting with a no */
    mlp_exchange_layer_board layers[]; /**< [layers] */
} mlp_exchange_board;

/** What this rank alone knows of a layer. */
typedef struct {
    size_t first, count;     /**< floats in the vector */
    uint32_t published;      /**< steps; written by the thread that publishes */
    uint32_t finished;       /**< steps; by the last thread to finish */
    _Atomic size_t arriving; /**< threads done with its gradient */
    _Atomic size_t leaving;  /**< threads done with its update */
} mlp_exchange_layer;

/** What the node team shares. */
typedef enum {
    MLP_EXCHANGE_GRADIENTS,     /**< [left_count, total] */
    MLP_EXCHANGE_STATES,        /**< [states, total] */
    MLP_EXCHANGE_BOARD,         /**< mlp_exchange_board */
    MLP_EXCHANGE_MEASURES,      /**< [measures] */
    MLP_EXCHANGE_SHARD_METRICS, /**< [2, shards, metrics_per_shard] */
    MLP_EXCHANGE_MEMORIES
} mlp_exchange_memory;

/** What finish was called with, and which floats of the vector it is about. */
typedef struct {
    mlp_exchange *x;
    size_t layer;
    mlp_thread self;
    mlp_exchange_update *update;
    void *context;
    mlp_range range; /**< of this thread */
} mlp_exchange_call;

/** A way to sum. Contracts are those of exchange.h. */
typedef struct {
    /** What this rank can do by itself when its layers are known: the plan of
     *  its subtrees, and memory. Not collective. */
    mlp_status (*prepare)(mlp_exchange *x);
    /** The same when the node's memory is there, too. */
    mlp_status (*connect)(mlp_exchange *x);
    /** Move on what can move, without waiting. Thread 0 calls it after each
     *  layer that it has published, and in between. */
    void (*progress)(mlp_exchange *x);
    void (*await)(mlp_exchange *x, size_t layer, mlp_thread self);
    /** After await: sum this thread's range, and update it. */
    mlp_status (*sum)(const mlp_exchange_call *call);
    void (*publish_shard_metrics)(mlp_exchange *x);
    mlp_status (*collect_shard_metrics)(mlp_exchange *x, const double **all);
} mlp_exchange_ops;

extern const mlp_exchange_ops mlp_exchange_tree_ops;
extern const mlp_exchange_ops mlp_exchange_nodes_ops;
extern const mlp_exchange_ops mlp_exchange_reduce_ops;

typedef struct mlp_exchange_reduction mlp_exchange_reduction;
typedef struct mlp_exchange_between mlp_exchange_between;

struct mlp_exchange {
    const mlp_exchange_ops *ops;
    mlp_comm *comm;
    mlp_node_team *node_team;
    const mlp_comm_place *place; /**< of this rank there */
    mlp_exchange_shape shape;    /**< without layer_sizes */
    mlp_range shards;            /**< of the node team */
    mlp_exchange_plan plan;
    mlp_exchange_layer *layers; /**< [layers] */
    size_t total;               /**< floats of all layers */
    size_t fair_threads;        /**< more of them in a rank are crowded */

    void *memory[MLP_EXCHANGE_MEMORIES]; /**< of the node team */
    const void **sources;                /**< [left_count]: gradients, floats */

    uint32_t metrics_published; /**< written by the thread that publishes */
    uint32_t metrics_collected; /**< written by thread 0 */
    uint32_t meetings;          /**< written by the last thread to come */
    _Atomic size_t meeting;     /**< threads that have come */

    mlp_exchange_between *between;     /**< of between_progress.c */
    mlp_exchange_reduction *reduction; /**< of reduce.c */
};

static inline mlp_exchange_board *mlp_exchange_board_of(const mlp_exchange *x)
{
    return x->memory[MLP_EXCHANGE_BOARD];
}

/** The table of all shards' records in a step. There are two, used in turn:
 *  records of step s + 1 are written while ranks still read those of step s.
 *  Step s + 2 writes over the latter, but computes nothing before all ranks
 * have finished all layers of step s + 1; for that all ranks have published
 * these, and so have left step s. */
static inline double *mlp_exchange_metrics_table(const mlp_exchange *x,
                                                 uint32_t step)
{
    double *tables = x->memory[MLP_EXCHANGE_SHARD_METRICS];
    return tables + (step % 2) * x->shape.shards * x->shape.metrics_per_shard;
}

/** How far a counter of the node is when all who work have done `steps`. */
static inline uint32_t mlp_exchange_all_ranks(const mlp_exchange *x,
                                              uint32_t steps)
{
    return steps * (uint32_t)mlp_node_team_workers(x->node_team);
}

/** Zeroed; at least one element, so that NULL means failure. */
void *mlp_exchange_allocate(size_t count, size_t size);

/** out may be a. count is a multiple of the unit. */
static inline void mlp_exchange_add(float *out, const float *a, const float *b,
                                    size_t count)
{
    for (size_t i = 0; i < count; i += MLP_EXCHANGE_UNIT) {
        float sum[MLP_EXCHANGE_UNIT];
        for (size_t k = 0; k < MLP_EXCHANGE_UNIT; k++) {
            sum[k] = a[i + k] + b[i + k];
        }
        memcpy(out + i, sum, sizeof sum);
    }
}

/** What an operand consists of. Sums of the latter two are rounded. */
typedef enum {
    MLP_OPERAND_FLOAT,
    MLP_OPERAND_TO_ROUND, /**< floats, to be rounded to bfloat16 first */
    MLP_OPERAND_BFLOAT16
} mlp_exchange_operand;

/** What the node team leaves. */
static inline mlp_exchange_operand
mlp_exchange_source_operand(const mlp_exchange *x)
{
    return x->shape.precision == MLP_PRECISION_BF16 ? MLP_OPERAND_TO_ROUND
                                                    : MLP_OPERAND_FLOAT;
}

/** A subtree's sum, from those of smaller ones that tile it. */
typedef struct {
    const mlp_subtree *subtrees; /**< [count], in order of first */
    const void *const *operands; /**< [count], their sums */
    size_t count;
    mlp_exchange_operand operand;
    size_t origin; /**< float of the vector at which the operands begin */
} mlp_exchange_addition;

/** Sum k of those that this node hands on. */
static inline mlp_exchange_addition mlp_exchange_inner(const mlp_exchange *x,
                                                       size_t k)
{
    mlp_range inner = mlp_exchange_plan_inner(&x->plan, k);
    return (mlp_exchange_addition){x->plan.left + inner.first,
                                   x->sources + inner.first, inner.count,
                                   mlp_exchange_source_operand(x), 0};
}

/** Add up a range of the vector; `take` gets the sums, piece by piece. */
void mlp_exchange_add_up(const mlp_exchange_addition *addition, mlp_range range,
                         mlp_exchange_update *take, void *context);

/* The tree's: of within_node.c. */
mlp_status mlp_exchange_tree_prepare(mlp_exchange *x);
mlp_status mlp_exchange_tree_connect(mlp_exchange *x);
void mlp_exchange_tree_publish_shard_metrics(mlp_exchange *x);

/** Part i of a range cut into parts of whole chunks, but for its end. */
mlp_range mlp_exchange_subrange(mlp_range range, size_t parts, size_t i);

void mlp_exchange_between_destroy(mlp_exchange_between **between);
void mlp_exchange_reduction_destroy(mlp_exchange_reduction **reduction);

#endif
