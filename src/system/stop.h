/** @file
 *  The wish to stop before the end: of a thread, of a signal, or because the
 *  time is up. Whoever trains has one of these, and looks at it often.
 */
#ifndef MLP_STOP_H
#define MLP_STOP_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct {
    _Atomic int64_t asked_at; /* nanoseconds, of the first wish; 0: of none */
    double since;             /* when counting began, on mlp_clock_seconds */
    double limit_seconds;     /* 0: none */
    double reserve_seconds;
    atomic_bool is_up; /* once true it stays so, whatever the reserve */
} mlp_stop;

/** Nobody wants to stop; there is no limit; seconds count from now. */
void mlp_stop_init(mlp_stop *stop);

/** Seconds count from now, and there is no limit; who has asked has asked. */
void mlp_stop_restart(mlp_stop *stop);

/** Ask. From any thread, and from a signal handler. */
void mlp_stop_ask(mlp_stop *stop);

/** Have SIGTERM, SIGINT, SIGUSR1 and, unless it is ignored (nohup), SIGHUP ask.
 *  The first asks for a stop; one that comes more than a second later ends the
 *  process at once, as if it were not caught. Within the second it is the same
 *  wish again: launchers and batch systems pass one wish on by several ways.
 *  For programs, which call it first of all in main, so that a signal during
 *  start-up is not lost either; for one stop of the process.
 *  @param stop  initialized; must stay */
void mlp_stop_listen(mlp_stop *stop);

/** Let those signals pass: for a child whose parent answers them. */
void mlp_stop_ignore(void);

/** The end has to come `seconds` after mlp_stop_init; not above 0: there is no
 *  limit. This and the next are for the thread that looks. */
void mlp_stop_limit(mlp_stop *stop, double seconds);

/** It takes this long, at most, from a wish to stop to the end: by so much the
 *  wish comes before the limit. */
void mlp_stop_reserve(mlp_stop *stop, double seconds);

/** Whether to stop; false of NULL. Once it is so, it stays so. Cheap. */
bool mlp_stop_is_wanted(mlp_stop *stop);

/** Whether somebody has asked, and it is not the limit; false of NULL. */
bool mlp_stop_was_asked(mlp_stop *stop);

#endif
