/** @file
 *  mlp eval: how good a checkpoint's model is on labelled rows.
 */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#include "base/json.h"
#include "base/log.h"
#include "checkpoint/folds.h"
#include "ensemble.h"
#include "record/classification_report.h"
#include "record/metrics_text.h"
#include "tool.h"

/* The model and rows, and the results of the evaluation. */
typedef struct {
    const mlp_tool_case *of;
    const char *split;
    mlp_tally tally;
    uint64_t *confusion; /* [classes, classes]; NULL: too many classes */
    mlp_reliability reliability;
    size_t top_k;       /* 0: off */
    size_t folds;       /* 0: one model */
    size_t averaged;    /* models, whose outputs are averaged; 0: one model */
    mlp_tally unscaled; /* of the folds' rows of a regression */
} evaluation;

/* What the metrics besides loss and accuracy are of: for several models, whose
 * targets are scaled each in its way, the data's own numbers. */
static const mlp_tally *metrics_of(const evaluation *e)
{
    bool is_unscaled = e->folds > 0 && e->tally.targets > 0;
    return is_unscaled ? &e->unscaled : &e->tally;
}

/* The model, or the models of a run of several. */
static void print_model(FILE *out, const evaluation *e)
{
    const mlp_checkpoint *c = &e->of->checkpoint;
    if (e->folds > 0) {
        fprintf(out,
                "models      %s, %zu folds, each row by the model that it "
                "did not train\n",
                e->of->checkpoint_path, e->folds);
    } else if (e->averaged > 0) {
        fprintf(out, "models      %s, the average of %zu\n",
                e->of->checkpoint_path, e->averaged);
    } else {
        fprintf(out, "checkpoint  %s (epoch %" PRIu64 ", step %" PRIu64 ")\n",
                e->of->checkpoint_path, c->epoch, c->step);
    }
}

/* ---- text */

static double top_accuracy(const evaluation *e)
{
    return mlp_tally_top_accuracy(&e->tally);
}

static mlp_status print_text(FILE *out, const evaluation *e)
{
    const mlp_checkpoint *c = &e->of->checkpoint;
    print_model(out, e);
    fprintf(out, "data        %s, %s, %" PRIu64 " rows\n", e->of->data_name,
            e->split, e->tally.rows);
    fprintf(out, "loss        %.6f\n", mlp_tally_loss(&e->tally));
    if (e->tally.targets > 0) {
        mlp_metrics_print(out, metrics_of(e));
        return MLP_OK;
    }
    fprintf(out, "accuracy    %.2f%%%s (%" PRIu64 " of %" PRIu64 ")\n",
            100 * mlp_tally_accuracy(&e->tally),
            e->tally.weighted > 0 ? ", weighted" : "", e->tally.hits,
            e->tally.rows);
    if (e->top_k > 0) {
        fprintf(out, "top-%-8zu%.2f%% (%" PRIu64 " of %" PRIu64 ")\n", e->top_k,
                100 * top_accuracy(e), e->tally.top_hits, e->tally.rows);
    }
    mlp_metrics_print(out, metrics_of(e));
    mlp_reliability_print(out, &e->reliability, e->of->classes);
    if (e->confusion == NULL) {
        return MLP_OK;
    }
    fputc('\n', out);
    return mlp_report_print(out, e->confusion, e->of->classes, &c->class_names);
}

/* ---- JSON */

static json_t *score_json(const mlp_class_score *score)
{
    return json_pack(
        "{s:o, s:o, s:o, s:o}", "precision", mlp_json_number(score->precision),
        "recall", mlp_json_number(score->recall), "f1",
        mlp_json_number(score->f1), "support", mlp_json_whole(score->support));
}

/* The confusion matrix as an array of rows. */
static json_t *confusion_json(const uint64_t *confusion, size_t classes)
{
    json_t *rows = json_array();
    for (size_t truth = 0; truth < classes; truth++) {
        json_t *row = json_array();
        for (size_t k = 0; k < classes; k++) {
            mlp_json_append(&row,
                            mlp_json_whole(confusion[truth * classes + k]));
        }
        mlp_json_append(&rows, row);
    }
    return rows;
}

