/** @file
 *  Tests of reading comma-separated values, good ones and hostile ones.
 */
#include "source/csv.h"

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

/* A file of these bytes, opened. */
static void open_bytes(const char *bytes, size_t count)
{
    strcpy(path, "/tmp/mlp-csv-XXXXXX");
    int fd = mkstemp(path);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, bytes, count), (ssize_t)count);
    close(fd);
    ck_assert_int_eq(mlp_csv_open(path, NULL, &csv), MLP_OK);
    block = (mlp_csv_block){0};
    records = (mlp_csv_records){0};
}

static void open_text(const char *text)
{
    open_bytes(text, strlen(text));
}

static void close_text(void)
{
    mlp_csv_records_destroy(&records);
    free(block.bytes);
    mlp_csv_close(&csv);
    unlink(path);
}

/* The next record, of this block or the next. */
static mlp_status next_record(bool *is_there)
{
    *is_there = false;
    for (;;) {
        if (records.cells != NULL) {
            MLP_TRY(mlp_csv_record(&records, is_there));
        }
        if (*is_there) {
            return MLP_OK;
        }
        MLP_TRY(mlp_csv_next(&csv, &block));
        if (block.size == 0) {
            return MLP_OK;
        }
        if (records.cells == NULL) {
            MLP_TRY(mlp_csv_records_create(&csv, &records));
        }
        mlp_csv_records_begin(&records, &block);
    }
}

static void expect_record(size_t line, size_t count, const char *const *texts)
{
    bool is_there = false;
    ck_assert_int_eq(next_record(&is_there), MLP_OK);
    ck_assert(is_there);
    ck_assert_uint_eq(records.record_line, line);
    ck_assert_uint_eq(records.count, count);
    for (size_t i = 0; i < count; i++) {
        ck_assert_uint_eq(records.cells[i].length, strlen(texts[i]));
        ck_assert_mem_eq(records.cells[i].text, texts[i], strlen(texts[i]));
    }
}

static void expect_end(void)
{
    bool is_there = true;
    ck_assert_int_eq(next_record(&is_there), MLP_OK);
    ck_assert(!is_there);
}

START_TEST(cells_are_as_in_rfc_4180)
{
    open_text("aaa,b b,\r\n\"x,\"\"y\"\"\",\"\",\"two\nlines\"\r\n1,2,3");
    expect_record(1, 3, (const char *[]){"aaa", "b b", ""});
    expect_record(2, 3, (const char *[]){"x,\"y\"", "", "two\nlines"});
    expect_record(4, 3, (const char *[]){"1", "2", "3"});
    expect_end();
    close_text();
}
END_TEST

START_TEST(marks_and_empty_lines_are_passed_over)
{
    open_text("\xEF\xBB\xBFname\n\n\nvalue\n\n");
    expect_record(1, 1, (const char *[]){"name"});
    expect_record(4, 1, (const char *[]){"value"});
    expect_end();
    close_text();
    open_text("");
    expect_end();
    close_text();
}
END_TEST

START_TEST(separators_are_found_in_the_first_line)
{
    open_text("a;b\n1,5;2\n");
    expect_record(1, 2, (const char *[]){"a", "b"});
    expect_record(2, 2, (const char *[]){"1,5", "2"});
    close_text();
    open_text("a\tb c\n");
    expect_record(1, 2, (const char *[]){"a", "b c"});
    close_text();
    open_text("\"x,y\";a;b\n");
    expect_record(1, 3, (const char *[]){"x,y", "a", "b"});
    close_text();
    open_text("a;b,c\n");
    expect_record(1, 2, (const char *[]){"a;b", "c"});
    close_text();
}
END_TEST

/* Numbers of a column of numbers come with their record, other texts don't. */
START_TEST(numbers_are_parsed_with_their_cells)
{
    static const char *const texts[] = {
        "0.123456", "-1",   "12.",        "1e3",    "-0.5e-2", "NA", "",
        "1.2.3",    "+7.5", "1234567890", " 4",     "7",       "x",  "-",
        "3.25",     "5x",   "-12345.678", "000.25", "9"};
    enum { CELLS = sizeof texts / sizeof texts[0] };
    bool expects[CELLS + 1] = {false};
    char line[CELLS * 16] = "";
    for (size_t i = 0; i < CELLS; i++) {
        strcat(strcat(line, texts[i]), i + 1 < CELLS ? "," : "\n");
        expects[i] = i != 11; /* the "7" */
    }
    open_text(line);
    ck_assert_int_eq(mlp_csv_next(&csv, &block), MLP_OK);
    ck_assert_int_eq(mlp_csv_records_create(&csv, &records), MLP_OK);
    records.expects_number = expects;
    mlp_csv_records_begin(&records, &block);
    expect_record(1, CELLS, texts);
    for (size_t i = 0; i < CELLS; i++) {
        const mlp_csv_cell *cell = &records.cells[i];
        char *end;
        float number = strtof(texts[i], &end);
        bool is_number = *end == '\0' && end > texts[i] && *texts[i] != ' ';
        ck_assert_int_eq(cell->is_number, is_number && expects[i]);
        ck_assert(!cell->is_number || cell->number == number);
    }
    close_text();
}
END_TEST

