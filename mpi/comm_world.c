/** @file
 *  Setup of the team over MPI: initialization, and which ranks share memory.
 *
 *  A process without a launcher is a team of one without MPI_Init, which would
 *  take a third of a second.
 */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "comm_mpi.h"

/* Launchers set environment variables: Open MPI's mpirun; PMIx and PMI of
 * Slurm, MPICH and Intel MPI; SimGrid; MVAPICH. A Slurm step of several tasks
 * without any of them is a mistake that MPI_Init reports: several teams of one
 * would overwrite each other's files. */
static bool is_launched(void)
{
    static const char *const names[] = {"OMPI_COMM_WORLD_SIZE",
                                        "PMIX_RANK",
                                        "SMPI_GLOBAL_SIZE",
                                        "PMI_RANK",
                                        "PMI_SIZE",
                                        "PMI_FD",
                                        "MPI_LOCALNRANKS",
                                        "MV2_COMM_WORLD_SIZE"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (getenv(names[i]) != NULL) {
            return true;
        }
    }
    const char *tasks = getenv("SLURM_STEP_NUM_TASKS");
    return tasks != NULL && strcmp(tasks, "1") != 0;
}

static bool is_initialized(void)
{
    int is = 0;
    return MPI_Initialized(&is) == MPI_SUCCESS && is != 0;
}

/* In a program that has initialized MPI: only this project's communicators get
 * its error handler. */
static mlp_status join_guest(void)
{
    int given = MPI_THREAD_SINGLE;
    MLP_TRY(mlp_comm_mpi_check("MPI_Query_thread", MPI_Query_thread(&given)));
    return given >= MPI_THREAD_FUNNELED
               ? MLP_OK
               : mlp_fail(MLP_ERROR_INTERNAL,
                          "this MPI allows no threads beside it "
                          "(MPI_Init_thread gave level %d, not FUNNELED)",
                          given);
}

/* SINGLE is enough for a program that then has one thread. */
static mlp_status initialize(int *argc, char ***argv, int *given)
{
    int code = MPI_Init_thread(argc, argv, MPI_THREAD_FUNNELED, given);
    MLP_TRY(mlp_comm_mpi_check("MPI_Init_thread", code));
    MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
    return MLP_OK;
}

/* Value of an environment variable for tests, 0 if it is not set. */
static long test_number(const char *name)
{
    const char *text = getenv(name);
    return text != NULL ? strtol(text, NULL, 10) : 0;
}

/* For tests of several nodes on one machine: MLP_TEST_NODE_SIZE=k makes every k
 * consecutive ranks a node, MLP_TEST_NODES=k assigns ranks to k nodes
 * round-robin. */
static int split_into_nodes(MPI_Comm world, int rank, MPI_Comm *node)
{
    long size = test_number("MLP_TEST_NODE_SIZE");
    long nodes = test_number("MLP_TEST_NODES");
    if (size > 0 || nodes > 0) {
        long color = size > 0 ? rank / size : rank % nodes;
        return MPI_Comm_split(world, (int)color, rank, node);
    }
    return MPI_Comm_split_type(world, MPI_COMM_TYPE_SHARED, rank, MPI_INFO_NULL,
                               node);
}

/* Number the nodes in the order of their first ranks. On entry node_of holds
 * the first rank of each rank's node; returns the number of nodes. */
static size_t number_nodes(size_t *node_of, size_t ranks)
{
    size_t nodes = 0;
    for (size_t r = 0; r < ranks; r++) {
        size_t leader = node_of[r];
        node_of[r] = leader == r ? nodes++ : node_of[leader];
    }
    return nodes;
}

static size_t smallest_node(const mlp_comm_place *place)
{
    size_t smallest = place->ranks;
    for (size_t node = 0; node < place->nodes; node++) {
        size_t size = 0;
        for (size_t r = 0; r < place->ranks; r++) {
            size += place->node_of[r] == node;
        }
        smallest = size < smallest ? size : smallest;
    }
    return smallest;
}

