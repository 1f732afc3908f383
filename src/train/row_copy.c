/** @file
 *  A copy of all training rows on each node, which its ranks share. A rank
 * still reads its own shards alone; nodes send each other theirs as they are
 * stored, once, since rows don't change.
 */
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "team/place.h"

#include "internal.h"

/* Bytes of the copy of all training rows. */
typedef struct {
    size_t values, labels, targets, weights;
} row_bytes;

static row_bytes bytes_of(const mlp_trainer *trainer, size_t rows)
{
    const mlp_dataset *here = &trainer->parts.train->here;
    return (row_bytes){rows * here->features * mlp_element_bytes(here->element),
                       rows * sizeof *here->labels,
                       here->targets != NULL ? rows * sizeof *here->targets : 0,
                       here->weights != NULL ? rows * sizeof *here->weights
                                             : 0};
}

uint64_t mlp_trainer_copy_bytes(const mlp_trainer *trainer)
{
    const row_bytes bytes = bytes_of(trainer, trainer->parts.train->rows);
    return bytes.values + bytes.labels + bytes.targets + bytes.weights;
}

/* Training rows of a run of shards. */
static mlp_range rows_of(const mlp_trainer *trainer, mlp_range shards)
{
    size_t rows = trainer->parts.train->rows;
    size_t all = trainer->parts.config->shards;
    size_t last = shards.first + shards.count - 1;
    size_t first = mlp_range_part(rows, all, shards.first).first;
    mlp_range end = mlp_range_part(rows, all, last);
    return (mlp_range){first,
                       shards.count == 0 ? 0 : end.first + end.count - first};
}

/* Some rows of the copy. */
static mlp_dataset part_of(const mlp_trainer *trainer, const mlp_dataset *copy,
                           mlp_range rows)
{
    const row_bytes before = bytes_of(trainer, rows.first);
    mlp_dataset part = *copy;
    part.range = (mlp_range){copy->range.first + rows.first, rows.count};
    part.values = (char *)copy->values + before.values;
    part.labels += rows.first;
    part.targets = copy->targets != NULL ? copy->targets + rows.first : NULL;
    part.weights = copy->weights != NULL ? copy->weights + rows.first : NULL;
    return part;
}

enum { VALUES, LABELS, TARGETS, WEIGHTS, ARRAYS };

/* What a node's rows are in each array. */
static void address(const mlp_trainer *trainer, const mlp_dataset *copy,
                    size_t node, void *at[ARRAYS], size_t bytes[ARRAYS])
{
    mlp_range shards =
        mlp_place_node_shards(mlp_comm_where(trainer->parts.comm), node,
                              trainer->parts.config->shards);
    mlp_range rows = rows_of(trainer, shards);
    const mlp_dataset part = part_of(trainer, copy, rows);
    const row_bytes of = bytes_of(trainer, rows.count);
    at[VALUES] = part.values;
    at[LABELS] = part.labels;
    at[TARGETS] = part.targets;
    at[WEIGHTS] = part.weights;
    bytes[VALUES] = of.values;
    bytes[LABELS] = of.labels;
    bytes[TARGETS] = of.targets;
    bytes[WEIGHTS] = of.weights;
}

static mlp_status plan_copies(const mlp_trainer *trainer,
                              const mlp_dataset *copy, mlp_transfers *transfers)
{
    const mlp_comm_place *place = mlp_comm_where(trainer->parts.comm);
    void *here[ARRAYS], *there[ARRAYS];
    size_t sent[ARRAYS], received[ARRAYS];
    mlp_status status = MLP_OK;
    mlp_lane *lanes = calloc(place->nodes, sizeof *lanes);
    if (lanes == NULL) {
        return mlp_fail_memory("the copy of all rows");
    }
    address(trainer, copy, place->node, here, sent);
    for (size_t i = 0; i < ARRAYS && status == MLP_OK; i++) {
        for (size_t node = 0; node < place->nodes; node++) {
            address(trainer, copy, node, there, received);
            lanes[node] = (mlp_lane){here[i], there[i], sent[i], received[i]};
        }
        status = mlp_transfers_plan(transfers, i, lanes);
    }
    free(lanes);
    return status;
}

/* By local rank 0, which waits for all. */
static void send_copies(mlp_comm *comm, mlp_transfers *transfers)
{
    mlp_status status = MLP_OK;
    for (size_t i = 0; i < ARRAYS && status == MLP_OK; i++) {
        status = mlp_transfers_begin(transfers, i);
    }
    for (size_t i = 0; i < ARRAYS && status == MLP_OK; i++) {
        bool is_over = false;
        while (!is_over && status == MLP_OK) {
            status = mlp_transfers_test(transfers, i, &is_over);
            sched_yield();
        }
    }
    if (status != MLP_OK) {
        mlp_comm_abort(comm, status);
    }
}

static void copy_array(void *to, const void *from, size_t bytes)
{
    if (to != NULL && bytes > 0) {
        memcpy(to, from, bytes);
    }
}

/* This rank's rows, then those of other nodes. Collective. */
static mlp_status fill_copy(const mlp_trainer *trainer, const mlp_dataset *copy)
{
    const mlp_sharded *train = trainer->parts.train;
    mlp_comm *comm = trainer->parts.comm;
    mlp_transfers *transfers = NULL;
    const mlp_dataset mine = part_of(trainer, copy, train->here.range);
    const row_bytes bytes = bytes_of(trainer, train->here.range.count);
    bool is_sender = mlp_comm_where(comm)->rank == 0;
    copy_array(mine.values, train->here.values, bytes.values);
    copy_array(mine.labels, train->here.labels, bytes.labels);
    copy_array(mine.targets, train->here.targets, bytes.targets);
    copy_array(mine.weights, train->here.weights, bytes.weights);
    mlp_status status = mlp_transfers_create(comm, ARRAYS, &transfers);
    if (status == MLP_OK && is_sender) {
        status = plan_copies(trainer, copy, transfers);
    }
    status = mlp_comm_agree(comm, status);
    if (status == MLP_OK && is_sender) {
        send_copies(comm, transfers);
    }
    mlp_transfers_destroy(&transfers);
    return status == MLP_OK ? mlp_comm_agree_sleeping(comm, MLP_OK) : status;
}

/* Place the copy's arrays. */
static mlp_dataset place_copy(const mlp_trainer *trainer, mlp_arena *arena)
{
    const mlp_sharded *train = trainer->parts.train;
    const row_bytes bytes = bytes_of(trainer, train->rows);
    mlp_dataset copy = train->here;
    copy.range = (mlp_range){0, train->rows};
    copy.values = mlp_arena_cut(arena, 1, bytes.values);
    copy.labels = mlp_arena_cut(arena, 1, bytes.labels);
    copy.targets =
        bytes.targets > 0 ? mlp_arena_cut(arena, 1, bytes.targets) : NULL;
    copy.weights =
        bytes.weights > 0 ? mlp_arena_cut(arena, 1, bytes.weights) : NULL;
    return copy;
}

mlp_status mlp_trainer_copy_rows(mlp_trainer *trainer, mlp_range shards,
                                 mlp_dataset *rows)
{
    mlp_arena nothing = {0};
    void *memory = NULL;
    (void)place_copy(trainer, &nothing);
    MLP_TRY(mlp_node_team_share(trainer->node.team, nothing.used, &memory));
    mlp_arena arena = {.memory = memory};
    const mlp_dataset copy = place_copy(trainer, &arena);
    *rows = part_of(trainer, &copy, rows_of(trainer, shards));
    return fill_copy(trainer, &copy);
}
