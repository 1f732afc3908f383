/** @file
 *  The rows of a table as typed cells: each file is parsed once, in sections,
 * by the ranks of a team and their threads, and the sections are joined in the
 * order of the file, so that nothing depends on ranks or threads. A rank holds
 * the rows of its sections, until it gets those that it asks for.
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
#include "npy.h"
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
    uint32_t *found; /**< [texts], before mlp_cells_join: the section in which
                          this rank found each first */
    size_t found_room;
} mlp_cell_column;

/** How cells are read. */
typedef struct {
    const char *na;      /**< words for a missing cell, "NA,?" */
    mlp_missing missing; /**< of a cell of a feature */
    bool drops_bad;      /**< leave out invalid rows; else they are an error */
    bool is_never_negative; /**< a label below 0 is invalid */
    size_t label;           /**< index of its column; SIZE_MAX: none is read */
    size_t key;             /**< column that rows are held out by, kept as a
                                 number (row_key.h); SIZE_MAX: none */
    bool has_times;         /**< by its order; else by its texts */
    size_t threads;
    bool is_large;  /**< keep words in an unnamed file of $TMPDIR or /var/tmp */
    mlp_comm *comm; /**< the team; NULL: this process is alone */
} mlp_cells_how;

/** The first words of a row: its line, the section that it was read from, and
 *  its number in the input, rows that were left out counted (until all are
 *  joined, in its section). */
enum { MLP_CELLS_LINE, MLP_CELLS_SECTION, MLP_CELLS_INPUT, MLP_CELLS_FIRST };

/** A part of the input that one rank has read. */
typedef struct {
    uint32_t file;
    uint64_t records; /**< rows in it, those that were left out, too; 0 on other
                           ranks */
} mlp_cells_section;

/** Zero-initialize; destroy frees. */
typedef struct {
    mlp_cells_how how;
    char *name;    /**< of the table, for messages: a file, or all of them */
    size_t stored; /**< bytes that were read, compressed ones if it is so */
    mlp_cell_column *columns; /**< [count] */
    size_t count;
    uint32_t *words; /**< [rows, width]: as MLP_CELLS_LINE ..., then cells */
    size_t rows, width, room; /**< rows of this rank */
    size_t key_place;  /**< of two words for the key; SIZE_MAX: not stored */
    int file;          /**< if they are in a file: its descriptor */
    size_t total;      /**< rows of all ranks, once they are joined */
    uint32_t *numbers; /**< [rows]: where in the table each is, ascending within
                            a section; NULL: this rank has all, in order */
    char **paths;      /**< [files] */
    size_t files;
    mlp_cells_section *sections; /**< [section_count], in the order of the
                                      table */
    size_t section_count, sections_room;
    /* Of this rank; of all ranks, once they are joined: */
    size_t dropped;    /**< invalid rows */
    size_t unlabelled; /**< rows without a label */
    size_t incomplete; /**< rows with a missing cell, if they are left out */
    size_t first_bad_section;
    char first_bad[512]; /**< why the first invalid row was left out, with file
                              and line */
} mlp_cells;

void mlp_cells_destroy(mlp_cells *cells);

/** Choose the places of the columns, whose names, kinds and fields are set. */
void mlp_cells_plan(mlp_cells *cells, const mlp_cells_how *how);

/** Read the rows of a file, and add them.
 *  @param first   the records of its first block, of which the header was read
 *  @param header  cells of the header, which records must have too
 *  Collective. MLP_ERROR_DATA with file, line and column. Errors of
 *  mlp_csv_next. */
mlp_status mlp_cells_read(mlp_cells *cells, mlp_csv *csv,
                          mlp_csv_records *first, size_t header);

/** Add the rows of an array, whose columns are the fields of the cells.
 *  Collective. MLP_ERROR_DATA with file, row and column. Errors of
 *  mlp_npy_read. */
mlp_status mlp_cells_read_array(mlp_cells *cells, const mlp_npy *array);

/** Make what ranks have read one table, when all files are read: texts get the
 *  codes that one reader would have given them, rows their numbers, and all
 *  ranks the same counts. Collective. MLP_ERROR_DATA for too many texts. */
mlp_status mlp_cells_join(mlp_cells *cells);

/** Sum the counts of rows that were left out over all ranks. Collective. */
mlp_status mlp_cells_join_counts(mlp_cells *cells);

/** Fetch rows from the ranks that have them, and drop all others. For a rank
 *  that is alone it does nothing.
 *  @param wanted  a bit for each row of the table, in words of 64: those that
 *                 this rank is to have
 *  Collective. MLP_ERROR_INTERNAL, MLP_ERROR_IO as of mlp_cells_make_room. */
mlp_status mlp_cells_fetch(mlp_cells *cells, const uint64_t *wanted);

/** Which of the table's rows this rank has.
 *  @param rows   [count], ascending row numbers of the table
 *  @param local  [count], overwritten: indexes of this rank's rows
 *  @return  how many */
size_t mlp_cells_choose(const mlp_cells *cells, const uint32_t *rows,
                        size_t count, uint32_t *local);

/** The index of a row of the table among this rank's rows after
 *  mlp_cells_fetch.
 *  @param hint  an index, probably a little before it */
size_t mlp_cells_find(const mlp_cells *cells, uint32_t number, size_t hint);

/** Some words of every row of the table, on all ranks.
 *  @param place  of the first: a column's number or code, or one of
 *                MLP_CELLS_LINE ...
 *  @param words  [total, width], overwritten
 *  Collective. MLP_ERROR_INTERNAL without memory. */
mlp_status mlp_cells_gather(const mlp_cells *cells, size_t place, size_t width,
                            uint32_t *words);

/** Add a section, of the last file. MLP_ERROR_INTERNAL without memory. */
mlp_status mlp_cells_add_section(mlp_cells *cells);

/** Make room for so many rows. MLP_ERROR_INTERNAL without memory, MLP_ERROR_IO
 *  without disk space. */
mlp_status mlp_cells_make_room(mlp_cells *cells, size_t rows);

/** Exchange the rows of two, with their memory. */
void mlp_cells_swap_rows(mlp_cells *a, mlp_cells *b);

/** Place of the rows' weights among the words of a row; SIZE_MAX: they have
 *  none, or these are not read. */
size_t mlp_cells_weight(const mlp_cells *cells);

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

/** Fail with MLP_ERROR_DATA for a column with too many texts. */
mlp_status mlp_cells_refuse_texts(const char *name,
                                  const mlp_cell_column *column);

/** Keep only rows for which `keeps` is not 0, in their order, and number the
 *  table's rows anew.
 *  @param keeps  [rows]
 *  Collective. MLP_ERROR_INTERNAL without memory. */
mlp_status mlp_cells_keep(mlp_cells *cells, const uint8_t *keeps);

#endif
