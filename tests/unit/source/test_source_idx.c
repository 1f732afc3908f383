/** @file
 *  IDX files, sound and damaged in every way that comes to mind.
 */
#include <fcntl.h>
#include <sys/stat.h>

#include "idx_writer.h"
#include "run_suite.h"
#include "source/source.h"

enum { FEATURES = 6, TRAIN_ROWS = 5, TEST_ROWS = 2 };

static const char train_images[] = "train-images-idx3-ubyte";
static const char train_labels[] = "train-labels-idx1-ubyte";
static const char test_images[] = "t10k-images-idx3-ubyte";
static const char test_labels[] = "t10k-labels-idx1-ubyte";

static char directory[64];

static void set_up(void)
{
    make_directory(directory);
    write_set(directory);
}

static void tear_down(void)
{
    remove_directory(directory);
}

/* Open and read everything; the first status that is not MLP_OK. */
static mlp_status open_and_read(void)
{
    static unsigned char values[4096];
    static uint16_t labels[4096];
    mlp_source *source = NULL;
    mlp_status status = mlp_source_open(directory, &source);
    for (size_t split = 0; split < MLP_SPLITS && status == MLP_OK; split++) {
        const mlp_source_info *info = mlp_source_facts(source);
        ck_assert_uint_le(info->rows[split] * info->features, sizeof values);
        status = mlp_source_read(source, (mlp_split)split, 0, info->rows[split],
                                 values, labels);
    }
    mlp_source_close(&source);
    ck_assert_ptr_null(source);
    return status;
}

/* A failure whose line names the file and has this in it. */
static void expect_failure(mlp_status expected, const char *name,
                           const char *part)
{
    mlp_status status = open_and_read();
    ck_assert_msg(status == expected, "%d: %s", status, mlp_failure());
    ck_assert_msg(strstr(mlp_failure(), name) != NULL &&
                      strstr(mlp_failure(), part) != NULL,
                  "%s", mlp_failure());
}

static void expect_refused(const char *name, const file_image *image,
                           const char *part)
{
    write_file(directory, name, image);
    expect_failure(MLP_ERROR_DATA, name, part);
}

/* Replace NAME by NAME.gz with this content. */
static void pack(const char *name, const file_image *content)
{
    char packed_name[64];
    file_image packed = gzipped(content);
    snprintf(packed_name, sizeof packed_name, "%s.gz", name);
    write_file(directory, packed_name, &packed);
    remove_file(directory, name);
}

static void pack_set(void)
{
    file_image images = idx_images(5, 3, 2, 0), labels = idx_labels(5, 0);
    file_image images2 = idx_images(2, 3, 2, 100), labels2 = idx_labels(2, 7);
    pack(train_images, &images);
    pack(train_labels, &labels);
    pack(test_images, &images2);
    pack(test_labels, &labels2);
}

static void check_rows(mlp_source *source, size_t first, size_t rows)
{
    unsigned char values[TRAIN_ROWS * FEATURES];
    uint16_t labels[TRAIN_ROWS];
    ck_assert_int_eq(
        mlp_source_read(source, MLP_SPLIT_TRAIN, first, rows, values, labels),
        MLP_OK);
    for (size_t i = 0; i < rows * FEATURES; i++) {
        ck_assert_uint_eq(values[i], first * FEATURES + i);
    }
    for (size_t i = 0; i < rows; i++) {
        ck_assert_uint_eq(labels[i], first + i);
    }
}

static void check_all_runs(void)
{
    mlp_source *source = NULL;
    ck_assert_int_eq(mlp_source_open(directory, &source), MLP_OK);
    for (size_t first = 0; first <= TRAIN_ROWS; first++) {
        for (size_t rows = 0; rows <= TRAIN_ROWS - first; rows++) {
            check_rows(source, first, rows);
        }
    }
    mlp_source_close(&source);
}

/* ---- Sound files */

