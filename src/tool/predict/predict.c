/** @file
 *  mlp predict: a checkpoint's outputs for rows and pictures. Floats have 9
 *  digits, which round-trip.
 */
#include "predict.h"

#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "checkpoint/folds.h"
#include "source/csv.h"
#include "source/paths.h"

/* ---- a batch */

static mlp_status print_batch(const mlp_tool_case *loaded,
                              const mlp_predict_style *style, mlp_prediction *p,
                              size_t rows, mlp_tool_output *output)
{
    p->checkpoint = &loaded->checkpoint;
    p->result = mlp_inference_run(loaded->inference, p->dataset,
                                  (mlp_range){p->begin, rows});
    MLP_TRY(mlp_dataset_status(p->dataset));
    MLP_TRY(mlp_predict_print(output->file, style, p));
    return mlp_tool_output_flush(output);
}

/* ---- rows of data */

static mlp_status print_data_rows(const mlp_predict_style *style,
                                  const mlp_tool_case *loaded,
                                  mlp_tool_output *output)
{
    mlp_range all = loaded->dataset.range;
    mlp_predict_begin(output->file, style, &loaded->checkpoint, false);
    mlp_range batch = {0};
    while (mlp_inference_next(all.count, &batch)) {
        mlp_prediction p = {.dataset = &loaded->dataset,
                            .begin = batch.first,
                            .largest = loaded->largest,
                            .first = all.first + batch.first};
        MLP_TRY(print_batch(loaded, style, &p, batch.count, output));
    }
    return MLP_OK;
}

/* A file goes through row by row, unless a split of it is asked for. */
static bool is_stream(const mlp_tool_options *options,
                      const mlp_tool_case *loaded, const char *spec)
{
    bool has_split = options->has_split && !options->is_all;
    return loaded->checkpoint.schema.count > 0 && !has_split &&
           !mlp_paths_is_list(spec) &&
           (strcmp(spec, MLP_CSV_INPUT) == 0 || mlp_csv_has_name(spec));
}

static mlp_status print_loaded(const mlp_tool_options *options,
                               mlp_tool_case *loaded, mlp_tool_output *output)
{
    mlp_predict_style style;
    if (options->id != NULL) {
        return mlp_fail(MLP_ERROR_USAGE, "--id requires a table in one CSV "
                                         "file, without --split test or train");
    }
    MLP_TRY(mlp_predict_style_read(options, output->file, &style));
    MLP_TRY(mlp_tool_load_rows(options, false, loaded));
    return print_data_rows(&style, loaded, output);
}

static mlp_status predict_rows(const mlp_tool_options *options,
                               mlp_tool_output *output)
{
    mlp_tool_case loaded = {0};
    if (options->is_inverted || options->is_center) {
        return mlp_fail(MLP_ERROR_USAGE, "--invert and --center need "
                                         "pictures, and none is given");
    }
    MLP_TRY(mlp_tool_load_model(options, &loaded));
    char spec[MLP_MAX_PATH];
    mlp_tool_options chosen = *options;
    mlp_status status = mlp_tool_recall_data(options, spec);
    chosen.data = spec[0] != '\0' ? spec : NULL;
    if (status == MLP_OK) {
        status = is_stream(options, &loaded, spec)
                     ? mlp_predict_table(options, &loaded, spec, output)
                     : print_loaded(&chosen, &loaded, output);
    }
    mlp_tool_unload(&loaded);
    return status;
}

/* ---- pictures */

/* Drawn on a terminal. */
static const char *format_of_pictures(const mlp_tool_options *options,
                                      const mlp_tool_output *output)
{
    return !options->has_format && isatty(fileno(output->file))
               ? "text"
               : options->format;
}

static mlp_status print_all_pictures(const mlp_tool_options *options,
                                     mlp_pictures *pictures,
                                     const mlp_tool_case *loaded,
                                     mlp_tool_output *output)
{
    const mlp_checkpoint *c = &loaded->checkpoint;
    mlp_predict_style style;
    mlp_dataset rows;
    MLP_TRY(mlp_predict_style_read(options, output->file, &style));
    style.format = format_of_pictures(options, output);
    mlp_status status =
        mlp_pictures_create_rows(MLP_INFERENCE_ROWS, c->widths[0], &rows);
    MLP_TRY(status);
    mlp_predict_begin(output->file, &style, c, true);
    mlp_range batch = {0};
    while (status == MLP_OK && mlp_inference_next(pictures->count, &batch)) {
        mlp_prediction p = {.dataset = &rows,
                            .largest = mlp_checkpoint_white(c),
                            .names = (const char *const *)pictures->paths +
                                     batch.first};
        status = mlp_pictures_read(pictures, batch, options, c, &rows);
        if (status == MLP_OK) {
            status = print_batch(loaded, &style, &p, batch.count, output);
        }
    }
    mlp_dataset_destroy(&rows);
    if (pictures->light_count > 0 && !options->is_inverted) {
        mlp_log_note("%zu of %zu pictures have light edges; if the training "
                     "data is light on dark, use --invert",
                     pictures->light_count, pictures->count);
    }
    return status;
}

