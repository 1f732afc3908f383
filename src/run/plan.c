/** @file
 *  mlp_train --plan: measure steps on this machine and the links between the
 *  ranks of this launch, and predict the time of the configured training on up
 *  to 4,096 ranks.
 */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "rows/shard.h"
#include "system/threads.h"

#include "plan.h"

enum {
    WARM_STEPS = 3,
    LEAST_STEPS = 5,
    MOST_STEPS = 400,
    LARGE_WORDS = 1 << 17, /* 1 MiB, the size of a gradient */
    HALF_WORDS = LARGE_WORDS / 2,
    LINK_ROUNDS = 200
};
static const double STEP_SECONDS = 0.25; /* to measure one batch size */
static const double GIGA = 1e9, MICRO = 1e-6, BITS = 8.0;

/* ---- measuring --------------------------------------------------------- */

/* The minimum: the time that other programs disturbed least. */
static double least_of(const double *values, size_t count)
{
    double least = values[0];
    for (size_t i = 1; i < count; i++) {
        least = values[i] < least ? values[i] : least;
    }
    return least;
}

/* The longest of all ranks' times. Collective. */
static mlp_status maximum_over_ranks(mlp_comm *comm, double *seconds)
{
    uint64_t nanoseconds = (uint64_t)(*seconds * GIGA);
    MLP_TRY(mlp_comm_max(comm, &nanoseconds, 1));
    *seconds = (double)nanoseconds / GIGA;
    return MLP_OK;
}

/* The least mean of two times in turn, of the slowest rank in these: a rank
 * that comes late finds the others' numbers there, and takes less time than
 * they travel, but then waits for longer. Collective.
 * @param times  [count], 2 <= count <= MOST_STEPS; the same count on all ranks
 */
static mlp_status least_over_ranks(mlp_comm *comm, const double *times,
                                   size_t count, double *seconds)
{
    uint64_t nanoseconds[MOST_STEPS];
    for (size_t i = 0; i + 1 < count; i++) {
        nanoseconds[i] = (uint64_t)(GIGA * (times[i] + times[i + 1]) / 2.0);
    }
    MLP_TRY(mlp_comm_max(comm, nanoseconds, count - 1));
    uint64_t least = nanoseconds[0];
    for (size_t i = 1; i + 1 < count; i++) {
        least = nanoseconds[i] < least ? nanoseconds[i] : least;
    }
    *seconds = (double)least / GIGA;
    return MLP_OK;
}

/* Time a step on a full batch; the last batch of an epoch may be shorter. */
static mlp_status time_step(mlp_run_parts *run, size_t i, double *seconds)
{
    size_t whole =
        run->data.train.rows / mlp_config_step_rows(&run->job.config);
    size_t steps = whole > 0 ? whole : 1;
    mlp_step_result result;
    double start = mlp_clock_seconds();
    MLP_TRY(
        mlp_trainer_step(run->trainer, i / steps, i % steps, false, &result));
    *seconds = mlp_clock_seconds() - start;
    return MLP_OK;
}

mlp_status mlp_plan_time_steps(mlp_run_parts *run, double *seconds)
{
    double times[MOST_STEPS] = {0.0};
    size_t i = 0;
    double warm = 0.0;
    for (; i < WARM_STEPS; i++) {
        MLP_TRY(time_step(run, i, &warm));
    }
    MLP_TRY(maximum_over_ranks(run->job.comm, &warm));
    double fit = STEP_SECONDS / (warm > MICRO ? warm : MICRO);
    size_t count = fit < LEAST_STEPS  ? LEAST_STEPS
                   : fit > MOST_STEPS ? MOST_STEPS
                                      : (size_t)fit;
    for (size_t k = 0; k < count; k++) {
        MLP_TRY(time_step(run, i + k, &times[k]));
    }
    return least_over_ranks(run->job.comm, times, count, seconds);
}

/* Create a trainer for a batch size, measure its steps, and destroy it. The
 * model stays, for the forecast.
 * @param sends_rows  set if its nodes send each other rows */
