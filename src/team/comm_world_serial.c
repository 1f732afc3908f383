/** @file
 *  mlp_comm_world_create without MPI: a team of one.
 */
#include "comm_internal.h"

/* NOLINTNEXTLINE(readability-non-const-parameter): MPI_Init changes argc */
mlp_status mlp_comm_world_create(int *argc, char ***argv, mlp_comm **comm)
{
    (void)argc, (void)argv;
    *comm = NULL;
    MLP_TRY(mlp_comm_check_launcher(1, "it was built without MPI, and each "
                                       "would train by itself"));
    return mlp_comm_serial_create(comm);
}
