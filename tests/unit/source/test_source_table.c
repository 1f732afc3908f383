/** @file
 *  Tests of tables as a source: what columns mean, which rows are for testing,
 *  what is refused.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "run_suite.h"
#include "source/source.h"

static const char cars[] = "years,km,colour,price\n"
                           "6,1200,red,9000\n"
                           "3,4000,blue,12000\n"
                           "8,8000,red,7000\n";

static char path[64];
static mlp_source *source;
static mlp_table_options options;

static void set_up(void)
{
    source = NULL;
    options = (mlp_table_options){.label = "price",
                                  .weight = "",
                                  .ignore = "",
                                  .categorical = "",
                                  .task = MLP_TASK_REGRESSION,
                                  .columns = "",
                                  .missing = MLP_MISSING_ERROR,
                                  .na = "",
                                  .unseen = MLP_UNSEEN_ALL,
                                  .holdout = {.column = ""},
                                  .test_data = "",
                                  .validation_data = ""};
}

static void tear_down(void)
{
    mlp_source_close(&source);
    unlink(path);
}

static mlp_status open_table(const char *text, bool has_labels)
{
    mlp_source_close(&source);
    strcpy(path, "/tmp/mlp-table-XXXXXX.csv");
    int fd = mkstemps(path, 4);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
    return mlp_source_open_table(path, &options, has_labels, &source);
}

static void expect_refused(mlp_status status, const char *text,
                           const char *message)
{
    ck_assert_int_eq(open_table(text, true), status);
    if (strstr(mlp_failure(), message) == NULL) {
        ck_abort_msg("expected \"%s\" in \"%s\"", message, mlp_failure());
    }
    unlink(path);
}

START_TEST(numbers_stay_and_texts_become_one_hot)
{
    static const float expected[3][4] = {
        {6, 1200, 0, 1}, {3, 4000, 1, 0}, {8, 8000, 0, 1}};
    float values[3][4], targets[3];
    uint16_t labels[3];
    ck_assert_int_eq(open_table(cars, true), MLP_OK);
    const mlp_source_info *info = mlp_source_facts(source);
    ck_assert_uint_eq(info->rows[MLP_SPLIT_TRAIN], 3);
    ck_assert_uint_eq(info->rows[MLP_SPLIT_TEST], 0);
    ck_assert_uint_eq(info->features, 4);
    ck_assert_int_eq(
        mlp_source_read(source, MLP_SPLIT_TRAIN, 0, 3, values, labels), MLP_OK);
    ck_assert_mem_eq(values, expected, sizeof expected);
    ck_assert_int_eq(
        mlp_source_read_targets(source, MLP_SPLIT_TRAIN, 1, 2, targets),
        MLP_OK);
    ck_assert_float_eq(targets[0], 12000.0F);
    ck_assert_float_eq(targets[1], 7000.0F);
}
END_TEST

START_TEST(texts_of_a_label_are_classes_in_order)
{
    uint16_t labels[4];
    float values[4];
    options.label = "size";
    options.task = MLP_TASK_CLASSIFICATION;
    ck_assert_int_eq(open_table("x,size\n1,10\n2,small\n3,9\n4,10\n", true),
                     MLP_OK);
    const mlp_names *classes =
        mlp_schema_classes(mlp_source_facts(source)->schema);
    ck_assert_uint_eq(classes->count, 3);
    ck_assert_str_eq(classes->items[0], "9");
    ck_assert_str_eq(classes->items[1], "10");
    ck_assert_str_eq(classes->items[2], "small");
    ck_assert_int_eq(
        mlp_source_read(source, MLP_SPLIT_TRAIN, 0, 4, values, labels), MLP_OK);
    ck_assert_mem_eq(labels, ((uint16_t[]){1, 2, 0, 1}), sizeof labels);
}
END_TEST

START_TEST(columns_can_be_left_out_or_taken_as_names)
{
    options.ignore = "km";
    options.categorical = "years";
    ck_assert_int_eq(open_table(cars, true), MLP_OK);
    ck_assert_uint_eq(mlp_source_facts(source)->features, 3 + 2);
}
END_TEST

START_TEST(bad_cells_are_named_by_line_and_column)
{
    expect_refused(MLP_ERROR_DATA, "years,price\n1,2\n\"3\nx\",4\n",
                   ":3: column 1 (years): expected a number");
    expect_refused(MLP_ERROR_DATA, "years,price\n1,2\n,4\n",
                   ":3: column 1 (years): expected a number, found nothing");
    expect_refused(MLP_ERROR_DATA, "years,price\n1,2\n1,nan\n",
                   ":3: column 2 (price): expected a number, found \"nan\"");
    expect_refused(MLP_ERROR_DATA, "years,price\n1,2\n1e99,1\n",
                   ":3: column 1 (years): expected a number");
    expect_refused(MLP_ERROR_DATA, "colour,price\nred,2\n,4\n",
                   ":3: column 1 (colour): expected a text, found nothing");
    expect_refused(MLP_ERROR_DATA, "years,price\n1,2\n3\n",
                   ":3: expected 2 cells, found 1");
    options.is_never_negative = true;
    expect_refused(MLP_ERROR_DATA, "years,price\n-1,0\n1,-2\n",
                   ":3: column 2 (price): expected a number from 0 on");
    options.is_never_negative = false;
    expect_refused(MLP_ERROR_DATA, "", "expected a header");
    expect_refused(MLP_ERROR_DATA, "years,price\n", "0 rows");
    expect_refused(MLP_ERROR_DATA, "a,price,a\n1,2,3\n", "same name");
    expect_refused(MLP_ERROR_USAGE, "a,b\n1,2\n",
                   "no column \"price\"; it has a, b");
    options.label = "";
    expect_refused(MLP_ERROR_USAGE, cars, "--label COLUMN is missing");
}
END_TEST

START_TEST(bad_rows_can_be_dropped)
{
    float values[2][1];
    uint16_t labels[2];
    options.drops_bad = true;
    ck_assert_int_eq(
        open_table("years,price\nx\n1,2\nten,3\n,\n5,6\n7,\n", true), MLP_OK);
    ck_assert_uint_eq(mlp_source_facts(source)->rows[MLP_SPLIT_TRAIN], 2);
    ck_assert_int_eq(
        mlp_source_read(source, MLP_SPLIT_TRAIN, 0, 2, values, labels), MLP_OK);
    ck_assert_float_eq(values[0][0], 1.0F);
    ck_assert_float_eq(values[1][0], 5.0F);
}
END_TEST

/* Rows 0 .. 999, whose one feature is their number. */
static char *thousand(void)
{
    char *text = malloc(20000);
    size_t used = (size_t)sprintf(text, "x,price\n");
    for (int i = 0; i < 1000; i++) {
        used += (size_t)sprintf(text + used, "%d,%d\n", i, i);
    }
    return text;
}

