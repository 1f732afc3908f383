/** @file
 *  Memory for one batch of inputs, filled from a dataset: gathered to float,
 *  scaled, with lists of its non-zeros when the data is sparse. Several
 *  processes may share the memory, and each fill some leaves of the batch.
 */
#ifndef MLP_FEED_H
#define MLP_FEED_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "dataset.h"
#include "kernels/kernels.h"
#include "sampler.h"
#include "scaler.h"
#include "system/threads.h"

typedef struct mlp_feed mlp_feed;

typedef struct {
    size_t features;
    size_t rows, leaves; /**< of a batch, at most */
    bool is_sparse;      /**< build lists of non-zeros, and skip the rest */
    bool is_forward;     /**< never for a gradient: without its masks */
    bool has_targets;    /**< data sets have targets; batches then, too */
    mlp_scaler target_scaler;
} mlp_feed_shape;

/** Bytes of memory that the batch takes. */
size_t mlp_feed_bytes(const mlp_feed_shape *shape);

/** @param memory  for the batch: [mlp_feed_bytes], zeroed and 64-byte aligned,
 *                 maybe shared, kept by the caller; NULL: the feed's own */
mlp_status mlp_feed_create(const mlp_feed_shape *shape, void *memory,
                           mlp_feed **feed);
void mlp_feed_destroy(mlp_feed **feed);

/** The batch that several fill, and which leaves of it are those here. */
typedef struct {
    const size_t *leaf_start; /**< [leaves + 1], first row of each leaf */
    size_t leaves;
    size_t first_leaf;
} mlp_feed_whole;

/** Point the feed at rows of a dataset: wait for them, if they are read from a
 *  file; see mlp_dataset_expect. Call from one thread, before fill.
 *  @param whole  kept; NULL: these are all rows of the batch */
void mlp_feed_begin(mlp_feed *feed, const mlp_dataset *dataset,
                    mlp_scaler scaler, const mlp_shard_batches *shard_batches,
                    const mlp_feed_whole *whole);

/** Gather the rows. Every thread of this process calls and does its share; a
 *  barrier must follow. */
void mlp_feed_fill(mlp_feed *feed, const mlp_kernels *kernels, mlp_thread self);

/** The filled batch, the labels of its rows, [batch rows], and where they are
 *  in their split, [batch rows]. */
const mlp_batch *mlp_feed_batch(const mlp_feed *feed);
const uint16_t *mlp_feed_labels(const mlp_feed *feed);
const uint64_t *mlp_feed_rows(const mlp_feed *feed);

/** The rows of the batch that come from this process. */
mlp_range mlp_feed_here(const mlp_feed *feed);

/** Scaled targets, [batch rows, mlp_stride(1)]; NULL without any. And what a
 *  difference of 1 in them is in the data's own unit. */
const float *mlp_feed_targets(const mlp_feed *feed);
double mlp_feed_target_unit(const mlp_feed *feed);

#endif
