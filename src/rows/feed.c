/** @file
 *  Memory for one batch of inputs, filled from a dataset.
 */
#include "feed.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"

struct mlp_feed {
    mlp_batch batch;        /* the whole one */
    mlp_batch here;         /* the leaves of it that are filled here */
    mlp_nonzeros nonzeros;  /* of the whole batch */
    mlp_nonzeros here_some; /* of the leaves here */
    mlp_range here_rows;    /* of the whole batch */
    bool has_masks;
    size_t *leaf_word; /* [leaves + 1], of the whole batch */
    size_t *here_word; /* [leaves + 1] */
    uint16_t *labels;  /* [rows] */
    uint64_t *numbers; /* [rows], in their split */
    float *targets;    /* [rows, MLP_ALIGN], or NULL */
    void *own;         /* memory of the batch, or NULL */
    mlp_scaler target_scaler;
    /* of the batch under way; index 0 is the first row here */
    mlp_rows source;
    const uint32_t *rows; /* of the dataset */
    uint32_t *in_order;   /* [rows], 0, 1, 2 ... */
    size_t first;         /* row of the split that the dataset begins with */
    const uint16_t *all_labels;
    const float *all_targets;
};

/* One row of room more: vector stores may run over a list's end. */
static void cut_nonzeros(const mlp_feed_shape *shape, mlp_arena *arena,
                         mlp_nonzeros *nonzeros)
{
    nonzeros->blocks = (shape->features + MLP_BLOCK - 1) / MLP_BLOCK;
    nonzeros->groups = (shape->features + MLP_GROUP - 1) / MLP_GROUP;
    size_t lists = (shape->rows + 1) * nonzeros->blocks;
    size_t words = shape->rows / MLP_MASK_ROWS + shape->leaves;
    nonzeros->columns = mlp_arena_cut(arena, lists, MLP_BLOCK);
    nonzeros->counts = mlp_arena_cut(arena, lists, sizeof *nonzeros->counts);
    nonzeros->masks =
        mlp_arena_cut(arena, words * nonzeros->groups, sizeof *nonzeros->masks);
}

static void cut_batch(mlp_feed *feed, const mlp_feed_shape *shape,
                      mlp_arena *arena)
{
    size_t rows = shape->rows + 1;
    feed->batch.values = mlp_arena_cut(
        arena, rows * mlp_stride(shape->features), sizeof *feed->batch.values);
    feed->labels = mlp_arena_cut(arena, rows, sizeof *feed->labels);
    feed->numbers = mlp_arena_cut(arena, rows, sizeof *feed->numbers);
    if (shape->has_targets) {
        feed->targets =
            mlp_arena_cut(arena, rows * MLP_ALIGN, sizeof *feed->targets);
    }
    if (shape->is_sparse) {
        cut_nonzeros(shape, arena, &feed->nonzeros);
    }
}

size_t mlp_feed_bytes(const mlp_feed_shape *shape)
{
    mlp_feed scratch = {0};
    mlp_arena arena = {0};
    cut_batch(&scratch, shape, &arena);
    return arena.used;
}

/* Memory for the batch, unless it is given. */
static void *find_memory(const mlp_feed_shape *shape, void *memory,
                         mlp_feed *feed)
{
    if (memory == NULL) {
        feed->own = mlp_arena_allocate(mlp_feed_bytes(shape));
    }
    return memory != NULL ? memory : feed->own;
}

mlp_status mlp_feed_create(const mlp_feed_shape *shape, void *memory,
                           mlp_feed **feed)
{
    mlp_feed *made = calloc(1, sizeof *made);
    *feed = made;
    if (made == NULL) {
        return mlp_fail_memory("a batch");
    }
    mlp_arena arena = {.memory = find_memory(shape, memory, made)};
    made->leaf_word = calloc(shape->leaves + 1, sizeof *made->leaf_word);
    made->here_word = calloc(shape->leaves + 1, sizeof *made->here_word);
    made->in_order = calloc(shape->rows + 1, sizeof *made->in_order);
    if (arena.memory == NULL || made->leaf_word == NULL ||
        made->here_word == NULL || made->in_order == NULL) {
        mlp_feed_destroy(feed);
        return mlp_fail_memory("a batch");
    }
    made->batch.cols = shape->features;
    made->batch.stride = mlp_stride(shape->features);
    made->batch.leaf_word = made->leaf_word;
    made->batch.nonzeros = shape->is_sparse ? &made->nonzeros : NULL;
    made->target_scaler = shape->target_scaler;
    made->has_masks = shape->is_sparse && !shape->is_forward;
    cut_batch(made, shape, &arena);
    for (size_t r = 0; r < shape->rows; r++) {
        made->in_order[r] = (uint32_t)r;
    }
    return MLP_OK;
}

void mlp_feed_destroy(mlp_feed **feed)
{
    if (*feed != NULL) {
        free((*feed)->own);
        free((*feed)->leaf_word);
        free((*feed)->here_word);
        free((*feed)->in_order);
        free(*feed);
        *feed = NULL;
    }
}