static mlp_status measure_batch(mlp_run_parts *run, size_t batch,
                                double *seconds, size_t *floats,
                                bool *sends_rows)
{
    run->job.config.batch = batch;
    mlp_model_destroy(&run->model);
    mlp_status status = mlp_run_create_trainer(run);
    if (status == MLP_OK) {
        status = mlp_run_begin_state(run);
    }
    if (status == MLP_OK) {
        status = mlp_plan_time_steps(run, seconds);
        *floats = run->model->vector_size;
        *sends_rows |= mlp_trainer_first_layer_way(run->trainer).sends_rows;
    }
    mlp_trainer_destroy(&run->trainer);
    mlp_checkpoint_destroy(&run->state);
    return status;
}

/* ---- steps ------------------------------------------------------------- */

/* Rows per rank to measure: 16, 64 ... as long as each rank has so many rows
 * and each of its shards gets at least one. Collective. */
static mlp_status choose_rows(mlp_plan *f)
{
    const mlp_run_parts *run = &f->run;
    uint64_t most = UINT64_MAX - run->data.train.here.range.count;
    uint64_t shards = run->data.train.shards.count;
    MLP_TRY(mlp_comm_max(run->job.comm, &most, 1));
    MLP_TRY(mlp_comm_max(run->job.comm, &shards, 1));
    most = UINT64_MAX - most; /* now the least of all ranks */
    for (size_t rows = 16;
         f->alone.count < MLP_PLAN_POINTS && rows <= most && rows <= 4096;
         rows *= 4) {
        if (rows >= shards) {
            f->alone.rows[f->alone.count++] = (double)rows;
        }
    }
    return f->alone.count >= 2
               ? MLP_OK
               : mlp_fail(MLP_ERROR_USAGE,
                          "--plan: a rank has %llu training rows in %llu "
                          "shards, too few to measure steps: use fewer ranks",
                          (unsigned long long)most, (unsigned long long)shards);
}

/* A run of one rank on this rank's rows alone. */
static mlp_run_parts lone_run(const mlp_plan *f, mlp_comm *serial)
{
    mlp_run_parts alone = f->run;
    alone.job.comm = serial;
    alone.data.train.here.range.first = 0;
    alone.data.train.rows = alone.data.train.here.range.count;
    alone.data.train.shards = (mlp_range){0, f->run.data.train.shards.count};
    alone.job.config.shards = alone.data.train.shards.count;
    return alone;
}

/* Each rank trains by itself, but all at the same time, so that they share
 * caches and memory bandwidth as in training. */
static mlp_status measure_alone(mlp_plan *f, mlp_comm *serial)
{
    mlp_run_parts alone = lone_run(f, serial);
    size_t floats = 0;
    for (size_t i = 0; i < f->alone.count; i++) {
        double *seconds = &f->alone.seconds[i];
        mlp_status status =
            measure_batch(&alone, (size_t)f->alone.rows[i], seconds, &floats,
                          &f->costs.rows.sends_rows);
        f->run.model = alone.model;
        MLP_TRY(mlp_comm_agree(f->run.job.comm, status));
        MLP_TRY(maximum_over_ranks(f->run.job.comm, seconds));
    }
    f->costs.bytes = (double)(floats * sizeof(float));
    f->run.kernels = alone.kernels;
    return MLP_OK;
}

static mlp_status measure_team(mlp_plan *f)
{
    size_t ranks = mlp_comm_size(f->run.job.comm);
    size_t batch = f->run.job.config.batch, floats;
    f->team = f->alone;
    for (size_t i = 0; i < f->team.count && ranks > 1; i++) {
        MLP_TRY(measure_batch(&f->run, ranks * (size_t)f->team.rows[i],
                              &f->team.seconds[i], &floats,
                              &f->costs.rows.sends_rows));
    }
    f->run.job.config.batch = batch;
    return MLP_OK;
}

