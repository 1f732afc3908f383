/** @file
 *  The tree exchange between nodes, while the ranks compute.
 *
 *  A node team computes sums of a layer for the largest subtrees within the
 *  node's shards. The ranks that have the same range of the layer, one on each
 *  node, divide it among the nodes. In the reduce-scatter each rank receives
 *  all nodes' subtrees of its node's range and completes the tree; in the
 *  all-gather it sends the sum to all. A rank thus sends about two ranges,
 *  however many nodes there are, which is the minimum (Thakur, Rabenseifner and
 *  Gropp 2005, "Optimization of Collective Communication Operations in MPICH",
 *  section 4.5). For two nodes and for short ranges, where two transfers take
 *  longer than one of more bytes, every node receives and sums all.
 *
 *  Only thread 0 may call MPI, which may progress only when called. It does so
 *  between parts of its own work (progress), and continuously when it has
 *  nothing else to do (await). Each layer goes through its stages
 *  independently of other layers and of the shard metrics.
 */
#include <sched.h>

#include "base/clock.h"

#include "base/bfloat16.h"
#include "between_layout.h"

/* Polls before the core is yielded to other threads. */
enum { SPINS = 200 };

/* ---- time -------------------------------------------------------------- */

static mlp_status begin_transfer(mlp_exchange_between *b, size_t i)
{
    if (b->in_flight++ == 0) {
        b->since = mlp_clock_seconds();
    }
    b->traffic.sent_bytes += b->sent_bytes[i];
    return mlp_transfers_begin(b->transfers, i);
}

/* Seconds up to now with a transfer in flight. */
static double active_seconds(const mlp_exchange_between *b)
{
    double now = b->in_flight > 0 ? mlp_clock_seconds() - b->since : 0.0;
    return b->traffic.active_seconds + now;
}

static bool is_complete(mlp_exchange_between *b, size_t i)
{
    bool is_over = false;
    if (b->status == MLP_OK) {
        b->status = mlp_transfers_test(b->transfers, i, &is_over);
    }
    if (is_over) {
        b->traffic.active_seconds = active_seconds(b);
        b->since = mlp_clock_seconds();
        b->in_flight--;
    }
    return is_over;
}

/* ---- a layer ----------------------------------------------------------- */

/* Where sums are written for sending: float `first` of the vector to `to`. */
typedef struct {
    void *to;
    size_t first;
} destination;

static void put_floats(void *context, size_t first, size_t count,
                       const float *sum)
{
    const destination *d = context;
    memcpy((float *)d->to + (first - d->first), sum, count * sizeof *sum);
}

static void put_halves(void *context, size_t first, size_t count,
                       const float *sum)
{
    const destination *d = context;
    uint16_t *to = (uint16_t *)d->to + (first - d->first);
    for (size_t i = 0; i < count; i++) {
        to[i] = mlp_bfloat16_pack(sum[i]);
    }
}

static mlp_exchange_update *put(const mlp_exchange *x)
{
    return x->between->number == sizeof(float) ? put_floats : put_halves;
}

/* Sum this node's exchanged subtrees over one node's range. */
static void sum_subtrees(const mlp_exchange *x, const mlp_between_layer *p,
                         mlp_range range)
{
    for (size_t k = 0; k < x->plan.own.count; k++) {
        destination d = {mlp_between_send_buffer(x, p, range, k), range.first};
        mlp_exchange_addition inner = mlp_exchange_local_sum(x, k);
        mlp_exchange_add_up(&inner, range, put(x), &d);
    }
}

static void sum_all_subtrees(const mlp_exchange *x, const mlp_between_layer *p)
{
    size_t nodes = p->is_direct ? 1 : x->place->nodes;
    for (size_t node = 0; p->to_send != NULL && node < nodes; node++) {
        sum_subtrees(x, p, mlp_between_node_range(x, p, node));
    }
}

/* Complete the tree over this node's range. */
static void add_own(const mlp_exchange *x, const mlp_between_layer *p)
{
    destination d = {p->sums, p->range.first};
    mlp_exchange_addition root = mlp_between_root(x, p);
    mlp_exchange_add_up(&root, p->own, put(x), &d);
}

static void complete(mlp_between_layer *p, mlp_status status)
{
    p->stage = MLP_BETWEEN_IDLE;
    p->status = status;
    mlp_gate_arrive(&p->complete, 1);
}

/* For the step that follows the last one completed. */
static bool is_published(const mlp_exchange *x, size_t layer)
{
    return mlp_gate_has_passed(
        &mlp_exchange_gates(x, layer)->published,
        mlp_gate_ticket(&x->between->layers[layer].complete));
}

