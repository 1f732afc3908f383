/** @file
 *  Tests of the exchange of columns between nodes: every value of every row and
 *  column arrives where it is needed, in micro-batches of all sizes, and so do
 *  the rows that are sent ahead of these. With
 *  MLP_TEST_NODE_SIZE or MLP_TEST_NODES; on a single node nothing is exchanged.
 */
#include "exchange/exchange.h"

#include <check.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "run_ranks.h"
#include "team/place.h"

enum {
    SHARDS = 7,
    SHARD_ROWS = 5,
    COLUMNS = 16,
    ROUNDS = 40,
    THREADS_MOST = 3
};

static mlp_comm *comm;

typedef struct {
    mlp_node_team *team;
    mlp_exchange *exchange;
    mlp_range columns[SHARDS]; /* of nodes */
    size_t start[SHARDS + 1];  /* of shards, in the round under way */
    size_t round;
    uint32_t turn; /* whose rows were taken */
    atomic_size_t mistakes;
} drill;

static size_t columns_of(size_t node)
{
    return COLUMNS * (1 + node % 2) - node % 3;
}

static void deal_rows(size_t round, size_t start[SHARDS + 1])
{
    mlp_rng_key key = {1, MLP_RNG_TEST, 0};
    start[0] = 0;
    for (size_t s = 0; s < SHARDS; s++) {
        mlp_rng_block block = mlp_rng_draw(key, round, (uint32_t)s);
        /* the same rows in some rounds that follow each other */
        size_t rows = round % 4 == 1 ? 3 : block.word[0] % (SHARD_ROWS + 1);
        start[s + 1] = start[s] + rows;
    }
}

static mlp_range rows_of(const drill *d, size_t node)
{
    mlp_range shards =
        mlp_place_node_shards(mlp_comm_where(comm), node, SHARDS);
    size_t first = d->start[shards.first];
    return (mlp_range){first, d->start[shards.first + shards.count] - first};
}

static float value_of(const drill *d, mlp_values values, size_t row,
                      size_t column)
{
    return (float)(d->round * 1000000 + values * 500000 + row * 1000 + column);
}

/* A value as sent or received by columns: all rows of a node's. */
static float by_columns(const drill *d, mlp_values values, size_t node,
                        size_t i)
{
    size_t count = d->columns[node].count;
    return value_of(d, values, i / count, d->columns[node].first + i % count);
}

/* The same by rows: for each node its columns of this node's rows. */
static float by_rows(const drill *d, mlp_values values, size_t node, size_t i)
{
    mlp_range rows = rows_of(d, node);
    size_t k = 0;
    while (i >= rows.count * d->columns[k].count) {
        i -= rows.count * d->columns[k++].count;
    }
    size_t count = d->columns[k].count;
    return value_of(d, values, rows.first + i / count,
                    d->columns[k].first + i % count);
}

static size_t count_of(const drill *d, bool is_by_columns, size_t node)
{
    size_t nodes = mlp_comm_where(comm)->nodes;
    size_t all = d->columns[nodes - 1].first + d->columns[nodes - 1].count;
    return is_by_columns ? d->start[SHARDS] * d->columns[node].count
                         : rows_of(d, node).count * all;
}

/* The rows of a node of our columns, or its columns of our rows. */
static void send_block(const drill *d, mlp_values values, size_t node,
                       mlp_thread self, mlp_thread me)
{
    size_t here = mlp_comm_where(comm)->node;
    bool is_sums = values == MLP_COLUMNS_SUMS;
    mlp_range rows = rows_of(d, is_sums ? node : here);
    mlp_range columns = d->columns[is_sums ? here : node];
    float *block = mlp_exchange_block(d->exchange, values, node);
    mlp_range mine = mlp_thread_share(me, rows.count * columns.count);
    for (size_t i = mine.first; i < mine.first + mine.count; i++) {
        block[i] = value_of(d, values, rows.first + i / columns.count,
                            columns.first + i % columns.count);
    }
    mlp_exchange_send(d->exchange, values, node, self, me);
}

static void trade(drill *d, mlp_values values, mlp_thread self, mlp_thread me)
{
    size_t node = mlp_comm_where(comm)->node;
    bool is_sums = values == MLP_COLUMNS_SUMS;
    const float *received = mlp_exchange_received(d->exchange, values);
    for (size_t i = 0; i < mlp_comm_where(comm)->nodes; i++) {
        send_block(d, values, mlp_exchange_destination(d->exchange, i), self,
                   me);
    }
    mlp_exchange_receive(d->exchange, values, self);
    for (size_t i = 0; i < count_of(d, !is_sums, node); i++) {
        float expected = is_sums ? by_rows(d, values, node, i)
                                 : by_columns(d, values, node, i);
        d->mistakes += received[i] != expected;
    }
}

