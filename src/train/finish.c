/** @file
 *  The end of a step: the sums of all ranks' gradients, and the update.
 *
 *  A rule that needs one parameter at a time updates each range as soon as it
 *  is summed: where no rank's part of the sum is large or not finite, which all
 *  ranks know by then, the sum is finite. Otherwise all ranks of a node check
 *  all their ranges first. A rule that needs norms first keeps the sums, and
 *  all ranks of a node meet when they have measured their ranges. Nodes need
 *  not ask each other: each has all sums.
 */
#include <math.h>
#include <stdatomic.h>
#include <string.h>

#include "optim/norms.h"

#include "step.h"

/* What the ranks of a node measure, each a table of blocks' squares. */
enum { OF_GRADIENT, OF_WEIGHTS, OF_DIRECTION, QUANTITIES };

bool mlp_trainer_needs_norms(const mlp_config *config)
{
    return config->clip_norm > 0.0 || config->max_norm > 0.0 ||
           mlp_optimizer_has_ratios(config);
}

size_t mlp_trainer_measures(const mlp_trainer_parts *parts)
{
    return mlp_trainer_needs_norms(parts->config)
               ? QUANTITIES * mlp_norms_blocks(parts->model)
               : 0;
}

/* One thread's part. */
typedef struct {
    mlp_worker *w;
    mlp_trainer *trainer;
    mlp_optimizer rule; /* this batch's */
    size_t layer;       /* under way */
    size_t least;       /* the last layer that is left to do: 0, or 1 */
    bool is_finite;     /* the sums that `look` has seen */
} finisher;

static void lap(const finisher *f, mlp_phase phase)
{
    mlp_worker_lap(f->w, phase);
}

static bool is_frozen(const finisher *f)
{
    return f->layer < f->trainer->parts.model->frozen;
}

/* Do the same to every layer, last one first; `act` gets the sums. */
static void each_layer(finisher *f, mlp_exchange_update *act, bool is_last_word)
{
    mlp_exchange *exchange = f->trainer->exchange;
    for (size_t i = f->trainer->bundles.count; i-- > f->least;) {
        f->layer = i; /* where it matters, each layer goes by itself */
        mlp_exchange_await(exchange, i, f->w->self);
        lap(f, MLP_PHASE_WAIT);
        mlp_exchange_sum(exchange, i, f->w->self, act, f);
        if (is_last_word) {
            mlp_exchange_release(exchange, i, f->w->me);
        }
    }
}

static void update(void *context, size_t first, size_t count, const float *sum)
{
    const finisher *f = context;
    lap(f, MLP_PHASE_EXCHANGE);
    if (!is_frozen(f)) {
        mlp_optimizer_update(&f->rule, first, count, sum);
    }
    lap(f, MLP_PHASE_UPDATE);
}

/* A step that is given up, or whose rows have no weight: parameters and moments
 * stay, and the exchange is through. */
static bool is_left_alone(const mlp_step_facts *facts)
{
    return facts->is_given_up || facts->weight <= 0.0;
}

static void leave_alone(void *context, size_t first, size_t count,
                        const float *sum)
{
    (void)context;
    (void)first;
    (void)count;
    (void)sum;
}

static void look(void *context, size_t first, size_t count, const float *sum)
{
    finisher *f = context;
    const mlp_model *model = f->trainer->weights.model;
    for (size_t l = 0; l < model->layers; l++) {
        mlp_range mine = mlp_range_overlap(
            (mlp_range){first, count},
            (mlp_range){model->layer[l].offset, model->layer[l].size});
        if (!mlp_trainer_are_finite(sum + (mine.first - first), mine.count)) {
            f->is_finite = false;
            atomic_store(&f->trainer->alarms[l].is_infinite, true);
        }
    }
}

/* Without columns each node has all sums, and need not ask. Collective. */
static void ask_nodes(finisher *f)
{
    mlp_trainer_board *board = f->trainer->node.board;
    if (!mlp_trainer_has_columns(f->trainer)) {
        return;
    }
    if (f->w->self.index == 0) {
        bool is_refused = atomic_load(&board->is_refused);
        (void)mlp_comm_any(f->trainer->parts.comm, &is_refused);
        if (is_refused) {
            atomic_store(&board->is_refused, true);
        }
    }
    mlp_worker_meet(f->w);
}

/* Nobody updates before all have seen that all is finite. */
static mlp_status update_with_care(finisher *f)
{
    f->is_finite = true;
    each_layer(f, look, false);
    mlp_trainer_board *board = f->trainer->node.board;
    if (!f->is_finite) {
        atomic_store(&board->is_refused, true);
    }
    mlp_worker_meet(f->w);
    ask_nodes(f);
    bool are_all = !atomic_load(&board->is_refused);
    each_layer(f, are_all ? update : leave_alone, true);
    return are_all ? MLP_OK : MLP_DIVERGED;
}

/* ---- by norms ---------------------------------------------------------- */

