/** @file
 *  Rows run forward through a model, a batch at a time.
 */
#include "forward_rows.h"

#include <assert.h>

#include "system/threads.h"

/* ---- order ------------------------------------------------------------- */

/* Requests of the longest shard. */
static size_t times(const mlp_evaluation_order *of)
{
    return (of->rows / of->shards + 1) / EVALUATION_ROWS + 1;
}

static size_t pick_rows(const void *context, size_t request, uint32_t *rows)
{
    const mlp_evaluation_order *of = context;
    size_t shard = of->here.first + request / times(of);
    mlp_range part = mlp_range_part(of->rows, of->shards, shard);
    size_t done = request % times(of) * EVALUATION_ROWS;
    size_t count = 0;
    for (; done + count < part.count && count < EVALUATION_ROWS; count++) {
        rows[count] = (uint32_t)(part.first - of->before + done + count);
    }
    return count;
}

mlp_read_plan mlp_evaluation_plan(const mlp_evaluation_order *order)
{
    return (mlp_read_plan){pick_rows, order, order->here.count * times(order)};
}

/* ---- a batch ----------------------------------------------------------- */

static void run_batch(void *context, mlp_thread self)
{
    const mlp_evaluator *evaluator = context;
    mlp_feed_fill(evaluator->feed, evaluator->kernels, self);
    mlp_thread_barrier(self);
    for (size_t l = 0; l < evaluator->model->layers; l++) {
        mlp_pass_forward(evaluator->pass, l, self);
        mlp_thread_barrier(self);
    }
    mlp_pass_loss(evaluator->pass, false, self);
}

void mlp_evaluate_rows(const mlp_evaluator *evaluator,
                       const mlp_dataset *dataset, mlp_range rows)
{
    uint32_t index[EVALUATION_ROWS];
    assert(rows.count <= EVALUATION_ROWS);
    for (size_t r = 0; r < rows.count; r++) {
        index[r] = (uint32_t)(rows.first + r);
    }
    const size_t leaf_start[2] = {0, rows.count};
    const mlp_microbatches one = {index, leaf_start, 1};
    mlp_feed_begin(evaluator->feed, dataset, evaluator->scaler, &one, NULL);
    mlp_pass_begin(
        evaluator->pass, evaluator->vector, mlp_feed_batch(evaluator->feed),
        mlp_feed_labels(evaluator->feed), mlp_feed_targets(evaluator->feed));
    mlp_evaluator crew = *evaluator;
    mlp_threads_run(crew.threads, run_batch, &crew);
}

/* ---- tallies ----------------------------------------------------------- */

/* Add the batch's targets, in order. */
static void count_targets(const mlp_evaluator *evaluator, size_t rows,
                          mlp_tally *tally)
{
    const float *targets = mlp_feed_targets(evaluator->feed);
    const float *outputs = mlp_pass_outputs(evaluator->pass);
    double unit = mlp_feed_target_unit(evaluator->feed);
    for (size_t r = 0; targets != NULL && r < rows; r++) {
        mlp_tally_target(tally, outputs[r * MLP_ALIGN], targets[r * MLP_ALIGN],
                         unit);
    }
}

/* Whether the label's output is among the k largest; of equal outputs the
 * lower class comes first, as in predictions. */
static bool is_among_top(const float *outputs, size_t classes, size_t label,
                         size_t k)
{
    size_t before = 0;
    for (size_t j = 0; j < classes; j++) {
        before += outputs[j] > outputs[label] ||
                  (j < label && outputs[j] == outputs[label]);
    }
    return before < k;
}

static uint64_t count_top(const mlp_evaluator *evaluator, size_t rows)
{
    size_t classes = evaluator->model->classes;
    const float *outputs = mlp_pass_outputs(evaluator->pass);
    const uint16_t *labels = mlp_feed_labels(evaluator->feed);
    uint64_t hits = 0;
    for (size_t r = 0; r < rows; r++) {
        hits += is_among_top(outputs + r * mlp_stride(classes), classes,
                             labels[r], evaluator->top_k);
    }
    return hits;
}

/* Add the batch's rows, in order. */
static void count_rows(const mlp_evaluator *evaluator, size_t rows,
                       mlp_tally *tally, uint64_t *confusion)
{
    const mlp_model *model = evaluator->model;
    size_t classes = model->classes;
    const double *losses = mlp_pass_losses(evaluator->pass);
    const uint32_t *predictions = mlp_pass_predictions(evaluator->pass);
    const uint16_t *labels = mlp_feed_labels(evaluator->feed);
    for (size_t r = 0; r < rows; r++) {
        tally->loss_sum += losses[r];
        tally->hits += predictions[r] == labels[r];
        if (confusion != NULL) {
            confusion[labels[r] * classes + predictions[r]]++;
        }
    }
    tally->rows += rows;
    count_targets(evaluator, rows, tally);
    tally->top_hits += evaluator->top_k > 0 ? count_top(evaluator, rows) : 0;
}

mlp_tally mlp_evaluate_shard(const mlp_evaluator *evaluator,
                             const mlp_dataset *dataset, mlp_range rows,
                             uint64_t *confusion)
{
    mlp_tally tally = {0};
    while (rows.count > 0 && !mlp_stop_is_wanted(evaluator->stop)) {
        size_t count =
            rows.count < EVALUATION_ROWS ? rows.count : EVALUATION_ROWS;
        mlp_evaluate_rows(evaluator, dataset, (mlp_range){rows.first, count});
        count_rows(evaluator, count, &tally, confusion);
        rows.first += count;
        rows.count -= count;
    }
    return tally;
}
