/** @file
 *  Waiting for other threads of this process or, in shared memory, of others:
 *  counters, and the gate, a barrier. A wait spins for about as long as a sleep
 *  and its wake-up take, then sleeps in the kernel, so that threads in excess
 *  of the cores make progress.
 */
#ifndef MLP_WAIT_H
#define MLP_WAIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** A number that only grows (and may wrap), to wait on. All zero bytes are a
 *  counter at 0. In shared memory it works across processes. */
typedef struct {
    _Atomic uint32_t value;
    _Atomic uint32_t sleepers; /**< threads that need to be woken */
} mlp_counter;

/** Wait until the counter has reached target (less than 2^31 ahead).
 *  @param is_crowded  more threads than cores wait for each other: spinning
 *                     would keep a core from the thread that is waited for, so
 *                     sleep almost at once */
void mlp_wait_until(mlp_counter *counter, uint32_t target, bool is_crowded);

/** Add to a counter, and wake the waiting threads once it has reached the
 *  target that they wait for. Everything written before is visible to threads
 *  that read the sum. */
void mlp_wait_add(mlp_counter *counter, uint32_t amount, uint32_t target);

/** A split barrier: arrive and wait. All zero bytes are a gate without
 *  arrivals. In shared memory it works across processes. */
typedef struct {
    _Alignas(64) mlp_counter passed;     /**< meetings */
    _Alignas(64) _Atomic size_t arrived; /**< threads, at the next meeting */
    bool is_crowded; /**< see mlp_wait_until; set by the gate's creator */
} mlp_gate;

/** Arrive at the gate's next meeting, which takes `count` threads. Does not
 *  wait. A thread waits for its ticket before it arrives again.
 *  @return the ticket: `passed` after this meeting */
uint32_t mlp_gate_arrive(mlp_gate *gate, size_t count);

/** Wait for the meeting of this ticket: all that its threads wrote before they
 *  arrived is then visible. Threads that did not arrive may wait, too. */
void mlp_gate_wait(mlp_gate *gate, uint32_t ticket);

/** Arrive and wait: a barrier of `count` threads. */
void mlp_gate_meet(mlp_gate *gate, size_t count);

#endif
