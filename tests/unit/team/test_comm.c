/** @file
 *  Tests of the team of one. Larger teams are tested in tests/mpi.
 */
#include "team/comm.h"

#include <check.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "run_suite.h"

static mlp_comm *comm;

static void create_team(void)
{
    ck_assert_int_eq(mlp_comm_serial_create(&comm), MLP_OK);
}

static void destroy_team(void)
{
    mlp_comm_destroy(&comm);
    ck_assert_ptr_null(comm);
    mlp_comm_destroy(&comm);
}

START_TEST(team_of_one_is_one_node)
{
    const mlp_comm_place *place = mlp_comm_where(comm);
    ck_assert_uint_eq(mlp_comm_rank(comm), 0);
    ck_assert_uint_eq(mlp_comm_size(comm), 1);
    ck_assert_uint_eq(place->rank, 0);
    ck_assert_uint_eq(place->size, 1);
    ck_assert_uint_eq(place->node, 0);
    ck_assert_uint_eq(place->nodes, 1);
    ck_assert_uint_eq(place->smallest, 1);
    ck_assert_uint_eq(place->node_of[0], 0);
    ck_assert_uint_eq(place->local_rank[0], 0);
}
END_TEST

START_TEST(reductions_and_broadcast_leave_values_alone)
{
    uint64_t values[] = {7, UINT64_MAX};
    ck_assert_int_eq(mlp_comm_sum(comm, values, 2), MLP_OK);
    ck_assert_int_eq(mlp_comm_max(comm, values, 2), MLP_OK);
    ck_assert_int_eq(mlp_comm_broadcast(comm, values, sizeof values), MLP_OK);
    ck_assert_uint_eq(values[0], 7);
    ck_assert_uint_eq(values[1], UINT64_MAX);
}
END_TEST

START_TEST(agreement_with_itself_keeps_status_and_line)
{
    ck_assert_int_eq(mlp_comm_agree(comm, MLP_OK), MLP_OK);
    mlp_status mine = mlp_fail(MLP_ERROR_DATA, "a.csv: no rows");
    ck_assert_int_eq(mlp_comm_agree(comm, mine), MLP_ERROR_DATA);
    ck_assert_str_eq(mlp_failure(), "a.csv: no rows");
}
END_TEST

START_TEST(shared_memory_is_zeroed_and_aligned)
{
    const size_t sizes[] = {0, 1, 64, 100000};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        void *segment = NULL;
        mlp_shared *shared;
        ck_assert_int_eq(mlp_comm_share(comm, sizes[i], &segment, &shared),
                         MLP_OK);
        ck_assert_ptr_nonnull(segment);
        ck_assert_uint_eq((uintptr_t)segment % 64, 0);
        unsigned char *bytes = segment;
        for (size_t k = 0; k < sizes[i]; k++) {
            ck_assert_uint_eq(bytes[k], 0);
            bytes[k] = 1;
        }
        mlp_shared_destroy(&shared);
        ck_assert_ptr_null(shared);
        mlp_shared_destroy(&shared);
    }
}
END_TEST

START_TEST(impossible_amount_of_shared_memory_is_an_error)
{
    void *segment;
    mlp_shared *shared;
    ck_assert_int_eq(mlp_comm_share(comm, SIZE_MAX, &segment, &shared),
                     MLP_ERROR_INTERNAL);
    ck_assert_ptr_null(shared);
}
END_TEST

START_TEST(abort_says_why_and_ends_the_process_with_the_status)
{
    int ends[2];
    char said[64] = "";
    int result = 0;
    ck_assert_int_eq(pipe(ends), 0);
    pid_t child = fork();
    if (child == 0) {
        dup2(ends[1], STDERR_FILENO);
        mlp_comm_abort(comm, mlp_fail(MLP_ERROR_IO, "the disk is gone"));
    }
    ck_assert_int_eq(waitpid(child, &result, 0), child);
    ck_assert_int_gt(read(ends[0], said, sizeof said - 1), 0);
    close(ends[0]);
    close(ends[1]);
    ck_assert(WIFEXITED(result));
    ck_assert_int_eq(WEXITSTATUS(result), MLP_ERROR_IO);
    ck_assert_str_eq(said, "mlp: rank 0: the disk is gone\n");
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("comm");
    tcase_add_checked_fixture(tests, create_team, destroy_team);
    tcase_add_test(tests, team_of_one_is_one_node);
    tcase_add_test(tests, reductions_and_broadcast_leave_values_alone);
    tcase_add_test(tests, agreement_with_itself_keeps_status_and_line);
    tcase_add_test(tests, shared_memory_is_zeroed_and_aligned);
    tcase_add_test(tests, impossible_amount_of_shared_memory_is_an_error);
    tcase_add_test(tests, abort_says_why_and_ends_the_process_with_the_status);
    Suite *suite = suite_create("comm");
    suite_add_tcase(suite, tests);
    return run_suite(suite, CK_FORK_GETENV);
}
