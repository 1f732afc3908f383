/** @file
 *  Tests of NumPy's arrays: types, orders, shapes, and hostile headers.
 */
#include "source/npy.h"

#include <check.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "idx_writer.h"
#include "run_suite.h"

static char directory[64], path[128];

static void set_up(void)
{
    make_directory(directory);
    snprintf(path, sizeof path, "%s/a.npy", directory);
}

static void tear_down(void)
{
    remove_directory(directory);
}

/* A file of version 1 with this header and data. */
static void write_array(const char *name, const char *header, const void *data,
                        size_t size)
{
    file_image image = {.size = 0};
    size_t length = strlen(header);
    const unsigned char sizes[] = {1, 0, (unsigned char)length,
                                   (unsigned char)(length >> 8)};
    append(&image, "\x93NUMPY", 6);
    append(&image, sizes, sizeof sizes);
    append(&image, header, length);
    append(&image, data, size);
    write_file(directory, name, &image);
}

static mlp_status open_array(const char *header, const void *data, size_t size,
                             mlp_npy *npy)
{
    write_array("a.npy", header, data, size);
    return mlp_npy_open(path, npy);
}

/* Expect a [2, 3] array of 1 to 6, and close it.
 * @param bytes  [mlp_npy_bytes] */
static void expect_six(mlp_npy *npy, unsigned char *bytes)
{
    double values[6];
    ck_assert_uint_eq(npy->rows, 2);
    ck_assert_uint_eq(npy->columns, 3);
    ck_assert_int_eq(mlp_npy_read(npy, (mlp_range){0, 2}, bytes, values),
                     MLP_OK);
    for (int i = 0; i < 6; i++) {
        ck_assert_double_eq(values[i], i + 1);
    }
    ck_assert_int_eq(mlp_npy_read(npy, (mlp_range){1, 1}, bytes, values),
                     MLP_OK);
    ck_assert(values[0] == 4 && values[1] == 5 && values[2] == 6);
    mlp_npy_close(npy);
}

static void expect_numbers(const char *header, const void *data, size_t size)
{
    mlp_npy npy;
    unsigned char bytes[64];
    ck_assert_msg(open_array(header, data, size, &npy) == MLP_OK, "%s",
                  mlp_failure());
    expect_six(&npy, bytes);
}

START_TEST(numbers_of_all_types_and_orders_are_read)
{
    const float floats[] = {1, 2, 3, 4, 5, 6};
    const double columns[] = {1, 4, 2, 5, 3, 6};
    const uint16_t halves[] = {0x3C00, 0x4000, 0x4200, 0x4400, 0x4500, 0x4600};
    const unsigned char big[] = {0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6};
    expect_numbers("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }"
                   "   \n",
                   floats, sizeof floats);
    expect_numbers("{'descr': '<f8', 'fortran_order': True, 'shape': (2, 3)}\n",
                   columns, sizeof columns);
    expect_numbers("{'shape':(2,3),'fortran_order':False,'descr':'<f2'}",
                   halves, sizeof halves);
    expect_numbers("{'descr': '>i2', 'fortran_order': False, 'shape': (2, 3)}",
                   big, sizeof big);
    expect_numbers("{'descr': '>u2', 'fortran_order': False, 'shape': (2, 3)}",
                   big, sizeof big);
}
END_TEST

START_TEST(negative_and_special_numbers_are_read)
{
    mlp_npy npy;
    unsigned char bytes[8];
    double values[4];
    const uint16_t halves[] = {0xC000, 0x7C00, 0x7E00, 0x0001};
    const signed char small[] = {-1, 127, -128, 0};
    ck_assert_int_eq(
        open_array("{'descr': '<f2', 'fortran_order': False, 'shape': (4,)}",
                   halves, sizeof halves, &npy),
        MLP_OK);
    ck_assert_uint_eq(npy.columns, 1);
    ck_assert_int_eq(mlp_npy_read(&npy, (mlp_range){0, 4}, bytes, values),
                     MLP_OK);
    ck_assert_double_eq(values[0], -2);
    ck_assert(isinf(values[1]) && isnan(values[2]));
    ck_assert_double_eq(values[3], ldexp(1, -24));
    mlp_npy_close(&npy);
    ck_assert_int_eq(
        open_array("{'descr': '|i1', 'fortran_order': False, 'shape': (4,)}",
                   small, sizeof small, &npy),
        MLP_OK);
    ck_assert_int_eq(mlp_npy_read(&npy, (mlp_range){0, 4}, bytes, values),
                     MLP_OK);
    for (int i = 0; i < 4; i++) {
        ck_assert_double_eq(values[i], small[i]);
    }
    mlp_npy_close(&npy);
}
END_TEST

