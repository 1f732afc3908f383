/** @file
 *  Tests of a file in ranges: they have the records that one reader finds.
 */
#include "source/csv_ranges.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "run_suite.h"

static char path[64];
static mlp_csv csv;
static mlp_csv_block block;
static mlp_csv_records records;
static mlp_csv_ranges ranges;

/* A file of about `size` bytes: numbered records, every few of which have
 * quotes, separators and line breaks in a cell of `wide` bytes. */
static size_t write_records(size_t size, size_t wide)
{
    strcpy(path, "/tmp/mlp-ranges-XXXXXX");
    int fd = mkstemp(path);
    ck_assert_int_ge(fd, 0);
    FILE *file = fdopen(fd, "w");
    size_t count = 0;
    fputs("\xEF\xBB\xBF"
          "a,b\n",
          file);
    for (; (size_t)ftell(file) < size; count++) {
        fprintf(file, "%zu,", count);
        if (count % 3 == 1) {
            fputs("\"\n\"\",\n", file);
            for (size_t i = 0; i < wide; i++) {
                fputc(i % 61 == 0 ? '\n' : i % 7 == 0 ? ',' : 'x', file);
            }
            fputs("\"", file);
        }
        fputs(count % 2 == 0 ? "\n" : "\r\n", file);
    }
    fputs("last,", file); /* without the end of a line */
    ck_assert_int_eq(fclose(file), 0);
    return count;
}

static void open_ranges(size_t threads)
{
    bool is_there;
    ck_assert_int_eq(mlp_csv_open(path, NULL, &csv), MLP_OK);
    ck_assert_int_eq(mlp_csv_next(&csv, &block), MLP_OK);
    ck_assert_int_eq(mlp_csv_records_create(&csv, &records), MLP_OK);
    mlp_csv_records_begin(&records, &block);
    ck_assert_int_eq(mlp_csv_record(&records, &is_there), MLP_OK);
    ck_assert_uint_eq(records.count, 2);
    ck_assert_int_eq(
        mlp_csv_ranges_create(&csv, &records, NULL, threads, &ranges), MLP_OK);
}

static void close_ranges(void)
{
    mlp_csv_ranges_destroy(&ranges);
    mlp_csv_records_destroy(&records);
    free(block.bytes);
    block = (mlp_csv_block){0};
    mlp_csv_close(&csv);
    unlink(path);
}

static void expect_records(size_t expected)
{
    size_t count = 0;
    size_t line = 2;
    for (size_t i = 0; i < ranges.count; i++) {
        ck_assert_msg(mlp_csv_ranges_read(&ranges, i, &block) == MLP_OK, "%s",
                      mlp_failure());
        mlp_csv_records_begin(&records, &block);
        for (;;) {
            char number[24];
            bool is_there;
            ck_assert_int_eq(mlp_csv_record(&records, &is_there), MLP_OK);
            if (!is_there) {
                break;
            }
            ck_assert_uint_eq(records.record_line, line);
            line = records.line;
            snprintf(number, sizeof number, "%zu", count);
            if (count == expected) {
                strcpy(number, "last");
            }
            ck_assert_uint_eq(records.cells[0].length, strlen(number));
            ck_assert_mem_eq(records.cells[0].text, number, strlen(number));
            count++;
        }
    }
    ck_assert_uint_eq(count, expected + 1);
}

START_TEST(ranges_have_every_record_once)
{
    static const size_t widths[] = {0, 50, 5000, 900000};
    for (size_t i = 0; i < sizeof widths / sizeof *widths; i++) {
        size_t expected = write_records(3500000, widths[i]);
        open_ranges(1 + i);
        ck_assert_uint_ge(ranges.count, 3);
        expect_records(expected);
        close_ranges();
    }
}
END_TEST

START_TEST(a_small_file_is_one_range)
{
    size_t expected = write_records(100, 5);
    open_ranges(3);
    ck_assert_uint_eq(ranges.count, 1);
    expect_records(expected);
    close_ranges();
}
END_TEST

START_TEST(a_record_of_a_megabyte_is_refused)
{
    mlp_status status = MLP_OK;
    write_records(3500000, 1100000);
    open_ranges(2);
    for (size_t i = 0; i < ranges.count && status == MLP_OK; i++) {
        status = mlp_csv_ranges_read(&ranges, i, &block);
        mlp_csv_records_begin(&records, &block);
        for (bool is_there = true; is_there && status == MLP_OK;) {
            status = mlp_csv_record(&records, &is_there);
        }
    }
    ck_assert_int_eq(status, MLP_ERROR_DATA);
    ck_assert(strstr(mlp_failure(), "expected records of less than 1 MiB"));
    close_ranges();
}
END_TEST

START_TEST(a_file_that_becomes_shorter_is_noticed)
{
    write_records(2500000, 9);
    open_ranges(1);
    ck_assert_int_eq(truncate(path, 1500000), 0);
    ck_assert_int_eq(mlp_csv_ranges_read(&ranges, 1, &block), MLP_ERROR_DATA);
    ck_assert(strstr(mlp_failure(), "became shorter"));
    close_ranges();
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("csv_ranges");
    TCase *tcase = tcase_create("csv_ranges");
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, ranges_have_every_record_once);
    tcase_add_test(tcase, a_small_file_is_one_range);
    tcase_add_test(tcase, a_record_of_a_megabyte_is_refused);
    tcase_add_test(tcase, a_file_that_becomes_shorter_is_noticed);
    suite_add_tcase(suite, tcase);
    return run_suite(suite, CK_FORK_GETENV);
}
