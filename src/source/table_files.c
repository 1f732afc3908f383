/** @file
 *  Reads the files of a table into cells.
 */
#include "table_files.h"

#include <stdlib.h>
#include <string.h>

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

static mlp_status read_records(const mlp_table_reading *of, mlp_csv *csv,
                               mlp_csv_records *records, mlp_cells *cells)
{
    bool is_there = true;
    if (of->options->columns[0] != '\0') {
        list_columns(of->options->columns, records);
    } else {
        MLP_TRY(mlp_csv_record(records, &is_there));
    }
    if (!is_there) {
        return mlp_fail(MLP_ERROR_DATA,
                        "%s: expected a header with names of columns, found "
                        "nothing",
                        records->path);
    }
    MLP_TRY(mlp_table_take_header(of, records, cells));
    return mlp_cells_read(cells, csv, records, records->count);
}

mlp_status mlp_table_read(const mlp_table_reading *of, const char *path,
                          mlp_cells *cells)
{
    mlp_csv csv = {0};
    mlp_csv_block block = {0};
    mlp_csv_records records = {0};
    MLP_TRY(mlp_csv_open(path, &csv));
    mlp_status status = mlp_csv_next(&csv, &block);
    if (status == MLP_OK) {
        status = mlp_csv_records_create(&csv, &records);
    }
    if (status == MLP_OK) {
        mlp_csv_records_begin(&records, &block);
        status = read_records(of, &csv, &records, cells);
    }
    mlp_csv_records_destroy(&records);
    free(block.bytes);
    mlp_csv_close(&csv);
    return status;
}
