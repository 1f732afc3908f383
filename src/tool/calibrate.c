/** @file
 *  mlp calibrate: a checkpoint whose probabilities fit the rows that training
 *  held out.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "checkpoint/file.h"
#include "infer/temperature.h"
#include "tool.h"

/* A model on the rows by which it is calibrated. */
typedef struct {
    mlp_tally tally;
    mlp_reliability reliability;
} quality;

typedef struct {
    mlp_tool_case loaded;
    char path[MLP_MAX_PATH]; /* of the new checkpoint */
    double temperature;      /* by which the logits were divided */
    quality before, after;
} calibration;

/* ---- results */

typedef struct {
    const char *label, *key;
    double before, after;
} change;

enum { CHANGES = 3 };

static void list_changes(const calibration *c, change changes[CHANGES])
{
    static const mlp_metric metrics[] = {MLP_METRIC_LOG_LOSS, MLP_METRIC_BRIER};
    for (size_t i = 0; i < 2; i++) {
        const mlp_metric_facts *facts = mlp_metric_facts_of(metrics[i]);
        changes[i] = (change){facts->label, facts->key,
                              mlp_tally_metric(&c->before.tally, metrics[i]),
                              mlp_tally_metric(&c->after.tally, metrics[i])};
    }
    changes[2] = (change){"calibration error", "calibration_error",
                          mlp_reliability_error(&c->before.reliability),
                          mlp_reliability_error(&c->after.reliability)};
}

static void print_text(FILE *out, const calibration *c)
{
    change changes[CHANGES];
    list_changes(c, changes);
    fprintf(out,
            "checkpoint  %s\ndata        %s, validation, %" PRIu64
            " rows\ntemperature %.9g\n\n",
            c->loaded.checkpoint_path, c->loaded.data_name,
            c->before.tally.rows, c->temperature);
    for (size_t i = 0; i < CHANGES; i++) {
        fprintf(out, "%-20s%.6f, was %.6f\n", changes[i].label,
                changes[i].after, changes[i].before);
    }
    fprintf(out, "\nwrote       %s\n", c->path);
}

static mlp_status print_json(FILE *out, const calibration *c)
{
    change changes[CHANGES];
    list_changes(c, changes);
    json_t *object = json_pack("{s:o, s:o, s:o, s:o, s:o}", "checkpoint",
                               mlp_json_text(c->loaded.checkpoint_path), "data",
                               mlp_json_text(c->loaded.data_name), "rows",
                               mlp_json_whole(c->before.tally.rows),
                               "temperature", mlp_json_number(c->temperature),
                               "output", mlp_json_text(c->path));
    for (size_t i = 0; i < CHANGES; i++) {
        mlp_json_set(&object, changes[i].key,
                     json_pack("{s:o, s:o}", "before",
                               mlp_json_number(changes[i].before), "after",
                               mlp_json_number(changes[i].after)));
    }
    return mlp_json_print(out, object, MLP_JSON_DOUBLE);
}

/* ---- the new checkpoint */

/* --output, else "calibrated.h5" beside the checkpoint. */
static mlp_status name_output(const mlp_tool_options *options, calibration *c)
{
    char directory[MLP_MAX_PATH];
    const char *from = c->loaded.checkpoint_path;
    const char *slash = strrchr(from, '/');
    if (options->output != NULL) {
        snprintf(c->path, sizeof c->path, "%s", options->output);
    } else {
        snprintf(directory, sizeof directory, "%.*s",
                 slash != NULL ? (int)(slash - from) : 1,
                 slash != NULL ? from : ".");
        MLP_TRY(mlp_path_join(directory, "calibrated.h5", c->path));
    }
    return strcmp(c->path, from) != 0
               ? MLP_OK
               : mlp_fail(MLP_ERROR_USAGE,
                          "%s: would be replaced; name another file with "
                          "--output",
                          from);
}

/* Fit the temperature to logits of rows that the model was not trained on.
 * Rows held out by other means are appended here. */
