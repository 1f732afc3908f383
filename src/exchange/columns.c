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

/* A node's block of values that are sent to it or received from it: its rows of
 * our columns, or its columns of our rows. */
static mlp_range block_of(const mlp_exchange *x, mlp_values values,
                          bool is_sent, size_t node)
{
    bool is_by_columns = is_sent == (values == MLP_COLUMNS_SUMS);
    mlp_range rows = x->node_rows[node], columns = columns_of(x, node);
    size_t ours = is_by_columns ? columns_of(x, x->place->node).count
                                : x->node_rows[x->place->node].count;
    mlp_range theirs = is_by_columns ? rows : columns;
    return (mlp_range){theirs.first * ours, theirs.count * ours};
}

mlp_range mlp_exchange_rows_of(const mlp_exchange *exchange, size_t node)
{
    return exchange->node_rows[node];
}

/* The block for this node is where it would be received. */
float *mlp_exchange_block(const mlp_exchange *exchange, mlp_values values,
                          size_t node)
{
    bool travels = node != exchange->place->node;
    return place_of(exchange, values, travels) +
           block_of(exchange, values, travels, node).first;
}

const float *mlp_exchange_received(const mlp_exchange *exchange,
                                   mlp_values values)
{
    return place_of(exchange, values, false);
}

/* ---- rounds ------------------------------------------------------------ */

/* Block i goes so many nodes to the right, and comes from as many to the left:
 * nodes - 1, ..., 1, 0. */
static size_t distance_of(const mlp_exchange *x, size_t i)
{
    return x->place->nodes - 1 - i;
}

size_t mlp_exchange_destination(const mlp_exchange *exchange, size_t i)
{
    const mlp_comm_place *place = exchange->place;
    return (place->node + distance_of(exchange, i)) % place->nodes;
}

/* The blocks of a round: in the last one that of this node. */
static mlp_range blocks_of(const mlp_exchange *x, size_t round)
{
    size_t others = x->place->nodes - 1;
    return round + 1 < x->rounds ? mlp_range_part(others, x->rounds - 1, round)
                                 : (mlp_range){others, 1};
}

static void plan_block(const mlp_exchange *x, mlp_values values, size_t i)
{
    size_t nodes = x->place->nodes;
    size_t to = mlp_exchange_destination(x, i);
    size_t from = (x->place->node + nodes - distance_of(x, i)) % nodes;
    mlp_range sent = block_of(x, values, true, to);
    mlp_range received = block_of(x, values, false, from);
    x->lanes[to].from = place_of(x, values, true) + sent.first;
    x->lanes[to].sent = sent.count * sizeof(float);
    x->lanes[from].to = place_of(x, values, false) + received.first;
    x->lanes[from].received = received.count * sizeof(float);
}

static mlp_status plan_round(mlp_exchange *x, mlp_values values, size_t round)
{
    mlp_range blocks = blocks_of(x, round);
    memset(x->lanes, 0, x->place->nodes * sizeof *x->lanes);
    for (size_t i = 0; i < blocks.count; i++) {
        plan_block(x, values, blocks.first + i);
    }
    return mlp_exchange_plan_transfer(
        x, mlp_exchange_round_flow(x, values, round)->first, x->lanes);
}

static mlp_status plan_all(mlp_exchange *x)
{
    for (mlp_values v = 0; v < MLP_COLUMNS_VALUES; v++) {
        for (size_t i = 0; i + 1 < x->rounds; i++) {
            MLP_TRY(plan_round(x, v, i));
        }
    }
    return MLP_OK;
}

void mlp_exchange_columns_connect(mlp_exchange *x)
{
    for (mlp_values v = 0; v < MLP_COLUMNS_VALUES; v++) {
        for (size_t i = 0; i + 1 < x->rounds; i++) {
            mlp_flow *flow = mlp_exchange_round_flow(x, v, i);
            flow->is_of_node = true;
            flow->stages = x->place->rank == 0 ? 1 : 0;
        }
    }
}

bool mlp_exchange_note_rows(const mlp_exchange *x, const size_t *shard_start,
                            mlp_range *node_rows)
{
    bool is_new = false;
    for (size_t node = 0; node < x->place->nodes; node++) {
        mlp_range shards =
            mlp_place_node_shards(x->place, node, x->shape.shards);
        size_t first = shard_start[shards.first];
        mlp_range rows = {first,
                          shard_start[shards.first + shards.count] - first};
        is_new = is_new || rows.count != node_rows[node].count;
        node_rows[node] = rows;
    }
    return is_new;
}

/* ---- a micro-batch ----------------------------------------------------- */

void mlp_exchange_begin_rows(mlp_exchange *exchange, const size_t *shard_start)
{
    exchange->micro_batches++;
    if (mlp_exchange_note_rows(exchange, shard_start, exchange->node_rows) &&
        exchange->place->rank == 0) {
        mlp_exchange_check(exchange, plan_all(exchange));
    }
}

/* A round begins when its last block is there. */
void mlp_exchange_send(mlp_exchange *exchange, mlp_values values, size_t node,
                       mlp_thread self, mlp_thread me)
{
    size_t nodes = exchange->place->nodes;
    size_t distance = (node + nodes - exchange->place->node) % nodes;
    size_t next = distance_of(exchange, distance) + 1; /* its own inverse */
    for (size_t round = 0; round < exchange->rounds; round++) {
        mlp_range blocks = blocks_of(exchange, round);
        if (next == blocks.first + blocks.count) {
            mlp_gate_arrive(
                mlp_exchange_round_flow(exchange, values, round)->ready,
                me.count);
            mlp_exchange_progress(exchange, self);
        }
    }
}

void mlp_exchange_receive(mlp_exchange *exchange, mlp_values values,
                          mlp_thread self)
{
    for (size_t i = 0; i < exchange->rounds; i++) {
        mlp_exchange_wait_for(exchange,
                              mlp_exchange_round_flow(exchange, values, i),
                              exchange->micro_batches, self);
    }
}
