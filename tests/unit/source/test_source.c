/** @file
 *  Which source a specification means, the built-in digits, and HDF5 files.
 *  IDX files have a test of their own.
 */
#include "source/source.h"

#include <sys/stat.h>

#include "hdf5/h5file.h"
#include "idx_writer.h"
#include "run_suite.h"

enum { TRAIN_ROWS = 5, TEST_ROWS = 2, HEIGHT = 3, WIDTH = 2 };

static char directory[64], path[128];

static void set_up(void)
{
    make_directory(directory);
    snprintf(path, sizeof path, "%s/set.h5", directory);
    unsetenv("MLP_DATA");
}

static void tear_down(void)
{
    ck_assert_int_eq(chdir("/"), 0);
    remove_directory(directory);
}

static void expect_failure(const char *spec, mlp_status expected,
                           const char *part)
{
    mlp_source *source = NULL;
    mlp_status status = mlp_source_open(spec, &source);
    ck_assert_msg(status == expected, "%d: %s", status, mlp_failure());
    ck_assert_ptr_null(source);
    ck_assert_msg(strstr(mlp_failure(), part) != NULL, "%s", mlp_failure());
}

static void expect_name(const char *spec, const char *name)
{
    mlp_source *source = NULL;
    ck_assert_msg(mlp_source_open(spec, &source) == MLP_OK, "%s",
                  mlp_failure());
    ck_assert_str_eq(mlp_source_facts(source)->name, name);
    mlp_source_close(&source);
}

/* ---- Digits */

START_TEST(digits_are_1797_pictures_in_two_splits)
{
    mlp_source *source = NULL;
    ck_assert_int_eq(mlp_source_open("digits", &source), MLP_OK);
    const mlp_source_info *info = mlp_source_facts(source);
    ck_assert_str_eq(info->name, "digits (built in)");
    ck_assert_uint_eq(info->rows[MLP_SPLIT_TRAIN], 1348);
    ck_assert_uint_eq(info->rows[MLP_SPLIT_TEST], 449);
    ck_assert_uint_eq(info->features, 64);
    ck_assert_uint_eq(info->height, 8);
    ck_assert_uint_eq(info->width, 8);
    ck_assert_int_eq(info->element, MLP_ELEMENT_U8);
    mlp_source_close(&source);
}
END_TEST

/* The set begins 0 1 2 3 4 5 6 7 8 9 and ends ... 9 0 8 9 8; every fourth of
 * its rows is a test row. */
START_TEST(every_fourth_digit_is_a_test_row)
{
    static const unsigned char zero[] = {0, 0, 5, 13, 9, 1, 0, 0, 0, 0, 13, 15};
    static const uint16_t train_begin[] = {0, 1, 2, 4, 5, 6};
    static const uint16_t test_begin[] = {3, 7, 1};
    unsigned char values[6 * 64];
    uint16_t labels[6];
    mlp_source *source = NULL;
    ck_assert_int_eq(mlp_source_open("digits", &source), MLP_OK);
    ck_assert_int_eq(
        mlp_source_read(source, MLP_SPLIT_TRAIN, 0, 6, values, labels), MLP_OK);
    ck_assert_mem_eq(values, zero, sizeof zero);
    ck_assert_mem_eq(labels, train_begin, sizeof train_begin);
    ck_assert_int_eq(
        mlp_source_read(source, MLP_SPLIT_TEST, 0, 3, values, labels), MLP_OK);
    ck_assert_mem_eq(labels, test_begin, sizeof test_begin);
    ck_assert_int_eq(
        mlp_source_read(source, MLP_SPLIT_TRAIN, 1347, 1, values, labels),
        MLP_OK);
    ck_assert_uint_eq(labels[0], 8);
    mlp_source_close(&source);
}
END_TEST

/* ---- Specifications */

START_TEST(without_a_spec_the_environment_decides)
{
    write_set(directory);
    ck_assert_int_eq(setenv("MLP_DATA", directory, 1), 0);
    expect_name("", directory);
    expect_name("digits", "digits (built in)");
    ck_assert_int_eq(setenv("MLP_DATA", "/no/such/place", 1), 0);
    expect_failure("", MLP_ERROR_MISSING, "/no/such/place: cannot be opened");
}
END_TEST

START_TEST(without_environment_data_mnist_is_taken_when_complete)
{
    char data[128], mnist[128];
    snprintf(data, sizeof data, "%s/data", directory);
    snprintf(mnist, sizeof mnist, "%s/data/mnist", directory);
    ck_assert_int_eq(mkdir(data, 0700), 0);
    ck_assert_int_eq(mkdir(mnist, 0700), 0);
    ck_assert_int_eq(chdir(directory), 0);
    ck_assert_int_eq(setenv("MLP_DATA", "", 1), 0);
    write_set(mnist);
    expect_name("", "data/mnist");
    remove_file(mnist, "t10k-labels-idx1-ubyte");
    expect_name("", "digits (built in)");
    remove_directory(mnist);
    remove_directory(data);
}
END_TEST