/* Records of 23 to 29 bytes with quoted ends of lines, over several blocks. */
START_TEST(blocks_end_between_records)
{
    enum { RECORDS = 100000, MOST = 40 };
    char *text = malloc((size_t)RECORDS * MOST);
    ck_assert_ptr_nonnull(text);
    size_t size = 0;
    for (int i = 0; i < RECORDS; i++) {
        size +=
            (size_t)sprintf(text + size, "%d,\"of\n \"\"two\"\" lines\"\n", i);
    }
    open_bytes(text, size);
    free(text);
    static const char second[] = "of\n \"two\" lines";
    for (int i = 0; i < RECORDS; i++) { /* quickly: an assertion takes time */
        bool is_there = false;
        bool is_right = next_record(&is_there) == MLP_OK && is_there &&
                        records.record_line == 2 * (size_t)i + 1 &&
                        records.count == 2 && atoi(records.cells[0].text) == i;
        is_right = is_right && records.cells[1].length == strlen(second) &&
                   memcmp(records.cells[1].text, second, strlen(second)) == 0;
        if (!is_right) {
            ck_abort_msg("record %d", i);
        }
    }
    expect_end();
    close_text();
}
END_TEST

static void expect_refused(const char *place, const char *why)
{
    bool is_there;
    mlp_status status = MLP_OK;
    for (int i = 0; i < 3 && status == MLP_OK; i++) {
        status = next_record(&is_there);
    }
    ck_assert_int_eq(status, MLP_ERROR_DATA);
    ck_assert_ptr_nonnull(strstr(mlp_failure(), place));
    ck_assert_ptr_nonnull(strstr(mlp_failure(), why));
    close_text();
}

START_TEST(what_is_no_csv_is_refused_with_line_and_column)
{
    open_text("a,b\n1,\"open");
    expect_refused(":2: column 2", "closing quote");
    open_text("a,b\n1,\"2\"3\n");
    expect_refused(":2: column 2", "separator behind");
    open_text("a,b\nx\"y\",2\n");
    expect_refused(":2: column 1", "quote inside");
    open_text("a\rb\n");
    expect_refused(":1: column 1", "carriage return");
    open_bytes("a,b\n\0,2\n", 8);
    expect_refused(":2: column 1", "NUL");
}
END_TEST

START_TEST(records_without_end_take_no_memory_without_end)
{
    size_t size = 3 * MLP_CSV_RECORD_MOST;
    char *bytes = malloc(size);
    ck_assert_ptr_nonnull(bytes);
    memset(bytes, 'x', size);
    open_bytes(bytes, size);
    expect_refused(":1:", "1 MiB");
    bytes[0] = '"';
    open_bytes(bytes, size);
    expect_refused(":1:", "closing quote missing");
    memset(bytes, ',', size);
    open_bytes(bytes, 20000);
    expect_refused(":1:", "16384 cells");
    free(bytes);
}
END_TEST

START_TEST(what_is_no_regular_file_is_refused)
{
    ck_assert_int_eq(mlp_csv_open("/nowhere.csv", NULL, &csv),
                     MLP_ERROR_MISSING);
    ck_assert_int_eq(mlp_csv_open("/dev/null", NULL, &csv), MLP_ERROR_DATA);
    ck_assert_int_eq(mlp_csv_open("/tmp", NULL, &csv), MLP_ERROR_DATA);
}
END_TEST

START_TEST(tables_are_known_by_their_names)
{
    ck_assert(mlp_csv_has_name("data/cars.csv"));
    ck_assert(mlp_csv_has_name("CARS.CSV"));
    ck_assert(mlp_csv_has_name("a.tsv"));
    ck_assert(mlp_csv_has_name("a.csv.gz"));
    ck_assert(mlp_csv_has_name("a.TSV.zst"));
    ck_assert(!mlp_csv_has_name("a.gz"));
    ck_assert(!mlp_csv_has_name("a.h5"));
    ck_assert(!mlp_csv_has_name("csv"));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("csv");
    TCase *tests = tcase_create("csv");
    tcase_add_test(tests, cells_are_as_in_rfc_4180);
    tcase_add_test(tests, marks_and_empty_lines_are_passed_over);
    tcase_add_test(tests, separators_are_found_in_the_first_line);
    tcase_add_test(tests, numbers_are_parsed_with_their_cells);
    tcase_add_test(tests, blocks_end_between_records);
    tcase_add_test(tests, what_is_no_csv_is_refused_with_line_and_column);
    tcase_add_test(tests, records_without_end_take_no_memory_without_end);
    tcase_add_test(tests, what_is_no_regular_file_is_refused);
    tcase_add_test(tests, tables_are_known_by_their_names);
    suite_add_tcase(suite, tests);
    return run_suite(suite, CK_FORK_GETENV);
}
