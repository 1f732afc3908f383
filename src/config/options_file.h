/** @file
 *  The --config file. Private to the options.
 */
#ifndef MLP_OPTIONS_FILE_H
#define MLP_OPTIONS_FILE_H

#include "config.h"

/** Set the fields that an INI file gives: "name = value" lines, comments with
 *  # or ;, no sections; names are those of the table. Of a name given twice the
 *  last counts.
 *
 *  MLP_ERROR_MISSING: no such file, or not readable. MLP_ERROR_USAGE: the
 *  line names file, line and option; or the file is no regular file, or over
 *  1 MiB.
 */
mlp_status mlp_options_file(const char *path, mlp_config *config);

#endif
