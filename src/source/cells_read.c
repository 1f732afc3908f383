/** @file
 *  Reads the files of a table into typed cells. A plain file is divided into
 *  ranges of bytes, of which each rank takes a part and its threads one at a
 *  time. What is packed, or comes from standard input, all ranks unpack; they
 *  take its blocks in turn.
 *
 *  As long as the kind of a column is unknown, which is that of its first cell
 *  that is not missing, all ranks parse the file from its beginning, with one
 *  thread, and keep the rows that are theirs.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/range.h"
#include "cells_parse.h"
#include "joint.h"
#include "system/threads.h"

/* Memory per byte of the file, and an amount that is always allowed: a small
 * compressed file can unpack to any size. */
enum {
    EXPANSION_MOST = 128,
    ALWAYS_ALLOWED = 64 << 20,
    BLOCKS = 8,              /* that a rank parses at a time */
    ARRAY_NUMBERS = 1 << 17, /* that are read at a time */
    FOUND_FIRST = 64
};

/* Reads a file. */
typedef struct {
    mlp_cells *cells;
    mlp_csv *csv; /* NULL: it is an array */
    const mlp_npy *array;
    const mlp_stream *stream;
    mlp_parser parser;
    mlp_segment *segments; /* [segment_count], and one to pass over blocks */
    size_t segment_count;
    size_t filled; /* segments that have a block */
    size_t rank, ranks;
} reading;

/* ---- joining ----------------------------------------------------------- */

static mlp_status check_growth(const mlp_cells *cells, size_t rows,
                               const mlp_stream *stream)
{
    size_t bytes = rows * cells->width * sizeof *cells->words;
    size_t stored = cells->stored + mlp_stream_size(stream);
    return bytes <= ALWAYS_ALLOWED || bytes / EXPANSION_MOST <= stored
               ? MLP_OK
               : mlp_fail(MLP_ERROR_DATA,
                          "%s: %zu rows are out of proportion to the %zu bytes "
                          "that they were read from",
                          cells->name, rows, stored);
}

/* Note where a new text was found. */
static mlp_status note_section(mlp_cell_column *column, size_t code,
                               uint32_t section)
{
    if (code >= column->found_room) {
        size_t room = 2 * column->found_room + FOUND_FIRST;
        uint32_t *found = reallocarray(column->found, room, sizeof *found);
        if (found == NULL) {
            return mlp_fail_memory("the texts of a column");
        }
        column->found = found;
        column->found_room = room;
    }
    column->found[code] = section;
    return MLP_OK;
}

/* The codes that the table has for a segment's texts. */
static mlp_status join_texts(mlp_cells *cells, const mlp_segment *s, size_t i,
                             uint32_t *codes)
{
    mlp_cell_column *column = &cells->columns[i];
    column->has_many |= s->has_many[i];
    for (size_t k = 0; k < s->texts[i].count; k++) {
        const char *text = mlp_texts_item(&s->texts[i], k);
        size_t known = column->texts.count;
        size_t code;
        if (column->has_many) {
            codes[k] = MLP_CELL_MISSING;
            continue;
        }
        MLP_TRY(mlp_texts_add(&column->texts, text, strlen(text), &code));
        codes[k] = (uint32_t)code;
        if (code == known) {
            MLP_TRY(note_section(column, code, s->section));
        }
        if (column->kind == MLP_COLUMN_NUMBER) {
            column->has_many = code >= MLP_AUTO_CLASSES_MOST;
        } else if (code >= MLP_TEXTS_MOST) {
            return mlp_cells_refuse_texts(s->records.path, column);
        }
    }
    return MLP_OK;
}

static mlp_status join_column(mlp_cells *cells, const mlp_segment *s, size_t i,
                              uint32_t *words)
{
    size_t place = cells->columns[i].code;
    uint32_t *codes = calloc(s->texts[i].count + 1, sizeof *codes);
    if (codes == NULL) {
        return mlp_fail_memory("the texts of a column");
    }
    mlp_status status = join_texts(cells, s, i, codes);
    for (size_t r = 0; r < s->rows && status == MLP_OK; r++) {
        uint32_t *word = &words[r * cells->width + place];
        *word = *word == MLP_CELL_MISSING ? *word : codes[*word];
    }
    free(codes);
    return status;
}

static mlp_status join_segment(mlp_cells *cells, const mlp_segment *s,
                               const mlp_stream *stream)
{
    if (s->status != MLP_OK) {
        return mlp_fail(s->status, "%s", s->failure);
    }
    if (!s->is_kept) {
        return MLP_OK;
    }
    MLP_TRY(check_growth(cells, cells->rows + s->rows, stream));
    MLP_TRY(mlp_cells_make_room(cells, cells->rows + s->rows));
    mlp_cells_section *section = &cells->sections[s->section];
    uint32_t *words = NULL; /* there may be none yet, and none here */
    if (s->rows > 0) {
        words = cells->words + cells->rows * cells->width;
        memcpy(words, s->words, s->rows * cells->width * sizeof *words);
    }
    for (size_t r = 0; r < s->rows; r++) {
        words[r * cells->width + MLP_CELLS_INPUT] += (uint32_t)section->records;
    }
    for (size_t i = 0; i < cells->count; i++) {
        if (s->texts[i].count > 0 || s->has_many[i]) {
            MLP_TRY(join_column(cells, s, i, words));
        }
    }
    if (cells->dropped == 0 && s->dropped > 0) {
        snprintf(cells->first_bad, sizeof cells->first_bad, "%s:%s",
                 s->records.path, s->first_bad);
        cells->first_bad_section = s->section;
    }
    section->records += s->taken;
    cells->rows += s->rows;
    cells->dropped += s->dropped;
    cells->unlabelled += s->unlabelled;
    cells->incomplete += s->incomplete;
    return MLP_OK;
}

