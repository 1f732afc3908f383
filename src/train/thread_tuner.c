/** @file
 *  How many threads the next step should run on.
 */
#include "thread_tuner.h"

enum { WINDOW_STEPS = 32, TRIAL_STEPS = 8, BACKOFF_MOST = 64 };

/* Waiting is normal up to a share; a trial must win by a clear margin. */
static const double WAITS_MUCH = 0.4;
static const double CLEARLY_LESS = 0.85;

static void begin_count(mlp_pace *pace)
{
    pace->steps = 0;
    pace->seconds = 0.0;
    pace->waited = 0.0;
}

void mlp_pace_init(mlp_pace *pace, size_t most)
{
    *pace =
        (mlp_pace){.count = most, .most = most, .patience = 1, .backoff = 1};
}

static void begin_trial(mlp_pace *pace, size_t count)
{
    pace->settled = pace->count;
    pace->settled_mean = pace->seconds / (double)pace->steps;
    pace->is_trial = true;
    pace->count = count;
}

/* After a window: fewer threads if these wait much, more if there were. */
static void consider(mlp_pace *pace)
{
    bool waits_much = pace->waited > WAITS_MUCH * pace->seconds;
    bool wants_fewer = waits_much && pace->count > 1;
    bool wants_more = !waits_much && pace->count < pace->most;
    if ((wants_fewer || wants_more) && --pace->patience == 0) {
        size_t twice = 2 * pace->count;
        begin_trial(pace, wants_fewer          ? pace->count / 2
                          : twice < pace->most ? twice
                                               : pace->most);
    }
    begin_count(pace);
}

static void end_trial(mlp_pace *pace, bool has_won)
{
    if (has_won) {
        pace->backoff = 1;
    } else {
        pace->count = pace->settled;
        pace->backoff =
            pace->backoff < BACKOFF_MOST ? 2 * pace->backoff : BACKOFF_MOST;
    }
    pace->patience = pace->backoff;
    pace->is_trial = false;
    begin_count(pace);
}

void mlp_pace_note(mlp_pace *pace, double seconds, double waited)
{
    pace->steps++;
    pace->seconds += seconds;
    pace->waited += waited;
    if (!pace->is_trial) {
        if (pace->steps == WINDOW_STEPS) {
            consider(pace);
        }
        return;
    }
    double limit = CLEARLY_LESS * TRIAL_STEPS * pace->settled_mean;
    if (pace->seconds >= limit) {
        end_trial(pace, false);
    } else if (pace->steps == TRIAL_STEPS) {
        end_trial(pace, true);
    }
}
