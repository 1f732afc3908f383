/** @file
 *  Rows run forward through a model, a batch at a time.
 */
#include "forward_rows.h"

#include <assert.h>
#include <math.h>
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

typedef struct {
    const mlp_evaluator *evaluator;
    bool has_losses; /* wanted */
} batch_run;

static void run_batch(void *context, mlp_thread self)
{
    const batch_run *run = context;
    const mlp_evaluator *evaluator = run->evaluator;
    mlp_feed_fill(evaluator->feed, evaluator->kernels, self);
    mlp_thread_barrier(self);
    for (size_t l = 0; l < evaluator->model->layers; l++) {
        mlp_pass_forward(evaluator->pass, l, self);
        mlp_thread_barrier(self);
    }
    if (run->has_losses) {
        mlp_pass_loss(evaluator->pass, false, self);
    } else {
        mlp_pass_predict(evaluator->pass, self);
    }
}

/* As many rows again, as far as there are: batches mostly go on there. */
static mlp_range rows_after(const mlp_dataset *dataset, mlp_range rows)
{
    size_t first = rows.first + rows.count;
    size_t rest = dataset->range.count - first;
    return (mlp_range){first, rest < rows.count ? rest : rows.count};
}

static void run_rows(const mlp_evaluator *evaluator, const mlp_dataset *dataset,
                     mlp_range rows, bool has_losses)
{
    uint32_t index[EVALUATION_ROWS];
    assert(rows.count <= EVALUATION_ROWS);
    for (size_t r = 0; r < rows.count; r++) {
        index[r] = (uint32_t)(rows.first + r);
    }
    const size_t leaf_start[2] = {0, rows.count};
    const mlp_shard_batches one = {index, leaf_start, 1};
    mlp_feed_begin(evaluator->feed, dataset, evaluator->scaler, &one, NULL);
    mlp_feed_ahead(evaluator->feed, dataset, rows_after(dataset, rows));
    mlp_pass_begin(
        evaluator->pass, evaluator->vector, mlp_feed_batch(evaluator->feed),
        mlp_feed_labels(evaluator->feed), mlp_feed_targets(evaluator->feed));
    mlp_pass_weigh(evaluator->pass, mlp_feed_weights(evaluator->feed));
    batch_run run = {evaluator, has_losses};
    mlp_threads_run(evaluator->kept, evaluator->threads, run_batch, &run);
}

void mlp_evaluate_outputs(const mlp_evaluator *evaluator,
                          const mlp_dataset *dataset, mlp_range rows)
{
    run_rows(evaluator, dataset, rows, false);
}

void mlp_evaluate_clip(mlp_pass *pass, const mlp_model *model,
                       const mlp_target_scaler *scaler)
{
    float limits[2];
    if (scaler->is_clipped) {
        mlp_target_limits(scaler, model->loss == MLP_LOSS_POISSON, limits);
        mlp_pass_clip(pass, limits);
    }
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
            run_rows(e->evaluator, e->dataset, e->rows, true);
            return true;
        }
    }
    mlp_dataset_cancel(e->dataset);
    return false;
}

/* ---- tallies ----------------------------------------------------------- */

/* @param weights  or NULL: all 1 */
static double weight_of(const float *weights, size_t r)
{
    return weights != NULL ? (double)weights[r] : 1.0;
}