START_TEST(what_is_neither_directory_nor_file_is_refused)
{
    expect_failure("/no/such/file.h5", MLP_ERROR_MISSING, "/no/such/file.h5");
    ck_assert_int_eq(mkfifo(path, 0600), 0);
    expect_failure(path, MLP_ERROR_DATA, "found a pipe or device");
    expect_failure("/dev/null", MLP_ERROR_DATA, "found a pipe or device");
}
END_TEST

START_TEST(closing_nothing_is_allowed)
{
    mlp_source *source = NULL;
    mlp_source_close(&source);
    ck_assert_ptr_null(source);
}
END_TEST

/* ---- HDF5 */

typedef struct {
    mlp_h5_shape images, labels;
    const void *values, *classes;
} split_content;

static const float pixels[TRAIN_ROWS * HEIGHT * WIDTH] = {0.5F, -1.0F, 2.0F};
static const unsigned char bytes[TRAIN_ROWS * HEIGHT * WIDTH] = {1, 2, 3, 4};
static const uint16_t classes[TRAIN_ROWS] = {4, 3, 2, 1, 65535};

static split_content picture_bytes(uint64_t rows)
{
    return (split_content){{MLP_H5_U8, 3, {rows, HEIGHT, WIDTH}},
                           {MLP_H5_U16, 1, {rows}},
                           bytes,
                           classes};
}

static void write_split(mlp_h5file *file, const char *group,
                        const split_content *content)
{
    char name[64];
    ck_assert_int_eq(mlp_h5file_write_group(file, group), MLP_OK);
    snprintf(name, sizeof name, "%s/images", group);
    ck_assert_int_eq(
        mlp_h5file_write(file, name, content->images, content->values), MLP_OK);
    snprintf(name, sizeof name, "%s/labels", group);
    ck_assert_int_eq(
        mlp_h5file_write(file, name, content->labels, content->classes),
        MLP_OK);
}

/* Write the file; test may be NULL. */
static void write_hdf5(const split_content *train, const split_content *test)
{
    mlp_h5file *file = NULL;
    remove(path);
    ck_assert_int_eq(mlp_h5file_create(path, 0, &file), MLP_OK);
    write_split(file, "train", train);
    if (test != NULL) {
        write_split(file, "test", test);
    }
    ck_assert_int_eq(mlp_h5file_close(&file), MLP_OK);
}

START_TEST(hdf5_pictures_of_bytes_are_read)
{
    split_content train = picture_bytes(TRAIN_ROWS);
    split_content test = picture_bytes(TEST_ROWS);
    unsigned char values[TRAIN_ROWS * HEIGHT * WIDTH];
    uint16_t labels[TRAIN_ROWS];
    mlp_source *source = NULL;
    write_hdf5(&train, &test);
    ck_assert_msg(mlp_source_open(path, &source) == MLP_OK, "%s",
                  mlp_failure());
    const mlp_source_info *info = mlp_source_facts(source);
    ck_assert_uint_eq(info->rows[MLP_SPLIT_TRAIN], TRAIN_ROWS);
    ck_assert_uint_eq(info->rows[MLP_SPLIT_TEST], TEST_ROWS);
    ck_assert_uint_eq(info->features, HEIGHT * WIDTH);
    ck_assert_uint_eq(info->height, HEIGHT);
    ck_assert_uint_eq(info->width, WIDTH);
    ck_assert_int_eq(info->element, MLP_ELEMENT_U8);
    ck_assert_int_eq(
        mlp_source_read(source, MLP_SPLIT_TRAIN, 0, TRAIN_ROWS, values, labels),
        MLP_OK);
    ck_assert_mem_eq(values, bytes, sizeof bytes);
    ck_assert_mem_eq(labels, classes, sizeof classes);
    ck_assert_int_eq(
        mlp_source_read(source, MLP_SPLIT_TRAIN, 3, 2, values, labels), MLP_OK);
    ck_assert_mem_eq(labels, classes + 3, 2 * sizeof *labels);
    mlp_source_close(&source);
}
END_TEST

START_TEST(hdf5_vectors_of_floats_without_a_test_split_are_read)
{
    const uint64_t wide[TRAIN_ROWS] = {0, 1, 2, 3, 65535};
    split_content train = {{MLP_H5_F32, 2, {TRAIN_ROWS, HEIGHT * WIDTH}},
                           {MLP_H5_U64, 1, {TRAIN_ROWS}},
                           pixels,
                           wide};
    float values[TRAIN_ROWS * HEIGHT * WIDTH];
    uint16_t labels[TRAIN_ROWS];
    mlp_source *source = NULL;
    write_hdf5(&train, NULL);
    ck_assert_int_eq(mlp_source_open(path, &source), MLP_OK);
    const mlp_source_info *info = mlp_source_facts(source);
    ck_assert_uint_eq(info->rows[MLP_SPLIT_TEST], 0);
    ck_assert_uint_eq(info->height, 1);
    ck_assert_uint_eq(info->width, HEIGHT * WIDTH);
    ck_assert_int_eq(info->element, MLP_ELEMENT_F32);
    ck_assert_int_eq(
        mlp_source_read(source, MLP_SPLIT_TRAIN, 0, TRAIN_ROWS, values, labels),
        MLP_OK);
    ck_assert_mem_eq(values, pixels, sizeof pixels);
    ck_assert_uint_eq(labels[4], 65535);
    mlp_source_close(&source);
}
END_TEST

