/** @file
 *  Creation of a gradient exchange: the ranges of ranks, and shared memory.
 */
#include "exchange.h"

#include <assert.h>
#include <stdlib.h>

#include "internal.h"

static mlp_status place_layers(mlp_exchange *x, const size_t *sizes)
{
    for (size_t i = 0; i < x->shape.layers; i++) {
        assert(sizes[i] % MLP_EXCHANGE_UNIT == 0);
        x->layers[i].first = x->total;
        x->layers[i].count = sizes[i];
        x->total += sizes[i];
    }
    return x->shape.kind == MLP_EXCHANGE_MPI ? mlp_exchange_mpi_prepare(x)
                                             : mlp_exchange_tree_prepare(x);
}

/* Transfers: two of each layer and of the metrics, one of each round; after
 * these, those of rows. */
static size_t count_transfers_but_rows(const mlp_exchange *x)
{
    return x->flow_count + x->shape.layers + 1;
}

static size_t count_transfers(const mlp_exchange *x)
{
    size_t arrays = x->shape.columns.sends_rows ? MLP_EXCHANGE_ROW_ARRAYS : 0;
    return count_transfers_but_rows(x) + MLP_EXCHANGE_AHEAD * arrays;
}

/* Everything that needs no other rank. */
static mlp_status prepare(mlp_exchange *x, const size_t *layer_sizes)
{
    size_t transfers = count_transfers(x), nodes = x->place->nodes;
    x->layers = mlp_arena_allocate(x->shape.layers * sizeof *x->layers);
    x->flows = mlp_arena_allocate(x->flow_count * sizeof *x->flows);
    x->sent_bytes = mlp_arena_allocate(transfers * sizeof *x->sent_bytes);
    x->sent_messages = mlp_arena_allocate(transfers * sizeof *x->sent_bytes);
    x->node_rows = mlp_arena_allocate(nodes * sizeof *x->node_rows);
    x->row_ranges =
        mlp_arena_allocate(MLP_EXCHANGE_AHEAD * nodes * sizeof *x->row_ranges);
    x->lanes = mlp_arena_allocate(nodes * sizeof *x->lanes);
    if (x->layers == NULL || x->flows == NULL || x->sent_bytes == NULL ||
        x->sent_messages == NULL || x->node_rows == NULL ||
        x->row_ranges == NULL || x->lanes == NULL) {
        return mlp_fail_memory("the exchange");
    }
    MLP_TRY(place_layers(x, layer_sizes));
    x->sources = mlp_arena_allocate(x->plan.local_count * sizeof *x->sources);
    if (x->sources == NULL) {
        return mlp_fail_memory("the exchange");
    }
    return x->is_far ? mlp_transfers_create(x->comm, transfers, &x->transfers)
                     : MLP_OK;
}

static mlp_status share_memory(mlp_exchange *x)
{
    const mlp_exchange_shape *shape = &x->shape;
    const size_t number = sizeof(float), vector = x->total * number;
    const size_t bytes[MLP_EXCHANGE_MEMORIES] = {
        [MLP_EXCHANGE_GRADIENTS] = x->plan.local_count * vector,
        [MLP_EXCHANGE_STATES] = shape->states * vector,
        [MLP_EXCHANGE_LAYER_GATES] =
            shape->layers * sizeof(mlp_exchange_layer_gates),
        [MLP_EXCHANGE_FLOW_GATES] =
            (x->flow_count - shape->layers) * sizeof(mlp_exchange_flow_gates),
        [MLP_EXCHANGE_MEASURES] = shape->measures * sizeof(double),
        [MLP_EXCHANGE_SHARD_METRICS] =
            2 * shape->shards * shape->metrics_per_shard * sizeof(double),
        [MLP_EXCHANGE_BY_COLUMNS] = 2 * mlp_exchange_by_columns(x) * number,
        [MLP_EXCHANGE_BY_ROWS] = 2 * mlp_exchange_by_rows(x) * number,
        [MLP_EXCHANGE_ROWS] = mlp_exchange_rows_bytes(x)};
    for (size_t i = 0; i < MLP_EXCHANGE_MEMORIES; i++) {
        if (bytes[i] > 0) { /* on all ranks of the node, or on none */
            MLP_TRY(mlp_node_team_share(x->node_team, bytes[i], &x->memory[i]));
        }
    }
    return MLP_OK;
}

static void set_crowded(const mlp_exchange *x)
{
    bool is_crowded = mlp_node_team_is_crowded(x->node_team);
    for (size_t i = 0; i < x->shape.layers; i++) {
        x->layers[i].done.is_crowded = is_crowded;
    }
    for (size_t i = 0; i < x->flow_count; i++) {
        /* of shared memory: by the node's first rank, before anybody waits */
        if (x->place->rank == 0) {
            x->flows[i].ready->is_crowded = is_crowded;
            x->flows[i].done->is_crowded = is_crowded;
        }
    }
    for (size_t i = 0; i < x->shape.layers && x->place->rank == 0; i++) {
        mlp_exchange_gates(x, i)->released.is_crowded = is_crowded;
    }
}

