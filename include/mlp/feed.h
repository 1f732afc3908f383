/** @file
 *  Memory for one batch of inputs, filled from a dataset: gathered to float,
 *  scaled, with lists of its non-zeros when the data is sparse.
 */
#ifndef MLP_FEED_H
#define MLP_FEED_H

#include <stddef.h>
#include <stdint.h>

#include "mlp/dataset.h"
#include "mlp/kernels.h"
#include "mlp/sampler.h"
#include "mlp/scaler.h"
#include "mlp/status.h"
#include "mlp/threads.h"

typedef struct mlp_feed mlp_feed;

/** Memory for batches of up to `rows` rows in up to `leaves` leaves.
 *  @param is_sparse  build lists of non-zeros, and skip what is not in them */
mlp_status mlp_feed_create(size_t features, size_t rows, size_t leaves,
                           bool is_sparse, mlp_feed **feed);
void mlp_feed_destroy(mlp_feed **feed);

/** Expect data sets with targets, and scale these, too: batches then have them.
 *  @param rows  as of create */
mlp_status mlp_feed_expect_targets(mlp_feed *feed, size_t rows,
                                   mlp_scaler scaler);

/** Point the feed at rows of a dataset: wait for them, if they are read from a
 *  file; see mlp_dataset_expect. Call from one thread, before fill. */
void mlp_feed_begin(mlp_feed *feed, const mlp_dataset *dataset,
                    mlp_scaler scaler, const mlp_microbatches *microbatches);

/** Gather the rows. Every thread of the crew calls and does its share; a
 *  barrier must follow. */
void mlp_feed_fill(mlp_feed *feed, const mlp_kernels *kernels, mlp_thread self);

/** The filled batch, and the labels of its rows, [batch rows]. */
const mlp_batch *mlp_feed_batch(const mlp_feed *feed);
const uint16_t *mlp_feed_labels(const mlp_feed *feed);

/** Scaled targets, [batch rows, mlp_stride(1)]; NULL without any. And what a
 *  difference of 1 in them is in the data's own unit. */
const float *mlp_feed_targets(const mlp_feed *feed);
double mlp_feed_target_unit(const mlp_feed *feed);

#endif
