/** @file
 *  Time per phase of each thread.
 */
#include "profile.h"

#include <stdlib.h>

#include "base/clock.h"

enum { CACHE_LINE = 64 };

/* One thread's laps, on cache lines of their own. */
typedef struct {
    _Alignas(CACHE_LINE) double last;
    double seconds[MLP_PHASES];
    mlp_lap *laps;
    size_t count;
} thread_profile;

struct mlp_profile {
    size_t threads, capacity;
    thread_profile *thread; /* [threads] */
};

const char *mlp_phase_name(mlp_phase phase)
{
    static const char *const names[MLP_PHASES] = {
        "gather",   "forward",  "loss",   "backward",
        "gradient", "exchange", "update", "wait"};
    return names[phase];
}

static mlp_status allocate(mlp_profile *profile)
{
    size_t bytes = profile->threads * sizeof *profile->thread;
    profile->thread = aligned_alloc(CACHE_LINE, bytes);
    if (profile->thread == NULL) {
        return mlp_fail_memory("the profile");
    }
    for (size_t t = 0; t < profile->threads; t++) {
        profile->thread[t] = (thread_profile){0};
    }
    for (size_t t = 0; t < profile->threads && profile->capacity > 0; t++) {
        profile->thread[t].laps =
            calloc(profile->capacity, sizeof *profile->thread[t].laps);
        if (profile->thread[t].laps == NULL) {
            return mlp_fail_memory("the trace");
        }
    }
    return MLP_OK;
}

mlp_status mlp_profile_create(size_t threads, size_t laps,
                              mlp_profile **profile)
{
    mlp_profile *made = calloc(1, sizeof *made);
    *profile = made;
    if (made == NULL) {
        return mlp_fail_memory("the profile");
    }
    made->threads = threads;
    made->capacity = laps;
    mlp_status status = allocate(made);
    if (status != MLP_OK) {
        mlp_profile_destroy(profile);
    }
    return status;
}

void mlp_profile_destroy(mlp_profile **profile)
{
    mlp_profile *old = *profile;
    if (old == NULL) {
        return;
    }
    for (size_t t = 0; old->thread != NULL && t < old->threads; t++) {
        free(old->thread[t].laps);
    }
    free(old->thread);
    free(old);
    *profile = NULL;
}

void mlp_profile_start(mlp_profile *profile, size_t thread)
{
    if (profile != NULL) {
        profile->thread[thread].last = mlp_clock_seconds();
    }
}

void mlp_profile_lap(mlp_profile *profile, size_t thread, mlp_phase phase)
{
    if (profile == NULL) {
        return;
    }
    thread_profile *mine = &profile->thread[thread];
    double now = mlp_clock_seconds();
    double seconds = now - mine->last;
    mine->seconds[phase] += seconds;
    if (mine->count < profile->capacity) {
        mine->laps[mine->count++] =
            (mlp_lap){mine->last, seconds, (uint32_t)thread, (uint32_t)phase};
    }
    mine->last = now;
}

double mlp_profile_seconds(const mlp_profile *profile, size_t thread,
                           mlp_phase phase)
{
    return profile->thread[thread].seconds[phase];
}

const mlp_lap *mlp_profile_laps(const mlp_profile *profile, size_t thread,
                                size_t *count)
{
    *count = profile->thread[thread].count;
    return profile->thread[thread].laps;
}