/* ---- filling ----------------------------------------------------------- */

static void count_words(const size_t *leaf_start, size_t leaves, size_t *words)
{
    for (size_t i = 0; i < leaves; i++) {
        size_t rows = leaf_start[i + 1] - leaf_start[i];
        words[i + 1] = words[i] + mlp_leaf_words(rows);
    }
}

/* The leaves of the batch that are filled here, as a batch of their own. */
static void find_here(mlp_feed *feed, const mlp_microbatches *microbatches,
                      size_t first_leaf)
{
    const mlp_batch *batch = &feed->batch;
    size_t leaves = microbatches->leaves;
    size_t first_row = batch->leaf_start[first_leaf];
    feed->here_rows = (mlp_range){first_row, microbatches->leaf_start[leaves]};
    feed->here = *batch;
    feed->here.values += first_row * batch->stride;
    feed->here.leaves = leaves;
    feed->here.leaf_start = microbatches->leaf_start;
    feed->here.leaf_word = feed->here_word;
    count_words(microbatches->leaf_start, leaves, feed->here_word);
    if (batch->nonzeros != NULL) {
        size_t blocks = feed->nonzeros.blocks;
        feed->here_some = feed->nonzeros;
        feed->here_some.columns += first_row * blocks * MLP_BLOCK;
        feed->here_some.counts += first_row * blocks;
        feed->here_some.masks +=
            feed->leaf_word[first_leaf] * feed->nonzeros.groups;
        feed->here.nonzeros = &feed->here_some;
    }
}

void mlp_feed_begin(mlp_feed *feed, const mlp_dataset *dataset,
                    mlp_scaler scaler, const mlp_microbatches *microbatches,
                    const mlp_feed_whole *whole)
{
    const mlp_feed_whole these = {microbatches->leaf_start,
                                  microbatches->leaves, 0};
    const mlp_feed_whole *all = whole != NULL ? whole : &these;
    feed->batch.leaves = all->leaves;
    feed->batch.leaf_start = all->leaf_start;
    feed->batch.rows = all->leaf_start[all->leaves];
    count_words(all->leaf_start, all->leaves, feed->leaf_word);
    find_here(feed, microbatches, all->first_leaf);
    bool is_read = dataset->file != NULL;
    feed->rows = microbatches->rows;
    feed->source = (mlp_rows){
        is_read ? mlp_reader_take(dataset->reader, feed->here_rows.count)
                : dataset->values,
        dataset->element == MLP_ELEMENT_F32,
        is_read ? feed->in_order : feed->rows,
        scaler.shift,
        scaler.scale,
        scaler.shifts,
        scaler.scales};
    feed->first = dataset->range.first;
    feed->all_labels = dataset->labels;
    feed->all_targets = dataset->targets;
}

/* Threads share the words, in order of rows as in gather, so that most of what
 * one reads it has just gathered; where words are few, their groups. */
static void fill_masks(mlp_feed *feed, const mlp_kernels *kernels,
                       mlp_thread self)
{
    mlp_range words = {0, feed->here_word[feed->here.leaves]};
    mlp_range groups = {0, feed->nonzeros.groups};
    if (words.count >= self.count) {
        words = mlp_thread_share(self, words.count);
    } else {
        groups = mlp_thread_share(self, groups.count);
    }
    kernels->mask(&feed->source, &feed->here, words, groups);
}

void mlp_feed_fill(mlp_feed *feed, const mlp_kernels *kernels, mlp_thread self)
{
    mlp_range rows = mlp_thread_share(self, feed->here_rows.count);
    size_t end = rows.first + rows.count;
    size_t here = feed->here_rows.first;
    kernels->gather(&feed->source, &feed->here, rows);
    for (size_t r = rows.first; r < end; r++) {
        feed->labels[here + r] = feed->all_labels[feed->rows[r]];
        feed->numbers[here + r] = feed->first + feed->rows[r];
    }
    for (size_t r = rows.first; feed->all_targets != NULL && r < end; r++) {
        float target = feed->all_targets[feed->rows[r]];
        feed->targets[(here + r) * MLP_ALIGN] =
            (target - feed->target_scaler.shift) * feed->target_scaler.scale;
    }
    if (feed->has_masks) {
        fill_masks(feed, kernels, self);
    }
}

const mlp_batch *mlp_feed_batch(const mlp_feed *feed)
{
    return &feed->batch;
}

const uint16_t *mlp_feed_labels(const mlp_feed *feed)
{
    return feed->labels;
}

const uint64_t *mlp_feed_rows(const mlp_feed *feed)
{
    return feed->numbers;
}

mlp_range mlp_feed_here(const mlp_feed *feed)
{
    return feed->here_rows;
}

const float *mlp_feed_targets(const mlp_feed *feed)
{
    return feed->all_targets != NULL ? feed->targets : NULL;
}

double mlp_feed_target_unit(const mlp_feed *feed)
{
    return 1.0 / (double)feed->target_scaler.scale;
}
