/** @file
 *  The words of a command line, alike for every program: options in their two
 *  forms, the nearest name to a misspelled one, and the entries of --help.
 *  Private to the programs' options.
 */
#ifndef MLP_OPTIONS_WORDS_H
#define MLP_OPTIONS_WORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "base/status.h"

/** The arguments, and how far they are read. */
typedef struct {
    char **argv;
    int argc, next;
} mlp_arguments;

/** "--name" or "--name=value". */
typedef struct {
    char name[64];      /**< cut when longer, and then no option's name */
    const char *joined; /**< what is behind the '='; NULL when there is none */
} mlp_option_word;

/** Take an argument apart. MLP_ERROR_USAGE when it does not begin with "--". */
mlp_status mlp_option_word_read(const char *argument, mlp_option_word *word);

/** Whether a value follows the option: joined to it, or as next argument. */
bool mlp_option_word_has_value(const mlp_arguments *arguments,
                               const mlp_option_word *word);

/** The value of an option: what is joined to it, or the next argument.
 *  @param operand  what to call it: "FILE"
 *  MLP_ERROR_USAGE when there is none. */
mlp_status mlp_option_word_value(mlp_arguments *arguments,
                                 const mlp_option_word *word,
                                 const char *operand, const char **value);

/** The search for the name that was meant. Set typed, consider all that are
 *  known; then name is the nearest, or NULL when none is near. */
typedef struct {
    const char *typed, *name;
    size_t slips; /**< letters to put in, take out or replace */
} mlp_nearest;

/** @param known  of at most 32 letters */
void mlp_nearest_consider(mlp_nearest *nearest, const char *known);

/** Print one entry: its name at the left, its help wrapped at the right. */
void mlp_options_entry(FILE *out, const char *name, const char *help);

#endif
