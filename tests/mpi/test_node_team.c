/** @file
 *  Tests of a node team of several ranks: which ranks are workers, and their
 *  synchronization. With MLP_TEST_WORKERS there are more workers than cores.
 */
#include "team/node_team.h"

#include <check.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include "run_ranks.h"

enum { BATCHES = 300, THREADS_MAX = 3, ROWS = 5 };

static mlp_comm *comm;

static size_t size_of(const mlp_node_team *team)
{
    return mlp_comm_where(mlp_node_team_home(team))->size;
}

static size_t rank_in(const mlp_node_team *team)
{
    return mlp_comm_where(mlp_node_team_home(team))->rank;
}

static mlp_node_team *create(const mlp_node_team_wish *wish)
{
    mlp_node_team *team;
    if (mlp_node_team_create(comm, wish, &team) != MLP_OK) {
        abort(); /* an assertion here would leave the other ranks waiting */
    }
    return team;
}

/* On all ranks, so that all fail together. */
static void expect_none(uint64_t mistakes)
{
    ck_assert_int_eq(mlp_comm_sum(comm, &mistakes, 1), MLP_OK);
    ck_assert_uint_eq(mistakes, 0);
}

/* Workers are numbered, the first rank is one of them, and ranks are idle only
 * if steps are short or cores few. */
START_TEST(workers_are_numbered_in_order_of_ranks)
{
    const mlp_node_team_wish wish = {.threads = 1, .is_short = _i == 1};
    mlp_node_team *team = create(&wish);
    uint64_t mistakes = 0;
    uint64_t workers = !mlp_node_team_is_idle(team);
    size_t place = mlp_node_team_worker(team);
    mistakes += rank_in(team) == 0 && place != 0;
    mistakes += workers != (place < mlp_node_team_workers(team));
    mistakes += workers && place > rank_in(team);
    mistakes += mlp_comm_sum(comm, &workers, 1) != MLP_OK;
    mistakes += mlp_comm_where(comm)->nodes == 1 &&
                workers != mlp_node_team_workers(team);
    bool is_bound = mlp_threads_cores() < mlp_threads_online();
    if (getenv("MLP_TEST_WORKERS") == NULL && !is_bound &&
        mlp_comm_where(comm)->nodes == 1) {
        size_t cores = mlp_threads_cores();
        size_t most = size_of(team) < cores ? size_of(team) : cores;
        mistakes += mlp_node_team_workers(team) != (_i == 1 ? 1 : most);
    }
    mlp_node_team_destroy(&team);
    expect_none(mistakes);
}
END_TEST

START_TEST(alone_each_rank_is_a_node_team)
{
    const mlp_node_team_wish wish = {.threads = 2, .is_alone = true};
    mlp_node_team *team = create(&wish);
    uint64_t mistakes = mlp_node_team_is_idle(team) || size_of(team) != 1;
    mlp_range run = mlp_node_team_shards(team, mlp_comm_size(comm));
    const mlp_comm_place *place = mlp_comm_where(comm);
    mistakes += run.count != 1;
    mistakes += place->nodes == 1 && run.first != place->rank;
    mlp_node_team_destroy(&team);
    expect_none(mistakes);
}
END_TEST

/* Ranks hand in rows; every worker's thread adds up all rows and writes the sum
 * for the others to check. */
typedef struct {
    mlp_node_team *team;
    uint32_t *rows; /* [ranks, ROWS], of the current batch */
    uint64_t *sums; /* [threads of the node team] */
    size_t threads;
    uint64_t mistakes[THREADS_MAX];
} drill;

static uint32_t row_of(size_t rank, size_t row, size_t batch)
{
    return (uint32_t)((rank + 3) * (batch + 1) * (row + 1));
}

static void nap(size_t who, size_t batch)
{
    if ((who * 31 + batch * 17) % 23 == 0) {
        usleep(100 + (unsigned)(who * batch % 300));
    }
}

static void fill_rows(const drill *d, mlp_thread self, size_t batch)
{
    size_t rank = rank_in(d->team);
    mlp_range mine = mlp_thread_share(self, ROWS);
    nap(rank * THREADS_MAX + self.index, batch);
    for (size_t r = mine.first; r < mine.first + mine.count; r++) {
        d->rows[rank * ROWS + r] = row_of(rank, r, batch);
    }
}

static uint64_t expected_sum(const drill *d, size_t batch)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < size_of(d->team) * ROWS; i++) {
        sum += row_of(i / ROWS, i % ROWS, batch);
    }
    return sum;
}

static void work(drill *d, mlp_thread self, size_t batch)
{
    mlp_thread me = mlp_node_team_join(d->team, self);
    if (size_of(d->team) == 1) {
        mlp_node_team_meet(d->team, self, me);
    }
    uint64_t sum = 0;
    for (size_t i = 0; i < size_of(d->team) * ROWS; i++) {
        sum += d->rows[i];
    }
    nap(me.index, batch);
    d->sums[me.index] = sum;
    mlp_node_team_meet(d->team, self, me);
    for (size_t t = 0; t < me.count; t++) {
        d->mistakes[self.index] += d->sums[t] != expected_sum(d, batch);
    }
    mlp_node_team_meet(d->team, self, me);
    d->mistakes[self.index] += me.count > mlp_node_team_threads(d->team);
    if (me.index == 0) {
        mlp_node_team_dismiss(d->team);
    }
}

static void run(void *context, mlp_thread self)
{
    drill *d = context;
    for (size_t batch = 0; batch < BATCHES; batch++) {
        fill_rows(d, self, batch);
        if (mlp_node_team_is_idle(d->team)) {
            mlp_node_team_hand_in(d->team);
            mlp_node_team_await(d->team);
        } else {
            work(d, self, batch);
        }
    }
}

START_TEST(every_thread_sees_the_rows_of_all_ranks)
{
    const mlp_node_team_wish wish = {.threads = (size_t)_i};
    drill d = {.team = create(&wish)};
    void *rows = NULL;
    void *sums = NULL;
    size_t size = size_of(d.team);
    if (mlp_node_team_share(d.team, size * ROWS * sizeof *d.rows, &rows) !=
            MLP_OK ||
        mlp_node_team_share(d.team, size * THREADS_MAX * sizeof *d.sums,
                            &sums) != MLP_OK) {
        abort();
    }
    d.rows = rows;
    d.sums = sums;
    mlp_threads_run(NULL, mlp_node_team_is_idle(d.team) ? 1 : (size_t)_i, run,
                    &d);
    uint64_t mistakes = 0;
    for (size_t t = 0; t < THREADS_MAX; t++) {
        mistakes += d.mistakes[t];
    }
    mlp_node_team_destroy(&d.team);
    expect_none(mistakes);
}
END_TEST

static Suite *create_suite(void)
{
    TCase *tests = tcase_create("node_team");
    tcase_add_loop_test(tests, workers_are_numbered_in_order_of_ranks, 0, 2);
    tcase_add_test(tests, alone_each_rank_is_a_node_team);
    tcase_add_loop_test(tests, every_thread_sees_the_rows_of_all_ranks, 1,
                        THREADS_MAX + 1);
    Suite *suite = suite_create("node team of several ranks");
    suite_add_tcase(suite, tests);
    return suite;
}

int main(int argc, char **argv)
{
    return run_ranks(argc, argv, &comm, create_suite);
}
