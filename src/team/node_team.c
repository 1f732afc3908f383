/** @file
 *  The node team: which ranks compute, and synchronization of their threads.
 */
#include "node_team.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>

#include "place.h"

enum { BLOCKS_MAX = 16 };

/* What a rank publishes of itself, on cache lines of its own. */
typedef struct {
    _Alignas(64) size_t threads;    /* in the current batch; 0: idle */
    size_t most;                    /* maximum */
    uint8_t cpus[MLP_THREADS_CPUS]; /* that it may run on: 0 or 1 */
} rank_facts;

typedef struct {
    mlp_gate handed_in; /* of the ranks: their rows are written */
    mlp_gate dismissed; /* of the node team's thread 0: they are not needed */
    mlp_gate gate;      /* of the workers' threads */
    rank_facts ranks[]; /* [size] */
} node_board;

struct mlp_node_team {
    mlp_comm *comm;  /* the team */
    mlp_comm *alone; /* this rank's own team, or NULL */
    const mlp_comm_place *place;
    node_board *board;
    mlp_shared *blocks[BLOCKS_MAX];
    size_t block_count;
    void **segments; /* [size], scratch of mlp_node_team_share */
    size_t workers, worker, threads;
    bool is_crowded;           /* the workers have more threads than cores */
    uint32_t dismissals;       /* that this idle rank has seen */
    _Atomic size_t handing_in; /* threads that have handed in */
};

/* ---- workers ----------------------------------------------------------- */

/* Take up to `most` of the rank's free cpus; returns their number. */
static size_t take_cpus(const rank_facts *rank, uint8_t *taken, size_t most)
{
    size_t count = 0;
    for (size_t cpu = 0; cpu < MLP_THREADS_CPUS && count < most; cpu++) {
        if (rank->cpus[cpu] != 0 && taken[cpu] == 0) {
            taken[cpu] = 1;
            count++;
        }
    }
    return count;
}

/* MLP_TEST_WORKERS=k makes the first k ranks of a node workers, for tests on
 * few cores. */
static size_t wanted_workers(void)
{
    const char *text = getenv("MLP_TEST_WORKERS");
    long count = text != NULL ? strtol(text, NULL, 10) : 0;
    return count > 0 ? (size_t)count : 0;
}

/* Workers are the first rank and every other one with a free core per thread;
 * with several nodes, all ranks, since each has transfers of its own. */
static void choose_workers(mlp_node_team *team, bool is_short)
{
    uint8_t taken[MLP_THREADS_CPUS] = {0};
    size_t wanted = wanted_workers();
    bool is_far = mlp_comm_where(team->comm)->nodes > 1;
    bool lacks_cores = false; /* some rank, idle or not */
    team->worker = SIZE_MAX;
    for (size_t r = 0; r < team->place->size; r++) {
        const rank_facts *rank = &team->board->ranks[r];
        bool has_cores = take_cpus(rank, taken, rank->most) == rank->most;
        bool works = wanted > 0 ? r < wanted : has_cores && !is_short;
        lacks_cores = lacks_cores || !has_cores;
        if (works || is_far || r == 0) {
            team->is_crowded = team->is_crowded || !has_cores;
            team->worker =
                r == team->place->rank ? team->workers : team->worker;
            team->workers++;
            team->threads += rank->most;
        }
    }
    if (team->place->rank == 0) {
        team->board->handed_in.is_crowded = lacks_cores;
        team->board->dismissed.is_crowded = true;
        team->board->gate.is_crowded = team->is_crowded;
    }
}

static mlp_status set_up(mlp_node_team *team, const mlp_node_team_wish *wish)
{
    void *memory;
    MLP_TRY(mlp_node_team_share(
        team,
        sizeof *team->board + team->place->size * sizeof *team->board->ranks,
        &memory));
    team->board = memory;
    rank_facts *mine = &team->board->ranks[team->place->rank];
    mine->most = wish->threads;
    mlp_threads_allowed(mine->cpus);
    MLP_TRY(mlp_comm_agree(mlp_node_team_home(team),
                           MLP_OK)); /* all facts are written */
    choose_workers(team, wish->is_short);
    return mlp_comm_agree(mlp_node_team_home(team), MLP_OK);
}

/* Everything that needs no other rank. */
static mlp_status prepare(mlp_node_team *team, bool is_alone)
{
    if (is_alone) {
        MLP_TRY(mlp_comm_serial_create(&team->alone));
    }
    team->place = mlp_comm_where(mlp_node_team_home(team));
    team->segments = calloc(team->place->size, sizeof *team->segments);
    return team->segments == NULL ? mlp_fail_memory("the node team") : MLP_OK;
}

