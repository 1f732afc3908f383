/** @file
 *  The arrays of a checkpoint in its HDF5 file: widths, parameters, moments,
 *  and the history.
 */
#include "checkpoint_content.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    LAYERS_MAX = MLP_MAX_HIDDEN + 1,
    NAME_BYTES = 64,
    VALUE_BYTES = 8 /**< of any column of the history */
};

/* ------------------------------------------------- parameters, moments */

typedef mlp_status (*tensor_action)(mlp_h5file *file, const char *path,
                                    const char *name, mlp_h5_shape shape,
                                    float *values);

static mlp_status write_tensor(mlp_h5file *file, const char *path,
                               const char *name, mlp_h5_shape shape,
                               float *values)
{
    (void)path;
    return mlp_h5file_write(file, name, shape, values);
}

static mlp_status read_tensor(mlp_h5file *file, const char *path,
                              const char *name, mlp_h5_shape shape,
                              float *values)
{
    mlp_h5_shape found;
    MLP_TRY(mlp_h5file_shape(file, name, &found));
    bool is_expected = found.type == shape.type && found.rank == shape.rank;
    for (size_t i = 0; is_expected && i < shape.rank; i++) {
        is_expected = found.dims[i] == shape.dims[i];
    }
    if (!is_expected) {
        return mlp_fail(MLP_ERROR_DATA,
                        "%s: /%s has another type or shape than /model/widths "
                        "says",
                        path, name);
    }
    return mlp_h5file_read_rows(file, name, 0, shape.dims[0], MLP_H5_F32,
                                values);
}

/* As read_tensor, from a file that some other program may have written. */
static mlp_status take_tensor(mlp_h5file *file, const char *path,
                              const char *name, mlp_h5_shape shape,
                              float *values)
{
    mlp_h5_shape found;
    MLP_TRY(mlp_h5file_shape(file, name, &found));
    if (found.type != MLP_H5_F32) {
        return mlp_fail(MLP_ERROR_DATA, "%s: /%s is not of float32", path,
                        name);
    }
    size_t cols = shape.rank == 2 ? shape.dims[1] : 1;
    size_t found_cols = found.rank == 2 ? found.dims[1] : 1;
    if (found.rank != shape.rank || found.dims[0] != shape.dims[0] ||
        found_cols != cols) {
        return mlp_fail(MLP_ERROR_DATA,
                        "%s: /%s has %zu dimensions and begins with [%zu, "
                        "%zu], the model needs %zu and [%zu, %zu]",
                        path, name, (size_t)found.rank,
                        (size_t)(found.rank > 0 ? found.dims[0] : 1),
                        found_cols, (size_t)shape.rank, (size_t)shape.dims[0],
                        cols);
    }
    return mlp_h5file_read_rows(file, name, 0, shape.dims[0], MLP_H5_F32,
                                values);
}

/* Do the same to every W [in, out], b [out] and, under PReLU, slopes [out] of
 * a vector in canonical order, which are datasets of GROUP/layer0,
 * GROUP/layer1 ... */
static mlp_status each_tensor(mlp_h5file *file, const char *path,
                              const mlp_checkpoint *c, const char *group,
                              float *vector, tensor_action action)
{
    for (size_t i = 0; i < c->layers; i++) {
        char name[NAME_BYTES];
        size_t in = c->widths[i], out = c->widths[i + 1];
        snprintf(name, sizeof name, "%s/layer%zu/W", group, i);
        MLP_TRY(action(file, path, name,
                       (mlp_h5_shape){MLP_H5_F32, 2, {in, out}}, vector));
        vector += in * out;
        snprintf(name, sizeof name, "%s/layer%zu/b", group, i);
        MLP_TRY(action(file, path, name, (mlp_h5_shape){MLP_H5_F32, 1, {out}},
                       vector));
        vector += out;
        if (mlp_checkpoint_has_slopes(&c->config, i)) {
            snprintf(name, sizeof name, "%s/layer%zu/slopes", group, i);
            MLP_TRY(action(file, path, name,
                           (mlp_h5_shape){MLP_H5_F32, 1, {out}}, vector));
            vector += out;
        }
    }
    return MLP_OK;
}

static mlp_status write_vector(mlp_h5file *file, const mlp_checkpoint *c,
                               const char *group, float *vector)
{
    MLP_TRY(mlp_h5file_write_group(file, group));
    for (size_t i = 0; i < c->layers; i++) {
        char name[NAME_BYTES];
        snprintf(name, sizeof name, "%s/layer%zu", group, i);
        MLP_TRY(mlp_h5file_write_group(file, name));
    }
    return each_tensor(file, "", c, group, vector, write_tensor);
}

