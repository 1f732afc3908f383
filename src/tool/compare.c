/** @file
 *  Two models on the same rows: which errs less, and whether by more than
 *  chance.
 */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/paired.h"
#include "checkpoint/folds.h"
#include "tool.h"

enum { MODELS = 2 };

/* Squared and absolute errors, in the table's unit. */
enum { SQUARED, ABSOLUTE, KINDS };
static const char *const kind_labels[KINDS] = {"squared error",
                                               "absolute error"};
static const char *const kind_keys[KINDS] = {"squared_error", "absolute_error"};

typedef struct {
    mlp_tool_case models[MODELS];
    const char *rows_name;
    size_t rows;            /* so far, of all folds */
    double *errors[MODELS]; /* [rows]: the errors, or 1 of a wrong class */
    bool is_regression;
    uint64_t wrong[MODELS];
    mlp_paired_counts counts;
    mlp_mcnemar test;
    double means[MODELS][KINDS];
    mlp_paired_mean differences[KINDS]; /* of the first less the second */
} comparison;

/* ---- whether the rows are the same */

static mlp_status refuse(const comparison *c, const char *why)
{
    return mlp_fail(
        MLP_ERROR_USAGE,
        "%s and %s are not compared: %s; the same --data, "
        "--test-fraction, --split, --split-seed and label are needed",
        c->models[0].checkpoint_path, c->models[1].checkpoint_path, why);
}

static bool have_same_names(const mlp_names *a, const mlp_names *b)
{
    bool are_same = a->count == b->count;
    for (size_t k = 0; are_same && k < a->count; k++) {
        are_same = strcmp(a->items[k], b->items[k]) == 0;
    }
    return are_same;
}

static bool have_same_answers(const mlp_dataset *a, const mlp_dataset *b)
{
    size_t rows = a->range.count;
    return a->targets != NULL
               ? memcmp(a->targets, b->targets, rows * sizeof *a->targets) == 0
               : memcmp(a->labels, b->labels, rows * sizeof *a->labels) == 0;
}

/* Whether both models have features that mean the same, and so are equal in
 * equal rows. */
static mlp_status have_same_features(const comparison *c, bool *are_same)
{
    const mlp_schema *a = &c->models[0].checkpoint.schema;
    const mlp_schema *b = &c->models[1].checkpoint.schema;
    char *texts[MODELS] = {NULL, NULL};
    *are_same = a->count == 0 && b->count == 0;
    if (a->count == 0 || b->count == 0) {
        return MLP_OK;
    }
    mlp_status status = mlp_schema_print(a, &texts[0]);
    if (status == MLP_OK) {
        status = mlp_schema_print(b, &texts[1]);
    }
    *are_same = status == MLP_OK && strcmp(texts[0], texts[1]) == 0;
    free(texts[0]);
    free(texts[1]);
    return status;
}

static mlp_status check_features(const comparison *c)
{
    unsigned char digests[MODELS][MLP_DIGEST_BYTES];
    size_t rows = c->models[0].dataset.range.count;
    bool are_same;
    MLP_TRY(have_same_features(c, &are_same));
    if (!are_same) {
        return MLP_OK; /* the answers tell */
    }
    for (size_t m = 0; m < MODELS; m++) {
        MLP_TRY(mlp_dataset_digest(&c->models[m].dataset, (mlp_range){0, rows},
                                   digests[m]));
        MLP_TRY(mlp_dataset_status(&c->models[m].dataset));
    }
    return memcmp(digests[0], digests[1], MLP_DIGEST_BYTES) == 0
               ? MLP_OK
               : refuse(c, "the features of their rows differ");
}