START_TEST(splits_tile_the_table_and_follow_the_seed)
{
    static float train[750], test[250], again[250];
    static uint16_t labels[1000];
    bool is_seen[1000] = {false};
    char *text = thousand();
    options.holdout.test = 0.25;
    options.holdout.seed = 1;
    ck_assert_int_eq(open_table(text, true), MLP_OK);
    ck_assert_uint_eq(mlp_source_facts(source)->rows[MLP_SPLIT_TRAIN], 750);
    ck_assert_uint_eq(mlp_source_facts(source)->rows[MLP_SPLIT_TEST], 250);
    for (size_t i = 0; i < 750; i += 75) { /* in parts, backwards */
        ck_assert_int_eq(mlp_source_read(source, MLP_SPLIT_TRAIN, 675 - i, 75,
                                         train + 675 - i, labels),
                         MLP_OK);
    }
    ck_assert_int_eq(
        mlp_source_read(source, MLP_SPLIT_TEST, 0, 250, test, labels), MLP_OK);
    for (size_t i = 0; i < 1000; i++) {
        int x = (int)(i < 750 ? train[i] : test[i - 750]);
        ck_assert(!is_seen[x]);
        is_seen[x] = true;
    }
    unlink(path);
    options.holdout.seed = 2;
    ck_assert_int_eq(open_table(text, true), MLP_OK);
    ck_assert_int_eq(
        mlp_source_read(source, MLP_SPLIT_TEST, 0, 250, again, labels), MLP_OK);
    ck_assert_mem_ne(test, again, sizeof test);
    free(text);
}
END_TEST

