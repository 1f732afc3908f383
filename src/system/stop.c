/** @file
 *  A request to stop early.
 */
#include "stop.h"

#include <signal.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"

enum { NANOSECONDS = 1000000000 };

/* A signal handler may access lock-free atomics (C11, 7.14.1.1). */
_Static_assert(ATOMIC_LLONG_LOCK_FREE == 2 && ATOMIC_POINTER_LOCK_FREE == 2,
               "a handler may not wait for a lock");

/* SIGHUP is sent when the terminal or its connection is closed. */
static const int signals[] = {SIGTERM, SIGINT, SIGUSR1, SIGHUP};
enum { SIGNALS = sizeof signals / sizeof signals[0] };

/* Signals are per process: the one stop that they request. */
static mlp_stop *_Atomic listener;

static int64_t nanoseconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now); /* allowed in a handler */
    return (int64_t)now.tv_sec * NANOSECONDS + now.tv_nsec;
}

/* Returns the time of the first request. */
static int64_t ask_at(mlp_stop *stop, int64_t now)
{
    int64_t first = 0;
    return atomic_compare_exchange_strong(&stop->asked_at, &first, now) ? now
                                                                        : first;
}

/* The signal raised here is blocked until the handler returns; then it ends the
 * process. */
static void take_signal(int signal_number)
{
    int64_t now = nanoseconds();
    if (now - ask_at(atomic_load(&listener), now) > NANOSECONDS) {
        signal(signal_number, SIG_DFL);
        raise(signal_number);
    }
}

/* Whether nohup started this process. */
static bool outlives_its_terminal(void)
{
    struct sigaction found;
    return sigaction(SIGHUP, NULL, &found) == 0 && found.sa_handler == SIG_IGN;
}

void mlp_stop_init(mlp_stop *stop)
{
    atomic_store(&stop->asked_at, 0);
    mlp_stop_restart(stop);
}

void mlp_stop_restart(mlp_stop *stop)
{
    atomic_store(&stop->is_up, false);
    stop->since = mlp_clock_seconds();
    stop->limit_seconds = stop->reserve_seconds = 0.0;
}

void mlp_stop_ask(mlp_stop *stop)
{
    ask_at(stop, nanoseconds());
}

void mlp_stop_listen(mlp_stop *stop)
{
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = take_signal;
    action.sa_flags = SA_RESTART;
    atomic_store(&listener, stop);
    for (size_t i = 0; i < SIGNALS; i++) {
        if (signals[i] != SIGHUP || !outlives_its_terminal()) {
            sigaction(signals[i], &action, NULL);
        }
    }
}

void mlp_stop_ignore(void)
{
    for (size_t i = 0; i < SIGNALS; i++) {
        (void)signal(signals[i], SIG_IGN);
    }
}

void mlp_stop_limit(mlp_stop *stop, double seconds)
{
    stop->limit_seconds = seconds;
}

void mlp_stop_reserve(mlp_stop *stop, double seconds)
{
    stop->reserve_seconds = seconds;
}

bool mlp_stop_was_asked(mlp_stop *stop)
{
    return stop != NULL &&
           atomic_load_explicit(&stop->asked_at, memory_order_relaxed) != 0;
}

bool mlp_stop_is_wanted(mlp_stop *stop)
{
    if (stop == NULL) {
        return false;
    }
    if (mlp_stop_was_asked(stop) || atomic_load(&stop->is_up)) {
        return true;
    }
    double passed = mlp_clock_seconds() - stop->since;
    if (!(stop->limit_seconds > 0.0) ||
        passed + stop->reserve_seconds < stop->limit_seconds) {
        return false;
    }
    atomic_store(&stop->is_up, true);
    return true;
}
