/** @file
 *  mlp data: make data sets, and look at them. Private to the tool.
 */
#ifndef MLP_TOOL_DATA_H
#define MLP_TOOL_DATA_H

#include "tool/tool.h"

/** A data set to write: what source/hdf5.c reads. Borrows all it points to. */
typedef struct {
    mlp_element element;
    size_t rank; /**< of a row: 1 for a vector, 2 for a picture [height, width],
                      3 for one [height, width, channels] */
    size_t dims[3];
    size_t rows[MLP_SPLITS];            /**< 0 test rows will do */
    const void *values[MLP_SPLITS];     /**< [rows, dims ...] */
    const uint16_t *labels[MLP_SPLITS]; /**< [rows] */
    const mlp_names *class_names;       /**< NULL: classes are numbered */
} mlp_data_set;

/** Write an HDF5 file, which appears complete, or not at all. MLP_ERROR_IO,
 *  MLP_ERROR_INTERNAL. */
mlp_status mlp_data_write(const mlp_data_set *set, const char *path);

/** Make an HDF5 data set of a folder with one sub-folder per class. */
mlp_status mlp_data_import(const mlp_tool_options *options,
                           mlp_tool_output *output);

/** Make one of whatever mlp_train takes as --data, with its splits. */
mlp_status mlp_data_convert(const mlp_tool_options *options,
                            mlp_tool_output *output);

/** The same, with training and test rows dealt anew, class by class. */
mlp_status mlp_data_split(const mlp_tool_options *options,
                          mlp_tool_output *output);

#endif
