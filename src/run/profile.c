/** @file
 *  --profile and --timeline: a table of phase times over ranks, and a timeline
 *  in Chrome's trace format.
 */
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"

#include "internal.h"

enum {
    LAPS_MAX = 4096,           /* per thread: some hundred steps */
    LAPS_BYTES_MAX = 64 << 20, /* for all threads of all ranks */
    LAP_WORDS = 3              /* start, seconds, phase */
};

static size_t team_threads(const mlp_run_job *job,
                           const mlp_run_profiling *profiling)
{
    return mlp_comm_size(job->comm) * profiling->most_threads;
}

static size_t laps_to_keep(const mlp_run_job *job,
                           const mlp_run_profiling *profiling)
{
    if (job->config.trace[0] == '\0') {
        return 0;
    }
    size_t fit = LAPS_BYTES_MAX / (LAP_WORDS * sizeof(uint64_t)) /
                 team_threads(job, profiling);
    return fit < LAPS_MAX ? fit : LAPS_MAX;
}

static mlp_status fail_trace(const char *path)
{
    return mlp_fail(MLP_ERROR_IO, "--timeline: %s: cannot write: %s", path,
                    strerror(errno));
}

/* Check before the first step that the file can be written. A new file is
 * removed again, as the run may fail before it is written. */
static mlp_status probe_trace(const char *path)
{
    struct stat facts;
    bool is_new = lstat(path, &facts) != 0;
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
    mlp_status status = fd >= 0 && close(fd) == 0 ? MLP_OK : fail_trace(path);
    if (is_new) {
        unlink(path);
    }
    return status;
}

mlp_status mlp_run_start_profile(const mlp_run_job *job,
                                 mlp_run_profiling *profiling)
{
    const mlp_config *config = &job->config;
    if (!config->profile && config->trace[0] == '\0') {
        return MLP_OK;
    }
    uint64_t most = config->threads;
    MLP_TRY(mlp_comm_max(job->comm, &most, 1));
    profiling->most_threads = (size_t)most;
    mlp_status status = MLP_OK;
    if (mlp_comm_rank(job->comm) == 0 && config->trace[0] != '\0') {
        status = probe_trace(config->trace);
    }
    if (status == MLP_OK) {
        status = mlp_profile_create(
            config->threads, laps_to_keep(job, profiling), &profiling->profile);
    }
    MLP_TRY(mlp_comm_agree(job->comm, status));
    profiling->start = mlp_clock_seconds(); /* close to equal on all ranks */
    return MLP_OK;
}

/* ---- the table --------------------------------------------------------- */

/* Nanoseconds of each phase on each rank, averaged over its threads. */
static mlp_status gather_seconds(const mlp_run_job *job,
                                 const mlp_run_profiling *profiling,
                                 uint64_t *nanoseconds)
{
    uint64_t *mine = nanoseconds + mlp_comm_rank(job->comm) * MLP_PHASES;
    for (mlp_phase phase = 0; phase < MLP_PHASES; phase++) {
        double sum = 0.0;
        for (size_t t = 0; t < job->config.threads; t++) {
            sum += mlp_profile_seconds(profiling->profile, t, phase);
        }
        mine[phase] = (uint64_t)(1e9 * sum / (double)job->config.threads);
    }
    return mlp_comm_sum(job->comm, nanoseconds,
                        mlp_comm_size(job->comm) * MLP_PHASES);
}

/* Operations of a phase for one row, including skipped zeros. */
static double row_flops(const mlp_model *model, mlp_phase phase)
{
    double sum = 0.0;
    for (size_t l = 0; l < model->layers; l++) {
        bool counts = phase == MLP_PHASE_FORWARD ||
                      phase == MLP_PHASE_GRADIENT ||
                      (phase == MLP_PHASE_BACKWARD && l > 0);
        sum += counts ? 2.0 * (double)model->layer[l].in *
                            (double)model->layer[l].out
                      : 0.0;
    }
    return sum;
}

static void print_row(const char *name, const double *values,
                      const char *format)
{
    printf("%-12s", name);
    for (mlp_phase phase = 0; phase < MLP_PHASES; phase++) {
        if (isnan(values[phase])) {
            printf(" %9s", "");
        } else {
            printf(format, values[phase]);
        }
    }
    printf("\n");
}

