/** @file
 *  For fuzz targets of data sources: read all rows that a source claims to
 *  have.
 */
#ifndef MLP_FUZZ_ROWS_H
#define MLP_FUZZ_ROWS_H

#include <stdlib.h>

#include "fuzz.h"
#include "source/source.h"

/** Read all rows of both splits, if they are few, and close the source. */
static inline void fuzz_rows(mlp_source *source)
{
    enum { BYTES_MAX = 1 << 22 };
    const mlp_source_info *info = mlp_source_facts(source);
    for (int split = 0; split < MLP_SPLITS; split++) {
        size_t rows = info->rows[split];
        size_t row_bytes = info->features * mlp_element_bytes(info->element);
        if (rows == 0 || row_bytes == 0 || rows > BYTES_MAX / row_bytes) {
            continue;
        }
        void *values = malloc(rows * row_bytes);
        uint16_t *labels = malloc(rows * sizeof *labels);
        if (values != NULL && labels != NULL) {
            (void)mlp_source_read(source, (mlp_split)split, 0, rows, values,
                                  labels);
        }
        free(values);
        free(labels);
    }
}

#endif
