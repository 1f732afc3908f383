/** @file
 *  The team over MPI: communication between ranks. Set up in comm_world.c.
 *
 *  Counts in MPI are int: broadcasts and reductions are split.
 */
#include "comm_mpi.h"

#include <assert.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <time.h>

enum { COUNT_MOST = 1 << 28, ALIGNMENT = 64 };

static mpi_comm *as_mpi(mlp_comm *comm)
{
    return (mpi_comm *)comm;
}

mlp_status mlp_comm_mpi_check(const char *call, int code)
{
    if (code == MPI_SUCCESS) {
        return MLP_OK;
    }
    char text[MPI_MAX_ERROR_STRING] = "";
    int length;
    MPI_Error_string(code, text, &length);
    return mlp_fail(MLP_ERROR_INTERNAL, "%s: %s", call, text);
}

static void free_comm(MPI_Comm *comm)
{
    if (*comm != MPI_COMM_NULL) {
        MPI_Comm_free(comm);
    }
}

static void mpi_destroy(mlp_comm *comm)
{
    mpi_comm *c = as_mpi(comm);
    bool is_guest = c->is_guest;
    free_comm(&c->column);
    free_comm(&c->node);
    free_comm(&c->world);
    free(c->node_of);
    free(c);
    if (!is_guest) {
        MPI_Finalize();
    }
}

__attribute__((noreturn)) static void mpi_abort(mlp_comm *comm,
                                                mlp_status status)
{
    MPI_Abort(as_mpi(comm)->world, (int)status);
    abort(); /* MPI_Abort does not return, but is not declared so */
}

/* MPI's own waits may spin, which takes a core from the rank that is waited for
 * where ranks share cores: they take turns of milliseconds.
 * @param pause  to sleep between polls; NULL: yield the core to other threads
 */
static mlp_status await(MPI_Request *request, const struct timespec *pause)
{
    for (int is_done = 0;;) {
        MLP_TRY(mlp_comm_mpi_check(
            "MPI_Test", MPI_Test(request, &is_done, MPI_STATUS_IGNORE)));
        if (is_done) {
            return MLP_OK;
        }
        if (pause != NULL) {
            nanosleep(pause, NULL);
        } else {
            sched_yield();
        }
    }
}

static mlp_status mpi_broadcast(mlp_comm *comm, size_t root, void *bytes,
                                size_t n)
{
    char *next = bytes;
    MPI_Request request;
    while (n > 0) {
        size_t count = n < COUNT_MOST ? n : COUNT_MOST;
        MLP_TRY(mlp_comm_mpi_check(
            "MPI_Ibcast", MPI_Ibcast(next, (int)count, MPI_BYTE, (int)root,
                                     as_mpi(comm)->world, &request)));
        MLP_TRY(await(&request, NULL));
        next += count;
        n -= count;
    }
    return MLP_OK;
}

static MPI_Op op_of(mlp_comm_reduction reduction)
{
    switch (reduction) {
    case MLP_COMM_SUM:
        return MPI_SUM;
    case MLP_COMM_MAX:
        return MPI_MAX;
    case MLP_COMM_MIN:
        return MPI_MIN;
    }
    return MPI_OP_NULL;
}

static mlp_status mpi_reduce(mlp_comm *comm, mlp_comm_reduction reduction,
                             uint64_t *values, size_t n)
{
    MPI_Request request;
    while (n > 0) {
        size_t count = n < COUNT_MOST ? n : COUNT_MOST;
        MLP_TRY(mlp_comm_mpi_check(
            "MPI_Iallreduce",
            MPI_Iallreduce(MPI_IN_PLACE, values, (int)count, MPI_UINT64_T,
                           op_of(reduction), as_mpi(comm)->world, &request)));
        MLP_TRY(await(&request, NULL));
        values += count;
        n -= count;
    }
    return MLP_OK;
}

static mlp_status mpi_sleeping_barrier(mlp_comm *comm)
{
    static const struct timespec pause = {0, 2000000};
    MPI_Request request;
    MLP_TRY(mlp_comm_mpi_check("MPI_Ibarrier",
                               MPI_Ibarrier(as_mpi(comm)->world, &request)));
    return await(&request, &pause);
}

typedef struct {
    mlp_shared base;
    MPI_Win window;
} mpi_shared;

/* Each rank's range on separate pages, placed in its NUMA node's memory. */
static int allocate_window(MPI_Comm node, size_t bytes, MPI_Win *window)
{
    MPI_Info info;
    void *mine;
    MPI_Info_create(&info);
    MPI_Info_set(info, "alloc_shared_noncontig", "true");
    int code =
        MPI_Win_allocate_shared((MPI_Aint)bytes, 1, info, node, &mine, window);
    MPI_Info_free(&info);
    return code;
}

