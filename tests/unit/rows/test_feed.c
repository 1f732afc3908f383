/** @file
 *  Tests of gathering a batch: values, labels, and the marks of non-zeros,
 *  which must have exactly the values that are not zero.
 */
#include "rows/feed.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "run_suite.h"

enum { FEATURES = 117, ROWS = 150, LEAVES = 3 }; /* two blocks, three words */

static uint8_t pixels[ROWS][FEATURES];
static uint16_t labels[ROWS];
static uint32_t backwards[ROWS]; /* index of the rows */

static const mlp_dataset dataset = {.range = {0, ROWS},
                                    .features = FEATURES,
                                    .element = MLP_ELEMENT_U8,
                                    .values = pixels,
                                    .labels = labels};
static const mlp_scaler halves = {.scale = 0.5F};

static void create_data(void)
{
    for (uint32_t r = 0; r < ROWS; r++) {
        labels[r] = (uint16_t)(1000 + r);
        backwards[r] = ROWS - 1 - r;
        for (uint32_t c = 0; c < FEATURES; c++) {
            uint32_t h = (r * 31 + c * 17) * 2654435761U >> 16;
            pixels[r][c] = h % 3 == 0 ? (uint8_t)(h / 3) : 0;
        }
    }
    memset(pixels[7], 0, FEATURES); /* a row of zeros, and one without */
    memset(pixels[8], 255, FEATURES);
}

static void fill(void *context, mlp_thread self)
{
    mlp_feed_fill(context, mlp_kernels_find(NULL), self);
}

/* Fill the feed with the last rows of the data set, in descending order. */
static void fill_feed(mlp_feed *feed, const size_t *leaf_start, size_t leaves,
                      size_t threads)
{
    const mlp_shard_batches rows = {backwards, leaf_start, leaves};
    mlp_feed_begin(feed, &dataset, halves, &rows, NULL);
    mlp_threads_run(NULL, threads, fill, feed);
}

static mlp_feed *create_feed(bool is_sparse)
{
    const mlp_feed_shape shape = {.features = FEATURES,
                                  .rows = ROWS,
                                  .leaves = LEAVES,
                                  .is_sparse = is_sparse};
    mlp_feed *feed;
    ck_assert_int_eq(mlp_feed_create(&shape, NULL, &feed), MLP_OK);
    return feed;
}

static void check_values(const mlp_feed *feed)
{
    const mlp_batch *batch = mlp_feed_batch(feed);
    for (size_t r = 0; r < batch->rows; r++) {
        const uint8_t *raw = pixels[backwards[r]];
        const float *row = batch->values + r * batch->stride;
        ck_assert_uint_eq(mlp_feed_labels(feed)[r], labels[backwards[r]]);
        for (size_t c = 0; c < batch->stride; c++) {
            float expected = c < FEATURES ? 0.5F * (float)raw[c] : 0.0F;
            ck_assert_float_eq(row[c], expected);
        }
    }
}

static void check_inputs(const mlp_feed *feed)
{
    const mlp_batch *batch = mlp_feed_batch(feed);
    const mlp_nonzeros *marks = batch->nonzeros;
    for (size_t r = 0; r < batch->rows; r++) {
        const uint8_t *raw = pixels[backwards[r]];
        for (size_t c = 0; c < marks->blocks * MLP_BLOCK; c++) {
            size_t block = r * marks->blocks + c / MLP_BLOCK;
            bool is_some = c < FEATURES && raw[c] != 0;
            uint64_t bit = marks->inputs[block] >> c % MLP_BLOCK & 1;
            ck_assert_uint_eq(bit, is_some);
        }
    }
}

/* Whether one of a group's inputs is not zero in this row of the batch. */
static bool has_nonzero(size_t r, size_t group)
{
    bool found = false;
    for (size_t c = group * MLP_GROUP;
         c < (group + 1) * MLP_GROUP && c < FEATURES; c++) {
        found = found || pixels[backwards[r]][c] != 0;
    }
    return found;
}

