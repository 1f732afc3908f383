/** @file
 *  The exchange of gradients: publish, sum, release, wait.
 *
 *  Why no thread reads memory that another overwrites. Each layer has two gates
 *  for all threads of the node's working ranks. In step s:
 *
 *  - A thread publishes when its part of the sums is complete and it no longer
 *    reads the layer's parameters. Sums are read, and parameters written, after
 *    the gate of s has passed: the sums are complete, and nobody reads the
 *    parameters.
 *  - A thread releases a layer when it has updated its range. What waits for
 *    that gate, in step s + 1, may read parameters, which nobody writes before
 *    it publishes s + 1, and overwrite sums that nobody reads any more.
 *  - So a thread that publishes s + 1 has waited for the releases of s, and all
 *    who released s had published it: no gate's meetings overlap.
 *  - Nodes share no memory. A layer has buffers of its own, which are filled
 *    for step s + 1 only after all threads of the node have published it again,
 *    when none of them reads the sums of step s.
 *
 *  Idle ranks publish and release nothing; they count steps. A rank counts when
 *  all its threads are through, so `steps` is a plain variable.
 */
#include "internal.h"

mlp_range mlp_exchange_subrange(mlp_range range, size_t parts, size_t i)
{
    size_t chunks = (range.count + MLP_EXCHANGE_CHUNK - 1) / MLP_EXCHANGE_CHUNK;
    mlp_range part = mlp_range_part(chunks, parts, i);
    size_t first = part.first * MLP_EXCHANGE_CHUNK;
    size_t end = first + part.count * MLP_EXCHANGE_CHUNK;
    first = first < range.count ? first : range.count;
    end = end < range.count ? end : range.count;
    return (mlp_range){range.first + first, end - first};
}

mlp_range mlp_exchange_rank_range(const mlp_exchange *exchange, size_t layer)
{
    const mlp_comm_place *place = exchange->place;
    const mlp_exchange_layer *p = &exchange->layers[layer];
    bool is_far = place->nodes > 1 && !mlp_exchange_is_local(exchange, layer);
    size_t owners =
        is_far ? place->smallest : mlp_node_team_workers(exchange->node_team);
    size_t owner =
        is_far ? place->rank : mlp_node_team_worker(exchange->node_team);
    if (owner >= owners) {
        return (mlp_range){p->first, 0};
    }
    return mlp_exchange_subrange((mlp_range){p->first, p->count}, owners,
                                 owner);
}

mlp_range mlp_exchange_thread_range(const mlp_exchange *exchange, size_t layer,
                                    mlp_thread self)
{
    return mlp_exchange_subrange(mlp_exchange_rank_range(exchange, layer),
                                 self.count, self.index);
}

mlp_range mlp_exchange_split(const mlp_exchange *exchange, size_t total,
                             mlp_thread self)
{
    mlp_range mine =
        mlp_range_part(total, mlp_node_team_workers(exchange->node_team),
                       mlp_node_team_worker(exchange->node_team));
    return mlp_thread_range(self, mine);
}

void mlp_exchange_end_step(mlp_exchange *exchange)
{
    exchange->steps++;
}

void mlp_exchange_publish(mlp_exchange *exchange, size_t layer, mlp_thread me)
{
    mlp_gate_arrive(&mlp_exchange_gates(exchange, layer)->published, me.count);
}

void mlp_exchange_await(mlp_exchange *exchange, size_t layer, mlp_thread self)
{
    mlp_exchange_wait_for(exchange, &exchange->flows[layer],
                          mlp_exchange_step(exchange), self);
}

void mlp_exchange_sum(mlp_exchange *exchange, size_t layer, mlp_thread self,
                      mlp_exchange_update *take, void *context)
{
    mlp_exchange_await(exchange, layer, self);
    mlp_range range = mlp_exchange_thread_range(exchange, layer, self);
    if (range.count > 0) {
        mlp_exchange_add_up(&exchange->layers[layer].last, range, take,
                            context);
    }
}

void mlp_exchange_release(mlp_exchange *exchange, size_t layer, mlp_thread me)
{
    mlp_gate_arrive(&mlp_exchange_gates(exchange, layer)->released, me.count);
}

void mlp_exchange_wait(mlp_exchange *exchange, size_t layer)
{
    mlp_gate_wait(&mlp_exchange_gates(exchange, layer)->released,
                  exchange->steps);
}

void mlp_exchange_publish_shard_metrics(mlp_exchange *exchange)
{
    mlp_gate_arrive(mlp_exchange_metrics_flow(exchange)->ready, 1);
}

const double *mlp_exchange_collect_shard_metrics(mlp_exchange *exchange)
{
    uint32_t step = mlp_exchange_step(exchange);
    mlp_exchange_wait_for(exchange, mlp_exchange_metrics_flow(exchange), step,
                          (mlp_thread){0, 1, NULL});
    return mlp_exchange_metrics_table(exchange, step);
}
