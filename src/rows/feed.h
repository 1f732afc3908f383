/** @file
 *  One batch of inputs, gathered from a dataset: converted to float, scaled,
 *  with its non-zeros marked if the data is sparse. Several processes may share
 *  its memory, and each fill some leaves of the batch.
 */
#ifndef MLP_FEED_H
#define MLP_FEED_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "dataset.h"
#include "deformer.h"
#include "kernels/kernels.h"
#include "sampler.h"
#include "scaler.h"
#include "system/threads.h"

typedef struct mlp_feed mlp_feed;

typedef struct {
    size_t features;
    size_t rows, leaves; /**< of a batch, at most */
    bool is_sparse;      /**< mark the non-zeros; kernels skip zeros */
    bool is_forward;     /**< without the masks for gradients */
    bool has_targets;    /**< datasets and batches have targets */
    mlp_target_scaler target_scaler;
    /** Deforms the images of each batch; must outlive the feed. NULL: none */
    const mlp_deformer *deformer;
    size_t deformed_rows; /**< of a batch that this process fills, at most */
    mlp_element element;  /**< of the datasets, with a deformer */
} mlp_feed_shape;

/** Bytes of memory of the batch. */
size_t mlp_feed_bytes(const mlp_feed_shape *shape);

/** @param memory  of the batch: [mlp_feed_bytes], zeroed and 64-byte aligned,
 *                 may be shared, owned by the caller; NULL: allocate it */
mlp_status mlp_feed_create(const mlp_feed_shape *shape, void *memory,
                           mlp_feed **feed);
void mlp_feed_destroy(mlp_feed **feed);

/** A batch that several processes fill, and the leaves of this one. */
typedef struct {
    const size_t *leaf_start; /**< [leaves + 1], first row of each leaf */
    size_t leaves;
    size_t first_leaf;
} mlp_feed_whole;

/** Set the rows to gather; if they are in a file, wait until they are read (see
 *  mlp_dataset_expect). Call from one thread, before fill.
 *  @param whole  must outlive the batch; NULL: these are all its rows */
void mlp_feed_begin(mlp_feed *feed, const mlp_dataset *dataset,
                    mlp_scaler scaler, const mlp_shard_batches *shard_batches,
                    const mlp_feed_whole *whole);

/** Set rows of the dataset (counted in it) that the next batch will have, in
 *  order: the forward pass of this batch asks the CPU for them, as far as they
 *  are in memory. Call from one thread, after begin. */
void mlp_feed_ahead(mlp_feed *feed, const mlp_dataset *dataset, mlp_range next);

/** With a deformer: deform the images that fill will gather. Every thread of
 *  this process calls and deforms its range; a barrier must follow.
 *  @return whether there is a deformer; else nothing was done */
bool mlp_feed_deform(mlp_feed *feed, const mlp_kernels *kernels, uint64_t epoch,
                     mlp_thread self);

/** Gather the rows. Every thread of this process calls and gathers its range; a
 *  barrier must follow. */
void mlp_feed_fill(mlp_feed *feed, const mlp_kernels *kernels, mlp_thread self);

/** The filled batch; the labels of its rows, [batch rows]; and their row
 *  numbers in their split, [batch rows]. */
const mlp_batch *mlp_feed_batch(const mlp_feed *feed);
const uint16_t *mlp_feed_labels(const mlp_feed *feed);
const uint64_t *mlp_feed_rows(const mlp_feed *feed);

/** The rows of the batch that this process fills. */
mlp_range mlp_feed_here(const mlp_feed *feed);

/** Weights of the rows, [batch rows], or NULL: all 1. */
const float *mlp_feed_weights(const mlp_feed *feed);

/** Scaled targets, [batch rows, mlp_stride(1)], or NULL where the feed was
 *  created without; and the difference in the data's unit that corresponds to 1
 *  in them. */
const float *mlp_feed_targets(const mlp_feed *feed);
double mlp_feed_target_unit(const mlp_feed *feed);

#endif
