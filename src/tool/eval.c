/** @file
 *  mlp eval: how good a checkpoint's model is on labelled rows.
 */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#include "base/json.h"
#include "base/log.h"
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
    size_t top_k; /* 0: off */
} evaluation;

/* ---- text */

static double top_accuracy(const evaluation *e)
{
    return mlp_tally_top_accuracy(&e->tally);
}

static mlp_status print_text(FILE *out, const evaluation *e)
{
    const mlp_checkpoint *c = &e->of->checkpoint;
    fprintf(out, "checkpoint  %s (epoch %" PRIu64 ", step %" PRIu64 ")\n",
            e->of->checkpoint_path, c->epoch, c->step);
    fprintf(out, "data        %s, %s, %" PRIu64 " rows\n", e->of->data_name,
            e->split, e->tally.rows);
    fprintf(out, "loss        %.6f\n", mlp_tally_loss(&e->tally));
    if (e->tally.targets > 0) {
        mlp_metrics_print(out, &e->tally);
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
    mlp_metrics_print(out, &e->tally);
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
    if (e->tally.weighted > 0) {
        mlp_json_set(&object, "weight_sum",
                     mlp_json_number(e->tally.weight_sum));
    }
    add_metrics(&object, &e->tally);
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

static mlp_status create_confusion(size_t classes, uint64_t **confusion)
{
    *confusion = NULL;
    if (classes > MLP_REPORT_CLASSES_MAX) {
        mlp_log_note("no report: %zu classes are more than %d", classes,
                     MLP_REPORT_CLASSES_MAX);
        return MLP_OK;
    }
    *confusion = calloc(classes * classes, sizeof **confusion);
    return *confusion != NULL ? MLP_OK
                              : mlp_fail_memory("the confusion matrix");
}

static mlp_status eval(const mlp_tool_options *options, mlp_tool_output *output)
{
    mlp_tool_case loaded = {0};
    evaluation e = {.of = &loaded,
                    .split = mlp_tool_split_name(options->split),
                    .top_k = options->top_k};
    if (options->operand_count > 1) {
        return mlp_tool_compare(options, output);
    }
    MLP_TRY(mlp_tool_load(options, true, &loaded));
    mlp_status status = MLP_OK;
    if (!loaded.checkpoint.schema.is_regression) {
        status = create_confusion(loaded.classes, &e.confusion);
    }
    if (status == MLP_OK) {
        status = mlp_inference_count_top(loaded.inference, options->top_k);
    }
    if (status == MLP_OK) {
        status = mlp_inference_evaluate(loaded.inference, &loaded.dataset,
                                        &e.tally, e.confusion, &e.reliability);
    }
    if (status == MLP_OK) {
        status = mlp_dataset_status(&loaded.dataset);
    }
    if (status == MLP_OK) {
        status = options->is_json ? print_json(output->file, &e)
                                  : print_text(output->file, &e);
    }
    free(e.confusion);
    mlp_tool_unload(&loaded);
    return status;
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
