/** @file
 *  Tests of a crew of one rank: everything at once, and nobody to wait for.
 *  Larger crews are in tests/mpi.
 */
#include "team/crew.h"

#include <check.h>
#include <stdint.h>

#include "run_suite.h"

static mlp_comm *comm;

static mlp_crew *create(bool is_short, bool is_alone)
{
    const mlp_crew_wish wish = {3, is_short, is_alone};
    mlp_crew *crew;
    ck_assert_int_eq(mlp_comm_serial_create(&comm), MLP_OK);
    ck_assert_int_eq(mlp_crew_create(comm, &wish, &crew), MLP_OK);
    return crew;
}

static void destroy(mlp_crew **crew)
{
    mlp_crew_destroy(crew);
    ck_assert_ptr_null(*crew);
    mlp_crew_destroy(crew);
    mlp_comm_destroy(&comm);
}

START_TEST(lone_rank_always_works)
{
    for (int i = 0; i < 4; i++) {
        mlp_crew *crew = create(i % 2 == 1, i / 2 == 1);
        ck_assert(!mlp_crew_is_idle(crew));
        ck_assert_uint_eq(mlp_crew_workers(crew), 1);
        ck_assert_uint_eq(mlp_crew_worker(crew), 0);
        ck_assert_uint_eq(mlp_crew_threads(crew), 3);
        mlp_range run = mlp_crew_shards(crew, 7);
        ck_assert(run.first == 0 && run.count == 7);
        ck_assert((mlp_crew_home(crew) == comm) == (i / 2 == 0));
        destroy(&crew);
    }
}
END_TEST

START_TEST(its_threads_are_those_of_the_rank)
{
    mlp_crew *crew = create(false, false);
    mlp_gate gate = {0};
    mlp_thread self = {2, 3, &gate};
    mlp_thread me = mlp_crew_join(crew, self);
    ck_assert_uint_eq(me.index, 2);
    ck_assert_uint_eq(me.count, 3);
    ck_assert_ptr_eq(me.gate, &gate);
    mlp_crew_dismiss(crew); /* nobody, and waits for nobody */
    destroy(&crew);
}
END_TEST

START_TEST(memory_is_aligned_and_zero)
{
    mlp_crew *crew = create(false, false);
    for (size_t i = 0; i < 2; i++) {
        void *memory;
        ck_assert_int_eq(mlp_crew_share(crew, 1000, &memory), MLP_OK);
        ck_assert_uint_eq((uintptr_t)memory % 64, 0);
        for (size_t k = 0; k < 1000; k++) {
            ck_assert_int_eq(((char *)memory)[k], 0);
        }
    }
    destroy(&crew);
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("crew");
    tcase_add_test(tests, lone_rank_always_works);
    tcase_add_test(tests, its_threads_are_those_of_the_rank);
    tcase_add_test(tests, memory_is_aligned_and_zero);
    Suite *suite = suite_create("crew");
    suite_add_tcase(suite, tests);
    return run_suite(suite, CK_FORK_GETENV);
}
