/** @file
 *  Tests of rows that stay in a file: they must equal those in memory, and no
 *  call may wait for ever.
 */
#include "rows/reader.h"

#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "idx_writer.h"
#include "rows/dataset.h"
#include "rows/rowfile.h"
#include "run_suite.h"

enum { ROWS = 5000, FEATURES = 6, MOST = 40, ROOM = 100 };

static char directory[64], path[128];
static unsigned char values[ROWS * FEATURES];
static uint16_t labels[ROWS];
static uint32_t order[ROWS]; /* in which rows are requested */
static mlp_source *sources[2];
static mlp_reader *reader;

/* ---- rows with a known offset in the file, and rows that must be copied */

static void write_part(const char *name, const file_image *head,
                       const void *bytes, size_t count)
{
    char full[128];
    snprintf(full, sizeof full, "%s/%s", directory, name);
    FILE *file = fopen(full, "wb");
    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite(head->bytes, 1, head->size, file), head->size);
    ck_assert_uint_eq(fwrite(bytes, 1, count, file), count);
    ck_assert_int_eq(fclose(file), 0);
}

static void write_large_set(void)
{
    static unsigned char small[ROWS];
    file_image images = {.size = 0}, names = {.size = 0};
    append_u32(&images, 0x00000803);
    append_u32(&images, ROWS);
    append_u32(&images, 2);
    append_u32(&images, FEATURES / 2);
    append_u32(&names, 0x00000801);
    append_u32(&names, ROWS);
    for (size_t r = 0; r < ROWS; r++) {
        small[r] = (unsigned char)labels[r];
    }
    write_part("train-images-idx3-ubyte", &images, values, sizeof values);
    write_part("train-labels-idx1-ubyte", &names, small, sizeof small);
    write_part("t10k-images-idx3-ubyte", &images, values, sizeof values);
    write_part("t10k-labels-idx1-ubyte", &names, small, sizeof small);
    snprintf(path, sizeof path, "%s/train-images-idx3-ubyte", directory);
}

static void set_up(void)
{
    const mlp_rng_key key = {1, MLP_RNG_TEST, 0};
    make_directory(directory);
    for (size_t i = 0; i < sizeof values; i++) {
        uint32_t word = mlp_rng_draw(key, i, 0).word[0];
        values[i] = word % 3 == 0 ? 0 : (unsigned char)(word >> 8);
    }
    for (size_t r = 0; r < ROWS; r++) {
        labels[r] = (uint16_t)(r % 7);
    }
    mlp_rng_permutation(key, 0, ROWS, order);
    write_large_set();
    const mlp_source_arrays arrays = {.name = "arrays",
                                      .height = 2,
                                      .width = FEATURES / 2,
                                      .element = MLP_ELEMENT_U8,
                                      .rows = {ROWS, 0},
                                      .values = {values, NULL},
                                      .labels = {labels, NULL}};
    ck_assert_int_eq(mlp_source_open(directory, &sources[0]), MLP_OK);
    ck_assert_int_eq(mlp_source_open_arrays(&arrays, &sources[1]), MLP_OK);
    size_t bytes = mlp_reader_least(FEATURES, ROOM);
    ck_assert_int_eq(mlp_reader_create(bytes, FEATURES, MOST, &reader), MLP_OK);
    ck_assert_uint_eq(mlp_reader_room(reader), ROOM);
}

static void tear_down(void)
{
    mlp_reader_destroy(&reader);
    mlp_source_close(&sources[0]);
    mlp_source_close(&sources[1]);
    remove_directory(directory);
}

static mlp_dataset opened(size_t kind, size_t first, size_t count)
{
    mlp_dataset dataset;
    ck_assert_int_eq(mlp_dataset_open(sources[kind], MLP_SPLIT_TRAIN,
                                      (mlp_range){first, count}, reader,
                                      &dataset),
                     MLP_OK);
    ck_assert_ptr_null(dataset.values);
    return dataset;
}

