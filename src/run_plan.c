/** @file
 *  Resolving the configuration: how many shards, how many threads.
 */
#include <stdlib.h>
#include <time.h>

#include "mlp/log.h"
#include "mlp/stop.h"
#include "mlp/threads.h"

#include "run_internal.h"

enum { DEFAULT_SHARDS = 8 };

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

static mlp_status resolve_shards(mlp_config *config, size_t ranks)
{
    if (ranks > config->batch) {
        return mlp_fail(MLP_ERROR_USAGE,
                        "%zu ranks cannot share a global batch of %zu rows: "
                        "use at most %zu ranks, or a larger --batch",
                        ranks, config->batch, config->batch);
    }
    if (config->shards == 0) {
        config->shards = least(DEFAULT_SHARDS, config->batch);
        if (ranks > config->shards) {
            config->shards = ranks;
            mlp_log_note("%zu ranks need %zu shards: the default is raised "
                         "from %d, so the weights differ from those of a run "
                         "on fewer ranks (--shards %zu there gives the same)",
                         ranks, ranks, DEFAULT_SHARDS, ranks);
        }
    }
    if (ranks > config->shards) {
        return mlp_fail(MLP_ERROR_USAGE,
                        "--shards %zu cannot feed %zu ranks: a rank needs at "
                        "least one shard",
                        config->shards, ranks);
    }
    return MLP_OK;
}

/* Cores divided by the ranks that may use them, core by core: two ranks bound
 * to a core each have one, two unbound ranks on two cores have one, too. */
static mlp_status count_cores(mlp_run_parts *run)
{
    const mlp_comm_place *place = mlp_comm_where(run->comm);
    size_t cpus = place->nodes * MLP_THREADS_CPUS;
    uint64_t *users = calloc(cpus, sizeof *users);
    uint8_t mine[MLP_THREADS_CPUS];
    mlp_status status =
        users == NULL ? mlp_fail_memory("the cores' users") : MLP_OK;
    status = mlp_comm_agree(run->comm, status);
    if (status != MLP_OK) {
        goto done;
    }
    uint64_t *here = users + place->node * MLP_THREADS_CPUS;
    mlp_threads_allowed(mine);
    for (size_t cpu = 0; cpu < MLP_THREADS_CPUS; cpu++) {
        here[cpu] = mine[cpu];
    }
    status = mlp_comm_sum(run->comm, users, cpus);
    double share = 0.0;
    run->cores = 0;
    for (size_t cpu = 0; cpu < MLP_THREADS_CPUS; cpu++) {
        run->cores += here[cpu] > 0;
        if (mine[cpu]) {
            share += 1.0 / (double)here[cpu];
        }
    }
    if (run->config.threads == 0) {
        run->config.threads = share < 1.0 ? 1 : (size_t)(share + 1e-9);
    }
done:
    free(users);
    return status;
}

/* Seconds until this Slurm job ends, 0 when that is not known. */
static double seconds_of_job(void)
{
    const char *text = getenv("SLURM_JOB_END_TIME"); /* Unix time */
    char *end = NULL;
    double at = text != NULL ? strtod(text, &end) : 0.0;
    if (text == NULL || end == text || *end != '\0') {
        return 0.0;
    }
    double left = difftime((time_t)at, time(NULL));
    return left > 1.0 ? left : 1.0;
}

mlp_status mlp_run_limit_time(mlp_run_parts *run)
{
    double seconds = run->config.max_time > 0 ? (double)run->config.max_time
                                              : seconds_of_job();
    mlp_status status = mlp_comm_broadcast(run->comm, &seconds, sizeof seconds);
    mlp_stop_limit(seconds);
    return status;
}

mlp_status mlp_run_plan(mlp_run_parts *run)
{
    MLP_TRY(resolve_shards(&run->config, mlp_comm_size(run->comm)));
    if (run->config.exchange == MLP_EXCHANGE_MPI) {
        mlp_log_note("--exchange mpi: the weights and their digest now depend "
                     "on the number of ranks");
    }
    return count_cores(run);
}
