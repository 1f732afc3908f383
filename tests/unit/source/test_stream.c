/** @file
 *  Plain, gzip and zstd files, sound, cut short and damaged.
 */
#include "source/stream.h"

#include <sys/stat.h>

#include "idx_writer.h"
#include "run_suite.h"

enum { SIZE = 120 };

static char directory[64], path[128];
static file_image content; /* [SIZE] bytes that compress a little */

static void set_up(void)
{
    make_directory(directory);
    snprintf(path, sizeof path, "%s/file", directory);
    content.size = 0;
    for (unsigned i = 0; i < SIZE; i++) {
        unsigned char byte = (unsigned char)(i * i >> 4);
        append(&content, &byte, 1);
    }
}

static void tear_down(void)
{
    remove_directory(directory);
}

static mlp_stream *open_stream(const file_image *image)
{
    mlp_stream *stream = NULL;
    write_file(directory, "file", image);
    ck_assert_int_eq(mlp_stream_open(path, &stream), MLP_OK);
    ck_assert_str_eq(mlp_stream_name(stream), path);
    return stream;
}

/* Read the file to its end, as a user of it would. */
static mlp_status read_all(const file_image *image, unsigned char bytes[SIZE])
{
    mlp_stream *stream = open_stream(image);
    mlp_status status = mlp_stream_read(stream, bytes, SIZE);
    if (status == MLP_OK) {
        status = mlp_stream_finish(stream);
    }
    mlp_stream_close(&stream);
    ck_assert_ptr_null(stream);
    return status;
}

static void expect_content(const file_image *image)
{
    unsigned char bytes[SIZE];
    ck_assert_msg(read_all(image, bytes) == MLP_OK, "%s", mlp_failure());
    ck_assert_mem_eq(bytes, content.bytes, SIZE);
}

static void expect_refused(const file_image *image, const char *part)
{
    unsigned char bytes[SIZE];
    ck_assert_int_eq(read_all(image, bytes), MLP_ERROR_DATA);
    ck_assert_msg(strstr(mlp_failure(), path) == mlp_failure() &&
                      strstr(mlp_failure(), part) != NULL,
                  "%s", mlp_failure());
}

/* ---- Zstandard, of which the simplest frames are written by hand -------- */

enum { ZSTD_HEADER = 6, ZSTD_BLOCK = 3 };

/* A block of `size` bytes: as they are, or the first one repeated. */
static void append_block(file_image *image, const unsigned char *bytes,
                         size_t size, bool is_repeated, bool is_last)
{
    size_t header = size << 3 | (is_repeated ? 2 : 0) | (is_last ? 1 : 0);
    unsigned char word[ZSTD_BLOCK] = {(unsigned char)header,
                                      (unsigned char)(header >> 8),
                                      (unsigned char)(header >> 16)};
    append(image, word, sizeof word);
    append(image, bytes, is_repeated ? 1 : size);
}

/* A frame whose header has the length, without a checksum. */
static file_image zstd_frame(const file_image *plain)
{
    file_image image = {.size = 0};
    const unsigned char header[ZSTD_HEADER] = {
        0x28, 0xB5, 0x2F, 0xFD, 0x20, (unsigned char)plain->size};
    append(&image, header, sizeof header);
    append_block(&image, plain->bytes, plain->size, false, true);
    return image;
}

/* Whether this build reads them; if not, it says so. */
static bool has_zstd(void)
{
    file_image frame = zstd_frame(&content);
    mlp_stream *stream = NULL;
    write_file(directory, "file", &frame);
    bool is_open = mlp_stream_open(path, &stream) == MLP_OK;
    mlp_stream_close(&stream);
    ck_assert(is_open || strstr(mlp_failure(), "has no libzstd") != NULL);
    return is_open;
}

START_TEST(zstd_frames_are_one_file)
{
    static const unsigned char skippable[] = {0x53, 0x2A, 0x4D, 0x18, 2,
                                              0,    0,    0,    'x',  'y'};
    file_image head = content, tail = {.size = 0}, empty = {.size = 0};
    file_image whole = zstd_frame(&content);
    if (!has_zstd()) {
        return;
    }
    expect_content(&whole);
    head.size = 77;
    append(&tail, content.bytes + 77, SIZE - 77);
    whole = zstd_frame(&head);
    empty = zstd_frame(&empty);
    tail = zstd_frame(&tail);
    append(&whole, empty.bytes, empty.size);
    append(&whole, skippable, sizeof skippable);
    append(&whole, tail.bytes, tail.size);
    expect_content(&whole);
}
END_TEST