static mlp_status add_report(json_t **object, const evaluation *e)
{
    size_t classes = e->of->classes;
    mlp_class_score macro, weighted;
    mlp_class_score *scores = calloc(classes, sizeof *scores);
    if (scores == NULL) {
        return mlp_fail_memory("the classification report");
    }
    mlp_metrics_scores(e->confusion, classes, scores);
    mlp_metrics_averages(scores, classes, &macro, &weighted);
    json_t *array = json_array();
    for (size_t k = 0; k < classes; k++) {
        mlp_json_append(&array, score_json(&scores[k]));
    }
    free(scores);
    mlp_json_set(object, "classes", array);
    mlp_json_set(object, "macro_average", score_json(&macro));
    mlp_json_set(object, "weighted_average", score_json(&weighted));
    mlp_json_set(object, "confusion", confusion_json(e->confusion, classes));
    return MLP_OK;
}

/* The metrics besides loss and accuracy. */
static void add_metrics(json_t **object, const mlp_tally *tally)
{
    for (mlp_metric metric = MLP_METRIC_ACCURACY + 1; metric < MLP_METRICS;
         metric++) {
        double value = mlp_tally_metric(tally, metric);
        if (!isnan(value)) {
            mlp_json_set(object, mlp_metric_facts_of(metric)->key,
                         mlp_json_number(value));
        }
    }
}

/* The bins that have rows. */
static void add_calibration(json_t **object, const mlp_reliability *r)
{
    json_t *bins = json_array();
    for (size_t i = 0; i < MLP_RELIABILITY_BINS; i++) {
        const mlp_reliability_bin *bin = &r->bins[i];
        if (bin->rows > 0) {
            mlp_json_append(
                &bins,
                json_pack(
                    "{s:o, s:o, s:o, s:o, s:o}", "from",
                    mlp_json_number((double)i / MLP_RELIABILITY_BINS), "to",
                    mlp_json_number((double)(i + 1) / MLP_RELIABILITY_BINS),
                    "count", mlp_json_whole(bin->rows), "probability",
                    mlp_json_number(mlp_reliability_probability(bin)), "share",
                    mlp_json_number(mlp_reliability_share(bin))));
        }
    }
    mlp_json_set(object, "calibration_error",
                 mlp_json_number(mlp_reliability_error(r)));
    mlp_json_set(object, "calibration", bins);
}

static mlp_status print_json(FILE *out, const evaluation *e)
{
    json_t *object =
        json_pack("{s:o, s:o, s:s, s:o, s:o, s:o, s:o}", "checkpoint",
                  mlp_json_text(e->of->checkpoint_path), "data",
                  mlp_json_text(e->of->data_name), "split", e->split, "rows",
                  mlp_json_whole(e->tally.rows), "loss",
                  mlp_json_number(mlp_tally_loss(&e->tally)), "accuracy",
                  mlp_json_number(mlp_tally_accuracy(&e->tally)), "hits",
                  mlp_json_whole(e->tally.hits));
    if (e->averaged > 0) {
        mlp_json_set(&object, "models", mlp_json_whole(e->averaged));
    }
    if (e->tally.weighted > 0) {
        mlp_json_set(&object, "weight_sum",
                     mlp_json_number(e->tally.weight_sum));
    }
    add_metrics(&object, metrics_of(e));
    if (e->reliability.rows > 0) {
        add_calibration(&object, &e->reliability);
    }
    if (e->top_k > 0) {
        mlp_json_set(&object, "top_k", mlp_json_whole(e->top_k));
        mlp_json_set(&object, "top_k_accuracy",
                     mlp_json_number(top_accuracy(e)));
    }
    mlp_status status = e->confusion != NULL ? add_report(&object, e) : MLP_OK;
    if (status != MLP_OK) {
        json_decref(object);
        return status;
    }
    return mlp_json_print(out, object, MLP_JSON_DOUBLE);
}

/* ---- the sub-command */

/* Of a classifier, unless there is one already. */
static mlp_status create_confusion(evaluation *e)
{
    size_t classes = e->of->classes;
    if (e->of->checkpoint.schema.is_regression || e->confusion != NULL) {
        return MLP_OK;
    }
    if (classes > MLP_REPORT_CLASSES_MAX) {
        mlp_log_note("no report: %zu classes are more than %d", classes,
                     MLP_REPORT_CLASSES_MAX);
        return MLP_OK;
    }
    e->confusion = calloc(classes * classes, sizeof *e->confusion);
    return e->confusion != NULL ? MLP_OK
                                : mlp_fail_memory("the confusion matrix");
}

