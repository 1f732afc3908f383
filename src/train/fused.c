/** @file
 *  Gradient and update in one: a block of the gradient is used while it is in
 *  its core's cache, and never written to memory.
 *
 *  Three conditions: the sum is complete when it is computed, so there is one
 *  node, and sums are float32; the update rule needs no norms; and all sums are
 *  known to be finite before the first parameter changes, since a step that
 *  diverges leaves the weights unchanged. A bound shows that: with n rows of
 *  inputs x, |x| <= X, and derivatives dz, |dz| <= D, every partial sum of
 *  x dz is at most n X D before rounding, and rounding adds less than a factor
 *  (1 + 2^-24)^(2 n), below 2^0.2 for n <= 2^20. With X and D up to 2^50 that
 * is far below the largest float, 2^128. Nodes may each check their own rows.
 *  Where the bound does not hold, the step is finished with care (finish.c), to
 *  the same bits.
 *
 *  Weights of rows are in dz, and so in the bound; their sum, by which the rule
 *  divides, each thread takes from what the ranks told with their rows.
 *
 *  Why nobody reads what another thread overwrites: parameters are last read by
 *  forward and backward, before the meeting in mlp_fused_is_safe; a thread
 *  updates those whose gradients it computes; and the batch is last read before
 *  a layer is published, which ranks wait for before they fill the next one.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/tree.h"

#include "step.h"

static const double ROWS_MOST = 0x1p20, VALUE_MOST = 0x1p50;

/* Sums of losses up to this are finite, too. */
static const double LOSS_MOST = 1e300;

/* PReLU's slopes are sums of other products. */
bool mlp_trainer_may_fuse(const mlp_trainer *trainer)
{
    const mlp_trainer_parts *parts = &trainer->parts;
    bool may = !trainer->node.is_careful &&
               trainer->weights.subtree_count == 1 &&
               mlp_comm_where(parts->comm)->nodes == 1 &&
               parts->config->exchange == MLP_EXCHANGE_TREE &&
               parts->config->exchange_precision == MLP_PRECISION_FLOAT32 &&
               !mlp_trainer_needs_norms(parts->config);
    for (size_t l = 0; l < parts->model->layers; l++) {
        may = may && parts->model->layer[l].activation != MLP_ACTIVATION_PRELU;
    }
    return may;
}

void mlp_fused_measure(const mlp_worker *w)
{
    const mlp_trainer_node *node = &w->trainer->node;
    if (!node->may_fuse && !mlp_trainer_has_columns(w->trainer)) {
        return;
    }
    mlp_thread_bounds *mine = &node->bounds[w->me.index];
    if (w->step->micro_batch == 0) {
        *mine = (mlp_thread_bounds){.has_finite_losses = true};
    }
    mlp_range rows = mlp_thread_share(w->me, node->batch.rows);
    const double *losses = mlp_pass_losses(node->pass) + rows.first;
    for (size_t r = 0; r < rows.count; r++) {
        mine->has_finite_losses &= fabs(losses[r]) <= LOSS_MOST;
    }
    mlp_range gathered = mlp_thread_range(w->self, mlp_feed_here(node->feed));
    mlp_pass_measure(node->pass, gathered, &mine->extent, w->me);
}

static double from_bits(uint32_t bits)
{
    float value;
    memcpy(&value, &bits, sizeof value);
    return (double)value;
}

bool mlp_fused_is_bounded(const mlp_thread_bounds *bounds, size_t threads,
                          size_t layers, size_t rows)
{
    bool is_bounded = (double)rows <= ROWS_MOST;
    for (size_t l = 0; l < layers; l++) {
        uint32_t input = 0, dz = 0;
        for (size_t t = 0; t < threads; t++) {
            const mlp_pass_extent *seen = &bounds[t].extent;
            input = seen->input[l] > input ? seen->input[l] : input;
            dz = seen->dz[l] > dz ? seen->dz[l] : dz;
        }
        is_bounded = is_bounded && from_bits(input) <= VALUE_MOST &&
                     from_bits(dz) <= VALUE_MOST;
    }
    return is_bounded;
}

bool mlp_fused_is_well(const mlp_worker *w)
{
    const mlp_trainer *trainer = w->trainer;
    const mlp_trainer_node *node = &trainer->node;
    size_t ranks = mlp_comm_where(mlp_node_team_home(node->team))->size;
    bool is_well = !node->is_careful;
    for (size_t r = 0; r < ranks; r++) {
        is_well = is_well && !node->board->ranks[r].has_fault;
    }
    for (size_t t = 0; t < w->me.count; t++) {
        is_well = is_well && node->bounds[t].has_finite_losses;
    }
    return is_well &&
           mlp_fused_is_bounded(node->bounds, w->me.count,
                                trainer->parts.model->layers, w->step->rows);
}

bool mlp_fused_is_safe(mlp_worker *w)
{
    if (!w->trainer->node.may_fuse) {
        return false;
    }
    mlp_worker_meet(w);
    return mlp_fused_is_well(w);
}

typedef struct {
    const mlp_worker *w;
    mlp_optimizer rule;
} updater;

static void update(void *context, size_t first, size_t count, const float *sum)
{
    const updater *u = context;
    mlp_worker_lap(u->w, MLP_PHASE_GRADIENT);
    mlp_optimizer_update(&u->rule, first, count, sum);
    mlp_worker_lap(u->w, MLP_PHASE_UPDATE);
}

/* Of a batch whose rows have no weight. */
static void leave_alone(void *context, size_t first, size_t count,
                        const float *sum)
{
    const updater *u = context;
    (void)first, (void)count, (void)sum;
    mlp_worker_lap(u->w, MLP_PHASE_GRADIENT);
}

void mlp_fused_update(mlp_worker *w)
{
    const mlp_one_step *step = w->step;
    mlp_trainer *trainer = w->trainer;
    const float *begun = step->micro_batch > 0 ? trainer->node.leaf_sums : NULL;
    updater u = {w, trainer->optimizer};
    double weight = mlp_tree_sum(mlp_trainer_leaf_weights(trainer),
                                 trainer->node.shards.count, 1);
    mlp_optimizer_begin(&u.rule, step->lr, weight, step->global);
    for (size_t l = trainer->parts.model->layers; l-- > 0;) {
        if (l >= trainer->parts.model->frozen) {
            mlp_pass_gradient_blocks(
                trainer->node.pass, l, trainer->weights.subtrees, begun,
                weight > 0.0 ? update : leave_alone, &u, w->me);
        }
        mlp_worker_lap(w, MLP_PHASE_GRADIENT);
        mlp_exchange_publish(trainer->exchange, l, w->me);
    }
    mlp_stage_leave_batch(w);
    for (size_t l = trainer->parts.model->layers; l-- > 0;) {
        mlp_exchange_release(trainer->exchange, l, w->me);
    }
}
