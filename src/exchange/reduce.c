/** @file
 *  The exchange by MPI's reduction, to compare the tree with: each rank has its
 *  own copy of parameters and moments, adds up its subtrees, and passes the sum
 *  to the sums of the team (team/comm.h). So the order of additions, and with
 *  it the digest, depends on the number of ranks.
 *
 *  In step.c each rank counts as a node of its own. Only thread 0 may call MPI,
 *  and all ranks must begin their sums in one order, whichever layer a rank
 *  completes first: thread 0 begins them in progress, from the last layer to
 *  the first, each once it is published, and then the shard metrics.
 */
#include "internal.h"
#include <assert.h>

typedef struct {
    uint32_t begun;    /* steps; by thread 0 */
    mlp_status status; /* of the last sum, written before `summed` */
    mlp_gate summed;   /* of thread 0; once a step */
} reduction_layer;

struct mlp_exchange_reduction {
    mlp_sums *sums;          /* of each layer, then of the shard metrics */
    reduction_layer *layers; /* [layers] */
    size_t next;             /* layer to begin next, plus 1; by thread 0 */
    mlp_status status;       /* first failure; thread 0 only */
};

static mlp_status reduce_prepare(mlp_exchange *x)
{
    mlp_exchange_reduction *r = calloc(1, sizeof *r);
    if (r == NULL) {
        return mlp_fail_memory("the exchange");
    }
    x->reduction = r;
    MLP_TRY(mlp_sums_create(x->comm, x->shape.layers + 1, &r->sums));
    r->layers = mlp_arena_allocate(x->shape.layers * sizeof *r->layers);
    if (r->layers == NULL) {
        return mlp_fail_memory("the exchange");
    }
    assert(x->shape.layers > 0);
    for (size_t i = 0; i < x->shape.layers; i++) {
        r->layers[i].summed.is_crowded = mlp_node_team_is_crowded(x->node_team);
    }
    r->next = x->shape.layers;
    mlp_subtree run = {x->shards.first, x->shards.count};
    x->plan.local = mlp_arena_allocate(run.count * sizeof *x->plan.local);
    if (x->plan.local == NULL) {
        return mlp_fail_memory("the exchange");
    }
    x->plan.local_count = mlp_tree_cut(x->shape.shards, run, x->plan.local);
    return MLP_OK;
}

static mlp_status reduce_connect(mlp_exchange *x)
{
    (void)x; /* ranks share no memory */
    return MLP_OK;
}

void mlp_exchange_reduction_destroy(mlp_exchange_reduction **reduction)
{
    mlp_exchange_reduction *r = *reduction;
    if (r == NULL) {
        return;
    }
    mlp_sums_destroy(&r->sums);
    free(r->layers);
    free(r);
    *reduction = NULL;
}

/* ---- gradients --------------------------------------------------------- */

static mlp_gate *published(const mlp_exchange *x, size_t layer)
{
    return &mlp_exchange_gates(x, layer)->published;
}

/* Add up this rank's subtrees, in order, into the first one. */
static float *add_own(mlp_exchange *x, const mlp_exchange_layer *p)
{
    float *sum = mlp_exchange_gradient(x, 0) + p->first;
    for (size_t i = 1; i < x->plan.local_count; i++) {
        mlp_exchange_add(sum, sum, mlp_exchange_gradient(x, i) + p->first,
                         p->count);
    }
    return sum;
}

/* Begin the sum of the next layer, which is published. */
static void begin_next(mlp_exchange *x)
{
    mlp_exchange_reduction *r = x->reduction;
    size_t layer = r->next - 1;
    r->next = layer > 0 ? layer : x->shape.layers;
    r->layers[layer].begun++;
    float *sum = add_own(x, &x->layers[layer]);
    if (r->status == MLP_OK) {
        r->status = mlp_sums_begin(r->sums, layer, MLP_SUM_FLOAT, sum,
                                   x->layers[layer].count);
    }
}

static bool is_next_published(const mlp_exchange *x)
{
    size_t layer = x->reduction->next - 1;
    return mlp_gate_has_passed(published(x, layer),
                               x->reduction->layers[layer].begun + 1);
}

static void reduce_progress(mlp_exchange *x)
{
    mlp_exchange_reduction *r = x->reduction;
    while (is_next_published(x)) {
        begin_next(x);
    }
    if (r->status == MLP_OK) {
        r->status = mlp_sums_progress(r->sums);
    }
}

/* Thread 0: complete the layer's sum of this step, and notify other threads. */
static void end_sum(mlp_exchange *x, size_t layer)
{
    mlp_exchange_reduction *r = x->reduction;
    reduction_layer *ours = &r->layers[layer];
    while (ours->begun != mlp_exchange_step(x)) {
        size_t next = r->next - 1;
        mlp_gate_wait(published(x, next), r->layers[next].begun + 1);
        begin_next(x);
    }
    if (r->status == MLP_OK) {
        r->status = mlp_sums_end(r->sums, layer);
    }
    ours->status = r->status;
    mlp_gate_arrive(&ours->summed, 1);
}

static void reduce_await(mlp_exchange *x, size_t layer, mlp_thread self)
{
    mlp_gate *summed = &x->reduction->layers[layer].summed;
    uint32_t step = mlp_exchange_step(x);
    if (self.index == 0 && !mlp_gate_has_passed(summed, step)) {
        end_sum(x, layer);
    }
    mlp_gate_wait(summed, step);
}

static mlp_status reduce_sum(const mlp_exchange_call *call)
{
    mlp_range range = call->range;
    MLP_TRY(call->x->reduction->layers[call->layer].status);
    if (range.count > 0) {
        call->update(call->context, range.first, range.count,
                     mlp_exchange_gradient(call->x, 0) + range.first);
    }
    return MLP_OK;
}

/* ---- shard metrics ----------------------------------------------------- */

/* The metrics of all shards are the sum of tables in which each rank has those
 * of its shards, and zeros elsewhere. */
static void reduce_publish_shard_metrics(mlp_exchange *x)
{
    mlp_exchange_reduction *r = x->reduction;
    size_t size = x->shape.metrics_per_shard;
    double *table = mlp_exchange_metrics_table(x, mlp_exchange_step(x));
    size_t end = x->shards.first + x->shards.count;
    memset(table, 0, x->shards.first * size * sizeof *table);
    memset(table + end * size, 0,
           (x->shape.shards - end) * size * sizeof *table);
    reduce_progress(x); /* begins the remaining layers */
    if (r->status == MLP_OK) {
        r->status = mlp_sums_begin(r->sums, x->shape.layers, MLP_SUM_DOUBLE,
                                   table, x->shape.shards * size);
    }
}

static mlp_status reduce_collect_shard_metrics(mlp_exchange *x,
                                               const double **all)
{
    mlp_exchange_reduction *r = x->reduction;
    if (r->status == MLP_OK) {
        r->status = mlp_sums_end(r->sums, x->shape.layers);
    }
    *all = mlp_exchange_metrics_table(x, mlp_exchange_step(x));
    return r->status;
}

const mlp_exchange_ops mlp_exchange_reduce_ops = {
    .prepare = reduce_prepare,
    .connect = reduce_connect,
    .progress = reduce_progress,
    .await = reduce_await,
    .sum = reduce_sum,
    .publish_shard_metrics = reduce_publish_shard_metrics,
    .collect_shard_metrics = reduce_collect_shard_metrics,
};
