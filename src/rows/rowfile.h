/** @file
 *  Features of rows that stay in a file: in the data set's own, where they lie
 *  there as they would in memory, else in a copy of them that has no name and
 *  goes away with the process.
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
 *  @param room  of room_bytes, a row at least: what a copy goes through
 *
 *  MLP_ERROR_USAGE when what the file packs together does not fit into the
 *  room; MLP_ERROR_IO when there is no place for a copy; as mlp_source_read.
 */
mlp_status mlp_rowfile_open(mlp_source *source, mlp_split split,
                            mlp_range range, void *room, size_t room_bytes,
                            mlp_rowfile **rows);
void mlp_rowfile_close(mlp_rowfile **rows);

/** Read rows one behind the other. Rows are counted in the range; any thread
 *  may read.
 *  @param values  [count, features]
 *  MLP_ERROR_IO: reading failed, or the file is not what it was. */
mlp_status mlp_rowfile_read(const mlp_rowfile *rows, mlp_range which,
                            void *values);

/** A row that is wanted, and its place among the values. */
typedef struct {
    uint32_t row, place;
} mlp_pick;

/** Read rows from all over the file; neighbours are read together.
 *  @param picks  [count], by rising row, each once
 *  As mlp_rowfile_read. */
mlp_status mlp_rowfile_gather(const mlp_rowfile *rows, const mlp_pick *picks,
                              size_t count, void *values);

#endif
