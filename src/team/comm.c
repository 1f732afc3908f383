/** @file
 *  Functions of all kinds of team: dispatch, and agreement on failures.
 */
#include "comm.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/log.h"

#include "comm_internal.h"

void mlp_comm_destroy(mlp_comm **comm)
{
    if (*comm != NULL) {
        (*comm)->ops->destroy(*comm);
        *comm = NULL;
    }
}

enum { NAME_MAX_BYTES = 96 };

/* "rank 3", or with several computers "rank 3 on node07". */
static void name_rank(const mlp_comm *comm, char name[NAME_MAX_BYTES])
{
    char host[NAME_MAX_BYTES / 2] = "";
    bool is_far = comm->place.nodes > 1 && gethostname(host, sizeof host) == 0;
    host[sizeof host - 1] = '\0'; /* gethostname omits it in a long name */
    snprintf(name, NAME_MAX_BYTES, "rank %zu%s%s", comm->rank,
             is_far ? " on " : "", is_far ? host : "");
}

void mlp_comm_abort(mlp_comm *comm, mlp_status status)
{
    if (mlp_failure()[0] != '\0') {
        char name[NAME_MAX_BYTES];
        name_rank(comm, name);
        fprintf(stderr, "%s: %s: %s\n", mlp_log_name(), name, mlp_failure());
    }
    fflush(NULL);
    comm->ops->abort(comm, status);
}

void mlp_comm_leave(mlp_status status)
{
    _Exit((int)status);
}

mlp_pulse *mlp_comm_pulse(mlp_comm *comm)
{
    return comm->pulse != NULL ? comm->pulse : &comm->own_pulse;
}

void mlp_comm_set_pulse(mlp_comm *comm, mlp_pulse *pulse)
{
    comm->pulse = pulse;
}

size_t mlp_comm_rank(const mlp_comm *comm)
{
    return comm->rank;
}

bool mlp_comm_is_single(const mlp_comm *comm)
{
    return comm->is_single;
}

size_t mlp_comm_size(const mlp_comm *comm)
{
    return comm->size;
}

const mlp_comm_place *mlp_comm_where(const mlp_comm *comm)
{
    return &comm->place;
}

/* ---- collectives ------------------------------------------------------- */

static void begin_wait(mlp_comm *comm)
{
    mlp_pulse_wait(mlp_comm_pulse(comm), true);
}

/* Ranks cannot agree on a failure of MPI. */
static mlp_status end_wait(mlp_comm *comm, mlp_status status)
{
    mlp_pulse_wait(mlp_comm_pulse(comm), false);
    if (status != MLP_OK) {
        mlp_comm_abort(comm, status);
    }
    return MLP_OK;
}

mlp_status mlp_comm_broadcast_from(mlp_comm *comm, size_t root, void *bytes,
                                   size_t n)
{
    if (comm->size == 1) {
        return MLP_OK;
    }
    begin_wait(comm);
    return end_wait(comm, comm->ops->broadcast(comm, root, bytes, n));
}

static mlp_status reduce(mlp_comm *comm, mlp_comm_reduction reduction,
                         uint64_t *values, size_t n)
{
    if (comm->size == 1) {
        return MLP_OK;
    }
    begin_wait(comm);
    return end_wait(comm, comm->ops->reduce(comm, reduction, values, n));
}

mlp_status mlp_comm_broadcast(mlp_comm *comm, void *bytes, size_t n)
{
    return mlp_comm_broadcast_from(comm, 0, bytes, n);
}

mlp_status mlp_comm_sum(mlp_comm *comm, uint64_t *values, size_t n)
{
    return reduce(comm, MLP_COMM_SUM, values, n);
}

mlp_status mlp_comm_max(mlp_comm *comm, uint64_t *values, size_t n)
{
    return reduce(comm, MLP_COMM_MAX, values, n);
}

mlp_status mlp_comm_any(mlp_comm *comm, bool *claim)
{
    uint64_t most = *claim;
    MLP_TRY(mlp_comm_max(comm, &most, 1));
    *claim = most > 0;
    return MLP_OK;
}

