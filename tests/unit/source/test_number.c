/** @file
 *  Tests of numbers in tables: the bits of strtof, and nothing that is none.
 */
#include "source/number.h"

#include <check.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "run_suite.h"

static locale_t c_locale;

static void set_up(void)
{
    c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
}

static void tear_down(void)
{
    freelocale(c_locale);
}

static void expect_strtof(const char *text)
{
    float expected = strtof(text, NULL);
    float value = -1.0F;
    bool is_number = mlp_number_parse(text, strlen(text), c_locale, &value);
    if (!is_number || memcmp(&value, &expected, sizeof value) != 0) {
        ck_abort_msg("\"%s\": expected %a, found %a", text, (double)expected,
                     (double)value);
    }
}

START_TEST(hard_cases_are_rounded_once)
{
    static const char *const texts[] = {
        "0",
        "-0",
        "-0.0e5",
        "1",
        "+2.5",
        ".5",
        "5.",
        "1e10",
        "1E-10",
        "16777217", /* halfway between two floats: to even */
        "16777219",
        "16777217.000000001",
        "16777216.999999999",
        "1.00000005960464477539", /* 1 + 2^-24, and above and below it */
        "1.000000059604644775390625",
        "1.0000000596046447753906251",
        "1.0000000596046447753906249",
        "3.4028235e38",
        "1.17549435e-38",
        "1.1754942e-38",
        "1e-45",
        "7.006492e-46",
        "1e-60",
        "0.1",
        "123456789",
        "9007199254740993",
        "99999999999999999999",
        "1234567890123456789e-18",
        "00000000000000000000000001.5",
        "1e22",
        "1e23",
        "8.5e-23"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        expect_strtof(texts[i]);
    }
}
END_TEST

/* In the long setting 10^8 numbers. */
static uint64_t random_count(void)
{
    const char *full = getenv("MLP_TEST_FULL");
    return full != NULL && full[0] == '1' ? 100000000 : 300000;
}

START_TEST(random_numbers_have_the_bits_of_strtof)
{
    const mlp_rng_key key = {1, MLP_RNG_SPLIT, 0};
    uint64_t count = random_count();
    for (uint64_t i = 0; i < count; i++) {
        static const char *const forms[] = {"%.9g", "%.17g", "%.3f", "%.25g"};
        mlp_rng_block draw = mlp_rng_draw(key, i, 0);
        char text[400];
        float value;
        memcpy(&value, &draw.word[0], sizeof value);
        if (!isfinite(value)) {
            continue;
        }
        /* beside a float, or halfway between two */
        double beside =
            draw.word[1] % 2
                ? (double)value
                : ((double)value + (double)nextafterf(value, 0)) / 2;
        snprintf(text, sizeof text, forms[draw.word[2] % 4], beside);
        if (isfinite(strtof(text, NULL))) {
            expect_strtof(text);
        }
    }
}
END_TEST

/* As most tables have them: up to 17 digits, and a point anywhere. */
START_TEST(short_numbers_have_the_bits_of_strtof)
{
    const mlp_rng_key key = {2, MLP_RNG_SPLIT, 0};
    uint64_t numbers = random_count();
    for (uint64_t i = 0; i < numbers; i++) {
        mlp_rng_block draw = mlp_rng_draw(key, i, 0);
        size_t count = 1 + draw.word[2] % 17;
        size_t point = draw.word[3] % (count + 2);
        uint64_t digits = (uint64_t)draw.word[0] << 32 | draw.word[1];
        char text[32];
        size_t length = 0;
        text[length++] = "-+0"[i % 3];
        for (size_t k = 0; k < count; k++, digits /= 10) {
            if (k == point) {
                text[length++] = '.';
            }
            text[length++] = (char)('0' + digits % 10);
        }
        text[length] = '\0';
        expect_strtof(text);
    }
}
END_TEST

START_TEST(other_texts_are_no_numbers)
{
    static const char *const texts[] = {
        "",    " ",     "-",     "+",   "e5",       "1e",         "1e+",  ".",
        "-.",  "1 2",   "0x10",  "inf", "nan",      "1,5",        "1e99", "--1",
        "1-1", "1.2.3", "1e5.0", "12a", "Infinity", "1e999999999"};
    float value;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        ck_assert_msg(
            !mlp_number_parse(texts[i], strlen(texts[i]), c_locale, &value),
            "\"%s\" is no number", texts[i]);
    }
    ck_assert(mlp_number_parse("  7 ,8", 4, c_locale, &value));
    ck_assert_float_eq(value, 7.0F);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("number");
    TCase *tests = tcase_create("number");
    tcase_set_timeout(tests, 3600); /* of the long setting */
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, hard_cases_are_rounded_once);
    tcase_add_test(tests, random_numbers_have_the_bits_of_strtof);
    tcase_add_test(tests, short_numbers_have_the_bits_of_strtof);
    tcase_add_test(tests, other_texts_are_no_numbers);
    suite_add_tcase(suite, tests);
    return run_suite(suite, CK_FORK_GETENV);
}
