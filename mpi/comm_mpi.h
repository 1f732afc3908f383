/** @file
 *  The team over MPI. Private to this folder.
 */
#ifndef MLP_COMM_MPI_H
#define MLP_COMM_MPI_H

#include <mpi.h>
#include <stdbool.h>

#include "team/comm_internal.h"

typedef struct {
    mlp_comm base;
    MPI_Comm world;  /**< a duplicate, separate from the program's messages */
    MPI_Comm node;   /**< the ranks that share this rank's memory */
    MPI_Comm column; /**< ranks with this local rank, in order of node */
    size_t *node_of; /**< [size], owned; local_rank is in the same allocation */
    bool is_guest;   /**< the program has initialized MPI, and finalizes it */
} mpi_comm;

extern const mlp_comm_ops mlp_comm_mpi_ops;

/* The operations of comm_transfers.c. */
mlp_status mlp_comm_mpi_transfers_create(mlp_comm *comm, size_t count,
                                         mlp_transfers **transfers);
void mlp_comm_mpi_transfers_destroy(mlp_transfers *transfers);
mlp_status mlp_comm_mpi_transfers_plan(mlp_transfers *transfers, size_t i,
                                       const mlp_lane *lanes);
mlp_status mlp_comm_mpi_transfers_plan_sum(mlp_transfers *transfers, size_t i,
                                           mlp_sum_type type, void *numbers,
                                           size_t n);
mlp_status mlp_comm_mpi_transfers_begin(mlp_transfers *transfers, size_t i);
mlp_status mlp_comm_mpi_transfers_test(mlp_transfers *transfers, size_t i,
                                       bool *is_over);

/** MLP_OK for MPI_SUCCESS; else set the failure text from the call and MPI's
 *  error string. */
mlp_status mlp_comm_mpi_check(const char *call, int code);

#endif
