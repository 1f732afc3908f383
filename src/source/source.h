/** @file
 *  Sources of labelled rows: IDX files, an HDF5 file, a table, the built-in
 *  digits and truth tables, or memory. A source knows its extents and reads any
 *  range of rows; it keeps no rows in memory.
 */
#ifndef MLP_SOURCE_H
#define MLP_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "config/config.h"
#include "holdout.h"
#include "schema.h"
#include "team/comm.h"

typedef struct mlp_source mlp_source;

/** The type of a stored feature, in files and in memory. */
typedef enum { MLP_ELEMENT_U8, MLP_ELEMENT_F32 } mlp_element;

/** Bytes of one feature. */
size_t mlp_element_bytes(mlp_element element);

/** What a table's rows lacked, over all its files. */
typedef struct {
    uint64_t rows_dropped;    /**< invalid */
    uint64_t rows_unlabelled; /**< left out, as they have no label */
    uint64_t rows_incomplete; /**< left out, as a cell is missing */
    uint64_t cells_missing;   /**< of the other rows: filled in */
    uint64_t texts_other;     /**< of these: rare, or in no training row */
} mlp_table_counts;

typedef struct {
    char name[4096]; /**< for messages: a path, or "digits (built in)" */
    size_t rows[MLP_SPLITS]; /**< of the test and validation splits maybe 0 */
    size_t features;         /**< height * width */
    size_t height, width;    /**< of a picture; else 1 x features */
    size_t channels;         /**< of a pixel, counted in width; 0: unknown, 1 */
    mlp_element element;
    const mlp_schema *schema;     /**< of a table; else NULL */
    const mlp_names *class_names; /**< NULL: classes are numbered */
    bool has_labels;              /**< false after mlp_source_open_images */
    bool has_weights;             /**< rows have weights, of all splits */
    bool is_table;                /**< read from a table */
    mlp_table_counts counts;      /**< of a table */
    bool is_joint;            /**< read once by a team: see mlp_source_fetch */
    const char *task_reason;  /**< of a new schema: why it is a regression or
                                   not, for the user */
    mlp_holdout_kind holdout; /**< how rows are held out, with
                                   MLP_HOLDOUT_AUTO resolved */
} mlp_source_info;

/** Whether there is something at a spec of mlp_source_open: what is built in, a
 *  path, or a list, a pattern or joined arrays, whose files are not looked for;
 *  never at "". */
bool mlp_source_is_there(const char *spec);

/** The source that "" stands for in mlp_source_open. */
const char *mlp_source_default(void);

/** Open a source and check everything that can be checked without its rows:
 *  magics, extents, and that images and labels match.
 *
 *  @param spec  a directory with the four IDX files (plain or .gz), an HDF5
 *               file, "digits", a truth table ("and", "or", "xor"), or "" for
 *               the default: $MLP_DATA if set, else data/mnist in the working
 *               directory if complete, else "digits"
 *
 *  MLP_ERROR_MISSING, MLP_ERROR_DATA, with the file, what was expected and what
 *  was found. Not collective.
 */
mlp_status mlp_source_open(const char *spec, mlp_source **source);

/** How to read a table from a CSV file. */
typedef struct {
    const char *label;       /**< column to predict */
    const char *columns;     /**< names, of a file without a header; "": it has
                                  one */
    const char *weight;      /**< column with the rows' weights; "": none */
    const char *ignore;      /**< columns to leave out, "a,b"; "": none */
    const char *categorical; /**< numbers to read as texts, "a,b"; "": none */
    mlp_task task;           /**< auto: the label decides */
    bool is_never_negative;  /**< a label below 0 is invalid */
    bool drops_bad;          /**< drop invalid rows; else they are an error */
    mlp_holdout holdout;     /**< a schema is not fitted to these rows */
    const char *test_data;   /**< files of test rows; "": none */
    const char *validation_data; /**< of validation rows */
    mlp_missing missing;         /**< a missing cell of a feature */
    const char *na;              /**< words for a missing cell, "NA,?" */
    mlp_unseen unseen;           /**< a text that no training row has */
    size_t rare;    /**< training rows below which a text joins "other" */
    bool has_pairs; /**< a text of two categories is one feature */
    size_t threads; /**< that read; 0: one */
    bool is_large;  /**< keep cells in a temporary file, not in memory */
    mlp_comm *comm; /**< the team that reads the table jointly; NULL: this
                         process is alone */
    /** A model's schema, used instead of one made from the file, which then
     *  needs no label column if labels are not wanted. If no rows are held out
     *  for testing, the test split is all rows. NULL: make a schema. */
    const mlp_schema *schema;
    bool is_training;   /**< with a schema: split as without one */
    bool has_new_label; /**< with a schema: of its features alone, the label is
                             the column `label`, with its own classes */
    /** With a schema: repeat the splits of training, even if labels are not
     *  wanted. Labels are then read anyway, as rows with invalid labels are in
     *  no split. */
    bool splits_again;
} mlp_table_options;

/** The table options of a configuration; borrows its texts. */
mlp_table_options mlp_table_options_of(const mlp_config *config);

/** Hold out rows of a source that was opened without that, unless it has been
 *  done before: validation rows, and with folds test rows, of its training
 *  rows. Fractions of test rows have no effect.
 *
 *  MLP_ERROR_USAGE for groups and times, which need a table. Errors of
 *  mlp_holdout_choose, and of reading labels. Not collective. */
