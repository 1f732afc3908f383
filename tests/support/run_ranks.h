/** @file
 *  The main of a test program of several ranks.
 */
#ifndef MLP_TEST_RUN_RANKS_H
#define MLP_TEST_RUN_RANKS_H

#include <stdio.h>

#include "run_suite.h"
#include "team/comm.h"

/** Join the team of all ranks, run a suite and leave.
 *  @param comm    set before the suite is created
 *  @param create  creates the suite
 *  @return the program's exit status */
static inline int run_ranks(int argc, char **argv, mlp_comm **comm,
                            Suite *(*create)(void))
{
    if (mlp_comm_world_create(&argc, &argv, comm) != MLP_OK) {
        fprintf(stderr, "%s\n", mlp_failure());
        return EXIT_FAILURE;
    }
    int status = run_suite(create(), CK_NOFORK);
    mlp_comm_destroy(comm);
    return status;
}

#endif