static void expect_refused(const char *header, const char *part)
{
    mlp_npy npy;
    const char data[16] = "";
    ck_assert_int_eq(open_array(header, data, sizeof data, &npy),
                     MLP_ERROR_DATA);
    ck_assert_ptr_null(npy.stream);
    ck_assert_msg(strstr(mlp_failure(), path) == mlp_failure() &&
                      strstr(mlp_failure(), part) != NULL,
                  "%s", mlp_failure());
}

START_TEST(other_headers_are_refused)
{
    expect_refused("{'descr': '<c8', 'fortran_order': False, 'shape': (2,)}",
                   "another type");
    expect_refused("{'descr': [('x', '<f4')], 'fortran_order': False, 'shape': "
                   "(4,)}",
                   "another type");
    expect_refused("{'descr': '<f4', 'fortran_order': False, 'shape': ()}",
                   "dimensions");
    expect_refused("{'descr': '<f4', 'fortran_order': False, "
                   "'shape': (1, 2, 2)}",
                   "dimensions");
    expect_refused("{'descr': '<f4', 'shape': (2, 2)}", "fortran_order");
    expect_refused("{'descr': '<f4', 'fortran_order': False, "
                   "'shape': (4, 2)}",
                   "expected ");
    expect_refused("{'descr': '<f4', 'fortran_order': False, "
                   "'shape': (4294967296, 4294967296)}",
                   "no file has");
    expect_refused("{'descr': '<f4', 'fortran_order': False, "
                   "'shape': (99999999999999999999, 2)}",
                   "dimensions");
    expect_refused("{'descr': '<f4', 'fortran_order'", "dimensions");
    expect_refused("{'descr': '<f", "another type");
    expect_refused("", "another type");
}
END_TEST

static const char of_labels[] =
    "{'descr': '|i1', 'fortran_order': False, 'shape': (2,)}";

START_TEST(joined_arrays_have_their_columns_side_by_side)
{
    const double columns[] = {1, 4, 2, 5}; /* in Fortran's order */
    const signed char labels[] = {3, 6};
    char joined[300];
    mlp_npy npy;
    write_array("a.npy",
                "{'descr': '<f8', 'fortran_order': True, 'shape': (2, 2)}",
                columns, sizeof columns);
    write_array("y.npy", of_labels, labels, sizeof labels);
    snprintf(joined, sizeof joined, "%s+%s/y.npy", path, directory);
    ck_assert_int_eq(mlp_npy_open(joined, &npy), MLP_OK);
    unsigned char bytes[2 * 2 * 8]; /* those of the larger file */
    ck_assert_uint_eq(mlp_npy_bytes(&npy, 2), sizeof bytes);
    expect_six(&npy, bytes);
}
END_TEST

START_TEST(joined_arrays_need_as_many_rows)
{
    const float numbers[] = {1, 2, 3};
    char joined[300];
    mlp_npy npy;
    write_array("a.npy",
                "{'descr': '<f4', 'fortran_order': False, 'shape': (3,)}",
                numbers, sizeof numbers);
    write_array("y.npy", of_labels, "\3\6", 2);
    snprintf(joined, sizeof joined, "%s+%s/y.npy", path, directory);
    ck_assert_int_eq(mlp_npy_open(joined, &npy), MLP_ERROR_DATA);
    ck_assert_ptr_null(npy.stream);
    ck_assert_ptr_nonnull(
        strstr(mlp_failure(), "y.npy: expected 3 rows as in"));
    snprintf(joined, sizeof joined, "%s+%s/none.npy", path, directory);
    ck_assert_int_eq(mlp_npy_open(joined, &npy), MLP_ERROR_MISSING);
    ck_assert_ptr_null(npy.stream);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("npy");
    TCase *tcase = tcase_create("npy");
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_test(tcase, numbers_of_all_types_and_orders_are_read);
    tcase_add_test(tcase, negative_and_special_numbers_are_read);
    tcase_add_test(tcase, other_headers_are_refused);
    tcase_add_test(tcase, joined_arrays_have_their_columns_side_by_side);
    tcase_add_test(tcase, joined_arrays_need_as_many_rows);
    suite_add_tcase(suite, tcase);
    return run_suite(suite, CK_FORK_GETENV);
}
