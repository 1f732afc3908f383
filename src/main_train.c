/** @file
 *  mlp_train: join the team, read the options, run, and leave with one exit
 *  code on every rank.
 */
#include <stdio.h>

#include "mlp/comm.h"
#include "mlp/log.h"
#include "mlp/options.h"
#include "mlp/run.h"

static const char program[] = "mlp_train";

static mlp_status act(mlp_comm *comm, int argc, char **argv)
{
    mlp_config config;
    mlp_action action;
    mlp_status status = mlp_options_parse(argc, argv, &config, &action);
    MLP_TRY(mlp_comm_agree(comm, status));
    bool is_leader = mlp_comm_rank(comm) == 0;
    mlp_log_open(program, is_leader, config.quiet);
    switch (action) {
    case MLP_ACTION_HELP:
        if (is_leader) {
            mlp_options_help(stdout);
        }
        return MLP_OK;
    case MLP_ACTION_VERSION:
        if (is_leader) {
            mlp_options_version(stdout, program);
        }
        return MLP_OK;
    case MLP_ACTION_RUN:
        break;
    }
    return mlp_run(comm, &config);
}

int main(int argc, char **argv)
{
    mlp_run_listen();
    mlp_comm *comm = NULL;
    mlp_status status = mlp_comm_world_create(&argc, &argv, &comm);
    bool is_leader = comm == NULL || mlp_comm_rank(comm) == 0;
    if (status == MLP_OK) {
        status = act(comm, argc, argv);
    }
    if (status != MLP_OK && is_leader) {
        fprintf(stderr, "%s: %s\n", program, mlp_failure());
    }
    mlp_comm_destroy(&comm);
    return (int)status;
}
