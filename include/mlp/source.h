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

#include "mlp/status.h"

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
    mlp_element element;
    bool has_labels; /**< false only for what mlp_source_open_images opened */
} mlp_source_info;

/** Open a source and check everything that can be checked without its rows:
 *  magics, extents, that images and labels agree.
 *
 *  @param spec  a directory with the four IDX files (plain or .gz), an HDF5
 *               file, "digits", or "" for the default: $MLP_DATA if set, else
 *               data/mnist beside the working directory or the project's
 *               source if it is complete, else "digits"
 *
 *  MLP_ERROR_MISSING, MLP_ERROR_DATA: the line names the file, what was
 *  expected and what was found. Not collective.
 */
mlp_status mlp_source_open(const char *spec, mlp_source **source);

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
    const uint16_t *labels[MLP_SPLITS]; /**< [rows] */
} mlp_source_arrays;

/** Take rows from arrays, which are not copied and must outlive the source.
 *  MLP_ERROR_DATA when there is no training row or no feature;
 *  MLP_ERROR_INTERNAL without memory. Not collective. */
mlp_status mlp_source_open_arrays(const mlp_source_arrays *arrays,
                                  mlp_source **source);

void mlp_source_close(mlp_source **source);

const mlp_source_info *mlp_source_facts(const mlp_source *source);

/** Read rows first .. first + rows - 1 of a split.
 *
 *  @param values  [rows, features] of the source's element type, overwritten
 *  @param labels  [rows], overwritten; with zeros when there are none
 *
 *  A run that ends with the split's last row also checks the end of the
 *  file: gzip's CRC, nothing missing, nothing left over. MLP_ERROR_DATA.
 *  Reads in rising order are cheap (a .gz is decompressed only once).
 */
mlp_status mlp_source_read(mlp_source *source, mlp_split split, size_t first,
                           size_t rows, void *values, uint16_t *labels);

#endif