START_TEST(facts_come_from_the_headers)
{
    mlp_source *source = NULL;
    ck_assert_int_eq(mlp_source_open(directory, &source), MLP_OK);
    const mlp_source_info *info = mlp_source_facts(source);
    ck_assert_str_eq(info->name, directory);
    ck_assert_uint_eq(info->rows[MLP_SPLIT_TRAIN], TRAIN_ROWS);
    ck_assert_uint_eq(info->rows[MLP_SPLIT_TEST], TEST_ROWS);
    ck_assert_uint_eq(info->features, FEATURES);
    ck_assert_uint_eq(info->height, 3);
    ck_assert_uint_eq(info->width, 2);
    ck_assert_int_eq(info->element, MLP_ELEMENT_U8);
    mlp_source_close(&source);
}
END_TEST

START_TEST(any_run_of_rows_can_be_read_in_any_order)
{
    check_all_runs();
}
END_TEST

START_TEST(gzip_files_read_like_plain_ones)
{
    pack_set();
    check_all_runs();
}
END_TEST

START_TEST(test_rows_come_from_the_test_files)
{
    unsigned char values[TEST_ROWS * FEATURES];
    uint16_t labels[TEST_ROWS];
    mlp_source *source = NULL;
    ck_assert_int_eq(mlp_source_open(directory, &source), MLP_OK);
    ck_assert_int_eq(
        mlp_source_read(source, MLP_SPLIT_TEST, 0, TEST_ROWS, values, labels),
        MLP_OK);
    ck_assert_uint_eq(values[0], 100);
    ck_assert_uint_eq(values[11], 111);
    ck_assert_uint_eq(labels[0], 7);
    ck_assert_uint_eq(labels[1], 8);
    mlp_source_close(&source);
}
END_TEST

START_TEST(vectors_are_no_pictures)
{
    file_image vectors = {.size = 0};
    append_u32(&vectors, 0x00000802);
    append_u32(&vectors, TRAIN_ROWS);
    append_u32(&vectors, FEATURES);
    append(&vectors, (unsigned char[TRAIN_ROWS * FEATURES]){1},
           TRAIN_ROWS * FEATURES);
    write_file(directory, train_images, &vectors);
    mlp_source *source = NULL;
    ck_assert_int_eq(mlp_source_open(directory, &source), MLP_OK);
    ck_assert_uint_eq(mlp_source_facts(source)->height, 1);
    ck_assert_uint_eq(mlp_source_facts(source)->width, FEATURES);
    mlp_source_close(&source);
}
END_TEST

/* Labels of 2 or 4 bytes each, big endian, signed. */
static file_image wide_labels(uint32_t magic, const int32_t *values)
{
    file_image image = {.size = 0};
    append_u32(&image, magic);
    append_u32(&image, TRAIN_ROWS);
    for (size_t i = 0; i < TRAIN_ROWS; i++) {
        unsigned char high[2] = {(unsigned char)((uint32_t)values[i] >> 8),
                                 (unsigned char)values[i]};
        if (magic == 0x00000b01) {
            append(&image, high, sizeof high);
        } else {
            append_u32(&image, (uint32_t)values[i]);
        }
    }
    return image;
}

static void expect_labels(const int32_t *expected)
{
    unsigned char values[TRAIN_ROWS * FEATURES];
    uint16_t labels[TRAIN_ROWS];
    mlp_source *source = NULL;
    ck_assert_int_eq(mlp_source_open(directory, &source), MLP_OK);
    ck_assert_int_eq(
        mlp_source_read(source, MLP_SPLIT_TRAIN, 0, TRAIN_ROWS, values, labels),
        MLP_OK);
    for (size_t i = 0; i < TRAIN_ROWS; i++) {
        ck_assert_int_eq(labels[i], expected[i]);
    }
    mlp_source_close(&source);
}

START_TEST(labels_may_have_two_or_four_bytes)
{
    const int32_t small[] = {0, 1, 255, 256, 32767};
    const int32_t large[] = {0, 1, 255, 256, 65535};
    file_image labels = wide_labels(0x00000b01, small);
    write_file(directory, train_labels, &labels);
    expect_labels(small);
    labels = wide_labels(0x00000c01, large);
    write_file(directory, train_labels, &labels);
    expect_labels(large);
}
END_TEST

