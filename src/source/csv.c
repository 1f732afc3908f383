/** @file
 *  Comma-separated values: blocks of a file, and their records.
 */
#include "csv.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "number.h"
#include "short_number.h"

static_assert(MLP_CSV_BLOCK_ROOM - MLP_CSV_BLOCK - MLP_CSV_RECORD_MOST >
                  MLP_NUMBER_SLACK,
              "a number may be read behind the last record");

static bool ends_with(const char *path, size_t length, const char *end)
{
    size_t tail = strlen(end);
    return length > tail && strncasecmp(path + length - tail, end, tail) == 0;
}

/* The length of a path without .gz or .zst. */
static size_t unpacked_length(const char *path)
{
    size_t length = strlen(path);
    return ends_with(path, length, ".gz")    ? length - 3
           : ends_with(path, length, ".zst") ? length - 4
                                             : length;
}

bool mlp_csv_has_name(const char *path)
{
    size_t length = unpacked_length(path);
    return ends_with(path, length, ".csv") || ends_with(path, length, ".tsv");
}

/* ---- blocks ------------------------------------------------------------ */

mlp_status mlp_csv_open(const char *path, mlp_comm *comm, mlp_csv *csv)
{
    *csv = (mlp_csv){.line = 1};
    if (ends_with(path, unpacked_length(path), ".tsv")) {
        csv->separator = '\t';
    }
    csv->rest = malloc(MLP_CSV_RECORD_MOST);
    mlp_status status = csv->rest == NULL ? mlp_fail_memory("a table") : MLP_OK;
    bool is_input = strcmp(path, MLP_CSV_INPUT) == 0;
    if (is_input && comm != NULL) {
        status = mlp_comm_agree(comm, status);
    }
    if (status == MLP_OK) {
        status = is_input ? mlp_stream_open_input(comm, &csv->stream)
                          : mlp_stream_open(path, &csv->stream);
    }
    if (status != MLP_OK) {
        mlp_csv_close(csv);
    }
    return status;
}

void mlp_csv_close(mlp_csv *csv)
{
    mlp_stream_close(&csv->stream);
    free(csv->rest);
    *csv = (mlp_csv){0};
}

/* Several bytes at a time, in sums that fit into bytes: compilers make vector
 * instructions of it. */
size_t mlp_csv_count(const char *bytes, size_t size, char wanted)
{
    enum { LANES = 32, STEPS_MOST = 255 };
    size_t count = 0;
    size_t i = 0;
    while (size - i >= LANES) {
        uint8_t sums[LANES] = {0};
        for (size_t k = 0; k < STEPS_MOST && size - i >= LANES; k++) {
            for (size_t lane = 0; lane < LANES; lane++) {
                sums[lane] += bytes[i + lane] == wanted;
            }
            i += LANES;
        }
        for (size_t lane = 0; lane < LANES; lane++) {
            count += sums[lane];
        }
    }
    for (; i < size; i++) {
        count += bytes[i] == wanted;
    }
    return count;
}

/* The length of the whole records: up to the last end of line that is outside
 * of quotes. A block begins with a record, so quotes are counted from there. */
static size_t whole_records(const char *bytes, size_t size)
{
    bool is_quoted = mlp_csv_count(bytes, size, '"') % 2 == 1;
    for (size_t end = size; end > 0; end--) {
        if (bytes[end - 1] == '"') {
            is_quoted = !is_quoted;
        } else if (bytes[end - 1] == '\n' && !is_quoted) {
            return end;
        }
    }
    return 0;
}

/* The separator of the first line. */
static char find_separator(const char *bytes, size_t size)
{
    bool is_quoted = false, has_semicolon = false, has_tab = false;
    for (size_t i = 0; i < size && (is_quoted || bytes[i] != '\n'); i++) {
        is_quoted ^= bytes[i] == '"';
        if (!is_quoted && bytes[i] == ',') {
            return ',';
        }
        has_semicolon |= !is_quoted && bytes[i] == ';';
        has_tab |= !is_quoted && bytes[i] == '\t';
    }
    return has_semicolon ? ';' : has_tab ? '\t' : ',';
}