START_TEST(damaged_zstd_is_refused)
{
    file_image packed = zstd_frame(&content), part = packed;
    if (!has_zstd()) {
        return;
    }
    for (part.size = ZSTD_HEADER; part.size < packed.size; part.size++) {
        expect_refused(&part, "truncated");
    }
    append(&part, "x", 1);
    expect_refused(&part, "expected the end of the zstd data");
    part = packed;
    part.bytes[ZSTD_HEADER] |= 6; /* a kind of block that does not exist */
    expect_refused(&part, "damaged zstd data");
    part = packed;
    part.bytes[4] |= 8; /* a bit that must be 0 */
    expect_refused(&part, "damaged zstd data");
}
END_TEST

START_TEST(a_zstd_window_of_a_gigabyte_is_refused)
{
    /* no length, and a window of 2^(10 + 20) bytes */
    static const unsigned char header[] = {0x28, 0xB5, 0x2F, 0xFD, 0, 20 << 3};
    file_image image = {.size = 0};
    if (!has_zstd()) {
        return;
    }
    append(&image, header, sizeof header);
    append_block(&image, content.bytes, SIZE, false, true);
    expect_refused(&image, "damaged zstd data");
}
END_TEST

START_TEST(plain_and_gzip_hold_the_same_bytes)
{
    file_image packed = gzipped(&content);
    expect_content(&content);
    expect_content(&packed);
}
END_TEST

static void check_seeks(mlp_stream *stream)
{
    static const size_t offsets[] = {50, 51, 100, 0, 3, SIZE - 2, 2};
    for (size_t i = 0; i < sizeof offsets / sizeof *offsets; i++) {
        unsigned char bytes[2];
        ck_assert_int_eq(mlp_stream_seek(stream, offsets[i]), MLP_OK);
        ck_assert_int_eq(mlp_stream_read(stream, bytes, sizeof bytes), MLP_OK);
        ck_assert_mem_eq(bytes, content.bytes + offsets[i], sizeof bytes);
    }
    mlp_stream_close(&stream);
}

START_TEST(seeking_goes_forward_and_back)
{
    file_image packed = gzipped(&content);
    check_seeks(open_stream(&content));
    check_seeks(open_stream(&packed));
}
END_TEST

START_TEST(every_shorter_length_is_refused)
{
    file_image packed = gzipped(&content), part = content;
    for (part.size = 0; part.size < SIZE; part.size++) {
        expect_refused(&part, "truncated");
    }
    part = packed;
    for (part.size = 0; part.size < packed.size; part.size++) {
        expect_refused(&part, "truncated");
    }
}
END_TEST

START_TEST(anything_after_the_end_is_refused)
{
    file_image longer = content, packed = gzipped(&content);
    append(&longer, "x", 1);
    expect_refused(&longer, "expected the end after 120 bytes, found more");
    longer = gzipped(&longer);
    expect_refused(&longer, "expected the end after 120 bytes, found more");
    append(&packed, "x", 1);
    expect_refused(&packed, "expected the end of the gzip data");
    packed.bytes[packed.size - 1] = 0x1f; /* as a member would begin */
    expect_refused(&packed, "truncated");
}
END_TEST

START_TEST(gzip_in_several_members_is_one_file)
{
    file_image head = content, tail = {.size = 0}, empty = {.size = 0};
    head.size = 77;
    append(&tail, content.bytes + 77, SIZE - 77);
    file_image all = gzipped(&head), middle = gzipped(&empty);
    tail = gzipped(&tail);
    append(&all, middle.bytes, middle.size);
    append(&all, tail.bytes, tail.size);
    expect_content(&all);
    append(&all, tail.bytes, tail.size);
    expect_refused(&all, "found more");
}
END_TEST

/* Only bits that carry no data may be wrong unnoticed: gzip's time stamp and
 * the like, and the filling of deflate's last byte. */
