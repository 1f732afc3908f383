/** @file
 *  Tests of the comparison of ranks, by what they would have. Votes that are
 *  taken among ranks are tested in tests/mpi.
 */
#include "team/vote.h"

#include <stdlib.h>

#include "run_suite.h"

enum { RANKS_MAX = 12, WORDS = 2 };

/* A vote of ranks whose words are (letter, 7). */
static mlp_vote vote_of(const char *letters)
{
    static uint64_t words[RANKS_MAX * WORDS];
    mlp_vote vote = {.words = words, .count = WORDS};
    for (; letters[vote.ranks] != '\0'; vote.ranks++) {
        words[vote.ranks * WORDS] = (uint64_t)letters[vote.ranks];
        words[vote.ranks * WORDS + 1] = 7;
    }
    mlp_vote_count(&vote);
    return vote;
}

static void expect(const char *letters, size_t common, size_t votes,
                   const char *odd)
{
    char text[64] = "";
    mlp_vote vote = vote_of(letters);
    ck_assert_uint_eq(vote.common, common);
    ck_assert_uint_eq(vote.votes, votes);
    for (size_t r = 0; r < vote.ranks; r++) {
        ck_assert(mlp_vote_is_odd(&vote, r) == (letters[r] != letters[common]));
    }
    if (odd != NULL) {
        mlp_vote_name_odd(&vote, text, sizeof text);
        ck_assert_str_eq(text, odd);
    }
}

START_TEST(where_all_have_the_same_nobody_is_odd)
{
    expect("a", 0, 1, NULL);
    expect("aaaa", 0, 4, NULL);
}
END_TEST

START_TEST(one_odd_rank_is_named_wherever_it_is)
{
    expect("baa", 1, 2, "rank 0");
    expect("aba", 0, 2, "rank 1");
    expect("aab", 0, 2, "rank 2");
}
END_TEST

START_TEST(odd_ranks_are_named_as_ranges)
{
    expect("bbbaacaaa", 3, 5, "ranks 0-2,5");
    expect("abcaaabab", 0, 5, "ranks 1-2,6,8");
}
END_TEST

START_TEST(of_equally_many_those_with_the_lowest_rank_are_common)
{
    expect("ab", 0, 1, "rank 1");
    expect("abba", 0, 2, "ranks 1-2");
    expect("cabba", 1, 2, "ranks 0,2-3");
}
END_TEST

START_TEST(any_word_that_differs_makes_a_rank_odd)
{
    mlp_vote vote = vote_of("aaa");
    vote.words[2 * WORDS + 1] = 8;
    mlp_vote_count(&vote);
    ck_assert_uint_eq(vote.votes, 2);
    ck_assert(mlp_vote_is_odd(&vote, 2));
}
END_TEST

START_TEST(names_that_do_not_fit_are_cut)
{
    char text[10];
    mlp_vote vote = vote_of("abacadaaaae");
    mlp_vote_name_odd(&vote, text, sizeof text);
    ck_assert_str_eq(text, "ranks 1,3");
}
END_TEST

/* All of two words, three letters and up to five ranks, against counting. */
START_TEST(most_votes_win_in_every_small_team)
{
    for (size_t code = 0; code < 243; code++) {
        char letters[6] = "";
        size_t counts[3] = {0}, most = 0, rest = code;
        for (size_t r = 0; r < 5; r++, rest /= 3) {
            letters[r] = (char)('a' + rest % 3);
            counts[rest % 3]++;
        }
        for (size_t k = 0; k < 3; k++) {
            most = counts[k] > most ? counts[k] : most;
        }
        size_t first = 0;
        while (counts[letters[first] - 'a'] < most) {
            first++;
        }
        expect(letters, first, most, NULL);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("vote");
    TCase *tests = tcase_create("vote");
    tcase_add_test(tests, where_all_have_the_same_nobody_is_odd);
    tcase_add_test(tests, one_odd_rank_is_named_wherever_it_is);
    tcase_add_test(tests, odd_ranks_are_named_as_ranges);
    tcase_add_test(tests,
                   of_equally_many_those_with_the_lowest_rank_are_common);
    tcase_add_test(tests, any_word_that_differs_makes_a_rank_odd);
    tcase_add_test(tests, names_that_do_not_fit_are_cut);
    tcase_add_test(tests, most_votes_win_in_every_small_team);
    suite_add_tcase(suite, tests);
    return run_suite(suite, CK_FORK_GETENV);
}