START_TEST(a_schema_of_a_model_reads_other_files)
{
    mlp_schema schema;
    float values[1][4];
    uint16_t labels[1];
    ck_assert_int_eq(open_table(cars, true), MLP_OK);
    ck_assert_int_eq(mlp_schema_copy(mlp_source_facts(source)->schema, &schema),
                     MLP_OK);
    unlink(path);
    options.schema = &schema;
    /* other order, more columns, no label */
    ck_assert_int_eq(open_table("colour,doors,km,years\nblue,5,7,2\n", false),
                     MLP_OK);
    for (int s = 0; s < MLP_SPLITS; s++) {
        mlp_split split = (mlp_split)s;
        ck_assert_uint_eq(mlp_source_facts(source)->rows[split], 1);
        ck_assert_int_eq(mlp_source_read(source, split, 0, 1, values, labels),
                         MLP_OK);
        ck_assert_mem_eq(values, ((float[]){2, 7, 1, 0}), sizeof values);
    }
    unlink(path);
    expect_refused(MLP_ERROR_DATA, "years,km,colour,price\n1,2,green,3\n",
                   ":2: column 3 (colour): expected a category that training "
                   "knew, found \"green\"");
    expect_refused(MLP_ERROR_DATA, "years,km,price\n1,2,3\n",
                   "expected a column \"colour\"");
    mlp_schema_destroy(&schema);
}
END_TEST

/* New runs: gaps are filled, two categories are one column. */
static void take_new_options(void)
{
    options.task = MLP_TASK_AUTO;
    options.missing = MLP_MISSING_IMPUTE;
    options.na = "NA,?";
    options.unseen = MLP_UNSEEN_OTHER;
    options.has_pairs = true;
}

static void expect_values(size_t rows, size_t features, const float *expected)
{
    float values[64];
    uint16_t labels[16];
    ck_assert_uint_eq(mlp_source_facts(source)->features, features);
    ck_assert_uint_eq(mlp_source_facts(source)->rows[MLP_SPLIT_TRAIN], rows);
    ck_assert_int_eq(
        mlp_source_read(source, MLP_SPLIT_TRAIN, 0, rows, values, labels),
        MLP_OK);
    for (size_t i = 0; i < rows * features; i++) {
        ck_assert_msg(values[i] == expected[i], "value %zu: %g, not %g", i,
                      (double)values[i], (double)expected[i]);
    }
}

START_TEST(gaps_get_the_median_and_a_column_that_tells)
{
    static const float expected[] = {1, -1, 1,  2.5F, 1,  -1, 2, -1,
                                     1, 3,  -1, -1,   10, -1, -1};
    take_new_options();
    ck_assert_int_eq(open_table("x,sex,price\n1,f,2.5\n?,m,3\n2,f,4\n"
                                "3,m,5\n10,m,6\n5,f,\n",
                                true),
                     MLP_OK);
    expect_values(5, 3, expected); /* the last one has no label */
    const mlp_schema *schema = mlp_source_facts(source)->schema;
    ck_assert(schema->is_regression);
    ck_assert_float_eq(schema->columns[0].fill, 2.5F);
}
END_TEST

START_TEST(missing_and_rare_texts_are_categories_of_their_own)
{
    /* a, missing, other */
    static const float expected[] = {1, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1};
    take_new_options();
    options.rare = 2;
    ck_assert_int_eq(open_table("c,price\na,1.5\na,2\nNA,3\nb,4\n", true),
                     MLP_OK);
    expect_values(4, 3, expected);
}
END_TEST

