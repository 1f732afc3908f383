/** @file
 *  The state of an exchange, shared by its files: exchange.c (create and
 *  destroy), step.c (the order of a step), and three ways to sum: within_node.c
 *  within a node and between_progress.c between nodes, both with sum.c, and
 *  reduce.c by MPI's reduction.
 */
#ifndef MLP_EXCHANGE_INTERNAL_H
#define MLP_EXCHANGE_INTERNAL_H

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/range.h"
#include "exchange.h"
#include "plan.h"

enum { MLP_EXCHANGE_UNIT = 16 }; /**< floats: a cache line */

/** Gates of a layer, for all threads of the node's working ranks. Each passes
 *  once a step, so a ticket is the number of a step, from 1. */
typedef struct {
    mlp_gate published, released;
} mlp_exchange_layer_gates;

typedef struct {
    mlp_gate metrics_published;        /**< of the node team's thread 0 */
    mlp_gate metrics_gathered;         /**< of local rank 0, between nodes */
    mlp_exchange_layer_gates layers[]; /**< [layers] */
} mlp_exchange_board;

/** Where a layer is in the vector, in floats. */
typedef struct {
    size_t first, count;
} mlp_exchange_layer;

/** Blocks of memory that the node team shares. */
typedef enum {
    MLP_EXCHANGE_GRADIENTS,     /**< [local_count, total] */
    MLP_EXCHANGE_STATES,        /**< [states, total] */
    MLP_EXCHANGE_BOARD,         /**< mlp_exchange_board */
    MLP_EXCHANGE_MEASURES,      /**< [measures] */
    MLP_EXCHANGE_SHARD_METRICS, /**< [2, shards, metrics_per_shard] */
    MLP_EXCHANGE_MEMORIES
} mlp_exchange_memory;

/** Arguments of sum, and the floats of the vector that they refer to. */
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
    /** Plan the subtrees and allocate this rank's memory. Not collective. */
    mlp_status (*prepare)(mlp_exchange *x);
    /** Complete the setup once the shared memory exists. Not collective. */
    mlp_status (*connect)(mlp_exchange *x);
    /** Progress without waiting. Thread 0 calls it after each layer that it
     *  publishes, and in between. */
    void (*progress)(mlp_exchange *x);
    void (*await)(mlp_exchange *x, size_t layer, mlp_thread self);
    /** After await: sum and update this thread's range. */
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
    const mlp_comm_place *place; /**< of this rank in the node team */
    mlp_exchange_shape shape;    /**< without layer_sizes */
    mlp_range shards;            /**< of the node team */
    mlp_exchange_plan plan;
    mlp_exchange_layer *layers; /**< [layers] */
    size_t total;               /**< floats of all layers */
    uint32_t steps;             /**< that this rank has done */

    void *memory[MLP_EXCHANGE_MEMORIES]; /**< of the node team */
    const void **sources; /**< [local_count]: gradients, floats */

    mlp_exchange_between *between;     /**< of between_progress.c */
    mlp_exchange_reduction *reduction; /**< of reduce.c */
};

static inline mlp_exchange_board *mlp_exchange_board_of(const mlp_exchange *x)
{
    return x->memory[MLP_EXCHANGE_BOARD];
}

static inline mlp_exchange_layer_gates *
mlp_exchange_gates(const mlp_exchange *x, size_t layer)
{
    return &mlp_exchange_board_of(x)->layers[layer];
}

/** The ticket of the step under way. */
static inline uint32_t mlp_exchange_step(const mlp_exchange *x)
{
    return x->steps + 1;
}

/** The shard metrics of a step, [shards, metrics_per_shard]. There are two
 *  tables, used in turn, because step s + 1 writes while ranks still read those
 *  of step s. Step s + 2 may overwrite the latter: it starts after all ranks
 *  have released all layers of step s + 1, and a rank publishes these only when
 *  it is done with step s. */
static inline double *mlp_exchange_metrics_table(const mlp_exchange *x,
                                                 uint32_t step)
{
    double *tables = x->memory[MLP_EXCHANGE_SHARD_METRICS];
    return tables + (step % 2) * x->shape.shards * x->shape.metrics_per_shard;
}

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

/** Number format of operands. Sums of the latter two are rounded. */
typedef enum {
    MLP_OPERAND_FLOAT,
    MLP_OPERAND_TO_ROUND, /**< floats, to be rounded to bfloat16 first */
    MLP_OPERAND_BFLOAT16
} mlp_exchange_operand;

/** Format of the gradients that the node team writes. */
static inline mlp_exchange_operand
mlp_exchange_source_operand(const mlp_exchange *x)
{
    return x->shape.precision == MLP_PRECISION_BF16 ? MLP_OPERAND_TO_ROUND
                                                    : MLP_OPERAND_FLOAT;
}

/** The sum of a subtree, from the sums of smaller subtrees that tile it. */
typedef struct {
    const mlp_subtree *subtrees; /**< [count], in order of first */
    const void *const *operands; /**< [count], their sums */
    size_t count;
    mlp_exchange_operand operand;
    size_t origin; /**< float of the vector at which the operands begin */
} mlp_exchange_addition;

/** The sum of this node's exchanged subtree k. */
static inline mlp_exchange_addition
mlp_exchange_local_sum(const mlp_exchange *x, size_t k)
{
    mlp_range terms = mlp_exchange_plan_terms(&x->plan, k);
    return (mlp_exchange_addition){x->plan.local + terms.first,
                                   x->sources + terms.first, terms.count,
                                   mlp_exchange_source_operand(x), 0};
}

/** Sum the operands over a range of the vector; `take` gets the sums block by
 *  block. */
void mlp_exchange_add_up(const mlp_exchange_addition *addition, mlp_range range,
                         mlp_exchange_update *take, void *context);

/* Of within_node.c. */
mlp_status mlp_exchange_tree_prepare(mlp_exchange *x);
mlp_status mlp_exchange_tree_connect(mlp_exchange *x);
void mlp_exchange_tree_publish_shard_metrics(mlp_exchange *x);

/** Part i of a range divided into parts of whole chunks; the last chunk may be
 *  short. */
mlp_range mlp_exchange_subrange(mlp_range range, size_t parts, size_t i);

void mlp_exchange_between_destroy(mlp_exchange_between **between);
void mlp_exchange_reduction_destroy(mlp_exchange_reduction **reduction);

#endif
