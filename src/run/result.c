/** @file
 *  The state that a run hands to its caller: of whole epochs, whatever ended
 *  it.
 */
#include <string.h>

#include "internal.h"

mlp_status mlp_run_keep_end(mlp_run_parts *run)
{
    mlp_status status = run->job.setting.result != NULL
                            ? mlp_run_copy_state(&run->state, &run->ended)
                            : MLP_OK;
    return mlp_comm_agree(run->job.comm, status);
}

/* What was done of the epoch under way is no part of the result. */
static void go_back(mlp_run_parts *run)
{
    mlp_checkpoint *state = &run->state;
    mlp_run_swap_copy(state, &run->ended);
    state->epoch = run->ended.epoch;
    state->step = run->ended.step;
    state->history.count = run->ended.records;
    state->running = (mlp_tally){0};
    state->running_seconds = 0.0;
}

mlp_status mlp_run_hand_over(mlp_run_parts *run, bool is_finished)
{
    mlp_status status = MLP_OK;
    if (run->job.setting.result == NULL) {
        return MLP_OK;
    }
    if (is_finished) {
        status = mlp_run_fetch_state(run);
    } else {
        go_back(run);
    }
    MLP_TRY(mlp_comm_agree(run->job.comm, status));
    *run->job.setting.result = run->state;
    run->state = (mlp_checkpoint){0};
    return MLP_OK;
}
