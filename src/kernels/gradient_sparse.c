/** @file
 *  The weight gradient of sparse inputs, for one instruction set: only rows
 *  whose bit is set in the mask of a group of inputs are multiplied. A tile has
 *  one group and up to GROUP_VECS vectors of columns.
 *
 *  Where the batch fits the cache a tile goes through all leaves, and the tree
 *  over them stays in registers and L1. Else leaves are cut into chunks of rows
 *  that stay in L2: a tile adds one chunk of one leaf, and the tree is a stack
 *  of sums in scratch memory. A chunk begins with the sums of the one before,
 *  so long leaves that earlier micro-batches have begun go the same way.
 */
#include "gradient.h"
#include "scratch.h"

/* A tile's operands: x^T dz of rows named by masks. */
typedef struct {
    tile_block to;
    const float *x; /* the batch's first row, at the tile's first input */
    size_t x_stride;
    const float *dz; /* the batch's first row, at the tile's first column */
    size_t dz_stride;
    const uint64_t *masks; /* the batch's first word, of the tile's group */
    size_t groups;         /* from word to word */
} sparse_tile;

/* The operands of a group of inputs and the columns from `column` on. Read
 * anew for each tile: kept in registers they would be spilled in its loops. */
INLINE sparse_tile tile_of(const gradient_work *work, size_t input,
                           size_t inputs, size_t column)
{
    const mlp_batch *x = work->x;
    return (sparse_tile){
        .to = {work->layer, input, inputs, column, work->squares},
        .x = x->values + input,
        .x_stride = x->stride,
        .dz = work->dz + column,
        .dz_stride = work->dz_stride,
        .masks = work->masks + (input - work->first_marked) / MLP_GROUP,
        .groups = work->groups};
}

/* A leaf's chain over the rows named by bits, counted from `first`. */
INLINE void add_masked(size_t vecs, const sparse_tile *tile, uint64_t bits,
                       size_t first, vec *acc)
{
    add_rows(MLP_GROUP, vecs, bits, tile->x + first * tile->x_stride,
             tile->x_stride, tile->dz + first * tile->dz_stride,
             tile->dz_stride, acc);
}

/* ---- the tree in registers ---------------------------------------------- */

/* A leaf's mask as a tile sees it. Looked up before the rows are walked: their
 * number is hard to predict, and after a misprediction the next leaf should
 * only wait for its own rows. */
typedef struct {
    size_t first; /* row */
    uint64_t bits;
} leaf_view;

INLINE leaf_view view_leaf(const sparse_tile *tile, const size_t *leaf_start,
                           size_t leaf)
{
    return (leaf_view){leaf_start[leaf], tile->masks[leaf * tile->groups]};
}

/* One leaf, of one mask word. */
INLINE void sum_view(size_t vecs, bool goes_on, const sparse_tile *tile,
                     const mlp_gradient_node *node, size_t leaf, leaf_view view,
                     vec *acc)
{
    begin_leaf(MLP_GROUP, vecs, goes_on, &tile->to, node, leaf, acc);
    add_masked(vecs, tile, view.bits, view.first, acc);
}

/* Two leaves. */
INLINE void sum_pair(size_t vecs, bool goes_on, const sparse_tile *tile,
                     const mlp_gradient_node *node, size_t leaf,
                     const leaf_view view[2], vec *acc)
{
    size_t count = MLP_GROUP * vecs;
    vec left[ACC_MAX];
    sum_view(vecs, goes_on, tile, node, leaf, view[0], acc);
    put_aside(count, acc, left);
    sum_view(vecs, goes_on, tile, node, leaf + 1, view[1], acc);
    add_left(count, left, acc);
}

/* Four leaves, with all sums in registers, or nearly. */
INLINE void sum_quad(size_t vecs, bool goes_on, const sparse_tile *tile,
                     const gradient_work *work, size_t leaf, vec *acc)
{
    const mlp_gradient_node *node = work->node;
    size_t count = MLP_GROUP * vecs;
    vec left[ACC_MAX];
    leaf_view view[4];
    for (size_t i = 0; i < 4; i++) {
        view[i] = view_leaf(tile, work->x->leaf_start, leaf + i);
    }
    sum_pair(vecs, goes_on, tile, node, leaf, view, acc);
    put_aside(count, acc, left);
    sum_pair(vecs, goes_on, tile, node, leaf + 2, view + 2, acc);
    add_left(count, left, acc);
}

/* One leaf, of several mask words. */
INLINE void sum_words(size_t vecs, const sparse_tile *tile, const mlp_batch *x,
                      size_t leaf, vec *acc)
{
    size_t row = x->leaf_start[leaf];
    clear(MLP_GROUP * vecs, acc);
    for (size_t w = x->leaf_word[leaf]; w < x->leaf_word[leaf + 1]; w++) {
        add_masked(vecs, tile, tile->masks[w * tile->groups], row, acc);
        row += MLP_MASK_ROWS;
    }
}

