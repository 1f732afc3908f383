/** @file
 *  Shard metrics, which are sent with a step's gradients: loss, hits and rows
 * of each shard.
 */
#include <math.h>
#include <stdatomic.h>
#include <string.h>

#include "internal.h"

enum {
    LOSS,
    HITS,
    ROWS,
    STOP,
    FAULT, /* the rank could not read its rows */
    ERROR, /* of a regression, as in mlp_tally: these five */
    TARGETS,
    SQUARES,
    ERROR_SQUARES,
    UNIT_SQUARES, /* square_sum */
    WEIGHT,       /* of the rows of all micro-batches so far */
    HIT_SUM,      /* of those that are hits, their weights */
    UNSAFE        /* the rank's gradient is, see mlp_kernels.gradient */
};
_Static_assert(UNSAFE + 1 == MLP_SHARD_METRICS, "the last one");

/* The metrics of a regression, of one shard's rows. */
static void add_targets(const mlp_trainer *trainer, size_t first, size_t end,
                        double *record)
{
    const float *targets = mlp_trainer_targets(trainer);
    const float *weights = mlp_trainer_weights(trainer);
    const float *outputs = mlp_pass_outputs(trainer->node.pass);
    double unit = mlp_feed_target_unit(trainer->node.feed);
    mlp_tally tally = {.error_sum = record[ERROR],
                       .target_sum = record[TARGETS],
                       .target_squares = record[SQUARES],
                       .error_squares = record[ERROR_SQUARES],
                       .square_sum = record[UNIT_SQUARES]};
    for (size_t r = first; targets != NULL && r < end; r++) {
        mlp_tally_target(&tally, outputs[r * MLP_ALIGN], targets[r * MLP_ALIGN],
                         unit, weights != NULL ? (double)weights[r] : 1.0);
    }
    record[ERROR] = tally.error_sum;
    record[TARGETS] = tally.target_sum;
    record[SQUARES] = tally.target_squares;
    record[ERROR_SQUARES] = tally.error_squares;
    record[UNIT_SQUARES] = tally.square_sum;
}

/* The metrics of a classifier, likewise. */
static void add_hits(const mlp_trainer *trainer, size_t first, size_t end,
                     double *record)
{
    const uint32_t *predictions = mlp_pass_predictions(trainer->node.pass);
    const uint16_t *labels =
        mlp_feed_labels(trainer->node.feed) + trainer->node.first_row;
    const float *weights = mlp_trainer_weights(trainer);
    double sum = record[HIT_SUM];
    size_t hits = 0;
    for (size_t r = first; r < end; r++) {
        double weight = weights != NULL ? (double)weights[r] : 1.0;
        bool is_hit = predictions[r] == labels[r] && weight > 0.0;
        hits += is_hit;
        sum += is_hit ? weight : 0.0;
    }
    record[HITS] += (double)hits;
    record[HIT_SUM] = sum;
}

/* What some rank of the node team has reported. */
static mlp_rank_report report_of_team(const mlp_trainer *trainer)
{
    mlp_rank_report all = {0};
    size_t ranks = mlp_comm_where(mlp_node_team_home(trainer->node.team))->size;
    for (size_t r = 0; r < ranks; r++) {
        all.wants_stop |= trainer->node.board->ranks[r].wants_stop;
        all.has_fault |= trainer->node.board->ranks[r].has_fault;
    }
    return all;
}

void mlp_trainer_add_metrics(const mlp_trainer *trainer, bool is_first)
{
    const mlp_batch *batch = &trainer->node.batch;
    const mlp_rank_report team = report_of_team(trainer);
    const double *losses = mlp_pass_losses(trainer->node.pass);
    double *record = mlp_exchange_shard_metrics(trainer->exchange);
    for (size_t i = 0; i < batch->leaves; i++) {
        size_t first = batch->leaf_start[i];
        size_t end = batch->leaf_start[i + 1];
        if (is_first) {
            memset(record, 0, MLP_SHARD_METRICS * sizeof *record);
        }
        double loss = record[LOSS];
        for (size_t r = first; r < end; r++) {
            loss += losses[r];
        }
        record[LOSS] = loss;
        record[WEIGHT] = mlp_trainer_leaf_weights(trainer)[i];
        record[ROWS] += (double)(end - first);
        record[STOP] = team.wants_stop;
        record[FAULT] = team.has_fault;
        add_hits(trainer, first, end, record);
        add_targets(trainer, first, end, record);
        record += MLP_SHARD_METRICS;
    }
}

void mlp_trainer_close_metrics(const mlp_trainer *trainer)
{
    bool is_unsafe = atomic_load(&trainer->node.board->is_unsafe);
    double *record = mlp_exchange_shard_metrics(trainer->exchange);
    for (size_t i = 0; i < trainer->node.shards.count; i++) {
        record[i * MLP_SHARD_METRICS + UNSAFE] = is_unsafe;
    }
}

bool mlp_trainer_has_finite_losses(const mlp_trainer *trainer)
{
    const double *record = mlp_exchange_shard_metrics(trainer->exchange);
    for (size_t i = 0; i < trainer->node.shards.count; i++) {
        if (!isfinite(record[i * MLP_SHARD_METRICS + LOSS])) {
            return false;
        }
    }
    return true;
}

/* In tree order. */
static double sum_of(const double *all, size_t shards, size_t metric)
{
    return mlp_tree_sum(all + metric, shards, MLP_SHARD_METRICS);
}

mlp_status mlp_trainer_read_metrics(mlp_trainer *trainer,
                                    mlp_step_result *result, bool *is_unsafe)
{
    size_t shards = trainer->parts.config->shards;
    const double *all = mlp_exchange_collect_shard_metrics(trainer->exchange);
    *result = (mlp_step_result){0};
    *is_unsafe = false;
    result->tally =
        (mlp_tally){.loss_sum = sum_of(all, shards, LOSS),
                    .error_sum = sum_of(all, shards, ERROR),
                    .target_sum = sum_of(all, shards, TARGETS),
                    .target_squares = sum_of(all, shards, SQUARES),
                    .error_squares = sum_of(all, shards, ERROR_SQUARES),
                    .square_sum = sum_of(all, shards, UNIT_SQUARES)};
    result->weight = sum_of(all, shards, WEIGHT);
    if (trainer->parts.train->here.weights != NULL) {
        result->tally.weight_sum = result->weight;
        result->tally.hit_sum = sum_of(all, shards, HIT_SUM);
    }
    for (size_t s = 0; s < shards; s++) {
        const double *record = all + s * MLP_SHARD_METRICS;
        result->tally.hits += (uint64_t)record[HITS];
        result->tally.rows += (uint64_t)record[ROWS];
        result->wants_stop |= record[STOP] != 0.0;
        trainer->has_fault |= record[FAULT] != 0.0;
        *is_unsafe |= record[UNSAFE] != 0.0;
    }
    if (trainer->parts.train->here.targets != NULL) {
        result->tally.targets = result->tally.scored = result->tally.rows;
    }
    if (trainer->parts.train->here.weights != NULL) {
        result->tally.weighted = result->tally.rows;
    }
    return isfinite(result->tally.loss_sum) && !trainer->has_fault
               ? MLP_OK
               : MLP_DIVERGED;
}
