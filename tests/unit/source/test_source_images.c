/** @file
 *  Tests of sources opened for their images alone.
 */
#include "source/source.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "hdf5/h5file.h"
#include "idx_writer.h"
#include "run_suite.h"

enum { ROWS = 3, HEIGHT = 2, WIDTH = 4, VALUES = ROWS * HEIGHT * WIDTH };

static char directory[64];
static char path[128];
static mlp_source *source;

static void set_up(void)
{
    make_directory(directory);
    snprintf(path, sizeof path, "%s/images", directory);
}

static void tear_down(void)
{
    mlp_source_close(&source);
    remove_directory(directory);
}

static void open_images(const char *spec)
{
    ck_assert_msg(mlp_source_open_images(spec, &source) == MLP_OK, "%s",
                  mlp_failure());
    ck_assert(!mlp_source_facts(source)->has_labels);
}

static void expect_refusal(mlp_status found, mlp_status expected,
                           const char *part)
{
    ck_assert_int_eq(found, expected);
    ck_assert_ptr_null(source);
    ck_assert_msg(strstr(mlp_failure(), part) != NULL, "%s", mlp_failure());
}

/* The source is ROWS pictures, all test rows; value k is first + k. */
static void expect_pictures(unsigned first)
{
    const mlp_source_info *info = mlp_source_facts(source);
    unsigned char values[VALUES];
    uint16_t labels[ROWS] = {7, 7, 7};
    ck_assert_str_eq(info->name, path);
    ck_assert_uint_eq(info->rows[MLP_SPLIT_TRAIN], 0);
    ck_assert_uint_eq(info->rows[MLP_SPLIT_TEST], ROWS);
    ck_assert_uint_eq(info->height, HEIGHT);
    ck_assert_uint_eq(info->width, WIDTH);
    ck_assert_uint_eq(info->features, HEIGHT * WIDTH);
    ck_assert_int_eq(info->element, MLP_ELEMENT_U8);
    ck_assert_int_eq(
        mlp_source_read(source, MLP_SPLIT_TEST, 0, ROWS, values, labels),
        MLP_OK);
    for (unsigned k = 0; k < VALUES; k++) {
        ck_assert_uint_eq(values[k], first + k);
    }
    for (size_t i = 0; i < ROWS; i++) {
        ck_assert_uint_eq(labels[i], 0);
    }
}

START_TEST(one_idx_file_of_images_will_do)
{
    file_image image = idx_images(ROWS, HEIGHT, WIDTH, 5);
    write_file(directory, "images", &image);
    open_images(path);
    expect_pictures(5);
}
END_TEST

START_TEST(one_packed_idx_file_of_images_will_do)
{
    file_image image = idx_images(ROWS, HEIGHT, WIDTH, 9);
    image = gzipped(&image);
    write_file(directory, "images", &image);
    open_images(path);
    expect_pictures(9);
}
END_TEST

START_TEST(an_idx_file_cut_short_is_refused)
{
    file_image image = idx_images(ROWS, HEIGHT, WIDTH, 5);
    image.size--;
    write_file(directory, "images", &image);
    expect_refusal(mlp_source_open_images(path, &source), MLP_ERROR_DATA, path);
}
END_TEST

START_TEST(an_idx_file_of_labels_is_no_images)
{
    file_image image = idx_labels(ROWS, 0);
    write_file(directory, "images", &image);
    expect_refusal(mlp_source_open_images(path, &source), MLP_ERROR_DATA,
                   "expected IDX images");
}
END_TEST

START_TEST(who_wants_labels_cannot_have_images_alone)
{
    file_image image = idx_images(ROWS, HEIGHT, WIDTH, 5);
    write_file(directory, "images", &image);
    expect_refusal(mlp_source_open(path, &source), MLP_ERROR_DATA, path);
}
END_TEST

