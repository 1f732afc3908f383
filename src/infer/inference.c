/** @file
 *  Inference with the model of a checkpoint.
 */
#include "inference.h"

#include <stdlib.h>

#include "forward_rows.h"
#include "system/threads.h"

_Static_assert((int)MLP_INFERENCE_ROWS == (int)EVALUATION_ROWS,
               "a batch is what the evaluator runs at once");

struct mlp_inference {
    bool is_shared; /* model, vector and scaler belong to another one */
    mlp_model *model;
    float *vector; /* [model->vector_size] */
    mlp_feed *feed;
    mlp_pass *pass;
    mlp_scaler scaler;
    mlp_target_scaler target_scaler; /* for regression */
    bool is_regression;
    uint64_t memory; /* limit, bytes; 0: none */
    size_t shards;
    mlp_tally *tallies; /* [shards] */
    mlp_evaluator evaluator;
};

/* ---- create and destroy ------------------------------------------------ */

static mlp_status create_parameters(mlp_inference *made,
                                    const mlp_checkpoint *checkpoint)
{
    MLP_TRY(mlp_model_create(checkpoint->widths, checkpoint->layers,
                             &checkpoint->config, &made->model));
    size_t bytes = made->model->vector_size * sizeof *made->vector;
    made->vector = aligned_alloc(64, (bytes + 63) / 64 * 64);
    if (made->vector == NULL) {
        return mlp_fail_memory("the parameters");
    }
    mlp_model_pack(made->model, mlp_checkpoint_result(checkpoint),
                   made->vector);
    return MLP_OK;
}

/* Allocate memory for rows. Zero inputs are skipped if scaling maps them to
 * zero: the result is the same, and dense data loses little time. */
static mlp_status create_rows(mlp_inference *made, size_t threads)
{
    const mlp_kernels *kernels;
    size_t features = made->model->layer[0].in;
    MLP_TRY(mlp_kernels_best(&kernels));
    const mlp_feed_shape shape = {
        .features = features,
        .rows = EVALUATION_ROWS,
        .leaves = 1,
        .is_sparse = mlp_scaler_keeps_zeros(&made->scaler, features),
        .is_forward = true,
        .has_targets = made->is_regression,
        .target_scaler = made->target_scaler};
    MLP_TRY(mlp_feed_create(&shape, NULL, &made->feed));
    MLP_TRY(mlp_pass_create(made->model, kernels, EVALUATION_ROWS, threads,
                            NULL, &made->pass));
    mlp_evaluate_clip(made->pass, made->model, &made->target_scaler);
    made->tallies = calloc(made->shards, sizeof *made->tallies);
    if (made->tallies == NULL) {
        return mlp_fail_memory("the shards' tallies");
    }
    made->evaluator = (mlp_evaluator){.model = made->model,
                                      .kernels = kernels,
                                      .vector = made->vector,
                                      .feed = made->feed,
                                      .pass = made->pass,
                                      .scaler = made->scaler,
                                      .threads = threads};
    return MLP_OK;
}

static mlp_status create_parts(mlp_inference *made,
                               const mlp_checkpoint *checkpoint, size_t threads)
{
    if (checkpoint->config.shards == 0) {
        return mlp_fail(MLP_ERROR_DATA, "the checkpoint is of no shards");
    }
    MLP_TRY(create_parameters(made, checkpoint));
    MLP_TRY(mlp_scaler_copy(&checkpoint->scaler, checkpoint->widths[0],
                            &made->scaler));
    made->target_scaler = checkpoint->target_scaler;
    made->is_regression = checkpoint->schema.is_regression;
    made->shards = checkpoint->config.shards;
    return create_rows(made, threads);
}

mlp_status mlp_inference_create(const mlp_checkpoint *checkpoint,
                                size_t threads, mlp_inference **inference)
{
    *inference = calloc(1, sizeof **inference);
    if (*inference == NULL) {
        return mlp_fail_memory("a model");
    }
    mlp_status status = create_parts(
        *inference, checkpoint, threads > 0 ? threads : mlp_threads_cores());
    if (status != MLP_OK) {
        mlp_inference_destroy(inference);
    }
    return status;
}

mlp_status mlp_inference_share(const mlp_inference *first,
                               mlp_inference **another)
{
    mlp_inference *made = malloc(sizeof *made);
    *another = made;
    if (made == NULL) {
        return mlp_fail_memory("a model");
    }
    *made = *first;
    made->is_shared = true;
    made->feed = NULL;
    made->pass = NULL;
    made->tallies = NULL;
    mlp_status status = create_rows(made, first->evaluator.threads);
    if (status != MLP_OK) {
        mlp_inference_destroy(another);
    }
    return status;
}

void mlp_inference_destroy(mlp_inference **inference)
{
    mlp_inference *old = *inference;
    if (old == NULL) {
        return;
    }
    mlp_pass_destroy(&old->pass);
    mlp_feed_destroy(&old->feed);
    if (!old->is_shared) {
        mlp_scaler_destroy(&old->scaler);
        mlp_model_destroy(&old->model);
        free(old->vector);
    }
    free(old->tallies);
    free(old);
    *inference = NULL;
}

/* ---- rows -------------------------------------------------------------- */

