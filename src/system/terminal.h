/** @file
 *  What the terminal behind a stream can show. Asked of the system and the
 *  environment; nothing is sent to the terminal.
 */
#ifndef MLP_TERMINAL_H
#define MLP_TERMINAL_H

#include <stdbool.h>
#include <stdio.h>

/** Columns of the terminal behind a stream, now: a window changes its size.
 *  Where another terminal controls the process (under mpirun, which gives its
 *  ranks one of a size that never changes), the narrower of the two.
 *  @return 0 when there is none, or its size is not known */
int mlp_terminal_columns(FILE *out);

/** Whether a line of it can be written again: TERM is set, and not "dumb". */
bool mlp_terminal_can_rewrite(void);

/** Whether to use colors on it: a terminal, not a dumb one, and the user has
 *  not set NO_COLOR (no-color.org). */
bool mlp_terminal_has_color(FILE *out);

/** Columns that a text in UTF-8 takes: one for each of its letters. */
int mlp_terminal_width(const char *text);

/** Print a text in so many columns: cut at the right where it is longer, with
 *  blanks before it where it is shorter, or behind it if columns is negative,
 *  as printf does. What a terminal would obey becomes '?'. */
void mlp_terminal_put(FILE *out, const char *text, int columns);

/** Whether the user's locale, by its name, is one of UTF-8. */
bool mlp_terminal_has_utf8(void);

#endif
