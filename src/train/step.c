/** @file
 *  One step of synchronized data-parallel training: begun, shared out to
 *  threads, and ended.
 */
#include <stdatomic.h>

#include "base/clock.h"
#include "rows/shard.h"

#include "step.h"

/* ---- micro-batches of a batch ------------------------------------------ */

/* What the node team must know of this rank. */
static void report_rank(const mlp_one_step *step)
{
    mlp_trainer *trainer = step->trainer;
    size_t rank = mlp_comm_where(mlp_node_team_home(trainer->node.team))->rank;
    mlp_rank_report *report = &trainer->node.board->ranks[rank];
    report->wants_stop = step->wants_stop;
    report->has_fault =
        mlp_dataset_status(&trainer->parts.train->here) != MLP_OK;
}

/* Add up the weights of the rows that this rank gathers, shard by shard. */
static void add_weights(const mlp_one_step *step)
{
    const mlp_trainer *trainer = step->trainer;
    const mlp_trainer_node *node = &trainer->node;
    const mlp_dataset *from = node->dataset;
    const mlp_shard_batches *batches = &step->shard_batches;
    double *sums = node->fed_weights + (node->gathered.first - node->fed.first);
    for (size_t i = 0; i < batches->leaves; i++) {
        size_t first = batches->leaf_start[i];
        size_t end = batches->leaf_start[i + 1];
        double sum = step->micro_batch > 0 ? sums[i] : 0.0;
        if (from->weights == NULL) {
            sum += (double)(end - first);
            first = end;
        }
        for (size_t r = first; r < end; r++) {
            size_t row = from->is_dealt ? r : batches->rows[r];
            sum += mlp_dataset_weight(from, row);
        }
        sums[i] = sum;
    }
}

/* One pass over the node's rows; with columns, another over all rows. */
static void begin_passes(const mlp_one_step *step)
{
    mlp_trainer *trainer = step->trainer;
    const mlp_trainer_node *node = &trainer->node;
    const float *parameters = trainer->weights.vectors[0];
    const float *targets = mlp_trainer_targets(trainer);
    mlp_pass_begin(node->pass, parameters, &node->batch,
                   mlp_feed_labels(node->feed) + node->first_row, targets);
    mlp_pass_weigh(node->pass, mlp_trainer_weights(trainer));
    const mlp_dropout dropout = {.seed = trainer->parts.config->seed,
                                 .epoch = (uint32_t)step->epoch,
                                 .rows = mlp_feed_rows(node->feed) +
                                         node->first_row};
    mlp_pass_drop(node->pass, &dropout);
    if (mlp_trainer_has_columns(trainer)) {
        mlp_pass_begin(trainer->columns.pass, parameters,
                       mlp_feed_batch(node->feed), NULL, NULL);
        mlp_exchange_begin_rows(trainer->exchange, node->fed_start);
    }
}

/* Point feed and passes at the micro-batch's rows. Dealing goes round the
 * table, so the micro-batches of a batch are what smaller batches would be. */
static void begin_micro_batch(mlp_one_step *step)
{
    mlp_trainer *trainer = step->trainer;
    const mlp_trainer_parts *parts = &trainer->parts;
    size_t index = step->index * parts->config->accumulate + step->micro_batch;
    step->shard_batches =
        mlp_sampler_batch(trainer->position.order.sampler, index);
    mlp_trainer_lay_batch(trainer, index);
    if (mlp_trainer_sends_rows(trainer)) {
        mlp_trainer_take_rows(trainer, step->epoch, index);
    }
    step->whole = (mlp_feed_whole){
        trainer->node.fed_start, trainer->node.fed.count,
        trainer->node.gathered.first - trainer->node.fed.first};
    mlp_feed_begin(trainer->node.feed, trainer->node.dataset, parts->scaler,
                   &step->shard_batches, &step->whole);
    mlp_trainer_take_batch(trainer);
    report_rank(step);
    add_weights(step);
    step->rows += mlp_feed_batch(trainer->node.feed)->rows;
    begin_passes(step);
}

static bool is_last_micro_batch(const mlp_one_step *step)
{
    return step->micro_batch + 1 == step->micro_batches;
}

static void begin_next_micro_batch(mlp_one_step *step)
{
    step->micro_batch++;
    begin_micro_batch(step);
}

/* Go to the batch's next micro-batch; not from one whose loss is not finite,
 * which is diagnosed afterwards (diagnose.c). */
