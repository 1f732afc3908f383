/** @file
 *  A model's results on the test rows of a run: confusion matrix and worst
 *  mistakes, or the errors of a regression.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "record/classification_report.h"
#include "report.h"

/* ---- one row */

/* The most likely classes, in descending order; the lower class wins ties. */
static void find_likeliest(const float *outputs, size_t classes, mlp_mistake *m)
{
    enum { MOST = 3 };
    for (size_t k = 0; k < classes; k++) {
        double p = (double)outputs[k];
        size_t place = m->likeliest_count;
        while (place > 0 && m->probabilities[place - 1] < p) {
            place--;
        }
        if (place == MOST) {
            continue;
        }
        m->likeliest_count += m->likeliest_count < MOST;
        for (size_t i = m->likeliest_count - 1; i > place; i--) {
            m->likeliest[i] = m->likeliest[i - 1];
            m->probabilities[i] = m->probabilities[i - 1];
        }
        m->likeliest[place] = (unsigned)k;
        m->probabilities[place] = p;
    }
}

/* Fill in all but the row.
 * @param i  index in the batch of row `row`
 * @return whether the row is a candidate for the examples */
typedef bool collect(const mlp_review *r, const mlp_inference_result *result,
                     size_t i, size_t row, mlp_example *example);

static bool collect_class(const mlp_review *r,
                          const mlp_inference_result *result, size_t i,
                          size_t row, mlp_example *example)
{
    const float *outputs = result->outputs + i * result->stride;
    size_t classes = result->classes;
    const float both[2] = {1.0F - outputs[0], outputs[0]};
    if (r->loaded.checkpoint.config.binary) { /* one output, for class 1 */
        outputs = both;
        classes = 2;
    }
    unsigned truth = r->loaded.dataset.labels[row];
    unsigned prediction = result->predictions[i];
    if (truth == prediction) {
        return false;
    }
    example->score = -(double)outputs[truth];
    example->mistake = (mlp_mistake){.truth = truth, .prediction = prediction};
    find_likeliest(outputs, classes, &example->mistake);
    return true;
}

static bool collect_value(const mlp_review *r,
                          const mlp_inference_result *result, size_t i,
                          size_t row, mlp_example *example)
{
    double prediction =
        mlp_target_prediction(&r->loaded.checkpoint.target_scaler,
                              result->outputs[i * result->stride]);
    double truth = (double)r->loaded.dataset.targets[row];
    example->score = fabs(prediction - truth);
    example->miss = (mlp_miss){prediction, truth};
    return true;
}

/* ---- the worst rows */

/* Keep the examples with the largest scores; ties keep the earlier one. */
static void insert(mlp_review *r, const mlp_example *example, size_t most)
{
    size_t place = r->example_count;
    while (place > 0 && r->examples[place - 1].score < example->score) {
        place--;
    }
    if (place == most) {
        return;
    }
    r->example_count += r->example_count < most;
    for (size_t i = r->example_count - 1; i > place; i--) {
        r->examples[i] = r->examples[i - 1];
    }
    r->examples[place] = *example;
}

static size_t most_examples(const mlp_review *r)
{
    return r->is_regression                  ? MLP_MISSES_MAX
           : r->loaded.checkpoint.height > 1 ? MLP_MISTAKES_MAX
                                             : MLP_TABLE_MISTAKES_MAX;
}

static void find_examples(mlp_review *r)
{
    const mlp_dataset *data = &r->loaded.dataset;
    collect *collect_row = r->is_regression ? collect_value : collect_class;
    size_t most = most_examples(r);
    mlp_range batch = {0};
    while (mlp_inference_next(data->range.count, &batch)) {
        mlp_inference_result result =
            mlp_inference_run(r->loaded.inference, data, batch);
        for (size_t i = 0; i < batch.count; i++) {
            mlp_example example = {.row = batch.first + i};
            if (collect_row(r, &result, i, example.row, &example)) {
                insert(r, &example, most);
            }
        }
    }
}

/* ---- the review */

const char *mlp_review_class(const mlp_review *review, size_t k,
                             char number[MLP_CLASS_NUMBER])
{
    const mlp_names *names = &review->loaded.checkpoint.class_names;
    if (k < names->count) {
        return names->items[k];
    }
    snprintf(number, MLP_CLASS_NUMBER, "%zu", k);
    return number;
}

