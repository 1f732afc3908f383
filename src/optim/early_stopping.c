/** @file
 *  The state of early stopping and of the plateau schedule.
 */
#include "early_stopping.h"

#include <math.h>

double mlp_monitored(const mlp_config *config, const mlp_tally *tally)
{
    double value = mlp_tally_metric(tally, config->monitor);
    return mlp_metric_facts_of(config->monitor)->is_higher_better ? value
                                                                  : -value;
}

static double metric_of(const mlp_config *config,
                        const mlp_epoch_record *record)
{
    return mlp_monitored(config, record->validation.rows > 0
                                     ? &record->validation
                                     : &record->train);
}

mlp_early_stopping mlp_early_stopping_of(const mlp_config *config,
                                         const mlp_history *history)
{
    mlp_early_stopping state = {0};
    double best = (double)-INFINITY;
    uint64_t on_plateau = 0;
    for (size_t i = 0; i < history->count; i++) {
        double metric = metric_of(config, &history->records[i]);
        if (metric > best + config->min_delta) {
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