static bool go_on(mlp_worker *w)
{
    mlp_trainer *trainer = w->trainer;
    if (is_last_micro_batch(w->step)) {
        return false;
    }
    mlp_stage_accumulate(w);
    mlp_worker_meet(w);
    bool spoils = w->self.index == 0 && !mlp_trainer_has_finite_losses(trainer);
    if (w->self.index == 0 && mlp_trainer_has_columns(trainer)) {
        /* all nodes go on, or none; a failure ends the job */
        (void)mlp_comm_any(trainer->parts.comm, &spoils);
    }
    if (w->me.index == 0) {
        trainer->node.board->is_spoiled = spoils;
        mlp_node_team_dismiss(trainer->node.team);
    }
    mlp_worker_meet(w);
    bool is_spoiled = trainer->node.board->is_spoiled;
    if (w->self.index == 0 && !is_spoiled) {
        begin_next_micro_batch(w->step);
    }
    mlp_worker_meet_in_rank(w);
    return !is_spoiled;
}

/* ---- the step ---------------------------------------------------------- */

/* Complete and send the node team's shard metrics. */
static void publish_metrics(const mlp_worker *w)
{
    if (w->me.index == 0) {
        mlp_trainer_close_metrics(w->trainer);
        mlp_exchange_publish_shard_metrics(w->trainer->exchange);
    }
}

/* The decision of all ranks on the step, before any of them updates. */
static mlp_status read_decision(const mlp_worker *w)
{
    mlp_one_step *step = w->step;
    publish_metrics(w);
    return mlp_trainer_read_metrics(step->trainer, step->result,
                                    &step->is_unsafe);
}

/* Update. The same status on all threads of the rank. */
static mlp_status finish(mlp_worker *w)
{
    const mlp_one_step *step = w->step;
    mlp_status decision = step->decision;
    const mlp_step_facts facts = {step->lr, step->result->weight, step->global,
                                  decision == MLP_DIVERGED, step->is_unsafe};
    mlp_status status = mlp_trainer_finish(w, &facts);
    return status != MLP_OK ? status : decision;
}

/* All micro-batches of the batch, up to the last one's backward pass; between
 * nodes its gradients, too, unless an earlier one was the last. Whether the
 * gradients are published. */
static bool compute(mlp_worker *w)
{
    do {
        mlp_stage_gather(w);
        mlp_stage_join(w);
        mlp_stage_forward(w);
        if (mlp_exchange_is_far(w->trainer->exchange) &&
            !mlp_trainer_has_columns(w->trainer) &&
            is_last_micro_batch(w->step)) {
            mlp_stage_back_by_layers(w);
            return true;
        }
        mlp_stage_backward(w);
        mlp_fused_measure(w);
    } while (go_on(w));
    return false;
}

/* Tell idle ranks how the step ended. */
static void post_end(const mlp_worker *w)
{
    mlp_trainer_board *board = w->trainer->node.board;
    board->status = w->step->status;
    board->result = *w->step->result;
    board->has_fault = w->trainer->has_fault;
    mlp_node_team_dismiss(w->trainer->node.team);
}

/* Gradient and update in one: what they need to know of the step is known. */
static void finish_at_once(mlp_worker *w)
{
    if (w->me.index == 0) {
        mlp_trainer_add_metrics(w->trainer, w->step->micro_batch == 0);
        mlp_worker_lap(w, MLP_PHASE_LOSS);
    }
    mlp_fused_update(w);
    if (w->self.index == 0) {
        w->step->status = read_decision(w);
    }
}

/* Gradients of all, the decision of all ranks, and the update. */
static void finish_in_turn(mlp_worker *w, bool is_published)
{
    if (!is_published) {
        mlp_stage_begin_gradients(w);
        mlp_stage_gradients(w);
    }
    mlp_worker_meet(w);
    if (w->self.index == 0) {
        w->step->decision = read_decision(w);
    }
    mlp_worker_meet_in_rank(w);
    mlp_status status = finish(w);
    if (w->self.index == 0) {
        w->step->status = status;
    }
}

/* The first layer by columns: the decision is known before its gradient, which
 * is updated at once. */
static void finish_by_columns(mlp_worker *w)
{
    mlp_stage_begin_gradients(w);
    if (w->me.index == 0 && !mlp_fused_is_well(w)) {
        atomic_store(&w->trainer->node.board->is_unsafe, true);
    }
    publish_metrics(w);
    mlp_stage_gradients(w);
    if (w->self.index == 0) {
        w->step->decision = mlp_trainer_read_metrics(
            w->trainer, w->step->result, &w->step->is_unsafe);
    }
    mlp_stage_receive_dz(w);
    mlp_status status = finish(w);
    if (w->self.index == 0) {
        w->step->status = status;
    }
}

