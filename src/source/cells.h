/** @file
 *  The rows of a table as typed cells: each file is parsed once, block by
 *  block, by several threads; the blocks are joined in the order of the file,
 *  so that nothing depends on the threads.
 *
 *  A row is valid if it has as many cells as the header, numbers in numeric
 *  columns, and a label. Other rows are refused or left out here.
 */
#ifndef MLP_CELLS_H
#define MLP_CELLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "config/config.h"
#include "csv.h"
#include "schema.h"
#include "texts.h"

enum {
    MLP_TEXTS_MOST = MLP_CLASSES_MOST, /**< different texts of a column */
    MLP_AUTO_CLASSES_MOST = 20 /**< numbers of a label that are still classes */
};

/** Stored in place of a missing number or code; as a float it is a NaN. */
#define MLP_CELL_MISSING UINT32_MAX

/** A column of the table, and how its cells are stored in a row. */
typedef struct {
    char *name;
    mlp_column_kind kind; /**< unknown until its first cell */
    size_t number;        /**< place of the number, of a numeric column; or */
    size_t code;     /**< of the text's code. SIZE_MAX: not stored. A numeric
                          label may have both: its numbers may be classes */
    size_t field;    /**< index among the file's cells; SIZE_MAX: absent */
    bool has_many;   /**< a numeric label with too many texts for classes, or
                          with a number that is not whole */
    mlp_texts texts; /**< by code, in the order of the file */
} mlp_cell_column;

/** How cells are read. */
typedef struct {
    const char *na;      /**< words for a missing cell, "NA,?" */
    mlp_missing missing; /**< of a cell of a feature */
    bool drops_bad;      /**< leave out invalid rows; else they are an error */
    bool is_never_negative; /**< a label below 0 is invalid */
    size_t label;           /**< index of its column; SIZE_MAX: none is read */
    size_t threads;
    bool is_large; /**< keep words in an unnamed file of $TMPDIR or /var/tmp */
} mlp_cells_how;

/** Zero-initialize; destroy frees. */
typedef struct {
    mlp_cells_how how;
    char *name;    /**< of the table, for messages: a file, or all of them */
    size_t stored; /**< bytes that were read, compressed ones if it is so */
    mlp_cell_column *columns; /**< [count] */
    size_t count;
    uint32_t *words; /**< [rows, width]: the line, then cells */
    size_t rows, width, room;
    int file; /**< if they are in a file: its descriptor */
    size_t files;
    char **paths;        /**< [files] */
    size_t *first_rows;  /**< [files], the first row of each */
    size_t dropped;      /**< invalid rows */
    size_t unlabelled;   /**< rows without a label */
    size_t incomplete;   /**< rows with a missing cell, if they are left out */
    char first_bad[512]; /**< why the first invalid row was left out, with file
                              and line */
} mlp_cells;

void mlp_cells_destroy(mlp_cells *cells);

/** Choose the places of the columns, whose names, kinds and fields are set. */
void mlp_cells_plan(mlp_cells *cells, const mlp_cells_how *how);

/** Read the rows of a file, and add them.
 *  @param first   the records of its first block, of which the header was read
 *  @param header  cells of the header, which records must have too
 *  MLP_ERROR_DATA with file, line and column. Errors of mlp_csv_next. */
mlp_status mlp_cells_read(mlp_cells *cells, mlp_csv *csv,
                          mlp_csv_records *first, size_t header);

/** Make room for so many rows. MLP_ERROR_INTERNAL without memory, MLP_ERROR_IO
 *  without disk space. */
mlp_status mlp_cells_make_room(mlp_cells *cells, size_t rows);

/** The words of a row. */
static inline const uint32_t *mlp_cells_row(const mlp_cells *cells, size_t row)
{
    return cells->words + row * cells->width;
}

/** A word as a number; a missing one is a NaN. */
static inline float mlp_cell_number(uint32_t word)
{
    float number;
    memcpy(&number, &word, sizeof number);
    return number;
}

/** Fail with MLP_ERROR_DATA for a cell of a row: file, line and column, what
 *  was expected and the text that was found. */
mlp_status mlp_cells_refuse(const mlp_cells *cells, size_t row, size_t column,
                            const char *expected);

/** Keep only rows for which `keeps` is not 0, in their order.
 *  @param keeps  [rows] */
void mlp_cells_keep(mlp_cells *cells, const uint8_t *keeps);

#endif
