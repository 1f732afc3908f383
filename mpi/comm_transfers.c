/** @file
 *  Transfers between nodes: persistent requests, created once and started in
 *  each step, between ranks with the same local rank. They have different tags,
 *  and may start in any order. Sums over all ranks: MPI_Iallreduce, of which
 * all ranks get the same bits, as MPI requires (MPI 3.1, section 5.9.6).
 */
#include <limits.h>
#include <stdlib.h>

#include "comm_mpi.h"

typedef struct {
    MPI_Request *requests; /* [count], owned */
    int count;
    int over; /* first requests that are complete, while in flight */
    /* Of a sum, whose request is new each time: */
    MPI_Datatype type;
    void *numbers; /* [n]; NULL: no sum */
    int n;
} mpi_transfer;

typedef struct {
    mlp_transfers base;
    size_t count;
    mpi_transfer each[]; /* [count] */
} mpi_transfers;

static mpi_transfers *as_mpi(mlp_transfers *transfers)
{
    return (mpi_transfers *)transfers;
}

mlp_status mlp_comm_mpi_transfers_create(mlp_comm *comm, size_t count,
                                         mlp_transfers **transfers)
{
    (void)comm;
    if (count > INT16_MAX) { /* every MPI has this many tags */
        return mlp_fail(MLP_ERROR_INTERNAL,
                        "%zu transfers between nodes are more than %d", count,
                        INT16_MAX);
    }
    mpi_transfers *t = calloc(1, sizeof *t + count * sizeof t->each[0]);
    if (t == NULL) {
        return mlp_fail_memory("transfers between nodes");
    }
    t->count = count;
    *transfers = &t->base;
    return MLP_OK;
}

static void free_requests(mpi_transfer *transfer)
{
    while (transfer->numbers == NULL && transfer->count > 0) {
        MPI_Request_free(&transfer->requests[--transfer->count]);
    }
}

void mlp_comm_mpi_transfers_destroy(mlp_transfers *transfers)
{
    mpi_transfers *t = as_mpi(transfers);
    for (size_t i = 0; i < t->count; i++) {
        free_requests(&t->each[i]);
        free(t->each[i].requests);
    }
    free(t);
}

static mlp_status check_lane(const mlp_lane *lane)
{
    size_t most = lane->sent > lane->received ? lane->sent : lane->received;
    return most <= INT_MAX
               ? MLP_OK
               : mlp_fail(MLP_ERROR_INTERNAL,
                          "%zu bytes between two nodes: at most %d go at once; "
                          "more ranks per node make it less",
                          most, INT_MAX);
}

/* Receives first, so that they are posted before the sends arrive. */
static mlp_status plan_node(mpi_transfer *transfer, int node, int tag,
                            MPI_Comm column, const mlp_lane *lane)
{
    MPI_Request *next = &transfer->requests[transfer->count];
    if (lane->received > 0) {
        MLP_TRY(mlp_comm_mpi_check(
            "MPI_Recv_init", MPI_Recv_init(lane->to, (int)lane->received,
                                           MPI_BYTE, node, tag, column, next)));
        transfer->count++;
        next++;
    }
    if (lane->sent > 0) {
        MLP_TRY(mlp_comm_mpi_check(
            "MPI_Send_init", MPI_Send_init(lane->from, (int)lane->sent,
                                           MPI_BYTE, node, tag, column, next)));
        transfer->count++;
    }
    return MLP_OK;
}

mlp_status mlp_comm_mpi_transfers_plan(mlp_transfers *transfers, size_t i,
                                       const mlp_lane *lanes)
{
    const mpi_comm *c = (const mpi_comm *)transfers->comm;
    const mlp_comm_place *place = &transfers->comm->place;
    mpi_transfer *transfer = &as_mpi(transfers)->each[i];
    free_requests(transfer);
    if (transfer->requests == NULL) {
        transfer->requests = calloc(2 * place->nodes, sizeof(MPI_Request));
    }
    if (transfer->requests == NULL) {
        return mlp_fail_memory("a transfer between nodes");
    }
    /* Start with the right neighbour, so that no node is the target of all at
     * once. */
    for (size_t k = 1; k < place->nodes; k++) {
        size_t node = (place->node + k) % place->nodes;
        MLP_TRY(check_lane(&lanes[node]));
        MLP_TRY(
            plan_node(transfer, (int)node, (int)i, c->column, &lanes[node]));
    }
    return MLP_OK;
}

mlp_status mlp_comm_mpi_transfers_plan_sum(mlp_transfers *transfers, size_t i,
                                           mlp_sum_type type, void *numbers,
                                           size_t n)
{
    mpi_transfer *transfer = &as_mpi(transfers)->each[i];
    if (n > INT_MAX) {
        return mlp_fail(MLP_ERROR_INTERNAL,
                        "a sum of %zu numbers: at most %d go at once", n,
                        INT_MAX);
    }
    transfer->requests = malloc(sizeof *transfer->requests);
    if (transfer->requests == NULL) {
        return mlp_fail_memory("sums over all ranks");
    }
    transfer->requests[0] = MPI_REQUEST_NULL;
    transfer->count = 1;
    transfer->type = type == MLP_SUM_FLOAT ? MPI_FLOAT : MPI_DOUBLE;
    transfer->numbers = numbers;
    transfer->n = (int)n;
    return MLP_OK;
}

mlp_status mlp_comm_mpi_transfers_begin(mlp_transfers *transfers, size_t i)
{
    mpi_transfer *transfer = &as_mpi(transfers)->each[i];
    const mpi_comm *c = (const mpi_comm *)transfers->comm;
    transfer->over = 0;
    if (transfer->numbers != NULL) {
        return mlp_comm_mpi_check("MPI_Iallreduce",
                                  MPI_Iallreduce(MPI_IN_PLACE,
                                                 transfer->numbers, transfer->n,
                                                 transfer->type, MPI_SUM,
                                                 c->world, transfer->requests));
    }
    return mlp_comm_mpi_check(
        "MPI_Startall", MPI_Startall(transfer->count, transfer->requests));
}

/* One request at a time: a poll costs the same for any number of nodes. */
mlp_status mlp_comm_mpi_transfers_test(mlp_transfers *transfers, size_t i,
                                       bool *is_over)
{
    mpi_transfer *transfer = &as_mpi(transfers)->each[i];
    int flag = 1;
    while (flag != 0 && transfer->over < transfer->count) {
        MLP_TRY(mlp_comm_mpi_check("MPI_Test",
                                   MPI_Test(&transfer->requests[transfer->over],
                                            &flag, MPI_STATUS_IGNORE)));
        transfer->over += flag != 0;
    }
    *is_over = transfer->over == transfer->count;
    return MLP_OK;
}
