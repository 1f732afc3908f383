/** @file
 *  The records of the run log as JSON.
 */
#include <math.h>
#include <stdio.h>

#include "base/json.h"
#include "base/version.h"
#include "config/json.h"
#include "runlog_parts.h"
#include "system/profile.h"

static json_t *config_object(const mlp_config *config)
{
    size_t count = 0;
    const mlp_option *fields = mlp_config_fields(&count);
    json_t *object = json_object();
    for (size_t i = 0; i < count; i++) {
        mlp_json_set(&object, mlp_config_key(&fields[i]),
                     mlp_json_field(config, &fields[i]));
    }
    return object;
}

/* What a table's rows lacked, in the object of the data. */
static void add_counts(json_t *record, const mlp_table_counts *counts)
{
    json_t *data = json_object_get(record, "data");
    const struct {
        const char *key;
        uint64_t value;
    } facts[] = {{"rows_dropped", counts->rows_dropped},
                 {"rows_unlabelled", counts->rows_unlabelled},
                 {"rows_incomplete", counts->rows_incomplete},
                 {"cells_missing", counts->cells_missing},
                 {"texts_other", counts->texts_other}};
    for (size_t i = 0; i < sizeof facts / sizeof facts[0]; i++) {
        (void)json_object_set_new(data, facts[i].key,
                                  mlp_json_whole(facts[i].value));
    }
}

json_t *mlp_runlog_start_record(const mlp_config *config,
                                const mlp_placement *placement,
                                const char *resumed_from, uint64_t step)
{
    json_t *from =
        resumed_from != NULL ? mlp_json_text(resumed_from) : json_null();
    json_t *record = json_pack(
        "{s:s, s:s, s:o, s:o, s:o, s:{s:o, s:o, s:o, s:o, s:b, s:s}, "
        "s:{s:o, s:o, s:o, s:o}, s:o, s:o}",
        "event", "start", "version", MLP_VERSION, "step", mlp_json_whole(step),
        "resumed_from", from, "config", config_object(config), "placement",
        "ranks", mlp_json_whole(placement->ranks), "threads",
        mlp_json_whole(placement->threads), "cores",
        mlp_json_whole(placement->cores), "nodes",
        mlp_json_whole(placement->nodes), "is_bound", placement->is_bound,
        "instruction_set", placement->instruction_set, "data", "name",
        mlp_json_text(placement->data), "train_rows",
        mlp_json_whole(placement->train_rows), "validation_rows",
        mlp_json_whole(placement->validation_rows), "test_rows",
        mlp_json_whole(placement->test_rows), "widths",
        mlp_json_sizes(placement->widths, placement->layers + 1), "parameters",
        mlp_json_whole(placement->parameters));
    if (record != NULL && placement->counts != NULL) {
        add_counts(record, placement->counts);
    }
    if (placement->origin != NULL) {
        mlp_json_set(&record, "origin_sha256",
                     mlp_json_text(placement->origin));
    }
    return record;
}

/* "test_roc_auc", "test_mae": the metrics that a split has besides the two that
 * each record has. */
static void add_metrics(json_t **object, const char *split,
                        const mlp_tally *tally)
{
    for (mlp_metric metric = MLP_METRIC_ACCURACY + 1; metric < MLP_METRICS;
         metric++) {
        char key[64];
        double value = mlp_tally_metric(tally, metric);
        if (isnan(value)) {
            continue;
        }
        snprintf(key, sizeof key, "%s_%s", split,
                 mlp_metric_facts_of(metric)->key);
        mlp_json_set(object, key, mlp_json_number(value));
    }
}

json_t *mlp_runlog_epoch_record(const mlp_epoch_record *record)
{
    json_t *object = json_pack(
        "{s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "event",
        "epoch", "epoch", mlp_json_whole(record->epoch), "step",
        mlp_json_whole(record->step), "train_loss",
        mlp_json_number(mlp_tally_loss(&record->train)), "train_accuracy",
        mlp_json_number(mlp_tally_accuracy(&record->train)), "validation_loss",
        mlp_json_number(mlp_tally_loss(&record->validation)),
        "validation_accuracy",
        mlp_json_number(mlp_tally_accuracy(&record->validation)), "test_loss",
        mlp_json_number(mlp_tally_loss(&record->test)), "test_accuracy",
        mlp_json_number(mlp_tally_accuracy(&record->test)), "learning_rate",
        mlp_json_number(record->learning_rate), "seconds",
        mlp_json_number(record->wall_seconds), "samples_per_second",
        mlp_json_number(mlp_runlog_rate(record)));
    add_metrics(&object, "train", &record->train);
    add_metrics(&object, "validation", &record->validation);
    add_metrics(&object, "test", &record->test);
    return object;
}

/* One object per rank, with the seconds of each phase. */
json_t *mlp_runlog_profile_record(uint64_t step, const uint64_t *nanoseconds,
                                  size_t ranks, const uint64_t sent[2])
{
    json_t *array = json_array();
    for (size_t r = 0; r < ranks; r++) {
        json_t *seconds = json_object();
        for (mlp_phase phase = 0; phase < MLP_PHASES; phase++) {
            uint64_t spent = nanoseconds[r * MLP_PHASES + phase];
            mlp_json_set(&seconds, mlp_phase_name(phase),
                         mlp_json_number(1e-9 * (double)spent));
        }
        mlp_json_append(&array, seconds);
    }
    return json_pack("{s:s, s:o, s:o, s:o, s:o}", "event", "profile", "step",
                     mlp_json_whole(step), "rank_seconds", array, "sent_bytes",
                     mlp_json_whole(sent[0]), "sent_messages",
                     mlp_json_whole(sent[1]));
}

json_t *mlp_runlog_warning_record(uint64_t step, const char *text, size_t units,
                                  size_t dead)
{
    return json_pack("{s:s, s:o, s:o, s:o, s:o}", "event", "warning", "step",
                     mlp_json_whole(step), "text", mlp_json_text(text),
                     "relu_units", mlp_json_whole(units), "dead_units",
                     mlp_json_whole(dead));
}

json_t *mlp_runlog_end_record(const mlp_epoch_record *last,
                              const char *weights_hex, double wall_seconds,
                              bool is_finished)
{
    json_t *object = json_pack(
        "{s:s, s:o, s:o, s:o, s:o, s:s, s:o}", "event",
        is_finished ? "end" : "stop", "epoch", mlp_json_whole(last->epoch),
        "step", mlp_json_whole(last->step), "test_loss",
        mlp_json_number(mlp_tally_loss(&last->test)), "test_accuracy",
        mlp_json_number(mlp_tally_accuracy(&last->test)), "weights_sha256",
        weights_hex, "seconds", mlp_json_number(wall_seconds));
    add_metrics(&object, "test", &last->test);
    return object;
}
