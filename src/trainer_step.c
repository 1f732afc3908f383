/** @file
 *  One step of synchronized data-parallel training, as each thread sees it.
 */
#include <stdatomic.h>

#include "mlp/clock.h"
#include "mlp/shard.h"

#include "trainer_internal.h"

typedef struct {
    mlp_trainer *trainer;
    size_t piece, pieces;          /* of the batch; one without --accumulate */
    mlp_microbatches microbatches; /* of this piece */
    bool is_spoiled;               /* its loss is not finite */
    bool is_unsafe;                /* some rank's gradient, as in facts */
    bool wants_stop;
    mlp_step_result *result;
    mlp_status status; /* written by thread 0, read after a barrier */
    uint64_t epoch;    /* where in the training it is, from 0 */
    size_t index;
    uint64_t global; /* step of the run, from 0 */
    double lr;
} one_step;

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

static void backward_of(worker *w, size_t l)
{
    mlp_pass_backward(w->trainer->pass, l, w->self);
    lap(w, MLP_PHASE_BACKWARD);
}

static void backward(worker *w)
{
    for (size_t l = w->trainer->parts.model->layers - 1; l > 0; l--) {
        begin_stage(w, mlp_pass_is_by_rows(w->trainer->pass, l, w->self));
        backward_of(w, l);
    }
}

static void note_records(const one_step *step)
{
    mlp_trainer_add_records(step->trainer, &step->microbatches,
                            step->piece == 0, step->wants_stop);
}

/* Where the leaves' sums of the pieces before this one are. */
static const float *begun(const worker *w)
{
    return w->step->piece > 0 ? w->trainer->leaf_sums : NULL;
}

/* The piece's losses are known: the records get them before its gradients. */
static void begin_gradients(worker *w)
{
    begin_stage(w, false);
    if (w->self.index == 0) {
        note_records(w->step);
        lap(w, MLP_PHASE_LOSS);
    }
}

static void gradient_of(worker *w, size_t l)
{
    mlp_trainer *trainer = w->trainer;
    if (!mlp_pass_gradient(trainer->pass, l, trainer->nodes,
                           trainer->node_count, begun(w), w->self)) {
        atomic_store(&trainer->alarms[l].is_unsafe, true);
    }
    mlp_exchange_publish(trainer->exchange, l, w->self);
    lap(w, MLP_PHASE_GRADIENT);
}

/* Last layer first, so that it is on its way while the others follow. */
static void gradients(worker *w)
{
    begin_gradients(w);
    for (size_t l = w->trainer->parts.model->layers; l-- > 0;) {
        gradient_of(w, l);
    }
}

/* Backward and gradients, layer by layer: between nodes a gradient has a long
 * way to go, and what the layers before it take is time to hide that in. */
static void back_by_layers(worker *w)
{
    size_t layers = w->trainer->parts.model->layers;
    for (size_t l = layers; l-- > 0;) {
        if (l + 1 == layers) {
            begin_gradients(w);
        } else {
            begin_stage(w, false);
        }
        if (l > 0) {
            backward_of(w, l);
            mlp_exchange_help(w->trainer->exchange, w->self);
        }
        gradient_of(w, l);
    }
}

/* ---- pieces of a batch ------------------------------------------------- */

/* Point feed and pass at the piece's rows. Dealing goes round the table, so
 * the pieces of a batch are what smaller batches would be. */
static void begin_piece(one_step *step)
{
    mlp_trainer *trainer = step->trainer;
    const mlp_trainer_parts *parts = &trainer->parts;
    step->microbatches = mlp_sampler_batch(
        trainer->sampler,
        step->index * parts->config->accumulate + step->piece);
    mlp_feed_begin(trainer->feed, &parts->train->here, parts->scaler,
                   &step->microbatches);
    mlp_pass_begin(trainer->pass, mlp_exchange_state(trainer->exchange, 0),
                   mlp_feed_batch(trainer->feed),
                   mlp_feed_labels(trainer->feed),
                   mlp_feed_targets(trainer->feed));
    const mlp_dropout dropout = {.seed = parts->config->seed,
                                 .epoch = (uint32_t)step->epoch,
                                 .rows = step->microbatches.rows,
                                 .first = parts->train->here.range.first};
    mlp_pass_drop(trainer->pass, &dropout);
}

/* The leaves' sums go on over this piece. */
static void accumulate(worker *w)
{
    mlp_trainer *trainer = w->trainer;
    begin_gradients(w);
    for (size_t l = trainer->parts.model->layers; l-- > 0;) {
        /* unsafe sums are unsafe in the last piece, too */
        (void)mlp_pass_gradient(trainer->pass, l, trainer->leaves,
                                trainer->leaf_count, begun(w), w->self);
        lap(w, MLP_PHASE_GRADIENT);
    }
}

static bool is_last_piece(const worker *w)
{
    return w->step->piece + 1 == w->step->pieces;
}

/* Go to the batch's next piece; not from one whose loss is not finite, which
 * is the one to look at afterwards (trainer_diagnose.c). */
