/** @file
 *  Sections of a file on the way to typed cells: a block of records, or of rows
 *  of an array, which one thread parses. Private to cells_read.c and
 *  cells_parse.c.
 */
#ifndef MLP_CELLS_PARSE_H
#define MLP_CELLS_PARSE_H

#include <locale.h>

#include "cells.h"
#include "csv_ranges.h"
#include "na_words.h"
#include "npy.h"

/** Where a column's number is taken from and stored, if it has been parsed with
 *  its record and nothing is to be checked. */
typedef struct {
    uint32_t field;
    uint32_t
        place; /**< in the row; UINT32_MAX: its cells are no such numbers */
} mlp_plain_number;

/** How the records of a file become rows. */
typedef struct {
    mlp_cells *cells;
    size_t header; /**< cells of a record */
    locale_t c_locale;
    mlp_na_words na;
    bool *expects_number; /**< [MLP_CSV_FIELDS_MOST], then a false: by field */
    mlp_plain_number *plain; /**< [columns] */
} mlp_parser;

/** A block, and what a thread makes of it. */
typedef struct {
    const mlp_csv_ranges *ranges; /**< NULL: the block has been read */
    size_t range;                 /**< else it is this one */
    const mlp_npy *array;         /**< not NULL: the block is these rows */
    mlp_range array_rows;
    mlp_csv_block block;
    mlp_csv_records records;
    mlp_texts *texts;  /**< [columns] */
    uint8_t *has_many; /**< [columns] */
    uint32_t *words;   /**< [rows, width] */
    size_t rows, room;
    size_t taken; /**< records, good or not */
    uint32_t section;
    bool is_kept; /**< its rows are this rank's */
    size_t dropped, unlabelled, incomplete;
    char first_bad[256];
    mlp_status status;
    char failure[MLP_FAILURE_MAX];
} mlp_segment;

/** MLP_ERROR_INTERNAL without memory. */
mlp_status mlp_parser_create(mlp_cells *cells, size_t header, mlp_parser *of);
void mlp_parser_destroy(mlp_parser *of);

/** Zero-initialize.
 *  @param csv  the file; NULL: of an array
 *  MLP_ERROR_INTERNAL without memory. */
mlp_status mlp_segment_create(const mlp_parser *of, const mlp_csv *csv,
                              mlp_segment *s);
void mlp_segment_destroy(const mlp_parser *of, mlp_segment *s);

/** Empty it for another block. */
void mlp_segment_reset(const mlp_parser *of, mlp_segment *s);

/** Read the range or rows, if they are given, and parse the records. Several
 * threads may, each its own segment, if the kinds of all columns are known. The
 * failure is kept in the segment. */
void mlp_segment_parse(const mlp_parser *of, mlp_segment *s);

#endif
