/** @file
 *  The world of a program without MPI: a team of one.
 */
#include "comm.h"

/* NOLINTNEXTLINE(readability-non-const-parameter): MPI_Init changes argc */
mlp_status mlp_comm_world_create(int *argc, char ***argv, mlp_comm **comm)
{
    (void)argc, (void)argv;
    return mlp_comm_serial_create(comm);
}
