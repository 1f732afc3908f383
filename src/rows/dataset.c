/** @file
 *  Labelled rows, in memory or in a file.
 */
#include "dataset.h"

#include <math.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "rowfile.h"

enum {
    ALIGNMENT = 64,             /* for vector loads and cache lines */
    HUGE_PAGE = 2 * 1024 * 1024 /* on x86-64 and most others */
};

/* Aligned, and not NULL for 0 rows. A step reads rows from all over the data:
 * with small pages nearly every row would miss the TLB. */
static mlp_status allocate(size_t rows, size_t row_bytes, void **memory)
{
    size_t bytes = 0;
    if (__builtin_mul_overflow(rows, row_bytes, &bytes) ||
        __builtin_add_overflow(bytes, HUGE_PAGE, &bytes)) {
        return mlp_fail_memory("the data set's rows");
    }
    size_t unit = bytes < 4 * HUGE_PAGE ? ALIGNMENT : HUGE_PAGE;
    *memory = aligned_alloc(unit, (bytes - HUGE_PAGE + unit) / unit * unit);
    if (*memory == NULL) {
        return mlp_fail_memory("the data set's rows");
    }
#ifdef MADV_HUGEPAGE
    if (unit == HUGE_PAGE) {
        madvise(*memory, bytes - HUGE_PAGE, MADV_HUGEPAGE); /* may fail */
    }
#endif
    return MLP_OK;
}

static bool has_targets(const mlp_source *source)
{
    const mlp_source_info *info = mlp_source_facts(source);
    return info->schema != NULL && info->schema->is_regression &&
           info->has_labels;
}

size_t mlp_dataset_row_bytes(const mlp_source *source)
{
    const mlp_source_info *info = mlp_source_facts(source);
    return info->features * mlp_element_bytes(info->element);
}

size_t mlp_dataset_kept_bytes(mlp_source *source, mlp_split split)
{
    mlp_source_place place;
    bool has_weights = mlp_source_facts(source)->has_weights;
    (void)mlp_source_locate(source, split, &place);
    return sizeof(uint16_t) +
           ((size_t)has_targets(source) + has_weights) * sizeof(float) +
           (place.rows != NULL ? sizeof *place.rows : 0);
}

static mlp_status read_weights(mlp_source *source, mlp_split split,
                               mlp_dataset *dataset)
{
    void *weights = NULL;
    mlp_range range = dataset->range;
    MLP_TRY(allocate(range.count, sizeof *dataset->weights, &weights));
    dataset->weights = weights;
    return mlp_source_read_weights(source, split, range.first, range.count,
                                   dataset->weights);
}

/* Read labels, weights and targets; also values, if they are in memory. */
static mlp_status read_rows(mlp_source *source, mlp_split split,
                            mlp_dataset *dataset)
{
    mlp_range range = dataset->range;
    void *labels = NULL;
    MLP_TRY(allocate(range.count, sizeof *dataset->labels, &labels));
    dataset->labels = labels;
    MLP_TRY(mlp_source_read(source, split, range.first, range.count,
                            dataset->values, dataset->labels));
    if (mlp_source_facts(source)->has_weights) {
        MLP_TRY(read_weights(source, split, dataset));
    }
    if (!has_targets(source)) {
        return MLP_OK;
    }
    void *targets = NULL;
    MLP_TRY(allocate(range.count, sizeof *dataset->targets, &targets));
    dataset->targets = targets;
    return mlp_source_read_targets(source, split, range.first, range.count,
                                   dataset->targets);
}

void mlp_dataset_array_bytes(const mlp_dataset *dataset,
                             size_t bytes[MLP_ROW_ARRAYS])
{
    bytes[MLP_ROW_VALUES] =
        dataset->features * mlp_element_bytes(dataset->element);
    bytes[MLP_ROW_LABELS] = sizeof *dataset->labels;
    bytes[MLP_ROW_TARGETS] =
        dataset->targets != NULL ? sizeof *dataset->targets : 0;
    bytes[MLP_ROW_WEIGHTS] =
        dataset->weights != NULL ? sizeof *dataset->weights : 0;
}

void mlp_dataset_arrays(const mlp_dataset *dataset, char *at[MLP_ROW_ARRAYS])
{
    at[MLP_ROW_VALUES] = dataset->values;
    at[MLP_ROW_LABELS] = (char *)dataset->labels;
    at[MLP_ROW_TARGETS] = (char *)dataset->targets;
    at[MLP_ROW_WEIGHTS] = (char *)dataset->weights;
}

void mlp_dataset_use_arrays(mlp_dataset *dataset, char *at[MLP_ROW_ARRAYS])
{
    dataset->values = at[MLP_ROW_VALUES];
    dataset->labels = (void *)at[MLP_ROW_LABELS];
    dataset->targets = (void *)at[MLP_ROW_TARGETS];
    dataset->weights = (void *)at[MLP_ROW_WEIGHTS];
}