mlp_status mlp_inference_check(const mlp_inference *inference,
                               const mlp_dataset *dataset, mlp_range rows)
{
    size_t inputs = inference->model->layer[0].in;
    if (dataset->range.count > UINT32_MAX) {
        return mlp_fail(MLP_ERROR_DATA, "%zu rows at once, at most %u can be",
                        dataset->range.count, UINT32_MAX);
    }
    if (dataset->features != inputs) {
        return mlp_fail(MLP_ERROR_DATA,
                        "expected %zu features a row, which the model was "
                        "trained on, found %zu",
                        inputs, dataset->features);
    }
    return mlp_dataset_check_finite(dataset, rows,
                                    inference->evaluator.kernels);
}

/* The batch to run. The next rows are not known, so none are read ahead. */
static size_t pick_batch(const void *context, size_t request, uint32_t *rows)
{
    const mlp_range *batch = context;
    (void)request;
    for (size_t i = 0; i < batch->count; i++) {
        rows[i] = (uint32_t)(batch->first + i);
    }
    return batch->count;
}

bool mlp_inference_next(size_t rows, mlp_range *batch)
{
    batch->first += batch->count;
    size_t rest = rows - batch->first;
    batch->count = rest < MLP_INFERENCE_ROWS ? rest : MLP_INFERENCE_ROWS;
    return rest > 0;
}

mlp_inference_result mlp_inference_run(mlp_inference *inference,
                                       const mlp_dataset *dataset,
                                       mlp_range rows)
{
    const mlp_model *model = inference->model;
    size_t classes = model->layer[model->layers - 1].out;
    const mlp_read_plan plan = {pick_batch, &rows, 1};
    mlp_dataset_expect(dataset, &plan, 0);
    mlp_evaluate_outputs(&inference->evaluator, dataset, rows);
    mlp_dataset_cancel(dataset);
    return (mlp_inference_result){.rows = rows.count,
                                  .classes = classes,
                                  .stride = mlp_stride(classes),
                                  .outputs = mlp_pass_outputs(inference->pass),
                                  .predictions =
                                      mlp_pass_predictions(inference->pass)};
}

size_t mlp_inference_outputs(const mlp_inference *inference)
{
    return inference->model->layer[inference->model->layers - 1].out;
}

size_t mlp_inference_classes(const mlp_inference *inference)
{
    return inference->is_regression ? 0 : inference->model->classes;
}

double mlp_inference_value(const mlp_inference *inference, float output)
{
    return inference->is_regression
               ? mlp_target_prediction(&inference->target_scaler, output)
               : (double)output;
}

bool mlp_inference_has_probabilities(const mlp_inference *inference)
{
    return !inference->is_regression &&
           mlp_model_has_probabilities(inference->model);
}

mlp_status mlp_inference_count_top(mlp_inference *inference, size_t k)
{
    const mlp_model *model = inference->model;
    size_t outputs = model->layer[model->layers - 1].out;
    if (k >= outputs) {
        return mlp_fail(MLP_ERROR_USAGE,
                        "--top-k %zu: the model has %zu output%s, and every "
                        "class is among so many",
                        k, outputs, outputs == 1 ? "" : "s");
    }
    inference->evaluator.top_k = k;
    return MLP_OK;
}

/* Bytes to rank rows in: of a limit of memory, this part. */
enum { RANKED_BYTES = 1 << 30, LIMIT_PART = 2 };

void mlp_inference_limit_memory(mlp_inference *inference, uint64_t bytes)
{
    inference->memory = bytes;
}

bool mlp_inference_ranks(const mlp_inference *inference, size_t rows)
{
    uint64_t bytes = mlp_evaluation_ranking_bytes(inference->model, rows);
    uint64_t most =
        inference->memory > 0 ? inference->memory / LIMIT_PART : RANKED_BYTES;
    return !inference->is_regression && bytes <= most;
}

static void evaluate(mlp_inference *inference, const mlp_dataset *dataset,
                     const mlp_evaluation_counts *counts, mlp_tally *tally)
{
    const mlp_evaluation_order order = {.rows = dataset->range.count,
                                        .shards = inference->shards,
                                        .here = {0, inference->shards}};
    mlp_evaluate(&inference->evaluator, dataset, &order, inference->tallies,
                 counts);
    *tally = mlp_evaluation_total(inference->tallies, inference->shards);
}

mlp_status mlp_inference_evaluate(
    mlp_inference *inference, const mlp_dataset *dataset, mlp_tally *tally,
    /* NOLINTNEXTLINE(readability-non-const-parameter): the counts keep it */
    uint64_t *confusion, mlp_reliability *reliability)
{
    mlp_ranking ranking = {0};
    mlp_evaluation_counts counts = {.confusion = confusion,
                                    .reliability = reliability};
    size_t rows = dataset->range.count;
    if (!mlp_inference_ranks(inference, rows)) {
        evaluate(inference, dataset, &counts, tally);
        return MLP_OK;
    }
    MLP_TRY(mlp_ranking_create(rows, inference->model->classes, &ranking));
    counts.ranking = &ranking;
    evaluate(inference, dataset, &counts, tally);
    mlp_status status =
        mlp_ranking_measure(&ranking, dataset->weights, &tally->ranking);
    tally->ranked = rows;
    mlp_ranking_destroy(&ranking);
    return status;
}
