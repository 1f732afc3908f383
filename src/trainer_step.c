/** @file
 *  One step of synchronized data-parallel training, as each thread sees it.
 */
#include <math.h>

#include "mlp/clock.h"
#include "mlp/shard.h"

#include "trainer_internal.h"

typedef struct {
    mlp_trainer *trainer;
    mlp_microbatches microbatches;
    bool wants_stop;
    mlp_step_result *result;
    mlp_status status; /* written by thread 0, read after a barrier */
    uint64_t epoch;    /* where in the training it is, from 0 */
    size_t index;
    uint64_t global; /* step of the run, from 0 */
    double lr;
} one_step;

/* What a regression tells of one shard's rows. */
static void write_targets(const mlp_trainer *trainer, size_t first, size_t end,
                          double *record)
{
    const float *targets = mlp_feed_targets(trainer->feed);
    const float *outputs = mlp_pass_outputs(trainer->pass);
    double unit = mlp_feed_target_unit(trainer->feed);
    mlp_tally tally = {0};
    for (size_t r = first; targets != NULL && r < end; r++) {
        mlp_tally_target(&tally, outputs[r * MLP_ALIGN], targets[r * MLP_ALIGN],
                         unit);
    }
    record[MLP_RECORD_ERROR] = tally.error_sum;
    record[MLP_RECORD_TARGETS] = tally.target_sum;
    record[MLP_RECORD_SQUARES] = tally.target_squares;
}

/* Loss, hits and rows of each of this rank's shards. */
static void write_records(const one_step *step)
{
    const mlp_trainer *trainer = step->trainer;
    const double *losses = mlp_pass_losses(trainer->pass);
    const uint32_t *predictions = mlp_pass_predictions(trainer->pass);
    const uint16_t *labels = mlp_feed_labels(trainer->feed);
    double *record = mlp_exchange_records(trainer->exchange);
    for (size_t i = 0; i < step->microbatches.leaves; i++) {
        size_t first = step->microbatches.leaf_start[i];
        size_t end = step->microbatches.leaf_start[i + 1];
        double loss = 0.0;
        size_t hits = 0;
        for (size_t r = first; r < end; r++) {
            loss += losses[r];
            hits += predictions[r] == labels[r];
        }
        record[MLP_RECORD_LOSS] = loss;
        record[MLP_RECORD_HITS] = (double)hits;
        record[MLP_RECORD_ROWS] = (double)(end - first);
        record[MLP_RECORD_STOP] = step->wants_stop;
        write_targets(trainer, first, end, record);
        record += MLP_RECORD_SIZE;
    }
}

/* The whole batch's tally, from the records of all ranks. Every rank comes to
 * the same verdict on it. */
static mlp_status read_records(const one_step *step)
{
    const mlp_trainer *trainer = step->trainer;
    size_t shards = trainer->parts.config->shards;
    mlp_step_result *result = step->result;
    const double *all;
    MLP_TRY(mlp_exchange_collect_records(trainer->exchange, &all));
    *result = (mlp_step_result){0};
    static const size_t summed[MLP_TALLY_SUMS] = {
        MLP_RECORD_LOSS, MLP_RECORD_ERROR, MLP_RECORD_TARGETS,
        MLP_RECORD_SQUARES};
    double sums[MLP_TALLY_SUMS];
    for (size_t i = 0; i < MLP_TALLY_SUMS; i++) {
        sums[i] = mlp_tree_sum(all + summed[i], shards, MLP_RECORD_SIZE);
    }
    mlp_tally_set_sums(&result->tally, sums);
    for (size_t s = 0; s < shards; s++) {
        const double *record = all + s * MLP_RECORD_SIZE;
        result->tally.hits += (uint64_t)record[MLP_RECORD_HITS];
        result->tally.rows += (uint64_t)record[MLP_RECORD_ROWS];
        result->wants_stop |= record[MLP_RECORD_STOP] != 0.0;
    }
    if (trainer->parts.train->here.targets != NULL) {
        result->tally.targets = result->tally.rows;
    }
    return isfinite(result->tally.loss_sum) ? MLP_OK : MLP_DIVERGED;
}

/* One thread's part in a step. */
typedef struct {
    one_step *step;
    mlp_trainer *trainer;
    mlp_thread self;
    bool was_by_rows; /* of the stage before */
    double waited;    /* seconds, for other threads */
} worker;

/* The time since the last lap went into this phase. */
static void lap(const worker *w, mlp_phase phase)
{
    mlp_profile_lap(w->trainer->parts.profile, w->self.index, phase);
}

/* Wait until all threads are here. */
static void meet(worker *w)
{
    double start = mlp_clock_seconds();
    mlp_thread_barrier(w->self);
    w->waited += mlp_clock_seconds() - start;
    lap(w, MLP_PHASE_WAIT);
}

/* Begin a stage of the step. A thread that goes on with its own rows needs no
 * other thread; in all other cases a stage reads what others wrote. */
static void begin_stage(worker *w, bool is_by_rows)
{
    if (!w->was_by_rows || !is_by_rows) {
        meet(w);
    }
    w->was_by_rows = is_by_rows;
}

static void gather(worker *w)
{
    mlp_feed_fill(w->trainer->feed, w->trainer->parts.kernels, w->self);
    w->was_by_rows = true;
    lap(w, MLP_PHASE_GATHER);
}

