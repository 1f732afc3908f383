/** @file
 *  Rows that nodes send each other, where the first layer goes by columns and
 *  not every node has them all. They leave some micro-batches before they are
 *  needed, in memory for MLP_EXCHANGE_AHEAD of them that is used in turn.
 *
 *  Why nobody overwrites rows that are still read or sent: a rank writes those
 *  of turn t + MLP_EXCHANGE_AHEAD when it begins micro-batch t + 1. It has
 *  waited for turn t, so this node's are sent; and all ranks of the node have
 *  gathered them, for it has computed with them. Other nodes' rows arrive only
 *  when local rank 0 has begun that turn, after the last rank here has written.
 */
#include "internal.h"

/* Bytes of the first arrays of a turn, which begin at cache lines. */
static size_t bytes_before(const mlp_exchange *x, size_t array)
{
    size_t rows = x->shape.shards * x->shape.columns.shard_rows;
    mlp_arena nothing = {0};
    for (size_t i = 0; i < array; i++) {
        (void)mlp_arena_cut(&nothing, rows, x->shape.columns.row_bytes[i]);
    }
    return nothing.used;
}

size_t mlp_exchange_rows_bytes(const mlp_exchange *x)
{
    return x->shape.columns.sends_rows
               ? MLP_EXCHANGE_AHEAD * bytes_before(x, MLP_EXCHANGE_ROW_ARRAYS)
               : 0;
}

static char *array_of(const mlp_exchange *x, size_t array, uint32_t turn)
{
    size_t table = turn % MLP_EXCHANGE_AHEAD;
    return (char *)x->memory[MLP_EXCHANGE_ROWS] +
           table * bytes_before(x, MLP_EXCHANGE_ROW_ARRAYS) +
           bytes_before(x, array);
}

void mlp_exchange_rows_connect(mlp_exchange *x)
{
    if (x->shape.columns.sends_rows) {
        mlp_flow *flow = mlp_exchange_rows_flow(x);
        flow->is_of_node = true;
        flow->stages = x->place->rank == 0 ? MLP_EXCHANGE_ROW_ARRAYS : 0;
    }
}

/* Each node sends its rows to all others, one transfer for each array. */
static mlp_status plan_turn(mlp_exchange *x, uint32_t turn,
                            const mlp_range *rows)
{
    const mlp_flow *flow = mlp_exchange_rows_flow(x);
    size_t here = x->place->node;
    for (size_t i = 0; i < MLP_EXCHANGE_ROW_ARRAYS; i++) {
        size_t bytes = x->shape.columns.row_bytes[i];
        char *array = array_of(x, i, turn);
        for (size_t node = 0; node < x->place->nodes; node++) {
            x->lanes[node] =
                (mlp_lane){.from = array + rows[here].first * bytes,
                           .to = array + rows[node].first * bytes,
                           .sent = rows[here].count * bytes,
                           .received = rows[node].count * bytes};
        }
        MLP_TRY(mlp_exchange_plan_transfer(x, mlp_flow_transfer(flow, i, turn),
                                           x->lanes));
    }
    return MLP_OK;
}

uint32_t mlp_exchange_sent_rows(const mlp_exchange *exchange)
{
    return exchange->sent_rows;
}

void *mlp_exchange_rows_to_send(mlp_exchange *exchange, size_t array)
{
    return array_of(exchange, array, exchange->sent_rows + 1);
}

void mlp_exchange_send_rows(mlp_exchange *exchange, const size_t *shard_start)
{
    mlp_exchange *x = exchange;
    mlp_flow *flow = mlp_exchange_rows_flow(x);
    uint32_t turn = x->sent_rows + 1;
    mlp_range *rows =
        x->row_ranges + turn % MLP_EXCHANGE_AHEAD * x->place->nodes;
    bool is_new = mlp_exchange_note_rows(x, shard_start, rows);
    if (is_new && x->place->rank == 0) {
        mlp_exchange_check(x, plan_turn(x, turn, rows));
    }
    /* The first turns follow each other without a meeting of the ranks. */
    mlp_gate_wait(flow->ready, x->sent_rows);
    mlp_gate_arrive(flow->ready, x->place->size);
    x->sent_rows = turn;
    mlp_exchange_progress(x, (mlp_thread){0, 1, NULL});
}

void mlp_exchange_await_rows(mlp_exchange *exchange, uint32_t turn)
{
    mlp_exchange_wait_for(exchange, mlp_exchange_rows_flow(exchange), turn,
                          (mlp_thread){0, 1, NULL});
}

const void *mlp_exchange_rows_received(const mlp_exchange *exchange,
                                       size_t array, uint32_t turn)
{
    return array_of(exchange, array, turn);
}