/* The same rows give the loss that the run has recorded. */
static void check_loss(mlp_report_input *input)
{
    const mlp_review *r = &input->review;
    const mlp_history *history = &r->loaded.checkpoint.history;
    double found = mlp_tally_loss(&r->tally);
    for (size_t i = 0; i < history->count; i++) {
        const mlp_epoch_record *e = &history->records[i];
        bool is_it = e->step == r->loaded.checkpoint.step && e->test.rows > 0 &&
                     r->loaded.checkpoint.temperature == 0;
        if (is_it && mlp_tally_loss(&e->test) != found) {
            mlp_report_input_note(
                input,
                "The test loss on %.300s is %.6g, and was %.6g in "
                "the run: these may be other rows.",
                r->loaded.data_name, found, mlp_tally_loss(&e->test));
        }
    }
}

static mlp_status review(mlp_report_input *input)
{
    mlp_review *r = &input->review;
    size_t classes = r->loaded.classes;
    r->is_regression = r->loaded.checkpoint.schema.is_regression;
    if (!r->is_regression) {
        r->confusion = calloc(classes * classes, sizeof *r->confusion);
        if (r->confusion == NULL) {
            return mlp_fail_memory("the confusion matrix");
        }
    }
    MLP_TRY(mlp_inference_evaluate(r->loaded.inference, &r->loaded.dataset,
                                   &r->tally, r->confusion, &r->reliability));
    find_examples(r);
    MLP_TRY(mlp_dataset_status(&r->loaded.dataset));
    check_loss(input);
    r->is_there = true;
    return MLP_OK;
}

/* Training rows that --augment deformed, from the source of the test rows. */
static mlp_status deform(mlp_report_input *input, const char *spec)
{
    const mlp_config *config = &input->review.loaded.checkpoint.config;
    mlp_source *source = NULL;
    if (config->augment == MLP_AUGMENT_NONE) {
        return MLP_OK;
    }
    mlp_status status = mlp_source_open(spec, &source);
    if (status == MLP_OK) {
        status = mlp_deformed_make(config, source, &input->review.deformed);
    }
    mlp_source_close(&source);
    if (status == MLP_OK || status == MLP_ERROR_INTERNAL) {
        return status;
    }
    mlp_report_input_note(input, "No deformed images: %.500s.", mlp_failure());
    return MLP_OK;
}

/* Whether there may be rows to review; if not, a note says why. */
static bool may_load(mlp_report_input *input)
{
    const mlp_run_summary *run = &input->runs[0];
    if (run->checkpoint.widths[run->checkpoint.layers] >
        MLP_REPORT_CLASSES_MAX) {
        mlp_report_input_note(input,
                              "More than %d classes have no confusion "
                              "matrix.",
                              MLP_REPORT_CLASSES_MAX);
        return false;
    }
    return true;
}

/* @param spec  overwritten: the source of the rows */
static mlp_status load(mlp_report_input *input, const mlp_tool_options *options,
                       char spec[MLP_MAX_PATH])
{
    const mlp_run_summary *run = &input->runs[0];
    mlp_tool_options wanted = {.file = run->checkpoint_path,
                               .data = options->data,
                               .split = MLP_SPLIT_TEST,
                               .rows = SIZE_MAX,
                               .memory_limit = options->memory_limit,
                               .threads = options->threads};
    MLP_TRY(mlp_tool_choose_data(&wanted, run->start, spec));
    wanted.data = spec[0] != '\0' ? spec : NULL;
    return mlp_tool_load(&wanted, true, &input->review.loaded);
}

mlp_status mlp_review_make(mlp_report_input *input,
                           const mlp_tool_options *options)
{
    const mlp_run_summary *run = &input->runs[0];
    char spec[MLP_MAX_PATH];
    if (input->count > 1) {
        mlp_report_input_note(
            input, "Confusion matrix, mistakes, weights and times are in "
                   "the reports of single runs.");
        return MLP_OK;
    }
    if (run->missing[0] != '\0') {
        mlp_report_input_note(input, "Not found: %.500s.", run->missing);
    }
    if (run->checkpoint_path[0] == '\0') {
        mlp_report_input_note(input,
                              "Without a checkpoint there are no confusion "
                              "matrix, mistakes and weights.");
        return MLP_OK;
    }
    if (!may_load(input)) {
        return MLP_OK;
    }
    mlp_status status = load(input, options, spec);
    if (status == MLP_ERROR_INTERNAL) {
        return status;
    }
    if (status != MLP_OK) {
        mlp_report_input_note(
            input,
            "Without the rows there are no confusion matrix and "
            "mistakes: %.500s. See --data.",
            mlp_failure());
        return MLP_OK;
    }
    MLP_TRY(review(input));
    return deform(input, spec);
}

void mlp_review_destroy(mlp_review *review)
{
    mlp_tool_unload(&review->loaded);
    mlp_deformed_destroy(&review->deformed);
    free(review->confusion);
    review->confusion = NULL;
}
