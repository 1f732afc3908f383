/** @file
 *  The state of an exchange between nodes: between_layout.c lays it out,
 *  between_progress.c is at work on it.
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
    mlp_range own;   /**< this node's cut of it */
    bool is_direct;
    /* Numbers as they travel: */
    void *handed;          /**< for each node, [handed on, its cut]; NULL: the
                                one sum is sent from where the rank left it */
    void *gathered;        /**< [outer_count, own], in order of node */
    void *sums;            /**< [range] of all nodes; NULL if direct */
    const void **operands; /**< [outer_count], beginning at own */
    const void *whole;     /**< sums, as an operand */
    mlp_exchange_addition last; /**< what makes the range's sums */
    mlp_between_stage stage;    /**< thread 0's, as steps is */
    uint32_t steps;             /**< completed */
    mlp_status status;          /**< how that went */
    mlp_counter complete;       /**< steps, for the rest of the node team */
} mlp_between_layer;

struct mlp_exchange_between {
    size_t number; /**< bytes of a number that travels */
    mlp_transfers *transfers;
    size_t *sent_bytes;        /**< [transfers] */
    size_t count;              /**< of layers */
    mlp_between_layer *layers; /**< [count] */
    mlp_status status;         /**< first failure; thread 0's */

    bool are_metrics_in_flight;
    uint32_t metrics_gathered; /**< steps */

    size_t under_way; /**< transfers */
    double since;     /**< when traffic.active_seconds was brought up to date */
    mlp_exchange_traffic traffic;
};

/* Numbers of transfers. */
static inline size_t mlp_between_reduce_scatter(size_t layer)
{
    return 2 * layer;
}

static inline size_t mlp_between_all_gather(size_t layer)
{
    return 2 * layer + 1;
}

/* One for each of the two tables. */
static inline size_t mlp_between_shard_metrics(const mlp_exchange *x,
                                               uint32_t step)
{
    return 2 * x->shape.layers + step % 2;
}

/** A node's cut of this rank's range. */
mlp_range mlp_between_node_range(const mlp_exchange *x,
                                 const mlp_between_layer *p, size_t node);

/** Where this node leaves its subtree k of a cut. */
void *mlp_between_handed(const mlp_exchange *x, const mlp_between_layer *p,
                         mlp_range cut, size_t k);

/** What travels, as operands. */
mlp_exchange_operand mlp_between_operand(const mlp_exchange *x);

/** The root's sum, of this node's cut. */
mlp_exchange_addition mlp_between_root(const mlp_exchange *x,
                                       const mlp_between_layer *p);

mlp_status mlp_between_prepare(mlp_exchange *x);
mlp_status mlp_between_connect(mlp_exchange *x);

#endif
