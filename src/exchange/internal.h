/** @file
 *  The state of an exchange, shared by its files: exchange.c (create and
 *  destroy), step.c (the order of a step), progress.c (what is in flight), and
 *  what travels: tree.c and mpi_sums.c (gradients), columns.c (values), rows.c.
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

enum {
    MLP_EXCHANGE_UNIT = 16,  /**< floats: a cache line */
    MLP_EXCHANGE_ROUNDS = 4, /**< of values of columns, at most: each is polled
                                  on its own */
};

/* ---- what travels ------------------------------------------------------ */

/** What travels once in a turn, and a turn of it is a step, or a micro-batch.
 *  The thread 0 that sends it makes its transfers, one after the other. */
typedef struct {
    mlp_gate *ready; /**< of the threads that write what is sent */
    mlp_gate *done;  /**< of the one that sends */
    mlp_gate *over;  /**< the one of both that others wait for: `ready` of
                          what does not travel */
    bool is_of_node; /**< local rank 0 makes the transfers for all its node */
    size_t first;    /**< of the transfers */
    size_t tables;   /**< of transfers that take turns */
    size_t stages;   /**< transfers of this rank in a turn; 0: none */
    size_t stage;    /**< that have begun; thread 0 only */
} mlp_flow;

/* ---- shared memory ----------------------------------------------------- */

/** Gates for all threads of the node's working ranks. Each passes once a turn,
 *  so a ticket is the number of a step or micro-batch, from 1. */
typedef struct {
    mlp_gate published, released;
} mlp_exchange_layer_gates;

typedef struct {
    mlp_gate ready, done; /**< done: of local rank 0 */
} mlp_exchange_flow_gates;

/** Blocks of memory that the node team shares. */
typedef enum {
    MLP_EXCHANGE_GRADIENTS,     /**< [local_count, total] */
    MLP_EXCHANGE_STATES,        /**< [states, total] */
    MLP_EXCHANGE_LAYER_GATES,   /**< [layers] */
    MLP_EXCHANGE_FLOW_GATES,    /**< [flows that are not layers'] */
    MLP_EXCHANGE_MEASURES,      /**< [measures] */
    MLP_EXCHANGE_SHARD_METRICS, /**< [2, shards, metrics_per_shard] */
    MLP_EXCHANGE_BY_COLUMNS,    /**< [2, rows, the node's columns] */
    MLP_EXCHANGE_BY_ROWS,       /**< [2, the node's rows, columns] */
    MLP_EXCHANGE_ROWS,          /**< [MLP_EXCHANGE_AHEAD, arrays of the rows] */
    MLP_EXCHANGE_MEMORIES
} mlp_exchange_memory;

/* ---- sums -------------------------------------------------------------- */

/** Number format of operands. Sums of the latter two are rounded. */
typedef enum {
    MLP_OPERAND_FLOAT,
    MLP_OPERAND_TO_ROUND, /**< floats, to be rounded to bfloat16 first */
    MLP_OPERAND_BFLOAT16
} mlp_exchange_operand;

/** The sum of a subtree, from the sums of smaller subtrees that tile it. */
typedef struct {
    const mlp_subtree *subtrees; /**< [count], in order of first */
    const void *const *operands; /**< [count], their sums */
    size_t count;
    mlp_exchange_operand operand;
    size_t origin; /**< float of the vector at which the operands begin */
} mlp_exchange_addition;

/** Sum the operands over a range of the vector; `take` gets the sums block by
 *  block. */
void mlp_exchange_add_up(const mlp_exchange_addition *addition, mlp_range range,
                         mlp_exchange_update *take, void *context);

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

/* ---- the exchange ------------------------------------------------------ */

/** A layer. Between nodes, they divide a rank's range among them, or each sums
 *  all of it (is_direct). */
typedef struct {
    size_t first, count; /**< floats of the vector */
    mlp_gate done;       /**< of this rank's thread 0, if it has transfers */
    mlp_range range;     /**< of this rank, floats of the vector */
    mlp_range own;       /**< this node's range of it */
    bool is_direct;
    /* Numbers in the format in which they are sent: */
    void *to_send;         /**< for each node, [own subtrees, its range]; NULL:
                                the only sum is sent from the gradient */
    void *received;        /**< [exchanged_count, own], in order of nodes */
    void *sums;            /**< [range] of all nodes; NULL if direct */
    const void **operands; /**< [exchanged_count], from float own.first on */
    const void *whole;     /**< sums, as an operand */
    mlp_exchange_addition last; /**< the last sum: what finish adds up */
} mlp_exchange_layer;

struct mlp_exchange {
    mlp_comm *comm;
    mlp_node_team *node_team;
    const mlp_comm_place *place; /**< of this rank in the node team */
    mlp_exchange_shape shape;    /**< without layer_sizes */
    bool is_far;                 /**< the node team is not the whole team */
    size_t number;               /**< bytes of a gradient's number as sent */
    mlp_range shards;            /**< of the node team */
    mlp_exchange_plan plan;
    mlp_exchange_layer *layers; /**< [layers] */
    size_t total;               /**< floats of all layers */
    size_t rounds;          /**< in which values of columns are sent, or 0 */
    uint32_t steps;         /**< that this rank has done */
    uint32_t micro_batches; /**< with columns: that it has begun */
    mlp_range *node_rows;   /**< [nodes], in the one under way */
    uint32_t sent_rows;     /**< micro-batches whose rows this rank has sent */
    mlp_range *row_ranges;  /**< [MLP_EXCHANGE_AHEAD, nodes], of their rows */
    mlp_lane *lanes;        /**< [nodes], while transfers are planned */

