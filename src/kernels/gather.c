/** @file
 *  Work on rows and on vectors for one instruction set: gathering a batch with
 *  the bits of its non-zeros, and activations.
 */
#include <string.h>

#include "nonzeros.h"

enum { CACHE_LINE = 64 };

/* ---- gather ------------------------------------------------------------ */

/* Rows lie anywhere in the data: ask for one some rows before it is read. */
static void prefetch_row(const mlp_rows *source, size_t row, size_t cols)
{
    size_t bytes = cols * (source->is_f32 ? sizeof(float) : 1);
    const char *from = (const char *)source->values + row * bytes;
    for (size_t at = 0; at < bytes; at += CACHE_LINE) {
        __builtin_prefetch(from + at);
    }
}

/* The room for a row was read by all threads in the last step: ask to own it
 * some rows before it is written. */
static void prefetch_room(const mlp_batch *batch, size_t row)
{
    const float *values = batch->values + row * batch->stride;
    for (size_t k = 0; k < batch->stride; k += MLP_ALIGN) {
        __builtin_prefetch(values + k, 1);
    }
}

/* Each column by its own shift and scale. */
static void gather_columns(const mlp_rows *source, size_t row, size_t cols,
                           float *to)
{
    const float *shifts = source->shifts;
    const float *scales = source->scales;
    if (source->is_f32) {
        const float *from = (const float *)source->values + row * cols;
        for (size_t k = 0; k < cols; k++) {
            to[k] = (from[k] - shifts[k]) * scales[k];
        }
    } else {
        const uint8_t *from = (const uint8_t *)source->values + row * cols;
        for (size_t k = 0; k < cols; k++) {
            to[k] = ((float)from[k] - shifts[k]) * scales[k];
        }
    }
}

static void gather_row(const mlp_rows *source, size_t row, size_t cols,
                       float *to)
{
    if (source->shifts != NULL) {
        gather_columns(source, row, cols, to);
    } else if (source->is_f32) {
        const float *from = (const float *)source->values + row * cols;
        for (size_t k = 0; k < cols; k++) {
            to[k] = (from[k] - source->shift) * source->scale;
        }
    } else {
        const uint8_t *from = (const uint8_t *)source->values + row * cols;
        for (size_t k = 0; k < cols; k++) {
            to[k] = ((float)from[k] - source->shift) * source->scale;
        }
    }
}

/* z / sqrt(1 + (z/3)^2), of which 0 stays 0; the square of a larger number
 * would overflow, and the result is 3 long before. */
static void squeeze_row(float *row, size_t stride)
{
    const vec most = vec_all(1e9f);
    const vec three = vec_all(3.0f);
    for (size_t k = 0; k < stride; k += LANES) {
        vec z = vec_load(row + k);
        z = vec_pick(z - most, most, z);
        z = vec_pick(-most - z, -most, z);
        vec part = z / three;
        vec_store(row + k, z / vec_sqrt(vec_all(1.0f) + part * part));
    }
}

void ISA(mlp_gather)(const mlp_rows *source, mlp_batch *batch, mlp_range rows)
{
    size_t end = rows.first + rows.count;
    bool is_shared = rows.count < batch->rows;
    for (size_t r = rows.first; r < end; r++) {
        float *to = batch->values + r * batch->stride;
        if (r + ROWS_AHEAD < end) {
            prefetch_row(source, source->index[r + ROWS_AHEAD], batch->cols);
            if (is_shared) {
                prefetch_room(batch, r + ROWS_AHEAD);
            }
        }
        gather_row(source, source->index[r], batch->cols, to);
        memset(to + batch->cols, 0, (batch->stride - batch->cols) * sizeof *to);
        if (source->is_squeezed) {
            squeeze_row(to, batch->stride);
        }
        if (batch->nonzeros != NULL) {
            const mlp_nonzeros *nonzeros = batch->nonzeros;
            mark_row(to, batch->cols, nonzeros->inputs + r * nonzeros->blocks);
        }
    }
}

/* After the last group of the range that has all its inputs; a range without
 * groups may begin behind it. */