START_TEST(rows_with_gaps_can_be_left_out)
{
    take_new_options();
    options.missing = MLP_MISSING_DROP;
    ck_assert_int_eq(open_table("x,price\n1,1.5\nNA,2\n3,3\n", true), MLP_OK);
    expect_values(2, 1, (const float[]){1, 3});
}
END_TEST

START_TEST(the_label_tells_the_task)
{
    static const struct {
        const char *text;
        bool is_regression;
    } cases[] = {{"x,price\n1,red\n2,blue\n", false},
                 {"x,price\n1,1\n2,2\n3,1\n", false},
                 {"x,price\n1,1.5\n2,2\n3,1\n", true}};
    take_new_options();
    for (size_t i = 0; i < 3; i++) {
        ck_assert_int_eq(open_table(cases[i].text, true), MLP_OK);
        ck_assert_int_eq(mlp_source_facts(source)->schema->is_regression,
                         cases[i].is_regression);
        unlink(path);
    }
    char *text = thousand();
    ck_assert_int_eq(open_table(text, true), MLP_OK);
    ck_assert(mlp_source_facts(source)->schema->is_regression);
    free(text);
}
END_TEST

static char *schema_of(const char *text)
{
    char *printed = NULL;
    ck_assert_int_eq(open_table(text, true), MLP_OK);
    ck_assert_int_eq(
        mlp_schema_print(mlp_source_facts(source)->schema, &printed), MLP_OK);
    unlink(path);
    return printed;
}

/* 40 rows; of the held-out ones the features are others with `is_other`. */
static void write_rows(char *text, const bool *is_held, bool is_other)
{
    text += sprintf(text, "x,c,price\n");
    for (int i = 0; i < 40; i++) {
        if (is_held[i] && is_other) {
            text += sprintf(text, "%d,new%d,%d.5\n", 1000 + i, i, i);
        } else {
            text += i % 7 == 0 ? sprintf(text, ",c%d,%d.5\n", i % 3, i)
                               : sprintf(text, "%d,c%d,%d.5\n", i, i % 3, i);
        }
    }
}

START_TEST(held_out_rows_change_nothing_in_the_schema)
{
    char text[2000], other[2000];
    bool is_held[40] = {false};
    float targets[40];
    take_new_options();
    options.holdout.test = 0.3;
    options.holdout.validation = 0.25;
    write_rows(text, is_held, false);
    char *before = schema_of(text);
    const mlp_source_info *info = mlp_source_facts(source);
    size_t train = info->rows[MLP_SPLIT_TRAIN];
    size_t test = info->rows[MLP_SPLIT_TEST];
    size_t held = info->rows[MLP_SPLIT_VALIDATION];
    ck_assert_uint_eq(train, 21);
    ck_assert_uint_eq(held, 7);
    mlp_source_read_targets(source, MLP_SPLIT_VALIDATION, 0, held, targets);
    mlp_source_read_targets(source, MLP_SPLIT_TEST, 0, test, targets + held);
    for (size_t i = 0; i < held + test; i++) {
        is_held[(int)targets[i]] = true;
    }
    write_rows(other, is_held, true);
    char *after = schema_of(other);
    ck_assert_str_ne(text, other);
    ck_assert_str_eq(before, after);
    free(before);
    free(after);
    options.unseen = MLP_UNSEEN_ERROR;
    expect_refused(MLP_ERROR_DATA, other,
                   "expected a category that training knew, found \"new");
}
END_TEST

START_TEST(many_categories_share_one)
{
    char *text = malloc(200000);
    size_t used = (size_t)sprintf(text, "name,price\n");
    for (int i = 0; i < 6000; i++) {
        used += (size_t)sprintf(text + used, "n%d,%d\n", i, i);
    }
    ck_assert_int_eq(open_table(text, true), MLP_OK);
    free(text);
    ck_assert_uint_eq(mlp_source_facts(source)->features,
                      MLP_CATEGORIES_MOST - 1);
}
END_TEST

