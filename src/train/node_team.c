/** @file
 *  The trainer's part of the node team (team/node_team.h): the batch and
 * everything that the threads of a node compute from it, in memory that its
 * ranks share.
 */
#include <stdlib.h>

#include "base/arena.h"

#include "internal.h"

/* Multiplications of a step below which a node team costs more than it brings.
 */
enum { TEAM_WORK = 1 << 16 };

bool mlp_trainer_is_short(const mlp_trainer_parts *parts)
{
    return parts->model->parameters * parts->config->batch < TEAM_WORK;
}

/* ---- the node team's shards -------------------------------------------- */

static mlp_status find_shards(mlp_trainer *trainer)
{
    mlp_trainer_node *node = &trainer->node;
    node->shards =
        mlp_node_team_shards(node->team, trainer->parts.config->shards);
    node->first_shard = trainer->parts.train->shards.first - node->shards.first;
    node->leaf_start = calloc(node->shards.count + 1, sizeof *node->leaf_start);
    return node->leaf_start != NULL ? MLP_OK
                                    : mlp_fail_memory("the shards of a node");
}

void mlp_trainer_lay_batch(mlp_trainer *trainer, size_t index)
{
    size_t rows = 0;
    for (size_t i = 0; i < trainer->node.shards.count; i++) {
        trainer->node.leaf_start[i] = rows;
        rows += mlp_sampler_count(trainer->position.sampler, index,
                                  trainer->node.shards.first + i);
    }
    trainer->node.leaf_start[trainer->node.shards.count] = rows;
}

double mlp_trainer_work_share(const mlp_trainer *trainer)
{
    return mlp_node_team_is_idle(trainer->node.team)
               ? 0.0
               : (double)trainer->node.shards.count /
                     (double)trainer->parts.config->shards /
                     (double)mlp_node_team_workers(trainer->node.team);
}

/* ---- its memory -------------------------------------------------------- */

typedef struct {
    mlp_feed_shape feed;
    size_t board, batch, pass, sums; /* bytes */
} extents;

static mlp_feed_shape feed_shape(const mlp_trainer *trainer, size_t rows,
                                 size_t leaves)
{
    const mlp_trainer_parts *parts = &trainer->parts;
    return (mlp_feed_shape){.features = parts->train->here.features,
                            .rows = rows,
                            .leaves = leaves,
                            .is_sparse = parts->is_sparse,
                            .element = parts->train->here.element,
                            .has_targets = parts->train->here.targets != NULL,
                            .target_scaler = parts->target_scaler};
}

static mlp_status measure(const mlp_trainer *trainer, extents *all)
{
    const mlp_config *config = trainer->parts.config;
    size_t shards = trainer->node.shards.count;
    size_t ranks = mlp_comm_where(mlp_node_team_home(trainer->node.team))->size;
    size_t rows = mlp_trainer_batch_rows(config, shards);
    size_t most = trainer->parts.train->rows; /* a larger batch is all rows */
    all->feed = feed_shape(trainer, rows < most ? rows : most, shards + 1);
    all->feed.deformer = trainer->node.deformer;
    all->feed.deformed_rows =
        mlp_trainer_batch_rows(config, trainer->parts.train->shards.count);
    all->board = sizeof *trainer->node.board + ranks * sizeof(mlp_rank_report);
    all->batch = mlp_feed_bytes(&all->feed);
    all->pass = mlp_pass_bytes(trainer->parts.model, all->feed.rows,
                               mlp_node_team_threads(trainer->node.team));
    all->sums = config->accumulate > 1
                    ? shards * trainer->parts.model->vector_size *
                          sizeof *trainer->node.leaf_sums
                    : 0;
    return all->pass > 0 ? MLP_OK
                         : mlp_fail_memory("the activations of a batch");
}

/* Where batch and pass are in the node team's memory. */
typedef struct {
    void *batch, *pass;
} places;

static places cut_memory(mlp_trainer *trainer, const extents *all,
                         mlp_arena *arena)
{
    places at;
    trainer->node.board = mlp_arena_cut(arena, 1, all->board);
    at.batch = mlp_arena_cut(arena, 1, all->batch);
    at.pass = mlp_arena_cut(arena, 1, all->pass);
    trainer->node.leaf_sums = mlp_arena_cut(arena, 1, all->sums);
    trainer->node.bounds =
        mlp_arena_cut(arena, mlp_node_team_threads(trainer->node.team),
                      sizeof(mlp_thread_bounds));
    return at;
}

static size_t count_bytes(mlp_trainer *trainer, const extents *all)
{
    mlp_arena nothing = {0};
    (void)cut_memory(trainer, all, &nothing);
    return nothing.used;
}

static mlp_status create_parts(mlp_trainer *trainer, const extents *all,
                               void *memory)
{
    const mlp_trainer_parts *parts = &trainer->parts;
    mlp_arena arena = {.memory = memory};
    places at = cut_memory(trainer, all, &arena);
    MLP_TRY(mlp_feed_create(&all->feed, at.batch, &trainer->node.feed));
    MLP_TRY(mlp_pass_create(parts->model, parts->kernels, all->feed.rows,
                            mlp_node_team_threads(trainer->node.team), at.pass,
                            &trainer->node.pass));
    const mlp_feed_shape own = feed_shape(trainer, EVALUATION_ROWS, 1);
    MLP_TRY(mlp_feed_create(&own, NULL, &trainer->evaluation.feed));
    return mlp_pass_create(parts->model, parts->kernels, EVALUATION_ROWS,
                           parts->config->threads, NULL,
                           &trainer->evaluation.pass);
}

mlp_status mlp_trainer_create_node_team(mlp_trainer *trainer)
{
    const mlp_trainer_parts *parts = &trainer->parts;
    const mlp_node_team_wish wish = {.threads = parts->config->threads,
                                     .is_short = mlp_trainer_is_short(parts),
                                     .is_alone = parts->config->exchange ==
                                                 MLP_EXCHANGE_MPI};
    MLP_TRY(mlp_node_team_create(parts->comm, &wish, &trainer->node.team));
    extents all;
    void *memory = NULL;
    mlp_status status = find_shards(trainer);
    status = status == MLP_OK ? mlp_deformer_create(parts->config, parts->info,
                                                    parts->config->threads,
                                                    &trainer->node.deformer)
                              : status;
    status = status == MLP_OK ? measure(trainer, &all) : status;
    MLP_TRY(mlp_comm_agree(parts->comm, status));
    status = mlp_node_team_share(trainer->node.team, count_bytes(trainer, &all),
                                 &memory);
    MLP_TRY(mlp_comm_agree(parts->comm, status));
    return mlp_comm_agree(parts->comm, create_parts(trainer, &all, memory));
}

void mlp_trainer_destroy_node_team(mlp_trainer *trainer)
{
    mlp_feed_destroy(&trainer->node.feed);
    mlp_deformer_destroy(&trainer->node.deformer);
    mlp_pass_destroy(&trainer->node.pass);
    mlp_feed_destroy(&trainer->evaluation.feed);
    mlp_pass_destroy(&trainer->evaluation.pass);
    free(trainer->node.leaf_start);
    mlp_node_team_destroy(&trainer->node.team);
}
