/** @file
 *  A plain file of comma-separated values as ranges of bytes.
 */
#include "csv_ranges.h"

#include <stdlib.h>
#include <string.h>

#include "base/range.h"
#include "joint.h"
#include "system/threads.h"

enum {
    RANGE_BYTES = MLP_CSV_BLOCK,
    TAIL_BYTES = 1 << 14 /* read at a time behind a range */
};

/* ---- counting ---------------------------------------------------------- */

/* Counts the ranges of a rank. */
typedef struct {
    const mlp_csv_ranges *ranges;
    mlp_range mine;
    uint64_t (*counts)[2]; /* [ranges]: quotes, lines */
    mlp_status *statuses;  /* [threads] */
} counting;

static size_t offset_of(const mlp_csv_ranges *ranges, size_t i)
{
    size_t offset = ranges->begin + i * RANGE_BYTES;
    return offset < ranges->end ? offset : ranges->end;
}

static mlp_status read_bytes(const mlp_csv_ranges *ranges, size_t from,
                             size_t to, char *bytes)
{
    size_t taken = 0;
    MLP_TRY(mlp_stream_read_at(ranges->stream, from, bytes, to - from, &taken));
    return taken == to - from
               ? MLP_OK
               : mlp_fail(MLP_ERROR_DATA, "%s: became shorter while it is read",
                          mlp_stream_name(ranges->stream));
}

static mlp_status count_range(const counting *of, size_t i, char *bytes)
{
    size_t from = offset_of(of->ranges, i);
    size_t to = offset_of(of->ranges, i + 1);
    MLP_TRY(read_bytes(of->ranges, from, to, bytes));
    of->counts[i][0] = mlp_csv_count(bytes, to - from, '"');
    of->counts[i][1] = mlp_csv_count(bytes, to - from, '\n');
    return MLP_OK;
}

static mlp_status count_some(const counting *of, mlp_range ranges)
{
    char *bytes = malloc(RANGE_BYTES);
    mlp_status status = bytes == NULL ? mlp_fail_memory("a table") : MLP_OK;
    for (size_t i = 0; i < ranges.count && status == MLP_OK; i++) {
        status = count_range(of, ranges.first + i, bytes);
    }
    free(bytes);
    return status;
}

static void count_on_thread(void *context, mlp_thread self)
{
    const counting *of = context;
    of->statuses[self.index] = count_some(of, mlp_thread_range(self, of->mine));
}

/* Failure texts belong to threads: the range that failed is read again. */
static mlp_status count_mine(const counting *of, size_t threads)
{
    mlp_status status = MLP_OK;
    if (threads == 1) {
        return count_some(of, of->mine);
    }
    mlp_threads_run(NULL, threads, count_on_thread, (void *)of);
    for (size_t i = 0; i < threads && status == MLP_OK; i++) {
        status = of->statuses[i];
    }
    return status == MLP_OK ? MLP_OK : count_some(of, of->mine);
}

static void set_marks(mlp_csv_ranges *ranges, size_t line,
                      const uint64_t (*counts)[2])
{
    mlp_csv_mark mark = {line, false};
    for (size_t i = 0; i < ranges->count; i++) {
        ranges->marks[i] = mark;
        mark.line += counts[i][1];
        mark.is_quoted ^= counts[i][0] % 2;
    }
    ranges->marks[ranges->count] = mark;
}

static mlp_status count_all(mlp_csv_ranges *ranges, size_t line, mlp_comm *comm,
                            size_t threads)
{
    counting of = {.ranges = ranges,
                   .mine = mlp_range_part(ranges->count, mlp_joint_size(comm),
                                          mlp_joint_rank(comm)),
                   .counts = calloc(ranges->count + 1, sizeof *of.counts),
                   .statuses = calloc(threads, sizeof *of.statuses)};
    mlp_status status =
        of.counts == NULL || of.statuses == NULL || ranges->marks == NULL
            ? mlp_fail_memory("a table")
            : count_mine(&of, threads);
    status = mlp_joint_agree(comm, status);
    if (status == MLP_OK) {
        status = mlp_joint_sum(comm, &of.counts[0][0], 2 * ranges->count);
    }
    if (status == MLP_OK) {
        set_marks(ranges, line, (const uint64_t(*)[2])of.counts);
    }
    free(of.counts);
    free(of.statuses);
    return status;
}

