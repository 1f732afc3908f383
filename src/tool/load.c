/** @file
 *  Loads a model and rows for it, and checks that they match.
 */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/log.h"
#include "checkpoint/folds.h"
#include "optim/early_stopping.h"
#include "record/run_summary.h"
#include "system/files.h"
#include "tool.h"

/* Whether training had validation rows, perhaps in a file of their own. */
static bool has_validation(const mlp_history *history)
{
    return history->count > 0 && history->records[0].validation.rows > 0;
}

/* The rows to load: the requested range, limited to the existing rows. */
static mlp_status choose_rows(const mlp_tool_options *options,
                              const mlp_source_info *info,
                              const mlp_history *history, mlp_range *range)
{
    size_t rows = info->rows[options->split];
    if (options->split == MLP_SPLIT_VALIDATION && !has_validation(history)) {
        return mlp_fail(MLP_ERROR_USAGE,
                        "%s: the model was trained without validation rows; "
                        "see mlp_train --validation",
                        info->name);
    }
    if (options->first >= rows) {
        return mlp_fail(MLP_ERROR_USAGE,
                        "%s: has %zu %s rows, none from row %zu on; see "
                        "--split and --skip",
                        info->name, rows, mlp_tool_split_name(options->split),
                        options->first);
    }
    size_t rest = rows - options->first;
    *range = (mlp_range){options->first,
                         options->rows < rest ? options->rows : rest};
    return MLP_OK;
}

/* Create a reader whose windows use the rest of the memory limit. */
static mlp_status create_reader(uint64_t limit, uint64_t kept, size_t row_bytes,
                                mlp_tool_case *loaded)
{
    uint64_t least = kept + mlp_reader_least(row_bytes, MLP_INFERENCE_ROWS);
    if (limit < least) {
        return mlp_fail(MLP_ERROR_USAGE,
                        "--memory-limit %" PRIu64 " is too low: %s needs "
                        "%" PRIu64 " bytes, for labels and twice %d rows at a "
                        "time",
                        limit, loaded->data_name, least, MLP_INFERENCE_ROWS);
    }
    return mlp_reader_create((size_t)(limit - kept), row_bytes,
                             MLP_INFERENCE_ROWS, &loaded->reader);
}

/* Load rows into memory, or open them if they exceed the memory limit. */
static mlp_status take_rows(const mlp_tool_options *options, mlp_source *source,
                            mlp_range range, mlp_tool_case *loaded)
{
    size_t row_bytes = mlp_dataset_row_bytes(source);
    uint64_t kept =
        (uint64_t)range.count * mlp_dataset_kept_bytes(source, options->split);
    uint64_t features = (uint64_t)range.count * row_bytes;
    if (options->memory_limit == 0 ||
        features + kept <= options->memory_limit) {
        return mlp_dataset_load(source, options->split, range,
                                &loaded->dataset);
    }
    MLP_TRY(create_reader(options->memory_limit, kept, row_bytes, loaded));
    return mlp_dataset_open(source, options->split, range, loaded->reader,
                            &loaded->dataset);
}

mlp_status mlp_tool_choose_data(const mlp_tool_options *options,
                                const json_t *start, char spec[MLP_MAX_PATH])
{
    static const char *const own[MLP_SPLITS] = {[MLP_SPLIT_TEST] = "test-data",
                                                [MLP_SPLIT_VALIDATION] =
                                                    "validation-data"};
    const char *file = options->is_all ? NULL : own[options->split];
    spec[0] = '\0';
    if (options->data != NULL) {
        snprintf(spec, MLP_MAX_PATH, "%s", options->data);
        return MLP_OK;
    }
    if (file != NULL) {
        MLP_TRY(mlp_run_summary_data(start, file, "data", spec));
    }
    return spec[0] == '\0' ? mlp_run_summary_data(start, "data", "data", spec)
                           : MLP_OK;
}

mlp_status mlp_tool_recall_data(const mlp_tool_options *options,
                                char spec[MLP_MAX_PATH])
{
    json_t *start =
        options->data == NULL ? mlp_run_summary_recall(options->file) : NULL;
    mlp_status status = mlp_tool_choose_data(options, start, spec);
    json_decref(start);
    return status;
}

