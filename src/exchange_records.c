/** @file
 *  The records that ride along: every rank's rows in one table per node.
 *
 *  There are two tables, used in turn: a rank that publishes step s + 1 writes
 *  into the other one than those read that are still busy with step s. It
 *  comes back to the first one in step s + 2, after it has collected step
 *  s + 1, for which all ranks had to publish and thereby to leave step s. Local
 *  rank 0 adds the rows of other nodes when all ranks of its own have
 *  published, so when none of them reads the older step.
 */
#include <string.h>

#include "exchange_internal.h"

static mlp_range shards_of(const mlp_exchange *x, size_t rank)
{
    return mlp_range_part(x->shape.shards, mlp_comm_size(x->comm), rank);
}

static size_t record_bytes(const mlp_exchange *x, size_t records)
{
    return records * x->shape.record_size * sizeof(double);
}

void mlp_exchange_tree_publish_records(mlp_exchange *x)
{
    uint32_t step = ++x->recorded_steps;
    double *table = mlp_exchange_table(x, step);
    size_t bytes = record_bytes(x, x->shards.count);
    if (bytes > 0) {
        memcpy(table + x->shards.first * x->shape.record_size, x->own_records,
               bytes);
    }
    mlp_wait_add(&mlp_exchange_board_of(x)->recorded, 1,
                 mlp_exchange_all_ranks(x, step));
}

size_t mlp_exchange_node_records(const mlp_exchange *x, size_t node)
{
    size_t bytes = 0;
    for (size_t r = 0; r < mlp_comm_size(x->comm); r++) {
        if (x->place->node_of[r] == node) {
            bytes += record_bytes(x, shards_of(x, r).count);
        }
    }
    return bytes;
}

void mlp_exchange_copy_records(const mlp_exchange *x, size_t node,
                               double *table, double *packed, bool is_packing)
{
    for (size_t r = 0; r < mlp_comm_size(x->comm); r++) {
        if (x->place->node_of[r] != node) {
            continue;
        }
        mlp_range shards = shards_of(x, r);
        double *rows = table + shards.first * x->shape.record_size;
        memcpy(is_packing ? packed : rows, is_packing ? rows : packed,
               record_bytes(x, shards.count));
        packed += shards.count * x->shape.record_size;
    }
}
