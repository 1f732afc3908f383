/** @file
 *  The only file that talks to the HDF5 library. Writing comes first, then
 *  what stands between a file and our trust, then reading.
 */
#include "mlp/h5file.h"

#include <errno.h>
#include <fcntl.h>
#include <hdf5.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    CHUNK_BYTES = 1 << 20,    /**< of a dataset that we write, at most */
    CORE_INCREMENT = 1 << 20, /**< by which a file in memory grows */
    ATTRIBUTES_MAX = 1024, /**< kept beside their object, with its checksum */
    NAME_MAX_BYTES = 256
};

struct mlp_h5file {
    hid_t id;
    char *path;
    /* of a file being made: */
    size_t user_block;
    char *image;   /**< its bytes, once HDF5 has closed it */
    int output;    /**< of a file being made, else -1 */
    hsize_t bytes; /**< size of a file open for reading */
};

static void destroy(mlp_h5file **file)
{
    if (*file != NULL) {
        if ((*file)->output >= 0) {
            close((*file)->output);
        }
        free((*file)->image);
        free((*file)->path);
        free(*file);
        *file = NULL;
    }
}

/* Damage is ours to report, and a file must not name code to load. */
static mlp_status allocate(const char *path, mlp_h5file **file)
{
    H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
    H5PLset_loading_state(0);
    *file = calloc(1, sizeof **file);
    if (*file == NULL) {
        return mlp_fail_memory("an HDF5 file");
    }
    (*file)->output = -1;
    (*file)->path = strdup(path);
    if ((*file)->path == NULL) {
        destroy(file);
        return mlp_fail_memory("an HDF5 file");
    }
    return MLP_OK;
}

/* Strong closing: an object left open must not keep the file open. */
static hid_t access_list(void)
{
    hid_t list = H5Pcreate(H5P_FILE_ACCESS);
    H5Pset_fclose_degree(list, H5F_CLOSE_STRONG);
    H5Pset_libver_bounds(list, H5F_LIBVER_V18, H5F_LIBVER_LATEST);
    return list;
}

/* ------------------------------------------------------------ writing */

/* HDF5 builds the file in memory and we write it: a disk that fails under
 * the library leaves it in a state in which it crashes at exit, and hides
 * errno. What remains to fail inside is memory, or a wrong name of ours. */
static mlp_status fail_build(const mlp_h5file *file, const char *name)
{
    return mlp_fail(MLP_ERROR_INTERNAL, "%s: HDF5 cannot make /%s", file->path,
                    name);
}

static mlp_status fail_io(const mlp_h5file *file, const char *verb)
{
    return mlp_fail(MLP_ERROR_IO, "%s: cannot %s: %s", file->path, verb,
                    strerror(errno));
}

/* A list for an object to create. No times are kept, so that the same content
 * gives the same bytes. */
static hid_t creation_list(hid_t class)
{
    hid_t list = H5Pcreate(class);
    H5Pset_obj_track_times(list, 0);
    H5Pset_attr_phase_change(list, ATTRIBUTES_MAX, 0);
    return list;
}

static void *grow_image(void *image, size_t size,
                        H5FD_file_image_op_t operation, void *file)
{
    (void)operation;
    (void)file;
    return realloc(image, size);
}

/* HDF5 has closed the file and lets go of its memory: keep it. */
static herr_t keep_image(void *image, H5FD_file_image_op_t operation,
                         void *file)
{
    (void)operation;
    ((mlp_h5file *)file)->image = image;
    return 0;
}

static void *share_file(void *file)
{
    return file;
}

static herr_t unshare_file(void *file)
{
    (void)file;
    return 0;
}

static void hold_in_memory(hid_t access, mlp_h5file *file)
{
    H5FD_file_image_callbacks_t callbacks = {.image_realloc = grow_image,
                                             .image_free = keep_image,
                                             .udata_copy = share_file,
                                             .udata_free = unshare_file,
                                             .udata = file};
    H5Pset_fapl_core(access, CORE_INCREMENT, 0);
    H5Pset_file_image_callbacks(access, &callbacks);
}