mlp_status mlp_comm_max_rank(mlp_comm *comm, uint32_t *value, size_t *rank)
{
    uint64_t most = (uint64_t)*value << 32 | (UINT32_MAX - comm->rank);
    MLP_TRY(mlp_comm_max(comm, &most, 1));
    *value = (uint32_t)(most >> 32);
    *rank = UINT32_MAX - (uint32_t)most;
    return MLP_OK;
}

/* The failure of one rank, as broadcast. */
typedef struct {
    mlp_status status;
    char line[MLP_FAILURE_MAX];
    char name[NAME_MAX_BYTES]; /* of the rank */
} failure_report;

/* Copy the failure of one rank to all; they return its status. */
static mlp_status adopt_failure(mlp_comm *comm, size_t rank, mlp_status mine,
                                bool is_common)
{
    failure_report report = {.status = mine};
    snprintf(report.line, sizeof report.line, "%s", mlp_failure());
    name_rank(comm, report.name);
    MLP_TRY(mlp_comm_broadcast_from(comm, rank, &report, sizeof report));
    if (is_common) {
        return mlp_fail(report.status, "%s", report.line);
    }
    return mlp_fail(report.status, "%s: %s", report.name, report.line);
}

mlp_status mlp_comm_agree(mlp_comm *comm, mlp_status mine)
{
    if (comm->size == 1) {
        return mine;
    }
    bool has_failed = mine != MLP_OK;
    uint64_t least[] = {has_failed ? comm->rank : comm->size, has_failed};
    MLP_TRY(reduce(comm, MLP_COMM_MIN, least, 2));
    if (least[0] == comm->size) {
        return MLP_OK;
    }
    return adopt_failure(comm, least[0], mine, least[1] == 1);
}

mlp_status mlp_comm_agree_sleeping(mlp_comm *comm, mlp_status mine)
{
    if (comm->size > 1) {
        begin_wait(comm);
        MLP_TRY(end_wait(comm, comm->ops->sleeping_barrier(comm)));
    }
    return mlp_comm_agree(comm, mine);
}

mlp_status mlp_comm_share(mlp_comm *comm, size_t bytes, void **segments,
                          mlp_shared **shared)
{
    *shared = NULL;
    begin_wait(comm);
    mlp_status status = comm->ops->share(comm, bytes, segments, shared);
    mlp_pulse_wait(mlp_comm_pulse(comm), false);
    return status;
}

uint64_t mlp_comm_shared_room(mlp_comm *comm)
{
    return comm->size == 1 ? UINT64_MAX : comm->ops->shared_room(comm);
}

void mlp_shared_destroy(mlp_shared **shared)
{
    if (*shared != NULL) {
        (*shared)->comm->ops->unshare(*shared);
        *shared = NULL;
    }
}

mlp_status mlp_transfers_create(mlp_comm *comm, size_t count,
                                mlp_transfers **transfers)
{
    *transfers = NULL;
    MLP_TRY(comm->ops->transfers_create(comm, count, transfers));
    (*transfers)->comm = comm;
    return MLP_OK;
}

void mlp_transfers_destroy(mlp_transfers **transfers)
{
    if (*transfers != NULL) {
        (*transfers)->comm->ops->transfers_destroy(*transfers);
        *transfers = NULL;
    }
}

mlp_status mlp_transfers_plan(mlp_transfers *transfers, size_t i,
                              const mlp_lane *lanes)
{
    return transfers->comm->ops->transfers_plan(transfers, i, lanes);
}

mlp_status mlp_transfers_plan_sum(mlp_transfers *transfers, size_t i,
                                  mlp_sum_type type, void *numbers, size_t n)
{
    return transfers->comm->ops->transfers_plan_sum(transfers, i, type, numbers,
                                                    n);
}

mlp_status mlp_transfers_begin(mlp_transfers *transfers, size_t i)
{
    return transfers->comm->ops->transfers_begin(transfers, i);
}

mlp_status mlp_transfers_test(mlp_transfers *transfers, size_t i, bool *is_over)
{
    return transfers->comm->ops->transfers_test(transfers, i, is_over);
}
