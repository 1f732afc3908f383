/** @file
 *  The shuffled order of a rank's shards. A shard's order is a function of
 *  (seed, epoch, shard number), never of the rank that owns it.
 */
#include "sampler.h"

#include <assert.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/rng.h"
#include "shard.h"

struct mlp_sampler {
    uint64_t seed;
    bool keeps_order;
    size_t rows, shards, batch;
    mlp_range owned;    /* shards of this rank */
    size_t *shard_rows; /* [owned.count + 1], index of each shard's first row
                           here */
    uint32_t *order;    /* [owned rows], rows of the dataset, shard by shard */
    uint32_t *picked;   /* [most_rows], rows of the last batch */
    size_t *leaf_start; /* [owned.count + 1] */
};

/* Most rows of this rank in a batch: each owned shard has at most ceil(batch /
 * shards). */
static size_t most_rows(const mlp_sampler *sampler)
{
    return sampler->owned.count * (sampler->batch / sampler->shards + 1);
}

/* calloc of 0 elements may return NULL without an error. */
static void *allocate(size_t count, size_t bytes)
{
    return calloc(count > 0 ? count : 1, bytes);
}

static void place_shards(mlp_sampler *sampler)
{
    size_t begin = 0;
    for (size_t i = 0; i < sampler->owned.count; i++) {
        size_t shard = sampler->owned.first + i;
        sampler->shard_rows[i] = begin;
        begin += mlp_range_part(sampler->rows, sampler->shards, shard).count;
    }
    sampler->shard_rows[sampler->owned.count] = begin;
}

static mlp_status allocate_tables(mlp_sampler *sampler)
{
    size_t leaves = sampler->owned.count;
    sampler->shard_rows = allocate(leaves + 1, sizeof *sampler->shard_rows);
    sampler->leaf_start = allocate(leaves + 1, sizeof *sampler->leaf_start);
    sampler->picked = allocate(most_rows(sampler), sizeof *sampler->picked);
    if (sampler->shard_rows == NULL || sampler->leaf_start == NULL ||
        sampler->picked == NULL) {
        return mlp_fail_memory("the sampler");
    }
    place_shards(sampler);
    size_t owned_rows = sampler->shard_rows[leaves];
    if (owned_rows > UINT32_MAX) {
        return mlp_fail(MLP_ERROR_DATA,
                        "%zu training rows on one rank, at most %u are "
                        "possible; use more ranks",
                        owned_rows, UINT32_MAX);
    }
    sampler->order = allocate(owned_rows, sizeof *sampler->order);
    return sampler->order != NULL ? MLP_OK : mlp_fail_memory("the sampler");
}

mlp_status mlp_sampler_create(uint64_t seed, size_t rows, size_t shards,
                              mlp_range owned, size_t batch,
                              mlp_sampler **sampler)
{
    assert(batch > 0 && owned.first + owned.count <= shards);
    *sampler = calloc(1, sizeof **sampler);
    if (*sampler == NULL) {
        return mlp_fail_memory("the sampler");
    }
    (*sampler)->seed = seed;
    (*sampler)->rows = rows;
    (*sampler)->shards = shards;
    (*sampler)->owned = owned;
    /* A batch larger than an epoch is the whole epoch. */
    size_t epoch_rows = rows > 0 ? rows : 1;
    (*sampler)->batch = batch < epoch_rows ? batch : epoch_rows;
    mlp_status status = allocate_tables(*sampler);
    if (status != MLP_OK) {
        mlp_sampler_destroy(sampler);
    }
    return status;
}

void mlp_sampler_destroy(mlp_sampler **sampler)
{
    if (*sampler != NULL) {
        free((*sampler)->shard_rows);
        free((*sampler)->leaf_start);
        free((*sampler)->picked);
        free((*sampler)->order);
        free(*sampler);
        *sampler = NULL;
    }
}

void mlp_sampler_keep_order(mlp_sampler *sampler)
{
    sampler->keeps_order = true;
}

void mlp_sampler_shuffle(mlp_sampler *sampler, uint64_t epoch)
{
    mlp_rng_key key = {sampler->seed, MLP_RNG_SHUFFLE, (uint32_t)epoch};
    for (size_t i = 0; i < sampler->owned.count; i++) {
        size_t begin = sampler->shard_rows[i];
        size_t end = sampler->shard_rows[i + 1];
        if (!sampler->keeps_order) {
            mlp_rng_permutation(key, sampler->owned.first + i, end - begin,
                                sampler->order + begin);
        }
        for (size_t k = begin; k < end; k++) {
            sampler->order[k] = sampler->keeps_order
                                    ? (uint32_t)k
                                    : sampler->order[k] + (uint32_t)begin;
        }
    }
}

/* Positions of a shard batch in the shard's order. */
static mlp_range shard_batch(const mlp_sampler *sampler, size_t step,
                             size_t shard)
{
    return mlp_shard_batch(sampler->rows, sampler->shards, sampler->batch, step,
                           shard);
}

size_t mlp_sampler_count(const mlp_sampler *sampler, size_t step, size_t shard)
{
    return shard_batch(sampler, step, shard).count;
}

/* Rows of the i-th owned shard in a batch. */
static size_t pick_shard_batch(const mlp_sampler *sampler, size_t step,
                               size_t i, uint32_t *rows)
{
    mlp_range batch = shard_batch(sampler, step, sampler->owned.first + i);
    const uint32_t *order =
        sampler->order + sampler->shard_rows[i] + batch.first;
    for (size_t k = 0; k < batch.count; k++) {
        rows[k] = order[k];
    }
    return batch.count;
}

size_t mlp_sampler_pick(const void *sampler, size_t step, uint32_t *rows)
{
    const mlp_sampler *of = sampler;
    size_t filled = 0;
    for (size_t i = 0; i < of->owned.count; i++) {
        filled += pick_shard_batch(of, step, i, rows + filled);
    }
    return filled;
}

mlp_shard_batches mlp_sampler_batch(mlp_sampler *sampler, size_t step)
{
    size_t filled = 0;
    for (size_t i = 0; i < sampler->owned.count; i++) {
        sampler->leaf_start[i] = filled;
        filled += pick_shard_batch(sampler, step, i, sampler->picked + filled);
    }
    sampler->leaf_start[sampler->owned.count] = filled;
    return (mlp_shard_batches){sampler->picked, sampler->leaf_start,
                               sampler->owned.count};
}
