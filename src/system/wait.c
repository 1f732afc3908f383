/** @file
 *  Waiting for other threads: spin briefly, then sleep in the kernel. OpenMP's
 *  barriers spin for milliseconds when there are more threads than cores.
 */
#define _GNU_SOURCE /* syscall */
#include "wait.h"

#include <limits.h>
#include <sched.h>
#include <stdatomic.h>
#include <unistd.h>
#ifdef __linux__
#include <linux/futex.h>
#include <sys/syscall.h>
#endif

/* A sleep and its wake-up take some 50 us; so do this many loads. Only a few
 * PAUSEs: after some 4,000 cycles of them a virtual machine exits to its host
 * (pause-loop exiting), which takes longer than most waits. */
enum { PAUSES = 16, LOADS = 40000 };

static void pause_briefly(void)
{
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#endif
}

static bool has_reached(uint32_t value, uint32_t target)
{
    return (int32_t)(value - target) >= 0; /* also across a wrap */
}

/* Sleep unless value has changed meanwhile: the kernel compares it again under
 * its lock. May return early. Not FUTEX_PRIVATE: processes share gates. */
static void sleep_while(_Atomic uint32_t *value, uint32_t seen)
{
#ifdef __linux__
    syscall(SYS_futex, value, FUTEX_WAIT, seen, NULL, NULL, 0);
#else
    (void)value, (void)seen;
    sched_yield();
#endif
}

static void wake_all(_Atomic uint32_t *value)
{
#ifdef __linux__
    syscall(SYS_futex, value, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
#else
    (void)value;
#endif
}

static bool spin(const mlp_gate *gate, uint32_t ticket)
{
    int loads = gate->is_crowded ? 0 : LOADS;
    for (int i = 0; i < PAUSES + loads; i++) {
        if (mlp_gate_has_passed(gate, ticket)) {
            return true;
        }
        if (i < PAUSES) {
            pause_briefly();
        }
    }
    return false;
}

bool mlp_gate_has_passed(const mlp_gate *gate, uint32_t ticket)
{
    uint32_t passed = atomic_load_explicit(&gate->passed, memory_order_acquire);
    return has_reached(passed, ticket);
}

/* No wake-up is missed: sleepers and passed are accessed with sequential
 * consistency, so either the last thread to arrive sees the sleeper and wakes
 * it, or the sleeper registered after the meeting and sees it. */
void mlp_gate_wait(mlp_gate *gate, uint32_t ticket)
{
    if (spin(gate, ticket)) {
        return;
    }
    atomic_fetch_add(&gate->sleepers, 1);
    uint32_t seen = atomic_load(&gate->passed);
    while (!has_reached(seen, ticket)) {
        sleep_while(&gate->passed, seen);
        seen = atomic_load(&gate->passed);
    }
    atomic_fetch_sub(&gate->sleepers, 1);
}

uint32_t mlp_gate_ticket(const mlp_gate *gate)
{
    return atomic_load(&gate->passed) + 1;
}

/* Meetings are never mixed: no meeting takes place without all its threads, so
 * the value of `passed` that a thread reads before it arrives is the number of
 * meetings before its own. The last thread to arrive resets `arrived` before it
 * advances `passed`, and no thread arrives at the next meeting before that. The
 * additions to `arrived` are one chain of read-modify-writes that the last
 * thread ends, so `passed` publishes what all of them wrote. */
uint32_t mlp_gate_arrive(mlp_gate *gate, size_t count)
{
    uint32_t ticket = mlp_gate_ticket(gate);
    bool is_last = count == 1;
    if (!is_last && atomic_fetch_add(&gate->arrived, 1) + 1 == count) {
        atomic_store(&gate->arrived, 0);
        is_last = true;
    }
    if (is_last) {
        atomic_store(&gate->passed, ticket);
        if (atomic_load(&gate->sleepers) != 0) {
            wake_all(&gate->passed);
        }
    }
    return ticket;
}

void mlp_gate_meet(mlp_gate *gate, size_t count)
{
    if (count > 1) {
        mlp_gate_wait(gate, mlp_gate_arrive(gate, count));
    }
}
