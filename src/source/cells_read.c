/** @file
 *  Reads the files of a table into typed cells.
 */
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "cells.h"
#include "number.h"
#include "system/threads.h"

/* Memory per byte of the file, and an amount that is always allowed: a small
 * compressed file can unpack to any size. */
enum {
    EXPANSION_MOST = 128,
    ALWAYS_ALLOWED = 64 << 20,
    NA_MOST = 64,    /* words for missing cells */
    ROWS_FIRST = 256 /* of a segment */
};

/* What a thread makes of a block. */
typedef struct {
    mlp_csv_block block;
    mlp_csv_records records;
    mlp_texts *texts;  /* [columns] */
    uint8_t *has_many; /* [columns] */
    uint32_t *words;   /* [rows, width] */
    size_t rows, room;
    size_t dropped, unlabelled, incomplete;
    char first_bad[256];
    mlp_status status;
    char failure[MLP_FAILURE_MAX];
} segment;

/* Reads a file. */
typedef struct {
    mlp_cells *cells;
    size_t header;
    locale_t c_locale;
    mlp_csv_cell na[NA_MOST];
    size_t na_count;
    bool may_be_na[256]; /* by the first byte */
    segment *segments;   /* [threads] */
    size_t threads;
    size_t filled; /* segments that have a block */
} reading;

/* ---- a cell ------------------------------------------------------------ */

static bool is_missing(const reading *of, const mlp_csv_cell *cell)
{
    if (cell->length == 0) {
        return true;
    }
    if (!of->may_be_na[(unsigned char)*cell->text]) {
        return false;
    }
    for (size_t i = 0; i < of->na_count; i++) {
        if (of->na[i].length == cell->length &&
            memcmp(of->na[i].text, cell->text, cell->length) == 0) {
            return true;
        }
    }
    return false;
}

static mlp_status add_text(segment *s, size_t i, const mlp_csv_cell *cell,
                           const char *name, uint32_t *word)
{
    size_t code = 0;
    const char *why = NULL;
    if (cell->length > MLP_NAME_BYTES_MOST) {
        why = "has a text longer than 256 bytes: is it no category?";
    } else {
        MLP_TRY(mlp_texts_add(&s->texts[i], cell->text, cell->length, &code));
        why = code == MLP_TEXTS_MOST
                  ? "has more than 65536 different texts: is it no category?"
                  : NULL;
    }
    if (why != NULL) {
        return mlp_fail(MLP_ERROR_DATA,
                        "%s:%zu: column %zu (%.100s): %s Leave it out by "
                        "--ignore",
                        s->records.path, s->records.record_line, i + 1, name,
                        why);
    }
    *word = (uint32_t)code;
    return MLP_OK;
}

/* The text of a numeric label, as long as its numbers may be classes. */
static mlp_status add_number_text(segment *s, size_t i,
                                  const mlp_csv_cell *cell, float number,
                                  uint32_t *word)
{
    size_t code;
    bool is_whole = floorf(number) == number && cell->length <= 16;
    *word = MLP_CELL_MISSING;
    if (s->has_many[i] || !is_whole) {
        s->has_many[i] = true;
        return MLP_OK;
    }
    MLP_TRY(mlp_texts_add(&s->texts[i], cell->text, cell->length, &code));
    s->has_many[i] = code >= MLP_AUTO_CLASSES_MOST;
    *word = (uint32_t)code;
    return MLP_OK;
}

static mlp_status take_number(const reading *of, segment *s, size_t i,
                              const mlp_csv_cell *cell, uint32_t *row,
                              const char **expected)
{
    mlp_cell_column *column = &of->cells->columns[i];
    bool is_label = i == of->cells->how.label;
    float number;
    if (!mlp_number_parse(cell->text, cell->length, of->c_locale, &number)) {
        *expected = "a number";
        return MLP_OK;
    }
    if (is_label && of->cells->how.is_never_negative && number < 0.0F) {
        *expected = "a number from 0 on, as --output-activation softplus gives";
        return MLP_OK;
    }
    memcpy(&row[column->number], &number, sizeof number);
    return is_label && column->code != SIZE_MAX
               ? add_number_text(s, i, cell, number, &row[column->code])
               : MLP_OK;
}

/* The kind of a column is that of its first cell that is not missing. */
static void find_kind(const reading *of, mlp_cell_column *column,
                      const mlp_csv_cell *cell)
{
    float number;
    column->kind =
        mlp_number_parse(cell->text, cell->length, of->c_locale, &number)
            ? MLP_COLUMN_NUMBER
            : MLP_COLUMN_TEXT;
}

