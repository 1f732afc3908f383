/** @file
 *  The --config file. Private to the options.
 */
#ifndef MLP_OPTIONS_FILE_H
#define MLP_OPTIONS_FILE_H

#include "config.h"

/** Set fields from an INI file: "name = value" lines with names of the table,
 *  comments with # or ;, no sections. If a name occurs twice, the last value
 *  counts.
 *
 *  MLP_ERROR_MISSING: no such file, or not readable. MLP_ERROR_USAGE names
 *  file, line and option; or the file is not a regular file, or over 1 MiB.
 */
mlp_status mlp_options_file(const char *path, mlp_config *config);

#endif
