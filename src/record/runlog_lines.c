/** @file
 *  The run log's lines on stdout.
 */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "base/version.h"
#include "runlog_parts.h"

static const char *plural(size_t count)
{
    return count == 1 ? "" : "s";
}

static void print_option(FILE *out, const mlp_config *config, const char *name)
{
    char text[MLP_CONFIG_VALUE];
    mlp_config_get(config, mlp_config_find(name), text);
    fprintf(out, " %s", text);
}

static void print_model(FILE *out, const mlp_config *config,
                        const mlp_placement *placement)
{
    fprintf(out, "model ");
    for (size_t i = 0; i <= placement->layers; i++) {
        fprintf(out, "%s%zu", i > 0 ? "-" : "", placement->widths[i]);
    }
    if (config->hidden_count > 0) {
        print_option(out, config, "activation");
    }
    print_option(out, config, "output");
    fprintf(out, ", %zu parameters,", placement->parameters);
    print_option(out, config, "optimizer");
    fprintf(out, " lr");
    print_option(out, config, "lr");
    if (mlp_config_optimizer(config->optimizer)->has_momentum) {
        fprintf(out, " momentum");
        print_option(out, config, "momentum");
    }
    if (config->l2 > 0) {
        fprintf(out, " l2");
        print_option(out, config, "l2");
    }
    fprintf(out, ", batch %zu", config->batch);
    if (config->accumulate > 1) {
        fprintf(out, " x %zu", config->accumulate);
    }
    fprintf(out, ", %zu shard%s", config->shards, plural(config->shards));
    if (config->preset[0] != '\0') {
        fprintf(out, ", preset %s", config->preset);
    }
    fprintf(out, "\n");
}

void mlp_runlog_print_start(FILE *out, const mlp_config *config,
                            const mlp_placement *placement,
                            const char *resumed_from, uint64_t step)
{
    const mlp_placement *at = placement;
    fprintf(out, "mlp_train %s: %zu rank%s x %zu thread%s on ", MLP_VERSION,
            at->ranks, plural(at->ranks), at->threads, plural(at->threads));
    if (at->nodes > 1) {
        fprintf(out, "%zu nodes of ", at->nodes);
    }
    fprintf(out, "%zu core%s,%s %s\n", at->cores, plural(at->cores),
            at->is_bound ? " bound," : "", at->instruction_set);
    fprintf(out,
            "data  %s (%zu train, %zu validation, %zu test rows, "
            "%zu features, ",
            at->data, at->train_rows, at->validation_rows, at->test_rows,
            at->widths[0]);
    if (config->task == MLP_TASK_REGRESSION) {
        fprintf(out, "label %s)\n", config->label);
    } else {
        fprintf(out, "%zu classes)\n",
                config->binary ? 2 : at->widths[at->layers]);
    }
    print_model(out, config, placement);
    if (at->nodes > 1) {
        fprintf(out, "nodes first layer between nodes by %s%s\n",
                at->between_nodes[0], at->between_nodes[1]);
    }
    if (config->checkpoint[0] == '\0' && config->replay[0] == '\0' &&
        !config->dry_run) {
        fprintf(out, "saves nothing: --run DIR saves checkpoints, log and "
                     "curves\n");
    }
    if (resumed_from != NULL) {
        fprintf(out, "from  %s, step %" PRIu64 "\n", resumed_from, step);
    }
    fflush(out);
}

static void print_tally(FILE *out, const char *name, const mlp_tally *tally)
{
    if (tally->targets > 0) {
        fprintf(out, "  %s loss %.4f mae %.4g R2 %.4f", name,
                mlp_tally_loss(tally), mlp_tally_mae(tally),
                mlp_tally_r2(tally));
    } else if (tally->rows > 0) {
        fprintf(out, "  %s loss %.4f acc %5.2f%%", name, mlp_tally_loss(tally),
                100 * mlp_tally_accuracy(tally));
    }
}

double mlp_runlog_rate(const mlp_epoch_record *record)
{
    return record->wall_seconds > 0
               ? (double)record->train.rows / record->wall_seconds
               : (double)NAN;
}

void mlp_runlog_print_epoch(FILE *out, const mlp_epoch_record *record,
                            uint64_t epochs)
{
    int width = snprintf(NULL, 0, "%" PRIu64, epochs);
    fprintf(out, "epoch %*" PRIu64 "/%" PRIu64 "  step %6" PRIu64, width,
            record->epoch, epochs, record->step);
    print_tally(out, "train", &record->train);
    print_tally(out, "validation", &record->validation);
    print_tally(out, "test", &record->test);
    fprintf(out, "  %.1f s", record->wall_seconds);
    if (record->wall_seconds > 0) {
        fprintf(out, "  %.0f rows/s", mlp_runlog_rate(record));
    }
    fprintf(out, "\n");
}