static void forward(worker *w)
{
    mlp_trainer *trainer = w->trainer;
    for (size_t l = 0; l < trainer->parts.model->layers; l++) {
        begin_stage(w, mlp_pass_is_by_rows(trainer->pass, l, w->self));
        mlp_exchange_wait(trainer->exchange, l);
        lap(w, MLP_PHASE_WAIT);
        mlp_pass_forward(trainer->pass, l, w->self);
        lap(w, MLP_PHASE_FORWARD);
    }
    begin_stage(w, true);
    mlp_pass_loss(trainer->pass, true, w->self);
    lap(w, MLP_PHASE_LOSS);
}

static void backward(worker *w)
{
    mlp_trainer *trainer = w->trainer;
    for (size_t l = trainer->parts.model->layers - 1; l > 0; l--) {
        begin_stage(w, mlp_pass_is_by_rows(trainer->pass, l, w->self));
        mlp_pass_backward(trainer->pass, l, w->self);
        lap(w, MLP_PHASE_BACKWARD);
    }
}

/* Last layer first, so that it is on its way while the others follow. */
static void gradients(worker *w)
{
    mlp_trainer *trainer = w->trainer;
    begin_stage(w, false);
    if (w->self.index == 0) {
        write_records(w->step);
        mlp_exchange_publish_records(trainer->exchange);
        lap(w, MLP_PHASE_LOSS);
    }
    for (size_t l = trainer->parts.model->layers; l-- > 0;) {
        mlp_pass_gradient(trainer->pass, l, trainer->nodes, trainer->node_count,
                          w->self);
        mlp_exchange_publish(trainer->exchange, l, w->self);
        lap(w, MLP_PHASE_GRADIENT);
    }
}

/* The same verdict on all threads: a failure of the exchange, after which
 * nothing can go on; or a norm that is not finite. */
static void finish(worker *w, mlp_status verdict)
{
    one_step *step = w->step;
    const mlp_step_facts facts = {step->lr, step->result->tally.rows,
                                  step->global, verdict == MLP_DIVERGED};
    mlp_status status = mlp_trainer_finish(w->trainer, w->self, &facts);
    if (status != MLP_OK && w->self.index == 0) {
        step->status = status;
    }
}

static void run_step(void *context, mlp_thread self)
{
    worker w = {.step = context, .self = self};
    w.trainer = w.step->trainer;
    double start = mlp_clock_seconds();
    mlp_profile_start(w.trainer->parts.profile, self.index);
    gather(&w);
    forward(&w);
    backward(&w);
    gradients(&w);
    if (self.index == 0) {
        w.step->status = read_records(w.step);
    }
    meet(&w);
    mlp_status verdict = w.step->status;
    if (verdict == MLP_OK || verdict == MLP_DIVERGED) {
        finish(&w, verdict);
    }
    w.trainer->busy[self.index] = mlp_clock_seconds() - start - w.waited;
}

/* Run the step on as many threads as are good now. */
static void run_crew(mlp_trainer *trainer, one_step *step)
{
    size_t count = trainer->pace.count;
    double start = mlp_clock_seconds();
    mlp_threads_run(count, run_step, step);
    double seconds = mlp_clock_seconds() - start;
    double busy = 0.0;
    for (size_t t = 0; t < count; t++) {
        busy += trainer->busy[t] / (double)count;
    }
    mlp_pace_note(&trainer->pace, seconds, seconds - busy);
}

mlp_status mlp_trainer_step(mlp_trainer *trainer, uint64_t epoch,
                            size_t step_index, bool wants_stop,
                            mlp_step_result *result)
{
    const mlp_trainer_parts *parts = &trainer->parts;
    uint64_t steps = mlp_epoch_steps(parts->train->rows, parts->config->batch);
    if (trainer->shuffled_epoch != epoch) {
        mlp_sampler_shuffle(trainer->sampler, epoch);
        trainer->shuffled_epoch = epoch;
    }
    uint64_t global = epoch * steps + step_index;
    one_step step = {.trainer = trainer,
                     .microbatches =
                         mlp_sampler_batch(trainer->sampler, step_index),
                     .wants_stop = wants_stop,
                     .result = result,
                     .epoch = epoch,
                     .index = step_index,
                     .global = global,
                     .lr = mlp_trainer_rate(trainer, global)};
    mlp_feed_begin(trainer->feed, &parts->train->here, parts->scaler,
                   &step.microbatches);
    mlp_pass_begin(trainer->pass, mlp_exchange_state(trainer->exchange, 0),
                   mlp_feed_batch(trainer->feed),
                   mlp_feed_labels(trainer->feed),
                   mlp_feed_targets(trainer->feed));
    const mlp_dropout dropout = {.seed = parts->config->seed,
                                 .epoch = (uint32_t)epoch,
                                 .rows = step.microbatches.rows,
                                 .first = parts->train->here.range.first};
    mlp_pass_drop(trainer->pass, &dropout);
    run_crew(trainer, &step);
    if (step.status != MLP_OK && step.status != MLP_DIVERGED) {
        /* the others wait for what this rank can no longer send */
        mlp_comm_abort(parts->comm, step.status);
    }
    return step.status == MLP_DIVERGED
               ? mlp_trainer_diagnose(trainer, epoch, step_index)
               : step.status;
}
