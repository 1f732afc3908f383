/** @file
 *  mlp data: make and inspect data sets. Private to the tool.
 */
#ifndef MLP_TOOL_DATA_H
#define MLP_TOOL_DATA_H

#include "tool/tool.h"

/** A data set to write, in the layout that source/hdf5.c reads. Borrows all
 *  pointers. */
typedef struct {
    mlp_element element;
    size_t rank; /**< of a row: 1 for a vector, 2 for a picture [height, width],
                      3 for one [height, width, channels] */
    size_t dims[3];
    size_t rows[MLP_SPLITS];            /**< test rows may be 0 */
    const void *values[MLP_SPLITS];     /**< [rows, dims ...] */
    const uint16_t *labels[MLP_SPLITS]; /**< [rows] */
    const mlp_names *class_names;       /**< NULL: classes are numbered */
} mlp_data_set;

/** Write an HDF5 file atomically. MLP_ERROR_IO, MLP_ERROR_INTERNAL. */
mlp_status mlp_data_write(const mlp_data_set *set, const char *path);

/** Print extents and classes, and draw what --augment makes of images. */
mlp_status mlp_data_show(const mlp_tool_options *options,
                         mlp_tool_output *output);

/** Whether an operand is what mlp_train would read as a table. */
bool mlp_data_is_table(const char *spec);

/** Print the columns of a table: kinds, ranges, missing cells, categories; and
 *  the task. */
mlp_status mlp_data_show_table(const mlp_tool_options *options, FILE *out);

/** Make an HDF5 data set from a folder with one sub-folder per class. */
mlp_status mlp_data_import(const mlp_tool_options *options,
                           mlp_tool_output *output);

/** Make an HDF5 data set from any --data of mlp_train, with its splits. */
mlp_status mlp_data_convert(const mlp_tool_options *options,
                            mlp_tool_output *output);

/** The same, with new random splits, stratified by class. */
mlp_status mlp_data_split(const mlp_tool_options *options,
                          mlp_tool_output *output);

#endif
