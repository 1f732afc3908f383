/** @file
 *  Sums of operands in tree order, block by block. With 16 bits every value of
 *  the tree is rounded, wherever it is computed.
 */
#include "base/bfloat16.h"
#include "internal.h"

/* Floats summed at a time: two pages of each operand, enough for the hardware
 * prefetcher, while the stack of partial sums stays in L1 or L2. */
enum { BLOCK = 2048 };

typedef struct {
    _Alignas(64) float rows[MLP_TREE_SUMS_MAX][BLOCK];
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

/* Floats first .. first + count - 1 of an operand as values of the tree: in
 * place, or converted into row. */
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

/* Number of partial sums on the stack after operands 0 .. i. */
static size_t sums_after(const mlp_exchange_addition *addition, size_t i)
{
    const mlp_subtree *first = addition->subtrees, *at = first + i;
    const mlp_subtree *last = first + addition->count - 1;
    return mlp_tree_sums(last->first + last->count - first->first,
                         at->first + at->count - first->first);
}

/* Sum floats first .. first + count - 1 of the operands. Returns the sum, in
 * the stack, or in place for a single operand. */
static const float *add_block(const mlp_exchange_addition *addition,
                              size_t first, size_t count, sum_stack *stack)
{
    const float *sums[MLP_TREE_SUMS_MAX] = {NULL};
    size_t height = 0;
    for (size_t i = 0; i < addition->count; i++) {
        sums[height] = fetch(addition, addition->operands[i], first, count,
                             stack->rows[height]);
        height++;
        size_t after = sums_after(addition, i);
        for (; height > 1 && height > after; height--) {
            float *out = stack->rows[height - 2];
            add_rows(addition, out, sums[height - 2], sums[height - 1], count);
            sums[height - 2] = out;
        }
    }
    return sums[0];
}

void mlp_exchange_add_up(const mlp_exchange_addition *addition, mlp_range range,
                         mlp_exchange_update *take, void *context)
{
    sum_stack stack;
    bool stays = addition->count == 1 && addition->operand == MLP_OPERAND_FLOAT;
    size_t end = range.first + range.count;
    size_t block = stays ? range.count : BLOCK;
    for (size_t i = range.first; i < end; i += block) {
        size_t count = block < end - i ? block : end - i;
        const float *sum =
            add_block(addition, i - addition->origin, count, &stack);
        take(context, i, count, sum);
    }
}
