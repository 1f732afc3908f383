/** @file
 *  The rows of each step: the shuffled order of a rank's shards, and the shard
 *  batches taken from it.
 */
#ifndef MLP_SAMPLER_H
#define MLP_SAMPLER_H

#include <stddef.h>
#include <stdint.h>

#include "base/range.h"
#include "base/status.h"

/** The rows of one global batch on this rank, shard by shard. Points into the
 *  sampler; valid until the next call. */
typedef struct {
    const uint32_t *rows; /**< [leaf_start[leaves]], indices into the dataset */
    const size_t *leaf_start; /**< [leaves + 1]: leaf i has rows
                                   leaf_start[i] .. leaf_start[i + 1] - 1 */
    size_t leaves;            /**< shards of this rank */
} mlp_shard_batches;

typedef struct mlp_sampler mlp_sampler;

/** @param rows    training rows over all ranks
 *  @param shards  V; owned: the range of shards of this rank
 *  @param batch   rows of a global batch, or of a micro-batch
 *  The dataset that the indices point into holds exactly the owned shards. */
mlp_status mlp_sampler_create(uint64_t seed, size_t rows, size_t shards,
                              mlp_range owned, size_t batch,
                              mlp_sampler **sampler);
void mlp_sampler_destroy(mlp_sampler **sampler);

/** Turn shuffling off: rows stay in order. */
void mlp_sampler_keep_order(mlp_sampler *sampler);

/** Shuffle every owned shard for an epoch (from 0). */
void mlp_sampler_shuffle(mlp_sampler *sampler, uint64_t epoch);

/** The rows of global batch `step` (from 0 in the epoch), in the order of
 *  mlp_sampler_batch. May be called by another thread between shuffles.
 *  @param rows  [the returned number], indices into the dataset
 *  @param sampler  a const mlp_sampler */
size_t mlp_sampler_pick(const void *sampler, size_t step, uint32_t *rows);

/** Rows of any shard, on this rank or not, in global batch `step`. */
size_t mlp_sampler_count(const mlp_sampler *sampler, size_t step, size_t shard);

/** The shard batches of global batch `step` (from 0 in the epoch). */
mlp_shard_batches mlp_sampler_batch(mlp_sampler *sampler, size_t step);

#endif
