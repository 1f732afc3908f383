/** @file
 *  Synchronized data-parallel training: one step, as all threads see it.
 */
#include "mlp/trainer.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "trainer_internal.h"

/* What rides along with a shard's gradient. */
enum { RECORD_LOSS, RECORD_HITS, RECORD_ROWS, RECORD_STOP, RECORD_SIZE };

/* ---- create and destroy ------------------------------------------------ */

static mlp_status create_exchange(mlp_trainer *trainer)
{
    const mlp_model *model = trainer->parts.model;
    size_t *sizes = calloc(model->layers, sizeof *sizes);
    if (sizes == NULL) {
        return mlp_fail_memory("the layers' sizes");
    }
    for (size_t l = 0; l < model->layers; l++) {
        sizes[l] = model->layer[l].size;
    }
    const mlp_exchange_shape shape = {
        trainer->parts.config->shards, model->layers, sizes,
        1 + mlp_optimizer_moments(trainer->parts.config), RECORD_SIZE};
    mlp_status status =
        mlp_exchange_create(trainer->parts.comm, &shape, &trainer->exchange);
    free(sizes);
    return status;
}

/* The plan of one canonical node: its operands are the leaves below it. */
static mlp_status plan_node(mlp_trainer *trainer, mlp_tree_node node,
                            mlp_gradient_node *plan)
{
    mlp_tree_node *leaves = calloc(node.count, sizeof *leaves);
    if (leaves == NULL) {
        return mlp_fail_memory("the tree over shards");
    }
    for (size_t i = 0; i < node.count; i++) {
        leaves[i] = (mlp_tree_node){node.first + i, 1};
    }
    mlp_status status = mlp_tree_plan_create(
        trainer->parts.config->shards, node, leaves, node.count, &plan->plan);
    plan->first_leaf = node.first - trainer->parts.train->shards.first;
    free(leaves);
    return status;
}

static mlp_status create_nodes(mlp_trainer *trainer)
{
    size_t count;
    const mlp_tree_node *nodes = mlp_exchange_nodes(trainer->exchange, &count);
    trainer->nodes = calloc(count + 1, sizeof *trainer->nodes);
    if (trainer->nodes == NULL) {
        return mlp_fail_memory("the tree over shards");
    }
    for (size_t i = 0; i < count; i++) {
        trainer->nodes[i].sum = mlp_exchange_gradient(trainer->exchange, i);
        MLP_TRY(plan_node(trainer, nodes[i], &trainer->nodes[i]));
        trainer->node_count = i + 1;
    }
    return MLP_OK;
}

/* Rows of a batch that this rank holds at most: each shard has at most
 * ceil(batch / shards), and one more where shards differ in length. */
static size_t rows_at_most(const mlp_trainer *trainer)
{
    const mlp_config *config = trainer->parts.config;
    size_t each = config->batch / config->shards + 2;
    size_t rows = each * trainer->parts.train->shards.count;
    return rows > EVALUATION_ROWS ? rows : EVALUATION_ROWS;
}

static mlp_status create_locally(mlp_trainer *trainer)
{
    const mlp_trainer_parts *parts = &trainer->parts;
    const mlp_config *config = parts->config;
    size_t rows = rows_at_most(trainer);
    MLP_TRY(create_nodes(trainer));
    MLP_TRY(mlp_sampler_create(config->seed, parts->train->rows, config->shards,
                               parts->train->shards, config->batch,
                               &trainer->sampler));
    MLP_TRY(mlp_feed_create(parts->train->here.features, rows,
                            parts->train->shards.count + 1, parts->is_sparse,
                            &trainer->feed));
    MLP_TRY(mlp_pass_create(parts->model, parts->kernels, rows, config->threads,
                            &trainer->pass));
    trainer->shard_losses =
        calloc(config->shards, sizeof *trainer->shard_losses);
    if (trainer->shard_losses == NULL) {
        return mlp_fail_memory("the shards' losses");
    }
    return MLP_OK;
}

mlp_status mlp_trainer_create(const mlp_trainer_parts *parts,
                              mlp_trainer **trainer)
{
    mlp_trainer *made = calloc(1, sizeof *made);
    *trainer = made;
    mlp_status status = made == NULL ? mlp_fail_memory("the trainer") : MLP_OK;
    MLP_TRY(mlp_comm_agree(parts->comm, status));
    made->parts = *parts;
    made->shuffled_epoch = UINT64_MAX;
    status = create_exchange(made);
    if (status == MLP_OK) {
        status = mlp_comm_agree(parts->comm, create_locally(made));
    }
    if (status != MLP_OK) {
        mlp_trainer_destroy(trainer);
        return status;
    }
    float *states[1 + MLP_OPTIMIZER_MOMENTS] = {NULL};
    for (size_t i = 0; i <= mlp_optimizer_moments(parts->config); i++) {
        states[i] = mlp_exchange_state(made->exchange, i);
    }
    made->optimizer =
        mlp_optimizer_make(parts->config, parts->model, parts->kernels, states);
    return MLP_OK;
}

