/** @file
 *  The table of the tool's options. Private to tool_options.
 */
#ifndef MLP_TOOL_OPTION_TABLE_H
#define MLP_TOOL_OPTION_TABLE_H

#include "tool.h"

typedef struct {
    const char *name;
    const char *operand; /**< NULL for a switch */
    const char *help;    /**< NULL: the formats */
    mlp_status (*set)(const char *text, mlp_tool_options *options);
} mlp_tool_option;

/** NULL when there is none of this name. */
const mlp_tool_option *mlp_tool_option_find(const char *name);

/** "-o" of "output"; NULL of an option that has no short form. */
const char *mlp_tool_option_short(const char *name);

/** MLP_ERROR_USAGE: "--split: "x" is not test or train". */
mlp_status mlp_tool_refuse(const char *name, const char *text,
                           const char *wanted);

#endif