static mlp_status fit(const mlp_tool_options *options, calibration *c,
                      double *factor)
{
    mlp_logits logits = {.rows = 0};
    if (c->loaded.dataset.weights != NULL) {
        return mlp_fail(MLP_ERROR_USAGE,
                        "%s: its rows have weights, and calibration counts "
                        "rows",
                        c->loaded.data_name);
    }
    mlp_status status = mlp_logits_append(&logits, &c->loaded.checkpoint,
                                          options->threads, &c->loaded.dataset);
    if (status == MLP_OK) {
        status = mlp_temperature_fit(&logits, factor);
    }
    mlp_logits_destroy(&logits);
    return status;
}

static mlp_status measure(const calibration *c, mlp_inference *inference,
                          quality *measured)
{
    MLP_TRY(mlp_inference_evaluate(inference, &c->loaded.dataset,
                                   &measured->tally, NULL,
                                   &measured->reliability));
    return mlp_dataset_status(&c->loaded.dataset);
}

/* The child of the loaded checkpoint, in its place. */
static mlp_status make_child(calibration *c, double factor)
{
    mlp_checkpoint *checkpoint = &c->loaded.checkpoint;
    double before = checkpoint->temperature;
    MLP_TRY(mlp_checkpoint_digest(checkpoint, checkpoint->origin_digest));
    mlp_temperature_apply(checkpoint, factor);
    c->temperature = 1 / factor;
    checkpoint->temperature = c->temperature * (before > 0 ? before : 1);
    return MLP_OK;
}

static mlp_status measure_child(const mlp_tool_options *options, calibration *c)
{
    mlp_inference *inference;
    MLP_TRY(mlp_inference_create(&c->loaded.checkpoint, options->threads,
                                 &inference));
    mlp_status status = measure(c, inference, &c->after);
    mlp_inference_destroy(&inference);
    return status;
}

static mlp_status make(const mlp_tool_options *options, calibration *c)
{
    unsigned char digest[MLP_DIGEST_BYTES];
    double factor;
    if (!mlp_inference_has_probabilities(c->loaded.inference)) {
        return mlp_fail(MLP_ERROR_USAGE,
                        "%s: a temperature is for a classifier with softmax "
                        "outputs, or with --binary and a sigmoid",
                        c->loaded.checkpoint_path);
    }
    MLP_TRY(name_output(options, c));
    MLP_TRY(measure(c, c->loaded.inference, &c->before));
    MLP_TRY(fit(options, c, &factor));
    MLP_TRY(make_child(c, factor));
    MLP_TRY(measure_child(options, c));
    return mlp_checkpoint_replace(c->path, &c->loaded.checkpoint, digest);
}

/* ---- the sub-command */

static mlp_status calibrate(const mlp_tool_options *options,
                            mlp_tool_output *output)
{
    calibration c = {.temperature = 1};
    MLP_TRY(mlp_tool_load_held_out(options, &c.loaded));
    mlp_status status = make(options, &c);
    if (status == MLP_OK && options->is_json) {
        status = print_json(output->file, &c);
    } else if (status == MLP_OK) {
        print_text(output->file, &c);
    }
    mlp_tool_unload(&c.loaded);
    return status;
}

static const char *const formats[] = {"text", "json", NULL};
static const char *const options_of_calibrate[] = {
    "data", "bad-rows", "memory-limit", "threads", "format", "output", NULL};

const mlp_tool_command mlp_tool_calibrate = {
    .name = "calibrate",
    .summary = "a checkpoint with calibrated probabilities: fits a temperature",
    .description = "Fit a temperature, by which the logits are divided, to the "
                   "rows that training\n"
                   "held out (--validation): the one with the least log loss. "
                   "Predictions stay the\n"
                   "same, and so does the ROC AUC of two classes.\n"
                   "\n"
                   "The result is a checkpoint for eval, predict, report and "
                   "export, by default\n"
                   "calibrated.h5 beside FILE. Its last layer's weights "
                   "include the temperature, and\n"
                   "it names the digest of the state it came from.",
    .options = options_of_calibrate,
    .formats = formats,
    .operands = "FILE",
    .operands_max = 1,
    .makes_file = true,
    .run = calibrate};
