/** @file
 *  The result that a run returns to its caller: the state at the end of an
 *  epoch, even if the run was stopped within one.
 */
#include <string.h>

#include "internal.h"

mlp_status mlp_run_copy_epoch_end(mlp_run_parts *run)
{
    mlp_status status = run->job.setting.result != NULL
                            ? mlp_run_copy_state(&run->state, &run->ended)
                            : MLP_OK;
    return mlp_comm_agree(run->job.comm, status);
}

/* Discard the steps of an unfinished epoch. */
static void restore_epoch_end(mlp_run_parts *run)
{
    mlp_checkpoint *state = &run->state;
    mlp_run_swap_copy(state, &run->ended);
    state->epoch = run->ended.epoch;
    state->step = run->ended.step;
    state->history.count = run->ended.records;
    state->running = (mlp_tally){0};
    state->running_seconds = 0.0;
}

mlp_status mlp_run_fill_result(mlp_run_parts *run, bool is_finished)
{
    if (run->job.setting.result == NULL) {
        return MLP_OK;
    }
    if (is_finished) {
        MLP_TRY(mlp_run_fetch_state(run));
    } else {
        restore_epoch_end(run);
    }
    *run->job.setting.result = run->state;
    run->state = (mlp_checkpoint){0};
    return MLP_OK;
}
