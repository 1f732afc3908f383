/** @file
 *  Tests of JSON values.
 */
#include "base/json.h"
#include "config/json.h"
#include "run_suite.h"

#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A value as a line of text. */
static void expect_line(json_t *value, size_t digits, const char *expected)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    ck_assert_ptr_nonnull(out);
    ck_assert_int_eq(mlp_json_print(out, value, digits), MLP_OK);
    fclose(out);
    ck_assert_str_eq(text, expected);
    free(text);
}

static void expect_field(mlp_config *config, const char *name, const char *text,
                         const char *expected)
{
    ck_assert_int_eq(mlp_config_set(config, name, text), MLP_OK);
    expect_line(mlp_json_field(config, mlp_config_find(name)), MLP_JSON_DOUBLE,
                expected);
}

START_TEST(non_finite_numbers_are_null)
{
    expect_line(mlp_json_number(0.5), MLP_JSON_DOUBLE, "0.5\n");
    expect_line(mlp_json_number((double)NAN), MLP_JSON_DOUBLE, "null\n");
    expect_line(mlp_json_number((double)-INFINITY), MLP_JSON_DOUBLE, "null\n");
}
END_TEST

START_TEST(numbers_round_trip)
{
    expect_line(mlp_json_number(0.1), MLP_JSON_DOUBLE, "0.10000000000000001\n");
    expect_line(mlp_json_number((double)0.1F), MLP_JSON_FLOAT, "0.100000001\n");
}
END_TEST

START_TEST(text_that_is_no_utf8_stays_readable)
{
    expect_line(mlp_json_text("a\"b"), MLP_JSON_DOUBLE, "\"a\\\"b\"\n");
    expect_line(mlp_json_text("a\xff"
                              "b"),
                MLP_JSON_DOUBLE, "\"a?b\"\n");
}
END_TEST

START_TEST(sizes_are_an_array)
{
    static const size_t values[3] = {784, 256, 10};
    expect_line(mlp_json_sizes(values, 3), MLP_JSON_DOUBLE, "[784,256,10]\n");
    expect_line(mlp_json_sizes(values, 0), MLP_JSON_DOUBLE, "[]\n");
}
END_TEST

START_TEST(fields_have_the_json_type_of_their_kind)
{
    mlp_config config;
    mlp_config_init(&config);
    expect_field(&config, "hidden", "30,20", "[30,20]\n");
    expect_field(&config, "hidden", "none", "[]\n");
    expect_field(&config, "lr", "1", "1.0\n");
    expect_field(&config, "batch", "32", "32\n");
    expect_field(&config, "resume", "true", "true\n");
    expect_field(&config, "resume", "auto", "\"auto\"\n");
    expect_field(&config, "activation", "tanh", "\"tanh\"\n");
    expect_field(&config, "seed", "18446744073709551615",
                 "\"18446744073709551615\"\n");
}
END_TEST

START_TEST(without_memory_there_is_no_line)
{
    ck_assert_int_eq(mlp_json_print(stdout, NULL, MLP_JSON_DOUBLE),
                     MLP_ERROR_INTERNAL);
}
END_TEST

START_TEST(a_full_disk_is_left_to_the_stream)
{
    FILE *full = fopen("/dev/full", "w");
    ck_assert_ptr_nonnull(full);
    ck_assert_int_eq(mlp_json_print(full, mlp_json_number(1.0), MLP_JSON_FLOAT),
                     MLP_OK);
    ck_assert_int_ne(fclose(full), 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("json");
    TCase *tests = tcase_create("json");
    tcase_add_test(tests, non_finite_numbers_are_null);
    tcase_add_test(tests, numbers_round_trip);
    tcase_add_test(tests, text_that_is_no_utf8_stays_readable);
    tcase_add_test(tests, sizes_are_an_array);
    tcase_add_test(tests, fields_have_the_json_type_of_their_kind);
    tcase_add_test(tests, without_memory_there_is_no_line);
    tcase_add_test(tests, a_full_disk_is_left_to_the_stream);
    suite_add_tcase(suite, tests);
    return run_suite(suite, CK_FORK_GETENV);
}