/* ---- a plan: request i has i % (MOST + 1) rows, the next ones of the order */

static size_t begin_of(size_t request)
{
    size_t rounds = request / (MOST + 1), rest = request % (MOST + 1);
    return rounds * (MOST * (MOST + 1) / 2) + rest * (rest - 1) / 2;
}

static size_t pick(const void *context, size_t request, uint32_t *rows)
{
    const uint32_t *of = context;
    size_t count = request % (MOST + 1);
    memcpy(rows, of + begin_of(request), count * sizeof *rows);
    return count;
}

enum { REQUESTS = 5 * (MOST + 1) };

/* @param first  row of the dataset in `values` */
static void expect_rows(size_t request, size_t first)
{
    size_t count = request % (MOST + 1);
    const unsigned char *got = mlp_reader_take(reader, count);
    for (size_t i = 0; i < count; i++) {
        size_t row = first + order[begin_of(request) + i];
        ck_assert_mem_eq(got + i * FEATURES, values + row * FEATURES, FEATURES);
    }
    ck_assert_int_eq(mlp_reader_status(reader), MLP_OK);
}

START_TEST(rows_arrive_in_the_order_of_the_plan)
{
    mlp_dataset dataset = opened((size_t)_i, 0, ROWS);
    const mlp_read_plan plan = {pick, order, REQUESTS};
    for (size_t round = 0; round < 3; round++) {
        mlp_dataset_expect(&dataset, &plan, 0);
        for (size_t request = 0; request < REQUESTS; request++) {
            expect_rows(request, 0);
        }
    }
    ck_assert_double_ge(mlp_reader_waited(reader), 0.0);
    mlp_dataset_destroy(&dataset);
}
END_TEST

START_TEST(a_plan_starts_anywhere_and_is_cancelled_at_any_time)
{
    mlp_dataset dataset = opened((size_t)_i, 0, ROWS);
    const mlp_read_plan plan = {pick, order, REQUESTS};
    for (size_t first = 0; first < REQUESTS; first += 3) {
        mlp_dataset_expect(&dataset, &plan, first);
        for (size_t i = first; i < first + first % 7 && i < REQUESTS; i++) {
            expect_rows(i, 0);
        }
    }
    mlp_dataset_destroy(&dataset);
}
END_TEST

static size_t pick_nothing(const void *context, size_t request, uint32_t *rows)
{
    (void)context, (void)request;
    rows[0] = 0; /* rows has room, but nothing is taken */
    return 0;
}

START_TEST(requests_without_rows_are_not_waited_for)
{
    mlp_dataset dataset = opened((size_t)_i, 0, ROWS);
    const mlp_read_plan plan = {pick_nothing, NULL, 10};
    mlp_dataset_expect(&dataset, &plan, 0);
    ck_assert_ptr_nonnull(mlp_reader_take(reader, 0));
    mlp_dataset_destroy(&dataset);
}
END_TEST

START_TEST(rows_are_counted_in_the_range_that_was_opened)
{
    const mlp_rng_key key = {2, MLP_RNG_TEST, 0};
    mlp_rng_permutation(key, 0, 1000, order);
    mlp_dataset dataset = opened((size_t)_i, 1234, 1000);
    const mlp_read_plan plan = {pick, order, MOST + 1};
    ck_assert_uint_eq(dataset.labels[5], labels[1234 + 5]);
    mlp_dataset_expect(&dataset, &plan, 0);
    for (size_t request = 0; request <= MOST; request++) {
        expect_rows(request, 1234);
    }
    mlp_dataset_destroy(&dataset);
}
END_TEST

/* ---- statistics, bitwise equal to those of rows in memory */