/* ---- links ------------------------------------------------------------- */

static mlp_status time_sums(mlp_comm *comm, uint64_t *words, size_t count,
                            double *seconds)
{
    double times[LINK_ROUNDS];
    for (size_t i = 0; i < LINK_ROUNDS; i++) {
        double start = mlp_clock_seconds();
        MLP_TRY(mlp_comm_sum(comm, words, count));
        times[i] = mlp_clock_seconds() - start;
    }
    return least_over_ranks(comm, times, LINK_ROUNDS, seconds);
}

/* Measure sums over all ranks of one word, and of LARGE_WORDS words. */
static mlp_status measure_link(mlp_comm *comm, uint64_t *words, mlp_link *link)
{
    double of_word, of_many;
    MLP_TRY(time_sums(comm, words, 1, &of_word));
    MLP_TRY(time_sums(comm, words, LARGE_WORDS, &of_many));
    *link = mlp_link_fit(mlp_comm_size(comm), of_word,
                         LARGE_WORDS * sizeof *words, of_many);
    return MLP_OK;
}

static void pass_barriers(void *context, mlp_thread self)
{
    (void)context;
    for (size_t i = 0; i < LINK_ROUNDS; i++) {
        mlp_thread_barrier(self);
    }
}

/* With one rank: latency of a barrier of two threads, bandwidth of a copy. */
static void measure_memory(uint64_t *words, mlp_link *link)
{
    double times[LINK_ROUNDS];
    mlp_threads_run(NULL, 2, pass_barriers,
                    NULL); /* the first call creates a thread */
    double start = mlp_clock_seconds();
    mlp_threads_run(NULL, 2, pass_barriers, NULL);
    link->alpha = (mlp_clock_seconds() - start) / LINK_ROUNDS;
    for (size_t i = 0; i < LINK_ROUNDS; i++) {
        start = mlp_clock_seconds();
        memmove(words, words + HALF_WORDS, HALF_WORDS * sizeof *words);
        times[i] = mlp_clock_seconds() - start;
    }
    const double bytes = HALF_WORDS * sizeof *words;
    link->beta = least_of(times, LINK_ROUNDS) / bytes;
}

/* "LATENCY,BANDWIDTH" in microseconds and Gbit/s. */
static mlp_status read_link(const char *text, mlp_link *link)
{
    char *end = NULL, *rest = NULL;
    double latency = strtod(text, &end);
    double bandwidth = *end == ',' ? strtod(end + 1, &rest) : 0.0;
    bool is_pair = rest != NULL && rest != end + 1 && *rest == '\0' &&
                   latency >= 0.0 && latency < GIGA && bandwidth > 0.0 &&
                   bandwidth < GIGA;
    if (!is_pair) {
        return mlp_fail(MLP_ERROR_USAGE,
                        "--plan-link: \"%.200s\" is not a latency in "
                        "microseconds and bandwidth in Gbit/s, like 30,10",
                        text);
    }
    link->alpha = latency * MICRO;
    link->beta = BITS / (bandwidth * GIGA);
    return MLP_OK;
}

static mlp_status find_links(mlp_plan *f, uint64_t *words)
{
    mlp_costs *costs = &f->costs;
    mlp_comm *comm = f->run.job.comm;
    size_t nodes = mlp_comm_where(comm)->nodes;
    mlp_link measured = {0};
    measure_memory(words, &costs->inside);
    f->inside_from = "measured: two threads, a copy in memory";
    if (mlp_comm_size(comm) > 1) {
        MLP_TRY(measure_link(comm, words, &measured));
    }
    if (mlp_comm_size(comm) > 1 && nodes == 1) {
        costs->inside = measured;
        f->inside_from = "measured: sums over the ranks at hand";
    }
    costs->between = nodes > 1 ? measured : costs->inside;
    f->between_from = nodes > 1 ? "measured: sums over the nodes at hand"
                                : "none at hand: as if in a node; see "
                                  "--plan-link";
    if (f->run.job.config.plan_link[0] != '\0') {
        f->between_from = "as --plan-link says";
        return read_link(f->run.job.config.plan_link, &costs->between);
    }
    return MLP_OK;
}

