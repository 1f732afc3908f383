/** @file
 *  Memory for one batch of inputs, filled from a dataset.
 */
#include "mlp/feed.h"

#include <stdlib.h>
#include <string.h>

struct mlp_feed {
    mlp_batch batch;
    mlp_nonzeros nonzeros;
    size_t *leaf_word;    /* [leaves + 1] */
    uint16_t *labels;     /* [rows] */
    mlp_rows source;      /* of the batch under way */
    const uint32_t *rows; /* [batch rows], of the dataset */
    uint32_t *in_order;   /* [rows], 0, 1, 2 ... */
    const uint16_t *all_labels;
    float *targets; /* [rows, MLP_ALIGN], or NULL */
    mlp_scaler target_scaler;
    const float *all_targets;
};

/* One row of room more: vector stores may run over a list's end. */
static bool allocate_nonzeros(mlp_feed *feed, size_t features, size_t rows,
                              size_t leaves)
{
    mlp_nonzeros *nonzeros = &feed->nonzeros;
    nonzeros->blocks = (features + MLP_BLOCK - 1) / MLP_BLOCK;
    nonzeros->groups = (features + MLP_GROUP - 1) / MLP_GROUP;
    size_t lists = (rows + 1) * nonzeros->blocks;
    size_t words = rows / MLP_MASK_ROWS + leaves;
    nonzeros->columns = calloc(lists, MLP_BLOCK);
    nonzeros->counts = calloc(lists, sizeof *nonzeros->counts);
    nonzeros->masks = calloc(words * nonzeros->groups, sizeof *nonzeros->masks);
    return nonzeros->columns != NULL && nonzeros->counts != NULL &&
           nonzeros->masks != NULL;
}

mlp_status mlp_feed_create(size_t features, size_t rows, size_t leaves,
                           bool is_sparse, mlp_feed **feed)
{
    mlp_feed *made = calloc(1, sizeof *made);
    *feed = made;
    if (made == NULL) {
        return mlp_fail_memory("a batch");
    }
    made->batch.cols = features;
    made->batch.stride = mlp_stride(features);
    made->batch.values = aligned_alloc(64, (rows + 1) * made->batch.stride *
                                               sizeof *made->batch.values);
    made->leaf_word = calloc(leaves + 1, sizeof *made->leaf_word);
    made->labels = calloc(rows + 1, sizeof *made->labels);
    made->in_order = calloc(rows + 1, sizeof *made->in_order);
    made->batch.leaf_word = made->leaf_word;
    made->batch.nonzeros = is_sparse ? &made->nonzeros : NULL;
    if (made->batch.values == NULL || made->leaf_word == NULL ||
        made->labels == NULL || made->in_order == NULL ||
        (is_sparse && !allocate_nonzeros(made, features, rows, leaves))) {
        mlp_feed_destroy(feed);
        return mlp_fail_memory("a batch");
    }
    for (size_t r = 0; r < rows; r++) {
        made->in_order[r] = (uint32_t)r;
    }
    return MLP_OK;
}

void mlp_feed_destroy(mlp_feed **feed)
{
    if (*feed != NULL) {
        free((*feed)->batch.values);
        free((*feed)->leaf_word);
        free((*feed)->labels);
        free((*feed)->in_order);
        free((*feed)->targets);
        free((*feed)->nonzeros.columns);
        free((*feed)->nonzeros.counts);
        free((*feed)->nonzeros.masks);
        free(*feed);
        *feed = NULL;
    }
}

mlp_status mlp_feed_expect_targets(mlp_feed *feed, size_t rows,
                                   mlp_scaler scaler)
{
    feed->target_scaler = scaler;
    feed->targets = calloc((rows + 1) * MLP_ALIGN, sizeof *feed->targets);
    return feed->targets != NULL ? MLP_OK : mlp_fail_memory("a batch");
}

void mlp_feed_begin(mlp_feed *feed, const mlp_dataset *dataset,
                    mlp_scaler scaler, const mlp_microbatches *microbatches)
{
    mlp_batch *batch = &feed->batch;
    batch->leaves = microbatches->leaves;
    batch->leaf_start = microbatches->leaf_start;
    batch->rows = microbatches->leaf_start[microbatches->leaves];
    for (size_t i = 0; i < batch->leaves; i++) {
        size_t rows = batch->leaf_start[i + 1] - batch->leaf_start[i];
        feed->leaf_word[i + 1] =
            feed->leaf_word[i] + (rows + MLP_MASK_ROWS - 1) / MLP_MASK_ROWS;
    }
    bool is_read = dataset->file != NULL;
    feed->rows = microbatches->rows;
    feed->source =
        (mlp_rows){is_read ? mlp_reader_take(dataset->reader, batch->rows)
                           : dataset->values,
                   dataset->element == MLP_ELEMENT_F32,
                   is_read ? feed->in_order : feed->rows,
                   scaler.shift,
                   scaler.scale,
                   scaler.shifts,
                   scaler.scales};
    feed->all_labels = dataset->labels;
    feed->all_targets = dataset->targets;
}

/* Threads share the words, in order of rows as in gather, so that most of what
 * one reads it has just gathered; where words are few, their groups. */
static void fill_masks(mlp_feed *feed, const mlp_kernels *kernels,
                       mlp_thread self)
{
    mlp_range words = {0, feed->leaf_word[feed->batch.leaves]};
    mlp_range groups = {0, feed->nonzeros.groups};
    if (words.count >= self.count) {
        words = mlp_thread_share(self, words.count);
    } else {
        groups = mlp_thread_share(self, groups.count);
    }
    kernels->mask(&feed->source, &feed->batch, words, groups);
}

void mlp_feed_fill(mlp_feed *feed, const mlp_kernels *kernels, mlp_thread self)
{
    mlp_range rows = mlp_thread_share(self, feed->batch.rows);
    kernels->gather(&feed->source, &feed->batch, rows);
    for (size_t r = rows.first; r < rows.first + rows.count; r++) {
        feed->labels[r] = feed->all_labels[feed->rows[r]];
    }
    for (size_t r = rows.first;
         feed->all_targets != NULL && r < rows.first + rows.count; r++) {
        float target = feed->all_targets[feed->rows[r]];
        feed->targets[r * MLP_ALIGN] =
            (target - feed->target_scaler.shift) * feed->target_scaler.scale;
    }
    if (feed->batch.nonzeros != NULL) {
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

const float *mlp_feed_targets(const mlp_feed *feed)
{
    return feed->all_targets != NULL ? feed->targets : NULL;
}

double mlp_feed_target_unit(const mlp_feed *feed)
{
    return 1.0 / (double)feed->target_scaler.scale;
}
