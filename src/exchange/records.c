/** @file
 *  The records that ride along: every crew's rows in one table per node.
 *
 *  There are two tables, used in turn: who publishes step s + 1 writes into the
 *  other one than those read that are still busy with step s. The first one's
 *  turn comes again in step s + 2, in which nobody computes before all have
 *  finished all parts of step s + 1, for which all ranks had to publish these
 *  and thereby to leave step s.
 */
#include <string.h>

#include "internal.h"

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
    mlp_exchange_copy_records(x, x->place->node, mlp_exchange_table(x, step),
                              x->own_records, false);
    mlp_wait_add(&mlp_exchange_board_of(x)->recorded, 1, step);
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

size_t mlp_exchange_crew_records(const mlp_exchange *x)
{
    size_t bytes = 0;
    for (size_t r = 0; r < mlp_comm_size(x->comm); r++) {
        bytes += mlp_crew_has(x->crew, r)
                     ? record_bytes(x, shards_of(x, r).count)
                     : 0;
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