mlp_status mlp_node_team_create(mlp_comm *comm, const mlp_node_team_wish *wish,
                                mlp_node_team **team)
{
    mlp_node_team *made = calloc(1, sizeof *made);
    mlp_status status =
        made == NULL ? mlp_fail_memory("the node team") : MLP_OK;
    *team = made;
    if (made != NULL) {
        made->comm = comm;
        status = prepare(made, wish->is_alone);
    }
    status = mlp_comm_agree(comm, status);
    if (status == MLP_OK) {
        status = mlp_comm_agree(comm, set_up(made, wish));
    }
    if (status != MLP_OK) {
        mlp_node_team_destroy(team);
    }
    return status;
}

void mlp_node_team_destroy(mlp_node_team **team)
{
    mlp_node_team *old = *team;
    if (old == NULL) {
        return;
    }
    while (old->block_count > 0) {
        mlp_shared_destroy(&old->blocks[--old->block_count]);
    }
    mlp_comm_destroy(&old->alone);
    free(old->segments);
    free(old);
    *team = NULL;
}

mlp_comm *mlp_node_team_home(const mlp_node_team *team)
{
    return team->alone != NULL ? team->alone : team->comm;
}

mlp_range mlp_node_team_shards(const mlp_node_team *team, size_t shards)
{
    const mlp_comm_place *place = mlp_comm_where(team->comm);
    size_t rank = mlp_comm_rank(team->comm);
    return team->alone != NULL
               ? mlp_place_rank_shards(place, rank, shards)
               : mlp_place_node_shards(place, place->node, shards);
}

size_t mlp_node_team_workers(const mlp_node_team *team)
{
    return team->workers;
}

size_t mlp_node_team_worker(const mlp_node_team *team)
{
    return team->worker;
}

size_t mlp_node_team_threads(const mlp_node_team *team)
{
    return team->threads;
}

bool mlp_node_team_is_crowded(const mlp_node_team *team)
{
    return team->is_crowded;
}

bool mlp_node_team_is_idle(const mlp_node_team *team)
{
    return team->worker >= team->workers;
}

mlp_status mlp_node_team_share(mlp_node_team *team, size_t bytes, void **memory)
{
    mlp_comm *home = mlp_node_team_home(team);
    assert(team->block_count < BLOCKS_MAX);
    MLP_TRY(mlp_comm_share(home, team->place->rank == 0 ? bytes : 0,
                           team->segments, &team->blocks[team->block_count]));
    team->block_count++;
    *memory = team->segments[0];
    return MLP_OK;
}

/* ---- batches ----------------------------------------------------------- */

/* Returns the ticket of all ranks' handing in. A rank arrives when all its
 * threads are here, whose number the others learn so. */
static uint32_t hand_in(mlp_node_team *team, size_t threads, size_t working)
{
    uint32_t ticket = mlp_gate_ticket(&team->board->handed_in);
    if (atomic_fetch_add(&team->handing_in, 1) + 1 == threads) {
        atomic_store(&team->handing_in, 0);
        team->board->ranks[team->place->rank].threads = working;
        mlp_gate_arrive(&team->board->handed_in, team->place->size);
    }
    return ticket;
}

/* Thread 0 reports to the watchdog that it waits for others. */
static void show_waiting(const mlp_node_team *team, mlp_thread self,
                         bool is_waiting)
{
    if (self.index == 0) {
        mlp_pulse_wait(mlp_comm_pulse(team->comm), is_waiting);
    }
}

mlp_thread mlp_node_team_join(mlp_node_team *team, mlp_thread self)
{
    if (team->place->size == 1) {
        return self;
    }
    uint32_t ticket = hand_in(team, self.count, self.count);
    show_waiting(team, self, true);
    mlp_gate_wait(&team->board->handed_in, ticket);
    show_waiting(team, self, false);
    mlp_thread me = {self.index, 0, &team->board->gate};
    for (size_t r = 0; r < team->place->size; r++) {
        size_t threads = team->board->ranks[r].threads;
        me.index += r < team->place->rank ? threads : 0;
        me.count += threads;
    }
    return me;
}

void mlp_node_team_meet(mlp_node_team *team, mlp_thread self, mlp_thread me)
{
    bool has_others = team->place->size > 1;
    if (has_others) {
        show_waiting(team, self, true);
    }
    mlp_thread_barrier(me);
    if (has_others) {
        show_waiting(team, self, false);
    }
}

void mlp_node_team_dismiss(mlp_node_team *team)
{
    if (team->workers < team->place->size) {
        mlp_gate_arrive(&team->board->dismissed, 1);
    }
}

void mlp_node_team_hand_in(mlp_node_team *team)
{
    hand_in(team, 1, 0);
}

void mlp_node_team_await(mlp_node_team *team)
{
    mlp_thread self = {0, 1, NULL};
    show_waiting(team, self, true);
    mlp_gate_wait(&team->board->dismissed, ++team->dismissals);
    show_waiting(team, self, false);
}