/* Rows of texts and numbers over several blocks. */
START_TEST(threads_change_nothing)
{
    enum { ROWS = 200000 };
    static float values[2][ROWS][6];
    static uint16_t labels[ROWS];
    char *text = malloc((size_t)ROWS * 32);
    size_t used = (size_t)sprintf(text, "x,c,price\n");
    for (int i = 0; i < ROWS; i++) {
        used += (size_t)sprintf(text + used, "%d,\"c\n%d\",%d\n", i,
                                i * 7919 / 1000 % 5, i);
    }
    for (size_t k = 0; k < 2; k++) {
        options.threads = 1 + 2 * k;
        ck_assert_int_eq(open_table(text, true), MLP_OK);
        unlink(path);
        ck_assert_uint_eq(mlp_source_facts(source)->features, 6);
        ck_assert_int_eq(mlp_source_read(source, MLP_SPLIT_TRAIN, 0, ROWS,
                                         values[k], labels),
                         MLP_OK);
    }
    ck_assert_mem_eq(values[0], values[1], sizeof values[0]);
    free(text);
}
END_TEST

START_TEST(schemas_that_are_none_are_refused)
{
    static const char *const bad[] = {
        "",
        "[]",
        "{}",
        "{\"task\":\"regression\"}",
        "{\"task\":\"regression\",\"label\":\"a\",\"columns\":[{},{}]}",
        "{\"task\":\"regression\",\"label\":\"a\",\"columns\":["
        "{\"name\":\"a\",\"kind\":\"text\",\"categories\":[\"x\"]},"
        "{\"name\":\"b\",\"kind\":\"number\"}]}",
        "{\"task\":\"classification\",\"label\":\"a\",\"columns\":["
        "{\"name\":\"a\",\"kind\":\"text\",\"categories\":[\"x\",\"x\"]},"
        "{\"name\":\"b\",\"kind\":\"number\"}]}",
        "{\"task\":\"classification\",\"label\":\"a\",\"columns\":["
        "{\"name\":\"a\",\"kind\":\"text\",\"categories\":7},"
        "{\"name\":\"b\",\"kind\":\"number\"}]}"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        mlp_schema schema;
        ck_assert_int_eq(mlp_schema_parse(bad[i], strlen(bad[i]), &schema),
                         MLP_ERROR_DATA);
        ck_assert_uint_eq(schema.count, 0);
    }
}
END_TEST

START_TEST(options_of_tables_are_refused_elsewhere)
{
    ck_assert_int_eq(mlp_source_open_table("digits", &options, true, &source),
                     MLP_ERROR_USAGE);
    ck_assert_ptr_nonnull(strstr(mlp_failure(), "--label requires a table"));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("source_table");
    TCase *tests = tcase_create("source_table");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, numbers_stay_and_texts_become_one_hot);
    tcase_add_test(tests, texts_of_a_label_are_classes_in_order);
    tcase_add_test(tests, columns_can_be_left_out_or_taken_as_names);
    tcase_add_test(tests, bad_cells_are_named_by_line_and_column);
    tcase_add_test(tests, bad_rows_can_be_dropped);
    tcase_add_test(tests, splits_tile_the_table_and_follow_the_seed);
    tcase_add_test(tests, a_schema_of_a_model_reads_other_files);
    tcase_add_test(tests, gaps_get_the_median_and_a_column_that_tells);
    tcase_add_test(tests, missing_and_rare_texts_are_categories_of_their_own);
    tcase_add_test(tests, rows_with_gaps_can_be_left_out);
    tcase_add_test(tests, the_label_tells_the_task);
    tcase_add_test(tests, held_out_rows_change_nothing_in_the_schema);
    tcase_add_test(tests, many_categories_share_one);
    tcase_add_test(tests, threads_change_nothing);
    tcase_add_test(tests, schemas_that_are_none_are_refused);
    tcase_add_test(tests, options_of_tables_are_refused_elsewhere);
    suite_add_tcase(suite, tests);
    return run_suite(suite, CK_FORK_GETENV);
}
