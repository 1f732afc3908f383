/** @file
 *  Parameters and moments of a checkpoint in its HDF5 file: vectors in
 *  canonical order there, a dataset for each tensor of each layer here.
 */
#include "content.h"

#include <stdio.h>
#include <stdlib.h>

enum { NAME_BYTES = 64 };

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

mlp_status mlp_checkpoint_tensor_read(mlp_h5file *file, const char *path,
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

/* Like mlp_checkpoint_tensor_read, for files that another program may have
 * written. */
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

/* Do the same to every W [in, out], b [out] and, for PReLU, slopes [out] of a
 * vector in canonical order, stored as datasets of GROUP/layer0, GROUP/layer1
 * ... */
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

mlp_status mlp_checkpoint_vector_write(mlp_h5file *file,
                                       const mlp_checkpoint *c,
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

mlp_status mlp_checkpoint_vector_read(mlp_h5file *file, const char *path,
                                      const mlp_checkpoint *c,
                                      const char *group, float **vector)
{
    *vector = calloc(c->parameter_count, sizeof **vector);
    if (*vector == NULL) {
        return mlp_fail_memory("the parameters of a checkpoint");
    }
    return each_tensor(file, path, c, group, *vector,
                       mlp_checkpoint_tensor_read);
}

mlp_status mlp_checkpoint_weights_read(mlp_h5file *file, const char *path,
                                       mlp_checkpoint *c)
{
    return each_tensor(file, path, c, "model", c->parameters, take_tensor);
}