static mlp_status check_rows(comparison *c)
{
    const mlp_tool_case *a = &c->models[0];
    const mlp_tool_case *b = &c->models[1];
    c->is_regression = a->checkpoint.schema.is_regression;
    if (c->is_regression != b->checkpoint.schema.is_regression) {
        return refuse(c, "one predicts classes, the other numbers");
    }
    if (b->dataset.range.count != a->dataset.range.count) {
        return refuse(c, "they have different numbers of rows");
    }
    if (!have_same_names(&a->checkpoint.class_names,
                         &b->checkpoint.class_names) ||
        (!c->is_regression && a->classes != b->classes)) {
        return refuse(c, "they have different classes");
    }
    if (!have_same_answers(&a->dataset, &b->dataset)) {
        return refuse(c, "the labels of their rows differ");
    }
    if (a->dataset.weights != NULL || b->dataset.weights != NULL) {
        return refuse(c, "their rows have weights, and a comparison counts "
                         "rows");
    }
    return check_features(c);
}

/* ---- results of each row */

/* An error in the table's unit. */
static double error_of(const mlp_tool_case *model,
                       const mlp_inference_result *result, size_t i, size_t row)
{
    return mlp_target_prediction(&model->checkpoint.target_scaler,
                                 result->outputs[i * result->stride]) -
           (double)model->dataset.targets[row];
}

/* @param errors  [rows], overwritten: the errors, or 1 of a wrong class */
static mlp_status measure(mlp_tool_case *model, size_t rows, double *errors)
{
    mlp_range batch = {0};
    while (mlp_inference_next(rows, &batch)) {
        mlp_inference_result result =
            mlp_inference_run(model->inference, &model->dataset, batch);
        for (size_t i = 0; i < batch.count; i++) {
            size_t row = batch.first + i;
            errors[row] =
                model->dataset.targets != NULL
                    ? error_of(model, &result, i, row)
                    : result.predictions[i] != model->dataset.labels[row];
        }
    }
    return mlp_dataset_status(&model->dataset);
}

static void compare_classes(comparison *c)
{
    for (size_t r = 0; r < c->rows; r++) {
        bool first_errs = c->errors[0][r] > 0;
        bool second_errs = c->errors[1][r] > 0;
        c->wrong[0] += first_errs;
        c->wrong[1] += second_errs;
        c->counts.both_wrong += first_errs && second_errs;
        c->counts.first_right += !first_errs && second_errs;
        c->counts.second_right += first_errs && !second_errs;
        c->counts.both_right += !first_errs && !second_errs;
    }
    c->test = mlp_mcnemar_test(&c->counts);
}

static double size_of(double error, size_t kind)
{
    return kind == SQUARED ? error * error : fabs(error);
}

/* @param differences  [rows], for use here */
static void compare_numbers(comparison *c, double *differences)
{
    for (size_t kind = 0; kind < KINDS; kind++) {
        for (size_t r = 0; r < c->rows; r++) {
            double first = size_of(c->errors[0][r], kind);
            double second = size_of(c->errors[1][r], kind);
            c->means[0][kind] += first / (double)c->rows;
            c->means[1][kind] += second / (double)c->rows;
            differences[r] = first - second;
        }
        c->differences[kind] = mlp_paired_mean_of(differences, c->rows);
    }
}

/* Make room for the errors of as many rows as the models have. */
static mlp_status make_room(comparison *c, size_t more)
{
    for (size_t m = 0; m < MODELS; m++) {
        double *errors = reallocarray(c->errors[m], c->rows + more + 1,
                                      sizeof *c->errors[m]);
        if (errors == NULL) {
            return mlp_fail_memory("the errors of each row");
        }
        c->errors[m] = errors;
    }
    return MLP_OK;
}

/* Add the rows of two loaded models. */
static mlp_status add_rows(comparison *c)
{
    size_t rows = c->models[0].dataset.range.count;
    MLP_TRY(check_rows(c));
    MLP_TRY(make_room(c, rows));
    for (size_t m = 0; m < MODELS; m++) {
        MLP_TRY(measure(&c->models[m], rows, c->errors[m] + c->rows));
    }
    c->rows += rows;
    return MLP_OK;
}