/* ---- a record ---------------------------------------------------------- */

static void describe_bad(const reading *of, const segment *s, size_t column,
                         const char *expected, char line[256])
{
    const mlp_csv_records *records = &s->records;
    if (column == SIZE_MAX) {
        snprintf(line, 256, "%zu: expected %zu cells, found %zu",
                 records->record_line, of->header, records->count);
        return;
    }
    const mlp_cell_column *of_column = &of->cells->columns[column];
    const mlp_csv_cell *cell = &records->cells[of_column->field];
    int length = cell->length < 60 ? (int)cell->length : 60;
    const char *quote = length == 0 ? "" : "\"";
    snprintf(line, 256, "%zu: column %zu (%.60s): expected %s, found %s%.*s%s",
             records->record_line, of_column->field + 1, of_column->name,
             expected, length == 0 ? "nothing" : quote, length, cell->text,
             quote);
}

/* An invalid record: an error, or one that is left out. */
static mlp_status reject(const reading *of, segment *s, size_t column,
                         const char *expected)
{
    char line[256];
    describe_bad(of, s, column, expected, line);
    if (!of->cells->how.drops_bad) {
        return mlp_fail(MLP_ERROR_DATA, "%s:%s", s->records.path, line);
    }
    if (s->dropped++ == 0) {
        memcpy(s->first_bad, line, sizeof line);
    }
    return MLP_OK;
}

/* A missing cell. *is_good is false if the row is left out for it. */
static mlp_status take_missing(const reading *of, segment *s, size_t i,
                               bool *is_good)
{
    const mlp_cell_column *column = &of->cells->columns[i];
    *is_good = false;
    if (of->cells->how.missing == MLP_MISSING_ERROR) {
        return reject(of, s, i,
                      column->kind == MLP_COLUMN_NUMBER ? "a number"
                      : column->kind == MLP_COLUMN_TEXT ? "a text"
                                                        : "something");
    }
    if (i == of->cells->how.label) {
        s->unlabelled++;
    } else if (of->cells->how.missing == MLP_MISSING_DROP) {
        s->incomplete++;
    } else {
        *is_good = true; /* the row is made of missing cells */
    }
    return MLP_OK;
}

static mlp_status take_cell(const reading *of, segment *s, size_t i,
                            uint32_t *row, bool *is_good)
{
    mlp_cell_column *column = &of->cells->columns[i];
    const mlp_csv_cell *cell = &s->records.cells[column->field];
    const char *expected = NULL;
    if (is_missing(of, cell)) {
        return take_missing(of, s, i, is_good);
    }
    if (column->kind == MLP_COLUMN_UNKNOWN) {
        find_kind(of, column, cell); /* one thread: see read_segments */
    }
    if (column->kind == MLP_COLUMN_NUMBER) {
        MLP_TRY(take_number(of, s, i, cell, row, &expected));
        *is_good = expected == NULL;
        return *is_good ? MLP_OK : reject(of, s, i, expected);
    }
    return add_text(s, i, cell, column->name, &row[column->code]);
}

/* The next row of a segment; room for it. */
static mlp_status next_row(const reading *of, segment *s, uint32_t **row)
{
    size_t width = of->cells->width;
    if (s->rows == s->room) {
        size_t room = s->room == 0 ? ROWS_FIRST : 2 * s->room;
        uint32_t *words = reallocarray(s->words, room, width * sizeof *words);
        if (words == NULL) {
            return mlp_fail_memory("the rows of a table");
        }
        s->words = words;
        s->room = room;
    }
    *row = s->words + s->rows * width;
    memset(*row, 0xFF, width * sizeof **row); /* all MLP_CELL_MISSING */
    return MLP_OK;
}

static mlp_status take_record(const reading *of, segment *s)
{
    uint32_t *row = NULL;
    bool is_good = true;
    if (s->records.count != of->header) {
        return reject(of, s, SIZE_MAX, NULL);
    }
    MLP_TRY(next_row(of, s, &row));
    row[0] = (uint32_t)s->records.record_line;
    for (size_t i = 0; i < of->cells->count && is_good; i++) {
        const mlp_cell_column *column = &of->cells->columns[i];
        if (column->number != SIZE_MAX || column->code != SIZE_MAX) {
            MLP_TRY(take_cell(of, s, i, row, &is_good));
        }
    }
    s->rows += is_good;
    return MLP_OK;
}