/* Gates of all flows, and which transfers are theirs. */
static void connect_flows(mlp_exchange *x)
{
    mlp_exchange_flow_gates *gates = x->memory[MLP_EXCHANGE_FLOW_GATES];
    size_t layers = x->shape.layers;
    for (size_t i = 0; i < layers; i++) {
        x->flows[i] = (mlp_flow){.ready = &mlp_exchange_gates(x, i)->published,
                                 .done = &x->layers[i].done,
                                 .first = 2 * i,
                                 .tables = 1};
    }
    for (size_t i = layers; i < x->flow_count; i++) {
        x->flows[i] = (mlp_flow){.ready = &gates[i - layers].ready,
                                 .done = &gates[i - layers].done,
                                 .first = layers + i,
                                 .tables = 1};
    }
    mlp_exchange_metrics_flow(x)->tables = 2;
    if (x->shape.columns.sends_rows) {
        mlp_exchange_rows_flow(x)->first = count_transfers_but_rows(x);
        mlp_exchange_rows_flow(x)->tables = MLP_EXCHANGE_AHEAD;
    }
}

/* Transfers of all flows. */
static mlp_status connect(mlp_exchange *x)
{
    for (size_t i = 0; i < x->plan.local_count; i++) {
        x->sources[i] = mlp_exchange_gradient(x, i);
    }
    MLP_TRY(x->shape.kind == MLP_EXCHANGE_MPI ? mlp_exchange_mpi_connect(x)
                                              : mlp_exchange_tree_connect(x));
    mlp_exchange_columns_connect(x);
    mlp_exchange_rows_connect(x);
    for (size_t i = 0; i < x->flow_count; i++) {
        /* local rank 0 sends for its whole node what is no layer's */
        bool travels = x->flows[i].stages > 0 || x->flows[i].is_of_node;
        x->flows[i].over = travels ? x->flows[i].done : x->flows[i].ready;
    }
    return MLP_OK;
}

/* One rank needs no sums of MPI, and gets the bits of the tree. */
static void describe(mlp_exchange *x, mlp_comm *comm, mlp_node_team *node_team,
                     const mlp_exchange_shape *shape)
{
    bool is_mpi = shape->kind == MLP_EXCHANGE_MPI && mlp_comm_size(comm) > 1;
    x->comm = comm;
    x->node_team = node_team;
    x->place = mlp_comm_where(mlp_node_team_home(node_team));
    x->shape = *shape;
    x->shape.kind = is_mpi ? MLP_EXCHANGE_MPI : MLP_EXCHANGE_TREE;
    x->shape.layer_sizes = NULL; /* owned by the caller */
    x->is_far = is_mpi || x->place->nodes > 1;
    x->shards = mlp_node_team_shards(node_team, shape->shards);
    x->rounds = shape->columns.of_node == NULL          ? 0
                : x->place->nodes < MLP_EXCHANGE_ROUNDS ? x->place->nodes
                                                        : MLP_EXCHANGE_ROUNDS;
    x->flow_count = shape->layers + MLP_COLUMNS_VALUES * x->rounds +
                    shape->columns.sends_rows + 1;
}

mlp_status mlp_exchange_create(mlp_comm *comm, mlp_node_team *node_team,
                               const mlp_exchange_shape *shape,
                               mlp_exchange **exchange)
{
    *exchange = NULL;
    mlp_exchange *x = calloc(1, sizeof *x);
    mlp_status status = x == NULL ? mlp_fail_memory("the exchange") : MLP_OK;
    if (x != NULL) {
        describe(x, comm, node_team, shape);
        status = prepare(x, shape->layer_sizes);
    }
    status = mlp_comm_agree(comm, status);
    if (status == MLP_OK) {
        assert(x != NULL); /* the agreed status implies it */
        status = mlp_comm_agree(comm, share_memory(x));
    }
    if (status == MLP_OK) {
        connect_flows(x);
        set_crowded(x);
        status = mlp_comm_agree(comm, connect(x));
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
    mlp_transfers_destroy(&x->transfers);
    for (size_t i = 0; x->layers != NULL && i < x->shape.layers; i++) {
        free(x->layers[i].to_send);
        free(x->layers[i].received);
        free(x->layers[i].sums);
        free((void *)x->layers[i].operands);
    }
    mlp_exchange_plan_destroy(&x->plan);
    free(x->layers);
    free(x->flows);
    free(x->sent_bytes);
    free(x->sent_messages);
    free(x->node_rows);
    free(x->row_ranges);
    free(x->lanes);
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
