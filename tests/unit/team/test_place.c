/** @file
 *  Tests of who owns which shards, for ranks placed block by block, in turn,
 *  and at random.
 */
#include "team/place.h"

#include <check.h>
#include <stdbool.h>

#include "run_suite.h"

enum { RANKS_MAX = 13, SHARDS_MAX = 40 };

/* A team, with the node that each rank is put on. */
typedef struct {
    size_t node_of[RANKS_MAX], local_rank[RANKS_MAX];
    mlp_comm_place place;
} cast;

/* Number the nodes by their lowest ranks, and the ranks within each. */
static void cast_team(cast *team, const size_t *put_on, size_t ranks)
{
    size_t size[RANKS_MAX] = {0};
    size_t nodes = 0;
    for (size_t r = 0; r < ranks; r++) {
        size_t first = 0;
        while (put_on[first] != put_on[r]) {
            first++;
        }
        team->node_of[r] = first == r ? nodes++ : team->node_of[first];
        team->local_rank[r] = size[team->node_of[r]]++;
    }
    team->place = (mlp_comm_place){.nodes = nodes,
                                   .ranks = ranks,
                                   .node_of = team->node_of,
                                   .local_rank = team->local_rank};
}

static void expect_range(mlp_range range, size_t first, size_t count)
{
    ck_assert_uint_eq(range.first, first);
    ck_assert_uint_eq(range.count, count);
}

START_TEST(neighbours_own_one_run_after_the_other)
{
    const size_t put_on[] = {0, 0, 1};
    cast team;
    cast_team(&team, put_on, 3);
    expect_range(mlp_place_rank_shards(&team.place, 0, 8), 0, 2);
    expect_range(mlp_place_rank_shards(&team.place, 1, 8), 2, 3);
    expect_range(mlp_place_rank_shards(&team.place, 2, 8), 5, 3);
    expect_range(mlp_place_node_shards(&team.place, 0, 8), 0, 5);
    expect_range(mlp_place_node_shards(&team.place, 1, 8), 5, 3);
}
END_TEST

START_TEST(ranks_placed_in_turn_own_runs_node_by_node)
{
    const size_t put_on[] = {7, 3, 7, 3, 7}; /* nodes 0 1 0 1 0 */
    cast team;
    cast_team(&team, put_on, 5);
    expect_range(mlp_place_rank_shards(&team.place, 0, 10), 0, 2);
    expect_range(mlp_place_rank_shards(&team.place, 2, 10), 2, 2);
    expect_range(mlp_place_rank_shards(&team.place, 4, 10), 4, 2);
    expect_range(mlp_place_rank_shards(&team.place, 1, 10), 6, 2);
    expect_range(mlp_place_rank_shards(&team.place, 3, 10), 8, 2);
    expect_range(mlp_place_node_shards(&team.place, 0, 10), 0, 6);
    expect_range(mlp_place_node_shards(&team.place, 1, 10), 6, 4);
}
END_TEST

/* Whether every shard has one owner, and ranks' numbers of shards differ by one
 * at most. */
static bool do_ranks_tile(const mlp_comm_place *place, size_t shards)
{
    size_t owners[SHARDS_MAX] = {0};
    bool is_right = true;
    for (size_t r = 0; r < place->ranks; r++) {
        mlp_range own = mlp_place_rank_shards(place, r, shards);
        for (size_t i = 0; i < own.count; i++) {
            owners[own.first + i]++;
        }
        is_right = is_right && own.count >= shards / place->ranks &&
                   own.count <= shards / place->ranks + 1;
    }
    for (size_t s = 0; s < shards; s++) {
        is_right = is_right && owners[s] == 1;
    }
    return is_right;
}

/* Whether nodes' runs go up, tile the shards, and are those of their ranks. */
static bool do_nodes_tile(const mlp_comm_place *place, size_t shards)
{
    size_t end = 0;
    bool is_right = true;
    for (size_t node = 0; node < place->nodes; node++) {
        mlp_range run = mlp_place_node_shards(place, node, shards);
        size_t count = 0;
        for (size_t r = 0; r < place->ranks; r++) {
            mlp_range own = mlp_place_rank_shards(place, r, shards);
            bool is_inside = own.first >= run.first &&
                             own.first + own.count <= run.first + run.count;
            is_right = is_right && (is_inside || place->node_of[r] != node);
            count += place->node_of[r] == node ? own.count : 0;
        }
        is_right = is_right && run.first == end && run.count == count;
        end += run.count;
    }
    return is_right && end == shards;
}

START_TEST(shards_are_tiled_and_a_nodes_are_one_run)
{
    uint32_t random = 1;
    for (size_t turn = 0; turn < 300; turn++) {
        size_t put_on[RANKS_MAX];
        size_t ranks = turn % RANKS_MAX + 1;
        for (size_t r = 0; r < ranks; r++) {
            random = random * 1664525U + 1013904223U;
            put_on[r] = (random >> 16) % (turn % 5 + 1);
        }
        cast team;
        cast_team(&team, put_on, ranks);
        for (size_t shards = ranks; shards <= SHARDS_MAX; shards++) {
            ck_assert(do_ranks_tile(&team.place, shards));
            ck_assert(do_nodes_tile(&team.place, shards));
        }
    }
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("place");
    tcase_add_test(tests, neighbours_own_one_run_after_the_other);
    tcase_add_test(tests, ranks_placed_in_turn_own_runs_node_by_node);
    tcase_add_test(tests, shards_are_tiled_and_a_nodes_are_one_run);
    Suite *suite = suite_create("place");
    suite_add_tcase(suite, tests);
    return run_suite(suite, CK_FORK_GETENV);
}
