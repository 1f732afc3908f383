/** @file
 *  A data set in one HDF5 file: /train/images [n, h, w] or [n, d], 8-bit or
 *  float32, /train/labels [n], and the same under /test, which is optional.
 *  Where labels are not needed, /images alone suffices.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "hdf5/h5file.h"
#include "kinds.h"
#include "system/sandbox.h"

enum {
    LABELS_AT_ONCE = 4096,
    DEFLATE_MOST = 1032 /* most bytes of one compressed byte */
};

static const char unsplit_images[] = "images";
static const char class_names[] = "class_names";
static const char *const labels_name[MLP_SPLITS] = {"train/labels",
                                                    "test/labels"};

typedef struct {
    mlp_h5file *file;
    const char *path; /* the source's name */
    const char *images_name[MLP_SPLITS];
    bool has_labels;
    mlp_names class_names;
    mlp_element element;
    size_t rows[MLP_SPLITS];
} hdf5_source;

/* ---- Rows */

static mlp_status narrow_labels(const hdf5_source *hdf5, mlp_split split,
                                size_t first, size_t rows, const uint64_t *wide,
                                uint16_t *labels)
{
    for (size_t i = 0; i < rows; i++) {
        if (wide[i] > UINT16_MAX) {
            return mlp_fail(MLP_ERROR_DATA,
                            "%s: /%s: expected labels from 0 to 65535, found "
                            "%llu in row %zu",
                            hdf5->path, labels_name[split],
                            (unsigned long long)wide[i], first + i);
        }
        labels[i] = (uint16_t)wide[i];
    }
    return MLP_OK;
}

static mlp_status read_labels(hdf5_source *hdf5, mlp_split split, size_t first,
                              size_t rows, uint16_t *labels)
{
    uint64_t wide[LABELS_AT_ONCE];
    for (size_t done = 0; done < rows;) {
        size_t left = rows - done;
        size_t n = left < LABELS_AT_ONCE ? left : LABELS_AT_ONCE;
        MLP_TRY(mlp_h5file_read_rows(hdf5->file, labels_name[split],
                                     first + done, n, MLP_H5_U64, wide));
        MLP_TRY(
            narrow_labels(hdf5, split, first + done, n, wide, labels + done));
        done += n;
    }
    return MLP_OK;
}

static mlp_status read_hdf5(void *state, mlp_split split, size_t first,
                            size_t rows, void *values, uint16_t *labels)
{
    hdf5_source *hdf5 = state;
    mlp_h5_type type = hdf5->element == MLP_ELEMENT_U8 ? MLP_H5_U8 : MLP_H5_F32;
    if (labels != NULL) {
        MLP_TRY(read_labels(hdf5, split, first, rows, labels));
    }
    return values == NULL
               ? MLP_OK
               : mlp_h5file_read_rows(hdf5->file, hdf5->images_name[split],
                                      first, rows, type, values);
}

static bool locate_hdf5(void *state, mlp_split split, mlp_source_place *place)
{
    hdf5_source *hdf5 = state;
    mlp_h5_type type = hdf5->element == MLP_ELEMENT_U8 ? MLP_H5_U8 : MLP_H5_F32;
    place->path = hdf5->path;
    return mlp_h5file_locate(hdf5->file, hdf5->images_name[split], type,
                             &place->offset, &place->chunk_rows);
}

/* ---- Open and close */

static mlp_status check_kind(const hdf5_source *hdf5, const char *name,
                             const mlp_h5_shape *shape, bool is_labels)
{
    bool is_float = shape->type == MLP_H5_F32 || shape->type == MLP_H5_F64;
    bool is_expected =
        is_labels ? shape->rank == 1 && !is_float
                  : shape->rank >= 2 && shape->rank <= MLP_H5_RANK_MAX &&
                        (shape->type == MLP_H5_U8 || shape->type == MLP_H5_F32);
    if (!is_expected) {
        return mlp_fail(MLP_ERROR_DATA,
                        "%s: /%s: expected %s, found another type or %zu "
                        "dimensions",
                        hdf5->path, name,
                        is_labels
                            ? "[n] integers"
                            : "[n, d], [n, h, w] or [n, h, w, c] of uint8 or "
                              "float32",
                        shape->rank);
    }
    return MLP_OK;
}

/* A header can claim any extents: bound them by the file's size and the highest
 * compression ratio. */
