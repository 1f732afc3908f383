/** @file
 *  The weight gradient of activations many of which are 0, for one instruction
 *  set: which are not is marked here. Of short leaves groups of inputs are
 *  taken, as of sparse data (gradient_sparse.c).
 *
 *  Of longer leaves a tile has one input and up to ROW_VECS vectors of columns,
 *  for activations, unlike pixels, are not 0 beside each other. A block of
 *  inputs goes through some short leaves, or a word of a long one, at a time:
 *  so few rows that their dz stays in L1. Sums wait on the stack of the tree
 *  over leaves (base/tree.h), in scratch memory: [sums, inputs of the block,
 *  columns of the tile].
 */
#include <string.h>

#include "gradient.h"
#include "scratch.h"
#include "sparse.h"

/* What all tiles of a block of inputs and some columns share. */
typedef struct {
    const gradient_work *work;
    mlp_range inputs;
    const uint64_t *marks; /* [words of the node's leaves, inputs] */
    size_t first_word;     /* of the node's leaves */
    size_t column;
    float *stack;
} marked_block;

/* Rows that a tile goes through, and what becomes of their sum. */
typedef struct {
    size_t leaf;  /* the first */
    size_t word;  /* of a long leaf */
    bool goes_on; /* a long leaf, from what it has come to on the stack */
    size_t level; /* place of the sum on the stack */
    size_t older; /* sums below it that are then added */
    bool is_root; /* what that makes is the gradient */
} part;

INLINE float *sum_at(size_t vecs, const marked_block *block, size_t level,
                     size_t k)
{
    return block->stack + (level * block->inputs.count + k) * vecs * LANES;
}

/* The chain of input k over the rows of a word. */
INLINE void add_word(size_t vecs, const marked_block *block, size_t word,
                     size_t row, size_t k, vec *acc)
{
    const gradient_work *work = block->work;
    size_t x_stride = work->x->stride, dz_stride = work->dz_stride;
    const float *x = work->x->values + row * x_stride + block->inputs.first + k;
    const float *dz = work->dz + row * dz_stride + block->column;
    uint64_t bits =
        block->marks[(word - block->first_word) * block->inputs.count + k];
    add_rows(1, vecs, bits, x, x_stride, dz, dz_stride, acc);
}

INLINE void sum_leaf(size_t vecs, const marked_block *block, size_t leaf,
                     size_t k, vec *acc)
{
    const mlp_batch *x = block->work->x;
    clear(vecs, acc);
    add_word(vecs, block, x->leaf_word[leaf], x->leaf_start[leaf], k, acc);
}

INLINE void sum_pair(size_t vecs, const marked_block *block, size_t leaf,
                     size_t k, vec *acc)
{
    vec left[ROW_VECS];
    sum_leaf(vecs, block, leaf, k, left);
    sum_leaf(vecs, block, leaf + 1, k, acc);
    add_left(vecs, left, acc);
}

/* All inputs of the block.
 * @param leaves  1 or 2 short ones; 0: a word of a long one */
INLINE void sum_part(size_t vecs, size_t leaves, const marked_block *block,
                     const part *of)
{
    const gradient_work *work = block->work;
    for (size_t k = 0; k < block->inputs.count; k++) {
        vec acc[ROW_VECS];
        if (leaves == 0) {
            size_t start = work->x->leaf_word[of->leaf];
            size_t row = work->x->leaf_start[of->leaf] +
                         (of->word - start) * MLP_MASK_ROWS;
            begin_values(1, vecs, !of->goes_on,
                         sum_at(vecs, block, of->level, k), 0, acc);
            add_word(vecs, block, of->word, row, k, acc);
        } else if (leaves == 1) {
            sum_leaf(vecs, block, of->leaf, k, acc);
        } else {
            sum_pair(vecs, block, of->leaf, k, acc);
        }
        for (size_t n = 1; n <= of->older; n++) {
            vec left[ROW_VECS];
            begin_values(1, vecs, false, sum_at(vecs, block, of->level - n, k),
                         0, left);
            add_left(vecs, left, acc);
        }
        if (of->is_root) {
            const tile_block to = {work->layer, block->inputs.first + k, 1,
                                   block->column, work->squares};
            store_tile(1, vecs, &to, work->sums, acc);
        } else {
            store_values(1, vecs, acc,
                         sum_at(vecs, block, of->level - of->older, k), 0);
        }
    }
}

/* A leaf of several words. */
INLINE void sum_long(size_t vecs, const marked_block *block, part of)
{
    const size_t *word = block->work->x->leaf_word + of.leaf;
    part one = {.leaf = of.leaf, .level = of.level};
    for (one.word = word[0]; one.word < word[1]; one.word++) {
        if (one.word + 1 == word[1]) {
            one.older = of.older;
            one.is_root = of.is_root;
        }
        sum_part(vecs, 0, block, &one);
        one.goes_on = true;
    }
}

/* Short leaves from leaf i of the node on that are taken at a time, a complete
 * subtree: two, if dz of their rows and a tile's columns stays in L1; 0 before
 * a long one. */
