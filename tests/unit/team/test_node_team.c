/** @file
 *  Tests of a node team of one rank, which waits for no other. Larger node
 *  teams are in tests/mpi.
 */
#include "team/node_team.h"

#include <check.h>
#include <stdint.h>

#include "run_suite.h"

static mlp_comm *comm;

static mlp_node_team *create(bool is_short, bool is_alone)
{
    const mlp_node_team_wish wish = {3, is_short, is_alone};
    mlp_node_team *team;
    ck_assert_int_eq(mlp_comm_serial_create(&comm), MLP_OK);
    ck_assert_int_eq(mlp_node_team_create(comm, &wish, &team), MLP_OK);
    return team;
}

static void destroy(mlp_node_team **team)
{
    mlp_node_team_destroy(team);
    ck_assert_ptr_null(*team);
    mlp_node_team_destroy(team);
    mlp_comm_destroy(&comm);
}

START_TEST(single_rank_is_always_a_worker)
{
    for (int i = 0; i < 4; i++) {
        mlp_node_team *team = create(i % 2 == 1, i / 2 == 1);
        ck_assert(!mlp_node_team_is_idle(team));
        ck_assert_uint_eq(mlp_node_team_workers(team), 1);
        ck_assert_uint_eq(mlp_node_team_worker(team), 0);
        ck_assert_uint_eq(mlp_node_team_threads(team), 3);
        mlp_range run = mlp_node_team_shards(team, 7);
        ck_assert(run.first == 0 && run.count == 7);
        ck_assert((mlp_node_team_home(team) == comm) == (i / 2 == 0));
        destroy(&team);
    }
}
END_TEST

START_TEST(its_threads_are_those_of_the_rank)
{
    mlp_node_team *team = create(false, false);
    mlp_gate gate = {0};
    mlp_thread self = {2, 3, &gate};
    mlp_thread me = mlp_node_team_join(team, self);
    ck_assert_uint_eq(me.index, 2);
    ck_assert_uint_eq(me.count, 3);
    ck_assert_ptr_eq(me.gate, &gate);
    mlp_node_team_dismiss(team); /* without idle ranks: no effect */
    destroy(&team);
}
END_TEST

START_TEST(memory_is_aligned_and_zero)
{
    mlp_node_team *team = create(false, false);
    for (size_t i = 0; i < 2; i++) {
        void *memory;
        ck_assert_int_eq(mlp_node_team_share(team, 1000, &memory), MLP_OK);
        ck_assert_uint_eq((uintptr_t)memory % 64, 0);
        for (size_t k = 0; k < 1000; k++) {
            ck_assert_int_eq(((char *)memory)[k], 0);
        }
    }
    destroy(&team);
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("node_team");
    tcase_add_test(tests, single_rank_is_always_a_worker);
    tcase_add_test(tests, its_threads_are_those_of_the_rank);
    tcase_add_test(tests, memory_is_aligned_and_zero);
    Suite *suite = suite_create("node_team");
    suite_add_tcase(suite, tests);
    return run_suite(suite, CK_FORK_GETENV);
}
