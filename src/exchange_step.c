/** @file
 *  The exchange of gradients: publish, finish, wait.
 *
 *  Why no rank reads what another one overwrites, although nobody waits for
 *  more than it needs. In step s and for one part:
 *
 *  - A rank publishes when its sums are complete and it is done reading the
 *    part's parameters. finish begins when all ranks of the node have
 *    published: the sums it reads are complete, the parameters it writes are
 *    read by no one.
 *  - wait returns when all ranks of the node have finished. After it a rank
 *    overwrites its sums, which nobody reads any more, and reads parameters,
 *    which nobody writes before it publishes again, in step s + 1.
 *  - So no rank adds to a counter for s + 1 before all have added to it for
 *    s, and a counter reaches ranks * s exactly when all are through step s.
 *    It may wrap: waiting compares differences.
 *  - Between nodes nothing is shared. The gather returns when all nodes have
 *    handed their sums on, and the buffers are free for the next part: they
 *    are filled between two barriers of the crew.
 *
 *  Threads of a crew need not agree where they are, except at barriers: one
 *  may be in finish before another has published. So finish counts its own
 *  steps, and may do so in a plain variable: the last thread to leave writes
 *  it before it tells the others by `finished`, which a thread has seen in
 *  wait before it comes back to finish. wait goes by `published`, which the
 *  thread has seen in finish.
 */
#include <assert.h>
#include <stdatomic.h>
#include <string.h>

#include "exchange_internal.h"

/* Floats summed at a time: the stack of partial sums stays in L1. Its depth is
 * at most the height of the tree plus one, and touched only as far as used. */
enum { BLOCK = 1024, DEPTH_MAX = 66 };

typedef struct {
    _Alignas(64) float rows[DEPTH_MAX][BLOCK];
} sum_stack;

/* out may be a. count is a multiple of the unit. */
static void add(float *out, const float *a, const float *b, size_t count)
{
    for (size_t i = 0; i < count; i += MLP_EXCHANGE_UNIT) {
        float sum[MLP_EXCHANGE_UNIT];
        for (size_t k = 0; k < MLP_EXCHANGE_UNIT; k++) {
            sum[k] = a[i + k] + b[i + k];
        }
        memcpy(out + i, sum, sizeof sum);
    }
}

/* Sum floats first .. first + count - 1 of the operands. Returns where the sum
 * is: in the stack, or, of a single operand, where it was. */
static const float *run_plan(const mlp_tree_plan *plan,
                             const float *const *operands, size_t first,
                             size_t count, sum_stack *stack)
{
    const float *top[DEPTH_MAX];
    size_t height = 1;
    top[0] = operands[plan->steps[0]] + first;
    for (size_t i = 1; i < plan->count; i++) {
        if (plan->steps[i] != MLP_TREE_ADD) {
            top[height++] = operands[plan->steps[i]] + first;
            continue;
        }
        assert(height >= 2);
        height--;
        add(stack->rows[height - 1], top[height - 1], top[height], count);
        top[height - 1] = stack->rows[height - 1];
    }
    return top[0];
}

/* What finish was called with, and which floats of the vector it is about. */
typedef struct {
    mlp_exchange *x;
    mlp_thread self;
    mlp_exchange_update *update;
    void *context;
    mlp_range slice; /* of this rank */
    mlp_range share; /* of this thread, in the slice */
} finish_call;

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Sum this thread's share and update it. Operand k begins at float `origin` of
 * the vector. */
static void sum_and_update(const finish_call *call, const mlp_tree_plan *plan,
                           const float *const *operands, size_t origin)
{
    sum_stack stack;
    size_t end = call->share.first + call->share.count;
    size_t block = plan->count == 1 ? call->share.count : BLOCK;
    for (size_t i = call->share.first; i < end; i += block) {
        size_t count = smaller(block, end - i);
        const float *sum = run_plan(plan, operands, i - origin, count, &stack);
        call->update(call->context, i, count, sum);
    }
}

/* A node of one rank whose shards are one subtree has nothing to add. */
static bool is_summed_already(const mlp_exchange *x)
{
    return x->plan.inner_count == 1 && x->plan.inner[0].plan.count == 1;
}

/* Sum this thread's share as far as the node can: [inner_count, slice]. */
static void sum_inside(const finish_call *call)
{
    mlp_exchange *x = call->x;
    sum_stack stack;
    size_t end = call->share.first + call->share.count;
    for (size_t k = 0; k < x->plan.inner_count; k++) {
        const mlp_exchange_inner *inner = &x->plan.inner[k];
        float *out = x->handed + k * call->slice.count;
        for (size_t i = call->share.first; i < end; i += BLOCK) {
            size_t count = smaller(BLOCK, end - i);
            const float *sum = run_plan(&inner->plan, x->sources + inner->first,
                                        i, count, &stack);
            memcpy(out + (i - call->slice.first), sum, count * sizeof *sum);
        }
    }
}

