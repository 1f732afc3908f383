/** @file
 *  Records of a file as rows of typed cells.
 */
#include "cells_parse.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "number.h"
#include "row_key.h"

enum { ROWS_FIRST = 256 /* of a segment */ };

/* ---- a cell ------------------------------------------------------------ */

static mlp_status add_text(mlp_segment *s, size_t i, const mlp_csv_cell *cell,
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
static mlp_status add_number_text(mlp_segment *s, size_t i,
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

static mlp_status take_number(const mlp_parser *of, mlp_segment *s, size_t i,
                              const mlp_csv_cell *cell, uint32_t *row,
                              const char **expected)
{
    mlp_cell_column *column = &of->cells->columns[i];
    bool is_label = i == of->cells->how.label;
    float number;
    if (cell->is_number) {
        number = cell->number;
    } else if (!mlp_number_parse(cell->text, cell->length, of->c_locale,
                                 &number)) {
        *expected = "a number";
        return MLP_OK;
    }
    if (is_label && of->cells->how.is_never_negative && number < 0.0F) {
        *expected = "a number from 0 on, as softplus and poisson predict";
        return MLP_OK;
    }
    if (column->kind == MLP_COLUMN_WEIGHT && number < 0.0F) {
        *expected = "a weight from 0 on";
        return MLP_OK;
    }
    memcpy(&row[column->number], &number, sizeof number);
    return is_label && column->code != SIZE_MAX
               ? add_number_text(s, i, cell, number, &row[column->code])
               : MLP_OK;
}

/* Have the cells of a numeric column parsed with their records. */
static void expect_numbers(const mlp_parser *of, size_t i)
{
    const mlp_cell_column *column = &of->cells->columns[i];
    of->expects_number[column->field] = true;
    if (i != of->cells->how.label && !mlp_na_words_have_number(&of->na)) {
        of->plain[i] = (mlp_plain_number){(uint32_t)column->field,
                                          (uint32_t)column->number};
    }
}

/* The kind of a column is that of its first cell that is not missing. */
static void find_kind(const mlp_parser *of, size_t i, const mlp_csv_cell *cell)
{
    mlp_cell_column *column = &of->cells->columns[i];
    float number;
    column->kind = MLP_COLUMN_TEXT;
    if (mlp_number_parse(cell->text, cell->length, of->c_locale, &number)) {
        column->kind = MLP_COLUMN_NUMBER;
        expect_numbers(of, i);
    }
}

/* ---- a record ---------------------------------------------------------- */

static void describe_bad(const mlp_parser *of, const mlp_segment *s,
                         size_t column, const char *expected, char line[256])
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
static mlp_status reject(const mlp_parser *of, mlp_segment *s, size_t column,
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
static mlp_status take_missing(const mlp_parser *of, mlp_segment *s, size_t i,
                               bool *is_good)
{
    const mlp_cell_column *column = &of->cells->columns[i];
    *is_good = false;
    if (of->cells->how.missing == MLP_MISSING_ERROR ||
        column->kind == MLP_COLUMN_WEIGHT) {
        return reject(of, s, i,
                      column->kind == MLP_COLUMN_WEIGHT   ? "a weight"
                      : column->kind == MLP_COLUMN_NUMBER ? "a number"
                      : column->kind == MLP_COLUMN_TEXT   ? "a text"
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

static mlp_status take_cell(const mlp_parser *of, mlp_segment *s, size_t i,
                            uint32_t *row, bool *is_good)
{
    mlp_cell_column *column = &of->cells->columns[i];
    const mlp_csv_cell *cell = &s->records.cells[column->field];
    const char *expected = NULL;
    if (mlp_na_words_have(&of->na, cell)) {
        return take_missing(of, s, i, is_good);
    }
    if (column->kind == MLP_COLUMN_UNKNOWN) {
        find_kind(of, i, cell); /* one thread: see cells_read.c */
    }
    if (column->kind == MLP_COLUMN_NUMBER ||
        column->kind == MLP_COLUMN_WEIGHT) {
        MLP_TRY(take_number(of, s, i, cell, row, &expected));
        *is_good = expected == NULL;
        return *is_good ? MLP_OK : reject(of, s, i, expected);
    }
    return add_text(s, i, cell, column->name, &row[column->code]);
}

/* What rows are held out by. A row without it is invalid. */
static mlp_status take_key(const mlp_parser *of, mlp_segment *s, uint32_t *row,
                           bool *is_good)
{
    const mlp_cells_how *how = &of->cells->how;
    const mlp_csv_cell *cell =
        &s->records.cells[of->cells->columns[how->key].field];
    uint64_t key;
    *is_good = !mlp_na_words_have(&of->na, cell) &&
               mlp_row_key(cell, how->has_times, of->c_locale, &key);
    if (!*is_good) {
        return reject(of, s, how->key,
                      how->has_times ? "a number, or a date and time like "
                                       "2024-01-31 or 2024-01-31T12:00:00"
                                     : "a group");
    }
    row[of->cells->key_place] = (uint32_t)key;
    row[of->cells->key_place + 1] = (uint32_t)(key >> 32);
    return MLP_OK;
}

/* The next row of a segment; room for it. */
static mlp_status next_row(const mlp_parser *of, mlp_segment *s, uint32_t **row)
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

/* A cell of a column that is stored, and no plain number. */
static mlp_status take_other(const mlp_parser *of, mlp_segment *s, size_t i,
                             uint32_t *row, bool *is_good)
{
    const mlp_cell_column *column = &of->cells->columns[i];
    bool is_stored = column->number != SIZE_MAX || column->code != SIZE_MAX;
    return is_stored ? take_cell(of, s, i, row, is_good) : MLP_OK;
}

/* Most cells are plain numbers. */
static mlp_status take_cells(const mlp_parser *of, mlp_segment *s,
                             uint32_t *row, bool *is_good)
{
    const mlp_plain_number *plain = of->plain;
    const mlp_csv_cell *cells = s->records.cells;
    const size_t count = of->cells->count;
    for (size_t i = 0; i < count && *is_good; i++) {
        const mlp_csv_cell *cell = &cells[plain[i].field];
        if (cell->is_number && plain[i].place != UINT32_MAX) {
            memcpy(&row[plain[i].place], &cell->number, sizeof cell->number);
        } else {
            MLP_TRY(take_other(of, s, i, row, is_good));
        }
    }
    return MLP_OK;
}

static mlp_status take_record(const mlp_parser *of, mlp_segment *s)
{
    uint32_t *row = NULL;
    bool is_good = true;
    size_t number = s->taken++;
    if (s->records.count != of->header) {
        return reject(of, s, SIZE_MAX, NULL);
    }
    MLP_TRY(next_row(of, s, &row));
    row[MLP_CELLS_LINE] = (uint32_t)s->records.record_line;
    row[MLP_CELLS_SECTION] = s->section;
    row[MLP_CELLS_INPUT] = (uint32_t)number; /* in the segment, until joined */
    MLP_TRY(take_cells(of, s, row, &is_good));
    if (is_good && of->cells->key_place != SIZE_MAX) {
        MLP_TRY(take_key(of, s, row, &is_good));
    }
    s->rows += is_good;
    return MLP_OK;
}

static mlp_status take_records(const mlp_parser *of, mlp_segment *s)
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

/* ---- rows of an array -------------------------------------------------- */

enum { NUMBER_BYTES = 32 /* of a number as text */ };

/* The numbers of an array as cells of a record; a NaN is a missing one.
 * @param text  [columns, NUMBER_BYTES], overwritten */
static void make_record(mlp_segment *s, size_t row, const double *values,
                        char *text)
{
    s->records.record_line = row + 1;
    s->records.count = s->array->columns;
    for (size_t c = 0; c < s->array->columns; c++, text += NUMBER_BYTES) {
        double value = values[c];
        float number = (float)value;
        int length = isnan(value) ? 0
                     : value == floor(value) && fabs(value) < 1e15
                         ? snprintf(text, NUMBER_BYTES, "%.0f", value)
                         : snprintf(text, NUMBER_BYTES, "%.9g", value);
        s->records.cells[c] = (mlp_csv_cell){.text = text,
                                             .length = (uint32_t)length,
                                             .number = number,
                                             .is_number = isfinite(number)};
    }
}

/* @param values  [rows, columns] */
static mlp_status take_values(const mlp_parser *of, mlp_segment *s,
                              const double *values, char *text)
{
    for (size_t r = 0; r < s->array_rows.count; r++) {
        make_record(s, s->array_rows.first + r, values + r * s->array->columns,
                    text);
        MLP_TRY(take_record(of, s));
    }
    return MLP_OK;
}

static mlp_status take_array(const mlp_parser *of, mlp_segment *s)
{
    size_t count = s->array_rows.count * s->array->columns;
    unsigned char *bytes =
        malloc(mlp_npy_bytes(s->array, s->array_rows.count) + 1);
    double *values = calloc(count + 1, sizeof *values);
    char *text = malloc(s->array->columns * NUMBER_BYTES + 1);
    mlp_status status =
        bytes == NULL || values == NULL || text == NULL
            ? mlp_fail_memory("rows of an array")
            : mlp_npy_read(s->array, s->array_rows, bytes, values);
    if (status == MLP_OK) {
        status = take_values(of, s, values, text);
    }
    free(bytes);
    free(values);
    free(text);
    return status;
}

/* ---- a segment --------------------------------------------------------- */

static mlp_status parse(const mlp_parser *of, mlp_segment *s)
{
    if (s->array != NULL) {
        return take_array(of, s);
    }
    if (s->ranges != NULL) {
        MLP_TRY(mlp_csv_ranges_read(s->ranges, s->range, &s->block));
        mlp_csv_records_begin(&s->records, &s->block);
    }
    return take_records(of, s);
}

/* The text of a failure belongs to a thread. */
void mlp_segment_parse(const mlp_parser *of, mlp_segment *s)
{
    s->status = parse(of, s);
    if (s->status != MLP_OK) {
        snprintf(s->failure, sizeof s->failure, "%s", mlp_failure());
    }
}

void mlp_segment_reset(const mlp_parser *of, mlp_segment *s)
{
    for (size_t i = 0; i < of->cells->count; i++) {
        mlp_texts_destroy(&s->texts[i]);
        s->has_many[i] = of->cells->columns[i].has_many;
    }
    s->rows = s->taken = s->dropped = s->unlabelled = s->incomplete = 0;
    s->status = MLP_OK;
}

mlp_status mlp_segment_create(const mlp_parser *of, const mlp_csv *csv,
                              mlp_segment *s)
{
    s->texts = calloc(of->cells->count + 1, sizeof *s->texts);
    s->has_many = calloc(of->cells->count + 1, sizeof *s->has_many);
    if (s->texts == NULL || s->has_many == NULL) {
        return mlp_fail_memory("a table");
    }
    MLP_TRY(mlp_csv_records_create(csv, &s->records));
    s->records.expects_number = of->expects_number;
    return MLP_OK;
}

void mlp_segment_destroy(const mlp_parser *of, mlp_segment *s)
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

/* ---- the parser -------------------------------------------------------- */

mlp_status mlp_parser_create(mlp_cells *cells, size_t header, mlp_parser *of)
{
    *of = (mlp_parser){.cells = cells,
                       .header = header,
                       .c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0),
                       .expects_number = calloc(MLP_CSV_FIELDS_MOST + 1,
                                                sizeof *of->expects_number),
                       .plain = calloc(cells->count + 1, sizeof *of->plain)};
    mlp_na_words_list(cells->how.na, &of->na);
    if (of->c_locale == (locale_t)0 || of->expects_number == NULL ||
        of->plain == NULL) {
        return mlp_fail_memory("a table");
    }
    for (size_t i = 0; i < cells->count; i++) {
        const mlp_cell_column *column = &cells->columns[i];
        of->plain[i].place = UINT32_MAX;
        if (column->number != SIZE_MAX && column->kind == MLP_COLUMN_NUMBER) {
            expect_numbers(of, i);
        }
    }
    return MLP_OK;
}

void mlp_parser_destroy(mlp_parser *of)
{
    free(of->expects_number);
    free(of->plain);
    if (of->c_locale != (locale_t)0) {
        freelocale(of->c_locale);
    }
}
