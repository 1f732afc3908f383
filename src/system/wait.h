/** @file
 *  The gate: all waiting of threads for other threads of this process or, in
 *  shared memory, of others. A wait spins for about as long as a sleep and its
 *  wake-up take, then sleeps in the kernel, so that threads in excess of the
 *  cores make progress.
 */
#ifndef MLP_WAIT_H
#define MLP_WAIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** A split barrier: arrive and wait. Meetings have tickets: 1, 2, and so on (32
 *  bits, which may wrap). All zero bytes are a gate without arrivals. In shared
 *  memory it works across processes. A gate of one thread is a flag: what that
 *  thread has done, others wait for. */
typedef struct {
    _Alignas(64) _Atomic uint32_t passed; /**< the last meeting's ticket */
    _Atomic uint32_t sleepers;            /**< threads that must be woken */
    bool is_crowded; /**< more threads than cores wait for each other: spinning
                          would keep a core from the thread that is waited for,
                          so sleep almost at once. Set by the gate's creator */
    _Alignas(64) _Atomic size_t arrived; /**< threads, at the next meeting */
} mlp_gate;

/** The ticket of the next meeting, for a thread without which it cannot take
 *  place. */
uint32_t mlp_gate_ticket(const mlp_gate *gate);

/** Arrive at the gate's next meeting, which takes `count` threads. Does not
 *  wait. No thread arrives at a meeting before all have arrived at the one
 *  before: it has waited for that ticket, or for something that follows it.
 *  @return the ticket of this meeting */
uint32_t mlp_gate_arrive(mlp_gate *gate, size_t count);

/** Wait for the meeting of this ticket, less than 2^31 ahead: all that its
 *  threads wrote before they arrived is then visible. Threads that did not
 *  arrive may wait, too. */
void mlp_gate_wait(mlp_gate *gate, uint32_t ticket);

/** Whether that wait would return at once; then the same is visible. */
bool mlp_gate_has_passed(const mlp_gate *gate, uint32_t ticket);

/** Arrive and wait: a barrier of `count` threads. */
void mlp_gate_meet(mlp_gate *gate, size_t count);

#endif