mlp_status mlp_csv_ranges_create(const mlp_csv *csv,
                                 const mlp_csv_records *first, mlp_comm *comm,
                                 size_t threads, mlp_csv_ranges *ranges)
{
    size_t end = mlp_stream_size(csv->stream);
    size_t begin = csv->skipped + (size_t)(first->at - first->begin);
    *ranges = (mlp_csv_ranges){
        .stream = csv->stream, .begin = begin < end ? begin : end, .end = end};
    ranges->count = (end - ranges->begin + RANGE_BYTES - 1) / RANGE_BYTES;
    ranges->marks = calloc(ranges->count + 1, sizeof *ranges->marks);
    return count_all(ranges, first->line, comm, threads);
}

void mlp_csv_ranges_destroy(mlp_csv_ranges *ranges)
{
    free(ranges->marks);
    *ranges = (mlp_csv_ranges){0};
}

/* ---- reading ----------------------------------------------------------- */

/* The first byte behind the end of a line outside of quotes; size for none.
 *  @param lines  is added the ends of lines up to there */
static size_t find_record(const char *bytes, size_t from, size_t size,
                          bool *is_quoted, size_t *lines)
{
    for (size_t i = from; i < size; i++) {
        *is_quoted ^= bytes[i] == '"';
        *lines += bytes[i] == '\n';
        if (bytes[i] == '\n' && !*is_quoted) {
            return i + 1;
        }
    }
    return size;
}

/* The first record of a range that does not begin the file. The block's first
 * byte is the one before the range. */
static void find_first(const mlp_csv_ranges *ranges, size_t i,
                       mlp_csv_block *block)
{
    bool is_quoted = ranges->marks[i].is_quoted;
    block->skipped = 1;
    if (block->bytes[0] != '\n' || is_quoted) {
        block->skipped =
            find_record(block->bytes, 1, block->size, &is_quoted, &block->line);
    }
}

/* Read on to the end of the last record, which is behind the range. */
static mlp_status read_tail(const mlp_csv_ranges *ranges, size_t i,
                            mlp_csv_block *block)
{
    size_t offset = offset_of(ranges, i + 1);
    bool is_quoted = ranges->marks[i + 1].is_quoted;
    bool is_whole = block->bytes[block->size - 1] == '\n' && !is_quoted;
    size_t lines = 0;
    size_t range = block->size;
    while (!is_whole && offset < ranges->end) {
        size_t left = ranges->end - offset;
        size_t more = left < TAIL_BYTES ? left : TAIL_BYTES;
        if (block->size - range + more > MLP_CSV_RECORD_MOST) {
            return mlp_fail(MLP_ERROR_DATA,
                            "%s:%zu: expected records of less than 1 MiB; is a "
                            "closing quote missing?",
                            mlp_stream_name(ranges->stream), block->line);
        }
        MLP_TRY(read_bytes(ranges, offset, offset + more,
                           block->bytes + block->size));
        size_t found = find_record(block->bytes, block->size,
                                   block->size + more, &is_quoted, &lines);
        is_whole = found < block->size + more ||
                   (block->bytes[found - 1] == '\n' && !is_quoted);
        block->size = found;
        offset += more;
    }
    return MLP_OK;
}

mlp_status mlp_csv_ranges_read(const mlp_csv_ranges *ranges, size_t i,
                               mlp_csv_block *block)
{
    size_t from = offset_of(ranges, i) - (i > 0);
    size_t to = offset_of(ranges, i + 1);
    if (block->bytes == NULL) {
        block->bytes = calloc(MLP_CSV_BLOCK_ROOM, 1);
    }
    if (block->bytes == NULL) {
        return mlp_fail_memory("a table");
    }
    MLP_TRY(read_bytes(ranges, from, to, block->bytes));
    block->size = to - from;
    block->skipped = 0;
    block->line = ranges->marks[i].line;
    if (i > 0) {
        find_first(ranges, i, block);
    }
    if (block->skipped == block->size) {
        block->size = 0; /* no record begins here */
        block->skipped = 0;
        return MLP_OK;
    }
    MLP_TRY(read_tail(ranges, i, block));
    block->bytes[block->size] = '\0';
    return MLP_OK;
}
