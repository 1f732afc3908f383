/** @file
 *  Included before the files that clang-tidy analyses, and nowhere else. Facts
 *  from other files: mlp_fail returns its status argument, and a team never
 *  agrees on MLP_OK when this rank has failed. Without them clang-tidy follows
 *  paths on which a failure is reported as success.
 */
#ifndef MLP_TEST_ANALYZER_H
#define MLP_TEST_ANALYZER_H

#include "base/status.h"
#include "system/files.h"
#include "team/comm.h"

static inline mlp_status analyzer_agree(mlp_comm *comm, mlp_status mine)
{
    mlp_status agreed = mlp_comm_agree(comm, mine);
    return mine != MLP_OK && agreed == MLP_OK ? mine : agreed;
}

#define mlp_fail(status, ...)      (mlp_fail(status, __VA_ARGS__), (status))
#define mlp_fail_memory(what)      (mlp_fail_memory(what), MLP_ERROR_INTERNAL)
#define mlp_fail_open(path)        (mlp_fail_open(path), MLP_ERROR_MISSING)
#define mlp_fail_read(path)        (mlp_fail_read(path), MLP_ERROR_IO)
#define mlp_comm_agree(comm, mine) analyzer_agree(comm, mine)

#endif
