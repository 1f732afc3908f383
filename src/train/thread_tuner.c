/** @file
 *  How many threads the next step should run on.
 */
#include "thread_tuner.h"

enum { WINDOW_STEPS = 32, TRIAL_STEPS = 8, BACKOFF_MOST = 64 };

/* Waiting is normal up to a share; a trial must win by a clear margin. */
static const double WAITS_MUCH = 0.4;
static const double CLEARLY_LESS = 0.85;

static void begin_count(mlp_thread_tuner *tuner)
{
    tuner->steps = 0;
    tuner->seconds = 0.0;
    tuner->waited = 0.0;
}

void mlp_thread_tuner_init(mlp_thread_tuner *tuner, size_t most)
{
    *tuner = (mlp_thread_tuner){
        .count = most, .most = most, .patience = 1, .backoff = 1};
}

static void begin_trial(mlp_thread_tuner *tuner, size_t count)
{
    tuner->settled = tuner->count;
    tuner->settled_mean = tuner->seconds / (double)tuner->steps;
    tuner->is_trial = true;
    tuner->count = count;
}

/* After a window: fewer threads if these wait much, more if there were. */
static void consider(mlp_thread_tuner *tuner)
{
    bool waits_much = tuner->waited > WAITS_MUCH * tuner->seconds;
    bool wants_fewer = waits_much && tuner->count > 1;
    bool wants_more = !waits_much && tuner->count < tuner->most;
    if ((wants_fewer || wants_more) && --tuner->patience == 0) {
        size_t twice = 2 * tuner->count;
        begin_trial(tuner, wants_fewer           ? tuner->count / 2
                           : twice < tuner->most ? twice
                                                 : tuner->most);
    }
    begin_count(tuner);
}

static void end_trial(mlp_thread_tuner *tuner, bool has_won)
{
    if (has_won) {
        tuner->backoff = 1;
    } else {
        tuner->count = tuner->settled;
        tuner->backoff =
            tuner->backoff < BACKOFF_MOST ? 2 * tuner->backoff : BACKOFF_MOST;
    }
    tuner->patience = tuner->backoff;
    tuner->is_trial = false;
    begin_count(tuner);
}

void mlp_thread_tuner_note(mlp_thread_tuner *tuner, double seconds,
                           double waited)
{
    tuner->steps++;
    tuner->seconds += seconds;
    tuner->waited += waited;
    if (!tuner->is_trial) {
        if (tuner->steps == WINDOW_STEPS) {
            consider(tuner);
        }
        return;
    }
    double limit = CLEARLY_LESS * TRIAL_STEPS * tuner->settled_mean;
    if (tuner->seconds >= limit) {
        end_trial(tuner, false);
    } else if (tuner->steps == TRIAL_STEPS) {
        end_trial(tuner, true);
    }
}
