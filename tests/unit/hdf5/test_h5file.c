/** @file
 *  Our own HDF5 files: round trips, wrong requests, and a full disk.
 */
#include "hdf5/h5file.h"

#include <check.h>
#include <fcntl.h>
#include <float.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "file_size_limit.h"
#include "run_suite.h"

static const char pattern[] = "/tmp/mlp_test_h5file.XXXXXX";
static char folder[sizeof pattern];
static char path[sizeof folder + 16];

static void begin(void)
{
    snprintf(folder, sizeof folder, "%s", pattern);
    ck_assert_ptr_nonnull(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/a.h5", folder);
}

static void end(void)
{
    unlink(path);
    rmdir(folder);
}

static mlp_h5file *created(size_t user_block)
{
    mlp_h5file *file = NULL;
    ck_assert_int_eq(mlp_h5file_create(path, user_block, &file), MLP_OK);
    return file;
}

static mlp_h5file *reopened(mlp_h5file *file)
{
    ck_assert_int_eq(mlp_h5file_close(&file), MLP_OK);
    ck_assert_ptr_null(file);
    ck_assert_int_eq(mlp_h5file_open(path, &file), MLP_OK);
    return file;
}

static mlp_h5file *with_dataset(const char *name, mlp_h5_shape shape,
                                const void *values)
{
    mlp_h5file *file = created(0);
    ck_assert_int_eq(mlp_h5file_write(file, name, shape, values), MLP_OK);
    return reopened(file);
}

START_TEST(every_bit_of_a_float_comes_back)
{
    const float values[2][3] = {{0.0F, -0.0F, FLT_TRUE_MIN},
                                {FLT_MAX, -INFINITY, NAN}};
    mlp_h5_shape shape = {MLP_H5_F32, 2, {2, 3}};
    mlp_h5file *file = with_dataset("values", shape, values);

    mlp_h5_shape found;
    ck_assert_int_eq(mlp_h5file_shape(file, "values", &found), MLP_OK);
    ck_assert_int_eq(found.type, MLP_H5_F32);
    ck_assert_uint_eq(found.rank, 2);
    ck_assert_uint_eq(found.dims[0], 2);
    ck_assert_uint_eq(found.dims[1], 3);

    float read[2][3] = {{0}};
    ck_assert_int_eq(
        mlp_h5file_read_rows(file, "values", 0, 2, MLP_H5_F32, read), MLP_OK);
    ck_assert_mem_eq(read, values, sizeof values);
    mlp_h5file_abandon(&file);
}
END_TEST

START_TEST(rows_are_read_one_by_one_as_well)
{
    const uint8_t values[3][2] = {{1, 2}, {3, 4}, {5, 6}};
    mlp_h5_shape shape = {MLP_H5_U8, 2, {3, 2}};
    mlp_h5file *file = with_dataset("values", shape, values);
    for (uint64_t row = 0; row < 3; row++) {
        uint8_t read[2] = {0};
        ck_assert_int_eq(
            mlp_h5file_read_rows(file, "values", row, 1, MLP_H5_U8, read),
            MLP_OK);
        ck_assert_mem_eq(read, values[row], 2);
    }
    ck_assert_int_eq(
        mlp_h5file_read_rows(file, "values", 3, 0, MLP_H5_U8, NULL), MLP_OK);
    mlp_h5file_abandon(&file);
}
END_TEST

START_TEST(rows_past_the_end_are_refused_without_wrapping)
{
    const uint8_t values[3] = {1, 2, 3};
    uint8_t read[4] = {0};
    mlp_h5file *file =
        with_dataset("values", (mlp_h5_shape){MLP_H5_U8, 1, {3}}, values);
    const uint64_t wrong[][2] = {
        {0, 4}, {1, 3}, {4, 0}, {UINT64_MAX, 2}, {2, UINT64_MAX}};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        ck_assert_int_eq(mlp_h5file_read_rows(file, "values", wrong[i][0],
                                              wrong[i][1], MLP_H5_U8, read),
                         MLP_ERROR_DATA);
    }
    ck_assert_ptr_nonnull(strstr(mlp_failure(), "/values has fewer rows"));
    mlp_h5file_abandon(&file);
}
END_TEST

