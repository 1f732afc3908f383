/** @file
 *  Comma-separated values (RFC 4180), record by record. The longest allowed
 *  record bounds memory, however large the file. Not libcsv, which neither
 *  reports the line of a cell nor bounds memory, and is missing on many
 *  clusters.
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

/** A file and the last record read. */
typedef struct {
    char *path;
    FILE *file;
    char separator;
    size_t line;        /**< from 1: where the next record begins */
    size_t record_line; /**< where the last one began */
    char *text;         /**< the record's cells, each with its NUL */
    size_t used, room;
    size_t *starts; /**< [fields], into text */
    size_t fields;
} mlp_csv;

/** A position to return to: before some record. */
typedef struct {
    long offset;
    size_t line;
} mlp_csv_place;

/** Whether a path ends in .csv, or in .tsv, whose separator is the tab. */
bool mlp_csv_has_name(const char *path);

/** Open a regular file. A byte order mark is skipped.
 *  MLP_ERROR_MISSING, MLP_ERROR_DATA, MLP_ERROR_IO. */
mlp_status mlp_csv_open(const char *path, mlp_csv *csv);
void mlp_csv_close(mlp_csv *csv); /**< a zeroed one is closed */

/** Read the next record; empty lines are skipped.
 *  @param is_there  false at the end
 *  MLP_ERROR_DATA, with file, line and cell, for a misplaced or missing quote,
 *  a NUL, or a record that is too long. MLP_ERROR_IO. */
mlp_status mlp_csv_next(mlp_csv *csv, bool *is_there);

/** Cell i of the last record, without its quotes; valid until the next. */
const char *mlp_csv_field(const mlp_csv *csv, size_t i);

/** Where the next record begins; and have the one there be the next. The latter
 *  may be MLP_ERROR_IO. */
mlp_csv_place mlp_csv_position(const mlp_csv *csv);
mlp_status mlp_csv_seek(mlp_csv *csv, mlp_csv_place place);

#endif
