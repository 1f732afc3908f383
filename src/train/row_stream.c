/** @file
 *  Rows sent ahead, where a node has no room for a copy of all (row_copy.c):
 *  for each micro-batch every rank sends the rows of its shards, some
 *  micro-batches before they are needed. It knows which these are, as their
 *  order is a function of seed, epoch and shard.
 *
 *  A run goes through its micro-batches one after the other, but begins
 *  anywhere when it is resumed or goes back to a checkpoint: what was sent is
 *  then let arrive, and dropped.
 */
#include <stdlib.h>
#include <string.h>

#include "rows/shard.h"

#include "internal.h"

_Static_assert((int)MLP_ROW_ARRAYS == (int)MLP_EXCHANGE_ROW_ARRAYS,
               "the exchange has memory for other arrays");

mlp_status mlp_trainer_create_stream(mlp_trainer *trainer)
{
    size_t shards = trainer->parts.config->shards;
    mlp_row_stream *s = &trainer->columns.stream;
    s->due.epoch = UINT64_MAX; /* none */
    s->shard_start = calloc(shards + 1, sizeof *s->shard_start);
    if (s->shard_start == NULL) {
        return mlp_fail_memory("rows to be sent");
    }
    return mlp_trainer_create_order(trainer, trainer->parts.train->shards,
                                    &s->order);
}

/* Let arrive what was sent. */
static void drain(mlp_trainer *trainer)
{
    mlp_row_stream *s = &trainer->columns.stream;
    s->turn = mlp_exchange_sent_rows(trainer->exchange);
    mlp_exchange_await_rows(trainer->exchange, s->turn);
}

void mlp_trainer_destroy_stream(mlp_trainer *trainer)
{
    mlp_row_stream *s = &trainer->columns.stream;
    if (s->order.sampler != NULL) {
        drain(trainer);
    }
    mlp_sampler_destroy(&s->order.sampler);
    free(s->shard_start);
    *s = (mlp_row_stream){0};
}

static size_t batches_of_epoch(const mlp_trainer *trainer)
{
    return mlp_epoch_steps(trainer->parts.train->rows,
                           trainer->parts.config->batch);
}

static void go_on(const mlp_trainer *trainer, mlp_batch_number *number)
{
    if (++number->index == batches_of_epoch(trainer)) {
        *number = (mlp_batch_number){number->epoch + 1, 0};
    }
}

/* ---- sending ----------------------------------------------------------- */

static void lay_shards(const mlp_trainer *trainer)
{
    const mlp_row_stream *s = &trainer->columns.stream;
    for (size_t i = 0; i < trainer->parts.config->shards; i++) {
        s->shard_start[i + 1] =
            s->shard_start[i] +
            mlp_sampler_count(s->order.sampler, s->next.index, i);
    }
}

static void write_rows(mlp_trainer *trainer)
{
    const mlp_row_stream *s = &trainer->columns.stream;
    const mlp_sharded *train = trainer->parts.train;
    const mlp_shard_batches batches =
        mlp_sampler_batch(s->order.sampler, s->next.index);
    size_t rows = batches.leaf_start[batches.leaves];
    size_t first = s->shard_start[train->shards.first];
    size_t bytes[MLP_ROW_ARRAYS];
    char *from[MLP_ROW_ARRAYS];
    mlp_dataset_array_bytes(&train->here, bytes);
    mlp_dataset_arrays(&train->here, from);
    for (size_t i = 0; i < MLP_ROW_ARRAYS; i++) {
        char *to = (char *)mlp_exchange_rows_to_send(trainer->exchange, i) +
                   first * bytes[i];
        if (i == MLP_ROW_VALUES && train->here.file != NULL) {
            memcpy(to, mlp_reader_take(train->here.reader, rows),
                   rows * bytes[i]);
            continue;
        }
        for (size_t r = 0; r < rows && bytes[i] > 0; r++) {
            memcpy(to + r * bytes[i], from[i] + batches.rows[r] * bytes[i],
                   bytes[i]);
        }
    }
}

static void send_next(mlp_trainer *trainer)
{
    mlp_row_stream *s = &trainer->columns.stream;
    mlp_trainer_expect_rows(trainer, &s->order, &trainer->parts.train->here,
                            s->next.epoch, s->next.index);
    lay_shards(trainer);
    write_rows(trainer);
    mlp_exchange_send_rows(trainer->exchange, s->shard_start);
    go_on(trainer, &s->next);
}

/* ---- taking ------------------------------------------------------------ */

/* The rows that this rank gathers, of all that are here. */
static void find_rows(mlp_trainer *trainer)
{
    const mlp_trainer_node *node = &trainer->node;
    mlp_dataset *rows = &trainer->columns.rows;
    size_t bytes[MLP_ROW_ARRAYS];
    char *at[MLP_ROW_ARRAYS];
    *rows = trainer->parts.train->here;
    rows->file = NULL;
    rows->reader = NULL;
    rows->is_dealt = true;
    rows->range = mlp_trainer_rows_of(trainer, node->gathered);
    mlp_dataset_array_bytes(rows, bytes);
    for (size_t i = 0; i < MLP_ROW_ARRAYS; i++) {
        at[i] = (char *)mlp_exchange_rows_received(
                    trainer->exchange, i, trainer->columns.stream.turn) +
                node->fed_start[node->gathered.first] * bytes[i];
        at[i] = bytes[i] > 0 ? at[i] : NULL;
    }
    mlp_dataset_use_arrays(rows, at);
}

void mlp_trainer_take_rows(mlp_trainer *trainer, uint64_t epoch, size_t index)
{
    mlp_row_stream *s = &trainer->columns.stream;
    if (s->due.epoch != epoch || s->due.index != index) {
        drain(trainer);
        s->due = s->next = (mlp_batch_number){epoch, index};
        s->order.is_expected = false;
    }
    while (mlp_exchange_sent_rows(trainer->exchange) <
           s->turn + MLP_EXCHANGE_AHEAD) {
        send_next(trainer);
    }
    s->turn++;
    mlp_exchange_await_rows(trainer->exchange, s->turn);
    find_rows(trainer);
    go_on(trainer, &s->due);
}
