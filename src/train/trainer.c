/** @file
 *  The trainer: created and destroyed. Its steps are in step.c.
 */
#include "trainer.h"

#include <stdlib.h>
#include <string.h>

#include "optim/schedule.h"
#include "rows/shard.h"

#include "internal.h"

/* ---- create and destroy ------------------------------------------------ */

/* Bytes of a layer's gradient that are worth messages of their own, some 50 us
 * at 10 Gbit/s. */
enum { BUNDLE_BYTES = 64 * 1024 };

/* With columns a smaller layer goes with the one before it: fewer messages, and
 * fewer bytes than if it went directly (exchange/tree.c). Elsewhere rules need
 * ranges of whole layers (norms, frozen layers). */
void mlp_trainer_bundle_layers(const mlp_model *model, bool has_columns,
                               mlp_trainer_bundles *bundles, size_t *sizes)
{
    bundles->count = 0;
    for (size_t l = 0; l < model->layers; l++) {
        size_t size = model->layer[l].size;
        bool is_small = size * sizeof(float) < BUNDLE_BYTES;
        if (l < 2 || !has_columns || !is_small) {
            sizes[bundles->count++] = 0;
        }
        bundles->of[l] = bundles->count - 1;
        sizes[bundles->of[l]] += size;
    }
}

static mlp_status create_exchange(mlp_trainer *trainer)
{
    const mlp_config *config = trainer->parts.config;
    size_t sizes[MLP_MAX_HIDDEN + 1];
    mlp_trainer_bundle_layers(mlp_trainer_held(trainer),
                              mlp_trainer_has_columns(trainer),
                              &trainer->bundles, sizes);
    mlp_exchange_shape shape = {
        .shards = config->shards,
        .layers = trainer->bundles.count,
        .layer_sizes = sizes,
        .states = 1 + mlp_optimizer_moments(config),
        .metrics_per_shard = MLP_SHARD_METRICS,
        .measures = mlp_trainer_measures(&trainer->parts),
        .kind = config->exchange,
        .precision = config->exchange_precision,
        .columns = {trainer->columns.of_node, mlp_trainer_batch_rows(config, 1),
                    mlp_trainer_sends_rows(trainer)}};
    mlp_dataset_array_bytes(&trainer->parts.train->here,
                            shape.columns.row_bytes);
    return mlp_exchange_create(trainer->parts.comm, trainer->node.team, &shape,
                               &trainer->exchange);
}

/* Where a subtree's shards are among the leaves of the node team's batch. */
static mlp_range leaves_of(const mlp_trainer *trainer, mlp_subtree tree)
{
    return (mlp_range){tree.first - trainer->node.shards.first, tree.count};
}

static mlp_status create_subtrees(mlp_trainer *trainer)
{
    size_t count;
    const mlp_subtree *trees = mlp_exchange_subtrees(trainer->exchange, &count);
    trainer->weights.subtrees =
        calloc(count + 1, sizeof *trainer->weights.subtrees);
    if (trainer->weights.subtrees == NULL) {
        return mlp_fail_memory("the tree over shards");
    }
    for (size_t i = 0; i < count; i++) {
        trainer->weights.subtrees[i] = (mlp_gradient_node){
            .leaves = leaves_of(trainer, trees[i]),
            .sum = mlp_exchange_gradient(trainer->exchange, i)};
    }
    trainer->weights.subtree_count = count;
    return MLP_OK;
}

/* A shard's chain goes on over the micro-batches of a batch, so its sums so far
 * need a place: the memory of one gradient for each shard here. */
static mlp_status create_leaves(mlp_trainer *trainer)
{
    size_t size = mlp_trainer_held(trainer)->vector_size;
    trainer->weights.leaves =
        calloc(trainer->node.shards.count, sizeof *trainer->weights.leaves);
    if (trainer->weights.leaves == NULL) {
        return mlp_fail_memory("the tree over shards");
    }
    for (size_t i = 0; i < trainer->node.shards.count; i++) {
        trainer->weights.leaves[i] = (mlp_gradient_node){
            .leaves = {i, 1}, .sum = trainer->node.leaf_sums + i * size};
    }
    return MLP_OK;
}

/* Each shard has at most ceil(batch / shards), and one more where shards differ
 * in length. */
size_t mlp_trainer_batch_rows(const mlp_config *config, size_t shards)
{
    return (config->batch / config->shards + 2) * shards;
}

size_t mlp_trainer_rows_at_most(const mlp_config *config, size_t owned)
{
    size_t rows = mlp_trainer_batch_rows(config, owned);
    return rows > EVALUATION_ROWS ? rows : EVALUATION_ROWS;
}

static void help_exchange(void *context)
{
    const mlp_trainer *trainer = context;
    mlp_exchange_progress(trainer->exchange, (mlp_thread){0, 1, NULL});
}

