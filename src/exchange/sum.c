/** @file
 *  Adding up operands in the order of the tree, block by block; with 16 bits
 *  every value of the tree is rounded, wherever it is computed.
 */
#include <assert.h>

#include "base/bfloat16.h"
#include "internal.h"

/* Floats summed at a time: two pages of each operand, so that the hardware gets
 * to prefetch; the stack of partial sums stays in L1 or L2. Its depth is
 * at most the height of the tree plus one, and touched only as far as used. */
enum { BLOCK = 2048, DEPTH_MAX = 66 };

typedef struct {
    _Alignas(64) float rows[DEPTH_MAX][BLOCK];
} sum_stack;

/* out may be a. */
static void round_row(float *out, const float *a, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        out[i] = mlp_bfloat16_round(a[i]);
    }
}

static void unpack_row(float *out, const uint16_t *a, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        out[i] = mlp_bfloat16_unpack(a[i]);
    }
}

/* Floats first .. first + count - 1 of an operand: as numbers of the tree,
 * where it is or in the row. */
static const float *fetch(const mlp_exchange_addition *addition,
                          const void *operand, size_t first, size_t count,
                          float *row)
{
    switch (addition->operand) {
    case MLP_OPERAND_FLOAT:
        return (const float *)operand + first;
    case MLP_OPERAND_TO_ROUND:
        round_row(row, (const float *)operand + first, count);
        return row;
    case MLP_OPERAND_BFLOAT16:
        unpack_row(row, (const uint16_t *)operand + first, count);
        return row;
    }
    return NULL;
}

static void add_rows(const mlp_exchange_addition *addition, float *out,
                     const float *a, const float *b, size_t count)
{
    mlp_exchange_add(out, a, b, count);
    if (addition->operand != MLP_OPERAND_FLOAT) {
        round_row(out, out, count);
    }
}

/* Sum floats first .. first + count - 1 of the operands. Returns where the sum
 * is: in the stack, or, of a single operand, where it was. */
static const float *run_plan(const mlp_exchange_addition *addition,
                             size_t first, size_t count, sum_stack *stack)
{
    const mlp_tree_plan *plan = addition->plan;
    const float *top[DEPTH_MAX];
    size_t height = 1;
    top[0] = fetch(addition, addition->operands[plan->steps[0]], first, count,
                   stack->rows[0]);
    for (size_t i = 1; i < plan->count; i++) {
        if (plan->steps[i] != MLP_TREE_ADD) {
            top[height] = fetch(addition, addition->operands[plan->steps[i]],
                                first, count, stack->rows[height]);
            height++;
            continue;
        }
        assert(height >= 2);
        height--;
        add_rows(addition, stack->rows[height - 1], top[height - 1],
                 top[height], count);
        top[height - 1] = stack->rows[height - 1];
    }
    return top[0];
}

void mlp_exchange_add_up(const mlp_exchange_addition *addition, mlp_range range,
                         mlp_exchange_update *take, void *context)
{
    sum_stack stack;
    bool stays =
        addition->plan->count == 1 && addition->operand == MLP_OPERAND_FLOAT;
    size_t end = range.first + range.count;
    size_t block = stays ? range.count : BLOCK;
    for (size_t i = range.first; i < end; i += block) {
        size_t count = block < end - i ? block : end - i;
        const float *sum =
            run_plan(addition, i - addition->origin, count, &stack);
        take(context, i, count, sum);
    }
}