/* Evaluate a loaded model on its rows. */
static mlp_status evaluate(const mlp_tool_options *options,
                           const mlp_tool_case *loaded, evaluation *e)
{
    MLP_TRY(create_confusion(e));
    MLP_TRY(mlp_inference_count_top(loaded->inference, options->top_k));
    MLP_TRY(mlp_inference_evaluate(loaded->inference, &loaded->dataset,
                                   &e->tally, e->confusion, &e->reliability));
    return mlp_dataset_status(&loaded->dataset);
}

static mlp_status print(const mlp_tool_options *options, const evaluation *e,
                        mlp_tool_output *output)
{
    return options->is_json ? print_json(output->file, e)
                            : print_text(output->file, e);
}

static mlp_status eval_model(const mlp_tool_options *options,
                             mlp_tool_output *output)
{
    mlp_tool_case loaded = {0};
    evaluation e = {.of = &loaded,
                    .split = mlp_tool_split_name(options->split),
                    .top_k = options->top_k};
    MLP_TRY(mlp_tool_load(options, true, &loaded));
    mlp_status status = evaluate(options, &loaded, &e);
    if (status == MLP_OK) {
        status = print(options, &e, output);
    }
    free(e.confusion);
    mlp_tool_unload(&loaded);
    return status;
}

/* ---- a run of several models */

/* Scores of rankings are the mean over the folds, if all have them: outputs of
 * several models are not ranked together. */
static void add_ranking(const mlp_tally *tally, const mlp_tally *before,
                        evaluation *e)
{
    bool is_first = before->rows == 0;
    double share = 1 / (double)e->folds;
    if (tally->ranked > 0 && (is_first || before->ranked > 0)) {
        e->tally.ranked = before->ranked + tally->ranked;
        e->tally.ranking.roc_auc =
            before->ranking.roc_auc + share * tally->ranking.roc_auc;
        e->tally.ranking.average_precision =
            before->ranking.average_precision +
            share * tally->ranking.average_precision;
    }
}

/* The sums of targets are of each model's scaled ones: of the data's own
 * here. */
static void add_targets(const mlp_target_scaler *scaler, const mlp_tally *tally,
                        evaluation *e)
{
    double rows =
        tally->weighted > 0 ? tally->weight_sum : (double)tally->targets;
    double scale = (double)scaler->scale;
    double shift = (double)scaler->shift;
    mlp_tally own = *tally;
    own.error_squares /= scale * scale;
    own.target_squares = own.target_squares / (scale * scale) +
                         2 * shift * own.target_sum / scale +
                         rows * shift * shift;
    own.target_sum = own.target_sum / scale + rows * shift;
    mlp_tally_add(&e->unscaled, &own);
}

static mlp_status eval_fold(const mlp_tool_options *options, size_t fold,
                            mlp_tool_case *loaded, evaluation *e)
{
    evaluation own = {
        .of = loaded, .confusion = e->confusion, .reliability = e->reliability};
    MLP_TRY(mlp_tool_load_fold(options, fold, loaded));
    mlp_status status = evaluate(options, loaded, &own);
    e->confusion = own.confusion;
    e->reliability = own.reliability;
    MLP_TRY(status);
    MLP_TRY(mlp_tool_check_fold(loaded, &own.tally));
    const mlp_tally before = e->tally;
    mlp_tally_add(&e->tally, &own.tally);
    add_ranking(&own.tally, &before, e);
    if (own.tally.targets > 0) {
        add_targets(&loaded->checkpoint.target_scaler, &own.tally, e);
    }
    return MLP_OK;
}