/* Print each phase's share of the seconds, and its GFLOP/s for `rows` rows. */
static void print_shares(const mlp_run_parts *run, const char *prefix,
                         const double *seconds, double rows)
{
    double share[MLP_PHASES], rate[MLP_PHASES];
    double total = 0.0;
    for (mlp_phase phase = 0; phase < MLP_PHASES; phase++) {
        total += seconds[phase];
    }
    for (mlp_phase phase = 0; phase < MLP_PHASES; phase++) {
        double flops = row_flops(run->model, phase) * rows;
        share[phase] = total > 0.0 ? 100.0 * seconds[phase] / total : NAN;
        rate[phase] = flops > 0.0 && seconds[phase] > 0.0
                          ? 1e-9 * flops / seconds[phase]
                          : NAN;
    }
    char name[32];
    snprintf(name, sizeof name, "%sshare", prefix);
    print_row(name, share, " %8.1f%%");
    snprintf(name, sizeof name, "%sGFLOP/s", prefix);
    print_row(name, rate, " %9.1f");
}

/* Work of each rank, expressed in rows: [ranks]. */
static mlp_status gather_rows(mlp_run_parts *run, uint64_t *rows)
{
    rows[mlp_comm_rank(run->job.comm)] =
        (uint64_t)((double)run->profiling.trained_rows *
                   mlp_trainer_work_share(run->trainer));
    return mlp_comm_sum(run->job.comm, rows, mlp_comm_size(run->job.comm));
}

static void print_table(const mlp_run_parts *run, const uint64_t *nanoseconds,
                        const uint64_t *rows)
{
    size_t ranks = mlp_comm_size(run->job.comm);
    double mean[MLP_PHASES] = {0};
    printf("\nseconds in training, mean over a rank's threads\n%-12s", "rank");
    for (mlp_phase phase = 0; phase < MLP_PHASES; phase++) {
        printf(" %9s", mlp_phase_name(phase));
    }
    printf("\n");
    for (size_t r = 0; r < ranks; r++) {
        double row[MLP_PHASES];
        char name[24];
        for (mlp_phase phase = 0; phase < MLP_PHASES; phase++) {
            row[phase] = 1e-9 * (double)nanoseconds[r * MLP_PHASES + phase];
            mean[phase] += row[phase] / (double)ranks;
        }
        snprintf(name, sizeof name, "%zu", r);
        print_row(name, row, " %9.3f");
        if (ranks > 1) {
            snprintf(name, sizeof name, "%zu ", r);
            print_shares(run, name, row, (double)rows[r]);
        }
    }
    print_shares(run, "", mean, (double)run->profiling.trained_rows);
    printf("(last: all ranks together; skipped zeros count as done)\n");
}

/* Of all ranks. */
typedef struct {
    uint64_t sent[2];         /* bytes, messages */
    uint64_t active, exposed; /* nanoseconds */
} traffic;

static mlp_status gather_traffic(const mlp_run_parts *run, traffic *all)
{
    mlp_exchange_traffic mine = mlp_trainer_traffic(run->trainer);
    uint64_t sums[] = {mine.sent_bytes, mine.sent_messages,
                       (uint64_t)(1e9 * mine.active_seconds),
                       (uint64_t)(1e9 * mine.exposed_seconds)};
    MLP_TRY(mlp_comm_sum(run->job.comm, sums, sizeof sums / sizeof sums[0]));
    *all = (traffic){{sums[0], sums[1]}, sums[2], sums[3]};
    return MLP_OK;
}

/* What was sent between nodes, and how much of that time was hidden. */
static void print_traffic(const mlp_run_parts *run, const traffic *all)
{
    double nodes = (double)mlp_comm_where(run->job.comm)->nodes;
    if (all->active == 0) {
        return;
    }
    printf("between nodes: each sent %.3f MB in %.0f messages, %.1f%% of that "
           "time hidden behind computation\n",
           1e-6 * (double)all->sent[0] / nodes, (double)all->sent[1] / nodes,
           100.0 * (1.0 - (double)all->exposed / (double)all->active));
    const mlp_first_layer_way between =
        mlp_trainer_first_layer_way(run->trainer);
    printf("first layer between nodes: by %s%s\n", between.way, between.about);
}

/* ---- the timeline ------------------------------------------------------ */

/* Write this rank's laps to a table [ranks, most_threads, laps, LAP_WORDS]; the
 * entries of other ranks are 0, so that a sum over ranks completes it. */
