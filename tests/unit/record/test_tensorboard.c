/** @file
 *  Event files: checksums, the frame of a record, the first records, and the
 *  record of an epoch.
 */
#include "record/tensorboard.h"

#include <check.h>
#include <glob.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "file_size_limit.h"
#include "record/tensorboard_record.h"
#include "run_suite.h"

static char folder[] = "/tmp/mlp-tensorboard-XXXXXX";
static char events[64]; /* a directory two levels below, to be made */
static uint8_t bytes[4096];
static const uint8_t digits[] = {'1', '2', '3', '4', '5', '6', '7', '8', '9'};

static const mlp_epoch_record epoch = {
    .epoch = 1,
    .step = 469,
    .train = {.loss_sum = 15000, .hits = 45000, .rows = 60000},
    .learning_rate = 0.5,
    .wall_seconds = 2.0};
/* The event of that epoch after its time: step 469 (1, 3.5 * 128), and a
 * summary of four values, each a tag and a float. */
static const char epoch_event[] = "\x10\xd5\x03"
                                  "\x2a\x5b"
                                  "\x0a\x11\x0a\x0aloss/train"
                                  "\x15\x00\x00\x80\x3e" /* 0.25 */
                                  "\x0a\x15\x0a\x0e"
                                  "accuracy/train"
                                  "\x15\x00\x00\x40\x3f" /* 0.75 */
                                  "\x0a\x14\x0a\x0dlearning_rate"
                                  "\x15\x00\x00\x00\x3f" /* 0.5 */
                                  "\x0a\x19\x0a\x12samples_per_second"
                                  "\x15\x00\x60\xea\x46"; /* 30000 */

static void setup(void)
{
    ck_assert_ptr_nonnull(mkdtemp(folder));
    snprintf(events, sizeof events, "%s/a/b", folder);
}

/* The event files, by name; the caller frees them. */
static glob_t list_files(void)
{
    glob_t files;
    char pattern[128];
    snprintf(pattern, sizeof pattern, "%s/events.out.tfevents.*", events);
    int status = glob(pattern, 0, NULL, &files);
    ck_assert(status == 0 || status == GLOB_NOMATCH);
    return files;
}

static size_t count_files(void)
{
    glob_t files = list_files();
    size_t count = files.gl_pathc;
    globfree(&files);
    return count;
}

static void teardown(void)
{
    glob_t files = list_files();
    for (size_t i = 0; i < files.gl_pathc; i++) {
        unlink(files.gl_pathv[i]);
    }
    globfree(&files);
    rmdir(events);
    *strrchr(events, '/') = '\0';
    rmdir(events);
    rmdir(folder);
}

/* The last of the files into bytes. */
static size_t read_file(void)
{
    glob_t files = list_files();
    ck_assert_uint_gt(files.gl_pathc, 0);
    FILE *file = fopen(files.gl_pathv[files.gl_pathc - 1], "rb");
    ck_assert_ptr_nonnull(file);
    size_t count = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    globfree(&files);
    return count;
}

static mlp_tensorboard *open_board(uint64_t first_step)
{
    mlp_tensorboard *board = NULL;
    ck_assert_msg(mlp_tensorboard_open(events, first_step, &board) == MLP_OK,
                  "%s", mlp_failure());
    return board;
}

START_TEST(checksums_are_those_of_rfc_3720)
{
    uint8_t zeros[32] = {0}, ones[32], rising[32];
    for (size_t i = 0; i < 32; i++) {
        ones[i] = 0xff;
        rising[i] = (uint8_t)i;
    }
    ck_assert_uint_eq(mlp_crc32c(digits, 9), 0xE3069283);
    ck_assert_uint_eq(mlp_crc32c(zeros, 32), 0x8A9136AA);
    ck_assert_uint_eq(mlp_crc32c(ones, 32), 0x62A8AB43);
    ck_assert_uint_eq(mlp_crc32c(rising, 32), 0x46DD794E);
    ck_assert_uint_eq(mlp_crc32c(NULL, 0), 0);
}
END_TEST

/* 0xE3069283 by 15 to the right is 0x2507C60D; by hand. */
START_TEST(a_mask_rotates_and_adds)
{
    ck_assert_uint_eq(mlp_crc32c_masked(digits, 9), 0xC78AB0E5);
    ck_assert_uint_eq(mlp_crc32c_masked(NULL, 0), 0xA282EAD8);
}
END_TEST

START_TEST(a_frame_is_length_and_two_sums)
{
    uint8_t record[MLP_RECORD_HEAD + 9 + MLP_RECORD_TAIL];
    const uint8_t count[8] = {9};
    uint32_t sum = mlp_crc32c_masked(count, sizeof count);
    memcpy(record + MLP_RECORD_HEAD, digits, 9);
    mlp_record_frame(record, 9);
    ck_assert_mem_eq(record, count, sizeof count);
    for (size_t i = 0; i < 4; i++) {
        ck_assert_uint_eq(record[8 + i], sum >> 8 * i & 0xff);
    }
    ck_assert_mem_eq(record + MLP_RECORD_HEAD, "123456789\xe5\xb0\x8a\xc7", 13);
}
END_TEST