static mlp_status take_records(const reading *of, segment *s)
{
    for (;;) {
        bool is_there;
        MLP_TRY(mlp_csv_record(&s->records, &is_there));
        if (!is_there) {
            return MLP_OK;
        }
        MLP_TRY(take_record(of, s));
    }
}

/* The text of a failure belongs to a thread. */
static void parse_segment(const reading *of, segment *s)
{
    s->status = take_records(of, s);
    if (s->status != MLP_OK) {
        snprintf(s->failure, sizeof s->failure, "%s", mlp_failure());
    }
}

/* ---- joining ----------------------------------------------------------- */

static mlp_status check_growth(const mlp_cells *cells, size_t rows,
                               const mlp_csv *csv)
{
    size_t bytes = rows * cells->width * sizeof *cells->words;
    size_t stored = cells->stored + mlp_stream_stored(csv->stream);
    return bytes <= ALWAYS_ALLOWED || bytes / EXPANSION_MOST <= stored
               ? MLP_OK
               : mlp_fail(MLP_ERROR_DATA,
                          "%s: %zu rows are out of proportion to the %zu bytes "
                          "that they were read from",
                          cells->name, rows, stored);
}

/* The codes that the whole table has for a segment's texts. */
static mlp_status join_texts(mlp_cells *cells, const segment *s, size_t i,
                             uint32_t *codes)
{
    mlp_cell_column *column = &cells->columns[i];
    column->has_many |= s->has_many[i];
    for (size_t k = 0; k < s->texts[i].count; k++) {
        const char *text = mlp_texts_item(&s->texts[i], k);
        size_t code;
        if (column->has_many) {
            codes[k] = MLP_CELL_MISSING;
            continue;
        }
        MLP_TRY(mlp_texts_add(&column->texts, text, strlen(text), &code));
        codes[k] = (uint32_t)code;
        if (column->kind == MLP_COLUMN_NUMBER) {
            column->has_many = code >= MLP_AUTO_CLASSES_MOST;
        } else if (code >= MLP_TEXTS_MOST) {
            return mlp_fail(MLP_ERROR_DATA,
                            "%s: column %zu (%.100s): has more than %d "
                            "different texts: is it no category? Leave it out "
                            "by --ignore",
                            s->records.path, i + 1, column->name,
                            MLP_TEXTS_MOST);
        }
    }
    return MLP_OK;
}