START_TEST(statistics_are_those_of_rows_in_memory)
{
    mlp_dataset here = opened((size_t)_i, 10, ROWS - 10), there;
    ck_assert_int_eq(mlp_dataset_load(sources[_i], MLP_SPLIT_TRAIN,
                                      (mlp_range){10, ROWS - 10}, &there),
                     MLP_OK);
    float largest[2], least[2][FEATURES], most[2][FEATURES];
    double sums[2][FEATURES], squares[2][FEATURES];
    const double mean[FEATURES] = {1, 2, 3, 4, 5, 6.5};
    unsigned char digests[2][MLP_DIGEST_BYTES];
    const mlp_range rows = {7, ROWS - 30}, columns = {1, FEATURES - 2};
    const mlp_dataset *both[] = {&here, &there};
    for (size_t i = 0; i < 2; i++) {
        ck_assert_int_eq(mlp_dataset_largest(both[i], &largest[i]), MLP_OK);
        mlp_dataset_extremes(both[i], least[i], most[i]);
        mlp_dataset_sums(both[i], rows, columns, sums[i]);
        mlp_dataset_squares(both[i], rows, columns, mean, squares[i]);
        ck_assert_int_eq(mlp_dataset_digest(both[i], rows, digests[i]), MLP_OK);
    }
    ck_assert_float_eq(largest[0], 255.0F);
    ck_assert_float_eq(largest[0], largest[1]);
    ck_assert_uint_eq(mlp_dataset_nonzeros(&here),
                      mlp_dataset_nonzeros(&there));
    ck_assert_mem_eq(least[0], least[1], sizeof least[0]);
    ck_assert_mem_eq(most[0], most[1], sizeof most[0]);
    ck_assert_mem_eq(sums[0], sums[1], columns.count * sizeof(double));
    ck_assert_mem_eq(squares[0], squares[1], columns.count * sizeof(double));
    ck_assert_mem_eq(digests[0], digests[1], sizeof digests[0]);
    ck_assert_int_eq(mlp_dataset_status(&here), MLP_OK);
    mlp_dataset_destroy(&here);
    mlp_dataset_destroy(&there);
}
END_TEST

/* ---- rows that are held out, from all over the file */

START_TEST(held_out_rows_are_those_of_rows_in_memory)
{
    enum { COUNT = 1500 };
    const mlp_holdout how = {.kind = MLP_HOLDOUT_STRATIFIED,
                             .column = "",
                             .seed = 1,
                             .validation = 0.4};
    const mlp_range range = {10, COUNT}, part = {3, COUNT - 3};
    mlp_dataset all[3]; /* in memory, from arrays and from files; not in it */
    unsigned char digests[3][MLP_DIGEST_BYTES];
    ck_assert_int_eq(mlp_source_hold_out(sources[0], &how), MLP_OK);
    ck_assert_int_eq(mlp_source_hold_out(sources[1], &how), MLP_OK);
    for (size_t k = 0; k < 2; k++) {
        ck_assert_uint_gt(
            mlp_source_facts(sources[k])->rows[MLP_SPLIT_VALIDATION], 1900);
        ck_assert_int_eq(mlp_dataset_load(sources[1 - k], MLP_SPLIT_VALIDATION,
                                          range, &all[k]),
                         MLP_OK);
    }
    ck_assert_int_eq(mlp_dataset_open(sources[_i], MLP_SPLIT_VALIDATION, range,
                                      reader, &all[2]),
                     MLP_OK);
    for (size_t k = 0; k < 3; k++) {
        ck_assert_int_eq(mlp_dataset_digest(&all[k], part, digests[k]), MLP_OK);
        ck_assert_mem_eq(digests[k], digests[0], sizeof digests[0]);
    }
    mlp_rng_permutation((mlp_rng_key){2, MLP_RNG_TEST, 0}, 0, COUNT, order);
    const mlp_read_plan plan = {pick, order, MOST + 1};
    mlp_dataset_expect(&all[2], &plan, 0);
    for (size_t request = 0; request <= MOST; request++) {
        const unsigned char *got = mlp_reader_take(reader, request);
        for (size_t i = 0; i < request; i++) {
            size_t row = order[begin_of(request) + i];
            ck_assert_mem_eq(got + i * FEATURES,
                             (unsigned char *)all[0].values + row * FEATURES,
                             FEATURES);
        }
    }
    ck_assert_int_eq(mlp_reader_status(reader), MLP_OK);
    for (size_t k = 0; k < 3; k++) {
        mlp_dataset_destroy(&all[k]);
    }
}
END_TEST