START_TEST(labels_out_of_range_are_refused)
{
    const int32_t negative[] = {0, 0, 0, -1, 0};
    const int32_t too_large[] = {0, 0, 0, 0, 65536};
    file_image labels = wide_labels(0x00000b01, negative);
    expect_refused(train_labels, &labels, "found -1 in row 3");
    labels = wide_labels(0x00000c01, negative);
    expect_refused(train_labels, &labels, "found -1 in row 3");
    labels = wide_labels(0x00000c01, too_large);
    expect_refused(train_labels, &labels, "found 65536 in row 4");
}
END_TEST

/* ---- Damage */

/* No length but the right one is accepted. */
static void check_truncations(const char *name, const file_image *whole)
{
    for (size_t size = 0; size < whole->size; size++) {
        file_image part = *whole;
        part.size = size;
        expect_refused(name, &part, name);
    }
}

START_TEST(plain_files_are_refused_at_every_shorter_length)
{
    file_image images = idx_images(5, 3, 2, 0), labels = idx_labels(2, 7);
    check_truncations(train_images, &images);
    write_file(directory, train_images, &images);
    check_truncations(test_labels, &labels);
}
END_TEST

START_TEST(gzip_files_are_refused_at_every_shorter_length)
{
    file_image plain = idx_images(5, 3, 2, 0), packed = gzipped(&plain);
    remove_file(directory, train_images);
    check_truncations("train-images-idx3-ubyte.gz", &packed);
}
END_TEST

START_TEST(a_byte_too_many_is_refused)
{
    file_image images = idx_images(5, 3, 2, 0);
    append(&images, "x", 1);
    expect_refused(train_images, &images, "expected 46 bytes");
    expect_refused(train_images, &images, "found 47");
    pack(train_images, &images);
    expect_failure(MLP_ERROR_DATA, train_images,
                   "expected the end after 46 bytes");
}
END_TEST

START_TEST(wrong_magics_are_refused)
{
    static const uint32_t image_magics[] = {0x00000801, 0x00000d03, 0x00010803,
                                            0x01000803, 0x03080000, 0x00000800};
    static const uint32_t label_magics[] = {0x00000803, 0x00000e01, 0x00000901,
                                            0x01080000, 0x00000800};
    for (size_t i = 0; i < sizeof image_magics / sizeof *image_magics; i++) {
        file_image images = {.size = 0}, sound = idx_images(5, 3, 2, 0);
        append_u32(&images, image_magics[i]);
        append(&images, sound.bytes + 4, sound.size - 4);
        expect_refused(train_images, &images, "magic 00000803");
    }
    file_image images = idx_images(5, 3, 2, 0);
    write_file(directory, train_images, &images);
    for (size_t i = 0; i < sizeof label_magics / sizeof *label_magics; i++) {
        file_image labels = {.size = 0}, sound = idx_labels(5, 0);
        append_u32(&labels, label_magics[i]);
        append(&labels, sound.bytes + 4, sound.size - 4);
        expect_refused(train_labels, &labels, "magic 00000801");
    }
}
END_TEST

START_TEST(counts_that_disagree_are_refused)
{
    file_image labels = idx_labels(4, 0);
    expect_refused(train_labels, &labels, "expected 5 labels");
    expect_refused(train_labels, &labels, "found 4");
}
END_TEST

START_TEST(test_pictures_of_another_size_are_refused)
{
    file_image images = idx_images(2, 3, 3, 0);
    expect_refused(test_images, &images, "expected 6 features");
    expect_refused(test_images, &images, "found 9");
}
END_TEST

START_TEST(zero_rows_and_zero_features_are_refused)
{
    file_image no_rows = idx_images(0, 3, 2, 0);
    file_image no_width = idx_images(5, 3, 0, 0);
    file_image no_labels = idx_labels(0, 0);
    expect_refused(train_images, &no_rows, "found extent 1 to be 0");
    expect_refused(train_images, &no_width, "found extent 3 to be 0");
    file_image images = idx_images(5, 3, 2, 0);
    write_file(directory, train_images, &images);
    expect_refused(train_labels, &no_labels, "found extent 1 to be 0");
}
END_TEST