static mlp_status compare(comparison *c)
{
    if (!c->is_regression) {
        compare_classes(c);
        return MLP_OK;
    }
    double *differences = calloc(c->rows + 1, sizeof *differences);
    if (differences == NULL) {
        return mlp_fail_memory("the differences of each row");
    }
    compare_numbers(c, differences);
    free(differences);
    return MLP_OK;
}

/* ---- text */

static void print_classes(FILE *out, const comparison *c)
{
    const mlp_paired_counts *n = &c->counts;
    const mlp_mcnemar *test = &c->test;
    double rows = (double)c->rows;
    fprintf(out,
            "\n%14s %13s %13s\n%-14s %13" PRIu64 " %13" PRIu64
            "\n%-14s %13" PRIu64 " %13" PRIu64 "\n",
            "", "second right", "second wrong", "first right", n->both_right,
            n->first_right, "first wrong", n->second_right, n->both_wrong);
    fprintf(out,
            "\nerror rate  %.4f%% and %.4f%% (%" PRIu64 " and %" PRIu64
            " rows)\n",
            100 * (double)c->wrong[0] / rows, 100 * (double)c->wrong[1] / rows,
            c->wrong[0], c->wrong[1]);
    fprintf(out,
            "difference  %+.4f%%, 95%% confidence interval %+.4f%% to "
            "%+.4f%%\n",
            100 * test->difference, 100 * test->low, 100 * test->high);
    fprintf(out, "McNemar     p = %.4g exact, %.4g mid-p\n", test->exact,
            test->mid);
}

static void print_numbers(FILE *out, const comparison *c)
{
    for (size_t kind = 0; kind < KINDS; kind++) {
        const mlp_paired_mean *d = &c->differences[kind];
        fprintf(out, "\nmean %s %.6g and %.6g\n", kind_labels[kind],
                c->means[0][kind], c->means[1][kind]);
        fprintf(out,
                "difference  %+.6g, standard error %.6g, 95%% confidence "
                "interval %+.6g to %+.6g\n",
                d->mean, d->error, d->low, d->high);
    }
}

static void print_text(FILE *out, const comparison *c)
{
    fprintf(out,
            "first       %s\nsecond      %s\ndata        %s, %s, %zu rows\n",
            c->models[0].checkpoint_path, c->models[1].checkpoint_path,
            c->models[0].data_name, c->rows_name, c->rows);
    if (c->is_regression) {
        print_numbers(out, c);
    } else {
        print_classes(out, c);
    }
}

/* ---- JSON */

static void add_classes(json_t **object, const comparison *c)
{
    const mlp_paired_counts *n = &c->counts;
    mlp_json_set(object, "both_right", mlp_json_whole(n->both_right));
    mlp_json_set(object, "first_right", mlp_json_whole(n->first_right));
    mlp_json_set(object, "second_right", mlp_json_whole(n->second_right));
    mlp_json_set(object, "both_wrong", mlp_json_whole(n->both_wrong));
    mlp_json_set(object, "error_rate_difference",
                 mlp_json_number(c->test.difference));
    mlp_json_set(object, "low", mlp_json_number(c->test.low));
    mlp_json_set(object, "high", mlp_json_number(c->test.high));
    mlp_json_set(object, "p_exact", mlp_json_number(c->test.exact));
    mlp_json_set(object, "p_mid", mlp_json_number(c->test.mid));
}

static void add_numbers(json_t **object, const comparison *c)
{
    for (size_t kind = 0; kind < KINDS; kind++) {
        const mlp_paired_mean *d = &c->differences[kind];
        mlp_json_set(object, kind_keys[kind],
                     json_pack("{s:o, s:o, s:o, s:o, s:o, s:o}", "first",
                               mlp_json_number(c->means[0][kind]), "second",
                               mlp_json_number(c->means[1][kind]), "difference",
                               mlp_json_number(d->mean), "standard_error",
                               mlp_json_number(d->error), "low",
                               mlp_json_number(d->low), "high",
                               mlp_json_number(d->high)));
    }
}

