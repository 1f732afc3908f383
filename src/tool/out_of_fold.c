/** @file
 *  Out-of-fold predictions as a CSV file.
 */
#include "out_of_fold.h"

#include "checkpoint/folds.h"
#include "line.h"
#include "tool.h"

static mlp_line begin_line(FILE *out)
{
    return (mlp_line){.out = out, .is_csv = true};
}

static void print_header(FILE *out, const mlp_checkpoint *checkpoint)
{
    static const char *const names[] = {"row", "fold", "truth", "prediction"};
    mlp_line line = begin_line(out);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        mlp_line_text(&line, names[i]);
    }
    for (size_t k = 0; !checkpoint->schema.is_regression &&
                       k < checkpoint->widths[checkpoint->layers];
         k++) {
        mlp_line_output_name(&line, checkpoint, k);
    }
    fputc('\n', out);
}

/* @param i  of a batch, whose first row is `first` of the data set */
static void print_row(FILE *out, const mlp_tool_case *loaded, size_t fold,
                      const mlp_inference_result *result, size_t first,
                      size_t i)
{
    const mlp_checkpoint *c = &loaded->checkpoint;
    const float *outputs = result->outputs + i * result->stride;
    mlp_line line = begin_line(out);
    mlp_line_whole(&line, loaded->numbers[first + i]);
    mlp_line_whole(&line, fold + 1);
    if (c->schema.is_regression) {
        mlp_line_number(&line, (double)loaded->dataset.targets[first + i]);
        mlp_line_number(&line, mlp_prediction_value(c, outputs[0]));
    } else {
        mlp_line_class(&line, c, loaded->dataset.labels[first + i]);
        mlp_line_class(&line, c, result->predictions[i]);
        for (size_t k = 0; k < result->classes; k++) {
            mlp_line_number(&line, (double)outputs[k]);
        }
    }
    fputc('\n', out);
}

static mlp_status print_fold(FILE *out, const mlp_tool_case *loaded,
                             size_t fold)
{
    mlp_range batch = {0};
    if (fold == 0) {
        print_header(out, &loaded->checkpoint);
    }
    while (mlp_inference_next(loaded->dataset.range.count, &batch)) {
        const mlp_inference_result result =
            mlp_inference_run(loaded->inference, &loaded->dataset, batch);
        MLP_TRY(mlp_dataset_status(&loaded->dataset));
        for (size_t i = 0; i < batch.count; i++) {
            print_row(out, loaded, fold, &result, batch.first, i);
        }
    }
    return MLP_OK;
}

static mlp_status print_folds(FILE *out, const mlp_config *config)
{
    const mlp_tool_options options = {
        .file = config->run,
        .data = config->data[0] != '\0' ? config->data : NULL,
        .split = MLP_SPLIT_TEST,
        .has_numbers = true,
        .rows = SIZE_MAX,
        .memory_limit = config->memory_limit,
        .threads = config->threads};
    for (size_t fold = 0; fold < config->folds; fold++) {
        mlp_tool_case loaded = {0};
        MLP_TRY(mlp_tool_load_fold(&options, fold, &loaded));
        mlp_status status = print_fold(out, &loaded, fold);
        mlp_tool_unload(&loaded);
        MLP_TRY(status);
    }
    return MLP_OK;
}

mlp_status mlp_out_of_fold_write(const mlp_config *config)
{
    char path[MLP_MAX_PATH];
    mlp_tool_output output;
    MLP_TRY(mlp_path_join(config->run, "out-of-fold.csv", path));
    MLP_TRY(mlp_tool_output_open(path, &output));
    return mlp_tool_output_close(&output, print_folds(output.file, config));
}
