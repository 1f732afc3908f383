/** @file
 *  The average of several models' outputs.
 */
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "checkpoint/folds.h"
#include "predict.h"
#include "source/csv.h"

enum { MODELS_MOST = 1024 };

/* Models, each with the same rows, encoded and scaled as it needs them. */
typedef struct {
    const mlp_tool_options *options;
    mlp_tool_case *cases; /* [count] */
    size_t count, classes, stride;
    double *sums;          /* [MLP_INFERENCE_ROWS, classes] */
    float *outputs;        /* [MLP_INFERENCE_ROWS, stride] */
    uint32_t *predictions; /* [MLP_INFERENCE_ROWS] */
} ensemble;

/* ---- loading ----------------------------------------------------------- */

static bool have_same_classes(const mlp_checkpoint *a, const mlp_checkpoint *b)
{
    bool are_same = a->widths[a->layers] == b->widths[b->layers] &&
                    a->schema.is_regression == b->schema.is_regression &&
                    a->config.binary == b->config.binary &&
                    a->config.output == b->config.output &&
                    a->class_names.count == b->class_names.count;
    for (size_t k = 0; are_same && k < a->class_names.count; k++) {
        are_same =
            strcmp(a->class_names.items[k], b->class_names.items[k]) == 0;
    }
    return are_same;
}

static mlp_status check_model(const ensemble *of, const mlp_tool_case *loaded)
{
    const mlp_tool_case *first = &of->cases[0];
    size_t rows = first->dataset.range.count;
    if (!have_same_classes(&first->checkpoint, &loaded->checkpoint)) {
        return mlp_fail(MLP_ERROR_DATA,
                        "%s: has other classes or outputs than %s, and cannot "
                        "be averaged with it",
                        loaded->checkpoint_path, first->checkpoint_path);
    }
    return loaded->dataset.range.count == rows &&
                   memcmp(first->numbers, loaded->numbers,
                          rows * sizeof *first->numbers) == 0
               ? MLP_OK
               : mlp_fail(MLP_ERROR_DATA,
                          "%s: its %s rows are others than those of %s",
                          loaded->checkpoint_path,
                          mlp_tool_split_name(of->options->split),
                          first->checkpoint_path);
}

static mlp_status add_model(ensemble *of, const char *path)
{
    mlp_tool_options own = *of->options;
    if (of->count == MODELS_MOST) {
        return mlp_fail(MLP_ERROR_USAGE, "more than %d models", MODELS_MOST);
    }
    own.file = path;
    own.is_average = true;
    own.has_numbers = true;
    MLP_TRY(mlp_tool_load(&own, false, &of->cases[of->count]));
    return check_model(of, &of->cases[of->count++]);
}

/* A run, or each model of a run of several. */
static mlp_status add_run(ensemble *of, const char *run)
{
    char path[MLP_MAX_PATH];
    size_t folds = mlp_fold_count(run);
    if (folds == 0) {
        return add_model(of, run);
    }
    if (of->options->has_split && !of->options->is_all) {
        return mlp_fail(MLP_ERROR_USAGE,
                        "%s: is a run of %zu folds, which held out other rows "
                        "each; its file out-of-fold.csv has the predictions "
                        "for these: leave out --split",
                        run, folds);
    }
    for (size_t fold = 0; fold < folds; fold++) {
        MLP_TRY(mlp_fold_path(run, fold, path));
        MLP_TRY(add_model(of, path));
    }
    return MLP_OK;
}

static mlp_status load(ensemble *of)
{
    of->cases = calloc(MODELS_MOST, sizeof *of->cases);
    if (of->cases == NULL) {
        return mlp_fail_memory("models");
    }
    for (size_t i = 0; i < of->options->operand_count; i++) {
        MLP_TRY(add_run(of, of->options->operands[i]));
    }
    const mlp_checkpoint *c = &of->cases[0].checkpoint;
    /* NOLINTNEXTLINE(clang-analyzer-core.NullDereference) */
    of->classes = c->widths[c->layers];
    of->stride = of->classes;
    of->sums = calloc(MLP_INFERENCE_ROWS * of->classes, sizeof *of->sums);
    of->outputs = calloc(MLP_INFERENCE_ROWS * of->stride, sizeof *of->outputs);
    of->predictions = calloc(MLP_INFERENCE_ROWS, sizeof *of->predictions);
    return of->sums != NULL && of->outputs != NULL && of->predictions != NULL
               ? MLP_OK
               : mlp_fail_memory("the averages of outputs");
}

