/** @file
 *  The pulse of a rank: its phase, its step and whether it makes progress, in
 *  memory shared by the node, for the watchdog (watchdog.h).
 */
#ifndef MLP_PULSE_H
#define MLP_PULSE_H

#include <stdbool.h>
#include <stdint.h>

typedef enum {
    MLP_PULSE_START,
    MLP_PULSE_DATA,
    MLP_PULSE_MAKE,
    MLP_PULSE_LOAD,
    MLP_PULSE_TRAIN,
    MLP_PULSE_EVALUATE,
    MLP_PULSE_SAVE,
    MLP_PULSE_END
} mlp_pulse_phase;

/** Written by the rank's main thread. One cache line. All zero bytes mean a
 *  rank that starts. */
typedef struct {
    _Atomic uint64_t beats;     /**< grows while the rank makes progress */
    _Atomic uint64_t step;      /**< current global step, from 1; 0: none yet */
    _Atomic int32_t phase;      /**< mlp_pulse_phase */
    _Atomic int32_t is_waiting; /**< for other ranks */
    _Atomic int32_t pid;
    _Atomic int32_t has_reported; /**< of local rank 0: the node has reported */
    int32_t unused[8];
} mlp_pulse;

/** The rank is now in this phase. */
void mlp_pulse_enter(mlp_pulse *pulse, mlp_pulse_phase phase);

/** The rank begins this global step, from 1. */
void mlp_pulse_step(mlp_pulse *pulse, uint64_t step);

/** The rank begins or ends to wait for others. */
void mlp_pulse_wait(mlp_pulse *pulse, bool is_waiting);

/** "training" ... */
const char *mlp_pulse_phase_name(mlp_pulse_phase phase);

#endif
