/** @file
 *  Reads argv and a configuration file into an mlp_config.
 */
#ifndef MLP_OPTIONS_H
#define MLP_OPTIONS_H

#include <stdio.h>

#include "base/status.h"
#include "config.h"

typedef enum {
    MLP_ACTION_RUN,
    MLP_ACTION_HELP,
    MLP_ACTION_VERSION,
    MLP_ACTION_PRINT_CONFIG
} mlp_action;

/** What a command line asks for. */
typedef struct {
    mlp_action action;
    unsigned topic; /**< of the help; 0: the usual options */
} mlp_request;

/** Read the command line of mlp_train: long options from the table of
 *  config.h (--name VALUE, --name=VALUE; a switch also as --no-name), and
 *  --config FILE (INI, the same names as keys), --preset NAME, --help [TOPIC],
 *  --version, --print-config. The command line wins over the file, the file
 * over the preset, the preset over the defaults. Ends with mlp_config_check,
 * unless help or version are asked for.
 *
 *  MLP_ERROR_USAGE names every wrong option and, for an unknown one, the
 * nearest known option. MLP_ERROR_MISSING: no such configuration file.
 */
mlp_status mlp_options_parse(int argc, char **argv, mlp_config *config,
                             mlp_request *request);

/** Print the exit codes that both programs have. */
void mlp_options_exit_codes(FILE *out);

/** Call after the last option is set: sets the preset's values and defaults
 *  that depend on other fields, and calls mlp_config_check. */
mlp_status mlp_options_complete(mlp_config *config);

/** Name the places of what --run DIR saves, unless they are given: in DIR, or
 *  with --fold N/K in DIR/fold-N. MLP_ERROR_USAGE for a path that is too
 *  long. */
mlp_status mlp_options_place_run(mlp_config *config);

/** Print --help: the usual options; or those of a topic, with defaults, and of
 *  all topics with exit codes, environment and presets.
 *  @param topic  of mlp_request */
void mlp_options_help(FILE *out, unsigned topic);

/** Print a configuration as a file for --config: the options that were given,
 * or are a preset's, as lines "name = value", all others as comments, and the
 * environment's settings. */
void mlp_options_print(const mlp_config *config, FILE *out);

/** Print --version. */
void mlp_options_version(FILE *out, const char *program);

#endif
