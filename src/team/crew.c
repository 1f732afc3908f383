/** @file
 *  The crew of a node: who computes, and where they meet.
 */
#include "crew.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>

#include "place.h"

enum { SHARES_MOST = 8 };

/* What a rank says of itself. A cache line of its own at least. */
typedef struct {
    _Alignas(64) size_t threads;    /* in the batch under way; 0: idle */
    size_t most;                    /* at any time */
    uint8_t cpus[MLP_THREADS_CPUS]; /* that it may run on: 0 or 1 */
} rank_facts;

typedef struct {
    _Alignas(64) mlp_counter handed_in; /* ranks times batches */
    _Alignas(64) mlp_counter dismissed; /* batches */
    mlp_gate gate;                      /* of all working threads */
    rank_facts ranks[];                 /* [size] */
} crew_board;

struct mlp_crew {
    mlp_comm *comm;  /* the team */
    mlp_comm *alone; /* this rank's own team, or NULL */
    const mlp_comm_place *place;
    crew_board *board;
    mlp_shared *shares[SHARES_MOST];
    size_t share_count;
    void **segments; /* [size], scratch of a share */
    size_t workers, worker, threads;
    bool is_crowded;           /* more ranks than cores */
    uint32_t batches;          /* handed in; by the last thread to do so */
    uint32_t dismissals;       /* by the thread that counts them */
    _Atomic size_t handing_in; /* threads that have */
};

/* ---- who computes ------------------------------------------------------ */

/* Take up to `want` of the cpus that are left; how many there were. */
static size_t take_cpus(const rank_facts *rank, uint8_t *taken, size_t want)
{
    size_t count = 0;
    for (size_t cpu = 0; cpu < MLP_THREADS_CPUS && count < want; cpu++) {
        if (rank->cpus[cpu] != 0 && taken[cpu] == 0) {
            taken[cpu] = 1;
            count++;
        }
    }
    return count;
}

/* MLP_TEST_WORKERS=k lets the first k ranks of a node compute, so that a test
 * has them on few cores. */
static size_t wanted_workers(void)
{
    const char *text = getenv("MLP_TEST_WORKERS");
    long count = text != NULL ? strtol(text, NULL, 10) : 0;
    return count > 0 ? (size_t)count : 0;
}

/* The first rank, and each one after it whose threads find free cores. Between
 * nodes all of them: each has its lane there. */
static void choose_workers(mlp_crew *crew, bool is_short)
{
    uint8_t taken[MLP_THREADS_CPUS] = {0};
    size_t wanted = wanted_workers();
    bool is_far = mlp_comm_where(crew->comm)->nodes > 1;
    crew->worker = SIZE_MAX;
    for (size_t r = 0; r < crew->place->size; r++) {
        const rank_facts *rank = &crew->board->ranks[r];
        bool has_cores = take_cpus(rank, taken, rank->most) == rank->most;
        bool works = wanted > 0 ? r < wanted : has_cores && !is_short;
        crew->is_crowded = crew->is_crowded || !has_cores;
        if (works || is_far || r == 0) {
            crew->worker =
                r == crew->place->rank ? crew->workers : crew->worker;
            crew->workers++;
            crew->threads += rank->most;
        }
    }
}

static mlp_status set_up(mlp_crew *crew, const mlp_crew_wish *wish)
{
    void *memory;
    MLP_TRY(mlp_crew_share(crew,
                           sizeof *crew->board +
                               crew->place->size * sizeof *crew->board->ranks,
                           &memory));
    crew->board = memory;
    rank_facts *mine = &crew->board->ranks[crew->place->rank];
    mine->most = wish->threads;
    mlp_threads_allowed(mine->cpus);
    MLP_TRY(mlp_comm_agree(mlp_crew_home(crew), MLP_OK)); /* all have said so */
    choose_workers(crew, wish->is_short);
    if (crew->place->rank == 0) {
        crew->board->gate.is_crowded = crew->is_crowded;
    }
    return mlp_comm_agree(mlp_crew_home(crew), MLP_OK);
}

/* All that this rank can do by itself. */
static mlp_status prepare(mlp_crew *crew, bool is_alone)
{
    if (is_alone) {
        MLP_TRY(mlp_comm_serial_create(&crew->alone));
    }
    crew->place = mlp_comm_where(mlp_crew_home(crew));
    crew->segments = calloc(crew->place->size, sizeof *crew->segments);
    return crew->segments == NULL ? mlp_fail_memory("the crew") : MLP_OK;
}

