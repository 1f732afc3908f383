/** @file
 *  A request to stop early: from a thread, a signal, or a time limit. Whatever
 *  trains has one and checks it often.
 */
#ifndef MLP_STOP_H
#define MLP_STOP_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct {
    _Atomic int64_t asked_at; /* nanoseconds, of the first request; 0: none */
    double since;         /* start of the time limit, on mlp_clock_seconds */
    double limit_seconds; /* 0: none */
    double reserve_seconds;
    atomic_bool is_up; /* the limit has been reached; stays true */
} mlp_stop;

/** No request and no limit; time counts from now. */
void mlp_stop_init(mlp_stop *stop);

/** Time counts from now, without limit; a request remains. */
void mlp_stop_restart(mlp_stop *stop);

/** Request a stop. From any thread, and from a signal handler. */
void mlp_stop_ask(mlp_stop *stop);

/** Let SIGTERM, SIGINT, SIGUSR1 and, unless it is ignored (nohup), SIGHUP
 *  request a stop. A signal more than a second after the first ends the process
 *  at once, as if it were not caught; within the second it counts as the same
 *  request, since launchers and batch systems forward one in several ways. For
 *  programs, which call it first in main, so that no signal during start-up is
 *  lost. Only one stop per process.
 *  @param stop  initialized; must exist until the process ends */
void mlp_stop_listen(mlp_stop *stop);

/** Ignore these signals: for a child whose parent handles them. */
void mlp_stop_ignore(void);

/** Set the time limit, in seconds after mlp_stop_init; <= 0: none. Call this
 *  and the next function from the thread that calls mlp_stop_is_wanted. */
void mlp_stop_limit(mlp_stop *stop, double seconds);

/** Request the stop this many seconds before the limit: the longest time from a
 *  request to the end of the process. */
void mlp_stop_reserve(mlp_stop *stop, double seconds);

/** Whether to stop; false for NULL. Once true, it stays true. Cheap. */
bool mlp_stop_is_wanted(mlp_stop *stop);

/** Whether there was a request, other than the limit; false for NULL. */
bool mlp_stop_was_asked(mlp_stop *stop);

#endif
