/** @file
 *  Splits of a source that are some of the rows of its file. Private to the
 *  sources.
 */
#ifndef MLP_SOURCE_PARTS_H
#define MLP_SOURCE_PARTS_H

#include "base/range.h"
#include "kinds.h"

/** Destinations of rows; NULL where not wanted. */
typedef struct {
    void *values;     /**< [rows, features] */
    uint16_t *labels; /**< [rows] */
    float *targets;   /**< [rows]; then the others are NULL */
    float *weights;   /**< likewise */
} mlp_row_arrays;

/** Where a split's rows are; by default those of the file's split. */
mlp_split_part mlp_source_part_of(const mlp_source *source, mlp_split split);

/** Read rows of a split, at least one. Errors of mlp_source_read. */
mlp_status mlp_source_read_part(mlp_source *source, mlp_split split,
                                mlp_range which, const mlp_row_arrays *to);

#endif