mlp_status mlp_crew_create(mlp_comm *comm, const mlp_crew_wish *wish,
                           mlp_crew **crew)
{
    mlp_crew *made = calloc(1, sizeof *made);
    mlp_status status = made == NULL ? mlp_fail_memory("the crew") : MLP_OK;
    *crew = made;
    if (made != NULL) {
        made->comm = comm;
        status = prepare(made, wish->is_alone);
    }
    status = mlp_comm_agree(comm, status);
    if (status == MLP_OK) {
        status = mlp_comm_agree(comm, set_up(made, wish));
    }
    if (status != MLP_OK) {
        mlp_crew_destroy(crew);
    }
    return status;
}

void mlp_crew_destroy(mlp_crew **crew)
{
    mlp_crew *old = *crew;
    if (old == NULL) {
        return;
    }
    while (old->share_count > 0) {
        mlp_shared_destroy(&old->shares[--old->share_count]);
    }
    mlp_comm_destroy(&old->alone);
    free(old->segments);
    free(old);
    *crew = NULL;
}

mlp_comm *mlp_crew_home(const mlp_crew *crew)
{
    return crew->alone != NULL ? crew->alone : crew->comm;
}

mlp_range mlp_crew_shards(const mlp_crew *crew, size_t shards)
{
    const mlp_comm_place *place = mlp_comm_where(crew->comm);
    size_t rank = mlp_comm_rank(crew->comm);
    return crew->alone != NULL
               ? mlp_place_rank_shards(place, rank, shards)
               : mlp_place_node_shards(place, place->node, shards);
}

size_t mlp_crew_workers(const mlp_crew *crew)
{
    return crew->workers;
}

size_t mlp_crew_worker(const mlp_crew *crew)
{
    return crew->worker;
}

size_t mlp_crew_threads(const mlp_crew *crew)
{
    return crew->threads;
}

bool mlp_crew_is_idle(const mlp_crew *crew)
{
    return crew->worker >= crew->workers;
}

mlp_status mlp_crew_share(mlp_crew *crew, size_t bytes, void **memory)
{
    mlp_comm *home = mlp_crew_home(crew);
    assert(crew->share_count < SHARES_MOST);
    MLP_TRY(mlp_comm_share(home, crew->place->rank == 0 ? bytes : 0,
                           crew->segments, &crew->shares[crew->share_count]));
    crew->share_count++;
    *memory = crew->segments[0];
    return MLP_OK;
}

/* ---- a batch ----------------------------------------------------------- */

/* Returns the count at which all ranks have handed in. Every thread reads how
 * many batches there were before it says that it is ready; the last one writes
 * it before it tells the others. */
static uint32_t hand_in(mlp_crew *crew, size_t threads, size_t working)
{
    uint32_t batch = crew->batches + 1;
    uint32_t target = batch * (uint32_t)crew->place->size;
    if (atomic_fetch_add(&crew->handing_in, 1) + 1 == threads) {
        atomic_store(&crew->handing_in, 0);
        crew->batches = batch;
        crew->board->ranks[crew->place->rank].threads = working;
        mlp_wait_add(&crew->board->handed_in, 1, target);
    }
    return target;
}

/* Thread 0 shows the rank's watchdog that it waits for others. */
static void show_waiting(const mlp_crew *crew, mlp_thread self, bool is_waiting)
{
    if (self.index == 0) {
        mlp_pulse_wait(mlp_comm_pulse(crew->comm), is_waiting);
    }
}

mlp_thread mlp_crew_join(mlp_crew *crew, mlp_thread self)
{
    if (crew->place->size == 1) {
        return self;
    }
    uint32_t target = hand_in(crew, self.count, self.count);
    show_waiting(crew, self, true);
    mlp_wait_until(&crew->board->handed_in, target, crew->is_crowded);
    show_waiting(crew, self, false);
    mlp_thread me = {self.index, 0, &crew->board->gate};
    for (size_t r = 0; r < crew->place->size; r++) {
        size_t threads = crew->board->ranks[r].threads;
        me.index += r < crew->place->rank ? threads : 0;
        me.count += threads;
    }
    return me;
}

void mlp_crew_meet(mlp_crew *crew, mlp_thread self, mlp_thread me)
{
    bool has_others = crew->place->size > 1;
    if (has_others) {
        show_waiting(crew, self, true);
    }
    mlp_thread_barrier(me);
    if (has_others) {
        show_waiting(crew, self, false);
    }
}

void mlp_crew_dismiss(mlp_crew *crew)
{
    if (crew->workers < crew->place->size) {
        mlp_wait_add(&crew->board->dismissed, 1, ++crew->dismissals);
    }
}

void mlp_crew_hand_in(mlp_crew *crew)
{
    hand_in(crew, 1, 0);
}

void mlp_crew_await(mlp_crew *crew)
{
    mlp_thread self = {0, 1, NULL};
    show_waiting(crew, self, true);
    mlp_wait_until(&crew->board->dismissed, ++crew->dismissals, true);
    show_waiting(crew, self, false);
}