static mlp_status print_json(FILE *out, const comparison *c)
{
    json_t *object =
        json_pack("{s:o, s:o, s:o, s:s, s:o}", "first",
                  mlp_json_text(c->models[0].checkpoint_path), "second",
                  mlp_json_text(c->models[1].checkpoint_path), "data",
                  mlp_json_text(c->models[0].data_name), "split", c->rows_name,
                  "rows", mlp_json_whole(c->rows));
    if (c->is_regression) {
        add_numbers(&object, c);
    } else {
        add_classes(&object, c);
    }
    return mlp_json_print(out, object, MLP_JSON_DOUBLE);
}

/* ---- models */

static void unload(comparison *c)
{
    for (size_t m = 0; m < MODELS; m++) {
        mlp_tool_unload(&c->models[m]);
        c->models[m] = (mlp_tool_case){0};
    }
}

static mlp_status add_models(const mlp_tool_options *options, comparison *c)
{
    for (size_t m = 0; m < MODELS; m++) {
        mlp_tool_options one = *options;
        one.file = options->operands[m];
        MLP_TRY(mlp_tool_load(&one, true, &c->models[m]));
    }
    return add_rows(c);
}

/* The rows of a fold by the two models that were not trained on them. */
static mlp_status add_fold(const mlp_tool_options *options, size_t fold,
                           comparison *c)
{
    for (size_t m = 0; m < MODELS; m++) {
        mlp_tool_case *model = &c->models[m];
        mlp_tool_options one = *options;
        mlp_tally tally;
        one.file = options->operands[m];
        MLP_TRY(mlp_tool_load_fold(&one, fold, model));
        MLP_TRY(mlp_inference_evaluate(model->inference, &model->dataset,
                                       &tally, NULL, NULL));
        MLP_TRY(mlp_dataset_status(&model->dataset));
        MLP_TRY(mlp_tool_check_fold(model, &tally));
    }
    return add_rows(c);
}

static mlp_status add_folds(const mlp_tool_options *options,
                            const size_t folds[MODELS], comparison *c)
{
    if (folds[0] != folds[1] || options->has_split) {
        return mlp_fail(MLP_ERROR_USAGE,
                        "%s has %zu folds, %s has %zu: runs are compared that "
                        "have as many, without --split, or one fold of each",
                        options->operands[0], folds[0], options->operands[1],
                        folds[1]);
    }
    c->rows_name = "out-of-fold";
    mlp_status status = MLP_OK;
    for (size_t fold = 0; fold < folds[0] && status == MLP_OK; fold++) {
        unload(c);
        status = add_fold(options, fold, c);
    }
    for (size_t m = 0; m < MODELS; m++) {
        snprintf(c->models[m].checkpoint_path,
                 sizeof c->models[m].checkpoint_path, "%s",
                 options->operands[m]);
    }
    return status;
}

mlp_status mlp_tool_compare(const mlp_tool_options *options,
                            mlp_tool_output *output)
{
    const size_t folds[MODELS] = {mlp_fold_count(options->operands[0]),
                                  mlp_fold_count(options->operands[1])};
    comparison c = {.rows_name = mlp_tool_split_name(options->split)};
    mlp_status status = folds[0] + folds[1] == 0
                            ? add_models(options, &c)
                            : add_folds(options, folds, &c);
    if (status == MLP_OK) {
        status = compare(&c);
    }
    if (status == MLP_OK && options->is_json) {
        status = print_json(output->file, &c);
    } else if (status == MLP_OK) {
        print_text(output->file, &c);
    }
    unload(&c);
    for (size_t m = 0; m < MODELS; m++) {
        free(c.errors[m]);
    }
    return status;
}
