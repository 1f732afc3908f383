/** @file
 *  Placement of ranks: the number of threads of each, and warnings about the
 *  cores that the launcher gave them.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "system/threads.h"

#include "internal.h"

/* One rank and its node. */
typedef struct {
    size_t allowed; /* cores that this rank may use */
    size_t shared;  /* of these, cores that other ranks may use, too */
    size_t used;    /* cores of the node that some rank may use */
    size_t online;  /* cores of the node that the launcher may use */
    double share;   /* sum over cores of 1 / (ranks that may use the core) */
} surroundings;

/* The share is 1 for two ranks bound to a core each, and also for two unbound
 * ranks on two cores.
 *  @param users  [MLP_THREADS_CPUS] ranks of this node that may use a core */
static void count_cores(const uint64_t *users, surroundings *s)
{
    uint8_t mine[MLP_THREADS_CPUS];
    mlp_threads_allowed(mine);
    *s = (surroundings){.online = mlp_threads_launcher()};
    for (size_t cpu = 0; cpu < MLP_THREADS_CPUS; cpu++) {
        s->used += users[cpu] > 0;
        if (mine[cpu]) {
            s->allowed++;
            s->shared += users[cpu] > 1;
            s->share += 1.0 / (double)users[cpu];
        }
    }
}

/* ---- problems of the placement ----------------------------------------- */

typedef enum {
    FLAW_NONE,
    FLAW_CROWDED, /* more threads than cores on the node, maybe intended */
    FLAW_IDLE,    /* a lone rank is bound to some of the cores */
    FLAW_SHARED,  /* ranks share cores while others are idle */
    FLAW_NARROW   /* bound to fewer cores than it has threads */
} flaw;

static bool is_by_mpirun(void)
{
    return getenv("OMPI_COMM_WORLD_SIZE") != NULL;
}

/* Under a batch system the job may have only some cores of the node. */
static flaw find_flaw(const mlp_run_job *job, const surroundings *s)
{
    bool has_idle = s->used < s->online && getenv("SLURM_JOB_ID") == NULL;
    bool is_crowded = (double)job->config.threads > s->share + 1e-9;
    if (is_crowded && s->shared == 0) {
        return FLAW_NARROW;
    }
    if (is_crowded && (has_idle || s->allowed < s->used)) {
        return FLAW_SHARED;
    }
    if (has_idle && is_by_mpirun() && mlp_comm_size(job->comm) == 1 &&
        !mlp_config_was_given(&job->config, "threads")) {
        return FLAW_IDLE;
    }
    return is_crowded ? FLAW_CROWDED : FLAW_NONE;
}

/* The launch line that gives each thread a core, if there are enough. */
static void advise(const mlp_run_job *job, size_t cores, char *line,
                   size_t size)
{
    size_t here = mlp_comm_where(job->comm)->size;
    size_t nodes = mlp_comm_where(job->comm)->nodes;
    size_t ranks = here < cores ? here : cores;
    size_t threads = cores / ranks;
    if (is_by_mpirun() || getenv("SLURM_STEP_ID") == NULL) {
        snprintf(line, size, "mpirun -np %zu --map-by slot:PE=%zu mlp_train",
                 ranks * nodes, threads);
    } else {
        snprintf(line, size, "srun --mpi=pmix -K -n %zu -c %zu mlp_train",
                 ranks * nodes, threads);
    }
}

static void warn(const mlp_run_job *job, flaw worst, size_t rank,
                 const surroundings *s)
{
    char better[128];
    size_t threads = job->config.threads;
    advise(job, worst == FLAW_NARROW ? s->used : s->online, better,
           sizeof better);
    switch (worst) {
    case FLAW_NONE:
        break;
    case FLAW_CROWDED:
        mlp_log_note("%zu thread%s a rank are more than its share of %zu "
                     "core%s: slower than \"%s\"",
                     threads, threads == 1 ? "" : "s", s->used,
                     s->used == 1 ? "" : "s", better);
        break;
    case FLAW_IDLE:
        mlp_log_warning("the launcher bound this rank to %zu of %zu cores; "
                        "use \"%s\" or --bind-to none",
                        s->allowed, s->online, better);
        break;
    case FLAW_SHARED:
        mlp_log_warning("rank %zu shares cores with another rank while others "
                        "are idle; use \"%s\"",
                        rank, better);
        break;
    case FLAW_NARROW:
        mlp_log_warning("rank %zu is bound to fewer cores than its %zu "
                        "threads; use \"%s\"",
                        rank, threads, better);
        break;
    }
}

/* Rank 0 logs the worst flaw of any rank. Collective. */
static mlp_status report_flaws(const mlp_run_job *job, const surroundings *s)
{
    uint32_t worst = find_flaw(job, s);
    size_t rank;
    MLP_TRY(mlp_comm_max_rank(job->comm, &worst, &rank));
    warn(job, (flaw)worst, rank, s);
    return MLP_OK;
}

/* ---- threads ----------------------------------------------------------- */

mlp_status mlp_run_place(mlp_run_job *job)
{
    const mlp_comm_place *place = mlp_comm_where(job->comm);
    size_t cpus = place->nodes * MLP_THREADS_CPUS;
    uint64_t *users = calloc(cpus, sizeof *users);
    uint8_t mine[MLP_THREADS_CPUS];
    surroundings around;
    mlp_status status =
        users == NULL ? mlp_fail_memory("the cores' users") : MLP_OK;
    status = mlp_comm_agree(job->comm, status);
    if (status != MLP_OK) {
        goto done;
    }
    uint64_t *here = users + place->node * MLP_THREADS_CPUS;
    mlp_threads_allowed(mine);
    for (size_t cpu = 0; cpu < MLP_THREADS_CPUS; cpu++) {
        here[cpu] = mine[cpu];
    }
    status = mlp_comm_sum(job->comm, users, cpus);
    if (status != MLP_OK) {
        goto done;
    }
    count_cores(here, &around);
    job->cores = around.used;
    job->is_bound = around.allowed < around.online;
    if (job->config.threads == 0) {
        job->config.threads =
            around.share < 1.0 ? 1 : (size_t)(around.share + 1e-9);
    }
    status = report_flaws(job, &around);
done:
    free(users);
    return status;
}