    void *memory[MLP_EXCHANGE_MEMORIES]; /**< of the node team */
    const void **sources; /**< [local_count]: gradients, floats */

    /* Of progress.c: */
    /** Of layers; of rounds of each of the values; of rows; of the shard
     *  metrics. */
    mlp_flow *flows;
    size_t flow_count;
    mlp_transfers *transfers; /**< NULL: nothing travels */
    size_t *sent_bytes;       /**< [transfers] */
    size_t *sent_messages;    /**< [transfers] */
    size_t next;              /**< flow that begins next, where MPI sums */
    size_t in_flight;         /**< transfers */
    double since;             /**< last update of traffic.active_seconds */
    mlp_exchange_traffic traffic;
};

static inline mlp_exchange_layer_gates *
mlp_exchange_gates(const mlp_exchange *x, size_t layer)
{
    return (mlp_exchange_layer_gates *)x->memory[MLP_EXCHANGE_LAYER_GATES] +
           layer;
}

static inline mlp_flow *mlp_exchange_round_flow(const mlp_exchange *x,
                                                mlp_values values, size_t i)
{
    return &x->flows[x->shape.layers + values * x->rounds + i];
}

static inline mlp_flow *mlp_exchange_rows_flow(const mlp_exchange *x)
{
    return mlp_exchange_round_flow(x, MLP_COLUMNS_VALUES, 0);
}

static inline mlp_flow *mlp_exchange_metrics_flow(const mlp_exchange *x)
{
    return &x->flows[x->flow_count - 1];
}

/** Whether a layer's gradient is summed within the node. */
static inline bool mlp_exchange_is_local(const mlp_exchange *x, size_t layer)
{
    return !x->is_far || (layer == 0 && x->shape.columns.of_node != NULL);
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

/** Part i of a range divided into parts of whole chunks; the last chunk may be
 *  short. */
mlp_range mlp_exchange_subrange(mlp_range range, size_t parts, size_t i);

/* Bytes whose transfer takes about as long as starting another one: some 10 us
 * at 10 Gbit/s. */
enum { MLP_EXCHANGE_DIRECT_BYTES = 16 * 1024 };

/** Whether all nodes send each other a range, of n bytes, and each sums all of
 *  it: each of N nodes sends (N - 1) n bytes directly, else 2 (N - 1) n / N. */
static inline bool mlp_exchange_goes_directly(size_t nodes, size_t bytes)
{
    return (nodes - 1) * (nodes - 2) * bytes / nodes <=
           MLP_EXCHANGE_DIRECT_BYTES;
}

/* ---- progress.c -------------------------------------------------------- */

/** Transfer of a flow: number `stage` of a turn. */
static inline size_t mlp_flow_transfer(const mlp_flow *f, size_t stage,
                                       uint32_t turn)
{
    return f->first + stage * f->tables + turn % f->tables;
}

/** End the job unless the status is MLP_OK: in the middle of a step ranks
 * cannot agree on a failure of MPI. */
void mlp_exchange_check(const mlp_exchange *x, mlp_status status);

/** Plan a transfer, and count what it sends.
 *  @param lanes  [nodes] */
mlp_status mlp_exchange_plan_transfer(mlp_exchange *x, size_t transfer,
                                      const mlp_lane *lanes);

/** Wait until a flow's turn is over. Every thread of the rank calls, and thread
 *  0 progresses all flows meanwhile. A failure of MPI ends the job. */
void mlp_exchange_wait_for(mlp_exchange *x, const mlp_flow *flow, uint32_t turn,
                           mlp_thread self);

/* ---- what travels: create, plan and prepare transfers ------------------ */

mlp_status mlp_exchange_tree_prepare(mlp_exchange *x);
mlp_status mlp_exchange_tree_connect(mlp_exchange *x);
/** Sum what a layer's next transfer sends. */
void mlp_exchange_tree_sum(const mlp_exchange *x, size_t layer, size_t stage);

mlp_status mlp_exchange_mpi_prepare(mlp_exchange *x);
mlp_status mlp_exchange_mpi_connect(mlp_exchange *x);
void mlp_exchange_mpi_sum(mlp_exchange *x, size_t layer);
void mlp_exchange_mpi_clear_metrics(const mlp_exchange *x);

/** Let blocks travel, which are planned when the rows are known. */
void mlp_exchange_columns_connect(mlp_exchange *x);

/** Note the rows of each node in a micro-batch.
 *  @param node_rows  [nodes]
 *  @return  whether they are others than before */
bool mlp_exchange_note_rows(const mlp_exchange *x, const size_t *shard_start,
                            mlp_range *node_rows);

/** Let rows travel; bytes of their memory. */
void mlp_exchange_rows_connect(mlp_exchange *x);
size_t mlp_exchange_rows_bytes(const mlp_exchange *x);

/** Floats of a node's columns of all rows, and of all columns of its rows. */
size_t mlp_exchange_by_columns(const mlp_exchange *x);
size_t mlp_exchange_by_rows(const mlp_exchange *x);

#endif