static void check_masks(const mlp_feed *feed)
{
    const mlp_batch *batch = mlp_feed_batch(feed);
    const mlp_nonzeros *marks = batch->nonzeros;
    for (size_t i = 0; i < batch->leaves; i++) {
        size_t first = batch->leaf_start[i];
        size_t rows = batch->leaf_start[i + 1] - first;
        size_t words = batch->leaf_word[i + 1] - batch->leaf_word[i];
        size_t full = (rows + MLP_MASK_ROWS - 1) / MLP_MASK_ROWS;
        ck_assert_uint_eq(words, rows > 0 ? full : 1);
        for (size_t r = 0; r < words * MLP_MASK_ROWS; r++) {
            size_t word = batch->leaf_word[i] + r / MLP_MASK_ROWS;
            for (size_t g = 0; g < marks->groups; g++) {
                uint64_t mask = marks->masks[word * marks->groups + g];
                bool expected = r < rows && has_nonzero(first + r, g);
                ck_assert_uint_eq(mask >> r % MLP_MASK_ROWS & 1, expected);
            }
        }
    }
}

static const size_t starts[][LEAVES + 1] = {
    {0, 50, 100, 150}, {0, 0, 65, 65}, {0, 64, 64, 129},
    {0, 1, 2, 3},      {0, 0, 0, 0},   {0, 130, 149, 150},
};
enum { STARTS = sizeof starts / sizeof *starts };

START_TEST(batch_holds_scaled_rows_and_marks_their_nonzeros)
{
    for (size_t threads = 1; threads <= 5; threads += 2) {
        mlp_feed *feed = create_feed(true);
        fill_feed(feed, starts[_i], LEAVES, threads);
        ck_assert_uint_eq(mlp_feed_batch(feed)->rows, starts[_i][LEAVES]);
        check_values(feed);
        check_inputs(feed);
        check_masks(feed);
        mlp_feed_destroy(&feed);
        ck_assert_ptr_null(feed);
    }
}
END_TEST

START_TEST(nothing_of_an_older_batch_remains)
{
    mlp_feed *feed = create_feed(true);
    fill_feed(feed, starts[0], LEAVES, 1);
    for (size_t i = 0; i < STARTS; i++) {
        fill_feed(feed, starts[i], LEAVES, 1);
        check_values(feed);
        check_inputs(feed);
        check_masks(feed);
    }
    mlp_feed_destroy(&feed);
}
END_TEST

/* Like ranks of a node: two feeds in one memory, each with some leaves. */
START_TEST(feeds_that_share_memory_fill_one_batch)
{
    const mlp_feed_shape shape = {.features = FEATURES,
                                  .rows = ROWS,
                                  .leaves = LEAVES,
                                  .is_sparse = true};
    void *memory = mlp_arena_allocate(mlp_feed_bytes(&shape));
    mlp_feed *feeds[2];
    for (size_t i = 0; i < 2; i++) {
        ck_assert_int_eq(mlp_feed_create(&shape, memory, &feeds[i]), MLP_OK);
    }
    for (size_t turn = 0; turn < STARTS; turn++) {
        const size_t *all = starts[turn];
        const size_t first[] = {0, turn % LEAVES, LEAVES}; /* leaves of each */
        for (size_t i = 0; i < 2; i++) {
            size_t row = all[first[i]];
            size_t leaf_start[LEAVES + 1];
            for (size_t k = first[i]; k <= first[i + 1]; k++) {
                leaf_start[k - first[i]] = all[k] - row;
            }
            const mlp_shard_batches mine = {backwards + row, leaf_start,
                                            first[i + 1] - first[i]};
            const mlp_feed_whole whole = {all, LEAVES, first[i]};
            mlp_feed_begin(feeds[i], &dataset, halves, &mine, &whole);
            ck_assert_uint_eq(mlp_feed_here(feeds[i]).first, row);
            ck_assert_uint_eq(mlp_feed_here(feeds[i]).count,
                              all[first[i + 1]] - row);
            mlp_threads_run(NULL, 1 + turn % 3, fill, feeds[i]);
        }
        check_values(feeds[turn % 2]);
        check_inputs(feeds[turn % 2]);
        check_masks(feeds[turn % 2]);
    }
    mlp_feed_destroy(&feeds[0]);
    mlp_feed_destroy(&feeds[1]);
    free(memory);
}
END_TEST

