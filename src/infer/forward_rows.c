/** @file
 *  Rows run forward through a model, a batch at a time.
 */
#include "forward_rows.h"

#include <assert.h>
#include <string.h>

#include "base/tree.h"
#include "system/threads.h"

/* ---- order ------------------------------------------------------------- */

/* Rows of a shard that are asked for, of those of the split. */
static mlp_range rows_of(const mlp_evaluation_order *of, size_t shard)
{
    mlp_range rows = mlp_range_part(of->rows, of->shards, shard);
    rows.count = of->most > 0 && of->most < rows.count ? of->most : rows.count;
    return rows;
}

size_t mlp_evaluation_rows(const mlp_evaluation_order *order)
{
    size_t rows = 0;
    for (size_t s = 0; s < order->shards; s++) {
        rows += rows_of(order, s).count;
    }
    return rows;
}

/* Requests of a shard, as many as the longest one has. */
static size_t times(const mlp_evaluation_order *of)
{
    size_t longest = of->rows / of->shards + 1;
    longest = of->most > 0 && of->most < longest ? of->most : longest;
    return longest / EVALUATION_ROWS + 1;
}

static size_t requests(const mlp_evaluation_order *of)
{
    return of->here.count * times(of);
}

static size_t shard_of(const mlp_evaluation_order *of, size_t request)
{
    return of->here.first + request / times(of);
}

/* The rows of a request, counted in the dataset; maybe none. */
static mlp_range batch_of(const mlp_evaluation_order *of, size_t request)
{
    mlp_range all = rows_of(of, shard_of(of, request));
    size_t done = request % times(of) * EVALUATION_ROWS;
    done = done < all.count ? done : all.count;
    size_t rest = all.count - done;
    return (mlp_range){all.first - of->before + done,
                       rest < EVALUATION_ROWS ? rest : EVALUATION_ROWS};
}

static size_t pick_rows(const void *context, size_t request, uint32_t *rows)
{
    mlp_range batch = batch_of(context, request);
    for (size_t r = 0; r < batch.count; r++) {
        rows[r] = (uint32_t)(batch.first + r);
    }
    return batch.count;
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
    const mlp_shard_batches one = {index, leaf_start, 1};
    mlp_feed_begin(evaluator->feed, dataset, evaluator->scaler, &one, NULL);
    mlp_pass_begin(
        evaluator->pass, evaluator->vector, mlp_feed_batch(evaluator->feed),
        mlp_feed_labels(evaluator->feed), mlp_feed_targets(evaluator->feed));
    mlp_evaluator all = *evaluator;
    mlp_threads_run(all.kept, all.threads, run_batch, &all);
}

/* ---- the loop ---------------------------------------------------------- */

void mlp_evaluation_begin(mlp_evaluation *e, const mlp_evaluator *evaluator,
                          const mlp_dataset *dataset,
                          const mlp_evaluation_order *order)
{
    const mlp_read_plan plan = {pick_rows, order, requests(order)};
    *e = (mlp_evaluation){
        .evaluator = evaluator, .dataset = dataset, .order = order};
    mlp_dataset_expect(dataset, &plan, 0);
}

bool mlp_evaluation_next(mlp_evaluation *e)
{
    while (e->next < requests(e->order) &&
           !mlp_stop_is_wanted(e->evaluator->stop)) {
        size_t request = e->next++;
        e->shard = shard_of(e->order, request);
        e->rows = batch_of(e->order, request);
        if (e->rows.count > 0) {
            mlp_evaluate_rows(e->evaluator, e->dataset, e->rows);
            return true;
        }
    }
    mlp_dataset_cancel(e->dataset);
    return false;
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

void mlp_evaluate(const mlp_evaluator *evaluator, const mlp_dataset *dataset,
                  const mlp_evaluation_order *order, mlp_tally *tallies,
                  uint64_t *confusion)
{
    mlp_evaluation e;
    memset(tallies, 0, order->shards * sizeof *tallies);
    mlp_evaluation_begin(&e, evaluator, dataset, order);
    while (mlp_evaluation_next(&e)) {
        count_rows(evaluator, e.rows.count, &tallies[e.shard], confusion);
    }
}

/* One of the float64 sums, at `offset` of each tally. */
static double total_of(const mlp_tally *tallies, size_t shards, size_t offset)
{
    const double *words = (const void *)tallies;
    return mlp_tree_sum(words + offset / sizeof *words, shards,
                        sizeof *tallies / sizeof *words);
}

mlp_tally mlp_evaluation_total(const mlp_tally *tallies, size_t shards)
{
    static const size_t summed[MLP_TALLY_SUMS] = {
        offsetof(mlp_tally, loss_sum), offsetof(mlp_tally, error_sum),
        offsetof(mlp_tally, target_sum), offsetof(mlp_tally, target_squares)};
    double sums[MLP_TALLY_SUMS];
    mlp_tally total = {0};
    for (size_t i = 0; i < MLP_TALLY_SUMS; i++) {
        sums[i] = total_of(tallies, shards, summed[i]);
    }
    for (size_t s = 0; s < shards; s++) {
        mlp_tally_add(&total, &tallies[s]);
    }
    mlp_tally_set_sums(&total, sums);
    return total;
}
