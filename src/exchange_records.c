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
                 step * (uint32_t)x->place->size);
}

/* The records of a node, rank after rank, out of the table or, for the others,
 * into it. */
static void copy_node(const mlp_exchange *x, size_t node, double *table,
                      double *packed, bool is_packing)
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

/* Fill sizes with the bytes of each node's records. */
static void measure_nodes(mlp_exchange *x)
{
    memset(x->sizes, 0, x->place->nodes * sizeof *x->sizes);
    for (size_t r = 0; r < mlp_comm_size(x->comm); r++) {
        x->sizes[x->place->node_of[r]] +=
            record_bytes(x, shards_of(x, r).count);
    }
}

static mlp_status gather_records(mlp_exchange *x, double *table)
{
    const mlp_comm_place *place = x->place;
    copy_node(x, place->node, table, x->packed_records, true);
    measure_nodes(x);
    MLP_TRY(mlp_comm_gather_nodes(x->comm, x->packed_records, x->sizes,
                                  x->unsorted_records));
    double *packed = x->unsorted_records;
    for (size_t node = 0; node < place->nodes; node++) {
        if (node != place->node) {
            copy_node(x, node, table, packed, false);
        }
        packed += x->sizes[node] / sizeof(double);
    }
    return MLP_OK;
}

static mlp_status collect(mlp_exchange *x, const double **all)
{
    mlp_exchange_board *board = mlp_exchange_board_of(x);
    const mlp_comm_place *place = x->place;
    uint32_t step = ++x->collected_steps;
    bool is_crowded = x->fair_threads == 0;
    mlp_wait_until(&board->recorded, step * (uint32_t)place->size, is_crowded);
    double *table = mlp_exchange_table(x, step);
    if (place->nodes > 1 && x->shape.record_size > 0) {
        if (place->rank == 0) {
            MLP_TRY(gather_records(x, table));
            mlp_wait_add(&board->gathered, 1, step);
        } else {
            mlp_wait_until(&board->gathered, step, is_crowded);
        }
    }
    *all = table;
    return MLP_OK;
}

mlp_status mlp_exchange_tree_collect_records(mlp_exchange *x,
                                             const double **all)
{
    mlp_pulse *pulse = mlp_comm_pulse(x->comm);
    mlp_pulse_wait(pulse, true);
    mlp_status status = collect(x, all);
    mlp_pulse_wait(pulse, false);
    return status;
}
