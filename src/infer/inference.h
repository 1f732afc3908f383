/** @file
 *  Inference with the model of a checkpoint: outputs, predictions and losses
 *  for rows of data. One process; the same bits for any number of threads.
 */
#ifndef MLP_INFERENCE_H
#define MLP_INFERENCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/metrics.h"
#include "base/reliability.h"
#include "base/status.h"
#include "checkpoint/checkpoint.h"
#include "rows/dataset.h"

typedef struct mlp_inference mlp_inference;

/** Create from a checkpoint, which is copied and may be destroyed.
 *
 *  @param threads  0 = one for each core that this process may use
 *
 *  MLP_ERROR_INTERNAL without memory; MLP_ERROR_DATA when the checkpoint has no
 *  shards.
 */
mlp_status mlp_inference_create(const mlp_checkpoint *checkpoint,
                                size_t threads, mlp_inference **inference);
void mlp_inference_destroy(mlp_inference **inference);

/** Create another one for concurrent use by another thread, with own memory for
 *  rows. It shares the parameters of `first`, which must outlive it, and has as
 *  many threads. MLP_ERROR_INTERNAL without memory. */
mlp_status mlp_inference_share(const mlp_inference *first,
                               mlp_inference **another);

/** Check rows for the model: as many features as inputs, finite values, fewer
 *  than 2^32 rows. MLP_ERROR_DATA; the message names no file.
 *  @param rows  whose values are checked, counted in the dataset */
mlp_status mlp_inference_check(const mlp_inference *inference,
                               const mlp_dataset *dataset, mlp_range rows);

enum { MLP_INFERENCE_ROWS = 512 }; /**< limit of a batch */

/** Results of a batch; valid until the next call. */
typedef struct {
    size_t rows, classes;
    size_t stride;        /**< floats from one row of outputs to the next */
    const float *outputs; /**< [rows, stride]; the first `classes` of a row:
                               probabilities under softmax, else activations */
    const uint32_t *predictions; /**< [rows]: largest output, lowest if tied */
} mlp_inference_result;

/** Go on to the next batch of rows 0 to `rows` - 1:
 *
 *      mlp_range batch = {0};
 *      while (mlp_inference_next(rows, &batch)) {
 *          run it
 *      }
 *
 *  @return false after the last one */
bool mlp_inference_next(size_t rows, mlp_range *batch);

/** Run rows forward. For rows in a file check mlp_dataset_status before using
 *  the result.
 *  @param dataset  accepted by mlp_inference_check; labels, targets and weights
 *                  are ignored, and may be NULL
 *  @param rows     indices in the dataset; at most MLP_INFERENCE_ROWS */
mlp_inference_result mlp_inference_run(mlp_inference *inference,
                                       const mlp_dataset *dataset,
                                       mlp_range rows);

/** Outputs of a row, and classes: 2 of a single output; 0 of a regression. */
size_t mlp_inference_outputs(const mlp_inference *inference);
size_t mlp_inference_classes(const mlp_inference *inference);

/** An output as it is; of a regression the number in the data's unit. */
double mlp_inference_value(const mlp_inference *inference, float output);

/** Whether so many rows are ranked: those of classes, unless that takes too
 *  much memory (mlp_inference_limit_memory). */
bool mlp_inference_ranks(const mlp_inference *inference, size_t rows);

/** Whether the outputs are probabilities of classes: of softmax, or of one
 *  sigmoid for two classes. */
bool mlp_inference_has_probabilities(const mlp_inference *inference);

/** Let mlp_inference_evaluate also count top_hits: labels among the k largest
 *  outputs; 0: off. MLP_ERROR_USAGE when the model has no more than k outputs.
 */
mlp_status mlp_inference_count_top(mlp_inference *inference, size_t k);

/** Let mlp_inference_evaluate rank rows only where that takes at most half
 *  of so many bytes; 0, as at first: where it takes at most 1 GiB. */
void mlp_inference_limit_memory(mlp_inference *inference, uint64_t bytes);

/** The tally of all rows of a dataset. The loss is summed as in training, by
 *  shard and then in the tree, so that it equals the logged loss of the split
 *  bit for bit. Rows of classes are ranked, unless that takes too much
 *  memory (mlp_inference_limit_memory). For rows in a file check
 * mlp_dataset_status before using the result.
 *
 *  @param dataset      accepted by mlp_inference_check, labels below the number
 *                      of classes
 *  @param confusion    [classes, classes], row = truth, zeroed by the caller;
 *                      or NULL
 *  @param reliability  zeroed by the caller; stays so if outputs are not
 *                      probabilities; or NULL
 *  MLP_ERROR_INTERNAL without memory.
 */
mlp_status mlp_inference_evaluate(mlp_inference *inference,
                                  const mlp_dataset *dataset, mlp_tally *tally,
                                  uint64_t *confusion,
                                  mlp_reliability *reliability);

#endif