START_TEST(unsigned_integers_widen_and_never_narrow)
{
    const uint16_t values[2] = {7, 65535};
    mlp_h5file *file =
        with_dataset("values", (mlp_h5_shape){MLP_H5_U16, 1, {2}}, values);
    uint64_t wide[2] = {0};
    ck_assert_int_eq(
        mlp_h5file_read_rows(file, "values", 0, 2, MLP_H5_U64, wide), MLP_OK);
    ck_assert_uint_eq(wide[0], 7);
    ck_assert_uint_eq(wide[1], 65535);
    const mlp_h5_type wrong[] = {MLP_H5_U8, MLP_H5_F32, MLP_H5_F64,
                                 MLP_H5_OTHER};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        ck_assert_int_eq(
            mlp_h5file_read_rows(file, "values", 0, 2, wrong[i], wide),
            MLP_ERROR_DATA);
    }
    mlp_h5file_abandon(&file);
}
END_TEST

START_TEST(floats_do_not_become_doubles_unasked)
{
    const float value = 1.5F;
    double wide;
    mlp_h5file *file =
        with_dataset("value", (mlp_h5_shape){MLP_H5_F32, 1, {1}}, &value);
    ck_assert_int_eq(
        mlp_h5file_read_rows(file, "value", 0, 1, MLP_H5_F64, &wide),
        MLP_ERROR_DATA);
    mlp_h5file_abandon(&file);
}
END_TEST

START_TEST(a_dataset_of_many_chunks_comes_back_whole)
{
    enum { ROWS = 5, COLS = 300001 }; /* a row is longer than a chunk */
    float *values = malloc(sizeof(float) * ROWS * COLS);
    float *read = calloc(ROWS * COLS, sizeof(float));
    ck_assert(values != NULL && read != NULL);
    for (size_t i = 0; i < (size_t)ROWS * COLS; i++) {
        values[i] = (float)i;
    }
    mlp_h5_shape shape = {MLP_H5_F32, 2, {ROWS, COLS}};
    mlp_h5file *file = with_dataset("values", shape, values);
    ck_assert_int_eq(
        mlp_h5file_read_rows(file, "values", 0, ROWS, MLP_H5_F32, read),
        MLP_OK);
    ck_assert_mem_eq(read, values, sizeof(float) * ROWS * COLS);
    mlp_h5file_abandon(&file);
    free(values);
    free(read);
}
END_TEST

START_TEST(an_empty_dataset_keeps_its_shape)
{
    mlp_h5_shape found, shape = {MLP_H5_F64, 2, {0, 3}};
    double none[1] = {0.0};
    mlp_h5file *file = with_dataset("none", shape, none);
    ck_assert_int_eq(mlp_h5file_shape(file, "none", &found), MLP_OK);
    ck_assert_int_eq(found.type, MLP_H5_F64);
    ck_assert_uint_eq(found.dims[0], 0);
    ck_assert_uint_eq(found.dims[1], 3);
    ck_assert_int_eq(mlp_h5file_read_rows(file, "none", 0, 0, MLP_H5_F64, none),
                     MLP_OK);
    mlp_h5file_abandon(&file);
}
END_TEST

START_TEST(attributes_come_back)
{
    mlp_h5file *file = created(0);
    ck_assert_int_eq(mlp_h5file_write_group(file, "g"), MLP_OK);
    ck_assert_int_eq(mlp_h5file_write_text(file, "g", "text", "h\xc3\xa9"),
                     MLP_OK);
    ck_assert_int_eq(mlp_h5file_write_text(file, "/", "empty", ""), MLP_OK);
    ck_assert_int_eq(mlp_h5file_write_u64(file, "/", "most", UINT64_MAX),
                     MLP_OK);
    ck_assert_int_eq(mlp_h5file_write_f64(file, "/", "tenth", 0.1), MLP_OK);
    file = reopened(file);
    char text[8];
    uint64_t most = 0;
    double tenth = 0.0;
    ck_assert_int_eq(mlp_h5file_read_text(file, "g", "text", text, 4), MLP_OK);
    ck_assert_str_eq(text, "h\xc3\xa9");
    ck_assert_int_eq(mlp_h5file_read_text(file, "/", "empty", text, 8), MLP_OK);
    ck_assert_str_eq(text, "");
    ck_assert_int_eq(mlp_h5file_read_u64(file, "/", "most", &most), MLP_OK);
    ck_assert_uint_eq(most, UINT64_MAX);
    ck_assert_int_eq(mlp_h5file_read_f64(file, "/", "tenth", &tenth), MLP_OK);
    ck_assert(tenth == 0.1);
    mlp_h5file_abandon(&file);
}
END_TEST

