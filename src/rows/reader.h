/** @file
 *  Rows that do not fit into memory, read ahead of their use by a thread in
 *  the background. Who uses them says first in which order that will be; then
 *  they arrive through two windows of fixed size: while one is used up the
 *  other is filled, its rows in the order in which they lie in the file.
 *
 *  One thread uses a reader. After a failure it gives rows of no meaning,
 *  without waiting: look at mlp_reader_status before anything comes of them.
 */
#ifndef MLP_READER_H
#define MLP_READER_H

#include <stddef.h>
#include <stdint.h>

#include "base/range.h"
#include "base/status.h"

typedef struct mlp_reader mlp_reader;
struct mlp_rowfile;

/** What will be asked for. */
typedef struct {
    /** Write the rows of a request, in their order; how many they are. Called
     *  by the reader's thread until mlp_reader_rest. */
    size_t (*pick)(const void *context, size_t request, uint32_t *rows);
    const void *context;
    size_t requests;
} mlp_read_plan;

/** Bytes that a reader needs at least.
 *  @param most  rows of a request at most */
size_t mlp_reader_least(size_t row_bytes, size_t most);

/** Memory for two windows, as large as go into `bytes`, and a thread.
 *  MLP_ERROR_INTERNAL without one of them. */
mlp_status mlp_reader_create(size_t bytes, size_t row_bytes, size_t most,
                             mlp_reader **reader);
void mlp_reader_destroy(mlp_reader **reader);

/** Rows of a window, and the memory of one, while nothing is expected. */
size_t mlp_reader_room(const mlp_reader *reader);
void *mlp_reader_window(mlp_reader *reader);

/** Read rows now, one behind the other; what was expected is forgotten.
 *  @param rows  of mlp_reader_room at most
 *  Returns [rows.count, features], until the next call. */
const void *mlp_reader_look(mlp_reader *reader, const struct mlp_rowfile *file,
                            mlp_range rows);

/** Begin to read ahead from request `first` of a plan on.
 *  @param plan  copied; its context is used until mlp_reader_rest */
void mlp_reader_expect(mlp_reader *reader, const struct mlp_rowfile *file,
                       const mlp_read_plan *plan, size_t first);

/** Forget what is expected, and wait until nothing is read any more. */
void mlp_reader_rest(mlp_reader *reader);

/** Wait for the rows of the next request that has any.
 *  @param count  how many these are; with 0 nothing happens
 *  Returns [count, features], until the next call. */
const void *mlp_reader_take(mlp_reader *reader, size_t count);

/** MLP_OK, or how reading failed. */
mlp_status mlp_reader_status(const mlp_reader *reader);

/** Seconds that mlp_reader_take waited, all calls together. */
double mlp_reader_waited(const mlp_reader *reader);

#endif
