/** @file
 *  Reading datasets and attributes that check.c has accepted.
 */
#include <stdlib.h>
#include <string.h>

#include "internal.h"

bool mlp_h5file_has(mlp_h5file *file, const char *name)
{
    MLP_H5_CALL;
    H5O_info_t facts;
    bool is_there =
        mlp_h5_is_reached(file->id, name) &&
        H5Oget_info_by_name2(file->id, name, &facts, H5O_INFO_BASIC,
                             H5P_DEFAULT) >= 0 &&
        (facts.type == H5O_TYPE_GROUP || facts.type == H5O_TYPE_DATASET);
    return is_there || file->cause != 0;
}

mlp_status mlp_h5file_shape(mlp_h5file *file, const char *name,
                            mlp_h5_shape *shape)
{
    MLP_H5_CALL;
    mlp_h5_dataset set;
    MLP_TRY(mlp_h5_dataset_open(file, name, &set));
    *shape = set.shape;
    mlp_h5_dataset_close(&set);
    return MLP_OK;
}

/* Signed values were read into unsigned memory: none may be negative. */
static bool has_negative(const uint64_t *values, uint64_t count)
{
    for (uint64_t i = 0; i < count; i++) {
        if (values[i] > INT64_MAX) {
            return true;
        }
    }
    return false;
}

static const char *read_slab(const mlp_h5_dataset *set, uint64_t first,
                             uint64_t rows, mlp_h5_type type, void *values)
{
    hid_t memory = mlp_h5_reading_type(set->type, type);
    if (memory < 0) {
        return "has another type";
    }
    if (set->shape.rank == 0 || first > set->shape.dims[0] ||
        rows > set->shape.dims[0] - first) {
        return "has fewer rows";
    }
    hsize_t start[MLP_H5_RANK_MAX] = {first}, count[MLP_H5_RANK_MAX] = {rows};
    hsize_t elements = rows;
    for (size_t i = 1; i < set->shape.rank; i++) {
        count[i] = set->shape.dims[i];
        elements *= count[i];
    }
    if (elements == 0) {
        return NULL;
    }
    hid_t slab = H5Screate_simple((int)set->shape.rank, count, NULL);
    herr_t result = H5Sselect_hyperslab(set->space, H5S_SELECT_SET, start, NULL,
                                        count, NULL);
    if (result >= 0) {
        result =
            H5Dread(set->id, memory, slab, set->space, H5P_DEFAULT, values);
    }
    H5Sclose(slab);
    if (result < 0) {
        return "cannot be read: damaged or cut short";
    }
    bool is_signed = memory == H5T_NATIVE_INT64;
    return is_signed && has_negative(values, elements) ? "has negative values"
                                                       : NULL;
}

mlp_status mlp_h5file_read_rows(mlp_h5file *file, const char *name,
                                uint64_t first, uint64_t rows, mlp_h5_type type,
                                void *values)
{
    MLP_H5_CALL;
    mlp_h5_dataset set;
    MLP_TRY(mlp_h5_dataset_open(file, name, &set));
    const char *fault = read_slab(&set, first, rows, type, values);
    mlp_h5_dataset_close(&set);
    return fault == NULL ? MLP_OK : mlp_h5_fail_name(file, name, fault);
}

bool mlp_h5file_locate(mlp_h5file *file, const char *name, mlp_h5_type type,
                       uint64_t *offset, size_t *chunk_rows)
{
    MLP_H5_CALL;
    mlp_h5_dataset set;
    *chunk_rows = 1;
    if (mlp_h5_dataset_open(file, name, &set) != MLP_OK) {
        return false;
    }
    hsize_t chunk[MLP_H5_RANK_MAX] = {1};
    hsize_t stored = H5Dget_storage_size(set.id);
    haddr_t address = H5Dget_offset(set.id); /* undefined for chunks */
    bool is_whole = H5Pget_layout(set.creation) == H5D_CONTIGUOUS &&
                    H5Tequal(set.type, mlp_h5_memory_type(type)) > 0 &&
                    address != HADDR_UNDEF && address <= file->bytes &&
                    stored <= file->bytes - address;
    if (H5Pget_layout(set.creation) == H5D_CHUNKED &&
        H5Pget_chunk(set.creation, MLP_H5_RANK_MAX, chunk) > 0) {
        *chunk_rows = (size_t)chunk[0];
    }
    mlp_h5_dataset_close(&set);
    *offset = address;
    return is_whole;
}

bool mlp_h5file_has_attribute(mlp_h5file *file, const char *object,
                              const char *name)
{
    MLP_H5_CALL;
    if (strcmp(object, "/") != 0 && !mlp_h5_is_reached(file->id, object)) {
        return true;
    }
    return H5Aexists_by_name(file->id, object, name, H5P_DEFAULT) != 0 ||
           file->cause != 0;
}

