/** @file
 *  Gradients summed by MPI's reduction, to compare the tree with: each rank has
 *  its own copy of parameters and moments, adds up its subtrees, and has MPI
 * add those of all ranks. So the order of additions, and with it the digest,
 *  depends on the number of ranks. Each rank counts as a node of its own.
 */
#include "internal.h"

/* A tree of one operand: the first subtree's gradient, which MPI sums. */
static const mlp_subtree only_operand = {0, 1};

mlp_status mlp_exchange_mpi_prepare(mlp_exchange *x)
{
    mlp_subtree run = {x->shards.first, x->shards.count};
    x->next = x->shape.layers - 1;
    x->plan.local = mlp_arena_allocate(run.count * sizeof *x->plan.local);
    if (x->plan.local == NULL) {
        return mlp_fail_memory("the exchange");
    }
    x->plan.local_count = mlp_tree_cut(x->shape.shards, run, x->plan.local);
    return MLP_OK;
}

mlp_status mlp_exchange_mpi_connect(mlp_exchange *x)
{
    mlp_flow *metrics = mlp_exchange_metrics_flow(x);
    for (size_t i = 0; i < x->shape.layers; i++) {
        mlp_exchange_layer *p = &x->layers[i];
        p->last = (mlp_exchange_addition){&only_operand, x->sources, 1,
                                          MLP_OPERAND_FLOAT, 0};
        x->flows[i].stages = 1;
        MLP_TRY(mlp_transfers_plan_sum(
            x->transfers, x->flows[i].first, MLP_SUM_FLOAT,
            mlp_exchange_gradient(x, 0) + p->first, p->count));
    }
    metrics->stages = 1;
    for (uint32_t step = 0; step < 2; step++) {
        MLP_TRY(mlp_transfers_plan_sum(
            x->transfers, mlp_flow_transfer(metrics, 0, step), MLP_SUM_DOUBLE,
            mlp_exchange_metrics_table(x, step),
            x->shape.shards * x->shape.metrics_per_shard));
    }
    return MLP_OK;
}

/* Add up this rank's subtrees, in order, into the first one. */
void mlp_exchange_mpi_sum(mlp_exchange *x, size_t layer)
{
    const mlp_exchange_layer *p = &x->layers[layer];
    float *sum = mlp_exchange_gradient(x, 0) + p->first;
    for (size_t i = 1; i < x->plan.local_count; i++) {
        mlp_exchange_add(sum, sum, mlp_exchange_gradient(x, i) + p->first,
                         p->count);
    }
}

/* The metrics of all shards are the sum of tables in which each rank has those
 * of its shards, and zeros elsewhere. */
void mlp_exchange_mpi_clear_metrics(const mlp_exchange *x)
{
    size_t size = x->shape.metrics_per_shard;
    double *table = mlp_exchange_metrics_table(x, mlp_exchange_step(x));
    size_t end = x->shards.first + x->shards.count;
    memset(table, 0, x->shards.first * size * sizeof *table);
    memset(table + end * size, 0,
           (x->shape.shards - end) * size * sizeof *table);
}
