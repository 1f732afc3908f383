/** @file
 *  Features of rows that stay in a file: in the data set's own file if it
 *  stores them as they are in memory, else in a temporary copy without a name,
 *  which the process's end removes.
 */
#ifndef MLP_ROWFILE_H
#define MLP_ROWFILE_H

#include <stddef.h>
#include <stdint.h>

#include "base/range.h"
#include "base/status.h"
#include "source/source.h"

typedef struct mlp_rowfile mlp_rowfile;

/** Open rows of a split. A copy is made in $TMPDIR, or in /var/tmp.
 *
 *  @param buffer  [buffer_bytes], at least a row: buffer for the copy
 *
 *  MLP_ERROR_USAGE when a chunk of the file does not fit into the buffer;
 *  MLP_ERROR_IO without disk space for a copy; errors of mlp_source_read.
 */
mlp_status mlp_rowfile_open(mlp_source *source, mlp_split split,
                            mlp_range range, void *buffer, size_t buffer_bytes,
                            mlp_rowfile **rows);
void mlp_rowfile_close(mlp_rowfile **rows);

/** Read contiguous rows, counted in the range. Thread-safe.
 *  @param values  [count, features]
 *  MLP_ERROR_IO when reading fails, or the file has changed. */
mlp_status mlp_rowfile_read(const mlp_rowfile *rows, mlp_range which,
                            void *values);

/** A row to read, and its position among the values. */
typedef struct {
    uint32_t row, place;
} mlp_pick;

/** Read rows from anywhere in the file; adjacent ones are read together.
 *  @param picks  [count], in ascending order of rows, without duplicates
 *  Errors of mlp_rowfile_read. */
mlp_status mlp_rowfile_gather(const mlp_rowfile *rows, const mlp_pick *picks,
                              size_t count, void *values);

#endif
