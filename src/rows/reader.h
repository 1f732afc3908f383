/** @file
 *  Rows that do not fit into memory, read ahead of use by a background thread.
 *  The caller first announces the order of rows (a plan); the rows then arrive
 *  through two windows of fixed size: while one is used, the other is filled,
 *  in file order.
 *
 *  A reader is used by one thread. After a failure it returns invalid rows
 *  without waiting: check mlp_reader_status before using results.
 */
#ifndef MLP_READER_H
#define MLP_READER_H

#include <stddef.h>
#include <stdint.h>

#include "base/range.h"
#include "base/status.h"

typedef struct mlp_reader mlp_reader;
struct mlp_rowfile;

/** A plan: the requests to come. */
typedef struct {
    /** Write the rows of a request, in order, and return their number. Called
     *  by the reader's thread until mlp_reader_cancel. */
    size_t (*pick)(const void *context, size_t request, uint32_t *rows);
    const void *context;
    size_t requests;
} mlp_read_plan;

/** Minimum memory of a reader in bytes.
 *  @param most  largest request in rows */
size_t mlp_reader_least(size_t row_bytes, size_t most);

/** Allocate two windows, as large as `bytes` allows, and start a thread.
 *  MLP_ERROR_INTERNAL if either fails. */
mlp_status mlp_reader_create(size_t bytes, size_t row_bytes, size_t most,
                             mlp_reader **reader);
void mlp_reader_destroy(mlp_reader **reader);

/** Rows of a window, and the memory of one, while no plan is announced. */
size_t mlp_reader_room(const mlp_reader *reader);
void *mlp_reader_window(mlp_reader *reader);

/** Read contiguous rows now; cancels the announced plan.
 *  @param rows  at most mlp_reader_room
 *  Returns [rows.count, features], valid until the next call. */
const void *mlp_reader_read(mlp_reader *reader, const struct mlp_rowfile *file,
                            mlp_range rows);

/** Start to read ahead, from request `first` of a plan.
 *  @param plan  copied; its context is used until mlp_reader_cancel */
void mlp_reader_expect(mlp_reader *reader, const struct mlp_rowfile *file,
                       const mlp_read_plan *plan, size_t first);

/** Cancel the plan, and wait until nothing is being read. */
void mlp_reader_cancel(mlp_reader *reader);

/** Wait for the rows of the next request that has any.
 *  @param count  their number; 0 has no effect
 *  Returns [count, features], valid until the next call. */
const void *mlp_reader_take(mlp_reader *reader, size_t count);

/** MLP_OK, or the first error of reading. */
mlp_status mlp_reader_status(const mlp_reader *reader);

/** Total seconds that mlp_reader_take has waited. */
double mlp_reader_waited(const mlp_reader *reader);

#endif