mlp_status mlp_h5file_create(const char *path, size_t user_block,
                             mlp_h5file **file)
{
    MLP_TRY(allocate(path, file));
    mlp_status status = MLP_OK;
    hid_t access = access_list();
    hid_t creation = creation_list(H5P_FILE_CREATE);
    hold_in_memory(access, *file);
    H5Pset_userblock(creation, user_block);
    H5Pset_istore_k(creation, 4); /* most datasets have one or a few chunks */
    (*file)->user_block = user_block;
    (*file)->output = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if ((*file)->output < 0) {
        status = fail_io(*file, "create");
        goto done;
    }
    (*file)->id = H5Fcreate(path, H5F_ACC_TRUNC, creation, access);
    if ((*file)->id < 0) {
        status = fail_build(*file, "");
    }
done:
    H5Pclose(creation);
    H5Pclose(access);
    if (status != MLP_OK) {
        destroy(file);
    }
    return status;
}

/* End the file in memory; its bytes are then in file->image. */
static mlp_status close_image(mlp_h5file *file, size_t *size)
{
    ssize_t used = -1;
    if (H5Fflush(file->id, H5F_SCOPE_LOCAL) >= 0) {
        used = H5Fget_file_image(file->id, NULL, 0);
    }
    herr_t result = H5Fclose(file->id);
    file->id = H5I_INVALID_HID;
    if (used < 0 || result < 0 || file->image == NULL) {
        return fail_build(file, "");
    }
    *size = file->user_block + (size_t)used;
    return MLP_OK;
}

static mlp_status write_all(const mlp_h5file *file, const char *bytes,
                            size_t count)
{
    while (count > 0) {
        ssize_t written = write(file->output, bytes, count);
        if (written < 0 && errno != EINTR) {
            return fail_io(file, "write");
        }
        bytes += written < 0 ? 0 : written;
        count -= written < 0 ? 0 : (size_t)written;
    }
    return MLP_OK;
}

/* A full disk may show as late as here. */
static mlp_status close_output(mlp_h5file *file)
{
    int output = file->output;
    file->output = -1;
    return close(output) == 0 ? MLP_OK : fail_io(file, "close");
}

mlp_status mlp_h5file_close(mlp_h5file **file)
{
    mlp_status status = MLP_OK;
    if (*file != NULL && (*file)->output >= 0) {
        size_t size = 0;
        status = close_image(*file, &size);
        if (status == MLP_OK) {
            status = write_all(*file, (*file)->image, size);
        }
        if (status == MLP_OK) {
            status = close_output(*file);
        }
    }
    mlp_h5file_abandon(file);
    return status;
}

void mlp_h5file_abandon(mlp_h5file **file)
{
    if (*file != NULL) {
        H5Fclose((*file)->id);
        destroy(file);
    }
}

mlp_status mlp_h5file_write_group(mlp_h5file *file, const char *name)
{
    hid_t creation = creation_list(H5P_GROUP_CREATE);
    hid_t group =
        H5Gcreate2(file->id, name, H5P_DEFAULT, creation, H5P_DEFAULT);
    mlp_status status = group < 0 ? fail_build(file, name) : MLP_OK;
    H5Gclose(group);
    H5Pclose(creation);
    return status;
}

static hid_t memory_type(mlp_h5_type type)
{
    switch (type) {
    case MLP_H5_U8:
        return H5T_NATIVE_UINT8;
    case MLP_H5_U16:
        return H5T_NATIVE_UINT16;
    case MLP_H5_U32:
        return H5T_NATIVE_UINT32;
    case MLP_H5_U64:
        return H5T_NATIVE_UINT64;
    case MLP_H5_F32:
        return H5T_NATIVE_FLOAT;
    case MLP_H5_F64:
        return H5T_NATIVE_DOUBLE;
    case MLP_H5_OTHER:
        break;
    }
    return H5I_INVALID_HID;
}

/* How to store a dataset: in chunks with checksums, unless it is empty; the
 * last dimensions whole as far as CHUNK_BYTES allow. */
