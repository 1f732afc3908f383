/** @file
 *  The state of an exchange, for the files that make it up: exchange.c (its
 *  life), exchange_step.c (gradients), exchange_records.c (records).
 */
#ifndef MLP_EXCHANGE_INTERNAL_H
#define MLP_EXCHANGE_INTERNAL_H

#include <stdbool.h>
#include <stdint.h>

#include "exchange_plan.h"
#include "mlp/exchange.h"
#include "mlp/range.h"

enum { MLP_EXCHANGE_UNIT = 16 }; /**< floats: a cache line, never cut */

/** Counters of a node, in the memory of its local rank 0. Each counts ranks
 *  times steps and has a cache line of its own. */
typedef struct {
    _Alignas(64) mlp_counter published;
    _Alignas(64) mlp_counter finished;
} mlp_exchange_part_board;

typedef struct {
    _Alignas(64) mlp_counter recorded;
    _Alignas(64) mlp_counter gathered; /**< steps, by local rank 0 */
    mlp_exchange_part_board parts[];   /**< [parts] */
} mlp_exchange_board;

/** What this rank alone knows of a part. */
typedef struct {
    size_t first, count;     /**< floats in the vector */
    uint32_t published;      /**< steps; written by the thread that publishes */
    uint32_t finished;       /**< steps; by the last thread to finish */
    _Atomic size_t arriving; /**< threads done with its gradient */
    _Atomic size_t leaving;  /**< threads done with its update */
} mlp_exchange_part;

/** Memory of all ranks of the node. */
typedef struct {
    void **segments; /**< [local size] */
    mlp_shared *shared;
} mlp_exchange_memory;

struct mlp_exchange {
    mlp_comm *comm;
    const mlp_comm_place *place;
    mlp_exchange_shape shape; /**< without part_sizes */
    mlp_exchange_plan plan;
    mlp_exchange_part *parts; /**< [parts] */
    size_t total;             /**< floats of all parts */
    size_t fair_threads;      /**< more of them in a crew are crowded */
    mlp_range shards;         /**< owned */

    mlp_exchange_memory gradients; /**< each rank: [own_count, total] */
    mlp_exchange_memory states;    /**< local rank 0: [states, total] */
    mlp_exchange_memory boards;    /**< local rank 0: mlp_exchange_board */
    mlp_exchange_memory records;   /**< local rank 0: [2, shards, record] */
    const float **sources;         /**< [source_count]: gradients */

    /* Between nodes only: */
    float *handed;        /**< [inner_count, largest slice] */
    float *gathered;      /**< [outer_count, largest slice] */
    const float **outer;  /**< [outer_count]: in gathered, per part */
    size_t *sizes;        /**< [nodes], bytes to gather */
    mlp_status gathering; /**< how it went, from thread 0 to the others */

    double *own_records;      /**< [owned shards, record_size] */
    double *packed_records;   /**< [shards, record_size], of this node */
    double *unsorted_records; /**< [shards, record_size], in order of node */
    uint32_t recorded_steps;  /**< written by the thread that publishes */
    uint32_t collected_steps; /**< written by thread 0 */
};

static inline mlp_exchange_board *mlp_exchange_board_of(const mlp_exchange *x)
{
    return x->boards.segments[0];
}

/** Floats of a part that this rank updates, as a range of the vector. The
 *  same local rank has the same slice on every node, so ranks beyond the
 *  smallest node have none. */
mlp_range mlp_exchange_slice(const mlp_exchange *x, const mlp_exchange_part *p);

#endif