/* An HDF5 file with images of the given name and nothing else. */
static void write_hdf5(const char *group, const char *name)
{
    const mlp_h5_shape shape = {MLP_H5_U8, 3, {ROWS, HEIGHT, WIDTH}};
    unsigned char values[VALUES];
    mlp_h5file *file = NULL;
    for (size_t k = 0; k < VALUES; k++) {
        values[k] = (unsigned char)k;
    }
    ck_assert_int_eq(mlp_h5file_create(path, 0, &file), MLP_OK);
    if (group != NULL) {
        ck_assert_int_eq(mlp_h5file_write_group(file, group), MLP_OK);
    }
    ck_assert_int_eq(mlp_h5file_write(file, name, shape, values), MLP_OK);
    ck_assert_int_eq(mlp_h5file_close(&file), MLP_OK);
}

START_TEST(hdf5_images_without_splits_will_do)
{
    write_hdf5(NULL, "images");
    open_images(path);
    expect_pictures(0);
    mlp_source_close(&source);
    expect_refusal(mlp_source_open(path, &source), MLP_ERROR_DATA,
                   "train/images");
}
END_TEST

START_TEST(hdf5_splits_need_no_labels)
{
    write_hdf5("train", "train/images");
    open_images(path);
    const mlp_source_info *info = mlp_source_facts(source);
    ck_assert_uint_eq(info->rows[MLP_SPLIT_TRAIN], ROWS);
    ck_assert_uint_eq(info->rows[MLP_SPLIT_TEST], 0);
    mlp_source_close(&source);
    expect_refusal(mlp_source_open(path, &source), MLP_ERROR_DATA,
                   "train/labels");
}
END_TEST

START_TEST(labels_of_a_directory_are_not_read)
{
    file_image nonsense = {.size = 0};
    unsigned char values[2 * 3 * 2];
    uint16_t labels[2] = {7, 7};
    append(&nonsense, "nonsense", 8);
    write_set(directory);
    write_file(directory, "t10k-labels-idx1-ubyte", &nonsense);
    expect_refusal(mlp_source_open(directory, &source), MLP_ERROR_DATA,
                   "t10k-labels");
    open_images(directory);
    ck_assert_uint_eq(mlp_source_facts(source)->rows[MLP_SPLIT_TRAIN], 5);
    ck_assert_int_eq(
        mlp_source_read(source, MLP_SPLIT_TEST, 0, 2, values, labels), MLP_OK);
    ck_assert_uint_eq(values[0], 100);
    ck_assert_uint_eq(labels[0], 0);
    ck_assert_uint_eq(labels[1], 0);
}
END_TEST

START_TEST(digits_have_the_same_images_without_their_labels)
{
    unsigned char with[20 * 64], without[20 * 64];
    uint16_t labels[20];
    ck_assert_int_eq(mlp_source_open("digits", &source), MLP_OK);
    ck_assert(mlp_source_facts(source)->has_labels);
    ck_assert_int_eq(
        mlp_source_read(source, MLP_SPLIT_TEST, 7, 20, with, labels), MLP_OK);
    mlp_source_close(&source);
    open_images("digits");
    ck_assert_int_eq(
        mlp_source_read(source, MLP_SPLIT_TEST, 7, 20, without, labels),
        MLP_OK);
    ck_assert_mem_eq(with, without, sizeof with);
    ck_assert_uint_eq(labels[1], 0);
}
END_TEST

START_TEST(what_is_not_there_is_missing)
{
    expect_refusal(mlp_source_open_images(path, &source), MLP_ERROR_MISSING,
                   path);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("source_images");
    TCase *tests = tcase_create("source_images");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, one_idx_file_of_images_will_do);
    tcase_add_test(tests, one_packed_idx_file_of_images_will_do);
    tcase_add_test(tests, an_idx_file_cut_short_is_refused);
    tcase_add_test(tests, an_idx_file_of_labels_is_no_images);
    tcase_add_test(tests, who_wants_labels_cannot_have_images_alone);
    tcase_add_test(tests, hdf5_images_without_splits_will_do);
    tcase_add_test(tests, hdf5_splits_need_no_labels);
    tcase_add_test(tests, labels_of_a_directory_are_not_read);
    tcase_add_test(tests, digits_have_the_same_images_without_their_labels);
    tcase_add_test(tests, what_is_not_there_is_missing);
    suite_add_tcase(suite, tests);
    return run_suite(suite, CK_FORK_GETENV);
}