START_TEST(attributes_of_another_kind_are_refused_by_name)
{
    mlp_h5file *file = created(0);
    ck_assert_int_eq(mlp_h5file_write_text(file, "/", "text", "four"), MLP_OK);
    ck_assert_int_eq(mlp_h5file_write_f64(file, "/", "real", 1.0), MLP_OK);
    ck_assert_int_eq(mlp_h5file_write_u64(file, "/", "count", 1), MLP_OK);
    file = reopened(file);
    char text[8];
    uint64_t count;
    double real;
    ck_assert_int_eq(mlp_h5file_read_text(file, "/", "text", text, 4),
                     MLP_ERROR_DATA); /* no room for the NUL */
    ck_assert_int_eq(mlp_h5file_read_text(file, "/", "count", text, 8),
                     MLP_ERROR_DATA);
    ck_assert_int_eq(mlp_h5file_read_u64(file, "/", "real", &count),
                     MLP_ERROR_DATA);
    ck_assert_int_eq(mlp_h5file_read_f64(file, "/", "count", &real),
                     MLP_ERROR_DATA);
    ck_assert_int_eq(mlp_h5file_read_f64(file, "nowhere", "real", &real),
                     MLP_ERROR_DATA);
    ck_assert_int_eq(mlp_h5file_read_u64(file, "/", "absent", &count),
                     MLP_ERROR_DATA);
    ck_assert_ptr_nonnull(strstr(mlp_failure(), "absent"));
    mlp_h5file_abandon(&file);
}
END_TEST

START_TEST(groups_nest_and_has_finds_members)
{
    const uint8_t value = 1;
    mlp_h5_shape shape = {MLP_H5_U8, 1, {1}};
    mlp_h5file *file = created(0);
    ck_assert_int_eq(mlp_h5file_write_group(file, "a"), MLP_OK);
    ck_assert_int_eq(mlp_h5file_write_group(file, "a/b"), MLP_OK);
    ck_assert_int_eq(mlp_h5file_write(file, "a/b/c", shape, &value), MLP_OK);
    ck_assert_int_eq(mlp_h5file_write_group(file, "no/b"), MLP_ERROR_INTERNAL);
    file = reopened(file);
    ck_assert(mlp_h5file_has(file, "a"));
    ck_assert(mlp_h5file_has(file, "/a/b"));
    ck_assert(mlp_h5file_has(file, "a/b/c"));
    ck_assert(!mlp_h5file_has(file, "a/b/d"));
    ck_assert(!mlp_h5file_has(file, "a/x/c"));
    ck_assert(!mlp_h5file_has(file, ""));
    mlp_h5_shape found;
    ck_assert_int_eq(mlp_h5file_shape(file, "a", &found), MLP_ERROR_DATA);
    ck_assert_int_eq(mlp_h5file_shape(file, "b", &found), MLP_ERROR_DATA);
    mlp_h5file_abandon(&file);
}
END_TEST

START_TEST(a_user_block_is_left_free_and_the_file_still_opens)
{
    const uint8_t value = 42;
    uint8_t read = 0;
    char block[512];
    memset(block, 'x', sizeof block);
    mlp_h5file *file = created(sizeof block);
    ck_assert_int_eq(
        mlp_h5file_write(file, "v", (mlp_h5_shape){MLP_H5_U8, 1, {1}}, &value),
        MLP_OK);
    ck_assert_int_eq(mlp_h5file_close(&file), MLP_OK);
    int fd = open(path, O_WRONLY);
    ck_assert_int_eq(pwrite(fd, block, sizeof block, 0), sizeof block);
    close(fd);
    ck_assert_int_eq(mlp_h5file_open(path, &file), MLP_OK);
    ck_assert_int_eq(mlp_h5file_read_rows(file, "v", 0, 1, MLP_H5_U8, &read),
                     MLP_OK);
    ck_assert_uint_eq(read, value);
    mlp_h5file_abandon(&file);
}
END_TEST

