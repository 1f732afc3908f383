/** @file
 *  Tests of fingerprints.
 */
#include "base/fingerprint.h"

#include <check.h>
#include <string.h>

#include "run_suite.h"

enum { WORDS = 1000 };
static uint64_t words[WORDS];

static void fill(void)
{
    for (size_t i = 0; i < WORDS; i++) {
        words[i] = i * i * 0x123456789;
    }
}

START_TEST(nothing_has_the_fingerprint_0)
{
    ck_assert_uint_eq(mlp_fingerprint(words, 0, 0), 0);
    ck_assert_uint_ne(mlp_fingerprint(words, 0, 1), 0);
}
END_TEST

START_TEST(parts_in_any_order_sum_up_to_the_whole)
{
    uint64_t whole = mlp_fingerprint(words, 0, WORDS);
    for (size_t cut = 0; cut <= WORDS; cut += 37) {
        uint64_t end = mlp_fingerprint(words + cut, cut, WORDS - cut);
        ck_assert(end + mlp_fingerprint(words, 0, cut) == whole);
    }
}
END_TEST

START_TEST(each_flipped_bit_shows)
{
    uint64_t whole = mlp_fingerprint(words, 0, WORDS);
    for (size_t bit = 0; bit < 64 * (size_t)WORDS; bit++) {
        words[bit / 64] ^= (uint64_t)1 << bit % 64;
        ck_assert(mlp_fingerprint(words, 0, WORDS) != whole);
        words[bit / 64] ^= (uint64_t)1 << bit % 64;
    }
}
END_TEST

/* As a swap of two weights, or one sign changed in both. */
START_TEST(two_changes_that_a_plain_sum_would_miss_show)
{
    uint64_t whole = mlp_fingerprint(words, 0, WORDS);
    for (size_t i = 2; i < WORDS; i++) {
        uint64_t one = words[1], other = words[i];
        words[1] = other;
        words[i] = one;
        ck_assert(mlp_fingerprint(words, 0, WORDS) != whole);
        words[1] = one ^ (uint64_t)1 << 63;
        words[i] = other ^ (uint64_t)1 << 63;
        ck_assert(mlp_fingerprint(words, 0, WORDS) != whole);
        words[1] = one;
        words[i] = other;
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("fingerprint");
    TCase *tcase = tcase_create("fingerprint");
    tcase_add_checked_fixture(tcase, fill, NULL);
    tcase_add_test(tcase, nothing_has_the_fingerprint_0);
    tcase_add_test(tcase, parts_in_any_order_sum_up_to_the_whole);
    tcase_add_test(tcase, each_flipped_bit_shows);
    tcase_add_test(tcase, two_changes_that_a_plain_sum_would_miss_show);
    suite_add_tcase(suite, tcase);
    return run_suite(suite, CK_FORK_GETENV);
}
