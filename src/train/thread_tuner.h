/** @file
 *  How many threads the next step should run on. Threads that are kept from
 *  their cores by other programs hold up all others at every barrier: then
 *  fewer threads are faster. The number of threads changes no bit of the
 *  result, so a run may try, and go back.
 */
#ifndef MLP_THREAD_TUNER_H
#define MLP_THREAD_TUNER_H

#include <stdbool.h>
#include <stddef.h>

/** Read count; the rest is the tuner's own. */
typedef struct {
    size_t count; /**< threads for the next step, 1 .. most */
    size_t most;
    size_t settled;      /* count before the trial under way */
    double settled_mean; /* seconds of a step then */
    bool is_trial;
    size_t steps; /* of this window or trial */
    double seconds, waited;
    size_t patience; /* windows until the next trial */
    size_t backoff;  /* patience after the next trial that fails */
} mlp_thread_tuner;

/** Begin with `most` threads. */
void mlp_thread_tuner_init(mlp_thread_tuner *tuner, size_t most);

/** A step on tuner->count threads took `seconds`, `waited` of which a
 *  thread was not at work, in the mean. */
void mlp_thread_tuner_note(mlp_thread_tuner *tuner, double seconds,
                           double waited);

#endif
