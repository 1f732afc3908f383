/** @file
 *  Prints the average of several models' outputs.
 */
#include <string.h>

#include "base/log.h"
#include "predict.h"
#include "source/csv.h"
#include "tool/ensemble.h"

static mlp_status print(const mlp_ensemble *of, const mlp_predict_style *style,
                        mlp_tool_output *output)
{
    mlp_range batch = {0};
    const mlp_tool_case *first = &of->cases[0];
    /* numbers are in the table's unit already */
    mlp_checkpoint as_printed = first->checkpoint;
    as_printed.target_scaler = (mlp_target_scaler){.scale = 1.0F};
    mlp_predict_begin(output->file, style, &as_printed, false);
    while (mlp_inference_next(first->dataset.range.count, &batch)) {
        mlp_prediction p = {.checkpoint = &as_printed,
                            .dataset = &first->dataset,
                            .begin = batch.first,
                            .largest = first->largest,
                            .first = first->dataset.range.first + batch.first};
        MLP_TRY(mlp_average_run(of->average, batch, &p.result));
        MLP_TRY(mlp_predict_print(output->file, style, &p));
        MLP_TRY(mlp_tool_output_flush(output));
    }
    return MLP_OK;
}

mlp_status mlp_predict_average(const mlp_tool_options *options,
                               mlp_tool_output *output)
{
    mlp_ensemble of = {0};
    mlp_predict_style style;
    if (options->data != NULL && strcmp(options->data, MLP_CSV_INPUT) == 0) {
        return mlp_fail(MLP_ERROR_USAGE,
                        "each model reads the rows, and standard input is "
                        "there once: give a file");
    }
    MLP_TRY(mlp_predict_style_read(options, output->file, &style));
    mlp_status status = mlp_ensemble_load(options, false, &of);
    if (status == MLP_OK) {
        mlp_log_note("averages of %zu models", of.count);
        status = print(&of, &style, output);
    }
    mlp_ensemble_unload(&of);
    return status;
}
