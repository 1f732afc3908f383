/** @file
 *  The history of the epochs in a checkpoint's HDF5 file.
 */
#include "content.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

enum { VALUE_BYTES = 8 }; /* of each value of a column */

/* One dataset per column, of VALUE_BYTES per value. */
static const struct {
    const char *name;
    mlp_h5_type type;
    size_t offset;
    /* Absent if all is 0, as of runs without such values and in files of
     * versions without the column. Columns of version 0.1.0 are in every file.
     */
    bool may_lack;
} columns[] = {
#define COLUMN(name, type, member)                                             \
    {                                                                          \
        "history/" name, type, offsetof(mlp_epoch_record, member), false       \
    }
#define LATER(name, type, member)                                              \
    {                                                                          \
        "history/" name, type, offsetof(mlp_epoch_record, member), true        \
    }
    COLUMN("epoch", MLP_H5_U64, epoch),
    COLUMN("step", MLP_H5_U64, step),
    COLUMN("train_loss_sum", MLP_H5_F64, train.loss_sum),
    COLUMN("train_hits", MLP_H5_U64, train.hits),
    COLUMN("train_rows", MLP_H5_U64, train.rows),
    COLUMN("train_targets", MLP_H5_U64, train.targets),
    COLUMN("train_error_sum", MLP_H5_F64, train.error_sum),
    COLUMN("train_target_sum", MLP_H5_F64, train.target_sum),
    COLUMN("train_target_squares", MLP_H5_F64, train.target_squares),
    COLUMN("validation_loss_sum", MLP_H5_F64, validation.loss_sum),
    COLUMN("validation_hits", MLP_H5_U64, validation.hits),
    COLUMN("validation_rows", MLP_H5_U64, validation.rows),
    COLUMN("validation_targets", MLP_H5_U64, validation.targets),
    COLUMN("validation_error_sum", MLP_H5_F64, validation.error_sum),
    COLUMN("validation_target_sum", MLP_H5_F64, validation.target_sum),
    COLUMN("validation_target_squares", MLP_H5_F64, validation.target_squares),
    COLUMN("test_loss_sum", MLP_H5_F64, test.loss_sum),
    COLUMN("test_hits", MLP_H5_U64, test.hits),
    COLUMN("test_rows", MLP_H5_U64, test.rows),
    COLUMN("test_targets", MLP_H5_U64, test.targets),
    COLUMN("test_error_sum", MLP_H5_F64, test.error_sum),
    COLUMN("test_target_sum", MLP_H5_F64, test.target_sum),
    COLUMN("test_target_squares", MLP_H5_F64, test.target_squares),
    COLUMN("learning_rate", MLP_H5_F64, learning_rate),
    COLUMN("wall_seconds", MLP_H5_F64, wall_seconds),
    LATER("train_error_squares", MLP_H5_F64, train.error_squares),
    LATER("validation_error_squares", MLP_H5_F64, validation.error_squares),
    LATER("test_error_squares", MLP_H5_F64, test.error_squares),
    LATER("train_scored", MLP_H5_U64, train.scored),
    LATER("train_square_sum", MLP_H5_F64, train.square_sum),
    LATER("train_log_sum", MLP_H5_F64, train.log_sum),
    LATER("validation_scored", MLP_H5_U64, validation.scored),
    LATER("validation_square_sum", MLP_H5_F64, validation.square_sum),
    LATER("validation_log_sum", MLP_H5_F64, validation.log_sum),
    LATER("test_scored", MLP_H5_U64, test.scored),
    LATER("test_square_sum", MLP_H5_F64, test.square_sum),
    LATER("test_log_sum", MLP_H5_F64, test.log_sum),
    LATER("validation_ranked", MLP_H5_U64, validation.ranked),
    LATER("validation_roc_auc", MLP_H5_F64, validation.ranking.roc_auc),
    LATER("validation_average_precision", MLP_H5_F64,
          validation.ranking.average_precision),
    LATER("test_ranked", MLP_H5_U64, test.ranked),
    LATER("test_roc_auc", MLP_H5_F64, test.ranking.roc_auc),
    LATER("test_average_precision", MLP_H5_F64, test.ranking.average_precision),
    LATER("train_weighted", MLP_H5_U64, train.weighted),
    LATER("train_weight_sum", MLP_H5_F64, train.weight_sum),
    LATER("train_hit_sum", MLP_H5_F64, train.hit_sum),
    LATER("validation_weighted", MLP_H5_U64, validation.weighted),
    LATER("validation_weight_sum", MLP_H5_F64, validation.weight_sum),
    LATER("validation_hit_sum", MLP_H5_F64, validation.hit_sum),
    LATER("test_weighted", MLP_H5_U64, test.weighted),
    LATER("test_weight_sum", MLP_H5_F64, test.weight_sum),
    LATER("test_hit_sum", MLP_H5_F64, test.hit_sum),
#undef COLUMN
#undef LATER
};