static mlp_status check_extents(const hdf5_source *hdf5, const char *name,
                                const mlp_h5_shape *shape)
{
    struct stat facts;
    if (stat(hdf5->path, &facts) != 0) {
        return mlp_fail(MLP_ERROR_IO, "%s: %s", hdf5->path, strerror(errno));
    }
    size_t values = 1;
    bool is_impossible = false;
    for (size_t i = 0; i < shape->rank; i++) {
        is_impossible |=
            shape->dims[i] == 0 ||
            __builtin_mul_overflow(values, shape->dims[i], &values);
    }
    if (is_impossible || values / DEFLATE_MOST > (size_t)facts.st_size) {
        return mlp_fail(
            MLP_ERROR_DATA,
            "%s: /%s: expected at least one value and no more than "
            "fit into %zu bytes, found the first two extents %llu "
            "and %llu",
            hdf5->path, name, (size_t)facts.st_size,
            (unsigned long long)shape->dims[0],
            (unsigned long long)(shape->rank > 1 ? shape->dims[1] : 1));
    }
    return MLP_OK;
}

static mlp_status read_shape(hdf5_source *hdf5, const char *name,
                             bool is_labels, mlp_h5_shape *shape)
{
    MLP_TRY(mlp_h5file_shape(hdf5->file, name, shape));
    MLP_TRY(check_kind(hdf5, name, shape, is_labels));
    return check_extents(hdf5, name, shape);
}

static mlp_status check_labels(hdf5_source *hdf5, mlp_split split,
                               const mlp_h5_shape *images)
{
    mlp_h5_shape labels;
    MLP_TRY(read_shape(hdf5, labels_name[split], true, &labels));
    if (images->dims[0] != labels.dims[0]) {
        return mlp_fail(MLP_ERROR_DATA,
                        "%s: expected %llu labels, one for each row of /%s, "
                        "found %llu in /%s",
                        hdf5->path, (unsigned long long)images->dims[0],
                        hdf5->images_name[split],
                        (unsigned long long)labels.dims[0], labels_name[split]);
    }
    return MLP_OK;
}

static mlp_status open_split(hdf5_source *hdf5, mlp_split split,
                             mlp_h5_shape *images)
{
    MLP_TRY(read_shape(hdf5, hdf5->images_name[split], false, images));
    hdf5->rows[split] = (size_t)images->dims[0];
    return hdf5->has_labels ? check_labels(hdf5, split, images) : MLP_OK;
}

static size_t features_of(const mlp_h5_shape *images)
{
    size_t features = 1;
    for (size_t i = 1; i < images->rank; i++) {
        features *= (size_t)images->dims[i];
    }
    return features;
}

static mlp_status open_test(hdf5_source *hdf5, const mlp_h5_shape *train)
{
    mlp_h5_shape test;
    if (!mlp_h5file_has(hdf5->file, hdf5->images_name[MLP_SPLIT_TEST])) {
        return MLP_OK;
    }
    MLP_TRY(open_split(hdf5, MLP_SPLIT_TEST, &test));
    if (test.type != train->type || features_of(&test) != features_of(train)) {
        return mlp_fail(MLP_ERROR_DATA,
                        "%s: /test/images: expected %zu features a row of the "
                        "type of /train/images, found %zu or another type",
                        hdf5->path, features_of(train), features_of(&test));
    }
    return MLP_OK;
}

static void close_hdf5(void *state)
{
    hdf5_source *hdf5 = state;
    mlp_h5file_abandon(&hdf5->file);
    mlp_names_destroy(&hdf5->class_names);
    free(hdf5);
}

/* Class names, if the file has them: JSON, as uint8. */
static mlp_status open_names(hdf5_source *hdf5)
{
    enum { BYTES_MOST = 1 << 24 };
    mlp_h5_shape shape;
    if (!mlp_h5file_has(hdf5->file, class_names)) {
        return MLP_OK;
    }
    MLP_TRY(mlp_h5file_shape(hdf5->file, class_names, &shape));
    if (shape.rank != 1 || shape.type != MLP_H5_U8 ||
        shape.dims[0] > BYTES_MOST) {
        return mlp_fail(MLP_ERROR_DATA, "%s: /%s: expected a text as uint8",
                        hdf5->path, class_names);
    }
    char *text = malloc(shape.dims[0] + 1);
    if (text == NULL) {
        return mlp_fail_memory("the names of classes");
    }
    mlp_status status = mlp_h5file_read_rows(hdf5->file, class_names, 0,
                                             shape.dims[0], MLP_H5_U8, text);
    if (status == MLP_OK &&
        mlp_names_parse(text, shape.dims[0], MLP_CLASSES_MOST,
                        &hdf5->class_names) != MLP_OK) {
        status = mlp_fail(MLP_ERROR_DATA, "%s: /%s: %s", hdf5->path,
                          class_names, mlp_failure());
    }
    free(text);
    return status;
}

