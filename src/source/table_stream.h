/** @file
 *  The rows of a table one after the other, encoded by a model's schema: for
 *  predictions, in memory that does not grow with the file. Labels are not
 *  read. A record that cannot be encoded is returned, too, with the reason.
 */
#ifndef MLP_TABLE_STREAM_H
#define MLP_TABLE_STREAM_H

#include <stdbool.h>
#include <stddef.h>

#include "base/status.h"
#include "schema.h"

typedef struct mlp_table_stream mlp_table_stream;

/** What to read, and how; texts are borrowed. */
typedef struct {
    const char *path;    /**< as of mlp_csv_open */
    const char *columns; /**< names, of a file without a header; "": it has
                              one */
    const char *id;      /**< a column to return as text; NULL: none */
    bool skips_bad;      /**< return invalid records; else they are an error */
} mlp_table_stream_how;

/** A record of the file. */
typedef struct {
    size_t number;    /**< from 0; the header does not count */
    char *id;         /**< text of the id column; NULL: none was asked for */
    char reason[256]; /**< why it has no row; "": it has one */
} mlp_table_record;

/** Records, and the rows of those that have one. Owned by the stream; valid
 *  until the next call. */
typedef struct {
    mlp_table_record *records; /**< [count] */
    size_t count;
    float *values; /**< [rows, features], 64-byte aligned */
    size_t rows;
} mlp_table_batch;

/** Open, and match the header's names to the schema's.
 *  @param schema  must outlive the stream
 *  @param most    records of a batch
 *  MLP_ERROR_USAGE when there is no id column; MLP_ERROR_DATA when a column of
 *  the schema is missing; errors of mlp_csv_open. */
mlp_status mlp_table_stream_open(const mlp_table_stream_how *how,
                                 const mlp_schema *schema, size_t most,
                                 mlp_table_stream **stream);
void mlp_table_stream_close(mlp_table_stream **stream);

/** Read the next records. A failure comes after the records before it.
 *  @param batch  count 0 at the end of the file
 *  MLP_ERROR_DATA for what is no CSV, and without skips_bad for an invalid
 *  record: file, line and column. Errors of mlp_csv_next. */
mlp_status mlp_table_stream_next(mlp_table_stream *stream,
                                 mlp_table_batch *batch);

#endif
