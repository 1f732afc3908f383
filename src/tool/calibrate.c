/** @file
 *  mlp calibrate: a checkpoint whose probabilities fit the rows that training
 *  held out; or the checkpoints of a run of several models, which fit the rows
 *  of all folds.
 */
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/json.h"
#include "checkpoint/file.h"
#include "checkpoint/folds.h"
#include "infer/temperature.h"
#include "system/files.h"
#include "tool.h"

/* A model on the rows by which it is calibrated. */
typedef struct {
    mlp_tally tally;
    mlp_reliability reliability;
} quality;

typedef struct {
    mlp_tool_case loaded;    /* the model at hand */
    const char *rows_name;   /* "validation" or "out-of-fold" */
    mlp_logits logits;       /* of the rows of all models */
    char path[MLP_MAX_PATH]; /* of the new checkpoint, or of a directory */
    double temperature;      /* by which the logits were divided */
    quality before, after;   /* on the rows of all models */
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
            "checkpoint  %s\ndata        %s, %s, %" PRIu64
            " rows\ntemperature %.9g\n\n",
            c->loaded.checkpoint_path, c->loaded.data_name, c->rows_name,
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

/* Add what a model makes of the rows at hand. */
static mlp_status measure(const calibration *c, mlp_inference *inference,
                          quality *measured, mlp_tally *own)
{
    MLP_TRY(mlp_inference_evaluate(inference, &c->loaded.dataset, own, NULL,
                                   &measured->reliability));
    mlp_tally_add(&measured->tally, own);
    return mlp_dataset_status(&c->loaded.dataset);
}

/* Add the rows of the loaded model, which it was not trained on. */
static mlp_status add_rows(const mlp_tool_options *options, calibration *c,
                           mlp_tally *own)
{
    if (!mlp_inference_has_probabilities(c->loaded.inference)) {
        return mlp_fail(MLP_ERROR_USAGE,
                        "%s: a temperature is for a classifier with softmax "
                        "outputs, or with --binary and a sigmoid",
                        c->loaded.checkpoint_path);
    }
    if (c->loaded.dataset.weights != NULL) {
        return mlp_fail(MLP_ERROR_USAGE,
                        "%s: its rows have weights, and calibration counts "
                        "rows",
                        c->loaded.data_name);
    }
    MLP_TRY(measure(c, c->loaded.inference, &c->before, own));
    return mlp_logits_append(&c->logits, &c->loaded.checkpoint,
                             options->threads, &c->loaded.dataset);
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
    mlp_tally own;
    MLP_TRY(mlp_inference_create(&c->loaded.checkpoint, options->threads,
                                 &inference));
    mlp_status status = measure(c, inference, &c->after, &own);
    mlp_inference_destroy(&inference);
    return status;
}

/* Write the child of the loaded checkpoint. */
static mlp_status write_child(const mlp_tool_options *options, calibration *c,
                              double factor, const char *path)
{
    unsigned char digest[MLP_DIGEST_BYTES];
    MLP_TRY(make_child(c, factor));
    MLP_TRY(measure_child(options, c));
    return mlp_checkpoint_replace(path, &c->loaded.checkpoint, digest);
}

static mlp_status calibrate_model(const mlp_tool_options *options,
                                  calibration *c)
{
    mlp_tally own;
    double factor;
    c->rows_name = "validation";
    MLP_TRY(mlp_tool_load_held_out(options, &c->loaded));
    MLP_TRY(add_rows(options, c, &own));
    MLP_TRY(name_output(options, c));
    MLP_TRY(mlp_temperature_fit(&c->logits, &factor));
    return write_child(options, c, factor, c->path);
}

/* ---- a run of several models ------------------------------------------- */

static void unload(calibration *c)
{
    mlp_tool_unload(&c->loaded);
    c->loaded = (mlp_tool_case){0};
}

static mlp_status add_fold(const mlp_tool_options *options, size_t fold,
                           calibration *c)
{
    mlp_tally own;
    unload(c);
    MLP_TRY(mlp_tool_load_fold(options, fold, &c->loaded));
    MLP_TRY(add_rows(options, c, &own));
    return mlp_tool_check_fold(&c->loaded, &own);
}

/* --output, else "calibrated" in the run; nothing of this name may be there. */
static mlp_status name_directory(const mlp_tool_options *options,
                                 calibration *c)
{
    if (options->output != NULL) {
        snprintf(c->path, sizeof c->path, "%s", options->output);
    } else {
        MLP_TRY(mlp_path_join(options->file, "calibrated", c->path));
    }
    return access(c->path, F_OK) != 0
               ? MLP_OK
               : mlp_fail(MLP_ERROR_USAGE,
                          "%s: is there already; name another directory with "
                          "--output",
                          c->path);
}

/* The child of a fold's checkpoint, under the same name in a directory. */
static mlp_status write_fold(const mlp_tool_options *options, size_t fold,
                             const char *directory, double factor,
                             calibration *c)
{
    char place[MLP_MAX_PATH];
    char path[MLP_MAX_PATH];
    unload(c);
    MLP_TRY(mlp_tool_load_fold(options, fold, &c->loaded));
    MLP_TRY(mlp_fold_path(directory, fold, place));
    MLP_TRY(mlp_directory_make(place));
    const char *slash = strrchr(c->loaded.checkpoint_path, '/');
    MLP_TRY(mlp_path_join(place, slash + 1, path));
    return write_child(options, c, factor, path);
}

/* Remove a directory of files. */
static void discard_fold(const char *place)
{
    mlp_status status = MLP_OK;
    struct dirent *entry;
    char path[MLP_MAX_PATH];
    DIR *stream = opendir(place);
    if (stream == NULL) {
        return;
    }
    while (mlp_directory_next(place, stream, &entry, &status)) {
        if (mlp_path_join(place, entry->d_name, path) == MLP_OK) {
            (void)unlink(path); /* "." and ".." stay */
        }
    }
    (void)closedir(stream);
    (void)rmdir(place);
}

/* What a failure left. */
static void discard(const char *directory, size_t folds)
{
    char place[MLP_MAX_PATH];
    for (size_t fold = 0; fold < folds; fold++) {
        if (mlp_fold_path(directory, fold, place) == MLP_OK) {
            discard_fold(place);
        }
    }
    (void)rmdir(directory);
}

/* All folds are written before the directory gets its name. */
static mlp_status write_folds(const mlp_tool_options *options, size_t folds,
                              double factor, calibration *c)
{
    char temporary[MLP_MAX_PATH];
    int length = snprintf(temporary, sizeof temporary, "%s.%ld.tmp", c->path,
                          (long)getpid());
    if ((size_t)length >= sizeof temporary) {
        return mlp_fail(MLP_ERROR_IO, "%s: the path is too long", c->path);
    }
    mlp_status status = MLP_OK;
    for (size_t fold = 0; fold < folds && status == MLP_OK; fold++) {
        status = write_fold(options, fold, temporary, factor, c);
    }
    if (status == MLP_OK && rename(temporary, c->path) != 0) {
        status = mlp_fail(MLP_ERROR_IO, "%s: cannot be created: %s", c->path,
                          strerror(errno));
    }
    if (status != MLP_OK) {
        discard(temporary, folds);
    }
    return status;
}

/* One temperature for all models, by the rows of all folds. */
static mlp_status calibrate_folds(const mlp_tool_options *options, size_t folds,
                                  calibration *c)
{
    double factor;
    c->rows_name = "out-of-fold";
    MLP_TRY(name_directory(options, c));
    for (size_t fold = 0; fold < folds; fold++) {
        MLP_TRY(add_fold(options, fold, c));
    }
    MLP_TRY(mlp_temperature_fit(&c->logits, &factor));
    MLP_TRY(write_folds(options, folds, factor, c));
    snprintf(c->loaded.checkpoint_path, sizeof c->loaded.checkpoint_path, "%s",
             options->file);
    return MLP_OK;
}

/* ---- the sub-command */

static mlp_status calibrate(const mlp_tool_options *options,
                            mlp_tool_output *output)
{
    calibration c = {.temperature = 1};
    size_t folds = mlp_fold_count(options->file);
    mlp_status status = folds > 0 ? calibrate_folds(options, folds, &c)
                                  : calibrate_model(options, &c);
    if (status == MLP_OK && options->is_json) {
        status = print_json(output->file, &c);
    } else if (status == MLP_OK) {
        print_text(output->file, &c);
    }
    mlp_logits_destroy(&c.logits);
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
                   "it names the digest of the state it came from.\n"
                   "\n"
                   "Of a run of several models (mlp_train --folds) one "
                   "temperature is fitted to the\n"
                   "rows of all folds, each by the model that was not trained "
                   "on it. The result is\n"
                   "a directory of such checkpoints, by default calibrated in "
                   "FILE, for predict and\n"
                   "eval --split all, which average them.",
    .options = options_of_calibrate,
    .formats = formats,
    .operands = "FILE",
    .operands_max = 1,
    .makes_file = true,
    .run = calibrate};
