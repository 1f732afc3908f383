/** @file
 *  Rows run forward through a model, a batch at a time: the one loop of the
 *  trainer's evaluation over all ranks and of inference from a checkpoint.
 */
#ifndef MLP_EVALUATE_H
#define MLP_EVALUATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/metrics.h"
#include "base/reliability.h"
#include "kernels/kernels.h"
#include "model/model.h"
#include "model/pass.h"
#include "rows/dataset.h"
#include "rows/feed.h"
#include "rows/scaler.h"
#include "system/stop.h"
#include "system/threads.h"

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
    mlp_threads *kept; /**< that are kept, or NULL */
    size_t top_k;      /**< count top_hits among so many outputs; 0: don't */
    mlp_stop *stop;    /**< checked between batches; may be NULL */
} mlp_evaluator;

/** The rows of an evaluation: those of some shards of a split, in the order in
 *  which they are run forward. */
typedef struct {
    size_t rows, shards; /**< of the whole split, over all ranks */
    mlp_range here;      /**< the shards that the dataset has, */
    size_t before;       /**< and the rows of the split before its first */
    size_t most;         /**< of each shard only so many rows; 0: all */
} mlp_evaluation_order;

/** Rows of an order that had all shards. */
size_t mlp_evaluation_rows(const mlp_evaluation_order *order);

/** The one loop over the rows of an evaluation:
 *
 *      mlp_evaluation e;
 *      mlp_evaluation_begin(&e, &evaluator, &dataset, &order);
 *      while (mlp_evaluation_next(&e)) {
 *          rows e.rows of shard e.shard: losses, predictions and outputs are in
 *          the pass, labels and targets in the feed
 *      }
 *
 *  A batch has at most EVALUATION_ROWS rows, all of one shard. */
typedef struct {
    const mlp_evaluator *evaluator;
    const mlp_dataset *dataset;
    const mlp_evaluation_order *order;
    size_t next;    /* request of the order */
    size_t shard;   /**< of the batch */
    mlp_range rows; /**< of the batch, counted in the dataset */
} mlp_evaluation;

/** Begin; rows in a file are read ahead from now on. All that is passed must
 *  outlive the loop. */
void mlp_evaluation_begin(mlp_evaluation *e, const mlp_evaluator *evaluator,
                          const mlp_dataset *dataset,
                          const mlp_evaluation_order *order);

/** Run the next batch forward. false when there is none, or when a stop is
 *  wanted: the loop is to go on until then. */
bool mlp_evaluation_next(mlp_evaluation *e);

/** Run rows forward (counted in the dataset, at most EVALUATION_ROWS) that are
 *  in memory, or expected: what mlp_evaluation_next does with each batch, but
 *  for the losses. Labels, targets and weights are not used. */
void mlp_evaluate_outputs(const mlp_evaluator *evaluator,
                          const mlp_dataset *dataset, mlp_range rows);

/** What an evaluation fills besides the tallies; NULL: not wanted. */
typedef struct {
    uint64_t *confusion;  /**< [classes, classes], row = truth, added to: rows
                               whose weight is not 0 */
    mlp_ranking *ranking; /**< of order->rows rows, into which these are put */
    mlp_reliability *reliability; /**< added to in the order of rows; if the
                                       model has probabilities, and rows have
                                       no weights */
} mlp_evaluation_counts;

/** The outputs of a classifier for some rows, and their labels. */
typedef struct {
    size_t rows, classes;
    size_t count, stride; /**< a single output is that of class 1 of two */
    const float *outputs; /**< [rows, stride], the first `count` of a row */
    bool are_probabilities;
    const double *losses; /**< [rows]: the log loss of the logits times the
                               weight, which is more exact than that of the
                               outputs; NULL: not known */
    const uint32_t *predictions; /**< [rows] */
    const uint16_t *labels;      /**< [rows] */
    const float *weights;        /**< [rows]; NULL: all 1 */
    size_t top_k;                /**< 0: don't count top_hits */
} mlp_class_rows;

/** Count the hits and probabilities of rows, in order; neither loss nor rows.
 *  @param first  the number of the first, for the ranking */
void mlp_class_rows_count(const mlp_class_rows *of, size_t first,
                          mlp_tally *tally,
                          const mlp_evaluation_counts *counts);

/** Bytes that it takes to rank rows of a model: outputs, labels, and their
 * order by one output. */
uint64_t mlp_evaluation_ranking_bytes(const mlp_model *model, uint64_t rows);

/** Have a pass keep its predictions within the range of a regression's
 *  training rows, if they are to be clipped. */
void mlp_evaluate_clip(mlp_pass *pass, const mlp_model *model,
                       const mlp_target_scaler *scaler);

/** Evaluate the rows of an order: the loss of a shard is one chain of additions
 *  over its rows. Rows are left out when a stop is wanted.
 *
 *  @param tallies  [order->shards], overwritten: one for each shard; 0 of
 *                  shards that are not here
 *  @param counts   what else is wanted, of a classifier
 */
void mlp_evaluate(const mlp_evaluator *evaluator, const mlp_dataset *dataset,
                  const mlp_evaluation_order *order, mlp_tally *tallies,
                  const mlp_evaluation_counts *counts);

/** The tally of all shards: float64 sums are added in the tree. */
mlp_tally mlp_evaluation_total(const mlp_tally *tallies, size_t shards);

#endif
