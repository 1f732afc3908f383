/** @file
 *  One batch of inputs, gathered from a dataset.
 */
#include "feed.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"

struct mlp_feed {
    mlp_batch batch; /* the whole batch; all indices below refer to it */
    mlp_nonzeros nonzeros;
    mlp_range here_rows;  /* rows of the batch filled here */
    mlp_range here_words; /* words of masks filled here */
    bool has_masks;
    size_t *leaf_word; /* [leaves + 1] */
    uint32_t *index;   /* [rows], row of source for each row here */
    uint16_t *labels;  /* [rows] */
    uint64_t *numbers; /* [rows], row in its split */
    float *targets;    /* [rows, MLP_ALIGN], or NULL */
    float *weights;    /* [rows] */
    void *own;         /* memory of the batch, or NULL */
    mlp_target_scaler target_scaler;
    const mlp_deformer *deformer; /* or NULL */
    char *deformed; /* [shape.deformed_rows, features], with a deformer */
    /* Of the current batch: */
    mlp_rows source;
    const char *stored;   /* with a deformer: the rows to deform, */
    bool is_read;         /* in their order here; else all of the dataset */
    bool is_dealt;        /* so are labels, targets and weights */
    const uint32_t *rows; /* [here_rows.count], of the dataset */
    size_t first;         /* first row of the dataset in its split */
    const uint16_t *all_labels;
    const float *all_targets, *all_weights; /* or NULL */
};

