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

#include "team/place.h"

#include "internal.h"

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
    return record_bytes(
        x, mlp_place_node_shards(x->place, node, x->shape.shards).count);
}

size_t mlp_exchange_crew_records(const mlp_exchange *x)
{
    return record_bytes(x, mlp_crew_shards(x->crew, x->shape.shards).count);
}

void mlp_exchange_copy_records(const mlp_exchange *x, size_t node,
                               double *table, double *packed, bool is_packing)
{
    mlp_range shards = mlp_place_node_shards(x->place, node, x->shape.shards);
    double *rows = table + shards.first * x->shape.record_size;
    memcpy(is_packing ? packed : rows, is_packing ? rows : packed,
           record_bytes(x, shards.count));
}
