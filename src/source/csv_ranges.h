/** @file
 *  A plain file of comma-separated values as ranges of bytes, which ranks and
 *  threads read independently. Quotes and lines are counted first, so that it
 *  is known of each range whether it begins inside quotes, and in which line.
 */
#ifndef MLP_CSV_RANGES_H
#define MLP_CSV_RANGES_H

#include "csv.h"

/** Where a range begins. */
typedef struct {
    size_t line;
    bool is_quoted;
} mlp_csv_mark;

/** Zero-initialize; destroy frees. */
typedef struct {
    const mlp_stream *stream;
    size_t begin, end;   /**< bytes of the file that have the records */
    size_t count;        /**< ranges, each of about 1 MiB */
    mlp_csv_mark *marks; /**< [count + 1] */
} mlp_csv_ranges;

/** Count quotes and lines, each rank in its part of the ranges, by threads.
 *  @param csv    a plain file, whose header has been read
 *  @param first  its first records: they continue behind the header
 *  Collective; comm may be NULL. MLP_ERROR_IO. MLP_ERROR_DATA if the file has
 *  become shorter. MLP_ERROR_INTERNAL without memory. */
mlp_status mlp_csv_ranges_create(const mlp_csv *csv,
                                 const mlp_csv_records *first, mlp_comm *comm,
                                 size_t threads, mlp_csv_ranges *ranges);
void mlp_csv_ranges_destroy(mlp_csv_ranges *ranges);

/** Read the records that begin in a range; size 0 if there are none. Several
 *  threads may read, each its own block. Errors of mlp_csv_next. */
mlp_status mlp_csv_ranges_read(const mlp_csv_ranges *ranges, size_t i,
                               mlp_csv_block *block);

#endif