void mlp_trainer_destroy(mlp_trainer **trainer)
{
    mlp_trainer *old = *trainer;
    if (old == NULL) {
        return;
    }
    for (size_t i = 0; i < old->node_count; i++) {
        mlp_tree_plan_destroy(&old->nodes[i].plan);
    }
    free(old->nodes);
    free(old->shard_losses);
    mlp_sampler_destroy(&old->sampler);
    mlp_feed_destroy(&old->feed);
    mlp_pass_destroy(&old->pass);
    mlp_exchange_destroy(&old->exchange);
    free(old);
    *trainer = NULL;
}

/* ---- load and store ---------------------------------------------------- */

mlp_status mlp_trainer_load(mlp_trainer *trainer, const float *parameters,
                            float *const *moments)
{
    const mlp_model *model = trainer->parts.model;
    /* One rank writes what its node shares; agree also is the barrier. */
    if (mlp_comm_where(trainer->parts.comm)->rank == 0) {
        mlp_model_pack(model, parameters,
                       mlp_exchange_state(trainer->exchange, 0));
        for (size_t i = 0; i < mlp_optimizer_moments(trainer->parts.config);
             i++) {
            float *state = mlp_exchange_state(trainer->exchange, 1 + i);
            if (moments != NULL && moments[i] != NULL) {
                mlp_model_pack(model, moments[i], state);
            } else {
                memset(state, 0, model->vector_size * sizeof *state);
            }
        }
    }
    return mlp_comm_agree(trainer->parts.comm, MLP_OK);
}

/* All ranks have finished updating all layers. */
static void wait_for_parameters(mlp_trainer *trainer)
{
    for (size_t l = 0; l < trainer->parts.model->layers; l++) {
        mlp_exchange_wait(trainer->exchange, l);
    }
}

void mlp_trainer_store(mlp_trainer *trainer, float *parameters,
                       float *const *moments)
{
    const mlp_model *model = trainer->parts.model;
    wait_for_parameters(trainer);
    if (parameters != NULL) {
        mlp_model_unpack(model, mlp_exchange_state(trainer->exchange, 0),
                         parameters);
    }
    for (size_t i = 0; i < mlp_optimizer_moments(trainer->parts.config); i++) {
        if (moments != NULL && moments[i] != NULL) {
            mlp_model_unpack(model,
                             mlp_exchange_state(trainer->exchange, 1 + i),
                             moments[i]);
        }
    }
}

/* ---- one step ---------------------------------------------------------- */

typedef struct {
    mlp_trainer *trainer;
    mlp_microbatches microbatches;
    bool wants_stop;
    mlp_step_result *result;
    mlp_status status; /* written by thread 0, read after a barrier */
    uint64_t epoch;    /* where in the training it is, from 0 */
    size_t index;
} one_step;

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
        record[RECORD_LOSS] = loss;
        record[RECORD_HITS] = (double)hits;
        record[RECORD_ROWS] = (double)(end - first);
        record[RECORD_STOP] = step->wants_stop;
        record += RECORD_SIZE;
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
    result->tally.loss_sum =
        mlp_tree_sum(all + RECORD_LOSS, shards, RECORD_SIZE);
    for (size_t s = 0; s < shards; s++) {
        const double *record = all + s * RECORD_SIZE;
        result->tally.hits += (uint64_t)record[RECORD_HITS];
        result->tally.rows += (uint64_t)record[RECORD_ROWS];
        result->wants_stop |= record[RECORD_STOP] != 0.0;
    }
    if (!isfinite(result->tally.loss_sum)) {
        return mlp_fail(MLP_DIVERGED,
                        "epoch %llu, step %zu: the loss is not finite: a "
                        "smaller --lr may help",
                        (unsigned long long)step->epoch + 1, step->index + 1);
    }
    return MLP_OK;
}

/* One thread's part in a step. */
typedef struct {
    one_step *step;
    mlp_trainer *trainer;
    mlp_thread self;
    mlp_optimizer rule; /* this batch's */
} worker;

/* The time since the last lap went into this phase. */
static void lap(const worker *w, mlp_phase phase)
{
    mlp_profile_lap(w->trainer->parts.profile, w->self.index, phase);
}

