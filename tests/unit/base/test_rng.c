/** @file
 *  Philox against Random123's published test vectors, and permutations.
 */
#include "base/rng.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "run_suite.h"

static void expect_block(mlp_rng_block block, uint32_t a, uint32_t b,
                         uint32_t c, uint32_t d)
{
    const uint32_t expected[4] = {a, b, c, d};
    ck_assert_mem_eq(block.word, expected, sizeof expected);
}

/* The three lines "philox4x32 10" of Random123's kat_vectors: counter words
 * are {unit, row, epoch, purpose | row's upper bits << 8}. */

START_TEST(counter_and_key_of_zeros_match_random123)
{
    mlp_rng_key key = {0, (mlp_rng_purpose)0, 0};
    expect_block(mlp_rng_draw(key, 0, 0), 0x6627e8d5, 0xe169c58d, 0xbc57ac4c,
                 0x9b00dbd8);
}
END_TEST

START_TEST(counter_and_key_of_ones_match_random123)
{
    mlp_rng_key key = {UINT64_MAX, (mlp_rng_purpose)0xff, UINT32_MAX};
    expect_block(mlp_rng_draw(key, (UINT64_C(1) << 56) - 1, UINT32_MAX),
                 0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd);
}
END_TEST

START_TEST(counter_and_key_of_pi_match_random123)
{
    mlp_rng_key key = {UINT64_C(0x299f31d0a4093822), (mlp_rng_purpose)0x44,
                       0x13198a2e};
    expect_block(mlp_rng_draw(key, UINT64_C(0x03707385a308d3), 0x243f6a88),
                 0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1);
}
END_TEST

START_TEST(uniform_is_in_zero_to_below_one)
{
    ck_assert_float_eq(mlp_rng_uniform(0), 0.0F);
    ck_assert_float_eq(mlp_rng_uniform(0x80000000), 0.5F);
    ck_assert_float_eq(mlp_rng_uniform(UINT32_MAX), 1.0F - 0x1p-24F);
}
END_TEST

static const mlp_rng_key shuffle = {1, MLP_RNG_SHUFFLE, 0};

START_TEST(permutation_holds_every_number_once)
{
    for (size_t n = 0; n <= 300; n++) {
        uint32_t order[301];
        unsigned char seen[300] = {0};
        order[n] = 12345;
        mlp_rng_permutation(shuffle, n, n, order);
        for (size_t i = 0; i < n; i++) {
            ck_assert_uint_lt(order[i], n);
            ck_assert_uint_eq(seen[order[i]]++, 0);
        }
        ck_assert_uint_eq(order[n], 12345);
    }
}
END_TEST

/* Values of an independent program; the digest of every run depends on them. */
START_TEST(permutations_are_the_stored_ones)
{
    static const uint32_t first[10] = {6, 7, 0, 4, 5, 9, 8, 2, 3, 1};
    static const uint32_t second[10] = {4, 2, 0, 5, 7, 8, 3, 6, 9, 1};
    mlp_rng_key key = {UINT64_C(0x123456789abcdef), MLP_RNG_SHUFFLE, 7};
    uint32_t order[10];
    mlp_rng_permutation(shuffle, 0, 10, order);
    ck_assert_mem_eq(order, first, sizeof order);
    mlp_rng_permutation(key, 5, 10, order);
    ck_assert_mem_eq(order, second, sizeof order);
}
END_TEST

START_TEST(every_part_of_the_name_changes_the_permutation)
{
    const mlp_rng_key names[] = {{1, MLP_RNG_SHUFFLE, 0},
                                 {2, MLP_RNG_SHUFFLE, 0},
                                 {UINT64_C(1) << 32, MLP_RNG_SHUFFLE, 0},
                                 {1, MLP_RNG_TEST, 0},
                                 {1, MLP_RNG_SHUFFLE, 1}};
    enum { NAMES = sizeof names / sizeof names[0], N = 64 };
    uint32_t order[NAMES + 2][N];
    for (size_t i = 0; i < NAMES; i++) {
        mlp_rng_permutation(names[i], 0, N, order[i]);
    }
    mlp_rng_permutation(names[0], 1, N, order[NAMES]);
    mlp_rng_permutation(names[0], UINT64_C(1) << 32, N, order[NAMES + 1]);
    for (size_t i = 0; i < NAMES + 2; i++) {
        for (size_t k = 0; k < i; k++) {
            ck_assert_mem_ne(order[i], order[k], sizeof order[i]);
        }
    }
}
END_TEST

/* 60,000 draws over 6 orders: chi-squared with 5 degrees of freedom is above
 * 25.7 once in 10,000 seeds, and this seed is fixed. */
START_TEST(all_orders_of_three_are_equally_frequent)
{
    enum { DRAWS = 60000 };
    unsigned counts[6] = {0};
    for (unsigned stream = 0; stream < DRAWS; stream++) {
        uint32_t order[3];
        mlp_rng_permutation(shuffle, stream, 3, order);
        counts[order[0] * 2 + (order[1] > order[2])]++;
    }
    double chi_squared = 0;
    for (size_t i = 0; i < 6; i++) {
        double off = counts[i] - DRAWS / 6.0;
        chi_squared += off * off / (DRAWS / 6.0);
    }
    ck_assert_double_lt(chi_squared, 25.7);
}
END_TEST

/* 99 degrees of freedom: above 161.3 once in 10,000 seeds. */
START_TEST(every_place_is_equally_likely_for_the_first_number)
{
    enum { DRAWS = 20000, N = 100 };
    unsigned counts[N] = {0};
    for (unsigned stream = 0; stream < DRAWS; stream++) {
        uint32_t order[N];
        size_t place = 0;
        mlp_rng_permutation(shuffle, stream, N, order);
        while (order[place] != 0) {
            place++;
        }
        counts[place]++;
    }
    double chi_squared = 0;
    for (size_t i = 0; i < N; i++) {
        double off = counts[i] - (double)DRAWS / N;
        chi_squared += off * off / ((double)DRAWS / N);
    }
    ck_assert_double_lt(chi_squared, 161.3);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("rng");
    TCase *tcase = tcase_create("rng");
    tcase_add_test(tcase, counter_and_key_of_zeros_match_random123);
    tcase_add_test(tcase, counter_and_key_of_ones_match_random123);
    tcase_add_test(tcase, counter_and_key_of_pi_match_random123);
    tcase_add_test(tcase, uniform_is_in_zero_to_below_one);
    tcase_add_test(tcase, permutation_holds_every_number_once);
    tcase_add_test(tcase, permutations_are_the_stored_ones);
    tcase_add_test(tcase, every_part_of_the_name_changes_the_permutation);
    tcase_add_test(tcase, all_orders_of_three_are_equally_frequent);
    tcase_add_test(tcase, every_place_is_equally_likely_for_the_first_number);
    suite_add_tcase(suite, tcase);
    return run_suite(suite, CK_FORK_GETENV);
}