static mlp_status eval_folds(const mlp_tool_options *options, size_t folds,
                             mlp_tool_output *output)
{
    mlp_tool_case loaded = {0};
    evaluation e = {.of = &loaded,
                    .split = "out-of-fold",
                    .top_k = options->top_k,
                    .folds = folds};
    if (options->has_split) {
        return mlp_fail(MLP_ERROR_USAGE,
                        "%s: is a run of %zu folds, of which each row is "
                        "evaluated by the model that it did not train: leave "
                        "out --split, or name a fold; --split all averages "
                        "the models",
                        options->file, folds);
    }
    mlp_status status = MLP_OK;
    for (size_t fold = 0; fold < folds && status == MLP_OK; fold++) {
        mlp_tool_unload(&loaded);
        loaded = (mlp_tool_case){0};
        status = eval_fold(options, fold, &loaded, &e);
    }
    if (status == MLP_OK) {
        snprintf(loaded.checkpoint_path, sizeof loaded.checkpoint_path, "%s",
                 options->file);
        status = print(options, &e, output);
    }
    free(e.confusion);
    mlp_tool_unload(&loaded);
    return status;
}

/* Rows that none of the models was trained on, each by all models. */
static mlp_status eval_average(const mlp_tool_options *options,
                               mlp_tool_output *output)
{
    mlp_ensemble models = {0};
    evaluation e = {.split = "all", .top_k = options->top_k};
    mlp_status status = mlp_ensemble_load(options, true, &models);
    if (status == MLP_OK) {
        e.of = &models.cases[0];
        e.averaged = models.count;
        status = create_confusion(&e);
    }
    if (status == MLP_OK) {
        status = mlp_inference_count_top(e.of->inference, options->top_k);
    }
    if (status == MLP_OK) {
        status = mlp_average_evaluate(models.average, options->top_k, &e.tally,
                                      e.confusion, &e.reliability);
    }
    if (status == MLP_OK) {
        snprintf(models.cases[0].checkpoint_path,
                 sizeof models.cases[0].checkpoint_path, "%s", options->file);
        status = print(options, &e, output);
    }
    free(e.confusion);
    mlp_ensemble_unload(&models);
    return status;
}

static mlp_status eval(const mlp_tool_options *options, mlp_tool_output *output)
{
    size_t folds = mlp_fold_count(options->file);
    return options->operand_count > 1     ? mlp_tool_compare(options, output)
           : folds > 0 && options->is_all ? eval_average(options, output)
           : folds > 0                    ? eval_folds(options, folds, output)
                                          : eval_model(options, output);
}

static const char *const formats[] = {"text", "json", NULL};
static const char *const options_of_eval[] = {
    "data",    "split", "bad-rows", "memory-limit",
    "threads", "top-k", "format",   NULL};

const mlp_tool_command mlp_tool_eval = {
    .name = "eval",
    .summary = "metrics, report and confusion matrix on labelled rows; or two "
               "runs compared",
    .description = "Evaluate a checkpoint's model on labelled rows: loss, "
                   "accuracy, metrics,\n"
                   "calibration, classification report and confusion matrix. "
                   "On the test split of\n"
                   "the training data the loss equals the one that training "
                   "logged, to the last bit.\n"
                   "Of a run of several models (mlp_train --folds) each row is "
                   "evaluated by the\n"
                   "model that was not trained on it; ROC AUC and average "
                   "precision, which rank the\n"
                   "outputs of one model, are then the mean over the folds. "
                   "With --data and\n"
                   "--split all it is the average of the models that is "
                   "evaluated, on all rows of\n"
                   "another table; its loss is the log loss, or the squared "
                   "error in the\n"
                   "table's unit.\n"
                   "\n"
                   "Of two classes, ROC AUC, average precision and Brier score "
                   "are those of class 1.\n"
                   "Of several, ROC AUC and average precision are the mean "
                   "over classes, each\n"
                   "against the rest, and the Brier score is the sum over "
                   "classes. Equal outputs\n"
                   "count one half for ROC AUC and share a threshold for "
                   "average precision.\n"
                   "\n"
                   "Two runs are compared on the same rows. Classes: McNemar's "
                   "test, exact and\n"
                   "mid-p, and the difference of the error rates with Bonett "
                   "and Price's interval.\n"
                   "Numbers: mean paired differences of squared and of "
                   "absolute errors, with\n"
                   "standard error and Student's interval.",
    .options = options_of_eval,
    .formats = formats,
    .operands = "FILE [FILE]",
    .operands_max = 2,
    .run = eval};
