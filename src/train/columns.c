/** @file
 *  The first layer by columns. Each node holds some columns of it, and computes
 *  their sums z for the rows of all nodes, as a thread of a node does for those
 *  of all threads; and the whole gradient of these columns, when dz of all rows
 *  is there. Between nodes travel z and dz, which are fewer bytes than the
 *  gradient when the rows of an update are fewer than inputs times nodes.
 *
 *  No sum changes its order: a z is one chain over inputs, on whichever node; a
 *  gradient one chain over the rows of each shard, then the tree over all
 *  shards. What follows z (activation, dropout) stays with the rows.
 *
 *  The rows' features must be on every node: as a copy of all (row_copy.c), or
 *  sent for each micro-batch (row_stream.c).
 */
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "system/memory.h"

#include "internal.h"

/* ---- the choice -------------------------------------------------------- */

/* What the copy of all rows may take: a node's memory / this, and what it has
 * left to share / this. Everything else that ranks share is small beside it. */
enum { MEMORY_PARTS = 4, SHARED_PARTS = 2 };

static const mlp_comm_place *place_of(const mlp_trainer *trainer)
{
    return mlp_comm_where(trainer->parts.comm);
}

/* What is in the way of columns, on any rank alike; NULL: nothing. */
static const char *obstacle(const mlp_config *config, const mlp_model *model,
                            size_t nodes)
{
    return config->exchange == MLP_EXCHANGE_MPI
               ? "with --exchange mpi all ranks sum all gradients"
           : config->exchange_precision == MLP_PRECISION_BF16
               ? "--exchange-precision bf16 rounds the sums of the tree"
           : mlp_trainer_needs_norms(config)
               ? "norms (--clip-norm, --max-norm, lars, lamb) are of whole "
                 "layers"
           : mlp_config_was_given(config, "sentinel") && config->sentinel > 0
               ? "--sentinel compares weights that all nodes have"
           : model->layers == 1         ? "there is no hidden layer"
           : model->frozen > 0          ? "--freeze leaves no gradient of the "
                                          "first layer to exchange"
           : model->layer[0].has_slopes ? "PReLU's slopes belong to all rows"
           : mlp_columns_of_node(model, nodes, 0).count == 0
               ? "each node needs 16 columns of the first layer"
               : NULL;
}

/* Whether some node has no room for a copy of all rows. MLP_TEST_SEND_ROWS=1
 * has a test send them. Collective. */
static mlp_status check_memory(mlp_trainer *trainer)
{
    mlp_comm *comm = trainer->parts.comm;
    uint64_t all = mlp_trainer_copy_bytes(trainer);
    bool is_large = all > mlp_memory_limit() / MEMORY_PARTS ||
                    all > INT32_MAX ||
                    all > mlp_comm_shared_room(comm) / SHARED_PARTS ||
                    trainer->parts.config->memory_limit > 0 ||
                    getenv("MLP_TEST_SEND_ROWS") != NULL;
    MLP_TRY(mlp_comm_any(comm, &is_large));
    trainer->columns.sends_rows = is_large;
    return MLP_OK;
}

static mlp_status hold_columns(mlp_trainer *trainer)
{
    const mlp_comm_place *place = place_of(trainer);
    const mlp_model *model = trainer->parts.model;
    mlp_trainer_columns *c = &trainer->columns;
    c->of_node = calloc(place->nodes, sizeof *c->of_node);
    if (c->of_node == NULL) {
        return mlp_fail_memory("the columns of a node");
    }
    for (size_t k = 0; k < place->nodes; k++) {
        c->of_node[k] = mlp_columns_of_node(model, place->nodes, k);
    }
    MLP_TRY(mlp_columns_narrow(model, c->of_node[place->node], &c->held));
    c->first = *c->held;
    c->first.layers = 1;
    c->first.vector_size = c->held->layer[0].size;
    return MLP_OK;
}

const char *mlp_trainer_why_tree(const mlp_config *config,
                                 const mlp_model *model, size_t nodes)
{
    const char *why = nodes == 1 ? "there is one node"
                      : config->between_nodes == MLP_BETWEEN_NODES_TREE
                          ? "--between-nodes tree"
                          : obstacle(config, model, nodes);
    bool has_many = mlp_config_step_rows(config) >= model->layer[0].in * nodes;
    return why == NULL && config->between_nodes == MLP_BETWEEN_NODES_AUTO &&
                   has_many
               ? "an update has no fewer rows than inputs times nodes"
               : why;
}

mlp_status mlp_trainer_choose_columns(mlp_trainer *trainer)
{
    const char *why = mlp_trainer_why_tree(
        trainer->parts.config, trainer->parts.model, place_of(trainer)->nodes);
    bool is_refused =
        trainer->parts.config->between_nodes == MLP_BETWEEN_NODES_COLUMNS &&
        place_of(trainer)->nodes > 1 && why != NULL;
    if (is_refused) {
        return mlp_fail(MLP_ERROR_USAGE, "--between-nodes columns: %s", why);
    }
    trainer->by_tree = why;
    if (why != NULL) {
        return MLP_OK;
    }
    MLP_TRY(check_memory(trainer));
    return mlp_comm_agree(trainer->parts.comm, hold_columns(trainer));
}

