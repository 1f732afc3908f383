/** @file
 *  The stages of a step, as each thread of the node team goes through them.
 */
#include <stdatomic.h>

#include "base/clock.h"

#include "step.h"

double mlp_worker_clock(const mlp_worker *w)
{
    return w->trainer->tuner.most > 1 ? mlp_clock_seconds() : 0.0;
}

void mlp_worker_lap(const mlp_worker *w, mlp_phase phase)
{
    mlp_profile_lap(w->trainer->parts.profile, w->self.index, phase);
}

void mlp_worker_meet(mlp_worker *w)
{
    double start = mlp_worker_clock(w);
    mlp_node_team_meet(w->trainer->node.team, w->self, w->me);
    w->waited += mlp_worker_clock(w) - start;
    mlp_worker_lap(w, MLP_PHASE_WAIT);
}

void mlp_worker_meet_in_rank(mlp_worker *w)
{
    double start = mlp_worker_clock(w);
    mlp_thread_barrier(w->self);
    w->waited += mlp_worker_clock(w) - start;
    mlp_worker_lap(w, MLP_PHASE_WAIT);
}

/* The first layer of which this node has all columns. */
static size_t first_shared(const mlp_worker *w)
{
    return mlp_trainer_has_columns(w->trainer) ? 1 : 0;
}

/* The first layer whose gradient is of this node's rows alone: it is not
 * frozen, which goes without columns. */
static size_t first_trained(const mlp_worker *w)
{
    size_t frozen = w->trainer->parts.model->frozen;
    return frozen > 0 ? frozen : first_shared(w);
}

/* Begin a stage of the step. A thread that goes on with its own rows needs no
 * other thread; in all other cases a stage reads what others wrote. */
static void begin_stage(mlp_worker *w, bool is_by_rows)
{
    if (!w->was_by_rows || !is_by_rows) {
        mlp_worker_meet(w);
    }
    w->was_by_rows = is_by_rows;
}

void mlp_stage_leave_batch(mlp_worker *w)
{
    if (w->me.gate != w->self.gate) {
        mlp_exchange_await(w->trainer->exchange, 0, w->self);
        mlp_worker_lap(w, MLP_PHASE_WAIT);
    }
}

void mlp_stage_gather(mlp_worker *w)
{
    mlp_feed *feed = w->trainer->node.feed;
    const mlp_kernels *kernels = w->trainer->parts.kernels;
    if (mlp_feed_deform(feed, kernels, w->step->epoch, w->self)) {
        mlp_worker_lap(w, MLP_PHASE_GATHER);
        mlp_worker_meet_in_rank(w);
    }
    mlp_feed_fill(feed, kernels, w->self);
    mlp_worker_lap(w, MLP_PHASE_GATHER);
}

/* In a node team of one rank a thread may go on with the rows that it gathered
 * itself. */
void mlp_stage_join(mlp_worker *w)
{
    mlp_trainer *trainer = w->trainer;
    double start = mlp_worker_clock(w);
    w->me = mlp_node_team_join(trainer->node.team, w->self);
    w->waited += mlp_worker_clock(w) - start;
    w->was_by_rows = w->me.gate == w->self.gate;
    if (w->self.index == 0) {
        mlp_pass_set_pauser(trainer->node.pass, w->me.index);
    }
    if (w->self.index == 0 && mlp_trainer_has_columns(trainer)) {
        mlp_pass_set_pauser(trainer->columns.pass, w->me.index);
    }
    if (w->me.index == 0) {
        atomic_store(&trainer->node.board->is_unsafe, false);
        atomic_store(&trainer->node.board->is_refused, false);
        trainer->node.board->is_spoiled = false;
    }
    mlp_worker_lap(w, MLP_PHASE_WAIT);
}

/* This node's columns of all rows: those of other nodes leave while the rest is
 * computed. */