START_TEST(an_existing_file_is_never_written_over)
{
    mlp_h5file *file = created(0);
    ck_assert_int_eq(mlp_h5file_close(&file), MLP_OK);
    ck_assert_int_eq(mlp_h5file_create(path, 0, &file), MLP_ERROR_IO);
    ck_assert_ptr_null(file);
    ck_assert_ptr_nonnull(strstr(mlp_failure(), "File exists"));
    ck_assert_ptr_nonnull(strstr(mlp_failure(), path));
}
END_TEST

START_TEST(a_file_that_is_not_hdf5_is_refused_at_once)
{
    mlp_h5file *file = NULL;
    ck_assert_int_eq(mlp_h5file_open(path, &file), MLP_ERROR_MISSING);
    ck_assert_int_eq(mlp_h5file_open(folder, &file), MLP_ERROR_DATA);
    ck_assert_int_eq(mkfifo(path, 0600), 0);
    ck_assert_int_eq(mlp_h5file_open(path, &file), MLP_ERROR_DATA);
    unlink(path);
    FILE *text = fopen(path, "w");
    fputs("this is no HDF5 file, however long it may be\n", text);
    fclose(text);
    ck_assert_int_eq(mlp_h5file_open(path, &file), MLP_ERROR_DATA);
    ck_assert_ptr_null(file);
}
END_TEST

/* Write a file with a limit of its size; returns the status of the failed call.
 */
static mlp_status write_limited(rlim_t limit_bytes)
{
    static float values[20000];
    bool is_limited = limit_file_size(limit_bytes);
    mlp_h5file *file = NULL;
    mlp_status status = mlp_h5file_create(path, 512, &file);
    if (status == MLP_OK) {
        mlp_h5_shape shape = {MLP_H5_F32, 1, {20000}};
        status = mlp_h5file_write(file, "v", shape, values);
    }
    if (status == MLP_OK) {
        status = mlp_h5file_close(&file);
    }
    mlp_h5file_abandon(&file);
    unlink(path);
    ck_assert(is_limited && limit_file_size(RLIM_INFINITY));
    return status;
}

START_TEST(a_full_disk_fails_and_never_crashes)
{
    signal(SIGXFSZ, SIG_IGN);
    ck_assert_int_eq(write_limited(200000), MLP_OK);
    for (rlim_t bytes = 0; bytes < 80000; bytes += 997) {
        ck_assert_int_eq(write_limited(bytes), MLP_ERROR_IO);
    }
    ck_assert_ptr_nonnull(strstr(mlp_failure(), path));
    ck_assert_int_eq(write_limited(200000), MLP_OK);
}
END_TEST

START_TEST(closing_null_is_allowed)
{
    mlp_h5file *file = NULL;
    ck_assert_int_eq(mlp_h5file_close(&file), MLP_OK);
    mlp_h5file_abandon(&file);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("h5file");
    TCase *tcase = tcase_create("h5file");
    tcase_add_checked_fixture(tcase, begin, end);
    tcase_add_test(tcase, every_bit_of_a_float_comes_back);
    tcase_add_test(tcase, rows_are_read_one_by_one_as_well);
    tcase_add_test(tcase, rows_past_the_end_are_refused_without_wrapping);
    tcase_add_test(tcase, unsigned_integers_widen_and_never_narrow);
    tcase_add_test(tcase, floats_do_not_become_doubles_unasked);
    tcase_add_test(tcase, a_dataset_of_many_chunks_comes_back_whole);
    tcase_add_test(tcase, an_empty_dataset_keeps_its_shape);
    tcase_add_test(tcase, attributes_come_back);
    tcase_add_test(tcase, attributes_of_another_kind_are_refused_by_name);
    tcase_add_test(tcase, groups_nest_and_has_finds_members);
    tcase_add_test(tcase, a_user_block_is_left_free_and_the_file_still_opens);
    tcase_add_test(tcase, an_existing_file_is_never_written_over);
    tcase_add_test(tcase, a_file_that_is_not_hdf5_is_refused_at_once);
    tcase_add_test(tcase, a_full_disk_fails_and_never_crashes);
    tcase_add_test(tcase, closing_null_is_allowed);
    suite_add_tcase(suite, tcase);
    return run_suite(suite, CK_FORK_GETENV);
}