/* ---- segments ---------------------------------------------------------- */

/* A column's kind is found by one thread, in the order of the file. */
static bool has_unknown(const mlp_cells *cells)
{
    for (size_t i = 0; i < cells->count; i++) {
        if (cells->columns[i].kind == MLP_COLUMN_UNKNOWN &&
            cells->columns[i].code != SIZE_MAX) {
            return true;
        }
    }
    return false;
}

static void parse_segments(void *context, mlp_thread self)
{
    reading *of = context;
    mlp_range mine = mlp_thread_share(self, of->filled);
    for (size_t i = mine.first; i < mine.first + mine.count; i++) {
        mlp_segment_parse(&of->parser, &of->segments[i]);
    }
}

/* Parse the filled segments, and join them in their order. */
static mlp_status take_segments(reading *of)
{
    size_t threads = of->cells->how.threads;
    if (of->filled == 1) {
        mlp_segment_parse(&of->parser, of->segments);
    } else if (of->filled > 1) {
        mlp_threads_run(NULL, threads < of->filled ? threads : of->filled,
                        parse_segments, of);
    }
    for (size_t i = 0; i < of->filled; i++) {
        MLP_TRY(join_segment(of->cells, &of->segments[i], of->stream));
    }
    return MLP_OK;
}

static mlp_segment *fill_segment(reading *of, size_t section, bool is_kept)
{
    mlp_segment *s = &of->segments[of->filled++];
    mlp_segment_reset(&of->parser, s);
    s->section = (uint32_t)section;
    s->is_kept = is_kept;
    return s;
}

/* ---- a plain file ------------------------------------------------------ */

/* Rows of an array that make one range. */
static size_t array_rows(const mlp_npy *array)
{
    return ARRAY_NUMBERS / (array->columns + 1) + 1;
}

static void fill_range(reading *of, const mlp_csv_ranges *ranges, size_t i,
                       size_t section, bool is_kept)
{
    mlp_segment *s = fill_segment(of, section, is_kept);
    s->ranges = ranges;
    s->range = i;
    s->array = of->array;
    if (of->array != NULL) {
        size_t most = array_rows(of->array);
        size_t left = of->array->rows - i * most;
        s->records.path = mlp_stream_name(of->stream);
        s->array_rows = (mlp_range){i * most, left < most ? left : most};
    }
}

/* Each rank's part is a section.
 *  @param ranges  NULL: those of an array
 *  @param count   of ranges */
static mlp_status take_ranges(reading *of, const mlp_csv_ranges *ranges,
                              size_t count, size_t first_section)
{
    const mlp_range mine = mlp_range_part(count, of->ranks, of->rank);
    size_t end = mine.first + mine.count;
    size_t section = first_section + of->rank;
    size_t i = 0;
    for (; i < count && has_unknown(of->cells); i++) {
        of->filled = 0;
        fill_range(of, ranges, i, section, i >= mine.first && i < end);
        MLP_TRY(take_segments(of));
    }
    i = i > mine.first ? i : mine.first;
    while (i < end) {
        for (of->filled = 0; i < end && of->filled < of->segment_count; i++) {
            fill_range(of, ranges, i, section, true);
        }
        MLP_TRY(take_segments(of));
    }
    return MLP_OK;
}

static mlp_status add_sections(reading *of)
{
    mlp_status status = MLP_OK;
    for (size_t r = 0; r < of->ranks && status == MLP_OK; r++) {
        status = mlp_cells_add_section(of->cells);
    }
    return mlp_joint_agree(of->cells->how.comm, status);
}

static mlp_status read_array(reading *of)
{
    size_t most = array_rows(of->array);
    size_t first_section = of->cells->section_count;
    MLP_TRY(add_sections(of));
    mlp_status status = take_ranges(
        of, NULL, (of->array->rows + most - 1) / most, first_section);
    return mlp_joint_agree(of->cells->how.comm, status);
}

static mlp_status read_ranges(reading *of, const mlp_csv_records *first)
{
    mlp_csv_ranges ranges = {0};
    size_t first_section = of->cells->section_count;
    MLP_TRY(add_sections(of));
    mlp_status status = mlp_csv_ranges_create(
        of->csv, first, of->cells->how.comm, of->cells->how.threads, &ranges);
    if (status == MLP_OK) {
        status = take_ranges(of, &ranges, ranges.count, first_section);
        status = mlp_joint_agree(of->cells->how.comm, status);
    }
    mlp_csv_ranges_destroy(&ranges);
    return status;
}

