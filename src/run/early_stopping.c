/** @file
 *  Decisions by the finished epochs: early stopping, a lower learning rate on a
 *  plateau, the best weights.
 */
#include <stdlib.h>
#include <string.h>

#include "base/float_key.h"
#include "base/log.h"
#include "optim/schedule.h"

#include "internal.h"

/* With --patience the best weights are the last vector of the state. */
static float *best_weights(const mlp_run_parts *run)
{
    return run->state.moments[run->state.moment_count - 1];
}

/* Whether the rows are of several classes. */
static mlp_status have_classes(const mlp_run_parts *run,
                               const mlp_sharded *split, bool *differ)
{
    uint64_t *rows;
    size_t present = 0;
    MLP_TRY(mlp_run_count_classes(run, split, &rows));
    for (size_t k = 0; k < run->data.classes; k++) {
        present += rows[k] > 0;
    }
    free(rows);
    *differ = present > 1;
    return MLP_OK;
}

/* Whether the rows have targets that differ. */
static mlp_status have_spread(const mlp_run_parts *run,
                              const mlp_sharded *split, bool *differ)
{
    uint64_t keys[2] = {0, 0}; /* the largest, and the largest complement */
    for (size_t r = 0; r < split->here.range.count; r++) {
        uint32_t key = mlp_float_key(split->here.targets[r] + 0.0F);
        uint32_t complement = UINT32_MAX - key;
        keys[0] = key > keys[0] ? key : keys[0];
        keys[1] = complement > keys[1] ? complement : keys[1];
    }
    MLP_TRY(mlp_comm_max(run->job.comm, keys, 2));
    *differ = keys[0] + keys[1] != UINT32_MAX;
    return MLP_OK;
}

mlp_status mlp_run_check_monitor(const mlp_run_parts *run)
{
    mlp_metric monitor = run->job.config.monitor;
    const mlp_metric_facts *metric = mlp_metric_facts_of(monitor);
    const mlp_sharded *validation = &run->data.validation;
    bool is_defined = true;
    if (metric->is_evaluated && validation->rows == 0) {
        return mlp_fail(MLP_ERROR_USAGE,
                        "--monitor: training does not measure the %s, and "
                        "there are no validation rows: add --validation X",
                        metric->label);
    }
    if (monitor == MLP_METRIC_R2) {
        MLP_TRY(have_spread(
            run, validation->rows > 0 ? validation : &run->data.train,
            &is_defined));
    } else if (metric->is_evaluated && !metric->is_of_probabilities) {
        MLP_TRY(have_classes(run, validation, &is_defined));
    }
    return is_defined
               ? MLP_OK
               : mlp_fail(MLP_ERROR_DATA,
                          "--monitor: %s is undefined for rows that are all "
                          "%s, as those that it is measured on",
                          metric->label,
                          metric->is_of_numbers ? "of one value"
                                                : "of one class");
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