/* The first block: without a byte order mark, and its separator. */
static void begin_file(mlp_csv *csv, mlp_csv_block *block)
{
    static const char mark[] = "\xEF\xBB\xBF";
    size_t size = strlen(mark);
    if (block->size >= size && memcmp(block->bytes, mark, size) == 0) {
        block->size -= size;
        memmove(block->bytes, block->bytes + size, block->size);
        csv->skipped = size;
    }
    if (csv->separator == '\0') {
        csv->separator = find_separator(block->bytes, block->size);
    }
    csv->is_begun = true;
}

/* Keep what follows the whole records for the next block. */
static mlp_status cut_block(mlp_csv *csv, mlp_csv_block *block)
{
    size_t whole =
        csv->is_ended ? block->size : whole_records(block->bytes, block->size);
    csv->rest_size = block->size - whole;
    if (csv->rest_size >= MLP_CSV_RECORD_MOST) {
        return mlp_fail(MLP_ERROR_DATA,
                        "%s:%zu: expected records of less than 1 MiB; is a "
                        "closing quote missing?",
                        mlp_stream_name(csv->stream),
                        csv->line + mlp_csv_count(block->bytes, whole, '\n'));
    }
    memcpy(csv->rest, block->bytes + whole, csv->rest_size);
    block->size = whole;
    block->bytes[whole] = '\0';
    block->line = csv->line;
    csv->line += mlp_csv_count(block->bytes, whole, '\n');
    return MLP_OK;
}

static mlp_status read_block(mlp_csv *csv, mlp_csv_block *block)
{
    size_t taken;
    memcpy(block->bytes, csv->rest, csv->rest_size);
    MLP_TRY(mlp_stream_take(csv->stream, block->bytes + csv->rest_size,
                            MLP_CSV_BLOCK, &taken));
    block->size = csv->rest_size + taken;
    csv->is_ended = taken < MLP_CSV_BLOCK;
    if (!csv->is_begun) {
        begin_file(csv, block);
    }
    return cut_block(csv, block);
}

mlp_status mlp_csv_next(mlp_csv *csv, mlp_csv_block *block)
{
    if (block->bytes == NULL) {
        block->bytes = calloc(MLP_CSV_BLOCK_ROOM, 1);
    }
    if (block->bytes == NULL) {
        return mlp_stream_fail(csv->stream, mlp_fail_memory("a table"));
    }
    do {
        block->size = block->skipped = 0;
        if (csv->is_ended) {
            return MLP_OK;
        }
        MLP_TRY(read_block(csv, block));
    } while (block->size == 0); /* the end of a record is still to come */
    return MLP_OK;
}

/* ---- records ----------------------------------------------------------- */

/* How a cell ended. */
typedef enum { END_CELL, END_RECORD, END_FILE } cell_end;

mlp_status mlp_csv_records_create(const mlp_csv *csv, mlp_csv_records *records)
{
    *records = (mlp_csv_records){0};
    if (csv != NULL) {
        records->path = mlp_stream_name(csv->stream);
        records->separator = csv->separator;
    }
    const char stops[] = {records->separator, '\n', '\r', '"', '\0'};
    for (size_t i = 0; i < sizeof stops; i++) {
        records->stops[(unsigned char)stops[i]] = true;
    }
    records->cells = calloc(MLP_CSV_FIELDS_MOST, sizeof *records->cells);
    return records->cells != NULL ? MLP_OK : mlp_fail_memory("a table");
}

void mlp_csv_records_destroy(mlp_csv_records *records)
{
    free(records->cells);
    *records = (mlp_csv_records){0};
}

void mlp_csv_records_begin(mlp_csv_records *records, const mlp_csv_block *block)
{
    records->begin = block->bytes + block->skipped;
    records->at = records->begin;
    records->end = block->bytes + block->size;
    records->line = block->line;
}

static mlp_status fail_here(const mlp_csv_records *records, const char *what)
{
    return mlp_fail(MLP_ERROR_DATA, "%s:%zu: column %zu: %s", records->path,
                    records->line, records->count, what);
}