static void send_sums(mlp_worker *w)
{
    mlp_exchange *exchange = w->trainer->exchange;
    size_t nodes = mlp_comm_where(w->trainer->parts.comm)->nodes;
    for (size_t i = 0; i < nodes; i++) {
        size_t node = mlp_exchange_destination(exchange, i);
        mlp_columns_send_sums(
            w->trainer->columns.pass, mlp_exchange_rows_of(exchange, node),
            mlp_exchange_block(exchange, MLP_COLUMNS_SUMS, node), w->me);
        mlp_exchange_send(exchange, MLP_COLUMNS_SUMS, node, w->self, w->me);
    }
    mlp_worker_lap(w, MLP_PHASE_FORWARD);
}

/* The first layer by columns: this node's of all rows, then all of its rows. */
static void forward_columns(mlp_worker *w)
{
    mlp_trainer *trainer = w->trainer;
    mlp_exchange *exchange = trainer->exchange;
    begin_stage(w, false); /* all threads have updated their columns */
    send_sums(w);
    mlp_stage_finish_pending(w);
    mlp_exchange_receive(exchange, MLP_COLUMNS_SUMS, w->self);
    mlp_worker_lap(w, MLP_PHASE_WAIT);
    mlp_columns_receive_sums(trainer->node.pass, trainer->columns.of_node,
                             mlp_comm_where(trainer->parts.comm)->nodes,
                             mlp_exchange_received(exchange, MLP_COLUMNS_SUMS),
                             w->me);
    mlp_worker_lap(w, MLP_PHASE_FORWARD);
    w->was_by_rows = true;
}

void mlp_stage_forward(mlp_worker *w)
{
    mlp_trainer *trainer = w->trainer;
    if (mlp_trainer_has_columns(trainer)) {
        forward_columns(w);
    }
    for (size_t l = first_shared(w); l < trainer->parts.model->layers; l++) {
        begin_stage(w, mlp_pass_is_by_rows(trainer->node.pass, l, w->me));
        mlp_exchange_wait(trainer->exchange, mlp_trainer_bundle(trainer, l));
        mlp_worker_lap(w, MLP_PHASE_WAIT);
        mlp_pass_forward(trainer->node.pass, l, w->me);
        mlp_worker_lap(w, MLP_PHASE_FORWARD);
    }
    begin_stage(w, true);
    mlp_pass_loss(trainer->node.pass, true, w->me);
    mlp_worker_lap(w, MLP_PHASE_LOSS);
}

static void backward_of(mlp_worker *w, size_t l)
{
    mlp_pass_backward(w->trainer->node.pass, l, w->me);
    mlp_worker_lap(w, MLP_PHASE_BACKWARD);
}

/* Backward of layer 1 by columns: dz of each node's leave at once. */
static void send_dz(mlp_worker *w)
{
    mlp_trainer *trainer = w->trainer;
    mlp_exchange *exchange = trainer->exchange;
    const mlp_comm_place *place = mlp_comm_where(trainer->parts.comm);
    for (size_t i = 0; i < place->nodes; i++) {
        size_t node = mlp_exchange_destination(exchange, i);
        mlp_columns_send_dz(trainer->node.pass, trainer->columns.of_node,
                            place->nodes, node, place->node,
                            mlp_exchange_block(exchange, MLP_COLUMNS_DZ, node),
                            w->me);
        mlp_exchange_send(exchange, MLP_COLUMNS_DZ, node, w->self, w->me);
    }
    mlp_worker_lap(w, MLP_PHASE_BACKWARD);
}

void mlp_stage_receive_dz(mlp_worker *w)
{
    mlp_exchange *exchange = w->trainer->exchange;
    mlp_exchange_receive(exchange, MLP_COLUMNS_DZ, w->self);
    mlp_worker_lap(w, MLP_PHASE_WAIT);
    mlp_columns_receive_dz(w->trainer->columns.pass,
                           mlp_exchange_received(exchange, MLP_COLUMNS_DZ),
                           w->me);
    mlp_worker_lap(w, MLP_PHASE_BACKWARD);
    mlp_worker_meet(w);
}

