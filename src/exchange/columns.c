/** @file
 *  The first layer by columns: two all-to-alls in each micro-batch. A node has
 *  some columns for the rows of all nodes, and needs all columns of its own
 *  rows; dz goes back the same way. Nothing is added up, so no order of
 *  additions depends on who computes what.
 *
 *  A node thus sends 2 B N (P - 1) / P^2 floats for B rows and N columns on P
 *  nodes, where the reduce-scatter and all-gather of the gradient of M inputs
 *  are 2 M N (P - 1) / P: less for B < M P.
 */
#include "team/place.h"

#include "internal.h"

static mlp_range columns_of(const mlp_exchange *x, size_t node)
{
    return x->shape.columns.of_node != NULL ? x->shape.columns.of_node[node]
                                            : (mlp_range){0, 0};
}

static size_t all_columns(const mlp_exchange *x)
{
    mlp_range last = columns_of(x, x->place->nodes - 1);
    return last.first + last.count;
}

size_t mlp_exchange_by_columns(const mlp_exchange *x)
{
    return x->shape.shards * x->shape.columns.shard_rows *
           columns_of(x, x->place->node).count;
}

size_t mlp_exchange_by_rows(const mlp_exchange *x)
{
    return x->shards.count * x->shape.columns.shard_rows * all_columns(x);
}

/* Sums leave by columns and arrive by rows, dz the other way round. */
static float *place_of(const mlp_exchange *x, mlp_values values, bool is_sent)
{
    bool is_by_columns = is_sent == (values == MLP_COLUMNS_SUMS);
    float *first = x->memory[is_by_columns ? MLP_EXCHANGE_BY_COLUMNS
                                           : MLP_EXCHANGE_BY_ROWS];
    size_t count =
        is_by_columns ? mlp_exchange_by_columns(x) : mlp_exchange_by_rows(x);
    return values == MLP_COLUMNS_SUMS ? first : first + count;
}

float *mlp_exchange_sent(const mlp_exchange *exchange, mlp_values values)
{
    return place_of(exchange, values, true);
}

const float *mlp_exchange_received(const mlp_exchange *exchange,
                                   mlp_values values)
{
    return place_of(exchange, values, false);
}

/* ---- lanes ------------------------------------------------------------- */

/* What a node sends to another one, as floats of an array. */
typedef struct {
    mlp_range by_columns, by_rows;
} share;

/* @param before  rows of the nodes before */
static share share_of(const mlp_exchange *x, size_t node, size_t before)
{
    size_t ours = x->node_rows[x->place->node];
    size_t theirs = x->node_rows[node];
    size_t columns = columns_of(x, x->place->node).count;
    mlp_range of_node = columns_of(x, node);
    return (share){{before * columns, theirs * columns},
                   {ours * of_node.first, ours * of_node.count}};
}

static mlp_status plan_values(mlp_exchange *x, mlp_values values,
                              mlp_lane *lanes)
{
    float *from = place_of(x, values, true), *to = place_of(x, values, false);
    size_t before = 0;
    for (size_t node = 0; node < x->place->nodes; node++) {
        share theirs = share_of(x, node, before);
        bool is_sums = values == MLP_COLUMNS_SUMS;
        mlp_range sent = is_sums ? theirs.by_columns : theirs.by_rows;
        mlp_range received = is_sums ? theirs.by_rows : theirs.by_columns;
        lanes[node] = (mlp_lane){.from = from + sent.first,
                                 .to = to + received.first,
                                 .sent = sent.count * sizeof *from,
                                 .received = received.count * sizeof *to};
        before += x->node_rows[node];
    }
    x->own[values] = lanes[x->place->node];
    return mlp_exchange_plan_transfer(x, mlp_exchange_flow(x, values)->first,
                                      lanes);
}

static mlp_status plan_all(mlp_exchange *x)
{
    mlp_lane *lanes = calloc(x->place->nodes, sizeof *lanes);
    mlp_status status = MLP_OK;
    if (lanes == NULL) {
        return mlp_fail_memory("the exchange between nodes");
    }
    for (mlp_values v = 0; v < MLP_COLUMNS_VALUES && status == MLP_OK; v++) {
        status = plan_values(x, v, lanes);
    }
    free(lanes);
    return status;
}

/* Note the rows of each node; whether they are others than before. */
static bool note_rows(const mlp_exchange *x, const size_t *shard_start)
{
    bool is_new = false;
    for (size_t node = 0; node < x->place->nodes; node++) {
        mlp_range shards =
            mlp_place_node_shards(x->place, node, x->shape.shards);
        size_t rows = shard_start[shards.first + shards.count] -
                      shard_start[shards.first];
        is_new = is_new || rows != x->node_rows[node];
        x->node_rows[node] = rows;
    }
    return is_new;
}

/* ---- a micro-batch ----------------------------------------------------- */

void mlp_exchange_begin_rows(mlp_exchange *exchange, const size_t *shard_start)
{
    exchange->micro_batches++;
    if (note_rows(exchange, shard_start) && exchange->place->rank == 0) {
        mlp_status status = plan_all(exchange);
        if (status != MLP_OK) {
            mlp_comm_abort(exchange->comm, status);
        }
    }
}

void mlp_exchange_send(mlp_exchange *exchange, mlp_values values, mlp_thread me)
{
    mlp_gate_arrive(mlp_exchange_flow(exchange, values)->ready, me.count);
}

void mlp_exchange_receive(mlp_exchange *exchange, mlp_values values,
                          mlp_thread self)
{
    mlp_exchange_wait_for(exchange, mlp_exchange_flow(exchange, values),
                          exchange->micro_batches, self);
}