START_TEST(hdf5_labels_beyond_sixteen_bits_are_refused)
{
    const uint64_t wide[TRAIN_ROWS] = {0, 1, 65536, 3, 4};
    split_content train = picture_bytes(TRAIN_ROWS);
    mlp_source *source = NULL;
    train.labels.type = MLP_H5_U64;
    train.classes = wide;
    write_hdf5(&train, NULL);
    /* already by the rehearsal, which reads all rows of so small a file */
    ck_assert_int_eq(mlp_source_open(path, &source), MLP_ERROR_DATA);
    ck_assert_msg(strstr(mlp_failure(), "found 65536 in row 2") != NULL, "%s",
                  mlp_failure());
}
END_TEST

START_TEST(hdf5_shapes_and_types_that_do_not_fit_are_refused)
{
    const double doubles[TRAIN_ROWS * HEIGHT * WIDTH] = {0};
    split_content train = picture_bytes(TRAIN_ROWS);
    train.labels.dims[0] = TRAIN_ROWS - 1;
    write_hdf5(&train, NULL);
    expect_failure(path, MLP_ERROR_DATA, "expected 5 labels");

    train = picture_bytes(TRAIN_ROWS);
    train.images.rank = 1;
    write_hdf5(&train, NULL);
    expect_failure(path, MLP_ERROR_DATA, "/train/images: expected [n, d]");

    train = picture_bytes(TRAIN_ROWS);
    train.images.type = MLP_H5_F64;
    train.values = doubles;
    write_hdf5(&train, NULL);
    expect_failure(path, MLP_ERROR_DATA, "/train/images: expected [n, d]");

    train = picture_bytes(TRAIN_ROWS);
    train.labels.type = MLP_H5_F32;
    train.classes = pixels;
    write_hdf5(&train, NULL);
    expect_failure(path, MLP_ERROR_DATA, "/train/labels: expected [n] int");
}
END_TEST

START_TEST(hdf5_test_rows_of_another_kind_are_refused)
{
    split_content train = picture_bytes(TRAIN_ROWS);
    split_content test = picture_bytes(TEST_ROWS);
    test.images.dims[1] = HEIGHT - 1;
    write_hdf5(&train, &test);
    expect_failure(path, MLP_ERROR_DATA, "expected 6 features");

    test = picture_bytes(TEST_ROWS);
    test.images.type = MLP_H5_F32;
    test.values = pixels;
    write_hdf5(&train, &test);
    expect_failure(path, MLP_ERROR_DATA, "/test/images");
}
END_TEST

START_TEST(files_that_are_no_data_set_are_refused)
{
    mlp_h5file *file = NULL;
    file_image text = {.size = 0};
    ck_assert_int_eq(mlp_h5file_create(path, 0, &file), MLP_OK);
    ck_assert_int_eq(mlp_h5file_close(&file), MLP_OK);
    expect_failure(path, MLP_ERROR_DATA, "train/images");
    append(&text, "no HDF5", 7);
    write_file(directory, "set.h5", &text);
    expect_failure(path, MLP_ERROR_DATA, path);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("source");
    TCase *tcase = tcase_create("source");
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_test(tcase, digits_are_1797_pictures_in_two_splits);
    tcase_add_test(tcase, every_fourth_digit_is_a_test_row);
    tcase_add_test(tcase, without_a_spec_the_environment_decides);
    tcase_add_test(tcase,
                   without_environment_data_mnist_is_taken_when_complete);
    tcase_add_test(tcase, what_is_neither_directory_nor_file_is_refused);
    tcase_add_test(tcase, closing_nothing_is_allowed);
    tcase_add_test(tcase, hdf5_pictures_of_bytes_are_read);
    tcase_add_test(tcase, hdf5_vectors_of_floats_without_a_test_split_are_read);
    tcase_add_test(tcase, hdf5_labels_beyond_sixteen_bits_are_refused);
    tcase_add_test(tcase, hdf5_shapes_and_types_that_do_not_fit_are_refused);
    tcase_add_test(tcase, hdf5_test_rows_of_another_kind_are_refused);
    tcase_add_test(tcase, files_that_are_no_data_set_are_refused);
    suite_add_tcase(suite, tcase);
    return run_suite(suite, CK_FORK_GETENV);
}
