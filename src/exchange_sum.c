/** @file
 *  Adding up operands in the order of the tree, block by block.
 */
#include <assert.h>

#include "exchange_internal.h"

/* Floats summed at a time: two pages of each operand, so that the hardware gets
 * to prefetch; the stack of partial sums stays in L1 or L2. Its depth is
 * at most the height of the tree plus one, and touched only as far as used. */
enum { BLOCK = 2048, DEPTH_MAX = 66 };

typedef struct {
    _Alignas(64) float rows[DEPTH_MAX][BLOCK];
} sum_stack;

/* Sum floats first .. first + count - 1 of the operands. Returns where the sum
 * is: in the stack, or, of a single operand, where it was. */
static const float *run_plan(const mlp_exchange_addition *addition,
                             size_t first, size_t count, sum_stack *stack)
{
    const mlp_tree_plan *plan = addition->plan;
    const float *const *operands = addition->operands;
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

void mlp_exchange_add_up(const mlp_exchange_addition *addition, mlp_range range,
                         mlp_exchange_update *take, void *context)
{
    sum_stack stack;
    size_t end = range.first + range.count;
    size_t block = addition->plan->count == 1 ? range.count : BLOCK;
    for (size_t i = range.first; i < end; i += block) {
        size_t count = block < end - i ? block : end - i;
        const float *sum =
            run_plan(addition, i - addition->origin, count, &stack);
        take(context, i, count, sum);
    }
}
