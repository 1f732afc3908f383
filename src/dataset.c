/** @file
 *  Labelled rows in memory.
 */
#include "mlp/dataset.h"

#include <math.h>
#include <stdlib.h>
#include <sys/mman.h>

enum {
    ALIGNMENT = 64,             /* of vector loads and cache lines */
    HUGE_PAGE = 2 * 1024 * 1024 /* of x86-64 and most others */
};

/* Aligned, and never NULL for want of elements. A step reads rows anywhere in
 * the data: with small pages nearly every row would miss the TLB. */
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
        madvise(*memory, bytes - HUGE_PAGE, MADV_HUGEPAGE); /* may say no */
    }
#endif
    return MLP_OK;
}

static mlp_status allocate_and_read(mlp_source *source, mlp_split split,
                                    mlp_dataset *dataset)
{
    mlp_range range = dataset->range;
    size_t row_bytes = dataset->features * mlp_element_bytes(dataset->element);
    void *labels = NULL;
    MLP_TRY(allocate(range.count, row_bytes, &dataset->values));
    MLP_TRY(allocate(range.count, sizeof *dataset->labels, &labels));
    dataset->labels = labels;
    MLP_TRY(mlp_source_read(source, split, range.first, range.count,
                            dataset->values, dataset->labels));
    const mlp_schema *schema = mlp_source_facts(source)->schema;
    if (schema == NULL || !schema->is_regression ||
        !mlp_source_facts(source)->has_labels) {
        return MLP_OK;
    }
    void *targets = NULL;
    MLP_TRY(allocate(range.count, sizeof *dataset->targets, &targets));
    dataset->targets = targets;
    return mlp_source_read_targets(source, split, range.first, range.count,
                                   dataset->targets);
}

mlp_status mlp_dataset_load(mlp_source *source, mlp_split split,
                            mlp_range range, mlp_dataset *dataset)
{
    const mlp_source_info *info = mlp_source_facts(source);
    *dataset = (mlp_dataset){
        .range = range, .features = info->features, .element = info->element};
    mlp_status status = allocate_and_read(source, split, dataset);
    if (status != MLP_OK) {
        mlp_dataset_destroy(dataset);
    }
    return status;
}

void mlp_dataset_destroy(mlp_dataset *dataset)
{
    free(dataset->values);
    free(dataset->labels);
    free(dataset->targets);
    *dataset = (mlp_dataset){0};
}

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

mlp_status mlp_dataset_largest(const mlp_dataset *dataset, float *largest)
{
    size_t n = dataset->range.count * dataset->features;
    *largest = 0.0F;
    if (dataset->element == MLP_ELEMENT_U8) {
        *largest = largest_byte(dataset->values, n);
        return MLP_OK;
    }
    const float *values = dataset->values;
    for (size_t i = 0; i < n; i++) {
        if (!isfinite(values[i])) {
            return mlp_fail(MLP_ERROR_DATA,
                            "expected finite features, found %g in row %zu",
                            (double)values[i],
                            dataset->range.first + i / dataset->features);
        }
        float magnitude = fabsf(values[i]);
        *largest = magnitude > *largest ? magnitude : *largest;
    }
    return MLP_OK;
}

uint64_t mlp_dataset_nonzeros(const mlp_dataset *dataset)
{
    size_t n = dataset->range.count * dataset->features;
    const uint8_t *bytes = dataset->values;
    const float *floats = dataset->values;
    uint64_t count = 0;
    if (dataset->element == MLP_ELEMENT_U8) {
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
    const unsigned char *values = dataset->values;
    MLP_TRY(mlp_digest_update(digest, values + rows.first * row_bytes,
                              rows.count * row_bytes));
    MLP_TRY(mlp_digest_update(digest, dataset->labels + rows.first,
                              rows.count * sizeof *dataset->labels));
    if (dataset->targets != NULL) {
        MLP_TRY(mlp_digest_update(digest, dataset->targets + rows.first,
                                  rows.count * sizeof *dataset->targets));
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