/* ---- a stream ---------------------------------------------------------- */

/* Take the next block, or pass over it, if it is another rank's.
 *  @param first  the records that follow the header: block 0; else NULL */
static mlp_status fill_block(reading *of, size_t block,
                             const mlp_csv_records *first, bool *is_ended)
{
    bool is_kept = block % of->ranks == of->rank;
    bool is_parsed = is_kept || has_unknown(of->cells);
    mlp_segment *s = &of->segments[of->segment_count]; /* passed over */
    MLP_TRY(mlp_stream_fail(of->stream, mlp_cells_add_section(of->cells)));
    if (is_parsed) {
        s = fill_segment(of, of->cells->section_count - 1, is_kept);
    }
    if (first != NULL) {
        s->records.at = first->at;
        s->records.end = first->end;
        s->records.line = first->line;
        return MLP_OK;
    }
    MLP_TRY(mlp_csv_next(of->csv, &s->block));
    *is_ended = s->block.size == 0;
    mlp_csv_records_begin(&s->records, &s->block);
    return MLP_OK;
}

/* All ranks go over the same blocks. */
static mlp_status take_blocks(reading *of, size_t *block,
                              const mlp_csv_records *first, bool *is_ended)
{
    size_t most = has_unknown(of->cells) ? 1 : of->ranks * BLOCKS;
    of->filled = 0;
    for (size_t i = 0; i < most && !*is_ended; i++) {
        MLP_TRY(fill_block(of, *block, *block == 0 ? first : NULL, is_ended));
        ++*block;
    }
    return take_segments(of);
}

static mlp_status read_blocks(reading *of, const mlp_csv_records *first)
{
    mlp_comm *comm = of->cells->how.comm;
    mlp_status status = MLP_OK;
    bool is_ended = false;
    size_t block = 0;
    while (!is_ended && status == MLP_OK) {
        status = take_blocks(of, &block, first, &is_ended);
        if (mlp_stream_is_input(of->csv->stream)) { /* which is passed on */
            status = mlp_joint_agree(comm, status);
        }
    }
    return mlp_joint_agree(comm, status);
}

/* ---- a file ------------------------------------------------------------ */

static mlp_status add_file(mlp_cells *cells, const char *path)
{
    size_t count = cells->files + 1;
    char **paths = reallocarray(cells->paths, count, sizeof *paths);
    if (paths == NULL) {
        return mlp_fail_memory("the files of a table");
    }
    cells->paths = paths;
    cells->paths[cells->files] = strdup(path);
    if (cells->paths[cells->files] == NULL) {
        return mlp_fail_memory("a path");
    }
    cells->files = count;
    return MLP_OK;
}

static mlp_status create(reading *of, size_t header, const char *path)
{
    of->segments = calloc(of->segment_count + 1, sizeof *of->segments);
    MLP_TRY(mlp_parser_create(of->cells, header, &of->parser));
    MLP_TRY(add_file(of->cells, path));
    if (of->segments == NULL) {
        return mlp_fail_memory("a table");
    }
    for (size_t i = 0; i <= of->segment_count; i++) {
        MLP_TRY(mlp_segment_create(&of->parser, of->csv, &of->segments[i]));
    }
    return MLP_OK;
}

/* @param first  the records behind the header; NULL for an array */
static mlp_status read_file(reading *of, size_t header,
                            const mlp_csv_records *first)
{
    mlp_comm *comm = of->cells->how.comm;
    bool is_ranged = of->array != NULL || (mlp_stream_is_plain(of->stream) &&
                                           !mlp_stream_is_input(of->stream));
    of->rank = mlp_joint_rank(comm);
    of->ranks = mlp_joint_size(comm);
    of->segment_count = is_ranged ? of->cells->how.threads : BLOCKS;
    mlp_status status = create(of, header, mlp_stream_name(of->stream));
    status = mlp_joint_agree(comm, status);
    if (status == MLP_OK) {
        status = of->array != NULL ? read_array(of)
                 : is_ranged       ? read_ranges(of, first)
                                   : read_blocks(of, first);
    }
    of->cells->stored += mlp_stream_size(of->stream);
    for (size_t i = 0; of->segments != NULL && i <= of->segment_count; i++) {
        mlp_segment_destroy(&of->parser, &of->segments[i]);
    }
    free(of->segments);
    mlp_parser_destroy(&of->parser);
    return status;
}

mlp_status mlp_cells_read(mlp_cells *cells, mlp_csv *csv,
                          mlp_csv_records *first, size_t header)
{
    reading of = {.cells = cells, .csv = csv, .stream = csv->stream};
    return read_file(&of, header, first);
}

mlp_status mlp_cells_read_array(mlp_cells *cells, const mlp_npy *array)
{
    for (size_t i = 0; i < cells->count; i++) {
        mlp_cell_column *column = &cells->columns[i];
        if (column->kind == MLP_COLUMN_UNKNOWN) {
            column->kind = MLP_COLUMN_NUMBER;
        }
    }
    reading of = {.cells = cells, .array = array, .stream = array->stream};
    return read_file(&of, array->columns, NULL);
}
