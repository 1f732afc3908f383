/** @file
 *  The exchange in the tree: each rank finishes the sum of its slice from the
 *  sums that its node's ranks left in place; nodes gather each other's.
 */
#include <assert.h>
#include <string.h>

#include "exchange_internal.h"

/* ---- memory ---------------------------------------------------------- */

static size_t largest_slice(const mlp_exchange *x)
{
    size_t largest = 0;
    for (size_t i = 0; i < x->shape.parts; i++) {
        size_t count = mlp_exchange_slice(x, &x->parts[i]).count;
        largest = count > largest ? count : largest;
    }
    return largest;
}

static mlp_status allocate_between_nodes(mlp_exchange *x)
{
    size_t slice = largest_slice(x);
    size_t records = x->shape.shards * x->shape.record_size;
    x->handed =
        mlp_exchange_allocate(x->plan.inner_count * slice, sizeof *x->handed);
    x->gathered =
        mlp_exchange_allocate(x->plan.outer_count * slice, sizeof *x->gathered);
    x->outer = mlp_exchange_allocate(x->plan.outer_count, sizeof *x->outer);
    x->sizes = mlp_exchange_allocate(x->place->nodes, sizeof *x->sizes);
    x->packed_records = mlp_exchange_allocate(records, sizeof(double));
    x->unsorted_records = mlp_exchange_allocate(records, sizeof(double));
    if (x->handed == NULL || x->gathered == NULL || x->outer == NULL ||
        x->sizes == NULL || x->packed_records == NULL ||
        x->unsorted_records == NULL) {
        return mlp_fail_memory("the exchange between nodes");
    }
    return MLP_OK;
}

static mlp_status tree_prepare(mlp_exchange *x)
{
    MLP_TRY(mlp_exchange_plan_create(x->shape.shards, mlp_comm_size(x->comm),
                                     mlp_comm_rank(x->comm), x->place,
                                     &x->plan));
    x->sources =
        mlp_exchange_allocate(x->plan.source_count, sizeof *x->sources);
    if (x->sources == NULL) {
        return mlp_fail_memory("the exchange");
    }
    return x->place->nodes > 1 ? allocate_between_nodes(x) : MLP_OK;
}

/* ---- sums ------------------------------------------------------------ */

/* Floats summed at a time: two pages of each operand, so that the hardware gets
 * to prefetch; the stack of partial sums stays in L1 or L2. Its depth is
 * at most the height of the tree plus one, and touched only as far as used. */
enum { BLOCK = 2048, DEPTH_MAX = 66 };

typedef struct {
    _Alignas(64) float rows[DEPTH_MAX][BLOCK];
} sum_stack;

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
        mlp_exchange_add(stack->rows[height - 1], top[height - 1], top[height],
                         count);
        top[height - 1] = stack->rows[height - 1];
    }
    return top[0];
}

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Sum this thread's share and update it. Operand k begins at float `origin` of
 * the vector. */
static void sum_and_update(const mlp_exchange_call *call,
                           const mlp_tree_plan *plan,
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
static void sum_inside(const mlp_exchange_call *call)
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

static mlp_status finish_between_nodes(const mlp_exchange_call *call)
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

static mlp_status tree_sum(const mlp_exchange_call *call)
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

static void tree_visit(mlp_exchange *x)
{
    (void)x; /* sums go on when they are waited for */
}

static void tree_await(mlp_exchange *x, size_t part, mlp_thread self)
{
    mlp_wait_until(&mlp_exchange_board_of(x)->parts[part].published,
                   mlp_exchange_all_ranks(x, x->parts[part].finished + 1),
                   self.count > x->fair_threads);
}

const mlp_exchange_ops mlp_exchange_tree_ops = {
    .prepare = tree_prepare,
    .visit = tree_visit,
    .await = tree_await,
    .sum = tree_sum,
    .publish_records = mlp_exchange_tree_publish_records,
    .collect_records = mlp_exchange_tree_collect_records,
};