mlp_status mlp_source_hold_out(mlp_source *source, const mlp_holdout *holdout);

/** Open a source that may be a table: a file NAME.csv, or NAME.tsv with tabs,
 *  or several (see paths.h), whose rows follow each other, or "-" for standard
 *  input. The first line has the names of the columns. A column is numeric if
 * its first nonempty cell is a number; else its texts become one-hot.
 *
 *  @param has_labels  true: as mlp_source_open; else as mlp_source_open_images
 *
 *  Collective if the options have a team.
 *  MLP_ERROR_USAGE for table options when the source is not a table.
 *  MLP_ERROR_DATA for an invalid cell, with file, line and column. Otherwise as
 *  mlp_source_open.
 */
mlp_status mlp_source_open_table(const char *spec,
                                 const mlp_table_options *options,
                                 bool has_labels, mlp_source **source);

/** Open a source for its images alone: labels are neither required nor read.
 *  Accepts what mlp_source_open accepts, and also a single IDX file of images
 *  (plain or .gz) and an HDF5 file with /images instead of /train and /test.
 *  These two have no splits: all their rows are in the test split. (A directory
 *  must have all four files.)
 *
 *  Errors of mlp_source_open.
 */
mlp_status mlp_source_open_images(const char *spec, mlp_source **source);

/** Rows in the caller's memory. */
typedef struct {
    const char *name;     /**< for messages */
    size_t height, width; /**< of a picture; else 1 x features */
    mlp_element element;
    size_t rows[MLP_SPLITS];            /**< test rows may be 0 */
    const void *values[MLP_SPLITS];     /**< [rows, height * width] */
    const uint16_t *labels[MLP_SPLITS]; /**< [rows]; NULL: all 0 */
    const float *targets[MLP_SPLITS]; /**< [rows], for regression; else NULL */
    const float *weights[MLP_SPLITS]; /**< [rows], finite, from 0 on; NULL: 1 */
    const mlp_schema *schema;         /**< required for regression */
    const mlp_names *class_names;     /**< NULL: classes are numbered */
} mlp_source_arrays;

/** Open arrays, which are not copied and must outlive the source, like schema
 *  and names. MLP_ERROR_DATA without a training row or a feature;
 *  MLP_ERROR_INTERNAL without memory. Not collective. */
mlp_status mlp_source_open_arrays(const mlp_source_arrays *arrays,
                                  mlp_source **source);

void mlp_source_close(mlp_source **source);

const mlp_source_info *mlp_source_facts(const mlp_source *source);

/** Rows first .. first + rows - 1 of a split. */
typedef struct {
    mlp_split split;
    size_t first, rows;
} mlp_source_part;

/** Fetch the rows that this rank will read from the ranks that have them: of a
 *  source that a team opened jointly each rank has others. From then on only
 *  these can be read. Does nothing for other sources.
 *  Collective. MLP_ERROR_INTERNAL. MLP_ERROR_IO without disk space. */
mlp_status mlp_source_fetch(mlp_source *source, const mlp_source_part *parts,
                            size_t count);

/** Read rows first .. first + rows - 1 of a split.
 *
 *  @param values  [rows, features] of the source's element type, overwritten;
 *                 NULL: read labels only
 *  @param labels  [rows], overwritten, with zeros if the source has none; NULL:
 *                 read values only
 *
 *  A range that ends with the split's last row also checks the end of the file:
 *  gzip's CRC, nothing missing, nothing left over. MLP_ERROR_DATA. Reading in
 *  ascending order is cheap (a .gz is decompressed once).
 */
mlp_status mlp_source_read(mlp_source *source, mlp_split split, size_t first,
                           size_t rows, void *values, uint16_t *labels);

/** The number in the input of a row of a split, counted from 0 before any row
 *  was dropped. */
size_t mlp_source_row_number(const mlp_source *source, mlp_split split,
                             size_t row);

/** Free what reading rows takes, when all are read: of a table, its cells. The
 *  facts stay; no row can be read from then on. */
void mlp_source_release(mlp_source *source);

/** Where a file stores the features of a split as they are in memory. */
typedef struct {
    const char *path;     /**< of the source */
    uint64_t offset;      /**< of row 0 of the split, or of the file if it has
                               `rows`; those of the file are contiguous */
    const uint32_t *rows; /**< [rows of the split], ascending: row r of the
                               split is row rows[r] of the file; NULL: r */
    size_t first;      /**< else: row of the file that is row 0 of the split */
    size_t chunk_rows; /**< rows that cost little more to read than one, if the
                              split is not stored so */
} mlp_source_place;

/** Whether a file stores the features of a split as mlp_source_read returns
 *  them, and where; valid until mlp_source_release. If not, only first and
 *  chunk_rows are set. */
bool mlp_source_locate(mlp_source *source, mlp_split split,
                       mlp_source_place *place);

/** The numbers to predict, of a source with a regression schema.
 *  @param targets  [rows], overwritten */
mlp_status mlp_source_read_targets(mlp_source *source, mlp_split split,
                                   size_t first, size_t rows, float *targets);

/** The rows' weights, finite and from 0 on, of a source that has them.
 *  @param weights  [rows], overwritten */
mlp_status mlp_source_read_weights(mlp_source *source, mlp_split split,
                                   size_t first, size_t rows, float *weights);

#endif
