/** @file
 *  Reading a table by a schema: which records are valid, where they are, and
 *  their values. Private to the table source.
 */
#ifndef MLP_TABLE_FILE_H
#define MLP_TABLE_FILE_H

#include <locale.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "csv.h"
#include "schema.h"

enum { MLP_TABLE_STRIDE = 256 }; /* valid rows between marks */

/** Position before valid row i * MLP_TABLE_STRIDE. */
typedef struct {
    mlp_csv_place place;
    size_t test_rows; /**< test rows before it */
} mlp_table_mark;

typedef struct {
    mlp_csv csv;
    const mlp_schema *schema;
    locale_t c_locale;      /**< for numbers with a decimal point */
    bool needs_label;       /**< false: rows may lack it */
    bool is_never_negative; /**< a label below 0 is invalid */
    bool drops_bad;         /**< drop invalid rows; else they are an error */
    size_t header;          /**< cells of the header */
    size_t *cell_of; /**< [schema columns]: cell of each column; SIZE_MAX for
                             a label that is absent */
    size_t rows;     /**< valid rows */
    size_t dropped;  /**< invalid rows */
    char first_bad[256];   /**< why the first row was dropped */
    mlp_table_mark *marks; /**< [rows / stride + 1] */
    size_t mark_room;
    uint8_t *is_test; /**< [rows] bits; NULL: no test rows */
    size_t test_rows;
} mlp_table_file;

/** Open, and read the header. Columns are matched by name.
 *  @param schema  NULL: not yet known; table->cell_of is then NULL
 *  MLP_ERROR_MISSING, MLP_ERROR_DATA. */
mlp_status mlp_table_file_open(const char *path, const mlp_schema *schema,
                               bool needs_label, bool drops_bad,
                               mlp_table_file *table);
void mlp_table_file_close(mlp_table_file *table);

/** Match the schema's columns to the header. The file must be before its first
 *  record. */
mlp_status mlp_table_file_bind(mlp_table_file *table, const mlp_schema *schema);

/** Parse a text as a float32. False if it is not a finite number. */
bool mlp_table_number(const mlp_table_file *table, const char *text,
                      float *value);

/** Parse a cell of a numeric column.
 *  @return  NULL, or what an invalid cell should be: "a number" */
const char *mlp_table_read_number(const mlp_table_file *table, bool is_label,
                                  const char *text, float *value);

/** Store a mark, if one is due before the next valid row. */
mlp_status mlp_table_file_mark(mlp_table_file *table);

/** Reject the last record for an invalid cell (SIZE_MAX: the whole record):
 *  MLP_ERROR_DATA with file, line and column, or MLP_OK when invalid rows are
 *  dropped. */
mlp_status mlp_table_file_reject(mlp_table_file *table, size_t cell,
                                 const char *expected);

/** Read all records once: count and mark the valid ones. */
mlp_status mlp_table_file_scan(mlp_table_file *table);

/** Choose round(fraction * rows) test rows, all subsets equally likely, as a
 *  function of the seed alone.
 *  Source: Knuth 1997, The Art of Computer Programming vol. 2, Algorithm S. */
mlp_status mlp_table_file_split(mlp_table_file *table, double fraction,
                                uint64_t seed);

/** Destinations of rows; NULL where not wanted. */
typedef struct {
    float *values;    /**< [rows, features] */
    uint16_t *labels; /**< [rows] */
    float *targets;   /**< [rows] */
} mlp_table_rows;

/** Read rows first .. of the test rows, or of the other rows. */
mlp_status mlp_table_file_read(mlp_table_file *table, bool wants_test,
                               size_t first, size_t rows,
                               const mlp_table_rows *to);

#endif