/* What training held out: test rows are chosen before validation rows, which
 * runs of version 0.1.0 count as training rows. */
static void hold_out(const mlp_tool_options *options, mlp_holdout *holdout)
{
    bool counts_as_training =
        options->split == MLP_SPLIT_TRAIN && holdout->kind == MLP_HOLDOUT_SEED;
    if (options->is_all || (options->is_average && holdout->folds > 0)) {
        holdout->test = 0.0;
        holdout->folds = 0;
    }
    if (options->split == MLP_SPLIT_TEST || counts_as_training) {
        holdout->validation = 0.0;
    }
}

static mlp_status number_rows(const mlp_tool_options *options,
                              const mlp_source *source, mlp_range range,
                              mlp_tool_case *loaded)
{
    if (!options->has_numbers) {
        return MLP_OK;
    }
    loaded->numbers = calloc(range.count + 1, sizeof *loaded->numbers);
    if (loaded->numbers == NULL) {
        return mlp_fail_memory("the numbers of rows");
    }
    for (size_t i = 0; i < range.count; i++) {
        loaded->numbers[i] = (uint32_t)mlp_source_row_number(
            source, options->split, range.first + i);
    }
    return MLP_OK;
}

static mlp_status open_rows(const mlp_tool_options *options, bool has_labels,
                            mlp_tool_case *loaded)
{
    char spec[MLP_MAX_PATH];
    mlp_source *source = NULL;
    mlp_range range;
    mlp_table_options table = mlp_table_options_of(&loaded->checkpoint.config);
    MLP_TRY(mlp_tool_recall_data(options, spec));
    table.test_data = table.validation_data = ""; /* --data names all rows */
    hold_out(options, &table.holdout);
    table.schema = &loaded->checkpoint.schema;
    struct stat file;
    table.is_large = options->memory_limit > 0 &&
                     (stat(spec, &file) != 0 || /* several files, or a pipe */
                      (uint64_t)file.st_size > options->memory_limit);
    table.splits_again = options->has_split;
    if (options->has_bad_rows) {
        table.drops_bad = options->bad_rows == MLP_BAD_ROWS_DROP;
    }
    MLP_TRY(mlp_source_open_table(spec, &table, has_labels, &source));
    const mlp_source_info *info = mlp_source_facts(source);
    bool is_table = info->schema != NULL;
    if (options->is_all && !is_table) {
        mlp_source_close(&source);
        return mlp_fail(MLP_ERROR_USAGE, "--split all requires a table; this "
                                         "data has splits of its own");
    }
    snprintf(loaded->data_name, sizeof loaded->data_name, "%s", info->name);
    mlp_status status =
        choose_rows(options, info, &loaded->checkpoint.history, &range);
    if (status == MLP_OK) {
        status = take_rows(options, source, range, loaded);
    }
    if (status == MLP_OK) {
        status = number_rows(options, source, range, loaded);
    }
    mlp_source_close(&source);
    return status;
}

/* Training scaled its largest value to 1. Data in another range, such as pixels
 * up to 255 instead of 1, would give wrong results without an error. */
static void check_scale(const mlp_tool_case *loaded)
{
    mlp_scaler scaler = loaded->checkpoint.scaler;
    float largest = loaded->largest;
    float scaled = fabsf((largest - scaler.shift) * scaler.scale);
    if (scaler.shifts == NULL && largest > 0.0F &&
        (scaled < 0.1F || scaled > 10.0F)) {
        mlp_log_warning("%s: the largest value is %g times that of the "
                        "training data: is this data on another scale?",
                        loaded->data_name, (double)scaled);
    }
}

static mlp_status check_rows(const mlp_tool_options *options, bool has_labels,
                             mlp_tool_case *loaded)
{
    const mlp_range none = {0, 0}; /* all values are checked by the next one */
    MLP_TRY(mlp_inference_check(loaded->inference, &loaded->dataset, none));
    MLP_TRY(mlp_dataset_largest(&loaded->dataset, &loaded->largest));
    check_scale(loaded);
    return has_labels && !loaded->checkpoint.schema.is_regression
               ? mlp_dataset_check_labels(&loaded->dataset,
                                          mlp_tool_split_name(options->split),
                                          loaded->classes)
               : MLP_OK;
}