static void put_laps(const mlp_run_job *job, const mlp_run_profiling *profiling,
                     uint64_t *words, size_t capacity)
{
    size_t first = mlp_comm_rank(job->comm) * profiling->most_threads;
    for (size_t t = 0; t < job->config.threads; t++) {
        size_t count;
        const mlp_lap *laps = mlp_profile_laps(profiling->profile, t, &count);
        uint64_t *to = words + (first + t) * capacity * LAP_WORDS;
        for (size_t i = 0; i < count; i++, to += LAP_WORDS) {
            double start = laps[i].start - profiling->start;
            to[0] = (uint64_t)(1e9 * (start > 0.0 ? start : 0.0));
            to[1] = (uint64_t)(1e9 * laps[i].seconds);
            to[2] = 1 + laps[i].phase; /* 0: no lap */
        }
    }
}

static bool write_laps(const mlp_run_job *job,
                       const mlp_run_profiling *profiling, FILE *file,
                       const uint64_t *words, size_t capacity)
{
    const char *comma = "";
    fprintf(file, "{\"traceEvents\":[");
    for (size_t i = 0; i < team_threads(job, profiling) * capacity; i++) {
        const uint64_t *lap = words + i * LAP_WORDS;
        if (lap[2] == 0) {
            continue;
        }
        size_t thread = i / capacity;
        fprintf(file,
                "%s\n{\"name\":\"%s\",\"ph\":\"X\",\"ts\":%.3f,\"dur\":%.3f,"
                "\"pid\":%zu,\"tid\":%zu}",
                comma, mlp_phase_name((mlp_phase)(lap[2] - 1)),
                1e-3 * (double)lap[0], 1e-3 * (double)lap[1],
                thread / profiling->most_threads,
                thread % profiling->most_threads);
        comma = ",";
    }
    fprintf(file, "\n]}\n");
    return ferror(file) == 0;
}

/* Remove an incomplete file, but never a link or a device. */
static void remove_part(const char *path)
{
    struct stat facts;
    if (lstat(path, &facts) == 0 && S_ISREG(facts.st_mode)) {
        unlink(path);
    }
}

static mlp_status write_trace(const mlp_run_job *job,
                              const mlp_run_profiling *profiling,
                              const uint64_t *words, size_t capacity)
{
    const char *path = job->config.trace;
    FILE *file = fopen(path, "we");
    bool is_written =
        file != NULL && write_laps(job, profiling, file, words, capacity);
    if ((file == NULL || fclose(file) == 0) && is_written) {
        return MLP_OK;
    }
    mlp_status status = fail_trace(path);
    remove_part(path);
    return status;
}

static mlp_status trace(const mlp_run_job *job,
                        const mlp_run_profiling *profiling)
{
    size_t capacity = laps_to_keep(job, profiling);
    if (capacity == 0) {
        return MLP_OK;
    }
    size_t count = team_threads(job, profiling) * capacity * LAP_WORDS;
    uint64_t *words = calloc(count, sizeof *words);
    mlp_status status = mlp_comm_agree(
        job->comm, words == NULL ? mlp_fail_memory("the trace") : MLP_OK);
    if (status == MLP_OK) {
        put_laps(job, profiling, words, capacity);
        status = mlp_comm_sum(job->comm, words, count);
    }
    if (status == MLP_OK && mlp_comm_rank(job->comm) == 0) {
        status = write_trace(job, profiling, words, capacity);
    }
    free(words);
    return status;
}

mlp_status mlp_run_report_profile(mlp_run_parts *run)
{
    if (run->profiling.profile == NULL) {
        return MLP_OK;
    }
    size_t ranks = mlp_comm_size(run->job.comm);
    uint64_t *nanoseconds =
        calloc(ranks * (MLP_PHASES + 1), sizeof *nanoseconds);
    mlp_status status = mlp_comm_agree(
        run->job.comm,
        nanoseconds == NULL ? mlp_fail_memory("the profile") : MLP_OK);
    if (status == MLP_OK) {
        status = gather_seconds(&run->job, &run->profiling, nanoseconds);
    }
    if (status == MLP_OK) {
        status = gather_rows(run, nanoseconds + ranks * MLP_PHASES);
    }
    traffic all = {{0}, 0, 0};
    if (status == MLP_OK) {
        status = gather_traffic(run, &all);
    }
    if (status == MLP_OK && run->job.config.profile &&
        mlp_comm_rank(run->job.comm) == 0) {
        print_table(run, nanoseconds, nanoseconds + ranks * MLP_PHASES);
        print_traffic(run, &all);
        status = mlp_runlog_profile(run->log, run->state.step, nanoseconds,
                                    ranks, all.sent);
    }
    free(nanoseconds);
    MLP_TRY(mlp_comm_agree(run->job.comm, status));
    return mlp_comm_agree(run->job.comm, trace(&run->job, &run->profiling));
}