/* Gather what all nodes hand on. Called by thread 0. */
static mlp_status gather_slice(mlp_exchange *x, mlp_range slice)
{
    const float *mine = x->handed;
    if (is_summed_already(x)) {
        mine = x->sources[0] + slice.first;
    }
    for (size_t i = 0; i < x->place->nodes; i++) {
        x->sizes[i] = x->plan.handed[i] * slice.count * sizeof(float);
    }
    for (size_t k = 0; k < x->plan.outer_count; k++) {
        x->outer[k] = x->gathered + x->plan.slots[k] * slice.count;
    }
    return mlp_comm_gather_nodes(x->comm, mine, x->sizes, x->gathered);
}

static mlp_status finish_between_nodes(const finish_call *call)
{
    mlp_exchange *x = call->x;
    if (!is_summed_already(x)) {
        sum_inside(call);
    }
    mlp_thread_barrier(call->self);
    if (call->self.index == 0) {
        x->gathering = gather_slice(x, call->slice);
    }
    mlp_thread_barrier(call->self);
    MLP_TRY(x->gathering);
    sum_and_update(call, &x->plan.outer, x->outer, call->slice.first);
    return MLP_OK;
}

static mlp_status finish_slice(const finish_call *call)
{
    if (call->slice.count == 0) {
        return MLP_OK; /* so it is for this local rank on every node */
    }
    if (call->x->place->nodes > 1) {
        return finish_between_nodes(call);
    }
    sum_and_update(call, &call->x->plan.inner[0].plan, call->x->sources, 0);
    return MLP_OK;
}

mlp_range mlp_exchange_slice(const mlp_exchange *x, const mlp_exchange_part *p)
{
    if (x->place->rank >= x->place->smallest) {
        return (mlp_range){p->first, 0};
    }
    mlp_range units = mlp_range_part(p->count / MLP_EXCHANGE_UNIT,
                                     x->place->smallest, x->place->rank);
    return (mlp_range){p->first + units.first * MLP_EXCHANGE_UNIT,
                       units.count * MLP_EXCHANGE_UNIT};
}

static mlp_range share_of_slice(mlp_thread self, mlp_range slice)
{
    mlp_range units = mlp_thread_share(self, slice.count / MLP_EXCHANGE_UNIT);
    return (mlp_range){slice.first + units.first * MLP_EXCHANGE_UNIT,
                       units.count * MLP_EXCHANGE_UNIT};
}

/* How far a counter of the node is when all its ranks have done `steps`. */
static uint32_t all_ranks(const mlp_exchange *x, uint32_t steps)
{
    return steps * (uint32_t)x->place->size;
}

/* Whether this thread of the crew is the last to come here. */
static bool is_last(_Atomic size_t *count, mlp_thread self)
{
    if (atomic_fetch_add(count, 1) + 1 < self.count) {
        return false;
    }
    atomic_store(count, 0);
    return true;
}

void mlp_exchange_publish(mlp_exchange *exchange, size_t part, mlp_thread self)
{
    mlp_exchange_part *p = &exchange->parts[part];
    if (is_last(&p->arriving, self)) {
        p->published++;
        mlp_wait_add(&mlp_exchange_board_of(exchange)->parts[part].published, 1,
                     all_ranks(exchange, p->published));
    }
}

void mlp_exchange_await(mlp_exchange *exchange, size_t part, mlp_thread self)
{
    mlp_wait_until(&mlp_exchange_board_of(exchange)->parts[part].published,
                   all_ranks(exchange, exchange->parts[part].finished + 1),
                   self.count > exchange->fair_threads);
}

mlp_status mlp_exchange_finish(mlp_exchange *exchange, size_t part,
                               mlp_thread self, mlp_exchange_update *update,
                               void *context)
{
    mlp_exchange_part *p = &exchange->parts[part];
    mlp_exchange_part_board *board =
        &mlp_exchange_board_of(exchange)->parts[part];
    uint32_t step = p->finished + 1;
    mlp_exchange_await(exchange, part, self);
    mlp_range slice = mlp_exchange_slice(exchange, p);
    mlp_range share = share_of_slice(self, slice);
    MLP_TRY(finish_slice(
        &(finish_call){exchange, self, update, context, slice, share}));
    if (is_last(&p->leaving, self)) {
        p->finished = step;
        mlp_wait_add(&board->finished, 1, all_ranks(exchange, step));
    }
    return MLP_OK;
}

void mlp_exchange_wait(mlp_exchange *exchange, size_t part)
{
    mlp_wait_until(&mlp_exchange_board_of(exchange)->parts[part].finished,
                   all_ranks(exchange, exchange->parts[part].published),
                   exchange->fair_threads == 0);
}