static size_t whole_end(size_t cols, mlp_range groups)
{
    size_t end = least(groups.first + groups.count, cols / MLP_GROUP);
    return end > groups.first ? end : groups.first;
}

/* One row's bit in its mask words: whether either raw feature of a group is
 * not 0 (a byte of 0 becomes 0, since shift is 0 for sparse data). */
static void mask_bytes(const uint8_t *from, size_t cols, mlp_range groups,
                       unsigned bit, uint64_t *words)
{
    size_t end = groups.first + groups.count;
    size_t whole = whole_end(cols, groups);
    for (size_t g = groups.first; g < whole; g++) {
        uint16_t pair;
        memcpy(&pair, from + g * MLP_GROUP, sizeof pair);
        words[g] |= (uint64_t)(pair != 0) << bit;
    }
    for (size_t g = whole; g < end; g++) {
        words[g] |= (uint64_t)(from[g * MLP_GROUP] != 0) << bit;
    }
}

static void mask_floats(const float *from, size_t cols, mlp_range groups,
                        unsigned bit, uint64_t *words)
{
    size_t end = groups.first + groups.count;
    size_t whole = whole_end(cols, groups);
    mask_groups(MLP_GROUP, from + groups.first * MLP_GROUP,
                whole - groups.first, bit, words + groups.first);
    mask_groups(1, from + whole * MLP_GROUP, end - whole, bit, words + whole);
}

_Static_assert(MLP_GROUP == sizeof(uint16_t), "a group is a pair of bytes");

static void mask_row(const mlp_rows *source, size_t row, size_t cols,
                     mlp_range groups, unsigned bit, uint64_t *words)
{
    if (source->is_f32) {
        mask_floats((const float *)source->values + row * cols, cols, groups,
                    bit, words);
    } else {
        mask_bytes((const uint8_t *)source->values + row * cols, cols, groups,
                   bit, words);
    }
}

/* Words [first, end) of one leaf. */
static void mask_leaf(const mlp_rows *source, mlp_batch *batch, size_t leaf,
                      size_t first, size_t end, mlp_range groups)
{
    const mlp_nonzeros *nonzeros = batch->nonzeros;
    for (size_t w = first; w < end; w++) {
        uint64_t *words = nonzeros->masks + w * nonzeros->groups;
        size_t row = batch->leaf_start[leaf] +
                     (w - batch->leaf_word[leaf]) * MLP_MASK_ROWS;
        size_t rows = least(MLP_MASK_ROWS, batch->leaf_start[leaf + 1] - row);
        memset(words + groups.first, 0, groups.count * sizeof *words);
        for (size_t r = 0; r < rows; r++) {
            mask_row(source, source->index[row + r], batch->cols, groups,
                     (unsigned)r, words);
        }
    }
}

void ISA(mlp_mask)(const mlp_rows *source, mlp_batch *batch, mlp_range words,
                   mlp_range groups)
{
    const size_t *leaf_word = batch->leaf_word;
    size_t end = words.first + words.count;
    for (size_t leaf = 0; leaf < batch->leaves; leaf++) {
        size_t first = leaf_word[leaf];
        mask_leaf(source, batch, leaf,
                  first > words.first ? first : words.first,
                  least(leaf_word[leaf + 1], end), groups);
    }
}

const mlp_kernels ISA(mlp_kernels) = {
    .name = ISA_NAME,
    .deform = ISA(mlp_deform),
    .gather = ISA(mlp_gather),
    .mask = ISA(mlp_mask),
    .forward = ISA(mlp_forward),
    .backward = ISA(mlp_backward),
    .gradient = ISA(mlp_gradient),
    .loss = ISA(mlp_loss),
    .dropout = ISA(mlp_dropout),
    .update = ISA(mlp_update_apply),
    .direction = ISA(mlp_update_direction),
    .squares = ISA(mlp_squares),
    .largest = ISA(mlp_largest),
    .activate = ISA(mlp_activate),
    .slope = ISA(mlp_slope),
};