static void unload(ensemble *old)
{
    for (size_t m = 0; old->cases != NULL && m < old->count; m++) {
        mlp_tool_unload(&old->cases[m]);
    }
    free(old->cases);
    free(old->sums);
    free(old->outputs);
    free(old->predictions);
}

/* ---- averaging --------------------------------------------------------- */

/* Add the outputs of a model; numbers of a regression in the table's unit. */
static mlp_status add_outputs(ensemble *of, size_t m, mlp_range batch)
{
    const mlp_tool_case *model = &of->cases[m];
    const mlp_checkpoint *c = &model->checkpoint;
    const mlp_inference_result result =
        mlp_inference_run(model->inference, &model->dataset, batch);
    MLP_TRY(mlp_dataset_status(&model->dataset));
    for (size_t r = 0; r < batch.count; r++) {
        for (size_t k = 0; k < of->classes; k++) {
            float output = result.outputs[r * result.stride + k];
            of->sums[r * of->classes + k] +=
                c->schema.is_regression ? mlp_prediction_value(c, output)
                                        : (double)output;
        }
    }
    return MLP_OK;
}

/* The largest output, the lowest class if tied; of a single one, class 1 from
 * 0.5 on. */
static uint32_t predict(const float *outputs, size_t classes)
{
    uint32_t best = 0;
    if (classes == 1) {
        return outputs[0] >= 0.5F;
    }
    for (size_t k = 1; k < classes; k++) {
        best = outputs[k] > outputs[best] ? (uint32_t)k : best;
    }
    return best;
}

static mlp_status average(ensemble *of, mlp_range batch)
{
    memset(of->sums, 0, batch.count * of->classes * sizeof *of->sums);
    for (size_t m = 0; m < of->count; m++) {
        MLP_TRY(add_outputs(of, m, batch));
    }
    for (size_t i = 0; i < batch.count * of->classes; i++) {
        of->outputs[i] = (float)(of->sums[i] / (double)of->count);
    }
    for (size_t r = 0; r < batch.count; r++) {
        of->predictions[r] = predict(of->outputs + r * of->stride, of->classes);
    }
    return MLP_OK;
}

/* ---- printing ---------------------------------------------------------- */

static mlp_status print(ensemble *of, const mlp_predict_style *style,
                        mlp_tool_output *output)
{
    mlp_range batch = {0};
    const mlp_tool_case *first = &of->cases[0];
    size_t rows = first->dataset.range.count;
    /* outputs of a regression are in the table's unit already */
    mlp_checkpoint as_printed = first->checkpoint;
    as_printed.target_scaler = (mlp_target_scaler){.scale = 1.0F};
    mlp_predict_begin(output->file, style, &as_printed, false);
    while (mlp_inference_next(rows, &batch)) {
        MLP_TRY(average(of, batch));
        const mlp_prediction p = {
            .checkpoint = &as_printed,
            .dataset = &first->dataset,
            .begin = batch.first,
            .largest = first->largest,
            .first = first->dataset.range.first + batch.first,
            .result = {batch.count, of->classes, of->stride, of->outputs,
                       of->predictions}};
        MLP_TRY(mlp_predict_print(output->file, style, &p));
        MLP_TRY(mlp_tool_output_flush(output));
    }
    return MLP_OK;
}

mlp_status mlp_predict_average(const mlp_tool_options *options,
                               mlp_tool_output *output)
{
    ensemble of = {.options = options};
    mlp_predict_style style;
    if (options->data != NULL && strcmp(options->data, MLP_CSV_INPUT) == 0) {
        return mlp_fail(MLP_ERROR_USAGE,
                        "each model reads the rows, and standard input is "
                        "there once: give a file");
    }
    MLP_TRY(mlp_predict_style_read(options, output->file, &style));
    mlp_status status = load(&of);
    if (status == MLP_OK) {
        mlp_log_note("averages of %zu models", of.count);
        status = print(&of, &style, output);
    }
    unload(&of);
    return status;
}