static hid_t dataset_creation_list(mlp_h5_shape shape)
{
    hid_t list = creation_list(H5P_DATASET_CREATE);
    hsize_t chunk[MLP_H5_RANK_MAX];
    hsize_t budget = CHUNK_BYTES / H5Tget_size(memory_type(shape.type));
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
    hsize_t dims[MLP_H5_RANK_MAX] = {0};
    for (size_t i = 0; i < shape.rank; i++) {
        dims[i] = shape.dims[i];
    }
    hid_t type = memory_type(shape.type);
    hid_t space = H5Screate_simple((int)shape.rank, dims, NULL);
    hid_t creation = dataset_creation_list(shape);
    hid_t dataset = H5Dcreate2(file->id, name, type, space, H5P_DEFAULT,
                               creation, H5P_DEFAULT);
    mlp_status status = MLP_OK;
    if (dataset < 0 ||
        H5Dwrite(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) < 0) {
        status = fail_build(file, name);
    }
    H5Dclose(dataset);
    H5Pclose(creation);
    H5Sclose(space);
    return status;
}

static mlp_status write_attribute(mlp_h5file *file, const char *object,
                                  const char *name, hid_t type,
                                  const void *value)
{
    hid_t space = H5Screate(H5S_SCALAR);
    hid_t attribute = H5Acreate_by_name(file->id, object, name, type, space,
                                        H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    mlp_status status = MLP_OK;
    if (attribute < 0 || H5Awrite(attribute, type, value) < 0) {
        status = fail_build(file, name);
    }
    H5Aclose(attribute);
    H5Sclose(space);
    return status;
}

mlp_status mlp_h5file_write_text(mlp_h5file *file, const char *object,
                                 const char *name, const char *text)
{
    hid_t type = H5Tcopy(H5T_C_S1);
    H5Tset_size(type, strlen(text) + 1);
    H5Tset_cset(type, H5T_CSET_UTF8);
    mlp_status status = write_attribute(file, object, name, type, text);
    H5Tclose(type);
    return status;
}

mlp_status mlp_h5file_write_u64(mlp_h5file *file, const char *object,
                                const char *name, uint64_t value)
{
    return write_attribute(file, object, name, H5T_NATIVE_UINT64, &value);
}

mlp_status mlp_h5file_write_f64(mlp_h5file *file, const char *object,
                                const char *name, double value)
{
    return write_attribute(file, object, name, H5T_NATIVE_DOUBLE, &value);
}

/* ------------------------------------------------------------ distrust */

/* Whether every link on the way to name is a hard one: a soft link may loop,
 * and an external one reads whatever file it names. */
static bool is_reached_by_hard_links(hid_t file, const char *name)
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

static bool is_either(hid_t type, hid_t little, hid_t big)
{
    return H5Tequal(type, little) > 0 || H5Tequal(type, big) > 0;
}

static mlp_h5_type type_of(hid_t type)
{
    if (is_either(type, H5T_STD_U8LE, H5T_STD_U8BE)) {
        return MLP_H5_U8;
    }
    if (is_either(type, H5T_STD_U16LE, H5T_STD_U16BE)) {
        return MLP_H5_U16;
    }
    if (is_either(type, H5T_STD_U32LE, H5T_STD_U32BE)) {
        return MLP_H5_U32;
    }
    if (is_either(type, H5T_STD_U64LE, H5T_STD_U64BE)) {
        return MLP_H5_U64;
    }
    if (is_either(type, H5T_IEEE_F32LE, H5T_IEEE_F32BE)) {
        return MLP_H5_F32;
    }
    if (is_either(type, H5T_IEEE_F64LE, H5T_IEEE_F64BE)) {
        return MLP_H5_F64;
    }
    return MLP_H5_OTHER;
}

static bool is_signed_integer(hid_t type)
{
    return is_either(type, H5T_STD_I8LE, H5T_STD_I8BE) ||
           is_either(type, H5T_STD_I16LE, H5T_STD_I16BE) ||
           is_either(type, H5T_STD_I32LE, H5T_STD_I32BE) ||
           is_either(type, H5T_STD_I64LE, H5T_STD_I64BE);
}

/* How many bytes one stored byte can stand for, 0 for filters that are not
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

/* HDF5 allocates whole chunks when it reads, so that one must not be out of
 * proportion. */
static bool has_modest_chunks(hid_t creation, size_t element, hsize_t declared)
{
    enum { ALWAYS_MODEST = 64 << 20 };
    if (H5Pget_layout(creation) != H5D_CHUNKED) {
        return true;
    }
    hsize_t chunk[MLP_H5_RANK_MAX], bytes;
    int rank = H5Pget_chunk(creation, MLP_H5_RANK_MAX, chunk);
    return rank > 0 && rank <= MLP_H5_RANK_MAX &&
           count_bytes(element, (size_t)rank, chunk, &bytes) &&
           (bytes <= declared || bytes <= ALWAYS_MODEST);
}

/* ------------------------------------------------------------ reading */

mlp_status mlp_h5file_open(const char *path, mlp_h5file **file)
{
    *file = NULL;
    struct stat facts;
    if (stat(path, &facts) != 0) {
        return mlp_fail(MLP_ERROR_MISSING, "%s: %s", path, strerror(errno));
    }
    if (!S_ISREG(facts.st_mode)) { /* opening a pipe would wait for ever */
        return mlp_fail(MLP_ERROR_DATA, "%s: is no regular file", path);
    }
    MLP_TRY(allocate(path, file));
    (*file)->bytes = (hsize_t)facts.st_size;
    hid_t access = access_list();
    H5Pset_fapl_sec2(access);
    H5Pset_file_locking(access, 1, 1); /* where the file system has locks */
    errno = 0;
    (*file)->id = H5Fopen(path, H5F_ACC_RDONLY, access);
    int cause = errno;
    H5Pclose(access);
    if ((*file)->id >= 0) {
        return MLP_OK;
    }
    destroy(file);
    if (cause == EACCES || cause == EPERM) {
        return mlp_fail(MLP_ERROR_MISSING, "%s: %s", path, strerror(cause));
    }
    return mlp_fail(MLP_ERROR_DATA, "%s: is no HDF5 file, or a damaged one",
                    path);
}

bool mlp_h5file_has(mlp_h5file *file, const char *name)
{
    H5O_info_t facts;
    return is_reached_by_hard_links(file->id, name) &&
           H5Oget_info_by_name2(file->id, name, &facts, H5O_INFO_BASIC,
                                H5P_DEFAULT) >= 0 &&
           (facts.type == H5O_TYPE_GROUP || facts.type == H5O_TYPE_DATASET);
}

/* A dataset that was looked over. Ids that are not open are invalid ones,
 * which HDF5 refuses to close without harm. */
typedef struct {
    hid_t id, creation, space, type;
    hsize_t expansion; /**< see expansion() */
    mlp_h5_shape shape;
} dataset;

static void close_dataset(dataset *set)
{
    H5Tclose(set->type);
    H5Sclose(set->space);
    H5Pclose(set->creation);
    H5Dclose(set->id);
}

/* What speaks against reading the dataset; NULL when nothing does. */
static const char *check_extents(const mlp_h5file *file, dataset *set)
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
    if (!has_modest_chunks(set->creation, element, declared)) {
        return "has chunks larger than itself";
    }
    set->shape.type = type_of(set->type);
    set->shape.rank = (size_t)rank;
    for (int i = 0; i < rank; i++) {
        set->shape.dims[i] = dims[i];
    }
    return NULL;
}

