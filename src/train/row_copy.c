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

uint64_t mlp_trainer_copy_bytes(const mlp_trainer *trainer)
{
    size_t bytes[MLP_ROW_ARRAYS], all = 0;
    mlp_dataset_array_bytes(&trainer->parts.train->here, bytes);
    for (size_t i = 0; i < MLP_ROW_ARRAYS; i++) {
        all += bytes[i];
    }
    return all * trainer->parts.train->rows;
}

mlp_range mlp_trainer_rows_of(const mlp_trainer *trainer, mlp_range shards)
{
    return mlp_range_parts(trainer->parts.train->rows,
                           trainer->parts.config->shards, shards);
}

/* Rows of the copy, from row `first` on. */
static void find_arrays(const mlp_dataset *copy, size_t first,
                        char *at[MLP_ROW_ARRAYS])
{
    size_t bytes[MLP_ROW_ARRAYS];
    mlp_dataset_array_bytes(copy, bytes);
    mlp_dataset_arrays(copy, at);
    for (size_t i = 0; i < MLP_ROW_ARRAYS; i++) {
        at[i] = at[i] != NULL ? at[i] + first * bytes[i] : NULL;
    }
}

static mlp_range rows_of_node(const mlp_trainer *trainer, size_t node)
{
    return mlp_trainer_rows_of(
        trainer, mlp_place_node_shards(mlp_comm_where(trainer->parts.comm),
                                       node, trainer->parts.config->shards));
}

static mlp_status plan_copies(const mlp_trainer *trainer,
                              const mlp_dataset *copy, mlp_transfers *transfers)
{
    const mlp_comm_place *place = mlp_comm_where(trainer->parts.comm);
    char *here[MLP_ROW_ARRAYS], *there[MLP_ROW_ARRAYS];
    size_t bytes[MLP_ROW_ARRAYS];
    mlp_status status = MLP_OK;
    mlp_range ours = rows_of_node(trainer, place->node);
    mlp_lane *lanes = calloc(place->nodes, sizeof *lanes);
    if (lanes == NULL) {
        return mlp_fail_memory("the copy of all rows");
    }
    mlp_dataset_array_bytes(copy, bytes);
    find_arrays(copy, ours.first, here);
    for (size_t i = 0; i < MLP_ROW_ARRAYS && status == MLP_OK; i++) {
        for (size_t node = 0; node < place->nodes; node++) {
            mlp_range theirs = rows_of_node(trainer, node);
            find_arrays(copy, theirs.first, there);
            lanes[node] = (mlp_lane){here[i], there[i], ours.count * bytes[i],
                                     theirs.count * bytes[i]};
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
    for (size_t i = 0; i < MLP_ROW_ARRAYS && status == MLP_OK; i++) {
        status = mlp_transfers_begin(transfers, i);
    }
    for (size_t i = 0; i < MLP_ROW_ARRAYS && status == MLP_OK; i++) {
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

/* This rank's rows, then those of other nodes. Collective. */
static mlp_status fill_copy(const mlp_trainer *trainer, const mlp_dataset *copy)
{
    const mlp_dataset *mine = &trainer->parts.train->here;
    mlp_comm *comm = trainer->parts.comm;
    mlp_transfers *transfers = NULL;
    char *from[MLP_ROW_ARRAYS], *to[MLP_ROW_ARRAYS];
    size_t bytes[MLP_ROW_ARRAYS];
    bool is_sender = mlp_comm_where(comm)->rank == 0;
    mlp_dataset_array_bytes(mine, bytes);
    mlp_dataset_arrays(mine, from);
    find_arrays(copy, mine->range.first, to);
    for (size_t i = 0; i < MLP_ROW_ARRAYS; i++) {
        if (bytes[i] > 0 && mine->range.count > 0) {
            memcpy(to[i], from[i], mine->range.count * bytes[i]);
        }
    }
    mlp_status status = mlp_transfers_create(comm, MLP_ROW_ARRAYS, &transfers);
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
    mlp_dataset copy = trainer->parts.train->here;
    size_t bytes[MLP_ROW_ARRAYS];
    char *at[MLP_ROW_ARRAYS];
    mlp_dataset_array_bytes(&copy, bytes);
    copy.range = (mlp_range){0, trainer->parts.train->rows};
    for (size_t i = 0; i < MLP_ROW_ARRAYS; i++) {
        at[i] = bytes[i] > 0 ? mlp_arena_cut(arena, copy.range.count, bytes[i])
                             : NULL;
    }
    mlp_dataset_use_arrays(&copy, at);
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
    char *at[MLP_ROW_ARRAYS];
    *rows = copy;
    rows->range = mlp_trainer_rows_of(trainer, shards);
    find_arrays(&copy, rows->range.first, at);
    mlp_dataset_use_arrays(rows, at);
    return fill_copy(trainer, &copy);
}
