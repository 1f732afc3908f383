/** @file
 *  The wish to stop.
 */
#include "stop.h"

#include <math.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"

enum { NANOSECONDS = 1000000000 };

/* The first signal's time, 0 before. Atomic without a lock, and so one of the
 * few things that a handler may touch (C11, 7.14.1.1). */
static _Atomic int64_t asked_at;
_Static_assert(ATOMIC_LLONG_LOCK_FREE == 2,
               "a handler may not wait for a lock");

/* HUP comes when the terminal is closed, or the connection to it. */
static const int signals[] = {SIGTERM, SIGINT, SIGUSR1, SIGHUP};
enum { SIGNALS = sizeof signals / sizeof signals[0] };

static double listening_since;
static double limit_seconds = INFINITY;
static double reserve_seconds;
static atomic_bool is_up; /* once true it stays so, whatever the reserve */

static int64_t nanoseconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now); /* allowed in a handler */
    return (int64_t)now.tv_sec * NANOSECONDS + now.tv_nsec;
}

/* A second wish is granted by the kernel when the handler returns: until then
 * the signal is blocked. */
static void ask(int signal_number)
{
    int64_t now = nanoseconds();
    int64_t first = 0;
    if (!atomic_compare_exchange_strong(&asked_at, &first, now) &&
        now - first > NANOSECONDS) {
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

void mlp_stop_listen(void)
{
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = ask;
    action.sa_flags = SA_RESTART;
    listening_since = mlp_clock_seconds();
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

void mlp_stop_limit(double seconds)
{
    limit_seconds = seconds > 0.0 ? seconds : INFINITY;
}

void mlp_stop_reserve(double seconds)
{
    reserve_seconds = seconds;
}

bool mlp_stop_was_asked(void)
{
    return atomic_load_explicit(&asked_at, memory_order_relaxed) != 0;
}

bool mlp_stop_is_wanted(void)
{
    if (mlp_stop_was_asked() || atomic_load(&is_up)) {
        return true;
    }
    if (isinf(limit_seconds) ||
        mlp_clock_seconds() - listening_since + reserve_seconds <
            limit_seconds) {
        return false;
    }
    atomic_store(&is_up, true);
    return true;
}