static void trade_round(void *context, mlp_thread self)
{
    drill *d = context;
    mlp_thread me = mlp_node_team_join(d->team, self);
    trade(d, MLP_COLUMNS_SUMS, self, me);
    trade(d, MLP_COLUMNS_DZ, self, me);
    mlp_node_team_meet(d->team, self, me);
}

/* ---- rows --------------------------------------------------------------- */

static const size_t row_bytes[MLP_EXCHANGE_ROW_ARRAYS] = {5, 1, 0, 2};

static char byte_of(size_t round, size_t array, size_t at)
{
    return (char)(round * 31 + array * 7 + at);
}

/* This rank's rows of a round. */
static void send_rows(drill *d, size_t round)
{
    size_t start[SHARDS + 1];
    mlp_range shards = mlp_place_rank_shards(mlp_comm_where(comm),
                                             mlp_comm_rank(comm), SHARDS);
    deal_rows(round, start);
    for (size_t i = 0; i < MLP_EXCHANGE_ROW_ARRAYS; i++) {
        char *to = mlp_exchange_rows_to_send(d->exchange, i);
        size_t end = start[shards.first + shards.count] * row_bytes[i];
        for (size_t k = start[shards.first] * row_bytes[i]; k < end; k++) {
            to[k] = byte_of(round, i, k);
        }
    }
    mlp_exchange_send_rows(d->exchange, start);
}

/* The round's rows, of which those to come are sent. As when training goes
 * back, it begins anew in the middle: what was sent is dropped. */
static void take_rows(drill *d)
{
    uint32_t sent = mlp_exchange_sent_rows(d->exchange);
    if (d->round == ROUNDS / 2) {
        d->turn = sent;
        mlp_exchange_await_rows(d->exchange, sent);
    }
    while (sent < d->turn + MLP_EXCHANGE_AHEAD) {
        send_rows(d, d->round + sent++ - d->turn);
    }
    mlp_exchange_await_rows(d->exchange, ++d->turn);
    for (size_t i = 0; i < MLP_EXCHANGE_ROW_ARRAYS; i++) {
        const char *rows = mlp_exchange_rows_received(d->exchange, i, d->turn);
        for (size_t k = 0; k < d->start[SHARDS] * row_bytes[i]; k++) {
            d->mistakes += rows[k] != byte_of(d->round, i, k);
        }
    }
}

/* ---- all ---------------------------------------------------------------- */

static mlp_status create(drill *d, size_t threads)
{
    static size_t sizes[] = {0, 48};
    const mlp_comm_place *place = mlp_comm_where(comm);
    const mlp_node_team_wish wish = {.threads = threads};
    size_t next = 0;
    for (size_t k = 0; k < place->nodes; k++) {
        d->columns[k] = (mlp_range){next, columns_of(k)};
        next += columns_of(k);
    }
    sizes[0] = 16 * (1 + place->node); /* other sizes on each node */
    mlp_exchange_shape shape = {.shards = SHARDS,
                                .layers = 2,
                                .layer_sizes = sizes,
                                .states = 1,
                                .metrics_per_shard = 1,
                                .columns = {d->columns, SHARD_ROWS, true}};
    memcpy(shape.columns.row_bytes, row_bytes, sizeof row_bytes);
    MLP_TRY(mlp_node_team_create(comm, &wish, &d->team));
    return mlp_exchange_create(comm, d->team, &shape, &d->exchange);
}

START_TEST(rows_and_values_of_all_columns_arrive)
{
    drill d = {0};
    mlp_status status = MLP_OK;
    if (mlp_comm_where(comm)->nodes > 1) {
        status = create(&d, (size_t)_i);
    }
    for (; d.exchange != NULL && d.round < ROUNDS; d.round++) {
        deal_rows(d.round, d.start);
        take_rows(&d);
        mlp_exchange_begin_rows(d.exchange, d.start);
        mlp_threads_run(NULL, (size_t)_i, trade_round, &d);
    }
    if (d.exchange != NULL) {
        mlp_exchange_await_rows(d.exchange, mlp_exchange_sent_rows(d.exchange));
    }
    mlp_exchange_destroy(&d.exchange);
    mlp_node_team_destroy(&d.team);
    uint64_t mistakes = d.mistakes + (status != MLP_OK);
    ck_assert_int_eq(mlp_comm_max(comm, &mistakes, 1), MLP_OK);
    ck_assert_uint_eq(mistakes, 0);
}
END_TEST

static Suite *create_suite(void)
{
    TCase *tests = tcase_create("columns");
    tcase_add_loop_test(tests, rows_and_values_of_all_columns_arrive, 1,
                        THREADS_MOST + 1);
    Suite *suite = suite_create("exchange of columns between nodes");
    suite_add_tcase(suite, tests);
    return suite;
}

int main(int argc, char **argv)
{
    return run_ranks(argc, argv, &comm, create_suite);
}
