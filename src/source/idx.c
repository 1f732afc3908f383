/** @file
 *  The IDX format of MNIST (LeCun, Cortes, Burges: "The MNIST database of
 *  handwritten digits"): two zero bytes, a type, the number of dimensions,
 *  the extents, the values; all big endian.
 */
#include <stdbool.h>
#include <stdlib.h>

#include "idx_files.h"
#include "kinds.h"
#include "stream.h"

enum {
    TYPE_U8 = 0x08,
    TYPE_I16 = 0x0B,
    TYPE_I32 = 0x0C,
    MAGIC_BYTES = 4,
    EXTENT_BYTES = 4,
    EXTENTS_MAX = 255,
    LABEL_BYTES_MAX = 4,
    LABELS_AT_ONCE = 4096
};

typedef struct {
    mlp_stream *stream;
    int type;
    size_t dimensions;
    size_t extents[EXTENTS_MAX]; /* [dimensions]; the first counts rows */
    size_t header_bytes;
    size_t row_bytes;
} idx_file;

typedef struct {
    idx_file files[MLP_IDX_ROLES];
} idx_source;

static const mlp_idx_role images_of[MLP_SPLITS] = {MLP_IDX_TRAIN_IMAGES,
                                                   MLP_IDX_TEST_IMAGES};
static const mlp_idx_role labels_of[MLP_SPLITS] = {MLP_IDX_TRAIN_LABELS,
                                                   MLP_IDX_TEST_LABELS};

/* ---- Headers */

static size_t type_bytes(int type)
{
    return type == TYPE_U8 ? 1 : type == TYPE_I16 ? 2 : 4;
}

static uint32_t big_endian(const unsigned char *bytes, size_t n)
{
    uint32_t value = 0;
    for (size_t i = 0; i < n; i++) {
        value = value << 8 | bytes[i];
    }
    return value;
}

static mlp_status read_magic(idx_file *file, bool is_labels)
{
    unsigned char magic[MAGIC_BYTES];
    MLP_TRY(mlp_stream_read(file->stream, magic, sizeof magic));
    file->type = magic[2];
    file->dimensions = magic[3];
    bool is_idx = magic[0] == 0 && magic[1] == 0;
    bool is_integer = file->type == TYPE_I16 || file->type == TYPE_I32;
    bool is_expected =
        is_labels
            ? (file->type == TYPE_U8 || is_integer) && file->dimensions == 1
            : file->type == TYPE_U8 && file->dimensions >= 2;
    if (!is_idx || !is_expected) {
        return mlp_fail(MLP_ERROR_DATA,
                        "%s: expected IDX %s (magic %s), found magic "
                        "%02x%02x%02x%02x",
                        mlp_stream_name(file->stream),
                        is_labels ? "labels" : "images",
                        is_labels ? "00000801" : "00000803", magic[0], magic[1],
                        magic[2], magic[3]);
    }
    return MLP_OK;
}

static mlp_status read_extents(idx_file *file)
{
    for (size_t i = 0; i < file->dimensions; i++) {
        unsigned char bytes[EXTENT_BYTES];
        MLP_TRY(mlp_stream_read(file->stream, bytes, sizeof bytes));
        file->extents[i] = big_endian(bytes, sizeof bytes);
        if (file->extents[i] == 0) {
            return mlp_fail(MLP_ERROR_DATA,
                            "%s: expected at least 1, found extent %zu to be 0",
                            mlp_stream_name(file->stream), i + 1);
        }
    }
    file->header_bytes = MAGIC_BYTES + EXTENT_BYTES * file->dimensions;
    return MLP_OK;
}

/* Whether the file can be as long as its extents require. */
static mlp_status check_length(idx_file *file)
{
    size_t payload = 0, length = 0;
    bool overflows = false;
    file->row_bytes = type_bytes(file->type);
    for (size_t i = 1; i < file->dimensions; i++) {
        overflows |= __builtin_mul_overflow(file->row_bytes, file->extents[i],
                                            &file->row_bytes);
    }
    overflows |=
        __builtin_mul_overflow(file->row_bytes, file->extents[0], &payload);
    overflows |= __builtin_add_overflow(payload, file->header_bytes, &length);
    if (overflows) {
        return mlp_fail(MLP_ERROR_DATA,
                        "%s: expected less than 2^64 bytes, found extents of "
                        "more",
                        mlp_stream_name(file->stream));
    }
    return mlp_stream_check_length(file->stream, length);
}

static mlp_status open_file(const char *path, bool is_labels, idx_file *file)
{
    MLP_TRY(mlp_stream_open(path, &file->stream));
    MLP_TRY(read_magic(file, is_labels));
    MLP_TRY(read_extents(file));
    return check_length(file);
}

/* ---- Rows */

static mlp_status read_values(idx_file *file, size_t first, size_t rows,
                              void *values)
{
    MLP_TRY(mlp_stream_seek(file->stream,
                            file->header_bytes + first * file->row_bytes));
    return mlp_stream_read(file->stream, values, rows * file->row_bytes);
}

/* One label, sign-extended. */
static int32_t decode_label(const unsigned char *bytes, int type)
{
    uint32_t value = big_endian(bytes, type_bytes(type));
    return type == TYPE_I16 ? (int16_t)value : (int32_t)value;
}

static mlp_status decode_labels(const idx_file *file,
                                const unsigned char *bytes, size_t first,
                                size_t rows, uint16_t *labels)
{
    for (size_t i = 0; i < rows; i++) {
        int32_t label = decode_label(bytes + i * file->row_bytes, file->type);
        if (label < 0 || label > UINT16_MAX) {
            return mlp_fail(MLP_ERROR_DATA,
                            "%s: expected labels from 0 to 65535, found %d in "
                            "row %zu",
                            mlp_stream_name(file->stream), label, first + i);
        }
        labels[i] = (uint16_t)label;
    }
    return MLP_OK;
}

