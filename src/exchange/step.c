/** @file
 *  The exchange of gradients: publish, finish, wait.
 *
 *  Why no rank reads memory that another overwrites. In step s, for one layer:
 *
 *  - A rank publishes when its part of the sums is complete and it no longer
 *    reads the layer's parameters. finish starts when all ranks of the node
 *    have published: the sums that it reads are complete, and no rank reads the
 *    parameters that it writes.
 *  - wait returns when all ranks of the node have finished. Then a rank
 *    overwrites sums that no rank reads any more, and reads parameters that no
 *    rank writes before it publishes step s + 1.
 *  - So no rank adds to a counter for s + 1 before all have added to it for s,
 *    and a counter equals ranks * s exactly when all ranks have done step s.
 *    It may wrap: waiting compares differences.
 *  - Nodes share no memory. A layer has buffers of its own, which are filled
 *    for step s + 1 only after all threads of all ranks of the node have
 *    published it again, when none of them reads the sums of step s.
 *
 *  Idle ranks publish and finish nothing, and are not counted.
 *
 *  Threads of a rank meet only at barriers: one may be in finish before another
 *  has published. So finish counts its steps separately. `finished` may be a
 *  plain variable: the last thread to leave finish writes it before it adds to
 *  the shared counter, and a thread returns to finish only after it has seen
 *  that counter in wait. In the same way wait reads `published`, which the
 *  thread has seen in finish.
 */
#include <stdatomic.h>

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
    bool is_far = place->nodes > 1;
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

/* Whether this thread is the last of its rank to arrive. */
static bool is_last(_Atomic size_t *count, mlp_thread self)
{
    if (atomic_fetch_add(count, 1) + 1 < self.count) {
        return false;
    }
    atomic_store(count, 0);
    return true;
}

void mlp_exchange_skip(mlp_exchange *exchange)
{
    for (size_t i = 0; i < exchange->shape.layers; i++) {
        exchange->layers[i].published++;
        exchange->layers[i].finished++;
    }
}

void mlp_exchange_progress(mlp_exchange *exchange, mlp_thread self)
{
    if (self.index == 0) {
        exchange->ops->progress(exchange);
    }
}

void mlp_exchange_publish(mlp_exchange *exchange, size_t layer, mlp_thread self)
{
    mlp_exchange_layer *p = &exchange->layers[layer];
    if (is_last(&p->arriving, self)) {
        p->published++;
        mlp_wait_add(&mlp_exchange_board_of(exchange)->layers[layer].published,
                     1, mlp_exchange_all_ranks(exchange, p->published));
    }
    mlp_exchange_progress(exchange, self);
}

void mlp_exchange_await(mlp_exchange *exchange, size_t layer, mlp_thread self)
{
    exchange->ops->await(exchange, layer, self);
}

mlp_status mlp_exchange_sum(mlp_exchange *exchange, size_t layer,
                            mlp_thread self, mlp_exchange_update *take,
                            void *context)
{
    mlp_exchange_await(exchange, layer, self);
    mlp_range range = mlp_exchange_thread_range(exchange, layer, self);
    return exchange->ops->sum(
        &(mlp_exchange_call){exchange, layer, self, take, context, range});
}

void mlp_exchange_release(mlp_exchange *exchange, size_t layer, mlp_thread self)
{
    mlp_exchange_layer *p = &exchange->layers[layer];
    uint32_t step = p->finished + 1;
    if (is_last(&p->leaving, self)) {
        p->finished = step;
        mlp_wait_add(&mlp_exchange_board_of(exchange)->layers[layer].finished,
                     1, mlp_exchange_all_ranks(exchange, step));
    }
}

mlp_status mlp_exchange_finish(mlp_exchange *exchange, size_t layer,
                               mlp_thread self, mlp_exchange_update *update,
                               void *context)
{
    MLP_TRY(mlp_exchange_sum(exchange, layer, self, update, context));
    mlp_exchange_release(exchange, layer, self);
    return MLP_OK;
}

/* Every thread reads `meetings` before it arrives; the last one to arrive
 * writes it before it adds to the shared counter. */
void mlp_exchange_meet(mlp_exchange *exchange, mlp_thread self)
{
    mlp_counter *met = &mlp_exchange_board_of(exchange)->met;
    uint32_t meeting = exchange->meetings + 1;
    uint32_t target = mlp_exchange_all_ranks(exchange, meeting);
    if (is_last(&exchange->meeting, self)) {
        exchange->meetings = meeting;
        mlp_wait_add(met, 1, target);
    }
    mlp_wait_until(met, target, self.count > exchange->fair_threads);
}

/* No thread reaches the next meeting before all have left this one: a release
 * and a publish of each layer are in between. */
bool mlp_exchange_agree(mlp_exchange *exchange, mlp_thread self, bool claim)
{
    _Atomic uint32_t *denied = &mlp_exchange_board_of(exchange)->denied;
    uint32_t meeting = exchange->meetings + 1;
    if (!claim) {
        atomic_store(denied, meeting);
    }
    mlp_exchange_meet(exchange, self);
    return atomic_load(denied) != meeting;
}

void mlp_exchange_wait(mlp_exchange *exchange, size_t layer)
{
    mlp_wait_until(
        &mlp_exchange_board_of(exchange)->layers[layer].finished,
        mlp_exchange_all_ranks(exchange, exchange->layers[layer].published),
        exchange->fair_threads == 0);
}

void mlp_exchange_publish_shard_metrics(mlp_exchange *exchange)
{
    exchange->ops->publish_shard_metrics(exchange);
}

mlp_status mlp_exchange_collect_shard_metrics(mlp_exchange *exchange,
                                              const double **all)
{
    return exchange->ops->collect_shard_metrics(exchange, all);
}
