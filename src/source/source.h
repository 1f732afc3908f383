/** @file
 *  Where labelled rows come from: IDX files, an HDF5 file, or the built-in
 *  digits. A source knows its extents and reads any run of rows; it keeps
 *  none of them.
 */
#ifndef MLP_SOURCE_H
#define MLP_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "config/config.h"
#include "schema.h"

typedef struct mlp_source mlp_source;

typedef enum { MLP_SPLIT_TRAIN, MLP_SPLIT_TEST } mlp_split;
enum { MLP_SPLITS = 2 };

/** How a feature is stored, in files and in memory. */
typedef enum { MLP_ELEMENT_U8, MLP_ELEMENT_F32 } mlp_element;

/** Bytes of one feature. */
size_t mlp_element_bytes(mlp_element element);

typedef struct {
    char name[4096]; /**< for a person: a path, or "digits (built in)" */
    size_t rows[MLP_SPLITS]; /**< rows of the test split may be 0 */
    size_t features;         /**< height * width */
    size_t height, width;    /**< of a picture; 1 x features when it is none */
    size_t channels; /**< of a pixel, which width counts; 0: not said, one */
    mlp_element element;
    const mlp_schema *schema;     /**< of a table; NULL: it is none */
    const mlp_names *class_names; /**< NULL: classes are numbered */
    bool has_labels; /**< false only for what mlp_source_open_images opened */
} mlp_source_info;

/** What "" means to mlp_source_open here and now. */
const char *mlp_source_default(void);

/** Open a source and check everything that can be checked without its rows:
 *  magics, extents, that images and labels agree.
 *
 *  @param spec  a directory with the four IDX files (plain or .gz), an HDF5
 *               file, "digits", a truth table ("and", "or", "xor"), or "" for
 * the default: $MLP_DATA if set, else data/mnist in the working directory if it
 * is complete, else "digits"
 *
 *  MLP_ERROR_MISSING, MLP_ERROR_DATA: the line names the file, what was
 *  expected and what was found. Not collective.
 */
mlp_status mlp_source_open(const char *spec, mlp_source **source);

/** How to read a table in a CSV file. */
typedef struct {
    const char *label;       /**< the column to predict */
    const char *ignore;      /**< columns to leave out, "a,b"; "" none */
    const char *categorical; /**< numbers to take as texts, "a,b"; "" none */
    bool is_regression;      /**< the label is a number, not a class */
    bool is_never_negative;  /**< a label below 0 is a bad cell */
    bool drops_bad;          /**< leave bad rows out; else they are an error */
    double test_fraction;    /**< of the rows are test rows */
    const char *test_data;   /**< a file of test rows; "" none */
    uint64_t seed;           /**< chooses the test rows */
    /** Of a model, instead of one made from the file, which may then lack the
     *  label if labels are not wanted. Without test_fraction all rows are in
     *  either split, whichever is asked for. NULL: make one. */
    const mlp_schema *schema;
    /** With a schema: the splits are those of training, even if labels are not
     *  wanted. They are read all the same: a row without a good one was in no
     *  split. */
    bool splits_again;
} mlp_table_options;

/** What a configuration says of tables; borrows its texts. */
mlp_table_options mlp_table_options_of(const mlp_config *config);

/** Open a source that may be a table: a file NAME.csv, or NAME.tsv with tabs.
 *  The first line names the columns. A column is of numbers if its first cell
 *  with something in it is a number, else of texts, which become one-hot.
 *
 *  @param has_labels  as mlp_source_open; false: as mlp_source_open_images
 *
 *  MLP_ERROR_USAGE when options ask for a table and it is none. A bad cell:
 *  MLP_ERROR_DATA with file, line and column. Otherwise as mlp_source_open.
 */
mlp_status mlp_source_open_table(const char *spec,
                                 const mlp_table_options *options,
                                 bool has_labels, mlp_source **source);

/** Open a source for its images alone: labels are neither looked for nor read.
 *  Takes what mlp_source_open takes, and besides a single IDX file of images
 *  (plain or .gz) and an HDF5 file with /images in place of /train and /test.
 *  These two have no splits: all their rows are in the test split. (Of a
 *  directory all four files must be there.)
 *
 *  As mlp_source_open otherwise.
 */
mlp_status mlp_source_open_images(const char *spec, mlp_source **source);

/** Rows that the caller has in memory, instead of files. */
typedef struct {
    const char *name;     /**< for messages */
    size_t height, width; /**< of a row: 1 x features when no picture */
    mlp_element element;
    size_t rows[MLP_SPLITS];            /**< 0 test rows will do */
    const void *values[MLP_SPLITS];     /**< [rows, height * width] */
    const uint16_t *labels[MLP_SPLITS]; /**< [rows]; NULL: all 0 */
    const float *targets[MLP_SPLITS];   /**< [rows], of a regression */
    const mlp_schema *schema;     /**< of a regression; else it may be NULL */
    const mlp_names *class_names; /**< NULL: classes are numbered */
} mlp_source_arrays;

/** Take rows from arrays, which are not copied, no more than schema and names,
 *  and must outlive the source.
 *  MLP_ERROR_DATA when there is no training row or no feature;
 *  MLP_ERROR_INTERNAL without memory. Not collective. */
mlp_status mlp_source_open_arrays(const mlp_source_arrays *arrays,
                                  mlp_source **source);

void mlp_source_close(mlp_source **source);

const mlp_source_info *mlp_source_facts(const mlp_source *source);

/** Read rows first .. first + rows - 1 of a split.
 *
 *  @param values  [rows, features] of the source's element type, overwritten;
 *                 NULL: only labels are wanted
 *  @param labels  [rows], overwritten; with zeros when there are none; NULL:
 *                 only values are wanted
 *
 *  A run that ends with the split's last row also checks the end of the
 *  file: gzip's CRC, nothing missing, nothing left over. MLP_ERROR_DATA.
 *  Reads in rising order are cheap (a .gz is decompressed only once).
 */
mlp_status mlp_source_read(mlp_source *source, mlp_split split, size_t first,
                           size_t rows, void *values, uint16_t *labels);

/** Where the features of a split lie in a file as they do in memory. */
typedef struct {
    const char *path; /**< the source's own */
    uint64_t offset;  /**< of row 0; row r lies r rows behind it */
    size_t grain;     /**< rows that are read together at little more cost than
                           one, where the split lies nowhere */
} mlp_source_place;

/** Whether the features of a split lie in a file one behind the other as
 *  mlp_source_read gives them, and where. If not, only grain is set. */
bool mlp_source_locate(mlp_source *source, mlp_split split,
                       mlp_source_place *place);

/** The numbers to predict, of a source whose schema is of a regression.
 *  @param targets  [rows], overwritten */
mlp_status mlp_source_read_targets(mlp_source *source, mlp_split split,
                                   size_t first, size_t rows, float *targets);

#endif
