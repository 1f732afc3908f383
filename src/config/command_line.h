/** @file
 *  Reads a command line by tables of options: "--name VALUE", "--name=VALUE",
 *  "--switch", "--no-switch", "-o VALUE", "-oVALUE"; after "--" all arguments
 *  are operands. Names must be exact.
 */
#ifndef MLP_COMMAND_LINE_H
#define MLP_COMMAND_LINE_H

#include "option.h"

/** The command line and the position of reading. */
typedef struct {
    const char *program;            /**< for messages: "mlp eval" */
    const mlp_option_table *tables; /**< [table_count]; the first table that has
                                       a name counts */
    size_t table_count;
    char **argv; /**< [argc] */
    int argc, next;
    char **operands; /**< [operand_count] arguments that are not options; room
                          for operands_max, may be argv + next */
    size_t operand_count, operands_max;
    bool has_no_more_options; /**< "--" was read */
} mlp_command_line;

/** Read the next argument, which must exist, and the value of an option.
 *  MLP_ERROR_USAGE names the option or argument and what is allowed; for an
 *  unknown option the nearest name, else the program's --help. */
mlp_status mlp_command_line_take(mlp_command_line *line);

/** The options of every program: --help and --version. */
typedef struct {
    bool help, version;
} mlp_standard_options;

mlp_option_table mlp_standard_options_table(mlp_standard_options *options);

#endif
