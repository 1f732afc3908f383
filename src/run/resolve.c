/** @file
 *  Replaces automatic values of the configuration: shards, time limit.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "base/log.h"
#include "rows/shard.h"

#include "internal.h"

enum { DEFAULT_SHARDS = 8 };

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

static mlp_status resolve_shards(mlp_config *config, size_t ranks)
{
    size_t rows = mlp_config_step_rows(config);
    if (ranks > rows) {
        return mlp_fail(MLP_ERROR_USAGE,
                        "%zu ranks cannot share a global batch of %zu rows: "
                        "use at most %zu ranks, or a larger --batch",
                        ranks, rows, rows);
    }
    if (config->shards == 0) {
        config->shards = least(DEFAULT_SHARDS, rows);
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

/* Seconds until this Slurm job ends; 0: unknown. */
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

mlp_status mlp_run_limit_time(const mlp_run_job *job)
{
    double seconds = (double)job->config.max_time;
    if (job->config.max_time == 0 && !job->setting.is_guest) {
        seconds = seconds_of_job();
        seconds += seconds > 0.0 /* from now on; the limit counts from before */
                       ? mlp_clock_seconds() - job->setting.stop->since
                       : 0.0;
    }
    mlp_status status = mlp_comm_broadcast(job->comm, &seconds, sizeof seconds);
    mlp_stop_limit(job->setting.stop, seconds);
    return status;
}

mlp_status mlp_run_resolve(mlp_run_job *job)
{
    MLP_TRY(resolve_shards(&job->config, mlp_comm_size(job->comm)));
    if (job->config.exchange == MLP_EXCHANGE_MPI) {
        if (job->config.exchange_precision == MLP_PRECISION_BF16) {
            return mlp_fail(MLP_ERROR_USAGE,
                            "--exchange-precision bf16 requires --exchange "
                            "tree: MPI cannot sum bfloat16");
        }
        mlp_log_note("--exchange mpi: the weights and their digest now depend "
                     "on the number of ranks");
    }
    if (job->config.patience > 0 && !mlp_config_has_validation(&job->config)) {
        mlp_log_note("--patience without --validation monitors the training "
                     "rows, which cannot show overfitting");
    }
    return mlp_run_place(job);
}

mlp_status mlp_run_check_steps(const mlp_config *config, size_t train_rows)
{
    uint64_t epoch = mlp_epoch_steps(train_rows, mlp_config_step_rows(config));
    uint64_t end = config->epochs * epoch, begin = config->schedule_start;
    const mlp_interval *warmup = &config->warmup;
    uint64_t steps = warmup->count * (warmup->counts_steps ? 1 : epoch);
    if (begin > 0 && begin >= end) {
        return mlp_fail(MLP_ERROR_USAGE,
                        "--schedule-start %" PRIu64 " is not below the %" PRIu64
                        " steps of this training",
                        begin, end);
    }
    return steps == 0 || steps < end - begin
               ? MLP_OK
               : mlp_fail(MLP_ERROR_USAGE,
                          "--warmup %" PRIu64 "%s is not below the %" PRIu64
                          " steps of this %s",
                          warmup->count, warmup->counts_steps ? "steps" : "",
                          end - begin, begin > 0 ? "segment" : "training");
}