/* ------------------------------------------------------ scaling */

static mlp_status write_scaler(mlp_h5file *file, const mlp_checkpoint *c)
{
    const mlp_h5_shape shape = {MLP_H5_F32, 1, {c->widths[0]}};
    if (c->scaler.shifts == NULL) {
        return MLP_OK;
    }
    MLP_TRY(mlp_h5file_write_group(file, "scaler"));
    MLP_TRY(mlp_h5file_write(file, "scaler/shift", shape, c->scaler.shifts));
    return mlp_h5file_write(file, "scaler/scale", shape, c->scaler.scales);
}

/* Columns have shifts and scales of their own where /scaler is there. */
static mlp_status read_scaler(mlp_h5file *file, const char *path,
                              mlp_checkpoint *c)
{
    const mlp_h5_shape shape = {MLP_H5_F32, 1, {c->widths[0]}};
    if (!mlp_h5file_has(file, "scaler")) {
        return MLP_OK;
    }
    MLP_TRY(mlp_scaler_create(c->widths[0], &c->scaler));
    MLP_TRY(read_tensor(file, path, "scaler/shift", shape, c->scaler.shifts));
    MLP_TRY(read_tensor(file, path, "scaler/scale", shape, c->scaler.scales));
    for (size_t i = 0; i < c->widths[0]; i++) {
        if (!isfinite(c->scaler.shifts[i]) || !isfinite(c->scaler.scales[i])) {
            return mlp_fail(MLP_ERROR_DATA,
                            "%s: /scaler: column %zu has a number that is not "
                            "finite",
                            path, i);
        }
    }
    return MLP_OK;
}

/* ------------------------------------------------------ the model */

static mlp_status write_model(mlp_h5file *file, const mlp_checkpoint *c)
{
    uint64_t widths[LAYERS_MAX + 1];
    for (size_t i = 0; i <= c->layers; i++) {
        widths[i] = c->widths[i];
    }
    MLP_TRY(write_vector(file, c, "model", c->parameters));
    MLP_TRY(mlp_h5file_write(file, "model/widths",
                             (mlp_h5_shape){MLP_H5_U64, 1, {c->layers + 1}},
                             widths));
    MLP_TRY(mlp_h5file_write_group(file, "moments"));
    for (size_t i = 0; i < c->moment_count; i++) {
        char group[NAME_BYTES];
        snprintf(group, sizeof group, "moments/%zu", i);
        MLP_TRY(write_vector(file, c, group, c->moments[i]));
    }
    return MLP_OK;
}

static mlp_status read_widths(mlp_h5file *file, const char *path,
                              mlp_checkpoint *c)
{
    mlp_h5_shape shape;
    uint64_t widths[LAYERS_MAX + 1];
    MLP_TRY(mlp_h5file_shape(file, "model/widths", &shape));
    if (shape.rank != 1 || shape.dims[0] < 2 ||
        shape.dims[0] > LAYERS_MAX + 1) {
        return mlp_fail(MLP_ERROR_DATA,
                        "%s: /model/widths has not between 2 and %d numbers",
                        path, LAYERS_MAX + 1);
    }
    MLP_TRY(mlp_h5file_read_rows(file, "model/widths", 0, shape.dims[0],
                                 MLP_H5_U64, widths));
    c->layers = shape.dims[0] - 1;
    c->widths = calloc(c->layers + 1, sizeof *c->widths);
    if (c->widths == NULL) {
        return mlp_fail_memory("the widths of a checkpoint");
    }
    for (size_t i = 0; i <= c->layers; i++) {
        c->widths[i] = widths[i];
    }
    return MLP_OK;
}

/* Do the widths fit the other facts of the file? */
static mlp_status check_widths(const char *path, const mlp_checkpoint *c)
{
    size_t pixels, channels = c->channels > 1 ? c->channels : 1;
    bool is_consistent =
        !__builtin_mul_overflow(c->height, c->width, &pixels) &&
        c->widths[0] == pixels && c->width % channels == 0 &&
        c->layers == c->config.hidden_count + 1 && c->widths[c->layers] > 0 &&
        pixels > 0;
    for (size_t i = 1; is_consistent && i < c->layers; i++) {
        is_consistent = c->widths[i] == c->config.hidden[i - 1];
    }
    if (!is_consistent) {
        return mlp_fail(MLP_ERROR_DATA,
                        "%s: /model/widths contradict the picture's extents or "
                        "/config hidden",
                        path);
    }
    return MLP_OK;
}

