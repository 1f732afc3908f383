/** @file
 *  Evaluation over all ranks: exact counts, and a loss summed in the tree.
 */
#include <string.h>

#include "internal.h"

mlp_range mlp_sharded_rows(const mlp_sharded *split, size_t shards,
                           size_t shard)
{
    mlp_range rows = mlp_range_part(split->rows, shards, shard);
    rows.first -= split->here.range.first - split->first;
    return rows;
}

mlp_evaluator mlp_trainer_evaluator(mlp_trainer *trainer)
{
    const mlp_trainer_parts *parts = &trainer->parts;
    return (mlp_evaluator){.model = parts->model,
                           .kernels = parts->kernels,
                           .vector = mlp_exchange_state(trainer->exchange, 0),
                           .feed = trainer->evaluation.feed,
                           .pass = trainer->evaluation.pass,
                           .scaler = parts->scaler,
                           .threads = parts->config->threads,
                           .top_k = parts->config->top_k,
                           .stop = parts->stop};
}

void mlp_trainer_outputs(mlp_trainer *trainer, const mlp_dataset *dataset,
                         float *outputs)
{
    const mlp_model *model = trainer->parts.model;
    size_t count = model->layer[model->layers - 1].out;
    const mlp_evaluator evaluator = mlp_trainer_evaluator(trainer);
    mlp_trainer_wait(trainer);
    for (size_t first = 0; first < dataset->range.count;
         first += EVALUATION_ROWS) {
        size_t rest = dataset->range.count - first;
        size_t rows = rest < EVALUATION_ROWS ? rest : EVALUATION_ROWS;
        mlp_evaluate_rows(&evaluator, dataset, (mlp_range){first, rows});
        for (size_t r = 0; r < rows; r++) {
            memcpy(outputs,
                   mlp_pass_outputs(trainer->evaluation.pass) +
                       r * mlp_stride(count),
                   count * sizeof *outputs);
            outputs += count;
        }
    }
}

/* Tallies of this rank's shards: sums each at its place, the rest added. */
static void evaluate_shards(mlp_trainer *trainer, const mlp_sharded *split,
                            mlp_tally *tally, uint64_t *confusion)
{
    const mlp_trainer_parts *parts = &trainer->parts;
    const mlp_evaluator evaluator = mlp_trainer_evaluator(trainer);
    const mlp_evaluation_order order = {split->rows, parts->config->shards,
                                        split->shards,
                                        split->here.range.first - split->first};
    const mlp_read_plan plan = mlp_evaluation_plan(&order);
    trainer->position.expected_step = UINT64_MAX;
    mlp_dataset_expect(&split->here, &plan, 0);
    for (size_t i = 0; i < split->shards.count; i++) {
        size_t shard = split->shards.first + i;
        mlp_range rows = mlp_sharded_rows(split, parts->config->shards, shard);
        mlp_tally one =
            mlp_evaluate_shard(&evaluator, &split->here, rows, confusion);
        double sums[MLP_TALLY_SUMS];
        mlp_tally_get_sums(&one, sums);
        for (size_t s = 0; s < MLP_TALLY_SUMS; s++) {
            trainer->evaluation.shard_sums[s * parts->config->shards + shard] =
                sums[s];
        }
        tally->hits += one.hits;
        tally->rows += one.rows;
        tally->targets += one.targets;
        tally->top_hits += one.top_hits;
    }
    mlp_dataset_rest(&split->here);
}

/* Every shard's sums on every rank: where it is not this rank's it is 0, and
 * as unsigned integers 0 + bits = bits. */
static mlp_status share_sums(mlp_trainer *trainer)
{
    void *bits = trainer->evaluation.shard_sums;
    return mlp_comm_sum(trainer->parts.comm, bits,
                        MLP_TALLY_SUMS * trainer->parts.config->shards);
}

mlp_status mlp_trainer_evaluate(mlp_trainer *trainer, const mlp_sharded *split,
                                mlp_tally *tally, uint64_t *confusion)
{
    size_t classes = trainer->parts.model->classes;
    size_t shards = trainer->parts.config->shards;
    *tally = (mlp_tally){0};
    double sums[MLP_TALLY_SUMS];
    memset(trainer->evaluation.shard_sums, 0, sizeof sums * shards);
    mlp_trainer_wait(trainer);
    evaluate_shards(trainer, split, tally, confusion);
    mlp_status read = mlp_dataset_status(&split->here);
    MLP_TRY(share_sums(trainer));
    uint64_t counts[] = {tally->hits,
                         tally->rows,
                         tally->targets,
                         tally->top_hits,
                         mlp_stop_is_wanted(trainer->parts.stop),
                         read != MLP_OK};
    MLP_TRY(mlp_comm_sum(trainer->parts.comm, counts, 6));
    if (counts[5] > 0) {
        return mlp_comm_agree(trainer->parts.comm, read);
    }
    if (counts[4] > 0) {
        return mlp_fail(MLP_STOPPED, "stopped while it evaluated");
    }
    *tally = (mlp_tally){.hits = counts[0],
                         .rows = counts[1],
                         .targets = counts[2],
                         .top_hits = counts[3]};
    for (size_t s = 0; s < MLP_TALLY_SUMS; s++) {
        sums[s] = mlp_tree_sum(trainer->evaluation.shard_sums + s * shards,
                               shards, 1);
    }
    mlp_tally_set_sums(tally, sums);
    return confusion == NULL ? MLP_OK
                             : mlp_comm_sum(trainer->parts.comm, confusion,
                                            classes * classes);
}
