/** @file
 *  A team of MPI's ranks for the estimators of mlp.h. In the library
 * libmlp_mpi, which is linked by mpicc: before libmlp if that is static, in its
 * place if it is shared.
 */
#ifndef MLP_MLP_MPI_H
#define MLP_MLP_MPI_H

#include "mlp.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Make the team of all ranks of MPI_COMM_WORLD. MPI is initialized unless the
 *  program has done so, with MPI_THREAD_FUNNELED at least; a process that no
 *  launcher started, in a program that has not, is a team of one without MPI.
 *
 *  All calls that are collective are made from the thread that initialized MPI,
 *  in the same order on every rank, and by one estimator at a time. When MPI
 *  itself fails under such a call, the ranks can agree on nothing any more: the
 *  library then prints a line and calls MPI_Abort.
 *
 *  @param argc, argv  main's, for MPI_Init; may be NULL
 *  Collective. MLP_ERROR_USAGE, MLP_ERROR_INTERNAL on all ranks. */
MLP_API mlp_status mlp_team_create(int *argc, char ***argv, mlp_team **team);

/** Leave it, when its estimators are destroyed; and finalize MPI, if
 *  mlp_team_create initialized it. Collective.
 *  @param team  set to NULL; may be NULL inside */
MLP_API void mlp_team_destroy(mlp_team **team);

/** This rank, from 0, and how many there are. */
MLP_API size_t mlp_team_rank(const mlp_team *team);
MLP_API size_t mlp_team_size(const mlp_team *team);

#ifdef __cplusplus
}
#endif

#endif
