/** @file
 *  The tree exchange within one node: the node team's sum is already that of
 *  all ranks, unless leaves are rounded; then each rank sums its range of them.
 */
#include "internal.h"

mlp_status mlp_exchange_tree_prepare(mlp_exchange *x)
{
    MLP_TRY(mlp_exchange_plan_create(x->shape.shards, x->place,
                                     x->shape.precision == MLP_PRECISION_BF16,
                                     &x->plan));
    x->sources = mlp_arena_allocate(x->plan.local_count * sizeof *x->sources);
    return x->sources == NULL ? mlp_fail_memory("the exchange") : MLP_OK;
}

mlp_status mlp_exchange_tree_connect(mlp_exchange *x)
{
    for (size_t i = 0; i < x->plan.local_count; i++) {
        x->sources[i] = mlp_exchange_gradient(x, i);
    }
    return MLP_OK;
}

static mlp_status tree_sum(const mlp_exchange_call *call)
{
    const mlp_exchange *x = call->x;
    if (call->range.count > 0) {
        mlp_exchange_addition root = mlp_exchange_local_sum(x, 0);
        mlp_exchange_add_up(&root, call->range, call->update, call->context);
    }
    return MLP_OK;
}

static void tree_progress(mlp_exchange *x)
{
    (void)x; /* nothing is in flight */
}

static void tree_await(mlp_exchange *x, size_t layer, mlp_thread self)
{
    (void)self; /* nobody has to progress anything */
    mlp_gate_wait(&mlp_exchange_gates(x, layer)->published,
                  mlp_exchange_step(x));
}

void mlp_exchange_tree_publish_shard_metrics(mlp_exchange *x)
{
    mlp_gate_arrive(&mlp_exchange_board_of(x)->metrics_published, 1);
}

static mlp_status tree_collect_shard_metrics(mlp_exchange *x,
                                             const double **all)
{
    uint32_t step = mlp_exchange_step(x);
    mlp_pulse *pulse = mlp_comm_pulse(x->comm);
    mlp_pulse_wait(pulse, true);
    mlp_gate_wait(&mlp_exchange_board_of(x)->metrics_published, step);
    mlp_pulse_wait(pulse, false);
    *all = mlp_exchange_metrics_table(x, step);
    return MLP_OK;
}

const mlp_exchange_ops mlp_exchange_tree_ops = {
    .prepare = mlp_exchange_tree_prepare,
    .connect = mlp_exchange_tree_connect,
    .progress = tree_progress,
    .await = tree_await,
    .sum = tree_sum,
    .publish_shard_metrics = mlp_exchange_tree_publish_shard_metrics,
    .collect_shard_metrics = tree_collect_shard_metrics,
};
