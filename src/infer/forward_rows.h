/** @file
 *  Rows run forward through a model, a batch at a time: what the trainer's
 *  evaluation over all ranks and inference from a checkpoint have in common.
 */
#ifndef MLP_EVALUATE_H
#define MLP_EVALUATE_H

#include <stddef.h>
#include <stdint.h>

#include "base/metrics.h"
#include "kernels/kernels.h"
#include "model/model.h"
#include "model/pass.h"
#include "rows/dataset.h"
#include "rows/feed.h"
#include "rows/scaler.h"
#include "system/stop.h"

/* Rows of an evaluation's batch: enough to keep all threads busy. */
enum { EVALUATION_ROWS = 512 };

/** What it works with, borrowed. */
typedef struct {
    const mlp_model *model;
    const mlp_kernels *kernels;
    const float *vector; /**< the model's parameters, [vector_size] */
    mlp_feed *feed;      /**< for EVALUATION_ROWS rows in one leaf at least */
    mlp_pass *pass;      /**< for as many rows and threads at least */
    mlp_scaler scaler;
    size_t threads;
    size_t top_k;   /**< count top_hits among so many outputs; 0: don't */
    mlp_stop *stop; /**< looked at between batches; may be NULL */
} mlp_evaluator;

/** The rows of an evaluation. */
typedef struct {
    size_t rows, shards; /**< of the whole split, over all ranks */
    mlp_range here;      /**< the shards that the dataset has, */
    size_t before;       /**< and the rows of the split before its first */
} mlp_evaluation_order;

/** The order in which mlp_evaluate_shard asks for these rows if it is called
 *  shard by shard: for mlp_dataset_expect.
 *  @param order  must outlive the use of the plan */
mlp_read_plan mlp_evaluation_plan(const mlp_evaluation_order *order);

/** Run rows forward (counted in the dataset, at most EVALUATION_ROWS): losses,
 *  predictions and outputs are then in the pass, labels in the feed. Rows in a
 *  file must be expected. */
void mlp_evaluate_rows(const mlp_evaluator *evaluator,
                       const mlp_dataset *dataset, mlp_range rows);

/** The tally of one shard: its loss is one chain of additions over its rows.
 *  Rows are left out when a stop is wanted.
 *
 *  @param rows       counted in the dataset, any number
 *  @param confusion  [classes, classes], row = truth, added to; or NULL
 */
mlp_tally mlp_evaluate_shard(const mlp_evaluator *evaluator,
                             const mlp_dataset *dataset, mlp_range rows,
                             uint64_t *confusion);

#endif