static void cut_nonzeros(const mlp_feed_shape *shape, mlp_arena *arena,
                         mlp_nonzeros *nonzeros)
{
    nonzeros->blocks = mlp_blocks(shape->features);
    nonzeros->groups = (shape->features + MLP_GROUP - 1) / MLP_GROUP;
    size_t words = shape->rows / MLP_MASK_ROWS + shape->leaves;
    nonzeros->inputs = mlp_arena_cut(arena, shape->rows * nonzeros->blocks,
                                     sizeof *nonzeros->inputs);
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
    feed->weights = mlp_arena_cut(arena, rows, sizeof *feed->weights);
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

static size_t deformed_bytes(const mlp_feed_shape *shape)
{
    return shape->deformer == NULL ? 0
                                   : shape->deformed_rows * shape->features *
                                         mlp_element_bytes(shape->element);
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
    made->index = calloc(shape->rows + 1, sizeof *made->index);
    made->deformed = mlp_arena_allocate(deformed_bytes(shape));
    made->deformer = shape->deformer;
    if (arena.memory == NULL || made->leaf_word == NULL ||
        made->index == NULL || made->deformed == NULL) {
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
    return MLP_OK;
}

void mlp_feed_destroy(mlp_feed **feed)
{
    if (*feed != NULL) {
        free((*feed)->own);
        free((*feed)->leaf_word);
        free((*feed)->index);
        free((*feed)->deformed);
        free(*feed);
        *feed = NULL;
    }
}

/* ---- filling ----------------------------------------------------------- */

static void place_leaves(mlp_feed *feed, const mlp_feed_whole *whole)
{
    mlp_batch *batch = &feed->batch;
    batch->leaves = whole->leaves;
    batch->leaf_start = whole->leaf_start;
    batch->rows = whole->leaf_start[whole->leaves];
    for (size_t i = 0; i < whole->leaves; i++) {
        size_t rows = whole->leaf_start[i + 1] - whole->leaf_start[i];
        feed->leaf_word[i + 1] = feed->leaf_word[i] + mlp_leaf_words(rows);
    }
}

/* Rows read from a file or dealt are in order already, and so are deformed
 * ones. */
static void fill_index(mlp_feed *feed, bool is_in_order)
{
    uint32_t *index = feed->index + feed->here_rows.first;
    for (size_t r = 0; r < feed->here_rows.count; r++) {
        index[r] = is_in_order ? (uint32_t)r : feed->rows[r];
    }
}

void mlp_feed_begin(mlp_feed *feed, const mlp_dataset *dataset,
                    mlp_scaler scaler, const mlp_shard_batches *shard_batches,
                    const mlp_feed_whole *whole)
{
    size_t leaves = shard_batches->leaves;
    size_t rows = shard_batches->leaf_start[leaves];
    const mlp_feed_whole these = {shard_batches->leaf_start, leaves, 0};
    const mlp_feed_whole *all = whole != NULL ? whole : &these;
    size_t leaf = all->first_leaf;
    place_leaves(feed, all);
    feed->batch.ahead = (mlp_ahead){0};
    feed->here_rows = (mlp_range){all->leaf_start[leaf], rows};
    feed->here_words =
        (mlp_range){feed->leaf_word[leaf],
                    feed->leaf_word[leaf + leaves] - feed->leaf_word[leaf]};
    bool is_deformed = feed->deformer != NULL;
    feed->is_dealt = dataset->is_dealt;
    feed->is_read = feed->is_dealt || dataset->file != NULL;
    feed->rows = shard_batches->rows;
    feed->stored = dataset->file != NULL
                       ? mlp_reader_take(dataset->reader, rows)
                       : dataset->values;
    fill_index(feed, feed->is_read || is_deformed);
    feed->source = (mlp_rows){is_deformed ? feed->deformed : feed->stored,
                              dataset->element == MLP_ELEMENT_F32,
                              feed->index,
                              scaler.shift,
                              scaler.scale,
                              scaler.shifts,
                              scaler.scales,
                              scaler.is_squeezed};
    feed->first = dataset->range.first;
    feed->all_labels = dataset->labels;
    feed->all_targets = dataset->targets;
    feed->all_weights = dataset->weights;
}

/* At most so much: the next batch is to find it in L2, beside the weights. */
enum { AHEAD_BYTES = 256 * 1024 };

void mlp_feed_ahead(mlp_feed *feed, const mlp_dataset *dataset, mlp_range next)
{
    size_t row_bytes = dataset->features * mlp_element_bytes(dataset->element);
    size_t bytes = next.count * row_bytes;
    if (dataset->file == NULL) {
        feed->batch.ahead =
            (mlp_ahead){(const char *)dataset->values + next.first * row_bytes,
                        bytes < AHEAD_BYTES ? bytes : AHEAD_BYTES};
    }
}

bool mlp_feed_deform(mlp_feed *feed, const mlp_kernels *kernels, uint64_t epoch,
                     mlp_thread self)
{
    size_t bytes = feed->batch.cols * (feed->source.is_f32 ? sizeof(float) : 1);
    mlp_range rows =
        mlp_thread_range(self, (mlp_range){0, feed->here_rows.count});
    if (feed->deformer == NULL) {
        return false;
    }
    for (size_t r = rows.first; r < rows.first + rows.count; r++) {
        size_t row = feed->rows[r];
        const mlp_deformer_row image = {
            .from = feed->stored + (feed->is_read ? r : row) * bytes,
            .to = feed->deformed + r * bytes,
            .number = feed->first + row,
            .label = feed->all_labels[feed->is_dealt ? r : row]};
        mlp_deformer_run(feed->deformer, kernels, self.index, epoch, &image);
    }
    return true;
}

/* Words are divided among threads in order of rows, as in gather, so that each
 * thread mostly reads rows that it has just gathered; if words are few, their
 * groups are divided. */
static void fill_masks(mlp_feed *feed, const mlp_kernels *kernels,
                       mlp_thread self)
{
    mlp_range words = feed->here_words;
    mlp_range groups = {0, feed->nonzeros.groups};
    if (words.count >= self.count) {
        words = mlp_thread_range(self, words);
    } else {
        groups = mlp_thread_range(self, groups);
    }
    kernels->mask(&feed->source, &feed->batch, words, groups);
}

void mlp_feed_fill(mlp_feed *feed, const mlp_kernels *kernels, mlp_thread self)
{
    mlp_range rows = mlp_thread_range(self, feed->here_rows);
    kernels->gather(&feed->source, &feed->batch, rows);
    for (size_t r = rows.first; r < rows.first + rows.count; r++) {
        size_t i = r - feed->here_rows.first;
        size_t row = feed->is_dealt ? i : feed->rows[i];
        if (feed->all_labels != NULL) {
            feed->labels[r] = feed->all_labels[row];
        }
        feed->numbers[r] = feed->first + feed->rows[i];
        if (feed->all_weights != NULL) {
            feed->weights[r] = feed->all_weights[row];
        }
        if (feed->all_targets != NULL) {
            feed->targets[r * MLP_ALIGN] =
                mlp_target_scaled(&feed->target_scaler, feed->all_targets[row]);
        }
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
    return feed->targets;
}

const float *mlp_feed_weights(const mlp_feed *feed)
{
    return feed->all_weights != NULL ? feed->weights : NULL;
}

double mlp_feed_target_unit(const mlp_feed *feed)
{
    return 1.0 / (double)feed->target_scaler.scale;
}