enum { COLUMNS = sizeof columns / sizeof columns[0] };

/* Copy a column to values; whether one of them is not 0. */
static bool take_column(const mlp_history *history, size_t column, char *values)
{
    bool has_values = false;
    for (size_t row = 0; row < history->count; row++) {
        uint64_t bits;
        memcpy(&bits,
               (const char *)&history->records[row] + columns[column].offset,
               VALUE_BYTES);
        memcpy(values + row * VALUE_BYTES, &bits, VALUE_BYTES);
        has_values = has_values || bits != 0;
    }
    return has_values;
}

mlp_status mlp_checkpoint_history_write(mlp_h5file *file,
                                        const mlp_history *history)
{
    mlp_status status = mlp_h5file_write_group(file, "history");
    char *values = calloc(history->count + 1, VALUE_BYTES);
    if (values == NULL) {
        return mlp_fail_memory("a column of the history");
    }
    for (size_t i = 0; status == MLP_OK && i < COLUMNS; i++) {
        if (!take_column(history, i, values) && columns[i].may_lack) {
            continue;
        }
        status = mlp_h5file_write(
            file, columns[i].name,
            (mlp_h5_shape){columns[i].type, 1, {history->count}}, values);
    }
    free(values);
    return status;
}

static mlp_status check_column(mlp_h5file *file, const char *path,
                               size_t column, uint64_t rows)
{
    mlp_h5_shape shape;
    MLP_TRY(mlp_h5file_shape(file, columns[column].name, &shape));
    if (shape.type != columns[column].type || shape.rank != 1 ||
        shape.dims[0] != rows) {
        return mlp_fail(MLP_ERROR_DATA, "%s: /%s has another type or length",
                        path, columns[column].name);
    }
    return MLP_OK;
}

/* What versions that had no other loss of numbers than the squared error did
 * not write. */
static void derive_squares(mlp_history *history)
{
    for (size_t row = 0; row < history->count; row++) {
        mlp_epoch_record *record = &history->records[row];
        mlp_tally *tallies[] = {&record->train, &record->validation,
                                &record->test};
        for (size_t i = 0; i < sizeof tallies / sizeof tallies[0]; i++) {
            tallies[i]->error_squares =
                tallies[i]->targets > 0 ? 2 * tallies[i]->loss_sum : 0;
        }
    }
}

static mlp_status read_columns(mlp_h5file *file, const char *path,
                               mlp_history *history, char *values)
{
    for (size_t i = 0; i < COLUMNS; i++) {
        if (columns[i].may_lack && !mlp_h5file_has(file, columns[i].name)) {
            continue;
        }
        MLP_TRY(check_column(file, path, i, history->count));
        MLP_TRY(mlp_h5file_read_rows(file, columns[i].name, 0, history->count,
                                     columns[i].type, values));
        for (size_t row = 0; row < history->count; row++) {
            memcpy((char *)&history->records[row] + columns[i].offset,
                   values + row * VALUE_BYTES, VALUE_BYTES);
        }
    }
    return MLP_OK;
}

mlp_status mlp_checkpoint_history_read(mlp_h5file *file, const char *path,
                                       mlp_history *history)
{
    mlp_h5_shape shape;
    MLP_TRY(mlp_h5file_shape(file, columns[0].name, &shape));
    MLP_TRY(check_column(file, path, 0, shape.rank == 1 ? shape.dims[0] : 0));
    history->count = history->capacity = shape.dims[0];
    history->records = calloc(history->count + 1, sizeof *history->records);
    char *values = calloc(history->count + 1, VALUE_BYTES);
    mlp_status status = MLP_OK;
    if (history->records == NULL || values == NULL) {
        status = mlp_fail_memory("the history of a checkpoint");
        goto done;
    }
    status = read_columns(file, path, history, values);
    if (status == MLP_OK &&
        !mlp_h5file_has(file, "history/train_error_squares")) {
        derive_squares(history);
    }
done:
    free(values);
    return status;
}
