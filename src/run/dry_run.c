/** @file
 *  mlp_train --dry-run: what a run would take. All is made as for the run, some
 *  steps and an evaluation are timed, and nothing is written.
 */
#include <inttypes.h>
#include <stdio.h>
#include <sys/resource.h>

#include "base/clock.h"
#include "optim/optimizer.h"
#include "rows/shard.h"
#include "system/files.h"
#include "system/threads.h"

#include "plan.h"

static const double MEGA = 1e6, KIBI = 1024.0;

/* What was measured, of the slowest or largest rank. */
typedef struct {
    mlp_run_parts *run;
    double step, evaluation; /* seconds */
    double memory, rows;     /* bytes */
    mlp_status status;
} measured;

/* ---- making the run ---------------------------------------------------- */

/* The newest checkpoint, if the run would be resumed. Rank 0. */
static mlp_status peek(mlp_run_parts *run)
{
    const mlp_config *config = &run->job.config;
    bool is_there = mlp_checkpoint_expect(config->checkpoint) == MLP_OK;
    if (config->resume == MLP_RESUME_NO) {
        return is_there ? mlp_checkpoint_refuse_used(config->checkpoint)
                        : MLP_OK;
    }
    if (config->resume == MLP_RESUME_AUTO && !is_there) {
        return MLP_OK;
    }
    MLP_TRY(mlp_checkpoint_load_newest(config->checkpoint, &run->state,
                                       run->resumed_from));
    return run->resumed_from[0] != '\0' ? mlp_run_adopt(run) : MLP_OK;
}

static mlp_status open_state(mlp_run_parts *run)
{
    bool has_directory = run->job.config.checkpoint[0] != '\0';
    mlp_status status =
        mlp_run_is_leader(&run->job) && has_directory ? peek(run) : MLP_OK;
    MLP_TRY(mlp_comm_agree(run->job.comm, status));
    MLP_TRY(mlp_run_broadcast_scalars(run));
    return mlp_run_open_start(run);
}

/* Nothing is to be written, not even by what the run is made of. */
static void close_files(mlp_run_parts *run)
{
    mlp_config *config = &run->job.config;
    config->log[0] = config->tensorboard[0] = config->trace[0] = '\0';
    config->profile = false;
    if (run->resumed_from[0] == '\0') {
        config->checkpoint[0] = '\0';
    }
}

static mlp_status make(mlp_run_parts *run)
{
    bool is_new = run->resumed_from[0] == '\0' && run->job.start == NULL;
    MLP_TRY(mlp_run_open_data(&run->job, is_new, &run->data));
    MLP_TRY(mlp_run_resolve(&run->job));
    MLP_TRY(mlp_run_load_data(&run->job, &run->data));
    MLP_TRY(mlp_run_check_steps(&run->job.config, run->data.train.rows));
    MLP_TRY(mlp_run_create_trainer(run));
    MLP_TRY(mlp_run_begin_state(run));
    mlp_status status =
        mlp_run_is_leader(&run->job) ? mlp_run_start_log(run) : MLP_OK;
    return mlp_comm_agree(run->job.comm, status);
}

/* ---- measuring --------------------------------------------------------- */

static mlp_status evaluate(mlp_run_parts *run, const mlp_sharded *split)
{
    mlp_tally tally;
    return split->rows > 0
               ? mlp_trainer_evaluate(run->trainer, split, &tally, NULL)
               : MLP_OK;
}

static mlp_status measure_times(measured *m)
{
    mlp_run_parts *run = m->run;
    MLP_TRY(mlp_plan_time_steps(run, &m->step));
    double start = mlp_clock_seconds();
    MLP_TRY(evaluate(run, &run->data.validation));
    MLP_TRY(evaluate(run, &run->data.test));
    m->evaluation = mlp_clock_seconds() - start;
    return MLP_OK;
}

/* As in training, threads are kept. */
static void measure_on(void *context, mlp_threads *threads)
{
    measured *m = context;
    mlp_trainer_use_threads(m->run->trainer, threads);
    m->status = measure_times(m);
    mlp_trainer_use_threads(m->run->trainer, NULL);
}

static double bytes_of(const mlp_sharded *split)
{
    const mlp_dataset *here = &split->here;
    double values = (double)here->range.count * (double)here->features *
                    (double)mlp_element_bytes(here->element);
    return here->values != NULL ? values : 0.0;
}

/* Collective. */
static mlp_status measure_memory(measured *m)
{
    const mlp_run_data *data = &m->run->data;
    struct rusage usage = {0};
    getrusage(RUSAGE_SELF, &usage);
    uint64_t most[2] = {(uint64_t)usage.ru_maxrss,
                        (uint64_t)(bytes_of(&data->train) +
                                   bytes_of(&data->validation) +
                                   bytes_of(&data->test))};
    MLP_TRY(mlp_comm_max(m->run->job.comm, most, 2));
    m->memory = (double)most[0] * KIBI;
    m->rows = (double)most[1];
    return MLP_OK;
}

/* ---- the output -------------------------------------------------------- */

static void print_disk(const mlp_run_parts *run, const char *directory)
{
    const mlp_checkpoint *state = &run->state;
    double each = 65536.0 + (double)(1 + state->moment_count) *
                                (double)state->parameter_count * sizeof(float);
    if (directory[0] == '\0') {
        printf("disk    nothing would be saved: --run DIR was not given\n");
        return;
    }
    printf("disk    up to %zu checkpoints of %.1f MB in %s\n",
           run->job.config.keep + 2, each / MEGA, directory);
}

static void print_time(const mlp_run_parts *run, const measured *m)
{
    const mlp_config *config = &run->job.config;
    uint64_t steps =
        mlp_epoch_steps(run->data.train.rows, mlp_config_step_rows(config));
    uint64_t left = config->epochs * steps;
    left -= run->state.step < left ? run->state.step : left;
    double epochs = (double)left / (double)steps;
    double seconds = (double)left * m->step + epochs * m->evaluation;
    uint64_t whole = (uint64_t)(seconds + 0.5);
    printf("time    %.3g ms a step, %" PRIu64 " steps and %.3g s of evaluation "
           "an epoch, %.4g epochs:\n        about %.3g s (%02" PRIu64
           ":%02" PRIu64 ":%02" PRIu64 ")\n",
           1e3 * m->step, steps, m->evaluation, epochs, seconds, whole / 3600,
           whole / 60 % 60, whole % 60);
}

static mlp_status print(const measured *m, const char *directory)
{
    const mlp_run_parts *run = m->run;
    double vectors = 1.0 + (double)mlp_optimizer_moments(&run->job.config);
    printf("memory  %.1f MB in a rank: rows %.1f MB, and for each node "
           "parameters and moments %.1f MB\n",
           m->memory / MEGA, m->rows / MEGA,
           vectors * (double)run->model->vector_size * sizeof(float) / MEGA);
    print_disk(run, directory);
    print_time(run, m);
    printf("dry run: nothing was trained or written\n");
    return mlp_stdout_flush();
}

mlp_status mlp_run_dry(mlp_run_parts *run)
{
    measured m = {.run = run};
    char directory[MLP_MAX_PATH];
    snprintf(directory, sizeof directory, "%s", run->job.config.checkpoint);
    MLP_TRY(open_state(run));
    close_files(run);
    MLP_TRY(make(run));
    mlp_threads_lead(run->job.config.threads, measure_on, &m);
    MLP_TRY(m.status);
    MLP_TRY(measure_memory(&m));
    mlp_status status =
        mlp_run_is_leader(&run->job) ? print(&m, directory) : MLP_OK;
    return mlp_comm_agree(run->job.comm, status);
}
