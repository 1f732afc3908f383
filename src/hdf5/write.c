/** @file
 *  Writing groups, datasets and attributes to a file that is in memory until it
 *  is closed.
 */
#include <stdlib.h>
#include <string.h>

#include "internal.h"

enum {
    CHUNK_BYTES = 1 << 20, /* of a written dataset, at most */
    ATTRIBUTES_MAX =
        1024 /* stored in the object's header, under its checksum */
};

/* HDF5 builds files in memory and h5file.c writes them: a failing disk below
 * the library makes it crash at exit, and hides errno. Calls can then fail only
 * without memory, or for an invalid name. */
mlp_status mlp_h5_fail_build(const mlp_h5file *file, const char *name)
{
    return mlp_fail(MLP_ERROR_INTERNAL, "%s: HDF5 cannot make /%s", file->path,
                    name);
}

hid_t mlp_h5_creation_list(hid_t class)
{
    hid_t list = H5Pcreate(class);
    H5Pset_obj_track_times(list, 0);
    H5Pset_attr_phase_change(list, ATTRIBUTES_MAX, 0);
    return list;
}

mlp_status mlp_h5file_write_group(mlp_h5file *file, const char *name)
{
    MLP_H5_CALL;
    hid_t creation = mlp_h5_creation_list(H5P_GROUP_CREATE);
    hid_t group =
        H5Gcreate2(file->id, name, H5P_DEFAULT, creation, H5P_DEFAULT);
    mlp_status status = group < 0 ? mlp_h5_fail_build(file, name) : MLP_OK;
    H5Gclose(group);
    H5Pclose(creation);
    return status;
}

/* Chunks with checksums, unless the dataset is empty; the last dimensions whole
 * as far as CHUNK_BYTES allows. */
static hid_t dataset_creation_list(mlp_h5_shape shape)
{
    hid_t list = mlp_h5_creation_list(H5P_DATASET_CREATE);
    hsize_t chunk[MLP_H5_RANK_MAX];
    hsize_t budget = CHUNK_BYTES / H5Tget_size(mlp_h5_memory_type(shape.type));
    bool is_empty = false;
    for (size_t i = shape.rank; i-- > 0;) {
        is_empty = is_empty || shape.dims[i] == 0;
        chunk[i] = shape.dims[i] < budget ? shape.dims[i] : budget;
        budget = chunk[i] == 0 ? 1 : budget / chunk[i];
        budget = budget == 0 ? 1 : budget;
    }
    if (shape.rank > 0 && !is_empty) {
        H5Pset_chunk(list, (int)shape.rank, chunk);
        H5Pset_fletcher32(list);
    }
    return list;
}

mlp_status mlp_h5file_write(mlp_h5file *file, const char *name,
                            mlp_h5_shape shape, const void *values)
{
    MLP_H5_CALL;
    hsize_t dims[MLP_H5_RANK_MAX] = {0};
    for (size_t i = 0; i < shape.rank; i++) {
        dims[i] = shape.dims[i];
    }
    hid_t type = mlp_h5_memory_type(shape.type);
    hid_t space = H5Screate_simple((int)shape.rank, dims, NULL);
    hid_t creation = dataset_creation_list(shape);
    hid_t dataset = H5Dcreate2(file->id, name, type, space, H5P_DEFAULT,
                               creation, H5P_DEFAULT);
    mlp_status status = MLP_OK;
    if (dataset < 0 ||
        H5Dwrite(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) < 0) {
        status = mlp_h5_fail_build(file, name);
    }
    H5Dclose(dataset);
    H5Pclose(creation);
    H5Sclose(space);
    return status;
}

/* space is closed. */
static mlp_status write_in_space(mlp_h5file *file, const char *object,
                                 const char *name, hid_t type, hid_t space,
                                 const void *value)
{
    hid_t attribute = H5Acreate_by_name(file->id, object, name, type, space,
                                        H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    mlp_status status = MLP_OK;
    if (attribute < 0 || H5Awrite(attribute, type, value) < 0) {
        status = mlp_h5_fail_build(file, name);
    }
    H5Aclose(attribute);
    H5Sclose(space);
    return status;
}

static mlp_status write_attribute(mlp_h5file *file, const char *object,
                                  const char *name, hid_t type,
                                  const void *value)
{
    return write_in_space(file, object, name, type, H5Screate(H5S_SCALAR),
                          value);
}

/* UTF-8 of a fixed number of bytes. */
static hid_t text_type(size_t bytes)
{
    hid_t type = H5Tcopy(H5T_C_S1);
    H5Tset_size(type, bytes);
    H5Tset_cset(type, H5T_CSET_UTF8);
    return type;
}

mlp_status mlp_h5file_write_texts(mlp_h5file *file, const char *object,
                                  const char *name, const char *const *texts,
                                  size_t count)
{
    MLP_H5_CALL;
    size_t longest = 1;
    for (size_t i = 0; i < count; i++) {
        size_t length = strlen(texts[i]) + 1;
        longest = length > longest ? length : longest;
    }
    char *table = calloc(count + 1, longest);
    if (table == NULL) {
        return mlp_fail_memory("a list of texts");
    }
    for (size_t i = 0; i < count; i++) {
        memcpy(table + i * longest, texts[i], strlen(texts[i]));
    }
    hid_t type = text_type(longest);
    hsize_t dims[] = {count};
    mlp_status status = write_in_space(file, object, name, type,
                                       H5Screate_simple(1, dims, NULL), table);
    H5Tclose(type);
    free(table);
    return status;
}

mlp_status mlp_h5file_write_text(mlp_h5file *file, const char *object,
                                 const char *name, const char *text)
{
    MLP_H5_CALL;
    hid_t type = text_type(strlen(text) + 1);
    mlp_status status = write_attribute(file, object, name, type, text);
    H5Tclose(type);
    return status;
}

mlp_status mlp_h5file_write_u64(mlp_h5file *file, const char *object,
                                const char *name, uint64_t value)
{
    MLP_H5_CALL;
    return write_attribute(file, object, name, H5T_NATIVE_UINT64, &value);
}

mlp_status mlp_h5file_write_f64(mlp_h5file *file, const char *object,
                                const char *name, double value)
{
    MLP_H5_CALL;
    return write_attribute(file, object, name, H5T_NATIVE_DOUBLE, &value);
}
