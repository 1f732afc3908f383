/** @file
 *  Time per phase of a run: laps of each thread, and a trace of them for a
 *  timeline viewer.
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

/** @param laps  number of laps per thread to store for a trace; may be 0 */
mlp_status mlp_profile_create(size_t threads, size_t laps,
                              mlp_profile **profile);
void mlp_profile_destroy(mlp_profile **profile);

/** Start the thread's next lap. No effect if profile is NULL, like
 *  mlp_profile_lap. */
void mlp_profile_start(mlp_profile *profile, size_t thread);

/** End the lap: the time since this thread's last lap, or start, counts for
 *  this phase. */
void mlp_profile_lap(mlp_profile *profile, size_t thread, mlp_phase phase);

/** Total seconds of a thread in a phase. */
double mlp_profile_seconds(const mlp_profile *profile, size_t thread,
                           mlp_phase phase);

/** The stored laps of a thread, oldest first. */
const mlp_lap *mlp_profile_laps(const mlp_profile *profile, size_t thread,
                                size_t *count);

#endif