/* Open an attribute; invalid when absent. */
static hid_t open_any_attribute(mlp_h5file *file, const char *object,
                                const char *name)
{
    if (strcmp(object, "/") != 0 && !mlp_h5_is_reached(file->id, object)) {
        return H5I_INVALID_HID;
    }
    return H5Aopen_by_name(file->id, object, name, H5P_DEFAULT, H5P_DEFAULT);
}

/* The type of a scalar attribute; invalid when absent or not scalar. */
static hid_t open_attribute(mlp_h5file *file, const char *object,
                            const char *name, hid_t *attribute)
{
    hid_t type = H5I_INVALID_HID;
    *attribute = open_any_attribute(file, object, name);
    hid_t space = H5Aget_space(*attribute);
    if (H5Sget_simple_extent_type(space) == H5S_SCALAR) {
        type = H5Aget_type(*attribute);
    }
    H5Sclose(space);
    return type;
}

static mlp_status close_attribute(const mlp_h5file *file, const char *name,
                                  hid_t attribute, hid_t type, bool is_read)
{
    H5Tclose(type);
    H5Aclose(attribute);
    char what[MLP_FAILURE_MAX];
    snprintf(what, sizeof what, "attribute %s", name);
    return is_read
               ? MLP_OK
               : mlp_h5_fail_read(file, what, "is absent or of another kind");
}

mlp_status mlp_h5file_read_text(mlp_h5file *file, const char *object,
                                const char *name, char *text, size_t size)
{
    MLP_H5_CALL;
    hid_t attribute;
    hid_t type = open_attribute(file, object, name, &attribute);
    hid_t memory = H5Tcopy(type); /* the stored one is read-only */
    bool is_text =
        H5Tget_class(type) == H5T_STRING && H5Tis_variable_str(type) == 0;
    size_t needed = H5Tget_size(type);
    if (H5Tget_strpad(type) != H5T_STR_NULLTERM) {
        needed++; /* no NUL is stored */
    }
    bool is_read = is_text && needed <= size &&
                   H5Tset_size(memory, size) >= 0 &&
                   H5Tset_strpad(memory, H5T_STR_NULLTERM) >= 0 &&
                   H5Aread(attribute, memory, text) >= 0;
    H5Tclose(memory);
    return close_attribute(file, name, attribute, type, is_read);
}

enum { TEXTS_MOST = 1 << 20 };

mlp_status mlp_h5file_read_texts(mlp_h5file *file, const char *object,
                                 const char *name, char **texts, size_t *count,
                                 size_t *width)
{
    MLP_H5_CALL;
    hid_t attribute = open_any_attribute(file, object, name);
    hid_t type = H5Aget_type(attribute);
    hid_t memory = H5Tcopy(type);
    hid_t space = H5Aget_space(attribute);
    hssize_t points = H5Sget_simple_extent_npoints(space);
    bool is_text =
        H5Tget_class(type) == H5T_STRING && H5Tis_variable_str(type) == 0;
    *width = H5Tget_size(type) + 1;
    *count = points > 0 ? (size_t)points : 0;
    *texts = NULL;
    bool is_read = points == 0; /* an empty list may have any type */
    if (is_text && points > 0 && *width <= TEXTS_MOST / *count) {
        *texts = calloc(*count, *width);
        is_read = *texts != NULL && H5Tset_size(memory, *width) >= 0 &&
                  H5Tset_strpad(memory, H5T_STR_NULLTERM) >= 0 &&
                  H5Aread(attribute, memory, *texts) >= 0;
    }
    if (!is_read) {
        free(*texts);
        *texts = NULL;
    }
    H5Sclose(space);
    H5Tclose(memory);
    return close_attribute(file, name, attribute, type, is_read);
}

mlp_status mlp_h5file_read_u64(mlp_h5file *file, const char *object,
                               const char *name, uint64_t *value)
{
    MLP_H5_CALL;
    hid_t attribute;
    hid_t type = open_attribute(file, object, name, &attribute);
    hid_t memory = mlp_h5_reading_type(type, MLP_H5_U64);
    bool is_read = memory >= 0 && H5Aread(attribute, memory, value) >= 0 &&
                   !(memory == H5T_NATIVE_INT64 && has_negative(value, 1));
    return close_attribute(file, name, attribute, type, is_read);
}

mlp_status mlp_h5file_read_f64(mlp_h5file *file, const char *object,
                               const char *name, double *value)
{
    MLP_H5_CALL;
    hid_t attribute;
    hid_t type = open_attribute(file, object, name, &attribute);
    bool is_read = mlp_h5_stored_type(type) == MLP_H5_F64 &&
                   H5Aread(attribute, H5T_NATIVE_DOUBLE, value) >= 0;
    return close_attribute(file, name, attribute, type, is_read);
}