/* The first aligned byte. Mappings are page-aligned, so it is the same byte in
 * all processes. */
static void *align_up(void *p)
{
    return (char *)p + (-(uintptr_t)p & (ALIGNMENT - 1));
}

static mlp_status open_window(mpi_comm *c, size_t bytes, void **segments,
                              MPI_Win *window)
{
    MLP_TRY(mlp_comm_mpi_check(
        "MPI_Win_allocate_shared",
        allocate_window(c->node, bytes + ALIGNMENT, window)));
    MPI_Win_set_errhandler(*window, MPI_ERRORS_RETURN);
    for (size_t i = 0; i < c->base.place.size; i++) {
        MPI_Aint size;
        int unit;
        MLP_TRY(mlp_comm_mpi_check(
            "MPI_Win_shared_query",
            MPI_Win_shared_query(*window, (int)i, &size, &unit, &segments[i])));
        segments[i] = align_up(segments[i]);
    }
    memset(segments[c->base.place.rank], 0, bytes);
    /* Ranks use plain loads, stores and C11 atomics. The standard requires an
     * access epoch, which lasts as long as the window. */
    return mlp_comm_mpi_check("MPI_Win_lock_all",
                              MPI_Win_lock_all(MPI_MODE_NOCHECK, *window));
}

/* The directory of Open MPI's window files, by default. */
static const char *window_directory(void)
{
    const char *directory = getenv("OMPI_MCA_osc_sm_backing_directory");
    return directory != NULL ? directory : "/dev/shm";
}

static uint64_t mpi_shared_room(mlp_comm *comm)
{
    struct statvfs facts;
    (void)comm;
    return statvfs(window_directory(), &facts) == 0
               ? (uint64_t)facts.f_bavail * facts.f_frsize
               : UINT64_MAX; /* not this MPI */
}

/* MPI reports a window that does not fit to its owner only, and the other ranks
 * hang. Containers often have 64 MB. */
static mlp_status check_room(mlp_comm *comm, size_t bytes)
{
    double room = (double)mpi_shared_room(comm);
    double need = 1.05 * (double)bytes;
    return need <= room
               ? MLP_OK
               : mlp_fail(MLP_ERROR_INTERNAL,
                          "the ranks of a node need %.0f MB of shared memory, "
                          "and %s has %.0f MB: a smaller --batch, one rank "
                          "with --threads, or more of it (docker: --shm-size)",
                          1e-6 * need, window_directory(), 1e-6 * room);
}

static mlp_status mpi_share(mlp_comm *comm, size_t bytes, void **segments,
                            mlp_shared **shared)
{
    mpi_shared *s = calloc(1, sizeof *s);
    mlp_status status =
        s == NULL ? mlp_fail_memory("shared memory") : check_room(comm, bytes);
    status = mlp_comm_agree(comm, status);
    if (status != MLP_OK) {
        free(s);
        return status;
    }
    assert(s != NULL); /* as all ranks agreed on success */
    s->base.comm = comm;
    status = open_window(as_mpi(comm), bytes, segments, &s->window);
    status = mlp_comm_agree(comm, status); /* and all memory is zeroed */
    if (status != MLP_OK) {
        /* Don't free the window: that is collective, and some ranks may have
         * none. */
        free(s);
        return status;
    }
    *shared = &s->base;
    return MLP_OK;
}

static void mpi_unshare(mlp_shared *shared)
{
    mpi_shared *s = (mpi_shared *)shared;
    MPI_Win_unlock_all(s->window);
    MPI_Win_free(&s->window);
    free(s);
}

const mlp_comm_ops mlp_comm_mpi_ops = {
    .destroy = mpi_destroy,
    .abort = mpi_abort,
    .broadcast = mpi_broadcast,
    .reduce = mpi_reduce,
    .sleeping_barrier = mpi_sleeping_barrier,
    .share = mpi_share,
    .unshare = mpi_unshare,
    .shared_room = mpi_shared_room,
    .transfers_create = mlp_comm_mpi_transfers_create,
    .transfers_destroy = mlp_comm_mpi_transfers_destroy,
    .transfers_plan = mlp_comm_mpi_transfers_plan,
    .transfers_plan_sum = mlp_comm_mpi_transfers_plan_sum,
    .transfers_begin = mlp_comm_mpi_transfers_begin,
    .transfers_test = mlp_comm_mpi_transfers_test,
};
