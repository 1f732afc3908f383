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

START_TEST(fingerprints_of_parts_add_up_in_any_order)
{
    uint64_t whole = mlp_fingerprint(words, 0, WORDS);
    for (size_t cut = 0; cut <= WORDS; cut += 37) {
        uint64_t end = mlp_fingerprint(words + cut, cut, WORDS - cut);
        ck_assert(end + mlp_fingerprint(words, 0, cut) == whole);
    }
}
END_TEST

START_TEST(each_flipped_bit_changes_the_fingerprint)
{
    uint64_t whole = mlp_fingerprint(words, 0, WORDS);
    for (size_t bit = 0; bit < 64 * (size_t)WORDS; bit++) {
        words[bit / 64] ^= (uint64_t)1 << bit % 64;
        ck_assert(mlp_fingerprint(words, 0, WORDS) != whole);
        words[bit / 64] ^= (uint64_t)1 << bit % 64;
    }
}
END_TEST

/* Two weights swapped, or the signs of both changed. */
START_TEST(changes_that_keep_a_plain_sum_are_detected)
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
    tcase_add_test(tcase, fingerprints_of_parts_add_up_in_any_order);
    tcase_add_test(tcase, each_flipped_bit_changes_the_fingerprint);
    tcase_add_test(tcase, changes_that_keep_a_plain_sum_are_detected);
    suite_add_tcase(suite, tcase);
    return run_suite(suite, CK_FORK_GETENV);
}