/* What all leaves are: of one mask word, begun in earlier micro-batches or not;
 * or some are longer, and none begun. */
typedef enum { SHORT_LEAF, BEGUN_LEAF, LONG_LEAF } tree_leaves;

/* The tree over all leaves (base/tree.h), with the newest sum in registers.
 * Leaves of one mask word are taken by fours, as far as there are four. One
 * addition a turn: so the compiler finds registers for all of sum_quad. */
INLINE void tree_tile(size_t vecs, tree_leaves kind, const sparse_tile *tile,
                      const gradient_work *work)
{
    bool one_word = kind != LONG_LEAF, goes_on = kind == BEGUN_LEAF;
    const mlp_gradient_node *node = work->node;
    size_t count = MLP_GROUP * vecs;
    vec older[SUMS_MAX][ACC_MAX];
    vec acc[ACC_MAX];
    size_t height = 0; /* older sums, and the newest */
    clear(count, acc);
    for (size_t i = 0; i < node->leaves.count || height > 1;) {
        if (height > mlp_tree_sums(node->leaves.count, i)) {
            add_left(count, older[--height], acc);
            continue;
        }
        if (height > 0) {
            put_aside(count, acc, older[height]);
        }
        height++;
        size_t leaf = node->leaves.first + i;
        if (one_word && node->leaves.count - i >= 4) {
            sum_quad(vecs, goes_on, tile, work, leaf, acc);
            i += 4;
            continue;
        }
        if (one_word) {
            sum_view(vecs, goes_on, tile, node, leaf,
                     view_leaf(tile, work->x->leaf_start, leaf), acc);
        } else {
            sum_words(vecs, tile, work->x, leaf, acc);
        }
        i++;
    }
    store_tile(MLP_GROUP, vecs, &tile->to, work->sums, acc);
}

/* ---- chunks of leaves --------------------------------------------------- */

/* Some rows of one leaf, and what becomes of their sums. */
typedef struct {
    size_t row, word, words; /* the first of each in the batch; mask words */
    const sum_array *begun;  /* what the leaf's chain came to before; or NULL */
    /* The leaf's place on the stack of sums. Of the last chunk, `older` sums
     * below it are added, which make a subtree with it, and the result takes
     * the place of the lowest. */
    const sum_array *level;
    size_t older;
} leaf_chunk;

INLINE void chunk_tile(size_t vecs, const sparse_tile *tile,
                       const leaf_chunk *chunk)
{
    size_t count = MLP_GROUP * vecs;
    vec acc[ACC_MAX], left[ACC_MAX];
    if (chunk->begun == NULL) {
        clear(count, acc);
    } else {
        load_tile(MLP_GROUP, vecs, &tile->to, *chunk->begun, acc);
    }
    for (size_t w = 0; w < chunk->words; w++) {
        add_masked(vecs, tile, tile->masks[(chunk->word + w) * tile->groups],
                   chunk->row + w * MLP_MASK_ROWS, acc);
    }
    const sum_array *to = chunk->level;
    for (size_t n = 0; n < chunk->older; n++) {
        load_tile(MLP_GROUP, vecs, &tile->to, *--to, left);
        add_left(count, left, acc);
    }
    store_tile(MLP_GROUP, vecs, &tile->to, *to, acc);
}

/* ---- tiles of a range of inputs and columns ---------------------------- */

/* @param chunk  of a leaf; NULL: all leaves, which are of this kind */
INLINE void group_tiles(size_t vecs, tree_leaves kind,
                        const gradient_work *work, const leaf_chunk *chunk,
                        mlp_range inputs, size_t column)
{
    for (size_t i = 0; i < inputs.count; i += MLP_GROUP) {
        const sparse_tile tile = tile_of(
            work, inputs.first + i, least(MLP_GROUP, inputs.count - i), column);
        if (chunk == NULL) {
            tree_tile(vecs, kind, &tile, work);
        } else {
            chunk_tile(vecs, &tile, chunk);
        }
    }
}

INLINE void column_tiles(tree_leaves kind, const gradient_work *work,
                         const leaf_chunk *chunk, mlp_range inputs)
{
    for (size_t c = work->column; c < work->end;) {
        size_t vecs = (work->end - c) / LANES;
        if (vecs >= GROUP_VECS) {
            vecs = GROUP_VECS;
            group_tiles(GROUP_VECS, kind, work, chunk, inputs, c);
        } else if (vecs >= 2) {
            vecs = 2;
            group_tiles(2, kind, work, chunk, inputs, c);
        } else {
            group_tiles(1, kind, work, chunk, inputs, c);
        }
        c += vecs * LANES;
    }
}

static void short_tiles(const gradient_work *work, mlp_range inputs)
{
    column_tiles(SHORT_LEAF, work, NULL, inputs);
}

static void begun_tiles(const gradient_work *work, mlp_range inputs)
{
    column_tiles(BEGUN_LEAF, work, NULL, inputs);
}

