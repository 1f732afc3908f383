/** @file
 *  Tests of votes, claims and maxima over MPI, for any number of ranks. All
 *  assertions come after the last collective of a test.
 */
#include "team/vote.h"

#include "run_ranks.h"

static mlp_comm *comm;
static size_t rank, size;

/* Take a vote in which rank `odd` (`size`: none) has another value. */
static mlp_vote take(size_t odd, mlp_status *status)
{
    mlp_vote vote;
    const uint64_t mine[2] = {17, rank == odd ? 1 : 0};
    *status = mlp_comm_agree(comm, mlp_vote_create(comm, 2, &vote));
    if (*status == MLP_OK) {
        *status = mlp_vote_take(comm, mine, &vote);
    }
    return vote;
}

START_TEST(every_rank_sees_which_one_is_odd)
{
    bool is_right = true;
    for (size_t odd = 0; odd < size; odd++) {
        mlp_status status;
        mlp_vote vote = take(odd, &status);
        bool is_named = size > 2 || (size == 2 && odd == 1);
        is_right = is_right && status == MLP_OK &&
                   vote.votes == (size > 1 ? size - 1 : 1) &&
                   mlp_vote_of(&vote, odd)[0] == 17 &&
                   mlp_vote_of(&vote, odd)[1] == 1 &&
                   mlp_vote_is_odd(&vote, odd) == is_named;
        mlp_vote_destroy(&vote);
    }
    ck_assert(is_right);
}
END_TEST

START_TEST(a_vote_is_taken_again_and_again)
{
    mlp_vote vote;
    uint64_t mine[1] = {rank};
    mlp_status status = mlp_comm_agree(comm, mlp_vote_create(comm, 1, &vote));
    for (size_t i = 0; i < 3 && status == MLP_OK; i++) {
        status = mlp_vote_take(comm, mine, &vote);
    }
    mine[0] = 5;
    status = status == MLP_OK ? mlp_vote_take(comm, mine, &vote) : status;
    ck_assert_int_eq(status, MLP_OK);
    ck_assert_uint_eq(vote.votes, size);
    mlp_vote_destroy(&vote);
    ck_assert_ptr_null(vote.words);
}
END_TEST

START_TEST(a_claim_of_one_rank_reaches_all)
{
    bool is_last = rank + 1 == size, is_none = false;
    mlp_status one = mlp_comm_any(comm, &is_last);
    mlp_status none = mlp_comm_any(comm, &is_none);
    ck_assert_int_eq(one, MLP_OK);
    ck_assert_int_eq(none, MLP_OK);
    ck_assert(is_last);
    ck_assert(!is_none);
}
END_TEST

START_TEST(the_lowest_rank_with_the_largest_value_is_named)
{
    uint32_t rising = (uint32_t)rank, alike = UINT32_MAX;
    uint32_t middle = rank == size / 2 ? 1 : 0;
    size_t last, first, one;
    mlp_status status = mlp_comm_max_rank(comm, &rising, &last);
    status =
        status == MLP_OK ? mlp_comm_max_rank(comm, &alike, &first) : status;
    status = status == MLP_OK ? mlp_comm_max_rank(comm, &middle, &one) : status;
    ck_assert_int_eq(status, MLP_OK);
    ck_assert_uint_eq(rising, size - 1);
    ck_assert_uint_eq(last, size - 1);
    ck_assert_uint_eq(alike, UINT32_MAX);
    ck_assert_uint_eq(first, 0);
    ck_assert_uint_eq(middle, 1);
    ck_assert_uint_eq(one, size / 2);
}
END_TEST

START_TEST(any_rank_can_be_the_root_of_a_broadcast)
{
    bool is_right = true;
    for (size_t root = 0; root < size; root++) {
        size_t word = rank + 100;
        mlp_status status =
            mlp_comm_broadcast_from(comm, root, &word, sizeof word);
        is_right = is_right && status == MLP_OK && word == root + 100;
    }
    ck_assert(is_right);
}
END_TEST

static Suite *create_suite(void)
{
    rank = mlp_comm_rank(comm);
    size = mlp_comm_size(comm);
    TCase *tests = tcase_create("vote");
    tcase_add_test(tests, every_rank_sees_which_one_is_odd);
    tcase_add_test(tests, a_vote_is_taken_again_and_again);
    tcase_add_test(tests, a_claim_of_one_rank_reaches_all);
    tcase_add_test(tests, the_lowest_rank_with_the_largest_value_is_named);
    tcase_add_test(tests, any_rank_can_be_the_root_of_a_broadcast);
    Suite *suite = suite_create("vote over MPI");
    suite_add_tcase(suite, tests);
    return suite;
}

int main(int argc, char **argv)
{
    return run_ranks(argc, argv, &comm, create_suite);
}