static bool go_on(worker *w)
{
    one_step *step = w->step;
    if (is_last_piece(w)) {
        return false;
    }
    accumulate(w);
    meet(w);
    if (w->self.index == 0) {
        step->is_spoiled = !mlp_trainer_has_finite_losses(w->trainer);
        if (!step->is_spoiled) {
            step->piece++;
            begin_piece(step);
        }
    }
    meet(w);
    return !step->is_spoiled;
}

/* ---- the step ---------------------------------------------------------- */

/* What all ranks have to say of the step, before any of them updates. */
static mlp_status hear_all(one_step *step)
{
    mlp_trainer *trainer = step->trainer;
    mlp_trainer_close_records(trainer);
    mlp_exchange_publish_records(trainer->exchange);
    return mlp_trainer_read_records(trainer, step->result, &step->is_unsafe);
}

/* The same verdict on all threads: a failure of the exchange, after which
 * nothing can go on; or a gradient that is not finite. */
static void finish(worker *w, mlp_status verdict)
{
    one_step *step = w->step;
    const mlp_step_facts facts = {step->lr, step->result->tally.rows,
                                  step->global, verdict == MLP_DIVERGED,
                                  step->is_unsafe};
    mlp_status status = mlp_trainer_finish(w->trainer, w->self, &facts);
    if (status != MLP_OK && w->self.index == 0) {
        step->status = status;
    }
}

/* All pieces of the batch, up to the gradients that are published. */
static void compute(worker *w)
{
    do {
        gather(w);
        forward(w);
        if (mlp_exchange_is_far(w->trainer->exchange) && is_last_piece(w)) {
            back_by_layers(w);
            return;
        }
        backward(w);
    } while (go_on(w));
    gradients(w);
}

static void run_step(void *context, mlp_thread self)
{
    worker w = {.step = context, .self = self};
    w.trainer = w.step->trainer;
    double start = mlp_clock_seconds();
    mlp_profile_start(w.trainer->parts.profile, self.index);
    compute(&w);
    meet(&w);
    if (self.index == 0) {
        w.step->status = hear_all(w.step);
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

/* Pieces that have rows: the epoch's last batch may be short. */
static size_t pieces_of(const mlp_trainer *trainer, size_t step_index)
{
    const mlp_config *config = trainer->parts.config;
    size_t most = config->accumulate;
    size_t all = mlp_epoch_steps(trainer->parts.train->rows, config->batch);
    size_t before = step_index * most;
    return all - before < most ? all - before : most;
}

/* Shuffle for another epoch; and have rows read ahead that are in a file. */
static void expect_rows(mlp_trainer *trainer, uint64_t epoch, size_t index,
                        size_t steps)
{
    const mlp_trainer_parts *parts = &trainer->parts;
    const mlp_dataset *here = &parts->train->here;
    uint64_t global = epoch * steps + index;
    if (trainer->shuffled_epoch != epoch) {
        mlp_dataset_rest(here);
        mlp_sampler_shuffle(trainer->sampler, epoch);
        trainer->shuffled_epoch = epoch;
        trainer->expected_step = UINT64_MAX;
    }
    if (trainer->expected_step != global) {
        const mlp_read_plan plan = {
            mlp_sampler_pick, trainer->sampler,
            mlp_epoch_steps(parts->train->rows, parts->config->batch)};
        mlp_dataset_expect(here, &plan, index * parts->config->accumulate);
    }
    trainer->expected_step = global + 1;
}

static void calm(mlp_trainer *trainer)
{
    for (size_t l = 0; l < trainer->parts.model->layers; l++) {
        atomic_store(&trainer->alarms[l].is_unsafe, false);
        atomic_store(&trainer->alarms[l].is_infinite, false);
    }
}

mlp_status mlp_trainer_step(mlp_trainer *trainer, uint64_t epoch,
                            size_t step_index, bool wants_stop,
                            mlp_step_result *result)
{
    const mlp_trainer_parts *parts = &trainer->parts;
    uint64_t steps = mlp_epoch_steps(parts->train->rows,
                                     mlp_config_step_rows(parts->config));
    expect_rows(trainer, epoch, step_index, steps);
    uint64_t global = epoch * steps + step_index;
    one_step step = {.trainer = trainer,
                     .pieces = pieces_of(trainer, step_index),
                     .wants_stop = wants_stop,
                     .result = result,
                     .epoch = epoch,
                     .index = step_index,
                     .global = global,
                     .lr = mlp_trainer_rate(trainer, global)};
    begin_piece(&step);
    calm(trainer);
    run_crew(trainer, &step);
    if (step.status != MLP_OK && step.status != MLP_DIVERGED) {
        /* the others wait for what this rank can no longer send */
        mlp_comm_abort(parts->comm, step.status);
    }
    if (trainer->has_fault) {
        return mlp_comm_agree(parts->comm,
                              mlp_dataset_status(&parts->train->here));
    }
    return step.status == MLP_DIVERGED
               ? mlp_trainer_diagnose(trainer, epoch, step_index)
               : step.status;
}
