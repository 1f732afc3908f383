/** @file
 *  From argv and a configuration file to an mlp_config.
 */
#ifndef MLP_OPTIONS_H
#define MLP_OPTIONS_H

#include <stdio.h>

#include "base/status.h"
#include "config.h"

typedef enum { MLP_ACTION_RUN, MLP_ACTION_HELP, MLP_ACTION_VERSION } mlp_action;

/** Read the command line of mlp_train: long options from the table of
 *  config.h (--name VALUE, --name=VALUE; a switch also as --no-name), and
 *  --config FILE (INI, the same names as keys), --preset NAME, --help,
 *  --version. The command line wins over the file, the file over the preset,
 *  the preset over the defaults. Ends with mlp_config_check, unless the
 *  action is not MLP_ACTION_RUN.
 *
 *  MLP_ERROR_USAGE: the line names the option and, for an unknown one, the
 *  nearest known, if any is near. MLP_ERROR_MISSING: no such configuration
 * file.
 */
mlp_status mlp_options_parse(int argc, char **argv, mlp_config *config,
                             mlp_action *action);

/** What follows after the last option is set: the preset's values, what other
 *  fields decide, and mlp_config_check. */
mlp_status mlp_options_complete(mlp_config *config);

/** What --help prints: usage, options by group with defaults, exit codes. */
void mlp_options_help(FILE *out);

/** What --version prints. */
void mlp_options_version(FILE *out, const char *program);

#endif
