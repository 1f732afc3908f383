/** @file
 *  Capabilities of a stream's terminal, from the system and the environment;
 *  nothing is sent to the terminal.
 */
#ifndef MLP_TERMINAL_H
#define MLP_TERMINAL_H

#include <stdbool.h>
#include <stdio.h>

/** Current number of columns of a stream's terminal. If another terminal
 *  controls the process (under mpirun, which gives its ranks one of fixed
 *  size), the smaller number.
 *  @return 0 without a terminal, or if its size is unknown */
int mlp_terminal_columns(FILE *out);

/** Whether a line can be overwritten: TERM is set, and not "dumb". */
bool mlp_terminal_can_rewrite(void);

/** Whether to use colors: it is a terminal, not a dumb one, and NO_COLOR
 *  (no-color.org) is not set. */
bool mlp_terminal_has_color(FILE *out);

/** Columns of a UTF-8 text: one per character. */
int mlp_terminal_width(const char *text);

/** Print a text in |columns| columns: truncated if longer; if shorter, padded
 *  on the left, or on the right for negative columns, as printf does. Control
 *  characters become '?'. */
void mlp_terminal_put(FILE *out, const char *text, int columns);

/** Whether the locale's name says UTF-8. */
bool mlp_terminal_has_utf8(void);

#endif
