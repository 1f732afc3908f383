/** @file
 *  Comma-separated values (RFC 4180), a record at a time. Memory is bounded by
 *  the longest record that is allowed, however large the file. Own code, since
 *  a reader must tell the line of every cell, bound what it takes in, and be
 *  there on clusters; libcsv does none of it.
 */
#ifndef MLP_CSV_H
#define MLP_CSV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "base/status.h"

enum {
    MLP_CSV_RECORD_MOST = 1 << 20, /**< bytes of a record */
    MLP_CSV_FIELDS_MOST = 16384    /**< cells of a record */
};

/** A file and its newest record. */
typedef struct {
    char *path;
    FILE *file;
    char separator;
    size_t line;        /**< from 1: where the next record begins */
    size_t record_line; /**< where the newest one did */
    char *text;         /**< the record's cells, each with its NUL */
    size_t used, room;
    size_t *starts; /**< [fields], into text */
    size_t fields;
} mlp_csv;

/** A place to go back to: before some record. */
typedef struct {
    long offset;
    size_t line;
} mlp_csv_place;

/** Whether a path's name ends as that of a table: .csv, or .tsv, whose cells
 *  tabs separate. */
bool mlp_csv_has_name(const char *path);

/** Open a regular file. A byte order mark is passed over.
 *  MLP_ERROR_MISSING, MLP_ERROR_DATA, MLP_ERROR_IO. */
mlp_status mlp_csv_open(const char *path, mlp_csv *csv);
void mlp_csv_close(mlp_csv *csv); /**< A zeroed one is closed. */

/** Read the next record; empty lines are none.
 *  @param is_there  false at the end
 *  MLP_ERROR_DATA, with file, line and cell: a quote where none may be, or none
 *  where one must; a NUL; a record too long. MLP_ERROR_IO. */
mlp_status mlp_csv_next(mlp_csv *csv, bool *is_there);

/** Cell i of the newest record, without its quotes; valid until the next. */
const char *mlp_csv_field(const mlp_csv *csv, size_t i);

mlp_csv_place mlp_csv_tell(const mlp_csv *csv);
mlp_status mlp_csv_seek(mlp_csv *csv, mlp_csv_place place);

#endif
