/** @file
 *  A trained model from a checkpoint, put to use: rows of data in; outputs,
 *  predictions and losses out. One process, any number of threads, and the
 *  same bits for any number of them.
 */
#ifndef MLP_INFERENCE_H
#define MLP_INFERENCE_H

#include <stddef.h>
#include <stdint.h>

#include "base/metrics.h"
#include "base/status.h"
#include "checkpoint/checkpoint.h"
#include "rows/dataset.h"

typedef struct mlp_inference mlp_inference;

/** Set up the model of a checkpoint. What it needs is copied, so the
 *  checkpoint may go.
 *
 *  @param threads  0 = one for each core that this process may use
 *
 *  MLP_ERROR_INTERNAL without memory; MLP_ERROR_DATA when it was not trained on
 *  any shard.
 */
mlp_status mlp_inference_create(const mlp_checkpoint *checkpoint,
                                size_t threads, mlp_inference **inference);
void mlp_inference_destroy(mlp_inference **inference);

/** Make another one of the same model, for another thread: it has memory for
 *  rows of its own, and shares the parameters of `first`, which must outlive
 *  it. For as many threads as `first`. MLP_ERROR_INTERNAL without memory. */
mlp_status mlp_inference_share(const mlp_inference *first,
                               mlp_inference **another);

/** Whether the model can take these rows: as many features as it has inputs,
 *  all of them finite, fewer than 2^32 rows. MLP_ERROR_DATA; the line names no
 *  file. */
mlp_status mlp_inference_check(const mlp_inference *inference,
                               const mlp_dataset *dataset);

enum { MLP_INFERENCE_ROWS = 512 }; /**< of one batch at most */

/** What came out for a batch; valid until the next call. */
typedef struct {
    size_t rows, classes;
    size_t stride;        /**< floats from one row of outputs to the next */
    const float *outputs; /**< [rows, stride]; the first `classes` of a row:
                               probabilities under softmax, else activations */
    const uint32_t *predictions; /**< [rows]: largest output, lowest if tied */
} mlp_inference_result;

/** Run rows forward. Of rows in a file look at mlp_dataset_status before
 *  anything comes of the result.
 *  @param dataset  that mlp_inference_check takes; its labels don't matter, but
 *                  are below the number of classes
 *  @param rows     counted in the dataset; at most MLP_INFERENCE_ROWS */
mlp_inference_result mlp_inference_run(mlp_inference *inference,
                                       const mlp_dataset *dataset,
                                       mlp_range rows);

/** Have mlp_inference_evaluate count top_hits among the k largest outputs, too;
 * 0: not. MLP_ERROR_USAGE when the model has no more than k outputs. */
mlp_status mlp_inference_count_top(mlp_inference *inference, size_t k);

/** Loss, hits and confusion over all rows of a dataset. The loss is summed as
 *  in training, shard by shard and then in the tree, so that a split gives
 *  the very number that the trainer logged for it. Of rows in a file look at
 *  mlp_dataset_status before anything comes of it.
 *
 *  @param dataset    that mlp_inference_check takes, labels below the number
 *                    of classes
 *  @param confusion  [classes, classes], row = truth, zeroed by the caller; or
 *                    NULL
 */
void mlp_inference_evaluate(mlp_inference *inference,
                            const mlp_dataset *dataset, mlp_tally *tally,
                            uint64_t *confusion);

#endif
