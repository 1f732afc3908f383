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
 * its lock. May return early. Not FUTEX_PRIVATE: processes share counters. */
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

static bool spin(mlp_counter *counter, uint32_t target, int loads)
{
    for (int i = 0; i < PAUSES + loads; i++) {
        uint32_t value =
            atomic_load_explicit(&counter->value, memory_order_acquire);
        if (has_reached(value, target)) {
            return true;
        }
        if (i < PAUSES) {
            pause_briefly();
        }
    }
    return false;
}

/* No wake-up is missed: sleepers and value are accessed with sequential
 * consistency, so either the adder sees the sleeper and wakes it, or the
 * sleeper registered after the addition and sees the sum. */
void mlp_wait_until(mlp_counter *counter, uint32_t target, bool is_crowded)
{
    if (spin(counter, target, is_crowded ? 0 : LOADS)) {
        return;
    }
    atomic_fetch_add(&counter->sleepers, 1);
    uint32_t seen = atomic_load(&counter->value);
    while (!has_reached(seen, target)) {
        sleep_while(&counter->value, seen);
        seen = atomic_load(&counter->value);
    }
    atomic_fetch_sub(&counter->sleepers, 1);
}

void mlp_wait_add(mlp_counter *counter, uint32_t amount, uint32_t target)
{
    uint32_t sum = atomic_fetch_add(&counter->value, amount) + amount;
    if (has_reached(sum, target) && atomic_load(&counter->sleepers) != 0) {
        wake_all(&counter->value);
    }
}

/* Meetings are never mixed: no meeting takes place without all its threads, so
 * the value of `passed` that a thread reads before it arrives is the number of
 * meetings before its own. The last thread to arrive resets `arrived` before it
 * advances `passed`, and no thread arrives at the next meeting before it has
 * seen that advance. The additions to `arrived` are one chain of
 * read-modify-writes that the last thread ends, so `passed` publishes what all
 * of them wrote. */
uint32_t mlp_gate_arrive(mlp_gate *gate, size_t count)
{
    uint32_t ticket = atomic_load(&gate->passed.value) + 1;
    if (atomic_fetch_add(&gate->arrived, 1) + 1 == count) {
        atomic_store(&gate->arrived, 0);
        mlp_wait_add(&gate->passed, 1, ticket);
    }
    return ticket;
}

void mlp_gate_wait(mlp_gate *gate, uint32_t ticket)
{
    mlp_wait_until(&gate->passed, ticket, gate->is_crowded);
}

void mlp_gate_meet(mlp_gate *gate, size_t count)
{
    if (count > 1) {
        mlp_gate_wait(gate, mlp_gate_arrive(gate, count));
    }
}
