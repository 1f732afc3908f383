/** @file
 *  The command line of any program, by tables of options: "--name VALUE",
 *  "--name=VALUE", "--switch", "--no-switch", "-o VALUE", "-oVALUE"; after
 *  "--" there are no more options. Names must be exact.
 */
#ifndef MLP_COMMAND_LINE_H
#define MLP_COMMAND_LINE_H

#include "option.h"

/** What is to be read, and how far it is. */
typedef struct {
    const char *program;            /**< for messages: "mlp eval" */
    const mlp_option_table *tables; /**< [table_count]; of rows that several
                                         have, those of the first */
    size_t table_count;
    char **argv; /**< [argc] */
    int argc, next;
    char **operands; /**< [operand_count] arguments that are no options; memory
                          for operands_max, which may be argv + next */
    size_t operand_count, operands_max;
    bool has_no_more_options; /**< "--" was read */
} mlp_command_line;

/** Read the next argument, which must be there, and the value it takes.
 *  MLP_ERROR_USAGE: names the option or argument, and what is allowed; for an
 *  unknown option the nearest that is known, else the program's --help. */
mlp_status mlp_command_line_take(mlp_command_line *line);

/** What every program has: --help and --version. */
typedef struct {
    bool help, version;
} mlp_standard_options;

mlp_option_table mlp_standard_options_table(mlp_standard_options *options);

#endif
