/** @file
 *  Judging the finished epochs.
 */
#include "early_stopping.h"

/* The metric, so that more is better. */
static double merit_of(const mlp_config *config, const mlp_epoch_record *record)
{
    const mlp_tally *tally =
        record->validation.rows > 0 ? &record->validation : &record->train;
    return config->monitor == MLP_MONITOR_ACCURACY ? mlp_tally_accuracy(tally)
                                                   : -mlp_tally_loss(tally);
}

mlp_verdict mlp_monitor_judge(const mlp_config *config,
                              const mlp_history *history)
{
    mlp_verdict verdict = {0};
    double best = 0.0;
    uint64_t on_plateau = 0;
    for (size_t i = 0; i < history->count; i++) {
        double merit = merit_of(config, &history->records[i]);
        if (i == 0 || merit > best + config->min_delta) {
            best = merit;
            verdict.best = history->records[i].epoch;
            verdict.waited = 0;
            on_plateau = 0;
            continue;
        }
        verdict.waited++;
        if (config->schedule == MLP_SCHEDULE_PLATEAU &&
            ++on_plateau == config->plateau) {
            verdict.reductions++;
            on_plateau = 0;
        }
    }
    verdict.stops = config->patience > 0 && verdict.waited >= config->patience;
    return verdict;
}