static void meet(const worker *w)
{
    mlp_thread_barrier(w->self);
    lap(w, MLP_PHASE_WAIT);
}

static void gather(const worker *w)
{
    mlp_feed_fill(w->trainer->feed, w->trainer->parts.kernels, w->self);
    lap(w, MLP_PHASE_GATHER);
    meet(w);
}

static void forward(const worker *w)
{
    mlp_trainer *trainer = w->trainer;
    for (size_t l = 0; l < trainer->parts.model->layers; l++) {
        mlp_exchange_wait(trainer->exchange, l);
        lap(w, MLP_PHASE_WAIT);
        mlp_pass_forward(trainer->pass, l, w->self);
        lap(w, MLP_PHASE_FORWARD);
        meet(w);
    }
    mlp_pass_loss(trainer->pass, true, w->self);
    lap(w, MLP_PHASE_LOSS);
    meet(w);
    if (w->self.index == 0) {
        write_records(w->step);
        mlp_exchange_publish_records(trainer->exchange);
        lap(w, MLP_PHASE_LOSS);
    }
}

/* Last layer first; a layer is published as soon as it is complete. */
static void backward(const worker *w)
{
    mlp_trainer *trainer = w->trainer;
    for (size_t l = trainer->parts.model->layers; l-- > 0;) {
        if (l > 0) {
            mlp_pass_backward(trainer->pass, l, w->self);
            lap(w, MLP_PHASE_BACKWARD);
        }
        mlp_pass_gradient(trainer->pass, l, trainer->nodes, trainer->node_count,
                          w->self);
        lap(w, MLP_PHASE_GRADIENT);
        meet(w);
        if (w->self.index == 0) {
            mlp_exchange_publish(trainer->exchange, l);
        }
    }
}

static void update(void *context, size_t first, size_t count, const float *sum)
{
    const worker *w = context;
    lap(w, MLP_PHASE_EXCHANGE);
    mlp_optimizer_update(&w->rule, first, count, sum);
    lap(w, MLP_PHASE_UPDATE);
}

/* A step that is given up: parameters stay, and the exchange is through. */
static void leave_alone(void *context, size_t first, size_t count,
                        const float *sum)
{
    (void)context;
    (void)first;
    (void)count;
    (void)sum;
}

static void finish(worker *w, mlp_exchange_update *act)
{
    mlp_trainer *trainer = w->trainer;
    one_step *step = w->step;
    w->rule = trainer->optimizer;
    w->rule.rule.per_row = (float)(1.0 / (double)step->result->tally.rows);
    for (size_t l = trainer->parts.model->layers; l-- > 0;) {
        mlp_exchange_await(trainer->exchange, l, w->self);
        lap(w, MLP_PHASE_WAIT);
        mlp_status status =
            mlp_exchange_finish(trainer->exchange, l, w->self, act, w);
        if (w->self.index == 0 && status != MLP_OK) {
            step->status = status;
        }
    }
}

static void run_step(void *context, mlp_thread self)
{
    worker w = {.step = context, .self = self};
    w.trainer = w.step->trainer;
    mlp_profile_start(w.trainer->parts.profile, self.index);
    gather(&w);
    forward(&w);
    backward(&w);
    if (self.index == 0) {
        w.step->status = read_records(w.step);
    }
    meet(&w);
    mlp_status verdict = w.step->status;
    if (verdict == MLP_OK || verdict == MLP_DIVERGED) {
        finish(&w, verdict == MLP_OK ? update : leave_alone);
    }
}

mlp_status mlp_trainer_step(mlp_trainer *trainer, uint64_t epoch,
                            size_t step_index, bool wants_stop,
                            mlp_step_result *result)
{
    const mlp_trainer_parts *parts = &trainer->parts;
    if (trainer->shuffled_epoch != epoch) {
        mlp_sampler_shuffle(trainer->sampler, epoch);
        trainer->shuffled_epoch = epoch;
    }
    one_step step = {
        trainer,    mlp_sampler_batch(trainer->sampler, step_index),
        wants_stop, result,
        MLP_OK,     epoch,
        step_index};
    mlp_feed_begin(trainer->feed, &parts->train->here, parts->scaler,
                   &step.microbatches);
    mlp_pass_begin(trainer->pass, mlp_exchange_state(trainer->exchange, 0),
                   mlp_feed_batch(trainer->feed),
                   mlp_feed_labels(trainer->feed));
    mlp_threads_run(parts->config->threads, run_step, &step);
    if (step.status != MLP_OK && step.status != MLP_DIVERGED) {
        /* the others wait for what this rank can no longer send */
        mlp_comm_abort(parts->comm, step.status);
    }
    return step.status;
}