static mlp_status load_model(const mlp_tool_options *options,
                             mlp_tool_case *loaded)
{
    mlp_checkpoint *checkpoint = &loaded->checkpoint;
    MLP_TRY(mlp_checkpoint_open(options->file, checkpoint,
                                loaded->checkpoint_path));
    loaded->classes = mlp_checkpoint_classes(checkpoint);
    MLP_TRY(
        mlp_inference_create(checkpoint, options->threads, &loaded->inference));
    mlp_inference_limit_memory(loaded->inference, options->memory_limit);
    return MLP_OK;
}

mlp_status mlp_tool_load_model(const mlp_tool_options *options,
                               mlp_tool_case *loaded)
{
    mlp_status status = load_model(options, loaded);
    if (status != MLP_OK) {
        mlp_tool_unload(loaded);
    }
    return status;
}

mlp_status mlp_tool_load_rows(const mlp_tool_options *options, bool has_labels,
                              mlp_tool_case *loaded)
{
    MLP_TRY(open_rows(options, has_labels, loaded));
    mlp_status status = check_rows(options, has_labels, loaded);
    return status == MLP_OK
               ? MLP_OK
               : mlp_fail(status, "%s: %s", loaded->data_name, mlp_failure());
}

static mlp_status load(const mlp_tool_options *options, bool has_labels,
                       mlp_tool_case *loaded)
{
    MLP_TRY(load_model(options, loaded));
    return mlp_tool_load_rows(options, has_labels, loaded);
}

mlp_status mlp_tool_load(const mlp_tool_options *options, bool has_labels,
                         mlp_tool_case *loaded)
{
    mlp_status status = load(options, has_labels, loaded);
    if (status != MLP_OK) {
        mlp_tool_unload(loaded);
    }
    return status;
}

mlp_status mlp_tool_load_held_out(const mlp_tool_options *options,
                                  mlp_tool_case *loaded)
{
    mlp_tool_options held_out = *options;
    held_out.split = MLP_SPLIT_VALIDATION;
    held_out.has_split = true;
    return mlp_tool_load(&held_out, true, loaded);
}

mlp_status mlp_tool_load_fold(const mlp_tool_options *options, size_t fold,
                              mlp_tool_case *loaded)
{
    char path[MLP_MAX_PATH];
    mlp_tool_options own = *options;
    MLP_TRY(mlp_fold_path(options->file, fold, path));
    own.file = path;
    own.split = MLP_SPLIT_TEST;
    return mlp_tool_load(&own, true, loaded);
}

mlp_status mlp_tool_check_fold(const mlp_tool_case *loaded,
                               const mlp_tally *tally)
{
    const mlp_checkpoint *c = &loaded->checkpoint;
    const mlp_history *history = &c->history;
    if (c->temperature > 0) {
        return mlp_fail(MLP_ERROR_USAGE,
                        "%s: was calibrated on its held-out rows: evaluate it "
                        "on others, by --data and --split all",
                        loaded->checkpoint_path);
    }
    uint64_t best = c->config.patience > 0
                        ? mlp_early_stopping_of(&c->config, history).best
                        : c->epoch;
    for (size_t i = 0; i < history->count; i++) {
        const mlp_epoch_record *record = &history->records[i];
        if (record->epoch == best &&
            mlp_tally_loss(&record->test) != mlp_tally_loss(tally)) {
            return mlp_fail(
                MLP_ERROR_DATA,
                "%s: the loss of %s on its fold is %.9g, and was %.9g in "
                "training: these are other rows than those of the run; for "
                "such rows --split all averages the models",
                loaded->data_name, loaded->checkpoint_path,
                mlp_tally_loss(tally), mlp_tally_loss(&record->test));
        }
    }
    return MLP_OK;
}

void mlp_tool_unload(mlp_tool_case *loaded)
{
    mlp_inference_destroy(&loaded->inference);
    mlp_dataset_destroy(&loaded->dataset);
    mlp_reader_destroy(&loaded->reader);
    free(loaded->numbers);
    loaded->numbers = NULL;
    mlp_checkpoint_destroy(&loaded->checkpoint);
}
