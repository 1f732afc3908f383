/** @file
 *  The arrays of a checkpoint in its HDF5 file, and their consistency checks.
 */
#include "content.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { LAYERS_MAX = MLP_MAX_HIDDEN + 1, NAME_BYTES = 64 };

/* ------------------------------------------------------ scaling */

static const char squeezed[] = "squeezed"; /* absent: not */

static mlp_status write_scaler(mlp_h5file *file, const mlp_checkpoint *c)
{
    const mlp_h5_shape shape = {MLP_H5_F32, 1, {c->widths[0]}};
    if (c->scaler.shifts == NULL) {
        return MLP_OK;
    }
    MLP_TRY(mlp_h5file_write_group(file, "scaler"));
    MLP_TRY(mlp_h5file_write(file, "scaler/shift", shape, c->scaler.shifts));
    MLP_TRY(mlp_h5file_write(file, "scaler/scale", shape, c->scaler.scales));
    return c->scaler.is_squeezed
               ? mlp_h5file_write_u64(file, "scaler", squeezed, 1)
               : MLP_OK;
}

/* With /scaler, each column has its own shift and scale. */
static mlp_status read_scaler(mlp_h5file *file, const char *path,
                              mlp_checkpoint *c)
{
    const mlp_h5_shape shape = {MLP_H5_F32, 1, {c->widths[0]}};
    if (!mlp_h5file_has(file, "scaler")) {
        return MLP_OK;
    }
    MLP_TRY(mlp_scaler_create(c->widths[0], &c->scaler));
    MLP_TRY(mlp_checkpoint_tensor_read(file, path, "scaler/shift", shape,
                                       c->scaler.shifts));
    MLP_TRY(mlp_checkpoint_tensor_read(file, path, "scaler/scale", shape,
                                       c->scaler.scales));
    c->scaler.is_squeezed = mlp_h5file_has_attribute(file, "scaler", squeezed);
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
    MLP_TRY(mlp_checkpoint_vector_write(file, c, "model", c->parameters));
    MLP_TRY(mlp_h5file_write(file, "model/widths",
                             (mlp_h5_shape){MLP_H5_U64, 1, {c->layers + 1}},
                             widths));
    MLP_TRY(mlp_h5file_write_group(file, "moments"));
    for (size_t i = 0; i < c->moment_count; i++) {
        char group[NAME_BYTES];
        snprintf(group, sizeof group, "moments/%zu", i);
        MLP_TRY(mlp_checkpoint_vector_write(file, c, group, c->moments[i]));
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

/* Check the widths against the other contents of the file. */
static mlp_status check_widths(const char *path, const mlp_checkpoint *c)
{
    size_t pixels, channels = c->channels > 1 ? c->channels : 1;
    bool has_one = c->config.binary || c->config.task == MLP_TASK_REGRESSION;
    bool is_consistent =
        !__builtin_mul_overflow(c->height, c->width, &pixels) &&
        c->widths[0] == pixels && c->width % channels == 0 &&
        c->layers == c->config.hidden_count + 1 && c->widths[c->layers] > 0 &&
        has_one == (c->widths[c->layers] == 1) && pixels > 0;
    for (size_t i = 1; is_consistent && i < c->layers; i++) {
        is_consistent = c->widths[i] == c->config.hidden[i - 1];
    }
    if (!is_consistent) {
        return mlp_fail(MLP_ERROR_DATA,
                        "%s: /model/widths contradict the picture's extents or "
                        "/config hidden, binary or task",
                        path);
    }
    return MLP_OK;
}

/* A wrong width must not lead to a huge allocation: the parameters must fit
 * into the file's size. */
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

static mlp_status read_model(mlp_h5file *file, const char *path,
                             uint64_t file_bytes, mlp_checkpoint *c)
{
    MLP_TRY(read_widths(file, path, c));
    MLP_TRY(check_widths(path, c));
    MLP_TRY(check_size(path, file_bytes, c));
    MLP_TRY(mlp_checkpoint_vector_read(file, path, c, "model", &c->parameters));
    for (size_t i = 0; i < c->moment_count; i++) {
        char group[NAME_BYTES];
        snprintf(group, sizeof group, "moments/%zu", i);
        MLP_TRY(
            mlp_checkpoint_vector_read(file, path, c, group, &c->moments[i]));
    }
    return MLP_OK;
}

mlp_status mlp_checkpoint_arrays_write(mlp_h5file *file,
                                       const mlp_checkpoint *c)
{
    MLP_TRY(write_model(file, c));
    MLP_TRY(write_scaler(file, c));
    return mlp_checkpoint_history_write(file, &c->history);
}

mlp_status mlp_checkpoint_arrays_read(mlp_h5file *file, const char *path,
                                      uint64_t file_bytes, mlp_checkpoint *c)
{
    MLP_TRY(read_model(file, path, file_bytes, c));
    MLP_TRY(read_scaler(file, path, c));
    return mlp_checkpoint_history_read(file, path, &c->history);
}