/* Gather each rank's node and local rank, in place. */
static mlp_status find_places(mpi_comm *c)
{
    size_t ranks = c->base.size;
    size_t *local_rank = c->node_of + ranks;
    uint64_t mine[2] = {c->base.rank, 0};
    int local;
    int size;
    MPI_Comm_rank(c->node, &local);
    MPI_Comm_size(c->node, &size);
    mine[1] = (uint64_t)local;
    MLP_TRY(mlp_comm_mpi_check("MPI_Bcast",
                               MPI_Bcast(mine, 1, MPI_UINT64_T, 0, c->node)));
    MLP_TRY(mlp_comm_mpi_check(
        "MPI_Allgather", MPI_Allgather(&mine[0], 1, MPI_UINT64_T, c->node_of, 1,
                                       MPI_UINT64_T, c->world)));
    MLP_TRY(mlp_comm_mpi_check(
        "MPI_Allgather", MPI_Allgather(&mine[1], 1, MPI_UINT64_T, local_rank, 1,
                                       MPI_UINT64_T, c->world)));
    mlp_comm_place *place = &c->base.place;
    *place = (mlp_comm_place){.rank = (size_t)local,
                              .size = (size_t)size,
                              .nodes = number_nodes(c->node_of, ranks),
                              .ranks = ranks,
                              .node_of = c->node_of,
                              .local_rank = local_rank};
    place->node = c->node_of[c->base.rank];
    place->smallest = smallest_node(place);
    return MLP_OK;
}

static mlp_status split_world(mpi_comm *c)
{
    int rank = (int)c->base.rank;
    MLP_TRY(mlp_comm_mpi_check("MPI_Comm_split_type",
                               split_into_nodes(c->world, rank, &c->node)));
    MLP_TRY(find_places(c));
    const mlp_comm_place *place = &c->base.place;
    return mlp_comm_mpi_check("MPI_Comm_split",
                              MPI_Comm_split(c->world, (int)place->rank,
                                             (int)place->node, &c->column));
}

static mlp_status allocate_table(mpi_comm *c)
{
    _Static_assert(sizeof(size_t) == sizeof(uint64_t), "gathered as uint64_t");
    c->node_of = calloc(2 * c->base.size, sizeof *c->node_of);
    return c->node_of == NULL ? mlp_fail_memory("the team") : MLP_OK;
}

static mlp_status join(mpi_comm *c)
{
    int rank;
    int size;
    MLP_TRY(mlp_comm_mpi_check("MPI_Comm_dup",
                               MPI_Comm_dup(MPI_COMM_WORLD, &c->world)));
    MPI_Comm_set_errhandler(c->world, MPI_ERRORS_RETURN);
    MPI_Comm_rank(c->world, &rank);
    MPI_Comm_size(c->world, &size);
    c->base.rank = (size_t)rank;
    c->base.size = (size_t)size;
    MLP_TRY(mlp_comm_check_launcher(
        c->base.size, "MPI sees one: the launcher is of another MPI; use the "
                      "mpirun of the MPI that this was built with, or srun "
                      "--mpi=pmix"));
    MLP_TRY(mlp_comm_agree(&c->base, allocate_table(c)));
    return mlp_comm_agree(&c->base, split_world(c));
}

mlp_status mlp_comm_world_create(int *argc, char ***argv, mlp_comm **comm)
{
    *comm = NULL;
    bool is_guest = is_initialized();
    if (!is_guest && !is_launched()) {
        return mlp_comm_serial_create(comm);
    }
    int level = MPI_THREAD_FUNNELED;
    MLP_TRY(is_guest ? join_guest() : initialize(argc, argv, &level));
    mpi_comm *c = calloc(1, sizeof *c);
    if (c == NULL) {
        MPI_Abort(MPI_COMM_WORLD,
                  MLP_ERROR_INTERNAL); /* ranks cannot agree without memory */
        return mlp_fail_memory("the team");
    }
    c->base.ops = &mlp_comm_mpi_ops;
    c->base.is_single = level < MPI_THREAD_FUNNELED;
    c->is_guest = is_guest;
    c->world = c->node = c->column = MPI_COMM_NULL;
    *comm = &c->base;
    mlp_status status = join(c);
    if (status != MLP_OK) {
        mlp_comm_destroy(comm);
    }
    return status;
}