static mlp_dataset describe(const mlp_source *source, mlp_range range)
{
    const mlp_source_info *info = mlp_source_facts(source);
    return (mlp_dataset){
        .range = range, .features = info->features, .element = info->element};
}

mlp_status mlp_dataset_load(mlp_source *source, mlp_split split,
                            mlp_range range, mlp_dataset *dataset)
{
    *dataset = describe(source, range);
    mlp_status status =
        allocate(range.count, mlp_dataset_row_bytes(source), &dataset->values);
    if (status == MLP_OK) {
        status = read_rows(source, split, dataset);
    }
    if (status != MLP_OK) {
        mlp_dataset_destroy(dataset);
    }
    return status;
}

mlp_status mlp_dataset_open(mlp_source *source, mlp_split split,
                            mlp_range range, mlp_reader *reader,
                            mlp_dataset *dataset)
{
    *dataset = describe(source, range);
    dataset->reader = reader;
    mlp_reader_cancel(reader);
    mlp_status status = read_rows(source, split, dataset);
    if (status == MLP_OK) {
        size_t room = mlp_reader_room(reader) * mlp_dataset_row_bytes(source);
        status =
            mlp_rowfile_open(source, split, range, mlp_reader_window(reader),
                             room, &dataset->file);
    }
    if (status != MLP_OK) {
        mlp_dataset_destroy(dataset);
    }
    return status;
}

void mlp_dataset_destroy(mlp_dataset *dataset)
{
    mlp_dataset_cancel(dataset);
    mlp_rowfile_close(&dataset->file);
    free(dataset->values);
    free(dataset->labels);
    free(dataset->targets);
    free(dataset->weights);
    *dataset = (mlp_dataset){0};
}

/* ---- rows in a file ---------------------------------------------------- */

mlp_status mlp_dataset_status(const mlp_dataset *dataset)
{
    return dataset->file != NULL ? mlp_reader_status(dataset->reader) : MLP_OK;
}

const void *mlp_dataset_read(const mlp_dataset *dataset, mlp_range rows,
                             size_t *count)
{
    size_t row_bytes = dataset->features * mlp_element_bytes(dataset->element);
    *count = rows.count;
    if (dataset->file == NULL) {
        return (const char *)dataset->values + rows.first * row_bytes;
    }
    size_t room = mlp_reader_room(dataset->reader);
    *count = rows.count < room ? rows.count : room;
    return mlp_reader_read(dataset->reader, dataset->file,
                           (mlp_range){rows.first, *count});
}

void mlp_dataset_expect(const mlp_dataset *dataset, const mlp_read_plan *plan,
                        size_t first)
{
    if (dataset->file != NULL) {
        mlp_reader_expect(dataset->reader, dataset->file, plan, first);
    }
}

void mlp_dataset_cancel(const mlp_dataset *dataset)
{
    if (dataset->file != NULL) {
        mlp_reader_cancel(dataset->reader);
    }
}

/* ---- facts ------------------------------------------------------------- */

size_t mlp_dataset_classes(const mlp_dataset *dataset)
{
    size_t classes = 0;
    for (size_t i = 0; i < dataset->range.count; i++) {
        if (dataset->labels[i] >= classes) {
            classes = (size_t)dataset->labels[i] + 1;
        }
    }
    return classes;
}

static float largest_byte(const unsigned char *values, size_t n)
{
    unsigned char largest = 0;
    for (size_t i = 0; i < n; i++) {
        largest = values[i] > largest ? values[i] : largest;
    }
    return largest;
}

/* @param row  of the first value, within the split */
static mlp_status largest_float(const float *values, size_t n, size_t features,
                                size_t row, float *largest)
{
    for (size_t i = 0; i < n; i++) {
        if (!isfinite(values[i])) {
            return mlp_fail(MLP_ERROR_DATA,
                            "expected finite features, found %g in row %zu",
                            (double)values[i], row + i / features);
        }
        float magnitude = fabsf(values[i]);
        *largest = magnitude > *largest ? magnitude : *largest;
    }
    return MLP_OK;
}

/* @param values  of the chunk of rows, [rows.count, features] */
static mlp_status largest_of(const mlp_dataset *dataset, const void *values,
                             mlp_range rows, float *largest)
{
    size_t n = rows.count * dataset->features;
    *largest = 0.0F;
    if (dataset->element == MLP_ELEMENT_U8) {
        *largest = largest_byte(values, n);
        return MLP_OK;
    }
    return largest_float(values, n, dataset->features,
                         dataset->range.first + rows.first, largest);
}