static const char *open_checked(const mlp_h5file *file, const char *name,
                                dataset *set)
{
    if (!is_reached_by_hard_links(file->id, name)) {
        return "is not there";
    }
    set->id = H5Dopen2(file->id, name, H5P_DEFAULT);
    set->creation = H5Dget_create_plist(set->id);
    H5D_layout_t layout = H5Pget_layout(set->creation);
    if (set->id < 0 || set->creation < 0 || layout < 0) {
        return "is no dataset, or a damaged one";
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

static mlp_status open_dataset(const mlp_h5file *file, const char *name,
                               dataset *set)
{
    *set = (dataset){.id = H5I_INVALID_HID,
                     .creation = H5I_INVALID_HID,
                     .space = H5I_INVALID_HID,
                     .type = H5I_INVALID_HID};
    const char *fault = open_checked(file, name, set);
    if (fault != NULL) {
        close_dataset(set);
        return mlp_fail(MLP_ERROR_DATA, "%s: /%s %s", file->path, name, fault);
    }
    return MLP_OK;
}

mlp_status mlp_h5file_shape(mlp_h5file *file, const char *name,
                            mlp_h5_shape *shape)
{
    dataset set;
    MLP_TRY(open_dataset(file, name, &set));
    *shape = set.shape;
    close_dataset(&set);
    return MLP_OK;
}

/* The type to read into memory as; invalid when the stored type can't become
 * the wanted one without loss. */
static hid_t reading_type(hid_t stored, mlp_h5_type wanted)
{
    mlp_h5_type type = type_of(stored);
    if (type == wanted || (wanted <= MLP_H5_U64 && type < wanted)) {
        return memory_type(wanted);
    }
    if (is_signed_integer(stored) && wanted == MLP_H5_U64) {
        return H5T_NATIVE_INT64;
    }
    return H5I_INVALID_HID;
}

/* Signed values sit in the caller's unsigned memory: none may be negative. */
static bool has_negative(const uint64_t *values, uint64_t count)
{
    for (uint64_t i = 0; i < count; i++) {
        if (values[i] > INT64_MAX) {
            return true;
        }
    }
    return false;
}

static const char *read_slab(const dataset *set, uint64_t first, uint64_t rows,
                             mlp_h5_type type, void *values)
{
    hid_t memory = reading_type(set->type, type);
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
    dataset set;
    MLP_TRY(open_dataset(file, name, &set));
    const char *fault = read_slab(&set, first, rows, type, values);
    close_dataset(&set);
    if (fault != NULL) {
        return mlp_fail(MLP_ERROR_DATA, "%s: /%s %s", file->path, name, fault);
    }
    return MLP_OK;
}

/* The attribute's type, if it is there and scalar. */
static hid_t open_attribute(mlp_h5file *file, const char *object,
                            const char *name, hid_t *attribute)
{
    hid_t type = H5I_INVALID_HID;
    *attribute = H5I_INVALID_HID;
    if (strcmp(object, "/") == 0 ||
        is_reached_by_hard_links(file->id, object)) {
        *attribute =
            H5Aopen_by_name(file->id, object, name, H5P_DEFAULT, H5P_DEFAULT);
    }
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
    if (!is_read) {
        return mlp_fail(MLP_ERROR_DATA,
                        "%s: attribute %s is absent or of another kind",
                        file->path, name);
    }
    return MLP_OK;
}

mlp_status mlp_h5file_read_text(mlp_h5file *file, const char *object,
                                const char *name, char *text, size_t size)
{
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

mlp_status mlp_h5file_read_u64(mlp_h5file *file, const char *object,
                               const char *name, uint64_t *value)
{
    hid_t attribute;
    hid_t type = open_attribute(file, object, name, &attribute);
    hid_t memory = reading_type(type, MLP_H5_U64);
    bool is_read = memory >= 0 && H5Aread(attribute, memory, value) >= 0 &&
                   !(memory == H5T_NATIVE_INT64 && has_negative(value, 1));
    return close_attribute(file, name, attribute, type, is_read);
}

mlp_status mlp_h5file_read_f64(mlp_h5file *file, const char *object,
                               const char *name, double *value)
{
    hid_t attribute;
    hid_t type = open_attribute(file, object, name, &attribute);
    bool is_read = type_of(type) == MLP_H5_F64 &&
                   H5Aread(attribute, H5T_NATIVE_DOUBLE, value) >= 0;
    return close_attribute(file, name, attribute, type, is_read);
}
