/** @file
 *  Collective calls of sources that a process opens alone, or a team jointly.
 */
#ifndef MLP_JOINT_H
#define MLP_JOINT_H

#include "team/comm.h"

/** As the functions of comm.h of these names; comm NULL is a team of one. */
static inline size_t mlp_joint_rank(const mlp_comm *comm)
{
    return comm == NULL ? 0 : mlp_comm_rank(comm);
}

static inline size_t mlp_joint_size(const mlp_comm *comm)
{
    return comm == NULL ? 1 : mlp_comm_size(comm);
}

static inline mlp_status mlp_joint_agree(mlp_comm *comm, mlp_status mine)
{
    mlp_status agreed = comm == NULL ? mine : mlp_comm_agree(comm, mine);
    return mine != MLP_OK && agreed == MLP_OK ? mine : agreed;
}

static inline mlp_status mlp_joint_sum(mlp_comm *comm, uint64_t *values,
                                       size_t n)
{
    return comm == NULL || n == 0 ? MLP_OK : mlp_comm_sum(comm, values, n);
}

static inline mlp_status mlp_joint_max(mlp_comm *comm, uint64_t *values,
                                       size_t n)
{
    return comm == NULL || n == 0 ? MLP_OK : mlp_comm_max(comm, values, n);
}

#endif