/* Advance the layer by one stage, if the current one is complete. */
static void progress_layer(mlp_exchange *x, size_t layer)
{
    mlp_exchange_between *b = x->between;
    mlp_between_layer *p = &b->layers[layer];
    switch (p->stage) {
    case MLP_BETWEEN_IDLE:
        if (!is_published(x, layer)) {
            return;
        }
        if (p->range.count == 0) {
            complete(p, b->status); /* the range is empty on every node */
            return;
        }
        sum_all_subtrees(x, p);
        b->status = begin_transfer(b, mlp_between_reduce_scatter(layer));
        p->stage = MLP_BETWEEN_REDUCE_SCATTER;
        return;
    case MLP_BETWEEN_REDUCE_SCATTER:
        if (!is_complete(b, mlp_between_reduce_scatter(layer))) {
            return;
        }
        if (p->is_direct) {
            complete(p, b->status);
            return;
        }
        add_own(x, p);
        b->status = begin_transfer(b, mlp_between_all_gather(layer));
        p->stage = MLP_BETWEEN_ALL_GATHER;
        return;
    case MLP_BETWEEN_ALL_GATHER:
        if (is_complete(b, mlp_between_all_gather(layer))) {
            complete(p, b->status);
        }
        return;
    }
}

/* ---- shard metrics ----------------------------------------------------- */

/* Local rank 0 exchanges the shard metrics of its node. */
static void progress_shard_metrics(mlp_exchange *x)
{
    mlp_exchange_between *b = x->between;
    mlp_exchange_board *board = mlp_exchange_board_of(x);
    uint32_t step = mlp_gate_ticket(&board->metrics_gathered);
    size_t transfer = mlp_between_shard_metrics(x, step);
    if (x->place->rank != 0 || x->shape.metrics_per_shard == 0) {
        return;
    }
    if (!b->are_metrics_in_flight) {
        if (mlp_gate_has_passed(&board->metrics_published, step)) {
            b->status = begin_transfer(b, transfer);
            b->are_metrics_in_flight = true;
        }
    } else if (is_complete(b, transfer)) {
        b->are_metrics_in_flight = false;
        mlp_gate_arrive(&board->metrics_gathered, 1);
    }
}

/* ---- thread 0 ---------------------------------------------------------- */

static void nodes_progress(mlp_exchange *x)
{
    if (x->between->status == MLP_OK) {
        progress_shard_metrics(x);
    }
    for (size_t i = x->shape.layers; i-- > 0;) {
        if (x->between->status == MLP_OK) {
            progress_layer(x, i);
        }
    }
}

/* Progress until a gate has passed, or MPI has failed. */
static void progress_until(mlp_exchange *x, const mlp_gate *gate,
                           uint32_t ticket)
{
    mlp_exchange_between *b = x->between;
    mlp_pulse *pulse = mlp_comm_pulse(x->comm);
    double before = active_seconds(b);
    mlp_pulse_wait(pulse, true);
    for (int spins = 0; b->status == MLP_OK; spins++) {
        nodes_progress(x);
        if (mlp_gate_has_passed(gate, ticket)) {
            break;
        }
        if (spins >= SPINS) {
            sched_yield();
        }
    }
    mlp_pulse_wait(pulse, false);
    b->traffic.exposed_seconds += active_seconds(b) - before;
}

static void nodes_await(mlp_exchange *x, size_t layer, mlp_thread self)
{
    mlp_between_layer *p = &x->between->layers[layer];
    uint32_t step = mlp_exchange_step(x);
    if (self.index == 0 && !mlp_gate_has_passed(&p->complete, step)) {
        progress_until(x, &p->complete, step);
        if (x->between->status != MLP_OK) { /* let others return it from sum */
            complete(p, x->between->status);
        }
    }
    mlp_gate_wait(&p->complete, step);
}

static mlp_status nodes_sum(const mlp_exchange_call *call)
{
    const mlp_between_layer *p = &call->x->between->layers[call->layer];
    MLP_TRY(p->status);
    if (call->range.count > 0) {
        mlp_exchange_add_up(&p->last, call->range, call->update, call->context);
    }
    return MLP_OK;
}

static mlp_status nodes_collect_shard_metrics(mlp_exchange *x,
                                              const double **all)
{
    uint32_t step = mlp_exchange_step(x);
    mlp_exchange_board *board = mlp_exchange_board_of(x);
    if (x->shape.metrics_per_shard > 0) {
        progress_until(x, &board->metrics_gathered, step);
    } else {
        mlp_gate_wait(&board->metrics_published, step);
    }
    *all = mlp_exchange_metrics_table(x, step);
    return x->between->status;
}

mlp_exchange_traffic mlp_exchange_traffic_of(const mlp_exchange *exchange)
{
    return exchange->between != NULL ? exchange->between->traffic
                                     : (mlp_exchange_traffic){0};
}

const mlp_exchange_ops mlp_exchange_nodes_ops = {
    .prepare = mlp_between_prepare,
    .connect = mlp_between_connect,
    .progress = nodes_progress,
    .await = nodes_await,
    .sum = nodes_sum,
    .publish_shard_metrics = mlp_exchange_tree_publish_shard_metrics,
    .collect_shard_metrics = nodes_collect_shard_metrics,
};