static mlp_status create_tables(mlp_trainer *trainer)
{
    const mlp_trainer_parts *parts = &trainer->parts;
    const mlp_config *config = parts->config;
    trainer->evaluation.tallies =
        calloc(config->shards, sizeof *trainer->evaluation.tallies);
    trainer->busy = calloc(config->threads, sizeof *trainer->busy);
    trainer->sentinel.prints =
        calloc(config->threads, sizeof *trainer->sentinel.prints);
    trainer->alarms = calloc(parts->model->layers, sizeof *trainer->alarms);
    return trainer->evaluation.tallies == NULL || trainer->busy == NULL ||
                   trainer->sentinel.prints == NULL || trainer->alarms == NULL
               ? mlp_fail_memory("the trainer's counts")
               : mlp_vote_create(parts->comm, MLP_VIEW_SIZE,
                                 &trainer->sentinel.vote);
}

static mlp_status create_locally(mlp_trainer *trainer)
{
    const mlp_trainer_parts *parts = &trainer->parts;
    const mlp_config *config = parts->config;
    MLP_TRY(mlp_weights_create(mlp_trainer_held(trainer), trainer->exchange,
                               mlp_optimizer_moments(config),
                               mlp_trainer_needs_norms(config),
                               &trainer->weights));
    MLP_TRY(create_subtrees(trainer));
    /* MLP_TEST_CAREFUL=1 has a test finish every step with care. */
    trainer->node.is_careful = getenv("MLP_TEST_CAREFUL") != NULL;
    trainer->node.may_fuse = mlp_trainer_may_fuse(trainer);
    if (config->accumulate > 1) {
        MLP_TRY(create_leaves(trainer));
    }
    if (mlp_trainer_has_columns(trainer)) {
        MLP_TRY(mlp_trainer_create_column_sums(trainer));
    }
    if (mlp_trainer_sends_rows(trainer)) {
        MLP_TRY(mlp_trainer_create_stream(trainer));
    }
    MLP_TRY(mlp_trainer_create_order(trainer, trainer->node.gathered,
                                     &trainer->position.order));
    mlp_pass_adjust(trainer->node.pass, config->label_smoothing,
                    parts->class_weights);
    if (mlp_exchange_is_far(trainer->exchange)) {
        mlp_pass_set_pause(trainer->node.pass, help_exchange, trainer);
    }
    if (mlp_trainer_has_columns(trainer)) {
        mlp_pass_set_pause(trainer->columns.pass, help_exchange, trainer);
    }
    MLP_TRY(create_tables(trainer));
    bool needs_one = mlp_node_team_is_idle(trainer->node.team) ||
                     mlp_trainer_is_short(parts);
    mlp_thread_tuner_init(&trainer->tuner, needs_one ? 1 : config->threads);
    return MLP_OK;
}

mlp_status mlp_trainer_create(const mlp_trainer_parts *parts,
                              mlp_trainer **trainer)
{
    mlp_trainer *made = calloc(1, sizeof *made);
    *trainer = made;
    mlp_status status = made == NULL ? mlp_fail_memory("the trainer") : MLP_OK;
    MLP_TRY(mlp_comm_agree(parts->comm, status));
    made->parts = *parts;
    made->position.expected_step = UINT64_MAX;
    made->position.rate_scale = 1.0;
    status = mlp_trainer_choose_columns(made);
    if (status == MLP_OK) {
        status = mlp_trainer_create_node_team(made);
    }
    if (status == MLP_OK) {
        status = create_exchange(made);
    }
    if (status == MLP_OK) {
        status = mlp_comm_agree(parts->comm, create_locally(made));
    }
    if (status != MLP_OK) {
        mlp_trainer_destroy(trainer);
        return status;
    }
    made->optimizer = mlp_optimizer_make(parts->config, made->weights.model,
                                         parts->kernels, made->weights.vectors);
    return MLP_OK;
}

void mlp_trainer_destroy(mlp_trainer **trainer)
{
    mlp_trainer *old = *trainer;
    if (old == NULL) {
        return;
    }
    mlp_trainer_finish_pending(old);
    mlp_dataset_cancel(&old->parts.train->here);
    mlp_trainer_destroy_stream(old);
    mlp_weights_destroy(&old->weights);
    free(old->evaluation.tallies);
    free(old->busy);
    free(old->sentinel.prints);
    mlp_vote_destroy(&old->sentinel.vote);
    free(old->alarms);
    mlp_sampler_destroy(&old->position.order.sampler);
    mlp_exchange_destroy(&old->exchange);
    mlp_trainer_destroy_node_team(old);
    free(old);
    *trainer = NULL;
}

mlp_exchange_traffic mlp_trainer_traffic(mlp_trainer *trainer)
{
    mlp_trainer_wait(trainer);
    return mlp_exchange_traffic_of(trainer->exchange);
}

void mlp_trainer_scale_rate(mlp_trainer *trainer, double scale)
{
    trainer->position.rate_scale = scale;
}

double mlp_trainer_rate(const mlp_trainer *trainer, uint64_t step)
{
    const mlp_config *config = trainer->parts.config;
    uint64_t steps = mlp_epoch_steps(trainer->parts.train->rows,
                                     mlp_config_step_rows(config));
    return trainer->position.rate_scale * mlp_schedule_lr(config, step, steps);
}
