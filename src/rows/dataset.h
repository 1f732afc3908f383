/** @file
 *  Labelled rows: the range of a split that one rank owns. Features are in
 *  memory, or stay in a file and are read ahead of use.
 */
#ifndef MLP_DATASET_H
#define MLP_DATASET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/digest.h"
#include "base/range.h"
#include "base/status.h"
#include "kernels/kernels.h"
#include "reader.h"
#include "source/source.h"

/** Rows `range` of a split. Owned by the caller of load or open. */
typedef struct {
    mlp_range range; /**< rows of the split; count may be 0 */
    size_t features;
    mlp_element element;
    /** [range.count, features], row-major, 64-byte aligned; NULL: in a file */
    void *values;
    uint16_t *labels;         /**< [range.count] */
    float *targets;           /**< [range.count], for regression; else NULL */
    float *weights;           /**< [range.count], from 0 on; NULL: all 1 */
    struct mlp_rowfile *file; /**< if not NULL: has the features, */
    mlp_reader *reader;       /**< which this reader, not owned, reads */
    bool is_dealt; /**< rows of a batch, in its order, which is not that of the
                        split: a feed takes them one after the other */
} mlp_dataset;

/** The arrays of a dataset. */
enum {
    MLP_ROW_VALUES,
    MLP_ROW_LABELS,
    MLP_ROW_TARGETS,
    MLP_ROW_WEIGHTS,
    MLP_ROW_ARRAYS
};

/** Bytes of a row in each; 0 in one that the dataset does not have. */
void mlp_dataset_array_bytes(const mlp_dataset *dataset,
                             size_t bytes[MLP_ROW_ARRAYS]);

/** Their first bytes, NULL of what is not in memory. */
void mlp_dataset_arrays(const mlp_dataset *dataset, char *at[MLP_ROW_ARRAYS]);
void mlp_dataset_use_arrays(mlp_dataset *dataset, char *at[MLP_ROW_ARRAYS]);

/** Allocate and read. MLP_ERROR_INTERNAL without memory; errors of
 *  mlp_source_read. Not collective. */
mlp_status mlp_dataset_load(mlp_source *source, mlp_split split,
                            mlp_range range, mlp_dataset *dataset);
void mlp_dataset_destroy(mlp_dataset *dataset);

/** Like mlp_dataset_load, but leave the features in their file, or in a
 *  temporary one.
 *  @param reader  reads them; must outlive the dataset
 *  Errors of mlp_dataset_load; MLP_ERROR_IO without disk space for the file.
 */
mlp_status mlp_dataset_open(mlp_source *source, mlp_split split,
                            mlp_range range, mlp_reader *reader,
                            mlp_dataset *dataset);

/** Weight of a row (counted in the dataset). One of weight 0 counts
 *  nowhere: neither in statistics of columns nor in losses or metrics. */
static inline double mlp_dataset_weight(const mlp_dataset *dataset, size_t row)
{
    return dataset->weights != NULL ? (double)dataset->weights[row] : 1.0;
}

/** MLP_OK, or the error of reading rows from the file, after which all results
 *  from its rows are invalid. */
mlp_status mlp_dataset_status(const mlp_dataset *dataset);

/** Bytes of a row in memory, and of a row of a split in a file that stay in
 *  memory. */
size_t mlp_dataset_row_bytes(const mlp_source *source);
size_t mlp_dataset_kept_bytes(mlp_source *source, mlp_split split);

/** The features of a range of rows (counted in the dataset), valid until the
 *  next call: of the first `count` of them, which is all if they are in memory.
 *  Returns [count, features]. */
const void *mlp_dataset_read(const mlp_dataset *dataset, mlp_range rows,
                             size_t *count);

/** A value that mlp_dataset_read returned, by its index. */
static inline float mlp_dataset_value(const mlp_dataset *dataset,
                                      const void *values, size_t index)
{
    return dataset->element == MLP_ELEMENT_U8
               ? (float)((const uint8_t *)values)[index]
               : ((const float *)values)[index];
}

/** Announce the order in which a feed will take rows, from request `first` of a
 *  plan; cancel the plan. No effect for rows in memory. See reader.h. */
void mlp_dataset_expect(const mlp_dataset *dataset, const mlp_read_plan *plan,
                        size_t first);
void mlp_dataset_cancel(const mlp_dataset *dataset);

/** The largest label plus one, 0 for no rows. */
size_t mlp_dataset_classes(const mlp_dataset *dataset);

/** The largest absolute feature value, 0 for no rows; rows of weight 0 left
 *  out. MLP_ERROR_DATA for a value that is not finite, with its row in the
 *  split. */
mlp_status mlp_dataset_largest(const mlp_dataset *dataset, float *largest);

/** The same check alone, of a range of rows (counted in the dataset), at the
 *  speed of memory. */
mlp_status mlp_dataset_check_finite(const mlp_dataset *dataset, mlp_range rows,
                                    const mlp_kernels *kernels);

/** Number of nonzero feature values. */
uint64_t mlp_dataset_nonzeros(const mlp_dataset *dataset);

/** The smallest and largest value of each column, +inf and -inf for no rows;
 *  rows of weight 0 left out.
 *  @param least, largest  [features], overwritten */
void mlp_dataset_extremes(const mlp_dataset *dataset, float *least,
                          float *largest);

/** Sum columns over rows (counted in the dataset), each times its weight: one
 *  chain of additions per column, in order of rows, in float64.
 *  @param sums  [columns.count], overwritten */
void mlp_dataset_sums(const mlp_dataset *dataset, mlp_range rows,
                      mlp_range columns, double *sums);

/** The same for squared distances from a mean.
 *  @param mean  [columns.count] */
void mlp_dataset_squares(const mlp_dataset *dataset, mlp_range rows,
                         mlp_range columns, const double *mean, double *sums);

/** MLP_ERROR_DATA with split, row and label when a label >= classes. */
mlp_status mlp_dataset_check_labels(const mlp_dataset *dataset,
                                    const char *split_name, size_t classes);

/** SHA-256 of the values, labels, targets and weights of a range of rows
 * (counted in the dataset). */
mlp_status mlp_dataset_digest(const mlp_dataset *dataset, mlp_range rows,
                              unsigned char value[MLP_DIGEST_BYTES]);

#endif
