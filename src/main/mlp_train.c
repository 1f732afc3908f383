/** @file
 *  mlp_train: join the team, read the options, run, and exit with the same code
 *  on every rank.
 */
#include <malloc.h>
#include <signal.h>
#include <stdio.h>

#include "base/log.h"
#include "config/options.h"
#include "run/run.h"
#include "system/files.h"
#include "system/stop.h"
#include "team/comm.h"
#include "team/watchdog.h"

static const char program[] = "mlp_train";
static mlp_stop stop;

/* Print what is asked for once, whatever the number of ranks. */
static mlp_status print_text(const mlp_comm *comm, const mlp_request *request,
                             const mlp_config *config)
{
    if (mlp_comm_rank(comm) != 0) {
        return MLP_OK;
    }
    if (request->action == MLP_ACTION_HELP) {
        mlp_options_help(stdout, request->topic);
    } else if (request->action == MLP_ACTION_PRINT_CONFIG) {
        mlp_options_print(config, stdout);
    } else {
        mlp_options_version(stdout, program);
    }
    return mlp_stdout_flush();
}

/* Where MPI allows no other thread: none by default, none on request. */
static mlp_status keep_single(const mlp_comm *comm, mlp_config *config)
{
    const char *with =
        config->threads > 1        ? "threads"
        : config->memory_limit > 0 ? "memory-limit"
        : config->watchdog > 0 && mlp_config_was_given(config, "watchdog")
            ? "watchdog"
            : NULL;
    if (!mlp_comm_is_single(comm)) {
        return MLP_OK;
    }
    if (with != NULL) {
        return mlp_fail(MLP_ERROR_USAGE,
                        "--%s needs another thread, and this MPI allows none "
                        "beside its own",
                        with);
    }
    config->threads = 1;
    config->watchdog = 0;
    return MLP_OK;
}

static mlp_status run_program(mlp_comm *comm, int argc, char **argv,
                              mlp_watchdog **watchdog)
{
    const mlp_run_setting setting = {.comm = comm, .stop = &stop};
    mlp_config config;
    mlp_request request;
    mlp_status status = mlp_options_parse(argc, argv, &config, &request);
    MLP_TRY(mlp_comm_agree(comm, status));
    mlp_log_open(program, mlp_comm_rank(comm) == 0, config.quiet);
    if (request.action != MLP_ACTION_RUN) {
        return mlp_comm_agree(comm, print_text(comm, &request, &config));
    }
    MLP_TRY(keep_single(comm, &config));
    MLP_TRY(mlp_watchdog_create(comm, config.watchdog, watchdog));
    return mlp_run(&setting, &config);
}

/* Let malloc keep the memory that a save frees: page faults would otherwise
 * cost more than the rest of the next save. */
static void keep_memory(void)
{
    mallopt(M_MMAP_THRESHOLD, 4 << 20);
    mallopt(M_TRIM_THRESHOLD, 64 << 20);
}

int main(int argc, char **argv)
{
    mlp_streams_occupy();
    mlp_log_open(program, 1, 0);
    mlp_stop_init(&stop);
    mlp_stop_listen(&stop);
    keep_memory();
    /* A closed pipe or a file size limit are errors, not signals. Without a
     * reader, training continues, saves, and returns MLP_ERROR_IO. */
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN);
    mlp_comm *comm = NULL;
    mlp_watchdog *watchdog = NULL;
    mlp_status status = mlp_comm_world_create(&argc, &argv, &comm);
    bool is_leader = comm == NULL || mlp_comm_rank(comm) == 0;
    if (status == MLP_OK) {
        status = run_program(comm, argc, argv, &watchdog);
    }
    if (status != MLP_OK && is_leader) {
        fprintf(stderr, "%s: %s\n", program, mlp_failure());
    }
    mlp_watchdog_detach(watchdog);
    mlp_comm_destroy(&comm);
    mlp_watchdog_destroy(&watchdog);
    return (int)status;
}
