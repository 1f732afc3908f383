/** @file
 *  Reads argv and a configuration file into an mlp_config.
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
 *  MLP_ERROR_USAGE names the option and, for an unknown one, the nearest known
 *  option. MLP_ERROR_MISSING: no such configuration file.
 */
mlp_status mlp_options_parse(int argc, char **argv, mlp_config *config,
                             mlp_action *action);

/** Print the exit codes that both programs have. */
void mlp_options_exit_codes(FILE *out);

/** Call after the last option is set: sets the preset's values and defaults
 *  that depend on other fields, and calls mlp_config_check. */
mlp_status mlp_options_complete(mlp_config *config);

/** Print --help: usage, options by group with defaults, exit codes. */
void mlp_options_help(FILE *out);

/** Print --version. */
void mlp_options_version(FILE *out, const char *program);

#endif
