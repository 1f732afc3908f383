/** @file
 *  Reads the files of a table into cells.
 */
#include "table_files.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fnv1a.h"
#include "joint.h"
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

/* The header of the first file makes the columns. */
static mlp_status match_header(files *f, const mlp_csv_records *header)
{
    if (f->names != NULL) {
        return compare_header(f, header);
    }
    MLP_TRY(keep_header(f, header));
    return mlp_table_take_header(f->of, header, f->cells);
}

static mlp_status take_header(files *f, mlp_csv_records *records)
{
    bool is_there = true;
    if (f->of->options->columns[0] != '\0') {
        mlp_table_list_columns(f->of->options->columns, records);
    } else {
        MLP_TRY(mlp_csv_record(records, &is_there));
    }
    if (!is_there) {
        return mlp_fail(MLP_ERROR_DATA,
                        "%s: expected a header with names of columns, found "
                        "nothing",
                        records->path);
    }
    return match_header(f, records);
}

/* ---- files ------------------------------------------------------------- */

enum { FILE_FACTS = 2 };

/* Check that numbers are the same on all ranks. Collective. */
static mlp_status compare_ranks(mlp_comm *comm, const char *name,
                                const uint64_t facts[FILE_FACTS])
{
    uint64_t most[2 * FILE_FACTS];
    for (size_t i = 0; i < FILE_FACTS; i++) {
        most[i] = facts[i];
        most[FILE_FACTS + i] = ~facts[i];
    }
    MLP_TRY(mlp_joint_max(comm, most, 2 * FILE_FACTS));
    for (size_t i = 0; i < FILE_FACTS; i++) {
        if (most[i] != ~most[FILE_FACTS + i]) {
            return mlp_fail(MLP_ERROR_DATA, "%s: is not the same on all ranks",
                            name);
        }
    }
    return MLP_OK;
}

static mlp_status read_header(files *f, mlp_csv *csv, mlp_csv_block *block,
                              mlp_csv_records *records,
                              uint64_t facts[FILE_FACTS])
{
    MLP_TRY(mlp_csv_next(csv, block));
    facts[0] = mlp_stream_size(csv->stream);
    facts[1] = mlp_fnv1a(MLP_FNV1A, block->bytes, block->size);
    MLP_TRY(mlp_csv_records_create(csv, records));
    mlp_csv_records_begin(records, block);
    return take_header(f, records);
}

static mlp_status read_file(files *f, const char *path)
{
    mlp_comm *comm = f->of->options->comm;
    mlp_csv csv = {0};
    mlp_csv_block block = {0};
    mlp_csv_records records = {0};
    uint64_t facts[FILE_FACTS] = {0};
    mlp_status status = mlp_csv_open(path, comm, &csv);
    if (status == MLP_OK) {
        status = read_header(f, &csv, &block, &records, facts);
    }
    status = mlp_joint_agree(comm, status);
    if (status == MLP_OK) {
        status = compare_ranks(comm, path, facts);
    }
    if (status == MLP_OK) {
        status = mlp_cells_read(f->cells, &csv, &records, records.count);
    }
    mlp_csv_records_destroy(&records);
    free(block.bytes);
    mlp_csv_close(&csv);
    return status;
}

/* The columns of an array without --columns are numbered from 0; the one of a
 * second file with one column is the label. */
static mlp_status name_columns(files *f, const mlp_npy *array,
                               mlp_csv_records *header)
{
    enum { DIGITS_MOST = 8 };
    char names[MLP_CSV_FIELDS_MOST][DIGITS_MOST];
    static const char joined_label[] = "label";
    const char *given = f->of->options->columns;
    if (array->columns > MLP_CSV_FIELDS_MOST) {
        return mlp_fail(MLP_ERROR_DATA, "%s: has %zu columns, more than %d",
                        header->path, array->columns, MLP_CSV_FIELDS_MOST);
    }
    header->count = array->columns;
    for (size_t i = 0; i < array->columns; i++) {
        int length = snprintf(names[i], DIGITS_MOST, "%zu", i);
        header->cells[i] =
            (mlp_csv_cell){.text = names[i], .length = (uint32_t)length};
    }
    if (array->beside != NULL && array->beside->columns == 1) {
        header->cells[array->own] = (mlp_csv_cell){
            .text = joined_label, .length = (uint32_t)strlen(joined_label)};
    }
    if (given[0] != '\0') {
        mlp_table_list_columns(given, header);
    }
    if (header->count != array->columns) {
        return mlp_fail(MLP_ERROR_DATA,
                        "%s: has %zu columns, --columns names %zu",
                        header->path, array->columns, header->count);
    }
    return match_header(f, header);
}

static mlp_status open_array(files *f, const char *path, mlp_npy *array)
{
    mlp_csv_records header = {0};
    MLP_TRY(mlp_npy_open(path, array));
    mlp_status status = mlp_csv_records_create(NULL, &header);
    if (status == MLP_OK) {
        header.path = path;
        header.record_line = 1;
        status = name_columns(f, array, &header);
    }
    mlp_csv_records_destroy(&header);
    return status;
}

static mlp_status read_array(files *f, const char *path)
{
    mlp_comm *comm = f->of->options->comm;
    mlp_npy array = {0};
    mlp_status status = open_array(f, path, &array);
    status = mlp_joint_agree(comm, status);
    if (status == MLP_OK) {
        status = compare_ranks(
            comm, path, (uint64_t[FILE_FACTS]){array.rows, array.columns});
    }
    if (status == MLP_OK) {
        status = mlp_cells_read_array(f->cells, &array);
    }
    mlp_npy_close(&array);
    return status;
}

static mlp_status find_files(const char *spec, mlp_cells *cells,
                             mlp_paths *paths)
{
    bool is_input = strcmp(spec, MLP_CSV_INPUT) == 0;
    cells->name = strdup(is_input ? "standard input" : spec);
    return cells->name == NULL ? mlp_fail_memory("a table")
                               : mlp_paths_find(spec, paths);
}

static uint64_t hash_paths(const mlp_paths *paths)
{
    uint64_t hash = MLP_FNV1A;
    for (size_t i = 0; i < paths->count; i++) {
        hash = mlp_fnv1a(hash, paths->items[i], strlen(paths->items[i]) + 1);
    }
    return hash;
}

mlp_status mlp_table_read(const mlp_table_reading *of, const char *spec,
                          mlp_cells *cells)
{
    files f = {.of = of, .cells = cells};
    mlp_paths paths = {0};
    mlp_status status = find_files(spec, cells, &paths);
    status = mlp_joint_agree(of->options->comm, status);
    if (status == MLP_OK) {
        status = compare_ranks(
            of->options->comm, cells->name,
            (uint64_t[FILE_FACTS]){paths.count, hash_paths(&paths)});
    }
    f.path = paths.count > 0 ? paths.items[0] : NULL;
    for (size_t i = 0; i < paths.count && status == MLP_OK; i++) {
        status = mlp_npy_has_name(paths.items[i])
                     ? read_array(&f, paths.items[i])
                     : read_file(&f, paths.items[i]);
    }
    if (status == MLP_OK) {
        status = mlp_cells_join(cells);
    }
    for (size_t i = 0; i < f.count; i++) {
        free(f.names[i]);
    }
    free(f.names);
    mlp_paths_destroy(&paths);
    return status;
}