static double *table_of(const finisher *f, size_t quantity)
{
    return mlp_exchange_measures(f->trainer->exchange) +
           quantity * mlp_norms_blocks(f->trainer->parts.model);
}

static void measure(const finisher *f, size_t quantity, mlp_range elements,
                    const float *values)
{
    mlp_norms_measure(f->trainer->parts.model, f->trainer->parts.kernels,
                      f->layer, elements, values, table_of(f, quantity));
}

static void keep(void *context, size_t first, size_t count, const float *sum)
{
    const finisher *f = context;
    lap(f, MLP_PHASE_EXCHANGE);
    memcpy(f->trainer->weights.kept_sum + first, sum, count * sizeof *sum);
    measure(f, OF_GRADIENT, (mlp_range){first, count}, sum);
    lap(f, MLP_PHASE_UPDATE);
}

/* This thread's share of layer f->layer. */
static mlp_range share_of(const finisher *f)
{
    return mlp_exchange_thread_range(f->trainer->exchange, f->layer,
                                     f->w->self);
}

static double norm(const finisher *f, size_t quantity)
{
    return sqrt(mlp_norms_layer(f->trainer->parts.model, f->layer,
                                table_of(f, quantity)));
}

/* Clip the gradient of all layers together. Source: Pascanu et al. 2013, "On
 * the difficulty of training recurrent neural networks", algorithm 1. Whether
 * its norm is finite, on which all threads of all ranks agree. */
static bool clip(finisher *f)
{
    double limit = f->trainer->parts.config->clip_norm;
    double gradient_scale = (double)f->rule.rule.gradient_scale;
    double length =
        gradient_scale *
        sqrt(mlp_norms_all(f->trainer->parts.model, table_of(f, OF_GRADIENT)));
    if (limit > 0.0 && length > limit) {
        mlp_optimizer_clip(&f->rule, limit / length);
    }
    return isfinite(length);
}

/* Of a gradient whose norm is not finite: which layers' are not. */
static void raise_alarms(finisher *f)
{
    for (f->layer = 0; f->layer < f->trainer->parts.model->layers; f->layer++) {
        if (!isfinite(norm(f, OF_GRADIENT))) {
            atomic_store(&f->trainer->alarms[f->layer].is_infinite, true);
        }
    }
}

static void measure_weights(finisher *f)
{
    for (f->layer = 0; f->layer < f->trainer->parts.model->layers; f->layer++) {
        mlp_range mine = share_of(f);
        measure(f, OF_WEIGHTS, mine, f->rule.parameters + mine.first);
    }
}

static void find_directions(finisher *f)
{
    for (f->layer = 0; f->layer < f->trainer->parts.model->layers; f->layer++) {
        mlp_range mine = share_of(f);
        float *sum = f->trainer->weights.kept_sum + mine.first;
        mlp_optimizer_direct(&f->rule, mine.first, mine.count, sum);
        measure(f, OF_DIRECTION, mine, sum);
    }
    lap(f, MLP_PHASE_UPDATE);
}

static void adapt(finisher *f)
{
    if (f->rule.rule.kind == MLP_OPTIMIZER_LARS) {
        mlp_optimizer_adapt(&f->rule, norm(f, OF_WEIGHTS),
                            norm(f, OF_GRADIENT) *
                                (double)f->rule.rule.gradient_scale);
    } else if (f->rule.rule.kind == MLP_OPTIMIZER_LAMB) {
        mlp_optimizer_adapt(&f->rule, norm(f, OF_WEIGHTS),
                            norm(f, OF_DIRECTION));
    }
}

static void update_shares(finisher *f)
{
    const mlp_model *model = f->trainer->parts.model;
    for (f->layer = model->frozen; f->layer < model->layers; f->layer++) {
        mlp_range mine = share_of(f);
        adapt(f);
        mlp_optimizer_update(&f->rule, mine.first, mine.count,
                             f->trainer->weights.kept_sum + mine.first);
    }
    lap(f, MLP_PHASE_UPDATE);
}

/* Units lie across ranges: everything must be updated first. */
static void limit_units(const finisher *f)
{
    const mlp_trainer_parts *parts = &f->trainer->parts;
    if (parts->config->max_norm > 0.0) {
        mlp_worker_meet(f->w);
        const mlp_model *model = parts->model;
        size_t frozen = mlp_norms_panels(model, model->frozen);
        mlp_range mine = mlp_exchange_split(
            f->trainer->exchange,
            mlp_norms_panels(model, model->layers) - frozen, f->w->self);
        for (size_t i = 0; i < mine.count; i++) {
            mlp_norms_limit(model, frozen + mine.first + i,
                            parts->config->max_norm, f->rule.parameters);
        }
        lap(f, MLP_PHASE_UPDATE);
    }
}

