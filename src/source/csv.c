/** @file
 *  Comma-separated values, record by record.
 */
#include "csv.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "system/files.h"

/* How a cell ended. */
typedef enum { END_CELL, END_RECORD, END_FILE } cell_end;

static bool ends_with(const char *path, const char *end)
{
    size_t length = strlen(path);
    size_t tail = strlen(end);
    return length > tail && strcasecmp(path + length - tail, end) == 0;
}

bool mlp_csv_has_name(const char *path)
{
    return ends_with(path, ".csv") || ends_with(path, ".tsv");
}

/* ---- open and close ---------------------------------------------------- */

/* Without O_NONBLOCK, opening a FIFO without a writer would block. */
static mlp_status open_regular(const char *path, FILE **file)
{
    struct stat facts;
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0) {
        return mlp_fail_open(path);
    }
    if (fstat(fd, &facts) != 0) {
        close(fd);
        return mlp_fail_read(path);
    }
    if (!S_ISREG(facts.st_mode)) {
        close(fd);
        return mlp_fail(MLP_ERROR_DATA, "%s: expected a regular file", path);
    }
    *file = fdopen(fd, "r");
    if (*file == NULL) {
        close(fd);
        return mlp_fail_memory("a table");
    }
    return MLP_OK;
}

static mlp_status skip_mark(const mlp_csv *csv)
{
    unsigned char mark[3];
    size_t count = fread(mark, 1, sizeof mark, csv->file);
    if (ferror(csv->file)) {
        return mlp_fail_read(csv->path);
    }
    bool is_mark =
        count == sizeof mark && memcmp(mark, "\xEF\xBB\xBF", sizeof mark) == 0;
    return is_mark || fseek(csv->file, 0, SEEK_SET) == 0
               ? MLP_OK
               : mlp_fail_read(csv->path);
}

static mlp_status begin(const char *path, mlp_csv *csv)
{
    csv->path = strdup(path);
    csv->starts = calloc(MLP_CSV_FIELDS_MOST, sizeof *csv->starts);
    if (csv->path == NULL || csv->starts == NULL) {
        return mlp_fail_memory("a table");
    }
    MLP_TRY(open_regular(path, &csv->file));
    return skip_mark(csv);
}

mlp_status mlp_csv_open(const char *path, mlp_csv *csv)
{
    *csv =
        (mlp_csv){.separator = ends_with(path, ".tsv") ? '\t' : ',', .line = 1};
    mlp_status status = begin(path, csv);
    if (status != MLP_OK) {
        mlp_csv_close(csv);
    }
    return status;
}

void mlp_csv_close(mlp_csv *csv)
{
    if (csv->file != NULL) {
        fclose(csv->file);
    }
    free(csv->path);
    free(csv->text);
    free(csv->starts);
    *csv = (mlp_csv){0};
}

/* ---- a record ---------------------------------------------------------- */

static mlp_status fail_here(const mlp_csv *csv, const char *what)
{
    return mlp_fail(MLP_ERROR_DATA, "%s:%zu: column %zu: %s", csv->path,
                    csv->line, csv->fields, what);
}

static mlp_status add(mlp_csv *csv, int byte)
{
    if (csv->used == csv->room) {
        size_t room = csv->room == 0 ? 4096 : 2 * csv->room;
        if (room > MLP_CSV_RECORD_MOST) {
            return fail_here(csv, "expected records of less than 1 MiB; is a "
                                  "closing quote missing?");
        }
        char *text = realloc(csv->text, room);
        if (text == NULL) {
            return mlp_fail_memory("a record of a table");
        }
        csv->text = text;
        csv->room = room;
    }
    csv->text[csv->used++] = (char)byte;
    return MLP_OK;
}

/* Whether byte ends a cell: a separator, an end of line, or the end of the
 * file. */
static bool is_end(mlp_csv *csv, int byte, cell_end *end)
{
    if (byte == '\r') {
        int next = getc(csv->file);
        if (next != '\n') {
            ungetc(next, csv->file);
            return false;
        }
        byte = next;
    }
    if (byte == '\n') {
        csv->line++;
    }
    *end = byte == csv->separator ? END_CELL
           : byte == '\n'         ? END_RECORD
                                  : END_FILE;
    return byte == csv->separator || byte == '\n' || byte == EOF;
}

/* The rest of a quoted cell, in which two quotes stand for one. */
static mlp_status read_quoted(mlp_csv *csv, cell_end *end)
{
    for (;;) {
        int byte = getc(csv->file);
        if (byte == EOF) {
            return fail_here(csv, "expected a closing quote, found the end of "
                                  "the file");
        }
        if (byte == '\0') {
            return fail_here(csv, "expected text, found a NUL byte");
        }
        if (byte == '"') {
            byte = getc(csv->file);
            if (byte != '"') {
                return is_end(csv, byte, end)
                           ? MLP_OK
                           : fail_here(csv, "expected a separator behind the "
                                            "closing quote");
            }
        }
        csv->line += byte == '\n';
        MLP_TRY(add(csv, byte));
    }
}

static mlp_status read_plain(mlp_csv *csv, int byte, cell_end *end)
{
    while (!is_end(csv, byte, end)) {
        if (byte == '\0') {
            return fail_here(csv, "expected text, found a NUL byte");
        }
        if (byte == '"') {
            return fail_here(csv, "found a quote inside a cell that does not "
                                  "begin with one");
        }
        if (byte == '\r') {
            return fail_here(csv, "found a carriage return that ends no line");
        }
        MLP_TRY(add(csv, byte));
        byte = getc(csv->file);
    }
    return MLP_OK;
}

static mlp_status read_cell(mlp_csv *csv, cell_end *end)
{
    if (csv->fields == MLP_CSV_FIELDS_MOST) {
        return mlp_fail(MLP_ERROR_DATA, "%s:%zu: has more than %d cells",
                        csv->path, csv->line, MLP_CSV_FIELDS_MOST);
    }
    csv->starts[csv->fields++] = csv->used;
    int byte = getc(csv->file);
    MLP_TRY(byte == '"' ? read_quoted(csv, end) : read_plain(csv, byte, end));
    return add(csv, '\0');
}

static mlp_status read_record(mlp_csv *csv, bool *is_there)
{
    cell_end end = END_RECORD;
    bool is_empty;
    do {
        csv->used = csv->fields = 0;
        csv->record_line = csv->line;
        do {
            MLP_TRY(read_cell(csv, &end));
        } while (end == END_CELL);
        is_empty = csv->used == 1;
    } while (is_empty && end == END_RECORD);
    *is_there = !is_empty;
    return MLP_OK;
}

/* A read error looks like the end of the file until ferror is checked. */
mlp_status mlp_csv_next(mlp_csv *csv, bool *is_there)
{
    errno = 0;
    mlp_status status = read_record(csv, is_there);
    return ferror(csv->file) ? mlp_fail_read(csv->path) : status;
}

const char *mlp_csv_field(const mlp_csv *csv, size_t i)
{
    return csv->text + csv->starts[i];
}

mlp_csv_place mlp_csv_position(const mlp_csv *csv)
{
    return (mlp_csv_place){ftell(csv->file), csv->line};
}

mlp_status mlp_csv_seek(mlp_csv *csv, mlp_csv_place place)
{
    csv->line = place.line;
    return fseek(csv->file, place.offset, SEEK_SET) == 0
               ? MLP_OK
               : mlp_fail_read(csv->path);
}
