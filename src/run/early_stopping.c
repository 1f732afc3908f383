/** @file
 *  What the finished epochs decide: early stopping, a learning rate that falls
 *  on a plateau, the best weights.
 */
#include <string.h>

#include "base/log.h"
#include "optim/schedule.h"

#include "internal.h"

/* With --patience the last vector of the state. */
static float *best_weights(const mlp_run_parts *run)
{
    return run->state.moments[run->state.moment_count - 1];
}

mlp_status mlp_run_check_early_stopping(mlp_run_parts *run)
{
    mlp_checkpoint *state = &run->state;
    const mlp_config *config = &run->job.config;
    if (mlp_run_is_leader(&run->job)) {
        run->progress.verdict = mlp_early_stopping_of(config, &state->history);
    }
    MLP_TRY(mlp_comm_broadcast(run->job.comm, &run->progress.verdict,
                               sizeof run->progress.verdict));
    mlp_trainer_scale_rate(
        run->trainer,
        mlp_schedule_power(config->gamma, run->progress.verdict.reductions));
    return MLP_OK;
}

void mlp_run_keep_best(mlp_run_parts *run)
{
    mlp_checkpoint *state = &run->state;
    if (run->job.config.patience > 0 &&
        run->progress.verdict.best == state->epoch) {
        memcpy(best_weights(run), state->parameters,
               state->parameter_count * sizeof *state->parameters);
    }
}

mlp_status mlp_run_restore_best(mlp_run_parts *run)
{
    mlp_checkpoint *state = &run->state;
    if (run->job.config.patience == 0 || run->progress.verdict.best == 0) {
        return MLP_OK;
    }
    if (run->progress.verdict.stops) {
        mlp_log_note("stopped after epoch %zu, %zu epochs without a better "
                     "one",
                     (size_t)state->epoch,
                     (size_t)run->progress.verdict.waited);
    }
    mlp_log_note("the weights are those of epoch %zu, the best",
                 (size_t)run->progress.verdict.best);
    MLP_TRY(
        mlp_comm_broadcast(run->job.comm, best_weights(run),
                           state->parameter_count * sizeof *state->parameters));
    /* the moments stay as they are, on every rank */
    mlp_trainer_store(run->trainer, state->parameters, state->moments);
    return mlp_trainer_load(run->trainer, best_weights(run), state->moments);
}