static mlp_status update_by_norms(finisher *f)
{
    const mlp_config *config = f->trainer->parts.config;
    each_layer(f, keep, false);
    if (mlp_optimizer_has_ratios(config)) {
        measure_weights(f);
    }
    mlp_worker_meet(f->w);
    bool is_finite = clip(f);
    if (is_finite) {
        if (config->optimizer == MLP_OPTIMIZER_LAMB) {
            find_directions(f);
            mlp_worker_meet(f->w);
        }
        update_shares(f);
        limit_units(f);
    } else {
        raise_alarms(f);
    }
    for (size_t l = f->trainer->parts.model->layers; l-- > 0;) {
        mlp_exchange_release(f->trainer->exchange, l, f->w->me);
    }
    return is_finite ? MLP_OK : MLP_DIVERGED;
}

/* ---- the first layer by columns ---------------------------------------- */

/* Meanwhile the sums of the other layers are under way. */
static void update_block(void *context, size_t first, size_t count,
                         const float *sum)
{
    const finisher *f = context;
    lap(f, MLP_PHASE_GRADIENT);
    mlp_optimizer_update(&f->rule, first, count, sum);
    mlp_exchange_progress(f->trainer->exchange, f->w->self);
    lap(f, MLP_PHASE_UPDATE);
}

/* Its gradient, which is whole on this node; with the update, if no sum can
 * overflow on any node. Parameters of the layer were last read before all
 * threads of the node sent their columns. */
static void finish_columns(finisher *f, const mlp_step_facts *facts)
{
    mlp_trainer *trainer = f->trainer;
    mlp_trainer_columns *c = &trainer->columns;
    const mlp_worker *w = f->w;
    const float *begun = w->step->micro_batch > 0 ? c->leaf_sums : NULL;
    f->least = 1;
    if (is_left_alone(facts)) {
        /* the exchange is through */
    } else if (!facts->is_unsafe) {
        mlp_pass_gradient_blocks(c->pass, 0, &c->sum, begun, update_block, f,
                                 w->me);
    } else {
        f->least = 0;
        if (!mlp_pass_gradient(c->pass, 0, &c->sum, 1, begun, w->me)) {
            atomic_store(&trainer->alarms[0].is_unsafe, true);
        }
    }
    lap(f, MLP_PHASE_GRADIENT);
    mlp_exchange_publish(trainer->exchange, 0, w->me);
    mlp_exchange_progress(trainer->exchange, w->self);
    if (f->least > 0) {
        mlp_exchange_release(trainer->exchange, 0, w->me);
    }
}

/* No other layer is read before the next step has sent its columns' sums, which
 * is time for the sums of gradients to arrive. */
static void leave_pending(const mlp_worker *w, const mlp_step_facts *facts)
{
    if (w->self.index == 0) {
        w->trainer->pending = *facts;
        w->trainer->is_pending = true;
    }
}

void mlp_stage_finish_pending(mlp_worker *w)
{
    mlp_trainer *trainer = w->trainer;
    const mlp_step_facts *facts = &trainer->pending;
    finisher f = {
        .w = w, .trainer = trainer, .rule = trainer->optimizer, .least = 1};
    if (!trainer->is_pending) {
        return;
    }
    mlp_optimizer_begin(&f.rule, facts->lr, facts->weight, facts->step);
    each_layer(&f, update, true);
    mlp_worker_meet_in_rank(w);
    if (w->self.index == 0) {
        trainer->is_pending = false;
        mlp_exchange_end_step(trainer->exchange);
    }
    mlp_worker_meet_in_rank(w);
}

static void finish_pending(void *context, mlp_thread self)
{
    mlp_worker w = {.trainer = context, .self = self};
    mlp_profile_start(w.trainer->parts.profile, self.index);
    w.me = mlp_node_team_join(w.trainer->node.team, self);
    mlp_stage_finish_pending(&w);
}

void mlp_trainer_finish_pending(mlp_trainer *trainer)
{
    if (trainer->is_pending) {
        mlp_threads_run(trainer->threads, trainer->tuner.count, finish_pending,
                        trainer);
    }
}

mlp_status mlp_trainer_finish(mlp_worker *w, const mlp_step_facts *facts)
{
    mlp_trainer *trainer = w->trainer;
    finisher f = {.w = w, .trainer = trainer, .rule = trainer->optimizer};
    if (!is_left_alone(facts)) {
        mlp_optimizer_begin(&f.rule, facts->lr, facts->weight, facts->step);
    }
    if (mlp_trainer_has_columns(trainer)) {
        finish_columns(&f, facts);
    }
    if (is_left_alone(facts)) {
        each_layer(&f, leave_alone, true);
        if (!facts->is_given_up) {
            mlp_stage_leave_batch(w);
        }
        return MLP_OK;
    }
    if (trainer->weights.kept_sum != NULL) {
        return update_by_norms(&f);
    }
    if (facts->is_unsafe) {
        return update_with_care(&f);
    }
    if (mlp_trainer_has_columns(trainer)) {
        leave_pending(w, facts);
    } else {
        each_layer(&f, update, true);
    }
    mlp_stage_leave_batch(w);
    return MLP_OK;
}
