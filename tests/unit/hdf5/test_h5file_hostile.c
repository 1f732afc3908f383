/** @file
 *  HDF5 files of other programs, such as h5py, which must be read, and
 *  malicious ones, which must be refused. They are made with the HDF5 library
 *  itself.
 */
#include <check.h>
#include <fcntl.h>
#include <hdf5.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "hdf5/h5file.h"

#include "run_suite.h"

static char folder[] = "/tmp/mlp_test_hostile.XXXXXX";
static char path[sizeof folder + 16], other[sizeof folder + 16];

static void begin(void)
{
    memcpy(folder + strlen(folder) - 6, "XXXXXX", 6);
    ck_assert_ptr_nonnull(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/a.h5", folder);
    snprintf(other, sizeof other, "%s/other", folder);
    H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
}

static void end(void)
{
    unlink(path);
    unlink(other);
    rmdir(folder);
}

/* Make a file by `build` and open it through the interface under test. */
static mlp_h5file *opened(void (*build)(hid_t file))
{
    mlp_h5file *file = NULL;
    hid_t id = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    ck_assert_int_ge(id, 0);
    build(id);
    ck_assert_int_ge(H5Fclose(id), 0);
    ck_assert_int_eq(mlp_h5file_open(path, &file), MLP_OK);
    return file;
}

/* A dataset "v" in file; values may be NULL, then nothing is written. */
static void put(hid_t file, hid_t type, int rank, const hsize_t *dims,
                hid_t creation, hid_t memory, const void *values)
{
    hid_t space =
        rank < 0 ? H5Screate(H5S_NULL) : H5Screate_simple(rank, dims, NULL);
    hid_t set =
        H5Dcreate2(file, "v", type, space, H5P_DEFAULT, creation, H5P_DEFAULT);
    ck_assert_int_ge(set, 0);
    if (values != NULL) {
        ck_assert_int_ge(
            H5Dwrite(set, memory, H5S_ALL, H5S_ALL, H5P_DEFAULT, values), 0);
    }
    H5Dclose(set);
    H5Sclose(space);
}

/* ---- of other programs, readable */

static void put_big_endian(hid_t file)
{
    const float values[3] = {1.0F, -2.5F, 1e-45F};
    put(file, H5T_IEEE_F32BE, 1, (hsize_t[]){3}, H5P_DEFAULT, H5T_NATIVE_FLOAT,
        values);
}

START_TEST(big_endian_floats_are_read)
{
    const float expected[3] = {1.0F, -2.5F, 1e-45F};
    float read[3] = {0};
    mlp_h5_shape shape;
    mlp_h5file *file = opened(put_big_endian);
    ck_assert_int_eq(mlp_h5file_shape(file, "v", &shape), MLP_OK);
    ck_assert_int_eq(shape.type, MLP_H5_F32);
    ck_assert_int_eq(mlp_h5file_read_rows(file, "v", 0, 3, MLP_H5_F32, read),
                     MLP_OK);
    ck_assert_mem_eq(read, expected, sizeof read);
    mlp_h5file_abandon(&file);
}
END_TEST

static void put_signed(hid_t file)
{
    const int64_t values[4] = {0, 9, INT64_MAX, -1};
    put(file, H5T_STD_I64BE, 1, (hsize_t[]){4}, H5P_DEFAULT, H5T_NATIVE_INT64,
        values);
}

START_TEST(signed_labels_are_read_unless_one_is_negative)
{
    uint64_t read[4] = {0};
    uint32_t narrow[4];
    mlp_h5_shape shape;
    mlp_h5file *file = opened(put_signed);
    ck_assert_int_eq(mlp_h5file_shape(file, "v", &shape), MLP_OK);
    ck_assert_int_eq(shape.type, MLP_H5_OTHER);
    ck_assert_int_eq(mlp_h5file_read_rows(file, "v", 0, 3, MLP_H5_U64, read),
                     MLP_OK);
    ck_assert_uint_eq(read[1], 9);
    ck_assert_uint_eq(read[2], INT64_MAX);
    ck_assert_int_eq(mlp_h5file_read_rows(file, "v", 2, 2, MLP_H5_U64, read),
                     MLP_ERROR_DATA);
    ck_assert_ptr_nonnull(strstr(mlp_failure(), "/v has negative values"));
    ck_assert_int_eq(mlp_h5file_read_rows(file, "v", 0, 3, MLP_H5_U32, narrow),
                     MLP_ERROR_DATA);
    mlp_h5file_abandon(&file);
}
END_TEST

static void put_compressed(hid_t file)
{
    enum { ROWS = 2000, COLS = 784 };
    uint8_t *zeros = calloc(ROWS, COLS);
    hid_t creation = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_chunk(creation, 2, (hsize_t[]){100, COLS});
    H5Pset_shuffle(creation);
    H5Pset_deflate(creation, 9);
    H5Pset_fletcher32(creation);
    put(file, H5T_STD_U8LE, 2, (hsize_t[]){ROWS, COLS}, creation,
        H5T_NATIVE_UINT8, zeros);
    H5Pclose(creation);
    free(zeros);
}

START_TEST(compression_as_strong_as_it_gets_is_read)
{
    uint8_t row[784];
    memset(row, 1, sizeof row);
    mlp_h5file *file = opened(put_compressed);
    ck_assert_int_eq(mlp_h5file_read_rows(file, "v", 1999, 1, MLP_H5_U8, row),
                     MLP_OK);
    for (size_t i = 0; i < sizeof row; i++) {
        ck_assert_uint_eq(row[i], 0);
    }
    mlp_h5file_abandon(&file);
}
END_TEST

/* ---- datasets to refuse */

static void put_nothing(hid_t file)
{
    (void)file;
}

static void put_soft_link(hid_t file)
{
    const float value = 1.0F;
    put(file, H5T_IEEE_F32LE, 1, (hsize_t[]){1}, H5P_DEFAULT, H5T_NATIVE_FLOAT,
        &value);
    H5Lmove(file, "v", file, "real", H5P_DEFAULT, H5P_DEFAULT);
    ck_assert_int_ge(
        H5Lcreate_soft("/real", file, "v", H5P_DEFAULT, H5P_DEFAULT), 0);
}

static void put_looping_link(hid_t file)
{
    ck_assert_int_ge(H5Lcreate_soft("/v", file, "v", H5P_DEFAULT, H5P_DEFAULT),
                     0);
}

static void put_external_link(hid_t file)
{
    ck_assert_int_ge(H5Lcreate_external("/etc/passwd", "/v", file, "v",
                                        H5P_DEFAULT, H5P_DEFAULT),
                     0);
}

static void put_external_storage(hid_t file)
{
    hid_t creation = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_external(creation, "/etc/passwd", 0, 8);
    put(file, H5T_STD_U8LE, 1, (hsize_t[]){8}, creation, H5T_NATIVE_UINT8,
        NULL);
    H5Pclose(creation);
}

static void put_virtual(hid_t file)
{
    hid_t creation = H5Pcreate(H5P_DATASET_CREATE);
    hid_t space = H5Screate_simple(1, (hsize_t[]){8}, NULL);
    H5Pset_virtual(creation, space, "other.h5", "/v", space);
    put(file, H5T_STD_U8LE, 1, (hsize_t[]){8}, creation, H5T_NATIVE_UINT8,
        NULL);
    H5Sclose(space);
    H5Pclose(creation);
}

static void put_unknown_filter(hid_t file)
{
    const uint8_t values[8] = {1};
    hid_t creation = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_chunk(creation, 1, (hsize_t[]){8});
    H5Pset_nbit(creation);
    put(file, H5T_STD_U8LE, 1, (hsize_t[]){8}, creation, H5T_NATIVE_UINT8,
        values);
    H5Pclose(creation);
}

static void put_group(hid_t file)
{
    H5Gclose(H5Gcreate2(file, "v", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
}

static void put_named_type(hid_t file)
{
    hid_t type = H5Tcopy(H5T_STD_U8LE);
    H5Tcommit2(file, "v", type, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    H5Tclose(type);
}

static void put_rank_5(hid_t file)
{
    const uint8_t values[32] = {1};
    put(file, H5T_STD_U8LE, 5, (hsize_t[]){2, 2, 2, 2, 2}, H5P_DEFAULT,
        H5T_NATIVE_UINT8, values);
}

static void put_null_space(hid_t file)
{
    put(file, H5T_STD_U8LE, -1, NULL, H5P_DEFAULT, H5T_NATIVE_UINT8, NULL);
}

static void put_unwritten(hid_t file, int rank, const hsize_t *dims)
{
    hid_t creation = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_chunk(creation, rank, (hsize_t[]){16, 16, 16, 16});
    H5Pset_fletcher32(creation);
    put(file, H5T_IEEE_F32LE, rank, dims, creation, H5T_NATIVE_FLOAT, NULL);
    H5Pclose(creation);
}

static void put_shape_bomb(hid_t file)
{
    put_unwritten(file, 2, (hsize_t[]){134217792, 32});
}

static void put_overflow(hid_t file)
{
    put_unwritten(file, 2, (hsize_t[]){(hsize_t)1 << 62, 16});
}

static void put_compressed_bomb(hid_t file)
{
    hid_t creation = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_chunk(creation, 1, (hsize_t[]){1 << 20});
    H5Pset_deflate(creation, 9);
    put(file, H5T_STD_U8LE, 1, (hsize_t[]){(hsize_t)1 << 40}, creation,
        H5T_NATIVE_UINT8, NULL);
    H5Pclose(creation);
}

static void put_chunk_bomb(hid_t file)
{
    hid_t creation = H5Pcreate(H5P_DATASET_CREATE);
    hid_t space =
        H5Screate_simple(1, (hsize_t[]){0}, (hsize_t[]){H5S_UNLIMITED});
    H5Pset_chunk(creation, 1, (hsize_t[]){(hsize_t)1 << 31});
    hid_t set = H5Dcreate2(file, "v", H5T_STD_U8LE, space, H5P_DEFAULT,
                           creation, H5P_DEFAULT);
    ck_assert_int_ge(set, 0);
    H5Dclose(set);
    H5Sclose(space);
    H5Pclose(creation);
}

static const struct {
    void (*build)(hid_t file);
    const char *reason;
} refused[] = {
    {put_nothing, "/v is not there"},
    {put_soft_link, "/v is not there"},
    {put_looping_link, "/v is not there"},
    {put_external_link, "/v is not there"},
    {put_external_storage, "/v is stored in other files"},
    {put_virtual, "/v is stored in other files"},
    {put_unknown_filter, "/v is stored with an unknown filter"},
    {put_group, "/v is not a dataset"},
    {put_named_type, "/v is not a dataset"},
    {put_rank_5, "/v has no shape that can be read"},
    {put_null_space, "/v has no shape that can be read"},
    {put_shape_bomb, "/v has extents that its file cannot hold"},
    {put_overflow, "/v has impossible extents"},
    {put_compressed_bomb, "/v has extents that its file cannot hold"},
    {put_chunk_bomb, "/v has chunks larger than itself"},
};

START_TEST(a_dangerous_dataset_is_refused_with_its_reason)
{
    mlp_h5_shape shape;
    uint64_t value;
    mlp_h5file *file = opened(refused[_i].build);
    ck_assert_int_eq(mlp_h5file_shape(file, "v", &shape), MLP_ERROR_DATA);
    ck_assert_msg(strstr(mlp_failure(), refused[_i].reason) != NULL,
                  "\"%s\" does not contain \"%s\"", mlp_failure(),
                  refused[_i].reason);
    ck_assert_int_eq(mlp_h5file_read_rows(file, "v", 0, 1, MLP_H5_U64, &value),
                     MLP_ERROR_DATA);
    mlp_h5file_abandon(&file);
}
END_TEST

static void put_allocated(hid_t file)
{
    hid_t creation = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_alloc_time(creation, H5D_ALLOC_TIME_EARLY);
    put(file, H5T_STD_U8LE, 1, (hsize_t[]){1000000}, creation, H5T_NATIVE_UINT8,
        NULL);
    H5Pclose(creation);
}

/* A truncated file whose superblock (version 0, without a checksum) has the new
 * length. */
START_TEST(more_bytes_than_the_file_has_are_refused)
{
    const uint64_t length = 4096;
    mlp_h5_shape shape;
    mlp_h5file *file = opened(put_allocated);
    ck_assert_int_eq(mlp_h5file_shape(file, "v", &shape), MLP_OK);
    mlp_h5file_abandon(&file);
    int fd = open(path, O_WRONLY);
    ck_assert_int_eq(pwrite(fd, &length, sizeof length, 40), sizeof length);
    close(fd);
    ck_assert_int_eq(truncate(path, (off_t)length), 0);
    ck_assert_int_eq(mlp_h5file_open(path, &file), MLP_OK);
    ck_assert_int_eq(mlp_h5file_shape(file, "v", &shape), MLP_ERROR_DATA);
    ck_assert_ptr_nonnull(strstr(mlp_failure(), "its file cannot hold"));
    mlp_h5file_abandon(&file);
}
END_TEST

START_TEST(links_that_are_not_hard_do_not_count_as_there)
{
    void (*const builds[])(hid_t) = {put_soft_link, put_looping_link,
                                     put_external_link, put_named_type};
    for (size_t i = 0; i < sizeof builds / sizeof builds[0]; i++) {
        mlp_h5file *file = opened(builds[i]);
        ck_assert(!mlp_h5file_has(file, "v"));
        ck_assert(!mlp_h5file_has(file, "v/w"));
        mlp_h5file_abandon(&file);
    }
}
END_TEST

/* ---- types to refuse */

static void put_strings(hid_t file)
{
    const char *const words[2] = {"a", "b"};
    hid_t type = H5Tcopy(H5T_C_S1);
    H5Tset_size(type, H5T_VARIABLE);
    put(file, type, 1, (hsize_t[]){2}, H5P_DEFAULT, type, words);
    H5Tclose(type);
}

static void put_lists(hid_t file)
{
    hvl_t lists[2] = {{0, NULL}, {0, NULL}};
    hid_t type = H5Tvlen_create(H5T_STD_U8LE);
    put(file, type, 1, (hsize_t[]){2}, H5P_DEFAULT, type, lists);
    H5Tclose(type);
}

static void put_compound(hid_t file)
{
    const uint64_t values[2] = {1, 2};
    hid_t type = H5Tcreate(H5T_COMPOUND, sizeof values[0]);
    H5Tinsert(type, "x", 0, H5T_NATIVE_UINT64);
    put(file, type, 1, (hsize_t[]){2}, H5P_DEFAULT, type, values);
    H5Tclose(type);
}

static void put_odd_integer(hid_t file)
{
    const uint64_t values[2] = {1, 2};
    hid_t type = H5Tcopy(H5T_STD_U64LE);
    H5Tset_precision(type, 40);
    put(file, type, 1, (hsize_t[]){2}, H5P_DEFAULT, H5T_NATIVE_UINT64, values);
    H5Tclose(type);
}

static void put_enumeration(hid_t file)
{
    const uint8_t values[2] = {0, 1};
    const uint8_t member = 1;
    hid_t type = H5Tenum_create(H5T_STD_U8LE);
    H5Tenum_insert(type, "TRUE", &member);
    put(file, type, 1, (hsize_t[]){2}, H5P_DEFAULT, type, values);
    H5Tclose(type);
}

START_TEST(types_that_are_no_plain_numbers_are_other_and_cannot_be_read)
{
    void (*const builds[])(hid_t) = {put_strings, put_lists, put_compound,
                                     put_odd_integer, put_enumeration};
    for (size_t i = 0; i < sizeof builds / sizeof builds[0]; i++) {
        mlp_h5_shape shape;
        uint64_t values[8];
        mlp_h5file *file = opened(builds[i]);
        ck_assert_int_eq(mlp_h5file_shape(file, "v", &shape), MLP_OK);
        ck_assert_int_eq(shape.type, MLP_H5_OTHER);
        for (mlp_h5_type type = MLP_H5_U8; type <= MLP_H5_OTHER; type++) {
            ck_assert_int_eq(
                mlp_h5file_read_rows(file, "v", 0, 2, type, values),
                MLP_ERROR_DATA);
        }
        mlp_h5file_abandon(&file);
    }
}
END_TEST

/* ---- attributes */

static void put_attribute(hid_t file, const char *name, hid_t type,
                          hsize_t count, const void *value)
{
    hid_t space =
        count == 0 ? H5Screate(H5S_SCALAR) : H5Screate_simple(1, &count, NULL);
    hid_t attribute =
        H5Acreate2(file, name, type, space, H5P_DEFAULT, H5P_DEFAULT);
    ck_assert_int_ge(H5Awrite(attribute, type, value), 0);
    H5Aclose(attribute);
    H5Sclose(space);
}

static void put_attributes(hid_t file)
{
    const int64_t seven = 7, minus = -7;
    const uint64_t two[2] = {1, 2};
    const char *word = "word";
    hid_t variable = H5Tcopy(H5T_C_S1);
    H5Tset_size(variable, H5T_VARIABLE);
    hid_t padded = H5Tcopy(H5T_C_S1);
    H5Tset_size(padded, 4);
    H5Tset_strpad(padded, H5T_STR_NULLPAD);
    put_attribute(file, "seven", H5T_NATIVE_INT64, 0, &seven);
    put_attribute(file, "minus", H5T_NATIVE_INT64, 0, &minus);
    put_attribute(file, "two", H5T_NATIVE_UINT64, 2, two);
    put_attribute(file, "variable", variable, 0, &word);
    put_attribute(file, "padded", padded, 0, word);
    H5Tclose(variable);
    H5Tclose(padded);
}

START_TEST(attributes_of_other_programs_are_read_or_refused)
{
    uint64_t value = 0;
    char text[5];
    mlp_h5file *file = opened(put_attributes);
    ck_assert_int_eq(mlp_h5file_read_u64(file, "/", "seven", &value), MLP_OK);
    ck_assert_uint_eq(value, 7);
    ck_assert_int_eq(mlp_h5file_read_text(file, "/", "padded", text, 5),
                     MLP_OK);
    ck_assert_str_eq(text, "word");
    ck_assert_int_eq(mlp_h5file_read_u64(file, "/", "minus", &value),
                     MLP_ERROR_DATA);
    ck_assert_int_eq(mlp_h5file_read_u64(file, "/", "two", &value),
                     MLP_ERROR_DATA);
    ck_assert_int_eq(mlp_h5file_read_text(file, "/", "variable", text, 5),
                     MLP_ERROR_DATA);
    ck_assert_int_eq(mlp_h5file_read_text(file, "/", "padded", text, 4),
                     MLP_ERROR_DATA);
    mlp_h5file_abandon(&file);
}
END_TEST

/* ---- location of rows */

static const unsigned char counted[12] = {1, 2, 3, 4,  5,  6,
                                          7, 8, 9, 10, 11, 12};

static void put_whole(hid_t file)
{
    const hsize_t dims[] = {4, 3};
    put(file, H5T_STD_U8LE, 2, dims, H5P_DEFAULT, H5T_NATIVE_UINT8, counted);
}

static void put_chunks(hid_t file)
{
    const hsize_t dims[] = {4, 3}, chunk[] = {2, 3};
    hid_t creation = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_chunk(creation, 2, chunk);
    put(file, H5T_STD_U8LE, 2, dims, creation, H5T_NATIVE_UINT8, counted);
    H5Pclose(creation);
}

static void put_other_order(hid_t file)
{
    const float values[4] = {1.0F, 2.0F, 3.0F, 4.0F};
    const hsize_t dims[] = {2, 2};
    put(file, H5T_IEEE_F32BE, 2, dims, H5P_DEFAULT, H5T_NATIVE_FLOAT, values);
}

/* Read the rows of "v" at the offset that mlp_h5file_locate returns. */
static void check_located_rows(mlp_h5file *file)
{
    uint64_t offset = 0;
    size_t chunk_rows = 0;
    unsigned char found[12];
    ck_assert(mlp_h5file_locate(file, "v", MLP_H5_U8, &offset, &chunk_rows));
    FILE *plain = fopen(path, "rb");
    ck_assert_ptr_nonnull(plain);
    ck_assert_int_eq(fseek(plain, (long)offset, SEEK_SET), 0);
    ck_assert_uint_eq(fread(found, 1, 12, plain), 12);
    ck_assert_mem_eq(found, counted, 12);
    fclose(plain);
}

START_TEST(contiguous_rows_are_at_the_located_offset)
{
    mlp_h5file *file = opened(put_whole);
    check_located_rows(file);
    mlp_h5file_abandon(&file);
}
END_TEST

/* A user block moves everything behind it. */
START_TEST(contiguous_rows_follow_a_user_block)
{
    mlp_h5file *file = NULL;
    hid_t creation = H5Pcreate(H5P_FILE_CREATE);
    H5Pset_userblock(creation, 512);
    hid_t id = H5Fcreate(path, H5F_ACC_TRUNC, creation, H5P_DEFAULT);
    put_whole(id);
    H5Pclose(creation);
    ck_assert_int_ge(H5Fclose(id), 0);
    ck_assert_int_eq(mlp_h5file_open(path, &file), MLP_OK);
    check_located_rows(file);
    mlp_h5file_abandon(&file);
}
END_TEST

START_TEST(chunked_or_big_endian_rows_are_not_located)
{
    uint64_t offset = 0;
    size_t chunk_rows = 0;
    mlp_h5file *file = opened(put_chunks);
    ck_assert(!mlp_h5file_locate(file, "v", MLP_H5_U8, &offset, &chunk_rows));
    ck_assert_uint_eq(chunk_rows, 2);
    ck_assert(
        !mlp_h5file_locate(file, "absent", MLP_H5_U8, &offset, &chunk_rows));
    mlp_h5file_abandon(&file);
    file = opened(put_other_order);
    ck_assert(!mlp_h5file_locate(file, "v", MLP_H5_F32, &offset, &chunk_rows));
    ck_assert_uint_eq(chunk_rows, 1);
    mlp_h5file_abandon(&file);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("h5file_hostile");
    TCase *tcase = tcase_create("h5file_hostile");
    tcase_add_checked_fixture(tcase, begin, end);
    tcase_add_test(tcase, big_endian_floats_are_read);
    tcase_add_test(tcase, signed_labels_are_read_unless_one_is_negative);
    tcase_add_test(tcase, compression_as_strong_as_it_gets_is_read);
    tcase_add_loop_test(tcase, a_dangerous_dataset_is_refused_with_its_reason,
                        0, sizeof refused / sizeof refused[0]);
    tcase_add_test(tcase, more_bytes_than_the_file_has_are_refused);
    tcase_add_test(tcase, links_that_are_not_hard_do_not_count_as_there);
    tcase_add_test(
        tcase, types_that_are_no_plain_numbers_are_other_and_cannot_be_read);
    tcase_add_test(tcase, attributes_of_other_programs_are_read_or_refused);
    tcase_add_test(tcase, contiguous_rows_are_at_the_located_offset);
    tcase_add_test(tcase, contiguous_rows_follow_a_user_block);
    tcase_add_test(tcase, chunked_or_big_endian_rows_are_not_located);
    suite_add_tcase(suite, tcase);
    return run_suite(suite, CK_FORK_GETENV);
}
