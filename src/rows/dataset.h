/** @file
 *  Labelled rows: the run of a split that one rank owns. Features are in
 *  memory, or stay in a file and are read ahead of their use.
 */
#ifndef MLP_DATASET_H
#define MLP_DATASET_H

#include <stddef.h>
#include <stdint.h>

#include "base/digest.h"
#include "base/range.h"
#include "base/status.h"
#include "reader.h"
#include "source/source.h"

/** Rows `range` of a split. Owned by whoever loaded it. */
typedef struct {
    mlp_range range; /**< rows of the split that are here; count may be 0 */
    size_t features;
    mlp_element element;
    /** [range.count, features], row-major, 64-byte aligned; NULL: in a file */
    void *values;
    uint16_t *labels;         /**< [range.count] */
    float *targets;           /**< [range.count], of a regression; else NULL */
    struct mlp_rowfile *file; /**< has the features if not NULL, */
    mlp_reader *reader;       /**< and this one, not owned, reads them */
} mlp_dataset;

/** Allocate and read. MLP_ERROR_INTERNAL without memory, and as
 *  mlp_source_read. Not collective. */
mlp_status mlp_dataset_load(mlp_source *source, mlp_split split,
                            mlp_range range, mlp_dataset *dataset);
void mlp_dataset_destroy(mlp_dataset *dataset);

/** The same, but leave the features in their file, or in a temporary one.
 *  @param reader  reads them; must outlive the dataset
 *  As mlp_dataset_load, and MLP_ERROR_IO when there is no place for the file.
 */
mlp_status mlp_dataset_open(mlp_source *source, mlp_split split,
                            mlp_range range, mlp_reader *reader,
                            mlp_dataset *dataset);

/** MLP_OK, or how reading rows from the file failed; what was made of them is
 *  then worth nothing. */
mlp_status mlp_dataset_status(const mlp_dataset *dataset);

/** Bytes of a row in memory, and of what stays in memory of a row in a file. */
size_t mlp_dataset_row_bytes(const mlp_source *source);
size_t mlp_dataset_kept_bytes(const mlp_source *source);

/** The features of some rows (counted in the dataset), until the next call:
 *  of the first `count` of them, which is all if they are in memory.
 *  Returns [count, features]. */
const void *mlp_dataset_look(const mlp_dataset *dataset, mlp_range rows,
                             size_t *count);

/** Say in which order a feed will ask for rows, from request `first` of a plan
 *  on; and that no more will be asked for. Nothing to do for rows in
 *  memory. See reader.h. */
void mlp_dataset_expect(const mlp_dataset *dataset, const mlp_read_plan *plan,
                        size_t first);
void mlp_dataset_rest(const mlp_dataset *dataset);

/** The largest label plus one, 0 for no rows. */
size_t mlp_dataset_classes(const mlp_dataset *dataset);

/** The largest absolute feature value, 0 for no rows. A value that is not
 *  finite: MLP_ERROR_DATA, naming the row (counted in the split). */
mlp_status mlp_dataset_largest(const mlp_dataset *dataset, float *largest);

/** How many feature values are not 0. */
uint64_t mlp_dataset_nonzeros(const mlp_dataset *dataset);

/** The smallest and largest value of each column, +inf and -inf for no rows.
 *  @param least, largest  [features], overwritten */
void mlp_dataset_extremes(const mlp_dataset *dataset, float *least,
                          float *largest);

/** Sum some columns over rows (counted in the dataset): one chain of additions
 *  a column, row after row, in float64.
 *  @param sums  [columns.count], overwritten */
void mlp_dataset_sums(const mlp_dataset *dataset, mlp_range rows,
                      mlp_range columns, double *sums);

/** The same of the squared distances from a mean.
 *  @param mean  [columns.count] */
void mlp_dataset_squares(const mlp_dataset *dataset, mlp_range rows,
                         mlp_range columns, const double *mean, double *sums);

/** MLP_ERROR_DATA, naming split, row and label, when a label >= classes. */
mlp_status mlp_dataset_check_labels(const mlp_dataset *dataset,
                                    const char *split_name, size_t classes);

/** SHA-256 over the values and labels of rows first .. of this dataset
 *  (counted in the dataset). */
mlp_status mlp_dataset_digest(const mlp_dataset *dataset, mlp_range rows,
                              unsigned char value[MLP_DIGEST_BYTES]);

#endif
