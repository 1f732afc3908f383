/** @file
 *  mlp predict on a table: a filter in bounded memory. Rows are predicted batch
 *  by batch as they are read, and printed in their order.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "predict.h"

/* What has gone through. */
typedef struct {
    size_t records, rejected;
    char first_reason[256];
} progress;

static bool skips_bad(const mlp_tool_options *options,
                      const mlp_checkpoint *checkpoint)
{
    return options->has_bad_rows
               ? options->bad_rows == MLP_BAD_ROWS_DROP
               : checkpoint->config.bad_rows == MLP_BAD_ROWS_DROP;
}

static void count(const mlp_table_batch *batch, progress *done)
{
    for (size_t i = 0; i < batch->count; i++) {
        const mlp_table_record *record = &batch->records[i];
        if (record->reason[0] != '\0' && done->rejected++ == 0) {
            memcpy(done->first_reason, record->reason,
                   sizeof done->first_reason);
        }
    }
    done->records += batch->count;
}

static mlp_status print_batch(const mlp_tool_case *loaded,
                              const mlp_predict_style *style,
                              const mlp_table_batch *batch, mlp_range wanted,
                              mlp_tool_output *output)
{
    const mlp_dataset rows = {.range = {0, batch->rows},
                              .features = loaded->checkpoint.widths[0],
                              .element = MLP_ELEMENT_F32,
                              .values = batch->values};
    mlp_prediction p = {.checkpoint = &loaded->checkpoint,
                        .dataset = &rows,
                        .records = batch->records,
                        .record_count = batch->count,
                        .wanted = wanted};
    if (batch->rows > 0) {
        p.result = mlp_inference_run(loaded->inference, &rows, rows.range);
    }
    MLP_TRY(mlp_predict_print(output->file, style, &p));
    return mlp_tool_output_flush(output);
}

/* All batches, up to the last wanted row. */
static mlp_status print_all(const mlp_tool_case *loaded,
                            const mlp_predict_style *style,
                            mlp_table_stream *stream, mlp_range wanted,
                            mlp_tool_output *output, progress *done)
{
    mlp_table_batch batch = {.count = 1};
    while (batch.count > 0 && (done->records < wanted.first ||
                               done->records - wanted.first < wanted.count)) {
        MLP_TRY(mlp_table_stream_next(stream, &batch));
        MLP_TRY(print_batch(loaded, style, &batch, wanted, output));
        count(&batch, done);
    }
    return done->records > wanted.first || wanted.first == 0
               ? MLP_OK
               : mlp_fail(MLP_ERROR_USAGE,
                          "has %zu rows, none from row %zu on; see --skip",
                          done->records, wanted.first);
}

static mlp_status add_progress(mlp_status status, const char *path,
                               const progress *done)
{
    char why[MLP_FAILURE_MAX];
    if (status == MLP_OK) {
        return MLP_OK;
    }
    snprintf(why, sizeof why, "%s", mlp_failure());
    if (status == MLP_ERROR_USAGE) {
        return mlp_fail(status, "%s: %s", path, why);
    }
    return done->records > 0
               ? mlp_fail(status, "%s; rows predicted before it: %zu", why,
                          done->records)
               : mlp_fail(status, "%s", why);
}

mlp_status mlp_predict_table(const mlp_tool_options *options,
                             const mlp_tool_case *loaded, const char *path,
                             mlp_tool_output *output)
{
    const mlp_checkpoint *checkpoint = &loaded->checkpoint;
    const mlp_table_stream_how how = {.path = path,
                                      .columns = checkpoint->config.columns,
                                      .id = options->id,
                                      .skips_bad =
                                          skips_bad(options, checkpoint)};
    const mlp_range wanted = {options->first, options->rows};
    mlp_predict_style style;
    mlp_table_stream *stream = NULL;
    progress done = {0};
    MLP_TRY(mlp_predict_style_read(options, output->file, &style));
    style.has_reason |=
        options->columns == NULL &&
        (how.skips_bad || checkpoint->schema.missing == MLP_MISSING_DROP);
    MLP_TRY(mlp_table_stream_open(&how, &checkpoint->schema, MLP_INFERENCE_ROWS,
                                  &stream));
    mlp_predict_begin(output->file, &style, checkpoint, false);
    mlp_status status =
        print_all(loaded, &style, stream, wanted, output, &done);
    mlp_table_stream_close(&stream);
    if (done.rejected > 0) {
        mlp_log_note("%s: %zu of %zu rows have no prediction, the first: %s",
                     path, done.rejected, done.records, done.first_reason);
    }
    return add_progress(status, path, &done);
}
