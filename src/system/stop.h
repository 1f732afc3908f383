/** @file
 *  The wish to stop before the end: by a signal, or because the time is up.
 *  One of two things that a whole process has (the other is the log): signals
 *  come to processes. Any thread may ask.
 */
#ifndef MLP_STOP_H
#define MLP_STOP_H

#include <stdbool.h>

/** Catch SIGTERM, SIGINT, SIGUSR1 and, unless it is ignored (nohup), SIGHUP.
 *  The first asks for a stop; one that comes more than a second later ends the
 *  process at once, as if it were not caught. Within the second it is the same
 *  wish again: launchers and batch systems pass one wish on by several ways.
 *  Called first of all in main, so that a signal during start-up is not lost
 *  either. */
void mlp_stop_listen(void);

/** Let those signals pass: for a child whose parent answers them. */
void mlp_stop_ignore(void);

/** The process has to be gone `seconds` after mlp_stop_listen; not above 0: it
 *  has no limit. */
void mlp_stop_limit(double seconds);

/** It takes this long, at most, from a wish to stop to the end of the process:
 *  by so much the wish comes before the limit. */
void mlp_stop_reserve(double seconds);

/** Whether to stop. Once it is so, it stays so. Cheap. */
bool mlp_stop_is_wanted(void);

/** Whether it was a signal that asked, and not the limit. */
bool mlp_stop_was_asked(void);

#endif
