/** @file
 *  Decisions by the finished epochs: early stopping, a lower learning rate on a
 *  plateau, the best weights.
 */
#include <string.h>

#include "base/log.h"
#include "optim/schedule.h"

#include "internal.h"

/* With --patience the best weights are the last vector of the state. */
static float *best_weights(const mlp_run_parts *run)
{
    return run->state.moments[run->state.moment_count - 1];
}

mlp_status mlp_run_check_early_stopping(mlp_run_parts *run)
{
    mlp_checkpoint *state = &run->state;
    const mlp_config *config = &run->job.config;
    if (mlp_run_is_leader(&run->job)) {
        run->progress.early_stopping =
            mlp_early_stopping_of(config, &state->history);
    }
    MLP_TRY(mlp_comm_broadcast(run->job.comm, &run->progress.early_stopping,
                               sizeof run->progress.early_stopping));
    mlp_trainer_scale_rate(
        run->trainer,
        mlp_schedule_power(config->gamma,
                           run->progress.early_stopping.reductions));
    return MLP_OK;
}

void mlp_run_keep_best(mlp_run_parts *run)
{
    mlp_checkpoint *state = &run->state;
    if (run->job.config.patience > 0 &&
        run->progress.early_stopping.best == state->epoch) {
        memcpy(best_weights(run), state->parameters,
               state->parameter_count * sizeof *state->parameters);
    }
}

mlp_status mlp_run_restore_best(mlp_run_parts *run)
{
    mlp_checkpoint *state = &run->state;
    if (run->job.config.patience == 0 ||
        run->progress.early_stopping.best == 0) {
        return MLP_OK;
    }
    if (run->progress.early_stopping.stops) {
        mlp_log_note("stopped after epoch %zu, %zu epochs without a better "
                     "one",
                     (size_t)state->epoch,
                     (size_t)run->progress.early_stopping.waited);
    }
    mlp_log_note("the weights are those of epoch %zu, the best",
                 (size_t)run->progress.early_stopping.best);
    MLP_TRY(mlp_trainer_store(run->trainer, state->parameters, state->moments));
    return mlp_trainer_load(run->trainer, best_weights(run), state->moments);
}
