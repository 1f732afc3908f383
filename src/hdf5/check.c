/** @file
 *  Checks of datasets before HDF5 reads them. A file may be damaged or
 *  malicious: datasets that could loop, read other files, load code or allocate
 *  out of proportion are refused.
 */
#include <string.h>

#include "internal.h"

enum { NAME_MAX_BYTES = 256 };

bool mlp_h5_is_reached(hid_t file, const char *name)
{
    char part[NAME_MAX_BYTES];
    size_t length = strlen(name);
    if (length >= sizeof part) {
        return false;
    }
    for (size_t end = 1; end <= length; end++) {
        if (name[end] != '/' && name[end] != '\0') {
            continue;
        }
        memcpy(part, name, end);
        part[end] = '\0';
        H5L_info_t link;
        if (H5Lexists(file, part, H5P_DEFAULT) <= 0 ||
            H5Lget_info(file, part, &link, H5P_DEFAULT) < 0 ||
            link.type != H5L_TYPE_HARD) {
            return false;
        }
    }
    return true;
}

/* How many bytes one stored byte can expand to; 0 for filters that are not
 * trusted. Deflate reaches 1032 at most. */
static hsize_t expansion(hid_t creation)
{
    hsize_t factor = 1;
    int filters = H5Pget_nfilters(creation);
    for (int i = 0; i < filters; i++) {
        unsigned flags;
        size_t values = 0;
        switch (H5Pget_filter2(creation, (unsigned)i, &flags, &values, NULL, 0,
                               NULL, NULL)) {
        case H5Z_FILTER_DEFLATE:
            factor = 1032;
            break;
        case H5Z_FILTER_SHUFFLE:
        case H5Z_FILTER_FLETCHER32:
            break;
        default:
            return 0;
        }
    }
    return filters < 0 ? 0 : factor;
}

/* element bytes times all extents; false when that overflows. */
static bool count_bytes(size_t element, size_t rank, const hsize_t *dims,
                        hsize_t *bytes)
{
    *bytes = element;
    for (size_t i = 0; i < rank; i++) {
        if (__builtin_mul_overflow(*bytes, dims[i], bytes)) {
            return false;
        }
    }
    return true;
}

/* HDF5 allocates whole chunks when it reads, so a chunk must not be out of
 * proportion. */
static bool has_bounded_chunks(hid_t creation, size_t element, hsize_t declared)
{
    enum { ALWAYS_ALLOWED = 64 << 20 };
    if (H5Pget_layout(creation) != H5D_CHUNKED) {
        return true;
    }
    hsize_t chunk[MLP_H5_RANK_MAX], bytes;
    int rank = H5Pget_chunk(creation, MLP_H5_RANK_MAX, chunk);
    return rank > 0 && rank <= MLP_H5_RANK_MAX &&
           count_bytes(element, (size_t)rank, chunk, &bytes) &&
           (bytes <= declared || bytes <= ALWAYS_ALLOWED);
}

void mlp_h5_dataset_close(mlp_h5_dataset *set)
{
    H5Tclose(set->type);
    H5Sclose(set->space);
    H5Pclose(set->creation);
    H5Dclose(set->id);
}

/* Why the dataset must not be read; NULL when it may. */
static const char *check_extents(const mlp_h5file *file, mlp_h5_dataset *set)
{
    size_t element = H5Tget_size(set->type);
    hsize_t dims[MLP_H5_RANK_MAX], declared;
    int rank = H5Sget_simple_extent_ndims(set->space);
    if (rank < 0 || rank > MLP_H5_RANK_MAX || element == 0 ||
        H5Sget_simple_extent_type(set->space) == H5S_NULL) {
        return "has no shape that can be read";
    }
    H5Sget_simple_extent_dims(set->space, dims, NULL);
    if (!count_bytes(element, (size_t)rank, dims, &declared)) {
        return "has impossible extents";
    }
    hsize_t stored = H5Dget_storage_size(set->id);
    if (stored > file->bytes || declared / set->expansion > stored) {
        return "has extents that its file cannot hold";
    }
    if (!has_bounded_chunks(set->creation, element, declared)) {
        return "has chunks larger than itself";
    }
    set->shape.type = mlp_h5_stored_type(set->type);
    set->shape.rank = (size_t)rank;
    for (int i = 0; i < rank; i++) {
        set->shape.dims[i] = dims[i];
    }
    return NULL;
}

static const char *open_checked(const mlp_h5file *file, const char *name,
                                mlp_h5_dataset *set)
{
    if (!mlp_h5_is_reached(file->id, name)) {
        return "is not there";
    }
    set->id = H5Dopen2(file->id, name, H5P_DEFAULT);
    set->creation = H5Dget_create_plist(set->id);
    H5D_layout_t layout = H5Pget_layout(set->creation);
    if (set->id < 0 || set->creation < 0 || layout < 0) {
        return "is not a dataset, or a damaged one";
    }
    if (layout == H5D_VIRTUAL || H5Pget_external_count(set->creation) != 0) {
        return "is stored in other files";
    }
    set->expansion = expansion(set->creation);
    if (set->expansion == 0) {
        return "is stored with an unknown filter";
    }
    set->space = H5Dget_space(set->id);
    set->type = H5Dget_type(set->id);
    return check_extents(file, set);
}

mlp_status mlp_h5_fail_name(const mlp_h5file *file, const char *name,
                            const char *fault)
{
    char absolute[NAME_MAX_BYTES + 1];
    snprintf(absolute, sizeof absolute, "/%s", name);
    return mlp_h5_fail_read(file, absolute, fault);
}

mlp_status mlp_h5_dataset_open(const mlp_h5file *file, const char *name,
                               mlp_h5_dataset *set)
{
    *set = (mlp_h5_dataset){.id = H5I_INVALID_HID,
                            .creation = H5I_INVALID_HID,
                            .space = H5I_INVALID_HID,
                            .type = H5I_INVALID_HID};
    const char *fault = open_checked(file, name, set);
    if (fault == NULL && file->cause == 0) {
        return MLP_OK;
    }
    mlp_h5_dataset_close(set);
    return mlp_h5_fail_name(file, name, fault);
}
