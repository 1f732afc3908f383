/** @file
 *  The state of an exchange between nodes: between_layout.c lays it out,
 *  between_progress.c is at work on it.
 */
#ifndef MLP_EXCHANGE_BETWEEN_H
#define MLP_EXCHANGE_BETWEEN_H

#include "internal.h"

typedef enum {
    MLP_BETWEEN_IDLE,
    MLP_BETWEEN_COLLECTING,
    MLP_BETWEEN_SPREADING
} mlp_between_stage;

/** A part on its way. The nodes cut the slice into one piece for each, or
 *  each has all of it (is_direct). */
typedef struct {
    mlp_range slice; /**< of this rank, floats of the vector */
    mlp_range own;   /**< this node's cut of it */
    bool is_direct;
    /* Numbers as they travel: */
    void *handed;          /**< for each node, [handed on, its cut]; NULL: the
                                one sum is sent from where the rank left it */
    void *gathered;        /**< [outer_count, own], in order of node */
    void *sums;            /**< [slice] of all nodes; NULL if direct */
    const void **operands; /**< [outer_count], beginning at own */
    const void *whole;     /**< sums, as an operand */
    mlp_exchange_addition last; /**< what makes the slice's sums */
    mlp_between_stage stage;    /**< thread 0's, as steps is */
    uint32_t steps;             /**< completed */
    mlp_status status;          /**< how that went */
    mlp_counter complete;       /**< steps, for the rest of the crew */
} mlp_between_part;

struct mlp_exchange_between {
    size_t number; /**< bytes of a number that travels */
    mlp_transfers *transfers;
    size_t *sent_bytes;      /**< [transfers] */
    size_t count;            /**< of parts */
    mlp_between_part *parts; /**< [count] */
    mlp_status status;       /**< first failure; thread 0's */

    bool are_records_under_way;
    uint32_t recorded; /**< steps */

    size_t under_way; /**< transfers */
    double since;     /**< when traffic.active_seconds was brought up to date */
    mlp_exchange_traffic traffic;
};

/* Numbers of transfers. */
static inline size_t mlp_between_collecting(size_t part)
{
    return 2 * part;
}

static inline size_t mlp_between_spreading(size_t part)
{
    return 2 * part + 1;
}

/* One for each of the two tables. */
static inline size_t mlp_between_records(const mlp_exchange *x, uint32_t step)
{
    return 2 * x->shape.parts + step % 2;
}

/** A node's cut of this rank's slice. */
mlp_range mlp_between_cut(const mlp_exchange *x, const mlp_between_part *p,
                          size_t node);

/** Where this node leaves its subtree k of a cut. */
void *mlp_between_handed(const mlp_exchange *x, const mlp_between_part *p,
                         mlp_range cut, size_t k);

/** What travels, as operands. */
mlp_exchange_operand mlp_between_operand(const mlp_exchange *x);

/** The root's sum, of this node's cut. */
mlp_exchange_addition mlp_between_root(const mlp_exchange *x,
                                       const mlp_between_part *p);

mlp_status mlp_between_prepare(mlp_exchange *x);
mlp_status mlp_between_connect(mlp_exchange *x);

#endif