/* A file cannot hold more numbers than it has bytes for: a wrong width must
 * not become a huge allocation. */
static mlp_status check_size(const char *path, uint64_t file_bytes,
                             mlp_checkpoint *c)
{
    if (c->moment_count > MLP_MOMENTS_MAX) {
        return mlp_fail(MLP_ERROR_DATA, "%s: has %zu moments, at most %d known",
                        path, c->moment_count, MLP_MOMENTS_MAX);
    }
    if (mlp_checkpoint_count(&c->config, c->widths, c->layers,
                             &c->parameter_count) != MLP_OK) {
        return mlp_fail(MLP_ERROR_DATA, "%s: %s", path, mlp_failure());
    }
    size_t bytes = sizeof *c->parameters * (1 + c->moment_count);
    if (c->parameter_count > file_bytes / bytes) {
        return mlp_fail(MLP_ERROR_DATA,
                        "%s: has %ju bytes, too few for %zu parameters", path,
                        (uintmax_t)file_bytes, c->parameter_count);
    }
    return MLP_OK;
}

static mlp_status read_vector(mlp_h5file *file, const char *path,
                              const mlp_checkpoint *c, const char *group,
                              float **vector)
{
    *vector = calloc(c->parameter_count, sizeof **vector);
    if (*vector == NULL) {
        return mlp_fail_memory("the parameters of a checkpoint");
    }
    return each_tensor(file, path, c, group, *vector, read_tensor);
}

static mlp_status read_model(mlp_h5file *file, const char *path,
                             uint64_t file_bytes, mlp_checkpoint *c)
{
    MLP_TRY(read_widths(file, path, c));
    MLP_TRY(check_widths(path, c));
    MLP_TRY(check_size(path, file_bytes, c));
    MLP_TRY(read_vector(file, path, c, "model", &c->parameters));
    for (size_t i = 0; i < c->moment_count; i++) {
        char group[NAME_BYTES];
        snprintf(group, sizeof group, "moments/%zu", i);
        MLP_TRY(read_vector(file, path, c, group, &c->moments[i]));
    }
    return MLP_OK;
}

/* ------------------------------------------------------------- history */

/* One dataset a column; all values have VALUE_BYTES. */
static const struct {
    const char *name;
    mlp_h5_type type;
    size_t offset;
} columns[] = {
#define COLUMN(name, type, member)                                             \
    {                                                                          \
        "history/" name, type, offsetof(mlp_epoch_record, member)              \
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
#undef COLUMN
};

enum { COLUMNS = sizeof columns / sizeof columns[0] };

static mlp_status write_history(mlp_h5file *file, const mlp_history *history)
{
    mlp_status status = mlp_h5file_write_group(file, "history");
    char *values = calloc(history->count + 1, VALUE_BYTES);
    if (values == NULL) {
        return mlp_fail_memory("a column of the history");
    }
    for (size_t i = 0; status == MLP_OK && i < COLUMNS; i++) {
        for (size_t row = 0; row < history->count; row++) {
            memcpy(values + row * VALUE_BYTES,
                   (const char *)&history->records[row] + columns[i].offset,
                   VALUE_BYTES);
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

static mlp_status read_columns(mlp_h5file *file, const char *path,
                               mlp_history *history, char *values)
{
    for (size_t i = 0; i < COLUMNS; i++) {
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

static mlp_status read_history(mlp_h5file *file, const char *path,
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
done:
    free(values);
    return status;
}

mlp_status mlp_checkpoint_arrays_write(mlp_h5file *file,
                                       const mlp_checkpoint *c)
{
    MLP_TRY(write_model(file, c));
    MLP_TRY(write_scaler(file, c));
    return write_history(file, &c->history);
}

mlp_status mlp_checkpoint_arrays_read(mlp_h5file *file, const char *path,
                                      uint64_t file_bytes, mlp_checkpoint *c)
{
    MLP_TRY(read_model(file, path, file_bytes, c));
    MLP_TRY(read_scaler(file, path, c));
    return read_history(file, path, &c->history);
}

mlp_status mlp_checkpoint_weights_read(mlp_h5file *file, const char *path,
                                       mlp_checkpoint *c)
{
    return each_tensor(file, path, c, "model", c->parameters, take_tensor);
}