/* Pass over what ends a cell. False when it is something else. */
static bool pass_end(mlp_csv_records *records, cell_end *end)
{
    char *at = records->at;
    if (at == records->end) {
        *end = END_FILE;
        return true;
    }
    if (*at == records->separator) {
        *end = END_CELL;
        records->at = at + 1;
        return true;
    }
    at += *at == '\r';
    if (at == records->end || *at != '\n') {
        return false;
    }
    *end = END_RECORD;
    records->at = at + 1;
    records->line++;
    return true;
}

/* A quoted cell, in which two quotes stand for one: the text moves to the left
 * by one for each. */
static mlp_status read_quoted(mlp_csv_records *records, mlp_csv_cell *cell,
                              cell_end *end)
{
    char *to = ++records->at;
    cell->text = to;
    for (;; records->at++) {
        if (records->at == records->end) {
            return fail_here(records, "expected a closing quote, found the "
                                      "end of the file");
        }
        if (*records->at == '\0') {
            return fail_here(records, "expected text, found a NUL byte");
        }
        if (*records->at == '"') {
            records->at++;
            if (records->at == records->end || *records->at != '"') {
                break;
            }
        }
        records->line += *records->at == '\n';
        *to++ = *records->at;
    }
    cell->length = (uint32_t)(to - cell->text);
    return pass_end(records, end)
               ? MLP_OK
               : fail_here(records, "expected a separator behind the closing "
                                    "quote");
}

static mlp_status read_plain(mlp_csv_records *records, mlp_csv_cell *cell,
                             cell_end *end)
{
    char *at = records->at;
    cell->text = at;
    if (records->expects_number != NULL &&
        records->expects_number[records->count - 1]) {
        const char *end_of_number = mlp_number_take(at, &cell->number);
        cell->is_number = end_of_number != NULL &&
                          records->stops[(unsigned char)*end_of_number];
        at += cell->is_number ? end_of_number - at : 0;
    }
    while (!records->stops[(unsigned char)*at]) {
        at++;
    }
    cell->length = (uint32_t)(at - cell->text);
    records->at = at;
    return pass_end(records, end) ? MLP_OK
           : *at == '\0' ? fail_here(records, "expected text, found a NUL byte")
           : *at == '"'
               ? fail_here(records, "found a quote inside a cell that does "
                                    "not begin with one")
               : fail_here(records, "found a carriage return that ends no "
                                    "line");
}

/* Most cells of most tables: short numbers, each with a separator behind it. */
static void read_numbers(mlp_csv_records *records)
{
    const bool *expects_number = records->expects_number;
    const char separator = records->separator;
    mlp_csv_cell *cells = records->cells;
    char *at = records->at;
    size_t count = records->count;
    while (expects_number[count]) {
        mlp_csv_cell *cell = &cells[count];
        const char *end = mlp_number_short(at, &cell->number);
        if (end == NULL || *end != separator) {
            break;
        }
        cell->text = at;
        cell->length = (uint32_t)(end - at);
        cell->is_number = true;
        at += end - at + 1;
        count++;
    }
    records->at = at;
    records->count = count;
}

static mlp_status read_cells(mlp_csv_records *records, cell_end *end)
{
    const char *first = records->at;
    records->count = 0;
    records->record_line = records->line;
    do {
        if (records->expects_number != NULL) {
            read_numbers(records);
        }
        if (records->count == MLP_CSV_FIELDS_MOST) {
            return mlp_fail(MLP_ERROR_DATA, "%s:%zu: has more than %d cells",
                            records->path, records->line, MLP_CSV_FIELDS_MOST);
        }
        mlp_csv_cell *cell = &records->cells[records->count++];
        cell->is_number = false;
        MLP_TRY(*records->at == '"' && records->at < records->end
                    ? read_quoted(records, cell, end)
                    : read_plain(records, cell, end));
    } while (*end == END_CELL);
    return records->at - first < MLP_CSV_RECORD_MOST
               ? MLP_OK
               : fail_here(records, "expected records of less than 1 MiB; is "
                                    "a closing quote missing?");
}

mlp_status mlp_csv_record(mlp_csv_records *records, bool *is_there)
{
    cell_end end = END_RECORD;
    bool is_empty;
    do {
        MLP_TRY(read_cells(records, &end));
        is_empty = records->count == 1 && records->cells[0].length == 0;
    } while (is_empty && end == END_RECORD);
    *is_there = !is_empty;
    return MLP_OK;
}
