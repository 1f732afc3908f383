/** @file
 *  The average of several models' outputs.
 */
#include "average.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "forward_rows.h"

struct mlp_average {
    mlp_average_member *members; /* [count] */
    size_t count, outputs;
    double *sums;          /* [MLP_INFERENCE_ROWS, outputs] */
    float *averages;       /* [MLP_INFERENCE_ROWS, outputs] */
    uint32_t *predictions; /* [MLP_INFERENCE_ROWS] */
};

/* ---- create and destroy ------------------------------------------------ */

mlp_status mlp_average_create(const mlp_average_member *members, size_t count,
                              mlp_average **average)
{
    mlp_average *made = calloc(1, sizeof *made);
    *average = made;
    if (made == NULL) {
        return mlp_fail_memory("an average of models");
    }
    made->count = count;
    made->outputs = mlp_inference_outputs(members[0].inference);
    size_t values = MLP_INFERENCE_ROWS * made->outputs;
    made->members = calloc(count, sizeof *made->members);
    made->sums = calloc(values, sizeof *made->sums);
    made->averages = calloc(values, sizeof *made->averages);
    made->predictions = calloc(MLP_INFERENCE_ROWS, sizeof *made->predictions);
    if (made->members == NULL || made->sums == NULL || made->averages == NULL ||
        made->predictions == NULL) {
        mlp_average_destroy(average);
        return mlp_fail_memory("an average of models");
    }
    memcpy(made->members, members, count * sizeof *members);
    return MLP_OK;
}

void mlp_average_destroy(mlp_average **average)
{
    mlp_average *old = *average;
    if (old == NULL) {
        return;
    }
    free(old->members);
    free(old->sums);
    free(old->averages);
    free(old->predictions);
    free(old);
    *average = NULL;
}

/* ---- averages ---------------------------------------------------------- */

static mlp_status add_outputs(mlp_average *of, const mlp_average_member *member,
                              mlp_range rows)
{
    const mlp_inference_result result =
        mlp_inference_run(member->inference, member->dataset, rows);
    for (size_t r = 0; r < rows.count; r++) {
        for (size_t k = 0; k < of->outputs; k++) {
            of->sums[r * of->outputs + k] += mlp_inference_value(
                member->inference, result.outputs[r * result.stride + k]);
        }
    }
    return mlp_dataset_status(member->dataset);
}

/* The largest output, the lowest class if tied; of a single one, class 1 from
 * 0.5 on. */
static uint32_t predict(const float *outputs, size_t count)
{
    uint32_t best = 0;
    if (count == 1) {
        return outputs[0] >= 0.5F;
    }
    for (size_t k = 1; k < count; k++) {
        best = outputs[k] > outputs[best] ? (uint32_t)k : best;
    }
    return best;
}

mlp_status mlp_average_run(mlp_average *of, mlp_range rows,
                           mlp_inference_result *result)
{
    size_t outputs = of->outputs;
    memset(of->sums, 0, rows.count * outputs * sizeof *of->sums);
    for (size_t m = 0; m < of->count; m++) {
        MLP_TRY(add_outputs(of, &of->members[m], rows));
    }
    for (size_t i = 0; i < rows.count * outputs; i++) {
        of->averages[i] = (float)(of->sums[i] / (double)of->count);
    }
    for (size_t r = 0; r < rows.count; r++) {
        of->predictions[r] = predict(of->averages + r * outputs, outputs);
    }
    *result = (mlp_inference_result){.rows = rows.count,
                                     .classes = outputs,
                                     .stride = outputs,
                                     .outputs = of->averages,
                                     .predictions = of->predictions};
    return MLP_OK;
}

/* ---- evaluation -------------------------------------------------------- */

/* The labelled rows that are evaluated, and what is counted. */
typedef struct {
    const mlp_dataset *dataset;
    const mlp_inference *model; /* as each of them */
    size_t top_k;
    mlp_evaluation_counts counts;
    mlp_tally tally;
} evaluation;

static void count_targets(evaluation *e, mlp_range rows,
                          const mlp_inference_result *result)
{
    const mlp_dataset *data = e->dataset;
    for (size_t i = 0; i < rows.count; i++) {
        size_t row = rows.first + i;
        double weight = data->weights != NULL ? (double)data->weights[row] : 1;
        mlp_tally_target(&e->tally, result->outputs[i * result->stride],
                         data->targets[row], 1.0, weight);
    }
    e->tally.loss_sum = e->tally.square_sum;
}

static void count_classes(evaluation *e, mlp_range rows,
                          const mlp_inference_result *result)
{
    const float *weights = e->dataset->weights;
    bool has_probabilities = mlp_inference_has_probabilities(e->model);
    const mlp_class_rows of = {.rows = rows.count,
                               .classes = mlp_inference_classes(e->model),
                               .count = result->classes,
                               .stride = result->stride,
                               .outputs = result->outputs,
                               .are_probabilities = has_probabilities,
                               .predictions = result->predictions,
                               .labels = e->dataset->labels + rows.first,
                               .weights = weights != NULL ? weights + rows.first
                                                          : NULL,
                               .top_k = e->top_k};
    mlp_class_rows_count(&of, rows.first, &e->tally, &e->counts);
    e->tally.loss_sum = has_probabilities ? e->tally.log_sum : (double)NAN;
}

static void count_rows(evaluation *e, mlp_range rows,
                       const mlp_inference_result *result)
{
    const float *weights = e->dataset->weights;
    e->tally.rows += rows.count;
    e->tally.weighted += weights != NULL ? rows.count : 0;
    for (size_t i = 0; weights != NULL && i < rows.count; i++) {
        e->tally.weight_sum += (double)weights[rows.first + i];
    }
    if (e->dataset->targets != NULL) {
        count_targets(e, rows, result);
    } else {
        count_classes(e, rows, result);
    }
}

static mlp_status evaluate(mlp_average *of, evaluation *e)
{
    mlp_range rows = {0};
    while (mlp_inference_next(e->dataset->range.count, &rows)) {
        mlp_inference_result result;
        MLP_TRY(mlp_average_run(of, rows, &result));
        count_rows(e, rows, &result);
    }
    return MLP_OK;
}

mlp_status mlp_average_evaluate(
    mlp_average *of, size_t top_k, mlp_tally *tally,
    /* NOLINTNEXTLINE(readability-non-const-parameter): the counts keep it */
    uint64_t *confusion, mlp_reliability *reliability)
{
    mlp_ranking ranking = {0};
    evaluation e = {
        .dataset = of->members[0].dataset,
        .model = of->members[0].inference,
        .top_k = top_k,
        .counts = {.confusion = confusion, .reliability = reliability}};
    size_t rows = e.dataset->range.count;
    mlp_status status = MLP_OK;
    if (mlp_inference_ranks(e.model, rows)) {
        MLP_TRY(
            mlp_ranking_create(rows, mlp_inference_classes(e.model), &ranking));
        e.counts.ranking = &ranking;
    }
    status = evaluate(of, &e);
    if (status == MLP_OK && e.counts.ranking != NULL) {
        e.tally.ranked = rows;
        status =
            mlp_ranking_measure(&ranking, e.dataset->weights, &e.tally.ranking);
    }
    mlp_ranking_destroy(&ranking);
    *tally = e.tally;
    return status;
}
