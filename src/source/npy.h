/** @file
 *  NumPy's .npy files: one array of numbers, here of one or two dimensions.
 *  Format:
 * https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
 */
#ifndef MLP_NPY_H
#define MLP_NPY_H

#include <stdbool.h>
#include <stddef.h>

#include "base/range.h"
#include "stream.h"

/** What joins two files with the columns of one array: "X.npy+y.npy". */
#define MLP_NPY_JOINT ".npy+"

/** An array [rows, columns] in a file, or in several that are joined.
 *  Zero-initialize; close frees. */
typedef struct mlp_npy {
    mlp_stream *stream;
    char kind;              /**< 'f', 'i', 'u', or 'b' for booleans */
    size_t item;            /**< bytes of a number */
    bool is_swapped;        /**< not in this machine's order of bytes */
    bool is_fortran;        /**< stored column by column */
    size_t rows, columns;   /**< columns of all files */
    size_t own;             /**< columns of this one: 1 for one dimension */
    size_t offset;          /**< of the first number */
    struct mlp_npy *beside; /**< the files with the further columns; or NULL */
} mlp_npy;

/** Whether a path ends in .npy. */
bool mlp_npy_has_name(const char *path);

/** Open a file, or several that are joined, and check headers and sizes.
 *  MLP_ERROR_DATA for another format, type or shape. MLP_ERROR_MISSING,
 *  MLP_ERROR_IO, MLP_ERROR_INTERNAL without memory. */
mlp_status mlp_npy_open(const char *path, mlp_npy *npy);
void mlp_npy_close(mlp_npy *npy);

/** Bytes that it takes to read so many rows. */
size_t mlp_npy_bytes(const mlp_npy *npy, size_t rows);

/** Read rows. Several threads may.
 *  @param bytes   [mlp_npy_bytes] for use here
 *  @param values  [rows, columns], overwritten
 *  MLP_ERROR_IO. MLP_ERROR_DATA if the file has become shorter. */
mlp_status mlp_npy_read(const mlp_npy *npy, mlp_range rows,
                        unsigned char *bytes, double *values);

#endif
