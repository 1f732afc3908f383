/** @file
 *  A team of MPI ranks for the estimators of mlp.h, in the library libmlp_mpi.
 *  Link with mpicc: static libmlp_mpi before libmlp, shared libmlp_mpi instead
 *  of libmlp.
 */
#ifndef MLP_MLP_MPI_H
#define MLP_MLP_MPI_H

#include "mlp.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Create the team of all ranks of MPI_COMM_WORLD. Initializes MPI unless the
 *  program has done so, with at least MPI_THREAD_FUNNELED; in a program that
 *  has not, a process without a launcher is a team of one without MPI.
 *
 *  Collective calls are made from the thread that initialized MPI, in the same
 *  order on every rank, and by one estimator at a time. If MPI itself fails in
 *  such a call, the ranks can no longer agree: the library then prints a line
 *  and calls MPI_Abort.
 *
 *  @param argc, argv  main's, for MPI_Init; may be NULL
 *  Collective. MLP_ERROR_USAGE, MLP_ERROR_INTERNAL on all ranks. */
MLP_API mlp_status mlp_team_create(int *argc, char ***argv, mlp_team **team);

/** Destroy the team, after its estimators; finalizes MPI if mlp_team_create
 *  initialized it. Collective.
 *  @param team  set to NULL; *team may be NULL */
MLP_API void mlp_team_destroy(mlp_team **team);

/** This rank, from 0, and the number of ranks. */
MLP_API size_t mlp_team_rank(const mlp_team *team);
MLP_API size_t mlp_team_size(const mlp_team *team);

#ifdef __cplusplus
}
#endif

#endif