static mlp_status check_pictures(const mlp_checkpoint *c, const char *path)
{
    if (c->height == 1 || c->height * c->width != c->widths[0]) {
        return mlp_fail(MLP_ERROR_DATA,
                        "%s: expected a model of pictures, found one of rows "
                        "of %zu features",
                        path, c->widths[0]);
    }
    return c->channels <= 1 || c->channels == 3
               ? MLP_OK
               : mlp_fail(MLP_ERROR_DATA,
                          "%s: expected a model of pictures in gray or color, "
                          "found one of %zu channels",
                          path, c->channels);
}

static mlp_status predict_pictures(const mlp_tool_options *options,
                                   mlp_tool_output *output)
{
    mlp_tool_case loaded = {0};
    mlp_pictures pictures = {0};
    if (options->has_rows) {
        return mlp_fail(MLP_ERROR_USAGE,
                        "\"%.200s\": pictures, or rows of --data, not both",
                        options->operands[1]);
    }
    mlp_status status = mlp_pictures_list(
        options->operands + 1, options->operand_count - 1, &pictures);
    if (status == MLP_OK) {
        status = mlp_tool_load_model(options, &loaded);
    }
    if (status == MLP_OK) {
        status = check_pictures(&loaded.checkpoint, loaded.checkpoint_path);
    }
    if (status == MLP_OK) {
        status = print_all_pictures(options, &pictures, &loaded, output);
    }
    mlp_pictures_destroy(&pictures);
    mlp_tool_unload(&loaded);
    return status;
}

/* ---- the sub-command */

/* A table may stand where pictures do. */
static bool is_table_operand(const mlp_tool_options *options)
{
    return options->operand_count == 2 && options->data == NULL &&
           (strcmp(options->operands[1], MLP_CSV_INPUT) == 0 ||
            mlp_csv_has_name(options->operands[1]));
}

static mlp_status predict(const mlp_tool_options *options,
                          mlp_tool_output *output)
{
    mlp_tool_options own = *options;
    bool is_table = !options->is_average && is_table_operand(options);
    if (is_table) {
        own.data = options->operands[1];
        own.operand_count = 1;
    }
    if (own.is_average ||
        (own.operand_count == 1 && mlp_fold_count(own.file) > 0)) {
        return mlp_predict_average(&own, output);
    }
    if (is_table) {
        return predict_rows(&own, output);
    }
    return options->operand_count > 1 ? predict_pictures(options, output)
                                      : predict_rows(options, output);
}

static const char *const formats[] = {"tsv", "csv", "json", "text", NULL};
static const char *const options_of_predict[] = {
    "invert",        "center",       "data",    "split",  "bad-rows", "skip",
    "rows",          "memory-limit", "threads", "format", "columns",  "id",
    "probabilities", "average",      "output",  NULL};

const mlp_tool_command mlp_tool_predict = {
    .name = "predict",
    .summary = "class and probabilities of rows, or of PNG and JPEG pictures, "
               "as TSV, CSV, JSON lines or drawn",
    .description = "Predict the class of pictures or rows, labelled or not: a "
                   "line for each with\n"
                   "its file or number, its class (for a regression the "
                   "number), and the model's\n"
                   "outputs, which are probabilities under softmax. Floats "
                   "have 9 digits, from\n"
                   "which they are read back exactly. On a terminal there are "
                   "class and percent.\n"
                   "\n"
                   "A PICTURE is a PNG or JPEG file, or a directory of them. "
                   "It is converted to\n"
                   "gray, resized to the model's input, and scaled so that "
                   "white is the largest\n"
                   "value of the training data. On a terminal it is drawn, "
                   "with a bar for each\n"
                   "output (--format text; for a row of a table this prints "
                   "the columns by name).\n"
                   "\n"
                   "A table, a CSV file or - for standard input, goes through "
                   "row by row, in memory\n"
                   "that does not grow with it. Rows are numbered as in the "
                   "file, or named by --id.\n"
                   "With --bad-rows skip a row that is invalid has an empty "
                   "prediction, and the\n"
                   "reason.\n"
                   "\n"
                   "Of a run of several models (mlp_train --folds), or of the "
                   "runs of --average, the\n"
                   "models' outputs are averaged; the rows are then loaded, "
                   "from a file.\n"
                   "\n"
                   "Without pictures, --data may be what mlp_train takes, or "
                   "images alone: an IDX\n"
                   "file of images, plain or .gz, or an HDF5 file with "
                   "/images. These have no\n"
                   "splits: omit --split. For a table, --split test, train and "
                   "validation are the\n"
                   "rows of training, and the label column must be there; if "
                   "training held out no\n"
                   "test rows, --split test is all rows.",
    .options = options_of_predict,
    .formats = formats,
    .operands = "FILE [TABLE|PICTURE...] | --average RUN...",
    .operands_max = SIZE_MAX,
    .run = predict};
