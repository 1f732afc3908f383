/** @file
 *  Reads the files of a table into cells.
 */
#include "table_files.h"

#include <stdlib.h>
#include <string.h>

#include "paths.h"

/* Reads files that share a header. */
typedef struct {
    const mlp_table_reading *of;
    mlp_cells *cells;
    const char *path; /* of the first file */
    char **names;     /* [count]: its header */
    size_t count;
} files;

/* ---- the header -------------------------------------------------------- */

/* The names of --columns as a record. */
static void list_columns(const char *names, mlp_csv_records *header)
{
    header->count = 0;
    while (header->count < MLP_CSV_FIELDS_MOST) {
        size_t length = strcspn(names, ",");
        header->cells[header->count++] = (mlp_csv_cell){names, length};
        if (names[length] == '\0') {
            return;
        }
        names += length + 1;
    }
}

static mlp_status keep_header(files *f, const mlp_csv_records *header)
{
    f->names = calloc(header->count, sizeof *f->names);
    for (size_t i = 0; f->names != NULL && i < header->count; i++) {
        f->names[i] = strndup(header->cells[i].text, header->cells[i].length);
        if (f->names[i] == NULL) {
            break;
        }
        f->count++;
    }
    return f->count == header->count ? MLP_OK
                                     : mlp_fail_memory("the header of a table");
}

/* Check that a further file has the header of the first one. */
static mlp_status compare_header(const files *f, const mlp_csv_records *header)
{
    if (header->count != f->count) {
        return mlp_fail(MLP_ERROR_DATA,
                        "%s:%zu: expected %zu columns as in %s, found %zu",
                        header->path, header->record_line, f->count, f->path,
                        header->count);
    }
    for (size_t i = 0; i < f->count; i++) {
        const mlp_csv_cell *cell = &header->cells[i];
        if (strlen(f->names[i]) != cell->length ||
            memcmp(f->names[i], cell->text, cell->length) != 0) {
            return mlp_fail(
                MLP_ERROR_DATA,
                "%s:%zu: column %zu: expected the name \"%.60s\" "
                "as in %s, found \"%.*s\"",
                header->path, header->record_line, i + 1, f->names[i], f->path,
                (int)(cell->length < 60 ? cell->length : 60), cell->text);
        }
    }
    return MLP_OK;
}

static mlp_status take_header(files *f, mlp_csv_records *records)
{
    bool is_there = true;
    if (f->of->options->columns[0] != '\0') {
        list_columns(f->of->options->columns, records);
    } else {
        MLP_TRY(mlp_csv_record(records, &is_there));
    }
    if (!is_there) {
        return mlp_fail(MLP_ERROR_DATA,
                        "%s: expected a header with names of columns, found "
                        "nothing",
                        records->path);
    }
    if (f->names != NULL) {
        return compare_header(f, records);
    }
    MLP_TRY(keep_header(f, records));
    return mlp_table_take_header(f->of, records, f->cells);
}

/* ---- files ------------------------------------------------------------- */

static mlp_status read_file(files *f, const char *path)
{
    mlp_csv csv = {0};
    mlp_csv_block block = {0};
    mlp_csv_records records = {0};
    MLP_TRY(mlp_csv_open(path, f->of->options->comm, &csv));
    mlp_status status = mlp_csv_next(&csv, &block);
    if (status == MLP_OK) {
        status = mlp_csv_records_create(&csv, &records);
    }
    if (status == MLP_OK) {
        mlp_csv_records_begin(&records, &block);
        status = take_header(f, &records);
    }
    if (status == MLP_OK) {
        status = mlp_cells_read(f->cells, &csv, &records, records.count);
    }
    mlp_csv_records_destroy(&records);
    free(block.bytes);
    mlp_csv_close(&csv);
    return status;
}

mlp_status mlp_table_read(const mlp_table_reading *of, const char *spec,
                          mlp_cells *cells)
{
    files f = {.of = of, .cells = cells};
    mlp_paths paths = {0};
    bool is_input = strcmp(spec, MLP_CSV_INPUT) == 0;
    mlp_status status = mlp_paths_find(spec, &paths);
    f.path = paths.count > 0 ? paths.items[0] : NULL;
    cells->name = strdup(is_input ? "standard input" : spec);
    if (status == MLP_OK && cells->name == NULL) {
        status = mlp_fail_memory("a table");
    }
    for (size_t i = 0; i < paths.count && status == MLP_OK; i++) {
        status = read_file(&f, paths.items[i]);
    }
    for (size_t i = 0; i < f.count; i++) {
        free(f.names[i]);
    }
    free(f.names);
    mlp_paths_destroy(&paths);
    return status;
}
