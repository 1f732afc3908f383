/** @file
 *  Where the time of a run goes: laps of each thread by phase, and a trace of
 *  them for a timeline viewer.
 */
#ifndef MLP_PROFILE_H
#define MLP_PROFILE_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

typedef enum {
    MLP_PHASE_GATHER,
    MLP_PHASE_FORWARD,
    MLP_PHASE_LOSS,
    MLP_PHASE_BACKWARD,
    MLP_PHASE_GRADIENT,
    MLP_PHASE_EXCHANGE, /**< summing the ranks' gradients */
    MLP_PHASE_UPDATE,
    MLP_PHASE_WAIT, /**< for other threads or ranks */
    MLP_PHASES
} mlp_phase;

/** "gather", "forward" ... */
const char *mlp_phase_name(mlp_phase phase);

/** One lap in the trace. */
typedef struct {
    double start, seconds; /**< on mlp_clock_seconds */
    uint32_t thread;
    uint32_t phase;
} mlp_lap;

typedef struct mlp_profile mlp_profile;

/** @param laps  how many laps of each thread to keep for a trace; may be 0 */
mlp_status mlp_profile_create(size_t threads, size_t laps,
                              mlp_profile **profile);
void mlp_profile_destroy(mlp_profile **profile);

/** The thread's time from here on belongs to the next lap. Does nothing, as
 *  mlp_profile_lap, when profile is NULL. */
void mlp_profile_start(mlp_profile *profile, size_t thread);

/** The time since this thread's last lap, or start, went into this phase. */
void mlp_profile_lap(mlp_profile *profile, size_t thread, mlp_phase phase);

/** Seconds of a thread in a phase, all laps together. */
double mlp_profile_seconds(const mlp_profile *profile, size_t thread,
                           mlp_phase phase);

/** The laps kept of a thread, oldest first. */
const mlp_lap *mlp_profile_laps(const mlp_profile *profile, size_t thread,
                                size_t *count);

#endif
