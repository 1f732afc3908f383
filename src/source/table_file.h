/** @file
 *  A table in a file, read by a schema: which of its records are good, where
 *  they are, and what they say as numbers. Private to the sources of tables.
 */
#ifndef MLP_TABLE_FILE_H
#define MLP_TABLE_FILE_H

#include <locale.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "csv.h"
#include "schema.h"

enum { MLP_TABLE_STRIDE = 256 }; /* good rows from one mark to the next */

/** Before good row i * MLP_TABLE_STRIDE. */
typedef struct {
    mlp_csv_place place;
    size_t test_rows; /**< test rows among those before */
} mlp_table_mark;

typedef struct {
    mlp_csv csv;
    const mlp_schema *schema;
    locale_t c_locale;      /**< in which a number's point is a point */
    bool needs_label;       /**< false: rows may do without */
    bool is_never_negative; /**< the label; what is below 0 is a bad cell */
    bool drops_bad;  /**< bad rows are left out, else they are an error */
    size_t header;   /**< cells of the header */
    size_t *cell_of; /**< [schema columns]: which cell of a record; SIZE_MAX:
                          the label, which is not there */
    size_t rows;     /**< good ones */
    size_t dropped;  /**< bad ones */
    char first_bad[256];   /**< why the first of these was dropped */
    mlp_table_mark *marks; /**< [rows / stride + 1] */
    size_t mark_room;
    uint8_t *is_test; /**< [rows] bits; NULL: no row is */
    size_t test_rows;
} mlp_table_file;

/** Open, and read the header. Columns are found by their names.
 *  @param schema  NULL while it is not known; table->cell_of is then NULL
 *  MLP_ERROR_MISSING, MLP_ERROR_DATA. */
mlp_status mlp_table_file_open(const char *path, const mlp_schema *schema,
                               bool needs_label, bool drops_bad,
                               mlp_table_file *table);
void mlp_table_file_close(mlp_table_file *table);

/** Find the columns of a schema in the header; the file is before its first
 *  record then. */
mlp_status mlp_table_file_bind(mlp_table_file *table, const mlp_schema *schema);

/** Read a text as a float32. false: it is none, or not finite. */
bool mlp_table_number(const mlp_table_file *table, const char *text,
                      float *value);

/** Read a cell of a column of numbers.
 *  @return  NULL, or what the cell should be and is not: "a number" */
const char *mlp_table_read_number(const mlp_table_file *table, bool is_label,
                                  const char *text, float *value);

/** Remember a mark, if one is due before the next good row. */
mlp_status mlp_table_file_mark(mlp_table_file *table);

/** Note what is wrong with a cell of the newest record (SIZE_MAX: with all of
 *  it): MLP_ERROR_DATA with file, line and column, or MLP_OK when bad rows are
 *  dropped. */
mlp_status mlp_table_file_reject(mlp_table_file *table, size_t cell,
                                 const char *expected);

/** Read all records once: count the good ones, and mark them. */
mlp_status mlp_table_file_scan(mlp_table_file *table);

/** Choose test rows: round(fraction rows) of them, each subset as likely as
 *  any other, by the seed alone.
 *  Source: Knuth 1997, The Art of Computer Programming vol. 2, Algorithm S. */
mlp_status mlp_table_file_split(mlp_table_file *table, double fraction,
                                uint64_t seed);

/** Where rows go; NULL where they are not wanted. */
typedef struct {
    float *values;    /**< [rows, features] */
    uint16_t *labels; /**< [rows] */
    float *targets;   /**< [rows] */
} mlp_table_rows;

/** Read rows first .. of those that are test rows, or of those that are not. */
mlp_status mlp_table_file_read(mlp_table_file *table, bool wants_test,
                               size_t first, size_t rows,
                               const mlp_table_rows *to);

#endif