START_TEST(dense_batch_has_no_marks)
{
    mlp_feed *feed = create_feed(false);
    fill_feed(feed, starts[0], LEAVES, 3);
    ck_assert_ptr_null(mlp_feed_batch(feed)->nonzeros);
    check_values(feed);
    mlp_feed_destroy(&feed);
}
END_TEST

START_TEST(floats_are_shifted_and_scaled)
{
    static float values[2][3] = {{1.0F, 2.0F, 3.0F}, {-4.0F, 0.5F, 0.0F}};
    static uint16_t classes[2] = {1, 0};
    static const float expected[2][3] = {{-12.0F, -3.0F, -4.0F},
                                         {-2.0F, 0.0F, 2.0F}};
    const mlp_dataset floats = {.range = {0, 2},
                                .features = 3,
                                .element = MLP_ELEMENT_F32,
                                .values = values,
                                .labels = classes};
    const uint32_t index[] = {1, 0};
    const size_t start[] = {0, 2};
    const mlp_shard_batches rows = {index, start, 1};
    mlp_feed *feed;
    const mlp_feed_shape shape = {.features = 3, .rows = 2, .leaves = 1};
    ck_assert_int_eq(mlp_feed_create(&shape, NULL, &feed), MLP_OK);
    mlp_feed_begin(feed, &floats, (mlp_scaler){.shift = 2.0F, .scale = 2.0F},
                   &rows, NULL);
    mlp_threads_run(NULL, 1, fill, feed);
    const mlp_batch *batch = mlp_feed_batch(feed);
    for (size_t r = 0; r < 2; r++) {
        ck_assert_uint_eq(mlp_feed_labels(feed)[r], r);
        for (size_t c = 0; c < 3; c++) {
            ck_assert_float_eq(batch->values[r * batch->stride + c],
                               expected[r][c]);
        }
    }
    mlp_feed_destroy(&feed);
}
END_TEST

START_TEST(columns_have_shifts_and_scales_of_their_own)
{
    static float values[1][2] = {{3.0F, 5.0F}};
    static uint8_t bytes[1][2] = {{3, 5}};
    static uint16_t classes[1];
    const uint32_t index[] = {0};
    const size_t start[] = {0, 1};
    const mlp_shard_batches rows = {index, start, 1};
    const mlp_dataset sets[] = {{.range = {0, 1},
                                 .features = 2,
                                 .element = MLP_ELEMENT_F32,
                                 .values = values,
                                 .labels = classes},
                                {.range = {0, 1},
                                 .features = 2,
                                 .element = MLP_ELEMENT_U8,
                                 .values = bytes,
                                 .labels = classes}};
    mlp_scaler scaler;
    mlp_feed *feed;
    ck_assert_int_eq(mlp_scaler_create(2, &scaler), MLP_OK);
    scaler.shifts[0] = 1.0F;
    scaler.scales[1] = 0.5F;
    const mlp_feed_shape shape = {.features = 2, .rows = 1, .leaves = 1};
    ck_assert_int_eq(mlp_feed_create(&shape, NULL, &feed), MLP_OK);
    for (size_t i = 0; i < 2; i++) {
        mlp_feed_begin(feed, &sets[i], scaler, &rows, NULL);
        mlp_threads_run(NULL, 1, fill, feed);
        ck_assert_float_eq(mlp_feed_batch(feed)->values[0], 2.0F);
        ck_assert_float_eq(mlp_feed_batch(feed)->values[1], 2.5F);
    }
    mlp_feed_destroy(&feed);
    mlp_scaler_destroy(&scaler);
}
END_TEST

