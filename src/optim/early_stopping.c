/** @file
 *  The state of early stopping and of the plateau schedule.
 */
#include "early_stopping.h"

/* The monitored metric, negated where lower is better. */
static double metric_of(const mlp_config *config,
                        const mlp_epoch_record *record)
{
    const mlp_tally *tally =
        record->validation.rows > 0 ? &record->validation : &record->train;
    return config->monitor == MLP_MONITOR_ACCURACY ? mlp_tally_accuracy(tally)
                                                   : -mlp_tally_loss(tally);
}

mlp_early_stopping mlp_early_stopping_of(const mlp_config *config,
                                         const mlp_history *history)
{
    mlp_early_stopping state = {0};
    double best = 0.0;
    uint64_t on_plateau = 0;
    for (size_t i = 0; i < history->count; i++) {
        double metric = metric_of(config, &history->records[i]);
        if (i == 0 || metric > best + config->min_delta) {
            best = metric;
            state.best = history->records[i].epoch;
            state.waited = 0;
            on_plateau = 0;
            continue;
        }
        state.waited++;
        if (config->schedule == MLP_SCHEDULE_PLATEAU &&
            ++on_plateau == config->plateau) {
            state.reductions++;
            on_plateau = 0;
        }
    }
    state.stops = config->patience > 0 && state.waited >= config->patience;
    return state;
}