/* Find the splits.
 * @param images  the shape of one split's images */
static mlp_status open_splits(hdf5_source *hdf5, mlp_h5_shape *images)
{
    if (!hdf5->has_labels && mlp_h5file_has(hdf5->file, unsplit_images)) {
        hdf5->images_name[MLP_SPLIT_TEST] = unsplit_images;
        return open_split(hdf5, MLP_SPLIT_TEST, images);
    }
    MLP_TRY(open_split(hdf5, MLP_SPLIT_TRAIN, images));
    return open_test(hdf5, images);
}

static mlp_status open_directly(const char *path, mlp_source *source)
{
    static const mlp_source_ops ops = {.read = read_hdf5,
                                       .close = close_hdf5,
                                       .locate = locate_hdf5,
                                       .reads_files = true};
    mlp_source_info *info = &source->info;
    mlp_h5_shape images;
    hdf5_source *hdf5 = calloc(1, sizeof *hdf5);
    if (hdf5 == NULL) {
        return mlp_fail_memory("a data source");
    }
    source->ops = &ops;
    source->state = hdf5;
    hdf5->path = info->name;
    hdf5->images_name[MLP_SPLIT_TRAIN] = "train/images";
    hdf5->images_name[MLP_SPLIT_TEST] = "test/images";
    hdf5->has_labels = info->has_labels;
    MLP_TRY(mlp_h5file_open(path, &hdf5->file));
    MLP_TRY(open_splits(hdf5, &images));
    MLP_TRY(open_names(hdf5));
    info->class_names = hdf5->class_names.count > 0 ? &hdf5->class_names : NULL;
    hdf5->element = images.type == MLP_H5_U8 ? MLP_ELEMENT_U8 : MLP_ELEMENT_F32;
    info->rows[MLP_SPLIT_TRAIN] = hdf5->rows[MLP_SPLIT_TRAIN];
    info->rows[MLP_SPLIT_TEST] = hdf5->rows[MLP_SPLIT_TEST];
    info->features = features_of(&images);
    info->height = images.rank > 2 ? (size_t)images.dims[1] : 1;
    info->width = info->features / info->height;
    info->channels = images.rank > 3 ? (size_t)images.dims[3] : 0;
    info->element = hdf5->element;
    return MLP_OK;
}

/* ---- trial run in a child process */

/* All rows of a split if they are few, else the first and the last. */
static mlp_status try_rows(mlp_source *source, mlp_split split)
{
    enum { FEW_BYTES = 1 << 24 };
    const mlp_source_info *info = mlp_source_facts(source);
    size_t rows = info->rows[split];
    size_t row_bytes = info->features * mlp_element_bytes(info->element);
    bool are_few = rows <= FEW_BYTES / row_bytes;
    size_t taken = are_few ? rows : 1;
    void *values = malloc(taken * row_bytes);
    uint16_t *labels = malloc(taken * sizeof *labels);
    mlp_status status =
        values == NULL || labels == NULL
            ? mlp_fail_memory("rows of a data source")
            : mlp_source_read(source, split, 0, taken, values, labels);
    if (status == MLP_OK && !are_few) {
        status = mlp_source_read(source, split, rows - 1, 1, values, labels);
    }
    free(values);
    free(labels);
    return status;
}

/* Runs in a child process, so nothing needs closing. */
static mlp_status try_file(void *context)
{
    const mlp_source *wanted = context;
    mlp_source source = {.info = wanted->info};
    MLP_TRY(open_directly(source.info.name, &source));
    for (int split = 0; split < MLP_SPLITS; split++) {
        mlp_source_place place;
        if (source.info.rows[split] > 0) {
            (void)mlp_source_locate(&source, (mlp_split)split, &place);
            MLP_TRY(try_rows(&source, (mlp_split)split));
        }
    }
    return MLP_OK;
}

/* A damaged or malicious file can crash the HDF5 library: try in a child
 * process first. */
mlp_status mlp_source_hdf5_open(const char *path, mlp_source *source)
{
    struct stat facts;
    size_t bytes = stat(path, &facts) == 0 ? (size_t)facts.st_size : 0;
    MLP_TRY(mlp_sandbox_try(path, bytes, try_file, source));
    return open_directly(path, source);
}