static size_t leaves_at(const gradient_work *work, size_t i)
{
    const mlp_range leaves = work->node->leaves;
    const size_t *start = work->x->leaf_start + leaves.first + i;
    if (i % 2 == 0 && i + 2 <= leaves.count &&
        start[2] - start[0] <= MLP_MASK_ROWS) {
        return 2;
    }
    return start[1] - start[0] <= MLP_MASK_ROWS ? 1 : 0;
}

INLINE void sum_columns(size_t vecs, const marked_block *block)
{
    const mlp_range leaves = block->work->node->leaves;
    for (size_t i = 0; i < leaves.count;) {
        size_t count = leaves_at(block->work, i);
        size_t end = i + (count > 0 ? count : 1);
        part of = {.leaf = leaves.first + i,
                   .level = mlp_tree_sums(leaves.count, i),
                   .is_root = end == leaves.count};
        of.older = of.level + 1 - mlp_tree_sums(leaves.count, end);
        if (count == 2) {
            sum_part(vecs, 2, block, &of);
        } else if (count == 1) {
            sum_part(vecs, 1, block, &of);
        } else {
            sum_long(vecs, block, of);
        }
        i = end;
    }
}

/* ---- marks -------------------------------------------------------------- */

/* Which rows of the node's leaves have a non-zero in each group. The last group
 * may have padding, of anything, in it.
 * @param group  1 or MLP_GROUP
 * @param marks  [words of the leaves, groups], overwritten */
INLINE void mark_leaves(size_t group, const gradient_work *work,
                        mlp_range inputs, uint64_t *marks)
{
    const mlp_batch *x = work->x;
    const mlp_range leaves = work->node->leaves;
    size_t groups = (inputs.count + group - 1) / group;
    for (size_t i = leaves.first; i < leaves.first + leaves.count; i++) {
        size_t row = x->leaf_start[i];
        for (size_t w = x->leaf_word[i]; w < x->leaf_word[i + 1]; w++) {
            size_t rows = least(MLP_MASK_ROWS, x->leaf_start[i + 1] - row);
            memset(marks, 0, groups * sizeof *marks);
            for (size_t r = 0; r < rows; r++) {
                mask_groups(group,
                            x->values + (row + r) * x->stride + inputs.first,
                            groups, (unsigned)r, marks);
            }
            marks += groups;
            row += rows;
        }
    }
}

/* ---- all ---------------------------------------------------------------- */

static void single_inputs(const gradient_work *work, mlp_range inputs,
                          uint64_t *marks, float *scratch)
{
    size_t first = work->x->leaf_word[work->node->leaves.first];
    marked_block block = {work, inputs, marks, first, work->column, NULL};
    block.stack = scratch;
    mark_leaves(1, work, inputs, marks);
    while (block.column < work->end) {
        size_t vecs = row_vecs(work->layer->out, block.column, work->end);
#define ROW(v) sum_columns(v, &block)
        ROW_SWITCH(vecs)
#undef ROW
        block.column += vecs * LANES;
    }
}

/* By groups, as inputs that gather has marked. */
static void input_groups(const gradient_work *work, mlp_range inputs,
                         uint64_t *marks, float *scratch)
{
    size_t first = work->x->leaf_word[work->node->leaves.first];
    gradient_work block = *work;
    block.inputs = inputs;
    block.first_marked = inputs.first;
    block.groups = (inputs.count + MLP_GROUP - 1) / MLP_GROUP;
    block.masks = marks - first * block.groups;
    mark_leaves(MLP_GROUP, work, inputs, marks);
    ISA(mlp_gradient_sparse)(&block, scratch);
}

/* Inputs of a block, so that their marks and the stack of sums have room. */
static size_t inputs_at_once(const gradient_work *work, size_t words)
{
    size_t sums = most_sums(work->node->leaves.count) + 1;
    size_t room = mlp_scratch_bytes(work->layer->out, work->rows.count) /
                  sizeof(float) / (sums * ROW_VECS * LANES);
    size_t most = least(MARKED_INPUTS, least(MARKED_BLOCKS / words, room));
    return most > MLP_GROUP ? most / MLP_GROUP * MLP_GROUP : MLP_GROUP;
}

void ISA(mlp_gradient_marked)(const gradient_work *work, float *scratch)
{
    uint64_t marks[MARKED_BLOCKS];
    const mlp_range leaves = work->node->leaves;
    const size_t *word = work->x->leaf_word + leaves.first;
    size_t most = inputs_at_once(work, word[leaves.count] - word[0]);
    bool is_long = work->node->begun == NULL &&
                   work->rows.count >= leaves.count * LONG_CHAIN;
    for (size_t i = 0; i < work->inputs.count; i += most) {
        mlp_range inputs = {work->inputs.first + i,
                            least(most, work->inputs.count - i)};
        if (is_long) {
            single_inputs(work, inputs, marks, scratch);
        } else {
            input_groups(work, inputs, marks, scratch);
        }
    }
}
