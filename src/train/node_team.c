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

/* With columns the ranks of a node gather the rows of all shards, each of some
 * of them. */
static mlp_status find_shards(mlp_trainer *trainer)
{
    mlp_trainer_node *node = &trainer->node;
    size_t all = trainer->parts.config->shards;
    const mlp_comm_place *place = mlp_comm_where(trainer->parts.comm);
    bool has_columns = mlp_trainer_has_columns(trainer);
    node->shards = mlp_node_team_shards(node->team, all);
    node->fed = has_columns ? (mlp_range){0, all} : node->shards;
    node->gathered = has_columns ? mlp_range_part(all, place->size, place->rank)
                                 : trainer->parts.train->shards;
    node->dataset = &trainer->parts.train->here;
    node->fed_start = calloc(node->fed.count + 1, sizeof *node->fed_start);
    node->leaf_start = calloc(node->shards.count + 1, sizeof *node->leaf_start);
    node->leaf_word = calloc(node->shards.count + 1, sizeof *node->leaf_word);
    return node->leaf_start != NULL && node->leaf_word != NULL &&
                   node->fed_start != NULL
               ? MLP_OK
               : mlp_fail_memory("the shards of a node");
}

void mlp_trainer_lay_batch(mlp_trainer *trainer, size_t index)
{
    mlp_trainer_node *node = &trainer->node;
    size_t rows = 0;
    for (size_t i = 0; i < node->fed.count; i++) {
        node->fed_start[i] = rows;
        rows += mlp_sampler_count(trainer->position.order.sampler, index,
                                  node->fed.first + i);
    }
    node->fed_start[node->fed.count] = rows;
    const size_t *own = node->fed_start + node->shards.first - node->fed.first;
    node->first_row = own[0];
    for (size_t i = 0; i < node->shards.count; i++) {
        node->leaf_start[i + 1] = own[i + 1] - own[0];
        node->leaf_word[i + 1] =
            node->leaf_word[i] + mlp_leaf_words(own[i + 1] - own[i]);
    }
}

void mlp_trainer_take_batch(mlp_trainer *trainer)
{
    mlp_trainer_node *node = &trainer->node;
    node->batch = *mlp_feed_batch(node->feed);
    node->batch.leaves = node->shards.count;
    node->batch.leaf_start = node->leaf_start;
    node->batch.leaf_word = node->leaf_word;
    node->batch.rows = node->leaf_start[node->shards.count];
}

mlp_range mlp_trainer_rows_here(const mlp_trainer *trainer)
{
    mlp_range shards = trainer->parts.train->shards;
    const size_t *own =
        trainer->node.leaf_start + shards.first - trainer->node.shards.first;
    return (mlp_range){own[0], own[shards.count] - own[0]};
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
    size_t rows;                     /* of the node, at most */
    size_t board, batch, pass, sums; /* bytes */
    size_t columns_pass, columns_sums;
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

/* A larger batch is all rows. */
static size_t rows_at_most(const mlp_trainer *trainer, size_t shards)
{
    size_t rows = mlp_trainer_batch_rows(trainer->parts.config, shards);
    size_t most = trainer->parts.train->rows;
    return rows < most ? rows : most;
}

static mlp_status measure(const mlp_trainer *trainer, extents *all)
{
    const mlp_config *config = trainer->parts.config;
    size_t shards = trainer->node.shards.count;
    size_t ranks = mlp_comm_where(mlp_node_team_home(trainer->node.team))->size;
    size_t fed = trainer->node.fed.count;
    all->rows = rows_at_most(trainer, shards);
    all->feed = feed_shape(trainer, rows_at_most(trainer, fed), fed + 1);
    all->feed.deformer = trainer->node.deformer;
    all->feed.deformed_rows =
        mlp_trainer_batch_rows(config, trainer->node.gathered.count);
    all->board = sizeof *trainer->node.board + ranks * sizeof(mlp_rank_report);
    all->batch = mlp_feed_bytes(&all->feed);
    all->pass = mlp_pass_bytes(trainer->parts.model, all->rows,
                               mlp_node_team_threads(trainer->node.team));
    all->columns_pass = mlp_trainer_columns_bytes(trainer, all->feed.rows);
    all->columns_sums = mlp_trainer_columns_sums_bytes(trainer);
    all->sums = config->accumulate > 1
                    ? shards * mlp_trainer_held(trainer)->vector_size *
                          sizeof *trainer->node.leaf_sums
                    : 0;
    bool has_all = all->pass > 0 &&
                   (all->columns_pass > 0 || !mlp_trainer_has_columns(trainer));
    return has_all ? MLP_OK : mlp_fail_memory("the activations of a batch");
}

/* Where batch and pass are in the node team's memory. */
typedef struct {
    void *batch, *pass, *columns_pass;
} places;

static places cut_memory(mlp_trainer *trainer, const extents *all,
                         mlp_arena *arena)
{
    places at;
    trainer->node.board = mlp_arena_cut(arena, 1, all->board);
    at.batch = mlp_arena_cut(arena, 1, all->batch);
    at.pass = mlp_arena_cut(arena, 1, all->pass);
    at.columns_pass = mlp_arena_cut(arena, 1, all->columns_pass);
    trainer->node.leaf_sums = mlp_arena_cut(arena, 1, all->sums);
    trainer->columns.leaf_sums = mlp_arena_cut(arena, 1, all->columns_sums);
    trainer->node.fed_weights =
        mlp_arena_cut(arena, trainer->node.fed.count, sizeof(double));
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
                               const places *at)
{
    const mlp_trainer_parts *parts = &trainer->parts;
    MLP_TRY(mlp_feed_create(&all->feed, at->batch, &trainer->node.feed));
    MLP_TRY(mlp_pass_create(parts->model, parts->kernels, all->rows,
                            mlp_node_team_threads(trainer->node.team), at->pass,
                            &trainer->node.pass));
    const mlp_feed_shape own = feed_shape(trainer, EVALUATION_ROWS, 1);
    MLP_TRY(mlp_feed_create(&own, NULL, &trainer->evaluation.feed));
    MLP_TRY(mlp_pass_create(parts->model, parts->kernels, EVALUATION_ROWS,
                            parts->config->threads, NULL,
                            &trainer->evaluation.pass));
    mlp_evaluate_clip(trainer->evaluation.pass, parts->model,
                      &parts->target_scaler);
    return MLP_OK;
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
    mlp_arena arena = {.memory = memory};
    const places at = cut_memory(trainer, &all, &arena);
    status = create_parts(trainer, &all, &at);
    MLP_TRY(mlp_comm_agree(parts->comm, status));
    return mlp_trainer_create_columns(trainer, all.feed.rows, at.columns_pass);
}

void mlp_trainer_destroy_node_team(mlp_trainer *trainer)
{
    mlp_feed_destroy(&trainer->node.feed);
    mlp_deformer_destroy(&trainer->node.deformer);
    mlp_pass_destroy(&trainer->node.pass);
    mlp_feed_destroy(&trainer->evaluation.feed);
    mlp_pass_destroy(&trainer->evaluation.pass);
    free(trainer->node.fed_start);
    free(trainer->node.leaf_start);
    free(trainer->node.leaf_word);
    mlp_trainer_destroy_columns(trainer);
    mlp_node_team_destroy(&trainer->node.team);
}
