/** @file
 *  The state of an exchange between nodes: set up by between_layout.c, used by
 *  between_progress.c.
 */
#ifndef MLP_EXCHANGE_BETWEEN_H
#define MLP_EXCHANGE_BETWEEN_H

#include "internal.h"

typedef enum {
    MLP_BETWEEN_IDLE,
    MLP_BETWEEN_REDUCE_SCATTER,
    MLP_BETWEEN_ALL_GATHER
} mlp_between_stage;

/** A layer's exchange. The nodes divide a rank's range among them, or each sums
 *  all of it (is_direct). */
typedef struct {
    mlp_range range; /**< of this rank, floats of the vector */
    mlp_range own;   /**< this node's range of it */
    bool is_direct;
    /* Numbers in the format in which they are sent: */
    void *to_send;         /**< for each node, [own subtrees, its range]; NULL:
                                the only sum is sent from the gradient */
    void *received;        /**< [exchanged_count, own], in order of nodes */
    void *sums;            /**< [range] of all nodes; NULL if direct */
    const void **operands; /**< [exchanged_count], from float own.first on */
    const void *whole;     /**< sums, as an operand */
    mlp_exchange_addition last; /**< the last sum: what finish adds up */
    mlp_between_stage stage;    /**< thread 0 only */
    mlp_status status;          /**< of the last step */
    mlp_gate complete;          /**< of thread 0; once a step */
} mlp_between_layer;

struct mlp_exchange_between {
    size_t number; /**< bytes of a number as sent */
    mlp_transfers *transfers;
    size_t *sent_bytes;        /**< [transfers] */
    size_t count;              /**< of layers */
    mlp_between_layer *layers; /**< [count] */
    mlp_status status;         /**< first failure; thread 0 only */

    bool are_metrics_in_flight;

    size_t in_flight; /**< transfers */
    double since;     /**< last update of traffic.active_seconds */
    mlp_exchange_traffic traffic;
};

/* Indices of transfers. */
static inline size_t mlp_between_reduce_scatter(size_t layer)
{
    return 2 * layer;
}

static inline size_t mlp_between_all_gather(size_t layer)
{
    return 2 * layer + 1;
}

/* One transfer for each of the two tables. */
static inline size_t mlp_between_shard_metrics(const mlp_exchange *x,
                                               uint32_t step)
{
    return 2 * x->shape.layers + step % 2;
}

/** A node's range of this rank's range: the floats that the node sums. */
mlp_range mlp_between_node_range(const mlp_exchange *x,
                                 const mlp_between_layer *p, size_t node);

/** Where this node's exchanged subtree k of a node's range is put for sending.
 */
void *mlp_between_send_buffer(const mlp_exchange *x, const mlp_between_layer *p,
                              mlp_range range, size_t k);

/** Format of the operands that are sent. */
mlp_exchange_operand mlp_between_operand(const mlp_exchange *x);

/** The root's sum over this node's range. */
mlp_exchange_addition mlp_between_root(const mlp_exchange *x,
                                       const mlp_between_layer *p);

mlp_status mlp_between_prepare(mlp_exchange *x);
mlp_status mlp_between_connect(mlp_exchange *x);

#endif