/* ---- failures */

START_TEST(a_truncated_file_is_an_error_without_waiting)
{
    mlp_dataset dataset = opened(0, 0, ROWS);
    const mlp_read_plan plan = {pick, order, REQUESTS};
    ck_assert_int_eq(truncate(path, 10000), 0);
    mlp_dataset_expect(&dataset, &plan, 1);
    for (size_t request = 1; request < REQUESTS; request++) {
        ck_assert_ptr_nonnull(mlp_reader_take(reader, request % (MOST + 1)));
    }
    ck_assert_int_eq(mlp_reader_status(reader), MLP_ERROR_IO);
    ck_assert_ptr_nonnull(strstr(mlp_failure(), directory));
    ck_assert_ptr_nonnull(strstr(mlp_failure(), "cut short"));
    unsigned char digest[MLP_DIGEST_BYTES];
    ck_assert_int_eq(mlp_dataset_digest(&dataset, (mlp_range){0, ROWS}, digest),
                     MLP_ERROR_IO);
    mlp_dataset_destroy(&dataset);
}
END_TEST

START_TEST(a_changed_file_is_an_error)
{
    mlp_dataset dataset = opened(0, 0, ROWS);
    size_t count;
    FILE *file = fopen(path, "ab");
    ck_assert_ptr_nonnull(file);
    ck_assert_int_eq(fputc(0, file), 0);
    ck_assert_int_eq(fclose(file), 0);
    mlp_dataset_read(&dataset, (mlp_range){0, 1}, &count);
    ck_assert_int_eq(mlp_dataset_status(&dataset), MLP_ERROR_IO);
    ck_assert_ptr_nonnull(strstr(mlp_failure(), "changed"));
    mlp_dataset_destroy(&dataset);
}
END_TEST

START_TEST(a_missing_directory_for_copies_is_named)
{
    mlp_dataset dataset;
    ck_assert_int_eq(setenv("TMPDIR", "/nowhere/at/all", 1), 0);
    ck_assert_int_eq(mlp_dataset_open(sources[1], MLP_SPLIT_TRAIN,
                                      (mlp_range){0, ROWS}, reader, &dataset),
                     MLP_ERROR_IO);
    ck_assert_ptr_nonnull(strstr(mlp_failure(), "/nowhere/at/all"));
    ck_assert_int_eq(unsetenv("TMPDIR"), 0);
}
END_TEST

START_TEST(memory_is_as_configured)
{
    /* two windows of 100 rows of 6 bytes, a pick of 8 and a row of 4 */
    ck_assert_uint_eq(mlp_reader_least(6, 100), 100 * (12 + 8 + 4) + 256);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("reader");
    TCase *tcase = tcase_create("reader");
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_loop_test(tcase, rows_arrive_in_the_order_of_the_plan, 0, 2);
    tcase_add_loop_test(
        tcase, a_plan_starts_anywhere_and_is_cancelled_at_any_time, 0, 2);
    tcase_add_loop_test(tcase, requests_without_rows_are_not_waited_for, 0, 2);
    tcase_add_loop_test(tcase, rows_are_counted_in_the_range_that_was_opened, 0,
                        2);
    tcase_add_loop_test(tcase, statistics_are_those_of_rows_in_memory, 0, 2);
    tcase_add_test(tcase, a_truncated_file_is_an_error_without_waiting);
    tcase_add_loop_test(tcase, held_out_rows_are_those_of_rows_in_memory, 0, 2);
    tcase_add_test(tcase, a_changed_file_is_an_error);
    tcase_add_test(tcase, a_missing_directory_for_copies_is_named);
    tcase_add_test(tcase, memory_is_as_configured);
    suite_add_tcase(suite, tcase);
    return run_suite(suite, CK_FORK_GETENV);
}
