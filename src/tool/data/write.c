/** @file
 *  Writing the HDF5 file of a data set.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "data.h"
#include "hdf5/h5file.h"

static mlp_status write_split(const mlp_data_set *set, mlp_split split,
                              mlp_h5file *file)
{
    char name[32];
    const char *group = mlp_tool_split_name(split);
    mlp_h5_shape images = {.type = set->element == MLP_ELEMENT_U8 ? MLP_H5_U8
                                                                  : MLP_H5_F32,
                           .rank = 1 + set->rank,
                           .dims = {set->rows[split]}};
    for (size_t i = 0; i < set->rank; i++) {
        images.dims[1 + i] = set->dims[i];
    }
    MLP_TRY(mlp_h5file_write_group(file, group));
    snprintf(name, sizeof name, "%s/images", group);
    MLP_TRY(mlp_h5file_write(file, name, images, set->values[split]));
    snprintf(name, sizeof name, "%s/labels", group);
    return mlp_h5file_write(file, name,
                            (mlp_h5_shape){MLP_H5_U16, 1, {set->rows[split]}},
                            set->labels[split]);
}

static mlp_status write_names(const mlp_names *names, mlp_h5file *file)
{
    char *text = NULL;
    MLP_TRY(mlp_names_print(names, &text));
    mlp_status status =
        mlp_h5file_write(file, "class_names",
                         (mlp_h5_shape){MLP_H5_U8, 1, {strlen(text)}}, text);
    free(text);
    return status;
}

static mlp_status write_content(const mlp_data_set *set, mlp_h5file *file)
{
    MLP_TRY(write_split(set, MLP_SPLIT_TRAIN, file));
    if (set->rows[MLP_SPLIT_TEST] > 0) {
        MLP_TRY(write_split(set, MLP_SPLIT_TEST, file));
    }
    return set->class_names != NULL ? write_names(set->class_names, file)
                                    : MLP_OK;
}

/* Atomic: written to a temporary name first. */
mlp_status mlp_data_write(const mlp_data_set *set, const char *path)
{
    char temporary[MLP_MAX_PATH + 32];
    mlp_h5file *file = NULL;
    snprintf(temporary, sizeof temporary, "%s.tmp.%ld", path, (long)getpid());
    MLP_TRY(mlp_h5file_create(temporary, 0, &file));
    mlp_status status = write_content(set, file);
    if (status != MLP_OK) {
        mlp_h5file_abandon(&file);
    } else {
        status = mlp_h5file_close(&file);
    }
    if (status == MLP_OK && rename(temporary, path) != 0) {
        status = mlp_fail(MLP_ERROR_IO, "%s: cannot be created: %s", path,
                          strerror(errno));
    }
    if (status != MLP_OK) {
        unlink(temporary);
    }
    return status;
}