mlp_status mlp_dataset_largest(const mlp_dataset *dataset, float *largest)
{
    size_t row_bytes = dataset->features * mlp_element_bytes(dataset->element);
    mlp_range rows = {0, dataset->range.count};
    size_t count;
    *largest = 0.0F;
    for (; rows.count > 0; rows.first += count, rows.count -= count) {
        const char *values = mlp_dataset_read(dataset, rows, &count);
        size_t step = dataset->weights == NULL ? count : 1;
        for (size_t r = 0; r < count; r += step) {
            float one;
            mlp_range some = {rows.first + r, step};
            MLP_TRY(largest_of(dataset, values + r * row_bytes, some, &one));
            bool counts = mlp_dataset_weight(dataset, some.first) > 0.0;
            *largest = counts && one > *largest ? one : *largest;
        }
    }
    return mlp_dataset_status(dataset);
}

/* Whether some of n values are not finite: NaN or infinity. */
static bool has_infinite(const mlp_kernels *kernels, const float *values,
                         size_t n)
{
    static const uint32_t INFINITE = 0x7f800000;
    size_t whole = n / MLP_ALIGN * MLP_ALIGN;
    mlp_range row = {0, 1}, columns = {0, whole};
    bool is_found = kernels->largest(values, 0, row, columns) >= INFINITE;
    for (size_t i = whole; i < n; i++) {
        is_found |= !isfinite(values[i]);
    }
    return is_found;
}

mlp_status mlp_dataset_check_finite(const mlp_dataset *dataset, mlp_range rows,
                                    const mlp_kernels *kernels)
{
    size_t count;
    if (dataset->element == MLP_ELEMENT_U8) {
        return MLP_OK;
    }
    for (; rows.count > 0; rows.first += count, rows.count -= count) {
        const float *values = mlp_dataset_read(dataset, rows, &count);
        size_t n = count * dataset->features;
        if (has_infinite(kernels, values, n)) {
            float largest = 0.0F;
            return largest_float(values, n, dataset->features,
                                 dataset->range.first + rows.first, &largest);
        }
    }
    return mlp_dataset_status(dataset);
}

static uint64_t count_nonzeros(const void *values, size_t n,
                               mlp_element element)
{
    const uint8_t *bytes = values;
    const float *floats = values;
    uint64_t count = 0;
    if (element == MLP_ELEMENT_U8) {
        for (size_t i = 0; i < n; i++) {
            count += bytes[i] != 0;
        }
    } else {
        for (size_t i = 0; i < n; i++) {
            count += floats[i] != 0.0F;
        }
    }
    return count;
}

uint64_t mlp_dataset_nonzeros(const mlp_dataset *dataset)
{
    mlp_range rows = {0, dataset->range.count};
    size_t count;
    uint64_t nonzeros = 0;
    for (; rows.count > 0; rows.first += count, rows.count -= count) {
        const void *values = mlp_dataset_read(dataset, rows, &count);
        nonzeros +=
            count_nonzeros(values, count * dataset->features, dataset->element);
    }
    return nonzeros;
}

mlp_status mlp_dataset_check_labels(const mlp_dataset *dataset,
                                    const char *split_name, size_t classes)
{
    for (size_t i = 0; i < dataset->range.count; i++) {
        if (dataset->labels[i] >= classes) {
            return mlp_fail(MLP_ERROR_DATA,
                            "%s row %zu: expected a label below %zu, found %u",
                            split_name, dataset->range.first + i, classes,
                            dataset->labels[i]);
        }
    }
    return MLP_OK;
}

static mlp_status digest_rows(const mlp_dataset *dataset, mlp_range rows,
                              mlp_digest *digest,
                              unsigned char value[MLP_DIGEST_BYTES])
{
    size_t row_bytes = dataset->features * mlp_element_bytes(dataset->element);
    size_t count;
    for (mlp_range left = rows; left.count > 0;
         left.first += count, left.count -= count) {
        const void *values = mlp_dataset_read(dataset, left, &count);
        MLP_TRY(mlp_digest_update(digest, values, count * row_bytes));
    }
    MLP_TRY(mlp_dataset_status(dataset));
    MLP_TRY(mlp_digest_update(digest, dataset->labels + rows.first,
                              rows.count * sizeof *dataset->labels));
    if (dataset->targets != NULL) {
        MLP_TRY(mlp_digest_update(digest, dataset->targets + rows.first,
                                  rows.count * sizeof *dataset->targets));
    }
    if (dataset->weights != NULL) {
        MLP_TRY(mlp_digest_update(digest, dataset->weights + rows.first,
                                  rows.count * sizeof *dataset->weights));
    }
    return mlp_digest_finish(digest, value);
}

mlp_status mlp_dataset_digest(const mlp_dataset *dataset, mlp_range rows,
                              unsigned char value[MLP_DIGEST_BYTES])
{
    mlp_digest *digest = NULL;
    MLP_TRY(mlp_digest_create(&digest));
    mlp_status status = digest_rows(dataset, rows, digest, value);
    mlp_digest_destroy(&digest);
    return status;
}
