/** @file
 *  The pulse of a rank. Relaxed stores: readers need no order between fields.
 */
#include "pulse.h"

#include <stdatomic.h>

_Static_assert(sizeof(mlp_pulse) == 64, "one cache line");

static void beat(mlp_pulse *pulse)
{
    atomic_fetch_add_explicit(&pulse->beats, 1, memory_order_relaxed);
}

void mlp_pulse_enter(mlp_pulse *pulse, mlp_pulse_phase phase)
{
    atomic_store_explicit(&pulse->phase, phase, memory_order_relaxed);
    beat(pulse);
}

void mlp_pulse_step(mlp_pulse *pulse, uint64_t step)
{
    atomic_store_explicit(&pulse->step, step, memory_order_relaxed);
    mlp_pulse_enter(pulse, MLP_PULSE_TRAIN);
}

void mlp_pulse_wait(mlp_pulse *pulse, bool is_waiting)
{
    atomic_store_explicit(&pulse->is_waiting, is_waiting, memory_order_relaxed);
}

const char *mlp_pulse_phase_name(mlp_pulse_phase phase)
{
    static const char *const names[] = {[MLP_PULSE_START] = "starting",
                                        [MLP_PULSE_DATA] = "reading data",
                                        [MLP_PULSE_MAKE] = "making the trainer",
                                        [MLP_PULSE_LOAD] = "loading the state",
                                        [MLP_PULSE_TRAIN] = "training",
                                        [MLP_PULSE_EVALUATE] = "evaluating",
                                        [MLP_PULSE_SAVE] = "saving",
                                        [MLP_PULSE_END] = "ending"};
    return names[phase];
}