static mlp_status join_column(mlp_cells *cells, const segment *s, size_t i,
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

static mlp_status join_segment(mlp_cells *cells, const segment *s,
                               const mlp_csv *csv)
{
    if (s->status != MLP_OK) {
        return mlp_fail(s->status, "%s", s->failure);
    }
    MLP_TRY(check_growth(cells, cells->rows + s->rows, csv));
    MLP_TRY(mlp_cells_make_room(cells, cells->rows + s->rows));
    uint32_t *words = NULL; /* there may be none yet, and none here */
    if (s->rows > 0) {
        words = cells->words + cells->rows * cells->width;
        memcpy(words, s->words, s->rows * cells->width * sizeof *words);
    }
    for (size_t i = 0; i < cells->count; i++) {
        if (s->texts[i].count > 0 || s->has_many[i]) {
            MLP_TRY(join_column(cells, s, i, words));
        }
    }
    if (cells->dropped == 0 && s->dropped > 0) {
        snprintf(cells->first_bad, sizeof cells->first_bad, "%s:%s",
                 s->records.path, s->first_bad);
    }
    cells->rows += s->rows;
    cells->dropped += s->dropped;
    cells->unlabelled += s->unlabelled;
    cells->incomplete += s->incomplete;
    return MLP_OK;
}

/* ---- a file ------------------------------------------------------------ */

static void reset_segment(const reading *of, segment *s)
{
    for (size_t i = 0; i < of->cells->count; i++) {
        mlp_texts_destroy(&s->texts[i]);
        s->has_many[i] = of->cells->columns[i].has_many;
    }
    s->rows = s->dropped = s->unlabelled = s->incomplete = 0;
    s->status = MLP_OK;
}

static mlp_status create_segment(const reading *of, const mlp_csv *csv,
                                 segment *s)
{
    s->texts = calloc(of->cells->count + 1, sizeof *s->texts);
    s->has_many = calloc(of->cells->count + 1, sizeof *s->has_many);
    return s->texts == NULL || s->has_many == NULL
               ? mlp_fail_memory("a table")
               : mlp_csv_records_create(csv, &s->records);
}

static void destroy_segment(const reading *of, segment *s)
{
    for (size_t i = 0; s->texts != NULL && i < of->cells->count; i++) {
        mlp_texts_destroy(&s->texts[i]);
    }
    mlp_csv_records_destroy(&s->records);
    free(s->block.bytes);
    free(s->texts);
    free(s->has_many);
    free(s->words);
}

static void list_na(const char *words, reading *of)
{
    while (*words != '\0' && of->na_count < NA_MOST) {
        size_t length = strcspn(words, ",");
        if (length > 0) {
            of->may_be_na[(unsigned char)*words] = true;
            of->na[of->na_count++] = (mlp_csv_cell){words, length};
        }
        words += length + (words[length] == ',');
    }
}

static void parse_segments(void *context, mlp_thread self)
{
    reading *of = context;
    mlp_range mine = mlp_thread_share(self, of->filled);
    for (size_t i = mine.first; i < mine.first + mine.count; i++) {
        parse_segment(of, &of->segments[i]);
    }
}

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

static mlp_status fill_segments(reading *of, mlp_csv *csv)
{
    size_t most = has_unknown(of->cells) ? 1 : of->threads;
    for (of->filled = 0; of->filled < most; of->filled++) {
        segment *s = &of->segments[of->filled];
        if (s->texts == NULL) {
            MLP_TRY(create_segment(of, csv, s));
        }
        MLP_TRY(mlp_csv_next(csv, &s->block));
        if (s->block.size == 0) {
            return MLP_OK;
        }
        reset_segment(of, s);
        mlp_csv_records_begin(&s->records, &s->block);
    }
    return MLP_OK;
}

static mlp_status read_segments(reading *of, mlp_csv *csv)
{
    do {
        MLP_TRY(fill_segments(of, csv));
        if (of->filled == 1) {
            parse_segment(of, of->segments);
        } else if (of->filled > 1) {
            mlp_threads_run(NULL, of->filled, parse_segments, of);
        }
        for (size_t i = 0; i < of->filled; i++) {
            MLP_TRY(join_segment(of->cells, &of->segments[i], csv));
        }
    } while (of->filled > 0);
    return MLP_OK;
}

static mlp_status add_file(mlp_cells *cells, const char *path)
{
    size_t count = cells->files + 1;
    char **paths = reallocarray(cells->paths, count, sizeof *paths);
    if (paths == NULL) {
        return mlp_fail_memory("the files of a table");
    }
    cells->paths = paths;
    size_t *rows = reallocarray(cells->first_rows, count, sizeof *rows);
    if (rows == NULL) {
        return mlp_fail_memory("the files of a table");
    }
    cells->first_rows = rows;
    cells->first_rows[cells->files] = cells->rows;
    cells->paths[cells->files] = strdup(path);
    if (cells->paths[cells->files] == NULL) {
        return mlp_fail_memory("a path");
    }
    cells->files = count;
    return MLP_OK;
}

/* The records that follow the header in the first block, then the others. */
static mlp_status read_file(reading *of, mlp_csv *csv, mlp_csv_records *first)
{
    segment rest = {.status = MLP_OK};
    MLP_TRY(add_file(of->cells, first->path));
    mlp_status status = create_segment(of, csv, &rest);
    if (status == MLP_OK) {
        reset_segment(of, &rest);
        rest.records.at = first->at;
        rest.records.end = first->end;
        rest.records.line = first->line;
        parse_segment(of, &rest);
        status = join_segment(of->cells, &rest, csv);
    }
    destroy_segment(of, &rest);
    return status == MLP_OK ? read_segments(of, csv) : status;
}

mlp_status mlp_cells_read(mlp_cells *cells, mlp_csv *csv,
                          mlp_csv_records *first, size_t header)
{
    reading of = {.cells = cells,
                  .header = header,
                  .threads = cells->how.threads,
                  .c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0)};
    list_na(cells->how.na, &of);
    of.segments = calloc(of.threads, sizeof *of.segments);
    mlp_status status = of.segments == NULL || of.c_locale == (locale_t)0
                            ? mlp_fail_memory("a table")
                            : read_file(&of, csv, first);
    cells->stored += mlp_stream_stored(csv->stream);
    for (size_t i = 0; of.segments != NULL && i < of.threads; i++) {
        destroy_segment(&of, &of.segments[i]);
    }
    free(of.segments);
    if (of.c_locale != (locale_t)0) {
        freelocale(of.c_locale);
    }
    return status;
}