/* Frozen layers come first: nothing is needed of their dz. */
void mlp_stage_backward(mlp_worker *w)
{
    const mlp_model *model = w->trainer->parts.model;
    for (size_t l = model->layers - 1; l > model->frozen; l--) {
        begin_stage(w, mlp_pass_is_by_rows(w->trainer->node.pass, l, w->me));
        if (l == 1 && mlp_trainer_has_columns(w->trainer)) {
            send_dz(w);
        } else {
            backward_of(w, l);
        }
    }
}

/* Where the leaves' sums of the micro-batches before this one are. */
static const float *begun(const mlp_worker *w)
{
    return w->step->micro_batch > 0 ? w->trainer->node.leaf_sums : NULL;
}

/* The micro-batch's losses are known: the records get them before its
 * gradients. */
void mlp_stage_begin_gradients(mlp_worker *w)
{
    begin_stage(w, false);
    if (w->me.index == 0) {
        mlp_trainer_add_metrics(w->trainer, w->step->micro_batch == 0);
        mlp_worker_lap(w, MLP_PHASE_LOSS);
    }
}

/* The gradient of a frozen layer is the zeros that it began with. */
static void gradient_of(mlp_worker *w, size_t l)
{
    mlp_trainer *trainer = w->trainer;
    if (l >= trainer->parts.model->frozen &&
        !mlp_pass_gradient(trainer->node.pass, l, trainer->weights.subtrees,
                           trainer->weights.subtree_count, begun(w), w->me)) {
        atomic_store(&trainer->alarms[l].is_unsafe, true);
        atomic_store(&trainer->node.board->is_unsafe, true);
    }
    if (mlp_trainer_ends_bundle(trainer, l)) {
        mlp_exchange_publish(trainer->exchange, mlp_trainer_bundle(trainer, l),
                             w->me);
    }
    mlp_exchange_progress(trainer->exchange, w->self);
    mlp_worker_lap(w, MLP_PHASE_GRADIENT);
}

void mlp_stage_gradients(mlp_worker *w)
{
    for (size_t l = w->trainer->parts.model->layers; l-- > first_shared(w);) {
        gradient_of(w, l);
    }
}

void mlp_stage_back_by_layers(mlp_worker *w)
{
    size_t layers = w->trainer->parts.model->layers;
    size_t frozen = w->trainer->parts.model->frozen;
    for (size_t l = layers; l-- > 0;) {
        if (l + 1 == layers) {
            mlp_stage_begin_gradients(w);
        } else {
            begin_stage(w, false);
        }
        if (l > frozen) {
            backward_of(w, l);
            mlp_exchange_progress(w->trainer->exchange, w->self);
        }
        gradient_of(w, l);
    }
}

void mlp_stage_accumulate(mlp_worker *w)
{
    mlp_trainer *trainer = w->trainer;
    mlp_stage_begin_gradients(w);
    for (size_t l = trainer->parts.model->layers; l-- > first_trained(w);) {
        /* unsafe sums are unsafe in the last micro-batch, too */
        (void)mlp_pass_gradient(trainer->node.pass, l, trainer->weights.leaves,
                                trainer->node.shards.count, begun(w), w->me);
        mlp_worker_lap(w, MLP_PHASE_GRADIENT);
    }
    if (mlp_trainer_has_columns(trainer)) {
        const float *sums = trainer->columns.leaf_sums;
        mlp_stage_receive_dz(w);
        (void)mlp_pass_gradient(trainer->columns.pass, 0,
                                trainer->columns.leaves,
                                trainer->parts.config->shards,
                                w->step->micro_batch > 0 ? sums : NULL, w->me);
        mlp_worker_lap(w, MLP_PHASE_GRADIENT);
    }
}
