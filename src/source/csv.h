/** @file
 *  Comma-separated values (RFC 4180). A file is read in blocks of whole
 *  records, and the records of a block are split into cells: several threads
 *  can each take a block. The longest allowed record bounds memory, however
 *  large the file. Not libcsv, which neither reports the line of a cell nor
 *  bounds memory, and is missing on many clusters.
 */
#ifndef MLP_CSV_H
#define MLP_CSV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "stream.h"

enum {
    MLP_CSV_RECORD_MOST = 1 << 20, /**< bytes of a record */
    MLP_CSV_FIELDS_MOST = 16384,   /**< cells of a record */
    MLP_CSV_BLOCK = 1 << 20,       /**< bytes that are read at a time */
    /** Room of a block: a byte before it, what is read, the rest of a record,
     *  and what is read behind a number. */
    MLP_CSV_BLOCK_ROOM = 1 + MLP_CSV_BLOCK + MLP_CSV_RECORD_MOST + 16
};

/** The name of standard input. */
#define MLP_CSV_INPUT "-"

/** Whether a path ends in .csv or .tsv, also with .gz or .zst behind it. */
bool mlp_csv_has_name(const char *path);

/* ---- a file as blocks -------------------------------------------------- */

/** A file, and the beginning of a record that the last block left. */
typedef struct {
    mlp_stream *stream;
    char separator; /**< a tab for .tsv, else found in the first line: a comma,
                         if there is one, or a semicolon, or a tab */
    size_t line;    /**< from 1: where the next block begins */
    size_t skipped; /**< bytes of a byte order mark */
    char *rest;     /**< [MLP_CSV_RECORD_MOST] */
    size_t rest_size;
    bool is_begun, is_ended;
} mlp_csv;

/** Whole records of a file. Zero-initialize; free bytes at the end. */
typedef struct {
    char *bytes; /**< [size], then a NUL, of MLP_CSV_BLOCK_ROOM; records change
                      them */
    size_t size;
    size_t skipped; /**< bytes before the first record */
    size_t line;    /**< of the first record */
} mlp_csv_block;

/** Open a regular file, compressed or not, or standard input if the path is
 *  MLP_CSV_INPUT. A byte order mark is skipped.
 *  @param comm  of standard input, see mlp_stream_open_input
 *  MLP_ERROR_MISSING, MLP_ERROR_DATA, MLP_ERROR_IO. */
mlp_status mlp_csv_open(const char *path, mlp_comm *comm, mlp_csv *csv);
void mlp_csv_close(mlp_csv *csv); /**< a zeroed one is closed */

/** Read the next block, of about 1 MiB.
 *  @param block  size 0 at the end of the file
 *  MLP_ERROR_DATA, with file and line, for a record that is too long. Errors of
 *  mlp_stream_take. */
mlp_status mlp_csv_next(mlp_csv *csv, mlp_csv_block *block);

/** How often a byte occurs. */
size_t mlp_csv_count(const char *bytes, size_t size, char wanted);

/* ---- a block as records ------------------------------------------------ */

/** A cell without its quotes. */
typedef struct {
    const char *text; /**< [length], then a byte that is no part of a number */
    uint32_t length;
    float number;
    bool is_number; /**< the number is that of the whole text. Only where
                         numbers are expected, and not for each of them */
} mlp_csv_cell;

/** The records of a block, and the cells of the last one. */
typedef struct {
    const char *path;
    char separator;
    bool stops[256]; /**< bytes that end a cell, or are not allowed in one */
    char *begin, *at, *end;
    size_t line;                /**< where the next record begins */
    size_t record_line;         /**< where the last one began */
    const bool *expects_number; /**< [MLP_CSV_FIELDS_MOST], then a false; NULL:
                                     no cell is parsed */
    mlp_csv_cell *cells;        /**< [count], of MLP_CSV_FIELDS_MOST */
    size_t count;
} mlp_csv_records;

/** For the records of a file, or without one for cells that are made otherwise.
 *  @param csv  NULL: no file
 *  MLP_ERROR_INTERNAL without memory. */
mlp_status mlp_csv_records_create(const mlp_csv *csv, mlp_csv_records *records);
void mlp_csv_records_destroy(mlp_csv_records *records);

/** Begin with the first record of a block, which must outlive the records. */
void mlp_csv_records_begin(mlp_csv_records *records,
                           const mlp_csv_block *block);

/** Read the next record; empty lines are skipped.
 *  @param is_there  false at the end
 *  MLP_ERROR_DATA, with file, line and cell, for a misplaced or missing quote,
 *  a NUL, or a record that is too long. */
mlp_status mlp_csv_record(mlp_csv_records *records, bool *is_there);

#endif