static void long_tiles(const gradient_work *work, mlp_range inputs)
{
    column_tiles(LONG_LEAF, work, NULL, inputs);
}

static void chunk_tiles(const gradient_work *work, leaf_chunk chunk,
                        mlp_range inputs)
{
    column_tiles(LONG_LEAF, work, &chunk, inputs);
}

/* ---- the tree in scratch memory ----------------------------------------- */

/* Leaf i of the node, chunk by chunk, which all tiles of the block of inputs go
 * through before the next. Its place on the stack is mlp_tree_sums of the
 * leaves before it. */
static void sum_leaf(const gradient_work *work, size_t i, mlp_range inputs,
                     const sum_array *stack)
{
    const mlp_gradient_node *node = work->node;
    size_t leaf = node->leaves.first + i;
    size_t end = work->x->leaf_word[leaf + 1];
    size_t height = mlp_tree_sums(node->leaves.count, i);
    sum_array begun = whole_layer(work->layer, NULL);
    leaf_chunk chunk = {.row = work->x->leaf_start[leaf],
                        .word = work->x->leaf_word[leaf],
                        .level = stack + height};
    if (node->begun != NULL) { /* only read */
        begun.at = (float *)node->begun + leaf * node->stride;
        chunk.begun = &begun;
    }
    for (; chunk.word < end; chunk.word += CHUNK_WORDS) {
        chunk.words = least(CHUNK_WORDS, end - chunk.word);
        if (chunk.word + chunk.words == end) {
            chunk.older = height + 1 - mlp_tree_sums(node->leaves.count, i + 1);
        }
        chunk_tiles(work, chunk, inputs);
        chunk.begun = chunk.level;
        chunk.row += CHUNK_WORDS * MLP_MASK_ROWS;
    }
}

/* The tree over leaves for a block of inputs. The lowest sum on the stack
 * is in the gradient itself, the others are in scratch memory. */
static void sum_block(const gradient_work *work, mlp_range inputs,
                      float *scratch)
{
    size_t leaves = work->node->leaves.count;
    size_t size = inputs.count * (work->end - work->column);
    sum_array stack[SUMS_MAX] = {work->sums};
    for (size_t n = 1; n <= most_sums(leaves); n++) {
        float *at = scratch + (n - 1) * size;
        stack[n] = (sum_array){at, inputs.count, inputs.first, work->column};
    }
    for (size_t i = 0; i < leaves; i++) {
        sum_leaf(work, i, inputs, stack);
    }
}

/* Inputs of a block, so that the stack of sums has room in scratch memory:
 * whole cache lines, or at least whole groups. */
static size_t chunk_inputs(const gradient_work *work)
{
    size_t sums = most_sums(work->node->leaves.count);
    size_t columns = work->end - work->column;
    size_t room = mlp_scratch_bytes(work->layer->out, work->rows.count) /
                  sizeof(float) / (columns * (sums > 0 ? sums : 1));
    size_t step = room >= MLP_ALIGN ? MLP_ALIGN : MLP_GROUP;
    return least(LONG_BLOCK, room / step * step);
}

/* ---- all --------------------------------------------------------------- */

/* Inputs at a time, of all columns, with the tree in registers: what the batch
 * has of them stays in L2, where it is read again and again. */
static size_t tree_inputs(const mlp_batch *x)
{
    size_t fit = BLOCK_BYTES / sizeof(float) / (x->rows > 0 ? x->rows : 1);
    size_t whole = fit / BLOCK_STEP * BLOCK_STEP;
    return whole > 0 ? whole : BLOCK_STEP;
}

static bool has_long_leaves(const mlp_batch *x)
{
    for (size_t i = 0; i < x->leaves; i++) {
        if (x->leaf_word[i + 1] - x->leaf_word[i] > 1) {
            return true;
        }
    }
    return false;
}

/* Whether the batch overflows the cache, or long chains go on from earlier
 * micro-batches of it. */
static bool by_chunks(const gradient_work *work, bool has_long)
{
    return (work->node->begun != NULL && has_long) ||
           (work->rows.count > LONG_ROWS &&
            work->node->leaves.count < LONG_LEAVES);
}

void ISA(mlp_gradient_sparse)(const gradient_work *work, float *scratch)
{
    bool has_long = has_long_leaves(work->x);
    bool chunks = by_chunks(work, has_long);
    size_t block = chunks ? chunk_inputs(work) : tree_inputs(work->x);
    for (size_t i = 0; i < work->inputs.count; i += block) {
        mlp_range inputs = {work->inputs.first + i,
                            least(block, work->inputs.count - i)};
        if (chunks) {
            sum_block(work, inputs, scratch);
        } else if (has_long) {
            long_tiles(work, inputs);
        } else if (work->node->begun != NULL) {
            begun_tiles(work, inputs);
        } else {
            short_tiles(work, inputs);
        }
    }
}
