/** @file
 *  The order in which a rank's rows are taken: shuffled for each epoch, and
 *  announced to what reads the rows, if they are in a file.
 */
#include "rows/shard.h"

#include "internal.h"

mlp_status mlp_trainer_create_order(const mlp_trainer *trainer,
                                    mlp_range shards, mlp_row_order *order)
{
    const mlp_trainer_parts *parts = &trainer->parts;
    const mlp_config *config = parts->config;
    *order = (mlp_row_order){.epoch = UINT64_MAX};
    MLP_TRY(mlp_sampler_create(config->seed, parts->train->rows, config->shards,
                               shards, config->batch, &order->sampler));
    if (!config->shuffle) {
        mlp_sampler_keep_order(order->sampler);
    }
    return MLP_OK;
}

void mlp_trainer_expect_rows(const mlp_trainer *trainer, mlp_row_order *order,
                             const mlp_dataset *rows, uint64_t epoch,
                             size_t index)
{
    const mlp_trainer_parts *parts = &trainer->parts;
    if (order->epoch != epoch) {
        mlp_dataset_cancel(rows);
        mlp_sampler_shuffle(order->sampler, epoch);
        order->epoch = epoch;
        order->is_expected = false;
    }
    if (!order->is_expected) {
        const mlp_read_plan plan = {
            mlp_sampler_pick, order->sampler,
            mlp_epoch_steps(parts->train->rows, parts->config->batch)};
        mlp_dataset_expect(rows, &plan, index);
        order->is_expected = true;
    }
}