static mlp_status read_labels(idx_file *file, size_t first, size_t rows,
                              uint16_t *labels)
{
    unsigned char bytes[LABELS_AT_ONCE * LABEL_BYTES_MAX];
    for (size_t done = 0; done < rows;) {
        size_t left = rows - done;
        size_t n = left < LABELS_AT_ONCE ? left : LABELS_AT_ONCE;
        MLP_TRY(read_values(file, first + done, n, bytes));
        MLP_TRY(decode_labels(file, bytes, first + done, n, labels + done));
        done += n;
    }
    return MLP_OK;
}

static mlp_status read_idx(void *state, mlp_split split, size_t first,
                           size_t rows, void *values, uint16_t *labels)
{
    idx_source *idx = state;
    idx_file *images_file = &idx->files[images_of[split]];
    idx_file *labels_file = &idx->files[labels_of[split]];
    bool is_end = first + rows == images_file->extents[0];
    if (labels != NULL) {
        MLP_TRY(read_labels(labels_file, first, rows, labels));
        MLP_TRY(is_end ? mlp_stream_finish(labels_file->stream) : MLP_OK);
    }
    if (values == NULL) {
        return MLP_OK;
    }
    MLP_TRY(read_values(images_file, first, rows, values));
    return is_end ? mlp_stream_finish(images_file->stream) : MLP_OK;
}

static bool locate_idx(void *state, mlp_split split, mlp_source_place *place)
{
    const idx_source *idx = state;
    const idx_file *images = &idx->files[images_of[split]];
    place->path = mlp_stream_name(images->stream);
    place->offset = images->header_bytes;
    return mlp_stream_is_plain(images->stream);
}

/* ---- Open and close */

static mlp_status check_rows(const idx_file *images, const idx_file *labels)
{
    if (images->extents[0] != labels->extents[0]) {
        return mlp_fail(MLP_ERROR_DATA,
                        "%s: expected %zu labels, one for each row of %s, "
                        "found %zu",
                        mlp_stream_name(labels->stream), images->extents[0],
                        mlp_stream_name(images->stream), labels->extents[0]);
    }
    return MLP_OK;
}

static mlp_status check_features(const idx_file *train, const idx_file *test)
{
    if (train->row_bytes != test->row_bytes) {
        return mlp_fail(MLP_ERROR_DATA,
                        "%s: expected %zu features a row, as in %s, found %zu",
                        mlp_stream_name(test->stream), train->row_bytes,
                        mlp_stream_name(train->stream), test->row_bytes);
    }
    return MLP_OK;
}

static void close_idx(void *state)
{
    idx_source *idx = state;
    for (size_t role = 0; role < MLP_IDX_ROLES; role++) {
        mlp_stream_close(&idx->files[role].stream);
    }
    free(idx);
}

/* An image file that is not open has no rows. */
static void fill_facts(const idx_source *idx, const idx_file *images,
                       mlp_source_info *info)
{
    bool is_picture = images->dimensions == 3;
    info->rows[MLP_SPLIT_TRAIN] = idx->files[MLP_IDX_TRAIN_IMAGES].extents[0];
    info->rows[MLP_SPLIT_TEST] = idx->files[MLP_IDX_TEST_IMAGES].extents[0];
    info->features = images->row_bytes;
    info->height = is_picture ? images->extents[1] : 1;
    info->width = is_picture ? images->extents[2] : info->features;
    info->element = MLP_ELEMENT_U8;
}

static mlp_status create_state(mlp_source *source)
{
    static const mlp_source_ops ops = {.read = read_idx,
                                       .close = close_idx,
                                       .locate = locate_idx,
                                       .reads_files = true};
    source->ops = &ops;
    source->state = calloc(1, sizeof(idx_source));
    return source->state != NULL ? MLP_OK : mlp_fail_memory("a data source");
}

static mlp_status open_split(const mlp_idx_files *found, mlp_split split,
                             bool has_labels, idx_source *idx)
{
    idx_file *images = &idx->files[images_of[split]];
    idx_file *labels = &idx->files[labels_of[split]];
    MLP_TRY(open_file(found->path[images_of[split]], false, images));
    if (!has_labels) {
        return MLP_OK;
    }
    MLP_TRY(open_file(found->path[labels_of[split]], true, labels));
    return check_rows(images, labels);
}

mlp_status mlp_source_idx_open(const char *directory, mlp_source *source)
{
    mlp_idx_files found;
    MLP_TRY(mlp_idx_files_find(directory, &found));
    MLP_TRY(create_state(source));
    idx_source *idx = source->state;
    bool has_labels = source->info.has_labels;
    MLP_TRY(open_split(&found, MLP_SPLIT_TRAIN, has_labels, idx));
    MLP_TRY(open_split(&found, MLP_SPLIT_TEST, has_labels, idx));
    const idx_file *train = &idx->files[MLP_IDX_TRAIN_IMAGES];
    MLP_TRY(check_features(train, &idx->files[MLP_IDX_TEST_IMAGES]));
    fill_facts(idx, train, &source->info);
    return MLP_OK;
}

mlp_status mlp_source_idx_open_file(const char *path, mlp_source *source)
{
    MLP_TRY(create_state(source));
    idx_source *idx = source->state;
    idx_file *images = &idx->files[MLP_IDX_TEST_IMAGES];
    MLP_TRY(open_file(path, false, images));
    fill_facts(idx, images, &source->info);
    return MLP_OK;
}
