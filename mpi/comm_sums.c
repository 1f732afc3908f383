/** @file
 *  Nonblocking sums: MPI_Iallreduce. All ranks get the same bits, as MPI
 *  requires (MPI 3.1, section 5.9.6).
 */
#include <limits.h>
#include <stdlib.h>

#include "comm_mpi.h"

typedef struct {
    mlp_sums base;
    size_t count;
    MPI_Request requests[]; /* [count], MPI_REQUEST_NULL when inactive */
} mpi_sums;

static mpi_sums *as_mpi(mlp_sums *sums)
{
    return (mpi_sums *)sums;
}

mlp_status mlp_comm_mpi_sums_create(mlp_comm *comm, size_t count,
                                    mlp_sums **sums)
{
    (void)comm;
    if (count > INT_MAX) {
        return mlp_fail(MLP_ERROR_INTERNAL, "%zu sums are more than %d", count,
                        INT_MAX);
    }
    mpi_sums *s = malloc(sizeof *s + count * sizeof s->requests[0]);
    if (s == NULL) {
        return mlp_fail_memory("sums");
    }
    s->count = count;
    for (size_t i = 0; i < count; i++) {
        s->requests[i] = MPI_REQUEST_NULL;
    }
    *sums = &s->base;
    return MLP_OK;
}

mlp_status mlp_comm_mpi_sums_begin(mlp_sums *sums, size_t i, mlp_sum_type type,
                                   void *numbers, size_t n)
{
    const mpi_comm *c = (const mpi_comm *)sums->comm;
    if (n > INT_MAX) {
        return mlp_fail(MLP_ERROR_INTERNAL,
                        "a sum of %zu numbers: at most %d go at once", n,
                        INT_MAX);
    }
    MPI_Datatype number = type == MLP_SUM_FLOAT ? MPI_FLOAT : MPI_DOUBLE;
    return mlp_comm_mpi_check("MPI_Iallreduce",
                              MPI_Iallreduce(MPI_IN_PLACE, numbers, (int)n,
                                             number, MPI_SUM, c->world,
                                             &as_mpi(sums)->requests[i]));
}

mlp_status mlp_comm_mpi_sums_progress(mlp_sums *sums)
{
    mpi_sums *s = as_mpi(sums);
    int are_done;
    return mlp_comm_mpi_check("MPI_Testall",
                              MPI_Testall((int)s->count, s->requests, &are_done,
                                          MPI_STATUSES_IGNORE));
}

mlp_status mlp_comm_mpi_sums_end(mlp_sums *sums, size_t i)
{
    return mlp_comm_mpi_check(
        "MPI_Wait", MPI_Wait(&as_mpi(sums)->requests[i], MPI_STATUS_IGNORE));
}