/* Add the batch's targets, in order. */
static void count_targets(const mlp_evaluator *evaluator, size_t rows,
                          mlp_tally *tally)
{
    const float *targets = mlp_feed_targets(evaluator->feed);
    const float *weights = mlp_feed_weights(evaluator->feed);
    const float *outputs = mlp_pass_outputs(evaluator->pass);
    double unit = mlp_feed_target_unit(evaluator->feed);
    for (size_t r = 0; r < rows; r++) {
        mlp_tally_target(tally, outputs[r * MLP_ALIGN], targets[r * MLP_ALIGN],
                         unit, weight_of(weights, r));
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

static void count_top(const mlp_class_rows *of, mlp_tally *tally)
{
    for (size_t r = 0; r < of->rows; r++) {
        double weight = weight_of(of->weights, r);
        bool is_hit =
            weight > 0.0 && is_among_top(of->outputs + r * of->stride,
                                         of->count, of->labels[r], of->top_k);
        tally->top_hits += is_hit;
        tally->top_hit_sum += of->weights != NULL && is_hit ? weight : 0.0;
    }
}

static mlp_class_rows rows_of_batch(const mlp_evaluator *evaluator, size_t rows)
{
    const mlp_model *model = evaluator->model;
    size_t count = model->layer[model->layers - 1].out;
    bool has_logs = model->loss == MLP_LOSS_CROSS_ENTROPY ||
                    model->loss == MLP_LOSS_BINARY_CROSS_ENTROPY;
    return (mlp_class_rows){
        .rows = rows,
        .classes = model->classes,
        .count = count,
        .stride = mlp_stride(count),
        .outputs = mlp_pass_outputs(evaluator->pass),
        .are_probabilities = mlp_model_has_probabilities(model),
        .losses = has_logs ? mlp_pass_losses(evaluator->pass) : NULL,
        .predictions = mlp_pass_predictions(evaluator->pass),
        .labels = mlp_feed_labels(evaluator->feed),
        .weights = mlp_feed_weights(evaluator->feed),
        .top_k = evaluator->top_k};
}

/* Compare probabilities with the labels, in order. Rows with weights have no
 * reliability: its bins count rows. */
static void count_probabilities(const mlp_class_rows *of, mlp_tally *tally,
                                mlp_reliability *reliability)
{
    for (size_t r = 0; r < of->rows; r++) {
        const float *outputs = of->outputs + r * of->stride;
        mlp_tally_probabilities(tally, outputs, of->count, of->labels[r],
                                of->losses != NULL ? of->losses[r]
                                                   : (double)NAN,
                                weight_of(of->weights, r));
        if (reliability != NULL && of->weights == NULL) {
            mlp_reliability_add(reliability, outputs, of->count, of->labels[r],
                                of->predictions[r]);
        }
    }
}

uint64_t mlp_evaluation_ranking_bytes(const mlp_model *model, uint64_t rows)
{
    uint64_t words = mlp_ranking_columns(model->classes) + 1;
    return rows * (words * sizeof(uint32_t) + 2 * sizeof(uint64_t));
}

static void rank_rows(const mlp_class_rows *of, size_t first,
                      mlp_ranking *ranking)
{
    size_t from = of->count == 2 ? 1 : 0;
    for (size_t r = 0; r < of->rows; r++) {
        mlp_ranking_put(ranking, first + r, of->outputs + r * of->stride + from,
                        of->labels[r]);
    }
}

void mlp_class_rows_count(const mlp_class_rows *of, size_t first,
                          mlp_tally *tally, const mlp_evaluation_counts *counts)
{
    for (size_t r = 0; r < of->rows; r++) {
        double weight = weight_of(of->weights, r);
        bool is_hit = of->predictions[r] == of->labels[r] && weight > 0.0;
        tally->hits += is_hit;
        tally->hit_sum += of->weights != NULL && is_hit ? weight : 0.0;
        if (counts->confusion != NULL && weight > 0.0) {
            counts
                ->confusion[of->labels[r] * of->classes + of->predictions[r]]++;
        }
    }
    if (of->are_probabilities) {
        count_probabilities(of, tally, counts->reliability);
    }
    if (counts->ranking != NULL) {
        rank_rows(of, first, counts->ranking);
    }
    if (of->top_k > 0) {
        count_top(of, tally);
    }
}

/* Add the batch's rows, in order. */
static void count_rows(const mlp_evaluation *e, mlp_tally *tally,
                       const mlp_evaluation_counts *counts)
{
    const mlp_evaluator *evaluator = e->evaluator;
    const double *losses = mlp_pass_losses(evaluator->pass);
    const float *weights = mlp_feed_weights(evaluator->feed);
    size_t rows = e->rows.count;
    for (size_t r = 0; r < rows; r++) {
        tally->loss_sum += losses[r];
        tally->weight_sum += weights != NULL ? (double)weights[r] : 0.0;
    }
    tally->rows += rows;
    tally->weighted += weights != NULL ? rows : 0;
    if (mlp_feed_targets(evaluator->feed) != NULL) {
        count_targets(evaluator, rows, tally);
    } else {
        const mlp_class_rows of = rows_of_batch(evaluator, rows);
        mlp_class_rows_count(&of, e->order->before + e->rows.first, tally,
                             counts);
    }
}

void mlp_evaluate(const mlp_evaluator *evaluator, const mlp_dataset *dataset,
                  const mlp_evaluation_order *order, mlp_tally *tallies,
                  const mlp_evaluation_counts *counts)
{
    mlp_evaluation e;
    memset(tallies, 0, order->shards * sizeof *tallies);
    mlp_evaluation_begin(&e, evaluator, dataset, order);
    while (mlp_evaluation_next(&e)) {
        count_rows(&e, &tallies[e.shard], counts);
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
        offsetof(mlp_tally, loss_sum),      offsetof(mlp_tally, error_sum),
        offsetof(mlp_tally, target_sum),    offsetof(mlp_tally, target_squares),
        offsetof(mlp_tally, error_squares), offsetof(mlp_tally, square_sum),
        offsetof(mlp_tally, log_sum),       offsetof(mlp_tally, weight_sum),
        offsetof(mlp_tally, hit_sum),       offsetof(mlp_tally, top_hit_sum)};
    double sums[MLP_TALLY_SUMS];
    mlp_tally total = {0};
    for (size_t i = 0; i < MLP_TALLY_SUMS; i++) {
        sums[i] = total_of(tallies, shards, summed[i]);
    }
    for (size_t s = 0; s < shards; s++) {
        mlp_tally_add(&total, &tallies[s]);
    }
    mlp_tally_set_sums(&total, sums);
    if (total.weighted == 0) { /* as the counts tell */
        total.weight_sum = total.hit_sum = total.top_hit_sum = 0.0;
    }
    return total;
}