/* As all event files of TensorFlow: 24 bytes, their number's sum, the time and
 * the version; then a start at the step. */
START_TEST(a_file_begins_with_its_version_and_a_start)
{
    mlp_tensorboard *board = open_board(300);
    ck_assert_uint_eq(read_file(), 40 + 16 + 16);
    ck_assert_mem_eq(bytes, "\x18\0\0\0\0\0\0\0\xa3\x7f\x4b\x22\x09", 13);
    ck_assert_mem_eq(bytes + 21,
                     "\x1a\x0d"
                     "brain.Event:2",
                     15);
    ck_assert_uint_eq(bytes[40], 16);
    ck_assert_mem_eq(bytes + 61, "\x10\xac\x02\x3a\x02\x08\x01", 7);
    ck_assert_int_eq(mlp_tensorboard_close(&board), MLP_OK);
    ck_assert_ptr_null(board);
}
END_TEST

START_TEST(an_epoch_adds_its_scalars_at_once)
{
    size_t size = sizeof epoch_event - 1;
    mlp_tensorboard *board = open_board(0);
    size_t before = read_file();
    ck_assert_int_eq(mlp_tensorboard_epoch(board, &epoch), MLP_OK);
    size_t after = read_file();
    ck_assert_uint_eq(after - before,
                      MLP_RECORD_HEAD + 9 + size + MLP_RECORD_TAIL);
    ck_assert_mem_eq(bytes + before + MLP_RECORD_HEAD + 9, epoch_event, size);
    ck_assert_int_eq(mlp_tensorboard_close(&board), MLP_OK);
    ck_assert_uint_eq(read_file(), after);
}
END_TEST

START_TEST(two_runs_in_a_second_have_two_files)
{
    mlp_tensorboard *first = open_board(0);
    mlp_tensorboard *second = open_board(1);
    ck_assert_uint_eq(count_files(), 2);
    ck_assert_int_eq(mlp_tensorboard_epoch(second, &epoch), MLP_OK);
    ck_assert_int_eq(mlp_tensorboard_close(&first), MLP_OK);
    ck_assert_int_eq(mlp_tensorboard_close(&second), MLP_OK);
    ck_assert_uint_eq(count_files(), 1); /* the first wrote no event */
}
END_TEST

START_TEST(a_failure_to_create_the_file_names_the_path)
{
    mlp_tensorboard *board = NULL;
    ck_assert_int_eq(mlp_tensorboard_open("/dev/null/x", 0, &board),
                     MLP_ERROR_IO);
    ck_assert_ptr_null(board);
    ck_assert_str_eq(mlp_failure(),
                     "/dev/null/x: cannot make the directory: Not a directory");
    ck_assert_int_eq(mlp_tensorboard_open("/dev/null", 0, &board),
                     MLP_ERROR_IO);
    ck_assert_str_eq(mlp_failure(), "/dev/null: is not a directory");
    ck_assert_int_eq(mlp_tensorboard_open("/proc", 0, &board), MLP_ERROR_IO);
    ck_assert_ptr_nonnull(
        strstr(mlp_failure(), "--tensorboard: /proc/events.out.tfevents."));
}
END_TEST

START_TEST(a_full_disk_is_reported)
{
    mlp_tensorboard *board = open_board(0);
    mlp_tensorboard *none = NULL;
    ck_assert_ptr_ne(signal(SIGXFSZ, SIG_IGN), SIG_ERR);
    bool is_limited = limit_file_size(50);
    mlp_status at_epoch = mlp_tensorboard_epoch(board, &epoch);
    mlp_status at_start = mlp_tensorboard_open(events, 0, &none);
    bool is_lifted = limit_file_size(RLIM_INFINITY);
    ck_assert(is_limited && is_lifted);
    ck_assert_int_eq(at_epoch, MLP_ERROR_IO);
    ck_assert_int_eq(at_start, MLP_ERROR_IO);
    ck_assert_ptr_null(none);
    ck_assert_ptr_nonnull(
        strstr(mlp_failure(), "cannot write: File too large"));
    ck_assert_uint_eq(count_files(), 1);
    mlp_tensorboard_close(&board);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("tensorboard");
    TCase *tests = tcase_create("tensorboard");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, checksums_are_those_of_rfc_3720);
    tcase_add_test(tests, a_mask_rotates_and_adds);
    tcase_add_test(tests, a_frame_is_length_and_two_sums);
    tcase_add_test(tests, a_file_begins_with_its_version_and_a_start);
    tcase_add_test(tests, an_epoch_adds_its_scalars_at_once);
    tcase_add_test(tests, two_runs_in_a_second_have_two_files);
    tcase_add_test(tests, a_failure_to_create_the_file_names_the_path);
    tcase_add_test(tests, a_full_disk_is_reported);
    suite_add_tcase(suite, tests);
    return run_suite(suite, CK_FORK_GETENV);
}