/* As images of 9 x 13, deformed and then scaled; the marks are theirs. */
static mlp_config strong(void)
{
    mlp_config config;
    mlp_config_init(&config);
    config.augment = MLP_AUGMENT_ELASTIC;
    return config;
}

static void fill_deformed(void *context, mlp_thread self)
{
    const mlp_kernels *kernels = mlp_kernels_find(NULL);
    ck_assert(mlp_feed_deform(context, kernels, 4, self));
    mlp_thread_barrier(self);
    mlp_feed_fill(context, kernels, self);
}

static void check_deformed(const mlp_feed *feed, const mlp_deformer *deformer,
                           size_t row)
{
    const mlp_batch *batch = mlp_feed_batch(feed);
    uint8_t image[FEATURES];
    const mlp_deformer_row one = {pixels[backwards[row]], image, backwards[row],
                                  labels[backwards[row]]};
    mlp_deformer_run(deformer, mlp_kernels_find(NULL), 0, 4, &one);
    size_t count = 0;
    for (size_t c = 0; c < FEATURES; c++) {
        ck_assert_float_eq(batch->values[row * batch->stride + c],
                           0.5F * (float)image[c]);
        count += image[c] != 0;
        uint64_t mask =
            batch->nonzeros
                ->masks[(row / MLP_MASK_ROWS) * batch->nonzeros->groups +
                        c / MLP_GROUP];
        ck_assert(image[c] == 0 || (mask >> row % MLP_MASK_ROWS & 1) == 1);
    }
    for (size_t b = 0; b < batch->nonzeros->blocks; b++) {
        size_t block = row * batch->nonzeros->blocks + b;
        count -= (size_t)__builtin_popcountll(batch->nonzeros->inputs[block]);
    }
    ck_assert_uint_eq(count, 0);
}

START_TEST(deformed_rows_take_the_place_of_stored_ones)
{
    const mlp_config config = strong();
    const mlp_source_info info = {
        .height = 9, .width = 13, .features = FEATURES};
    const size_t start[] = {0, ROWS};
    const mlp_shard_batches rows = {backwards, start, 1};
    mlp_feed_shape shape = {.features = FEATURES,
                            .rows = ROWS,
                            .leaves = 1,
                            .is_sparse = true,
                            .deformed_rows = ROWS};
    mlp_deformer *deformer;
    mlp_feed *feed;
    ck_assert_int_eq(mlp_deformer_create(&config, &info, 3, &deformer), MLP_OK);
    shape.deformer = deformer;
    ck_assert_int_eq(mlp_feed_create(&shape, NULL, &feed), MLP_OK);
    for (size_t threads = 1; threads <= 3; threads += 2) {
        mlp_feed_begin(feed, &dataset, halves, &rows, NULL);
        mlp_threads_run(NULL, threads, fill_deformed, feed);
        for (size_t r = 0; r < ROWS; r++) {
            check_deformed(feed, deformer, r);
        }
    }
    mlp_feed_destroy(&feed);
    mlp_deformer_destroy(&deformer);
}
END_TEST

int main(void)
{
    create_data();
    TCase *tests = tcase_create("feed");
    tcase_add_loop_test(tests, batch_holds_scaled_rows_and_marks_their_nonzeros,
                        0, STARTS);
    tcase_add_test(tests, nothing_of_an_older_batch_remains);
    tcase_add_test(tests, feeds_that_share_memory_fill_one_batch);
    tcase_add_test(tests, dense_batch_has_no_marks);
    tcase_add_test(tests, floats_are_shifted_and_scaled);
    tcase_add_test(tests, columns_have_shifts_and_scales_of_their_own);
    tcase_add_test(tests, deformed_rows_take_the_place_of_stored_ones);
    Suite *suite = suite_create("feed");
    suite_add_tcase(suite, tests);
    return run_suite(suite, CK_FORK_GETENV);
}
