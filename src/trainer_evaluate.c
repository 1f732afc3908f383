/** @file
 *  Evaluation over all ranks: exact counts, and a loss summed in the tree.
 */
#include <string.h>

#include "trainer_internal.h"

static void run_batch(void *context, mlp_thread self)
{
    mlp_trainer *trainer = context;
    mlp_feed_fill(trainer->feed, trainer->parts.kernels, self);
    mlp_thread_barrier(self);
    for (size_t l = 0; l < trainer->parts.model->layers; l++) {
        mlp_exchange_wait(trainer->exchange, l);
        mlp_pass_forward(trainer->pass, l, self);
        mlp_thread_barrier(self);
    }
    mlp_pass_loss(trainer->pass, false, self);
}

/* Rows of one shard, in order: its loss is one chain over them. */
static void count_rows(mlp_trainer *trainer, size_t rows, double *loss,
                       mlp_tally *tally, uint64_t *confusion)
{
    const mlp_model *model = trainer->parts.model;
    size_t outputs = model->layer[model->layers - 1].out;
    const double *losses = mlp_pass_losses(trainer->pass);
    const uint32_t *predictions = mlp_pass_predictions(trainer->pass);
    const uint16_t *labels = mlp_feed_labels(trainer->feed);
    for (size_t r = 0; r < rows; r++) {
        *loss += losses[r];
        tally->hits += predictions[r] == labels[r];
        if (confusion != NULL) {
            confusion[labels[r] * outputs + predictions[r]]++;
        }
    }
    tally->rows += rows;
}

static void evaluate_shard(mlp_trainer *trainer, const mlp_dataset *dataset,
                           mlp_range rows, double *loss, mlp_tally *tally,
                           uint64_t *confusion)
{
    uint32_t index[EVALUATION_ROWS];
    while (rows.count > 0) {
        size_t count =
            rows.count < EVALUATION_ROWS ? rows.count : EVALUATION_ROWS;
        for (size_t r = 0; r < count; r++) {
            index[r] = (uint32_t)(rows.first + r);
        }
        const size_t leaf_start[2] = {0, count};
        const mlp_microbatches one = {index, leaf_start, 1};
        mlp_feed_begin(trainer->feed, dataset, trainer->parts.scaler, &one);
        mlp_pass_begin(trainer->pass, mlp_exchange_state(trainer->exchange, 0),
                       mlp_feed_batch(trainer->feed),
                       mlp_feed_labels(trainer->feed));
        mlp_threads_run(trainer->parts.config->threads, run_batch, trainer);
        count_rows(trainer, count, loss, tally, confusion);
        rows.first += count;
        rows.count -= count;
    }
}

/* Every shard's loss on every rank: where it is not this rank's it is 0, and
 * as unsigned integers 0 + bits = bits. */
static mlp_status share_losses(mlp_trainer *trainer)
{
    uint64_t *bits = (uint64_t *)trainer->shard_losses;
    return mlp_comm_sum(trainer->parts.comm, bits,
                        trainer->parts.config->shards);
}

mlp_status mlp_trainer_evaluate(mlp_trainer *trainer, const mlp_sharded *split,
                                mlp_tally *tally, uint64_t *confusion)
{
    const mlp_model *model = trainer->parts.model;
    size_t shards = trainer->parts.config->shards;
    size_t outputs = model->layer[model->layers - 1].out;
    *tally = (mlp_tally){0};
    memset(trainer->shard_losses, 0, shards * sizeof *trainer->shard_losses);
    for (size_t i = 0; i < split->shards.count; i++) {
        size_t shard = split->shards.first + i;
        mlp_range rows = mlp_range_part(split->rows, shards, shard);
        rows.first -= split->here.range.first - split->first;
        evaluate_shard(trainer, &split->here, rows,
                       &trainer->shard_losses[shard], tally, confusion);
    }
    MLP_TRY(share_losses(trainer));
    uint64_t counts[2] = {tally->hits, tally->rows};
    MLP_TRY(mlp_comm_sum(trainer->parts.comm, counts, 2));
    *tally = (mlp_tally){mlp_tree_sum(trainer->shard_losses, shards, 1),
                         counts[0], counts[1]};
    return confusion == NULL ? MLP_OK
                             : mlp_comm_sum(trainer->parts.comm, confusion,
                                            outputs * outputs);
}
