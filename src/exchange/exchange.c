/** @file
 *  Creation of a gradient exchange: the ranges of ranks, and shared memory.
 */
#include "exchange.h"

#include <assert.h>
#include <stdlib.h>

#include "internal.h"

static mlp_status place_layers(mlp_exchange *x, const size_t *sizes)
{
    x->layers = mlp_arena_allocate(x->shape.layers * sizeof *x->layers);
    if (x->layers == NULL) {
        return mlp_fail_memory("the layers of the exchange");
    }
    for (size_t i = 0; i < x->shape.layers; i++) {
        assert(sizes[i] % MLP_EXCHANGE_UNIT == 0);
        x->layers[i].first = x->total;
        x->layers[i].count = sizes[i];
        x->total += sizes[i];
    }
    return MLP_OK;
}

/* Everything that needs no other rank. */
static mlp_status prepare(mlp_exchange *x, const size_t *layer_sizes)
{
    MLP_TRY(place_layers(x, layer_sizes));
    return x->ops->prepare(x);
}

static mlp_status share_memory(mlp_exchange *x)
{
    const mlp_exchange_shape *shape = &x->shape;
    size_t vector = x->total * sizeof(float);
    const size_t bytes[MLP_EXCHANGE_MEMORIES] = {
        [MLP_EXCHANGE_GRADIENTS] = x->plan.local_count * vector,
        [MLP_EXCHANGE_STATES] = shape->states * vector,
        [MLP_EXCHANGE_BOARD] = sizeof(mlp_exchange_board) +
                               shape->layers * sizeof(mlp_exchange_layer_gates),
        [MLP_EXCHANGE_MEASURES] = shape->measures * sizeof(double),
        [MLP_EXCHANGE_SHARD_METRICS] =
            2 * shape->shards * shape->metrics_per_shard * sizeof(double)};
    for (size_t i = 0; i < MLP_EXCHANGE_MEMORIES; i++) {
        MLP_TRY(mlp_node_team_share(x->node_team, bytes[i], &x->memory[i]));
    }
    return MLP_OK;
}

/* By the node's first rank, before anybody waits. */
static void set_crowded(const mlp_exchange *x)
{
    bool is_crowded = mlp_node_team_is_crowded(x->node_team);
    if (x->place->rank > 0) {
        return;
    }
    mlp_exchange_board_of(x)->metrics_published.is_crowded = is_crowded;
    for (size_t i = 0; i < x->shape.layers; i++) {
        mlp_exchange_gates(x, i)->published.is_crowded = is_crowded;
        mlp_exchange_gates(x, i)->released.is_crowded = is_crowded;
    }
}

static const mlp_exchange_ops *choose_ops(const mlp_comm *comm,
                                          mlp_exchange_kind kind)
{
    return kind == MLP_EXCHANGE_MPI           ? &mlp_exchange_reduce_ops
           : mlp_comm_where(comm)->nodes == 1 ? &mlp_exchange_tree_ops
                                              : &mlp_exchange_nodes_ops;
}

mlp_status mlp_exchange_create(mlp_comm *comm, mlp_node_team *node_team,
                               const mlp_exchange_shape *shape,
                               mlp_exchange **exchange)
{
    *exchange = NULL;
    mlp_exchange *x = calloc(1, sizeof *x);
    mlp_status status = x == NULL ? mlp_fail_memory("the exchange") : MLP_OK;
    if (status == MLP_OK) {
        x->ops = choose_ops(comm, shape->kind);
        x->comm = comm;
        x->node_team = node_team;
        x->place = mlp_comm_where(mlp_node_team_home(node_team));
        x->shape = *shape;
        x->shards = mlp_node_team_shards(node_team, shape->shards);
        x->shape.layer_sizes = NULL; /* owned by the caller */
        status = prepare(x, shape->layer_sizes);
    }
    status = mlp_comm_agree(comm, status);
    if (status == MLP_OK) {
        assert(x != NULL); /* the agreed status implies it */
        status = mlp_comm_agree(comm, share_memory(x));
    }
    if (status == MLP_OK) {
        set_crowded(x);
        status = mlp_comm_agree(comm, x->ops->connect(x));
    }
    if (status != MLP_OK) {
        mlp_exchange_destroy(&x);
        return status;
    }
    *exchange = x;
    return MLP_OK;
}

void mlp_exchange_destroy(mlp_exchange **exchange)
{
    mlp_exchange *x = *exchange;
    if (x == NULL) {
        return;
    }
    mlp_exchange_between_destroy(&x->between);
    mlp_exchange_reduction_destroy(&x->reduction);
    mlp_exchange_plan_destroy(&x->plan);
    free(x->layers);
    free(x->sources);
    free(x);
    *exchange = NULL;
}

bool mlp_exchange_is_far(const mlp_exchange *exchange)
{
    return mlp_comm_where(exchange->comm)->nodes > 1;
}

bool mlp_exchange_fills_state(const mlp_exchange *exchange)
{
    return exchange->place->rank == 0;
}

float *mlp_exchange_state(mlp_exchange *exchange, size_t i)
{
    return (float *)exchange->memory[MLP_EXCHANGE_STATES] + i * exchange->total;
}

const mlp_subtree *mlp_exchange_subtrees(const mlp_exchange *exchange,
                                         size_t *count)
{
    *count = exchange->plan.local_count;
    return exchange->plan.local;
}

float *mlp_exchange_gradient(mlp_exchange *exchange, size_t i)
{
    return (float *)exchange->memory[MLP_EXCHANGE_GRADIENTS] +
           i * exchange->total;
}

double *mlp_exchange_shard_metrics(mlp_exchange *exchange)
{
    return mlp_exchange_metrics_table(exchange, mlp_exchange_step(exchange)) +
           exchange->shards.first * exchange->shape.metrics_per_shard;
}

double *mlp_exchange_measures(mlp_exchange *exchange)
{
    return exchange->memory[MLP_EXCHANGE_MEASURES];
}