static file_image absurd_images(uint32_t extent)
{
    file_image images = {.size = 0};
    append_u32(&images, 0x00000803);
    append_u32(&images, extent);
    append_u32(&images, extent);
    append_u32(&images, extent);
    append(&images, "data", 4);
    return images;
}

START_TEST(absurd_extents_are_refused_before_memory_is_asked_for)
{
    file_image overflowing = absurd_images(UINT32_MAX);
    file_image enormous = absurd_images(1U << 20);
    expect_refused(train_images, &overflowing, "2^64");
    expect_refused(train_images, &enormous, "found 20");
    pack(train_images, &enormous);
    expect_failure(MLP_ERROR_DATA, train_images, "packed bytes");
    file_image packed = gzipped(&overflowing);
    write_file(directory, "train-images-idx3-ubyte.gz", &packed);
    expect_failure(MLP_ERROR_DATA, train_images, "2^64");
}
END_TEST

START_TEST(a_fifo_is_refused_without_waiting)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", directory, train_labels);
    remove_file(directory, train_labels);
    ck_assert_int_eq(mkfifo(path, 0600), 0);
    expect_failure(MLP_ERROR_DATA, train_labels, "expected a regular file");
}
END_TEST

/* ---- The real thing */

START_TEST(mnist_itself_reads_to_its_end)
{
    const char *mnist = getenv("MLP_DATA");
    mlp_source *source = NULL;
    if (mnist == NULL || mlp_source_open(mnist, &source) != MLP_OK ||
        mlp_source_facts(source)->rows[MLP_SPLIT_TRAIN] != 60000) {
        printf("SKIP: no MNIST in $MLP_DATA\n");
        mlp_source_close(&source);
        return;
    }
    const uint16_t expected[] = {5, 6, 8};
    uint16_t labels[3];
    unsigned char values[3 * 784];
    ck_assert_int_eq(
        mlp_source_read(source, MLP_SPLIT_TRAIN, 0, 1, values, labels), MLP_OK);
    ck_assert_int_eq(mlp_source_read(source, MLP_SPLIT_TRAIN, 59998, 2,
                                     values + 784, labels + 1),
                     MLP_OK);
    ck_assert_mem_eq(labels, expected, sizeof expected);
    ck_assert_uint_eq(values[152], 3);
    mlp_source_close(&source);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("source_idx");
    TCase *tcase = tcase_create("source_idx");
    tcase_set_timeout(tcase, 60);
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_test(tcase, facts_come_from_the_headers);
    tcase_add_test(tcase, any_run_of_rows_can_be_read_in_any_order);
    tcase_add_test(tcase, gzip_files_read_like_plain_ones);
    tcase_add_test(tcase, test_rows_come_from_the_test_files);
    tcase_add_test(tcase, vectors_are_no_pictures);
    tcase_add_test(tcase, labels_may_have_two_or_four_bytes);
    tcase_add_test(tcase, labels_out_of_range_are_refused);
    tcase_add_test(tcase, plain_files_are_refused_at_every_shorter_length);
    tcase_add_test(tcase, gzip_files_are_refused_at_every_shorter_length);
    tcase_add_test(tcase, a_byte_too_many_is_refused);
    tcase_add_test(tcase, wrong_magics_are_refused);
    tcase_add_test(tcase, counts_that_disagree_are_refused);
    tcase_add_test(tcase, test_pictures_of_another_size_are_refused);
    tcase_add_test(tcase, zero_rows_and_zero_features_are_refused);
    tcase_add_test(tcase,
                   absurd_extents_are_refused_before_memory_is_asked_for);
    tcase_add_test(tcase, a_fifo_is_refused_without_waiting);
    tcase_add_test(tcase, mnist_itself_reads_to_its_end);
    suite_add_tcase(suite, tcase);
    return run_suite(suite, CK_FORK_GETENV);
}