START_TEST(a_flipped_bit_never_changes_data_unnoticed)
{
    enum { GZIP_HEADER = 10, FILLING = 7 };
    file_image packed = gzipped(&content);
    unsigned unnoticed = 0;
    for (size_t bit = 0; bit < 8 * packed.size; bit++) {
        unsigned char bytes[SIZE];
        file_image damaged = packed;
        damaged.bytes[bit / 8] ^= (unsigned char)(1U << bit % 8);
        if (read_all(&damaged, bytes) == MLP_OK) {
            ck_assert_mem_eq(bytes, content.bytes, SIZE);
            unnoticed += bit >= 8 * (size_t)GZIP_HEADER;
        }
    }
    ck_assert_uint_le(unnoticed, FILLING);
}
END_TEST

START_TEST(a_length_that_cannot_be_is_noticed_at_once)
{
    file_image packed = gzipped(&content);
    mlp_stream *stream = open_stream(&content);
    ck_assert_int_eq(mlp_stream_check_length(stream, SIZE), MLP_OK);
    ck_assert_int_eq(mlp_stream_check_length(stream, SIZE - 1), MLP_ERROR_DATA);
    ck_assert_int_eq(mlp_stream_check_length(stream, SIZE + 1), MLP_ERROR_DATA);
    mlp_stream_close(&stream);
    stream = open_stream(&packed);
    ck_assert_int_eq(mlp_stream_check_length(stream, SIZE), MLP_OK);
    ck_assert_int_eq(mlp_stream_check_length(stream, 1U << 30), MLP_ERROR_DATA);
    mlp_stream_close(&stream);
}
END_TEST

/* Zeros compress as well as anything can. */
START_TEST(the_best_compressed_file_is_still_possible)
{
    enum { ZEROS = 1 << 20 };
    unsigned char *zeros = calloc(ZEROS, 1);
    gzFile file = gzopen(path, "wb9");
    mlp_stream *stream = NULL;
    ck_assert_ptr_nonnull(zeros);
    ck_assert_int_eq(gzwrite(file, zeros, ZEROS), ZEROS);
    ck_assert_int_eq(gzclose(file), Z_OK);
    ck_assert_int_eq(mlp_stream_open(path, &stream), MLP_OK);
    ck_assert_int_eq(mlp_stream_check_length(stream, ZEROS), MLP_OK);
    ck_assert_int_eq(mlp_stream_read(stream, zeros, ZEROS), MLP_OK);
    ck_assert_int_eq(mlp_stream_finish(stream), MLP_OK);
    mlp_stream_close(&stream);
    free(zeros);
}
END_TEST

static void expect_unopened(const char *name, mlp_status expected,
                            const char *line)
{
    mlp_stream *stream = NULL;
    ck_assert_int_eq(mlp_stream_open(name, &stream), expected);
    ck_assert_ptr_null(stream);
    ck_assert_msg(strstr(mlp_failure(), line) != NULL, "%s", mlp_failure());
}

START_TEST(what_is_no_regular_file_is_refused_without_waiting)
{
    ck_assert_int_eq(mkfifo(path, 0600), 0);
    expect_unopened(path, MLP_ERROR_DATA, "found a pipe or device");
    expect_unopened("/dev/zero", MLP_ERROR_DATA, "found a pipe or device");
    expect_unopened(directory, MLP_ERROR_DATA, "found a directory");
    expect_unopened("/no/such/file", MLP_ERROR_MISSING,
                    "/no/such/file: cannot be opened: No such file");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("stream");
    TCase *tcase = tcase_create("stream");
    tcase_set_timeout(tcase, 60);
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_test(tcase, plain_and_gzip_hold_the_same_bytes);
    tcase_add_test(tcase, seeking_goes_forward_and_back);
    tcase_add_test(tcase, every_shorter_length_is_refused);
    tcase_add_test(tcase, anything_after_the_end_is_refused);
    tcase_add_test(tcase, gzip_in_several_members_is_one_file);
    tcase_add_test(tcase, a_flipped_bit_never_changes_data_unnoticed);
    tcase_add_test(tcase, a_length_that_cannot_be_is_noticed_at_once);
    tcase_add_test(tcase, the_best_compressed_file_is_still_possible);
    tcase_add_test(tcase, what_is_no_regular_file_is_refused_without_waiting);
    tcase_add_test(tcase, zstd_frames_are_one_file);
    tcase_add_test(tcase, damaged_zstd_is_refused);
    tcase_add_test(tcase, a_zstd_window_of_a_gigabyte_is_refused);
    suite_add_tcase(suite, tcase);
    return run_suite(suite, CK_FORK_GETENV);
}