mlp_first_layer_way mlp_first_layer_way_of(const char *by_tree, bool sends_rows)
{
    return by_tree != NULL ? (mlp_first_layer_way){"tree, as ", by_tree, false}
           : sends_rows
               ? (mlp_first_layer_way){"columns", ", rows sent ahead", true}
               : (mlp_first_layer_way){"columns", "", false};
}

mlp_first_layer_way mlp_trainer_first_layer_way(const mlp_trainer *trainer)
{
    return mlp_first_layer_way_of(trainer->by_tree,
                                  mlp_trainer_sends_rows(trainer));
}

/* ---- create and destroy ------------------------------------------------ */

size_t mlp_trainer_columns_bytes(const mlp_trainer *trainer, size_t rows)
{
    return mlp_trainer_has_columns(trainer)
               ? mlp_pass_bytes(&trainer->columns.first, rows,
                                mlp_node_team_threads(trainer->node.team))
               : 0;
}

size_t mlp_trainer_columns_sums_bytes(const mlp_trainer *trainer)
{
    return mlp_trainer_has_columns(trainer) &&
                   trainer->parts.config->accumulate > 1
               ? trainer->parts.config->shards *
                     trainer->columns.first.vector_size * sizeof(float)
               : 0;
}

mlp_status mlp_trainer_create_columns(mlp_trainer *trainer, size_t rows,
                                      void *memory)
{
    mlp_trainer_columns *c = &trainer->columns;
    if (!mlp_trainer_has_columns(trainer)) {
        return MLP_OK;
    }
    mlp_status status = mlp_pass_create(
        &c->first, trainer->parts.kernels, rows,
        mlp_node_team_threads(trainer->node.team), memory, &c->pass);
    MLP_TRY(mlp_comm_agree(trainer->parts.comm, status));
    if (!c->sends_rows) {
        MLP_TRY(
            mlp_trainer_copy_rows(trainer, trainer->node.gathered, &c->rows));
    }
    trainer->node.dataset = &c->rows;
    mlp_pass_hold(trainer->node.pass, c->held);
    return MLP_OK;
}

static mlp_status create_leaves(mlp_trainer_columns *c, size_t shards)
{
    c->leaves = calloc(shards, sizeof *c->leaves);
    if (c->leaves == NULL) {
        return mlp_fail_memory("the tree over shards");
    }
    for (size_t i = 0; i < shards; i++) {
        c->leaves[i] = (mlp_gradient_node){
            .leaves = {i, 1}, .sum = c->leaf_sums + i * c->first.vector_size};
    }
    return MLP_OK;
}

mlp_status mlp_trainer_create_column_sums(mlp_trainer *trainer)
{
    mlp_trainer_columns *c = &trainer->columns;
    size_t shards = trainer->parts.config->shards, most = 0;
    for (size_t k = 0; k < place_of(trainer)->nodes; k++) {
        most = c->of_node[k].count > most ? c->of_node[k].count : most;
    }
    c->sum =
        (mlp_gradient_node){.leaves = {0, shards},
                            .sum = mlp_exchange_gradient(trainer->exchange, 0)};
    c->layer = mlp_arena_allocate(mlp_columns_size(trainer->parts.model, most) *
                                  sizeof(float));
    trainer->weights.whole =
        mlp_arena_allocate(trainer->parts.model->vector_size * sizeof(float));
    if (c->layer == NULL || trainer->weights.whole == NULL) {
        return mlp_fail_memory("the columns of a node");
    }
    return trainer->parts.config->accumulate > 1 ? create_leaves(c, shards)
                                                 : MLP_OK;
}

void mlp_trainer_destroy_columns(mlp_trainer *trainer)
{
    mlp_trainer_columns *c = &trainer->columns;
    mlp_pass_destroy(&c->pass);
    mlp_model_destroy(&c->held);
    free(c->of_node);
    free(c->layer);
    free(c->leaves);
    *c = (mlp_trainer_columns){0};
}

/* ---- gathering --------------------------------------------------------- */

/* The lowest rank of a node. */
static size_t leader_of(const mlp_comm_place *place, size_t node)
{
    size_t rank = 0;
    while (place->node_of[rank] != node) {
        rank++;
    }
    return rank;
}

const float *mlp_trainer_gather(mlp_trainer *trainer, size_t i)
{
    const mlp_comm_place *place = place_of(trainer);
    const mlp_model *model = trainer->parts.model;
    const mlp_trainer_columns *c = &trainer->columns;
    float *mine = trainer->weights.vectors[i], *whole = trainer->weights.whole;
    mlp_trainer_wait(trainer);
    if (!mlp_trainer_has_columns(trainer)) {
        return mine;
    }
    size_t here = c->held->layer[0].size, all = model->layer[0].size;
    for (size_t node = 0; node < place->nodes; node++) {
        mlp_range columns = c->of_node[node];
        size_t floats = mlp_columns_size(model, columns.count);
        if (node == place->node) {
            memcpy(c->layer, mine, floats * sizeof *mine);
        }
        /* a failure ends the job */
        (void)mlp_comm_broadcast_from(trainer->parts.comm,
                                      leader_of(place, node), c->layer,
                                      floats * sizeof *mine);
        mlp_columns_put(model, whole, columns, c->layer);
    }
    memcpy(whole + all, mine + here,
           (c->held->vector_size - here) * sizeof *whole);
    return whole;
}
