/** @file
 *  mlp data: make data sets, and look at them. Private to the tool.
 */
#ifndef MLP_TOOL_DATA_H
#define MLP_TOOL_DATA_H

#include "tool.h"

/** Make an HDF5 data set of a folder with one sub-folder per class. */
mlp_status mlp_data_import(const mlp_tool_options *options,
                           mlp_tool_output *output);

#endif