static mlp_status measure_links(mlp_plan *f)
{
    uint64_t *words = calloc(LARGE_WORDS, sizeof *words);
    mlp_status status =
        words == NULL ? mlp_fail_memory("the links' measurement") : MLP_OK;
    status = mlp_comm_agree(f->run.job.comm, status);
    if (status == MLP_OK) {
        status = find_links(f, words);
    }
    free(words);
    return status;
}

/* ---- the forecast ------------------------------------------------------ */

static mlp_status check_options(const mlp_config *config)
{
    mlp_link link;
    const char *with = config->verify                  ? "check-digest"
                       : config->replay[0] != '\0'     ? "replay"
                       : config->checkpoint[0] != '\0' ? "checkpoint"
                       : config->start_from[0] != '\0' ? "start-from"
                       : config->memory_limit > 0      ? "memory-limit"
                       : config->accumulate > 1        ? "accumulate"
                       : config->exchange_precision != MLP_PRECISION_FLOAT32
                           ? "exchange-precision"
                           : NULL;
    if (with != NULL) {
        return mlp_fail(MLP_ERROR_USAGE,
                        "--plan only measures steps, without training: "
                        "it cannot be combined with --%s",
                        with);
    }
    return config->plan_link[0] == '\0' ? MLP_OK
                                        : read_link(config->plan_link, &link);
}

/* A full node has as many ranks as those at hand, if they are several; else one
 * for as many cores as a rank has threads. */
static void describe(mlp_plan *f)
{
    const mlp_run_parts *run = &f->run;
    bool is_mpi = run->job.config.exchange == MLP_EXCHANGE_MPI;
    bool is_given = mlp_comm_where(run->job.comm)->nodes > 1;
    f->costs.config = &run->job.config;
    f->costs.model = is_mpi ? NULL : run->model;
    f->costs.columns = f->columns;
    mlp_dataset_array_bytes(&run->data.train.here, f->costs.rows.row_bytes);
    size_t fit = run->job.cores / run->job.config.threads;
    size_t here = mlp_comm_where(run->job.comm)->size;
    f->costs.per_node = fit > here && !is_given ? fit : here;
    f->costs.work =
        mlp_work_fit(f->alone.rows, f->alone.seconds, f->alone.count);
}

static mlp_status make_plan(mlp_plan *f)
{
    mlp_run_parts *run = &f->run;
    mlp_comm *serial = NULL;
    MLP_TRY(mlp_run_open_data(&run->job, true, &run->data));
    MLP_TRY(mlp_run_resolve(&run->job));
    MLP_TRY(mlp_run_load_data(&run->job, &run->data));
    MLP_TRY(choose_rows(f));
    mlp_status status = mlp_comm_serial_create(&serial);
    status = mlp_comm_agree(run->job.comm, status);
    if (status == MLP_OK) {
        status = measure_alone(f, serial);
    }
    mlp_comm_destroy(&serial);
    MLP_TRY(status);
    MLP_TRY(measure_team(f));
    MLP_TRY(measure_links(f));
    describe(f);
    status = mlp_run_is_leader(&run->job) ? mlp_plan_print(f) : MLP_OK;
    return mlp_comm_agree(run->job.comm, status);
}

mlp_status mlp_run_plan(mlp_comm *comm, const mlp_config *config,
                        mlp_source **source)
{
    mlp_plan f = {.run = {.job = {.comm = comm, .config = *config},
                          .data = {.source = *source},
                          .saving = {.lock = -1}}};
    MLP_TRY(check_options(config)); /* same result on all ranks */
    mlp_status status = make_plan(&f);
    mlp_model_destroy(&f.run.model);
    mlp_run_drop_data(&f.run.data);
    *source = f.run.data.source;
    return status;
}
