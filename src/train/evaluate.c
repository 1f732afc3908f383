/** @file
 *  Evaluation over all ranks: exact counts, and a loss summed in the tree.
 */
#include <stdlib.h>
#include <string.h>

#include "internal.h"

_Static_assert(sizeof(mlp_tally) % sizeof(uint64_t) == 0, "words to sum");

mlp_range mlp_sharded_rows(const mlp_sharded *split, size_t shards,
                           size_t shard)
{
    mlp_range rows = mlp_range_part(split->rows, shards, shard);
    rows.first -= split->here.range.first;
    return rows;
}

mlp_evaluator mlp_trainer_evaluator(mlp_trainer *trainer)
{
    const mlp_trainer_parts *parts = &trainer->parts;
    return (mlp_evaluator){.model = parts->model,
                           .kernels = parts->kernels,
                           .vector = mlp_trainer_gather(trainer, 0),
                           .feed = trainer->evaluation.feed,
                           .pass = trainer->evaluation.pass,
                           .scaler = parts->scaler,
                           .threads = parts->config->threads,
                           .kept = trainer->threads,
                           .top_k = parts->config->top_k};
}

mlp_evaluation_order mlp_trainer_order(mlp_trainer *trainer,
                                       const mlp_sharded *split)
{
    trainer->position.order.is_expected = false;
    trainer->columns.stream.order.is_expected = false;
    return (mlp_evaluation_order){.rows = split->rows,
                                  .shards = trainer->parts.config->shards,
                                  .here = split->shards,
                                  .before = split->here.range.first};
}

void mlp_trainer_outputs(mlp_trainer *trainer, const mlp_sharded *split,
                         float *outputs)
{
    const mlp_model *model = trainer->parts.model;
    size_t count = model->layer[model->layers - 1].out;
    const mlp_evaluator evaluator = mlp_trainer_evaluator(trainer);
    const mlp_evaluation_order order = mlp_trainer_order(trainer, split);
    mlp_evaluation e;
    mlp_evaluation_begin(&e, &evaluator, &split->here, &order);
    while (mlp_evaluation_next(&e)) {
        const float *from = mlp_pass_outputs(evaluator.pass);
        for (size_t r = 0; r < e.rows.count; r++) {
            memcpy(outputs + (e.rows.first + r) * count,
                   from + r * mlp_stride(count), count * sizeof *outputs);
        }
    }
}

/* Every shard's tally on every rank, unless a rank could not read its rows, or
 * left out some when a stop was wanted. Where a tally is not this rank's it is
 * 0, and as unsigned integers 0 + bits = bits. */
static mlp_status share_tallies(const mlp_trainer *trainer, mlp_status read)
{
    mlp_comm *comm = trainer->parts.comm;
    mlp_tally *tallies = trainer->evaluation.tallies;
    void *bits = tallies;
    bool is_stopped = mlp_stop_is_wanted(trainer->parts.stop);
    MLP_TRY(mlp_comm_agree(comm, read));
    MLP_TRY(mlp_comm_any(comm, &is_stopped));
    return is_stopped ? mlp_fail(MLP_STOPPED, "stopped during evaluation")
                      : mlp_comm_sum(comm, bits,
                                     trainer->parts.config->shards *
                                         (sizeof *tallies / sizeof(uint64_t)));
}

/* ROC AUC and average precision need all outputs on each rank. This memory is
 * not part of --memory-limit, and so is kept to 64 MiB and an eighth of that
 * limit; what is monitored is measured in any case. */
enum { RANKED_BYTES = 1 << 26, LIMIT_PART = 8 };

static bool ranks_rows(const mlp_trainer *trainer, size_t rows)
{
    const mlp_config *config = trainer->parts.config;
    bool is_monitored = config->monitor == MLP_METRIC_ROC_AUC ||
                        config->monitor == MLP_METRIC_AVERAGE_PRECISION;
    uint64_t bytes = mlp_evaluation_ranking_bytes(trainer->parts.model, rows);
    uint64_t part = config->memory_limit / LIMIT_PART;
    bool is_small =
        bytes <= RANKED_BYTES && (config->memory_limit == 0 || bytes <= part);
    return config->task != MLP_TASK_REGRESSION && rows > 0 &&
           (is_monitored || is_small);
}

/* The weights of the rows of all ranks, if rows have them. Collective.
 * @param weights  overwritten: [rows], to be freed; or NULL */
static mlp_status share_weights(mlp_comm *comm, const mlp_sharded *split,
                                float **weights)
{
    const mlp_dataset *here = &split->here;
    size_t words = split->rows / 2 + 1;
    *weights = NULL;
    if (here->weights == NULL) {
        return MLP_OK;
    }
    void *all = calloc(words, sizeof(uint64_t));
    *weights = all; /* freed by the caller, whatever the others say */
    MLP_TRY(mlp_comm_agree(
        comm, all == NULL ? mlp_fail_memory("the rows' weights") : MLP_OK));
    memcpy(*weights + here->range.first, here->weights,
           here->range.count * sizeof **weights);
    return mlp_comm_sum(comm, all, words); /* as integers 0 + bits = bits */
}

static mlp_status measure_ranking(mlp_comm *comm, const mlp_sharded *split,
                                  mlp_ranking *ranking, mlp_tally *tally)
{
    size_t count;
    float *weights;
    uint64_t *words = mlp_ranking_words(ranking, &count);
    MLP_TRY(mlp_comm_sum(comm, words, count));
    mlp_status status = share_weights(comm, split, &weights);
    if (status == MLP_OK) {
        status = mlp_ranking_measure(ranking, weights, &tally->ranking);
        tally->ranked = ranking->rows;
    }
    free(weights);
    return mlp_comm_agree(comm, status);
}

static mlp_status evaluate(mlp_trainer *trainer, const mlp_sharded *split,
                           const mlp_evaluation_counts *counts,
                           mlp_tally *tally)
{
    const mlp_trainer_parts *parts = &trainer->parts;
    size_t classes = parts->model->classes;
    mlp_tally *tallies = trainer->evaluation.tallies;
    mlp_evaluator evaluator = mlp_trainer_evaluator(trainer);
    const mlp_evaluation_order order = mlp_trainer_order(trainer, split);
    evaluator.stop = parts->stop;
    mlp_evaluate(&evaluator, &split->here, &order, tallies, counts);
    MLP_TRY(share_tallies(trainer, mlp_dataset_status(&split->here)));
    *tally = mlp_evaluation_total(tallies, parts->config->shards);
    if (counts->ranking != NULL) {
        MLP_TRY(measure_ranking(parts->comm, split, counts->ranking, tally));
    }
    return counts->confusion == NULL
               ? MLP_OK
               : mlp_comm_sum(parts->comm, counts->confusion,
                              classes * classes);
}

mlp_status mlp_trainer_evaluate(
    mlp_trainer *trainer, const mlp_sharded *split,
    /* NOLINTNEXTLINE(readability-non-const-parameter): the counts keep it */
    mlp_tally *tally, uint64_t *confusion)
{
    mlp_ranking ranking = {0};
    mlp_evaluation_counts counts = {.confusion = confusion};
    if (!ranks_rows(trainer, split->rows)) {
        return evaluate(trainer, split, &counts, tally);
    }
    counts.ranking = &ranking;
    mlp_status status = mlp_ranking_create(
        split->rows, trainer->parts.model->classes, &ranking);
    status = mlp_comm_agree(trainer->parts.comm, status);
    if (status == MLP_OK) {
        status = evaluate(trainer, split, &counts, tally);
    }
    mlp_ranking_destroy(&ranking);
    return status;
}