static void work(mlp_worker *w)
{
    bool is_published = compute(w);
    if (mlp_trainer_has_columns(w->trainer)) {
        finish_by_columns(w);
    } else if (mlp_fused_is_safe(w)) {
        finish_at_once(w);
    } else {
        finish_in_turn(w, is_published);
    }
    if (w->me.index == 0) {
        post_end(w);
    }
}

/* An idle rank's part in a step: it only hands in its rows. */
static void hand_in(mlp_worker *w)
{
    mlp_one_step *step = w->step;
    mlp_trainer *trainer = w->trainer;
    const mlp_trainer_board *board = trainer->node.board;
    for (bool goes_on = true; goes_on;) {
        mlp_stage_gather(w);
        mlp_node_team_hand_in(trainer->node.team);
        goes_on = !is_last_micro_batch(step);
        if (goes_on) {
            mlp_node_team_await(trainer->node.team);
            mlp_worker_lap(w, MLP_PHASE_WAIT);
            goes_on = !board->is_spoiled;
        }
        if (goes_on) {
            begin_next_micro_batch(step);
        }
    }
    mlp_node_team_await(trainer->node.team);
    mlp_worker_lap(w, MLP_PHASE_WAIT);
    step->status = board->status;
    *step->result = board->result;
    trainer->has_fault |= board->has_fault;
}

static void run_step(void *context, mlp_thread self)
{
    mlp_worker w = {.step = context, .self = self};
    w.trainer = w.step->trainer;
    double start = mlp_worker_clock(&w);
    mlp_profile_start(w.trainer->parts.profile, self.index);
    if (mlp_node_team_is_idle(w.trainer->node.team)) {
        hand_in(&w);
    } else {
        work(&w);
    }
    w.trainer->busy[self.index] = mlp_worker_clock(&w) - start - w.waited;
}

/* Run the step on as many threads as are good now. */
static void run_node_team(mlp_trainer *trainer, mlp_one_step *step)
{
    size_t count = trainer->tuner.count;
    if (trainer->tuner.most == 1) {
        mlp_threads_run(NULL, 1, run_step, step);
        return;
    }
    double start = mlp_clock_seconds();
    mlp_threads_run(trainer->threads, count, run_step, step);
    double seconds = mlp_clock_seconds() - start;
    double busy = 0.0;
    for (size_t t = 0; t < count; t++) {
        busy += trainer->busy[t] / (double)count;
    }
    mlp_thread_tuner_note(&trainer->tuner, seconds, seconds - busy);
}

/* Micro-batches that have rows: the epoch's last batch may be short. */
static size_t micro_batches_of(const mlp_trainer *trainer, size_t step_index)
{
    const mlp_config *config = trainer->parts.config;
    size_t most = config->accumulate;
    size_t all = mlp_epoch_steps(trainer->parts.train->rows, config->batch);
    size_t before = step_index * most;
    return all - before < most ? all - before : most;
}

void mlp_trainer_use_threads(mlp_trainer *trainer, mlp_threads *threads)
{
    trainer->threads = threads;
}

static void clear_alarms(mlp_trainer *trainer)
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
    uint64_t global = epoch * steps + step_index;
    mlp_trainer_position *position = &trainer->position;
    position->order.is_expected &= position->expected_step == global;
    position->expected_step = global + 1;
    mlp_trainer_expect_rows(trainer, &position->order, trainer->node.dataset,
                            parts->first_epoch + epoch,
                            step_index * parts->config->accumulate);
    mlp_one_step step = {.trainer = trainer,
                         .micro_batches = micro_batches_of(trainer, step_index),
                         .wants_stop = wants_stop,
                         .result = result,
                         .epoch = parts->first_epoch + epoch,
                         .index = step_index,
                         .global = parts->first_step + global,
                         .lr = mlp_trainer_rate(trainer, global)};
    begin_micro_batch(&step);
    clear_alarms(trainer);
    run_node_team(trainer, &step);
    if (!trainer->is_pending) {
        mlp_exchange_end_step(trainer->exchange);
    }
    if (trainer->has_fault) {
        return mlp_comm_agree(parts->comm,
                              mlp_dataset_status(&parts->train->here));
    }
    return step.status == MLP_DIVERGED
               ? mlp_trainer_diagnose(trainer, step.epoch, step_index)
               : step.status;
}
