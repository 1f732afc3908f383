/** @file
 *  Tests of the team over MPI, for any number of ranks. All assertions come
 *  after the last collective of a test.
 */
#include "team/comm.h"

#include <check.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "run_ranks.h"

enum { RANKS_MAX = 64 };

static mlp_comm *comm;
static size_t rank;
static size_t size;

START_TEST(sum_and_maximum_are_over_all_ranks)
{
    uint64_t sums[] = {1, rank, UINT64_MAX / size};
    uint64_t largest[] = {rank, 100 - rank};
    mlp_status summed = mlp_comm_sum(comm, sums, 3);
    mlp_status compared = mlp_comm_max(comm, largest, 2);
    ck_assert_int_eq(summed, MLP_OK);
    ck_assert_int_eq(compared, MLP_OK);
    ck_assert_uint_eq(sums[0], size);
    ck_assert_uint_eq(sums[1], size * (size - 1) / 2);
    ck_assert_uint_eq(sums[2], UINT64_MAX / size * size);
    ck_assert_uint_eq(largest[0], size - 1);
    ck_assert_uint_eq(largest[1], 100);
}
END_TEST

START_TEST(broadcast_copies_what_rank_0_has)
{
    char text[100];
    snprintf(text, sizeof text, "from rank %zu", rank);
    mlp_status status = mlp_comm_broadcast(comm, text, sizeof text);
    mlp_status nothing = mlp_comm_broadcast(comm, NULL, 0);
    ck_assert_int_eq(status, MLP_OK);
    ck_assert_int_eq(nothing, MLP_OK);
    ck_assert_str_eq(text, "from rank 0");
}
END_TEST

START_TEST(all_well_is_agreed)
{
    ck_assert_int_eq(mlp_comm_agree(comm, MLP_OK), MLP_OK);
}
END_TEST

/* Ranks with fails[rank] fail, with different texts. */
static mlp_status fail_on(const bool *fails)
{
    mlp_fail(MLP_ERROR_USAGE, "an older failure");
    mlp_status mine = MLP_OK;
    if (fails[rank]) {
        mine = mlp_fail(rank % 2 == 0 ? MLP_ERROR_DATA : MLP_ERROR_IO,
                        "file %zu is bad", rank);
    }
    return mlp_comm_agree(comm, mine);
}

static void expect_failure_of(size_t first, mlp_status status, bool is_common)
{
    char line[200];
    char host[65] = "";
    int prefix = 0;
    if (!is_common && mlp_comm_where(comm)->nodes > 1) {
        ck_assert_int_eq(gethostname(host, sizeof host - 1), 0);
        prefix =
            snprintf(line, sizeof line, "rank %zu on %.47s: ", first, host);
    } else if (!is_common) {
        prefix = snprintf(line, sizeof line, "rank %zu: ", first);
    }
    snprintf(line + prefix, sizeof line - (size_t)prefix, "file %zu is bad",
             first);
    ck_assert_int_eq(status, first % 2 == 0 ? MLP_ERROR_DATA : MLP_ERROR_IO);
    ck_assert_str_eq(mlp_failure(), line);
}

START_TEST(last_rank_failing_fails_all)
{
    bool fails[RANKS_MAX] = {false};
    fails[size - 1] = true;
    mlp_status status = fail_on(fails);
    expect_failure_of(size - 1, status, size == 1);
}
END_TEST

START_TEST(lowest_of_the_failing_ranks_is_reported)
{
    bool fails[RANKS_MAX] = {false};
    size_t first = size > 1 ? 1 : 0;
    for (size_t r = first; r < size; r++) {
        fails[r] = true;
    }
    mlp_status status = fail_on(fails);
    expect_failure_of(first, status, size == 1);
}
END_TEST

START_TEST(failure_of_all_names_no_rank)
{
    bool fails[RANKS_MAX];
    memset(fails, true, sizeof fails);
    mlp_status status = fail_on(fails);
    expect_failure_of(0, status, true);
}
END_TEST

START_TEST(places_are_the_same_for_all_and_true)
{
    const mlp_comm_place *place = mlp_comm_where(comm);
    uint64_t sizes[RANKS_MAX] = {0}; /* of the nodes */
    uint64_t node_of[RANKS_MAX] = {0};
    uint64_t local_rank[RANKS_MAX] = {0};
    sizes[place->node] = 1;
    node_of[rank] = place->node;
    local_rank[rank] = place->rank;
    mlp_status summed = mlp_comm_sum(comm, sizes, RANKS_MAX);
    mlp_status nodes = mlp_comm_sum(comm, node_of, RANKS_MAX);
    mlp_status locals = mlp_comm_sum(comm, local_rank, RANKS_MAX);
    ck_assert(summed == MLP_OK && nodes == MLP_OK && locals == MLP_OK);
    ck_assert_uint_eq(sizes[place->node], place->size);
    uint64_t smallest = size;
    for (size_t n = 0; n < place->nodes; n++) {
        smallest = sizes[n] < smallest ? sizes[n] : smallest;
    }
    ck_assert_uint_eq(place->smallest, smallest);
    for (size_t r = 0; r < size; r++) {
        ck_assert_uint_eq(place->node_of[r], node_of[r]);
        ck_assert_uint_eq(place->local_rank[r], local_rank[r]);
    }
}
END_TEST

/* Value of an environment variable for tests, or a default. */
static size_t variable(const char *name, size_t otherwise)
{
    const char *text = getenv(name);
    return text != NULL ? strtoul(text, NULL, 10) : otherwise;
}

START_TEST(nodes_are_as_the_test_variables_say)
{
    const mlp_comm_place *place = mlp_comm_where(comm);
    size_t nodes = variable("MLP_TEST_NODES", 0);
    size_t k = variable("MLP_TEST_NODE_SIZE", size);
    bool is_dealt = nodes > 0;
    nodes = nodes > size ? size : nodes;
    ck_assert_uint_eq(place->nodes, is_dealt ? nodes : (size + k - 1) / k);
    for (size_t r = 0; r < size; r++) {
        ck_assert_uint_eq(place->node_of[r], is_dealt ? r % nodes : r / k);
        ck_assert_uint_eq(place->local_rank[r], is_dealt ? r / nodes : r % k);
    }
}
END_TEST

/* Bytes that a local rank shares: none, some, more than a page. */
static size_t shared_size(size_t local_rank)
{
    return local_rank % 3 * 3000;
}

START_TEST(node_reads_what_its_ranks_share)
{
    const mlp_comm_place *place = mlp_comm_where(comm);
    void *segments[RANKS_MAX];
    mlp_shared *shared;
    size_t mine = shared_size(place->rank);
    mlp_status status = mlp_comm_share(comm, mine, segments, &shared);
    size_t dirty = 0;
    size_t wrong = 0;
    if (status == MLP_OK) {
        unsigned char *bytes = segments[place->rank];
        for (size_t i = 0; i < mine; i++) {
            dirty += bytes[i] != 0;
        }
        memset(bytes, (int)rank + 1, mine);
    }
    mlp_status written = mlp_comm_agree(comm, status);
    for (size_t r = 0; written == MLP_OK && r < size; r++) {
        if (place->node_of[r] != place->node) {
            continue;
        }
        const unsigned char *bytes = segments[place->local_rank[r]];
        wrong += (uintptr_t)bytes % 64 != 0;
        for (size_t i = 0; i < shared_size(place->local_rank[r]); i++) {
            wrong += bytes[i] != r + 1;
        }
    }
    mlp_status read = mlp_comm_agree(comm, written);
    mlp_shared_destroy(&shared);
    ck_assert_int_eq(read, MLP_OK);
    ck_assert_uint_eq(dirty, 0);
    ck_assert_uint_eq(wrong, 0);
    ck_assert_ptr_null(shared);
}
END_TEST

static bool has_transfers(void)
{
    const mlp_comm_place *place = mlp_comm_where(comm);
    return place->nodes > 1 && place->rank < place->smallest;
}

/* Bytes from one node to another in transfer i; 0 for some pairs. */
static size_t lane_size(size_t i, size_t from, size_t to)
{
    return (from * 3 + to + i) % 4 * 40000;
}

static unsigned char lane_byte(size_t i, size_t from, size_t to, size_t round)
{
    return (unsigned char)(i * 100 + from * 20 + to * 5 + round);
}

enum { TRANSFERS = 3, LANE_MOST = 4 * 40000 };

/* Buffers of all lanes of all transfers. */
static unsigned char *lane(unsigned char *all, size_t i, size_t node)
{
    return all + (i * RANKS_MAX + node) * LANE_MOST;
}

static mlp_status plan_transfers(mlp_transfers *transfers, unsigned char *out,
                                 unsigned char *in)
{
    const mlp_comm_place *place = mlp_comm_where(comm);
    for (size_t i = 0; i < TRANSFERS; i++) {
        mlp_lane lanes[RANKS_MAX];
        for (size_t n = 0; n < place->nodes; n++) {
            lanes[n] = (mlp_lane){lane(out, i, n), lane(in, i, n),
                                  lane_size(i, place->node, n),
                                  lane_size(i, n, place->node)};
        }
        MLP_TRY(mlp_transfers_plan(transfers, i, lanes));
    }
    return MLP_OK;
}

/* Make all transfers of one round, begun in this rank's own order. Returns the
 * number of wrong bytes. */
static size_t play_round(mlp_transfers *transfers, unsigned char *out,
                         unsigned char *in, size_t round)
{
    const mlp_comm_place *place = mlp_comm_where(comm);
    size_t wrong = 0;
    for (size_t k = 0; k < TRANSFERS; k++) {
        size_t i = (k + rank) % TRANSFERS;
        for (size_t n = 0; n < place->nodes; n++) {
            memset(lane(out, i, n), lane_byte(i, place->node, n, round),
                   LANE_MOST);
        }
        wrong += mlp_transfers_begin(transfers, i) != MLP_OK;
    }
    for (size_t i = 0; i < TRANSFERS; i++) {
        bool is_over = false;
        while (!is_over && wrong == 0) {
            wrong += mlp_transfers_test(transfers, i, &is_over) != MLP_OK;
        }
        for (size_t n = 0; n < place->nodes; n++) {
            size_t bytes = n != place->node ? lane_size(i, n, place->node) : 0;
            for (size_t b = 0; b < bytes; b++) {
                wrong +=
                    lane(in, i, n)[b] != lane_byte(i, n, place->node, round);
            }
        }
    }
    return wrong;
}

START_TEST(transfers_go_on_side_by_side_again_and_again)
{
    mlp_transfers *transfers = NULL;
    unsigned char *out = malloc((size_t)TRANSFERS * RANKS_MAX * LANE_MOST);
    unsigned char *in = malloc((size_t)TRANSFERS * RANKS_MAX * LANE_MOST);
    size_t wrong = out == NULL || in == NULL;
    if (has_transfers() && wrong == 0) {
        wrong += mlp_transfers_create(comm, TRANSFERS, &transfers) != MLP_OK;
        wrong += plan_transfers(transfers, out, in) != MLP_OK;
        for (size_t round = 0; round < 5; round++) {
            wrong += play_round(transfers, out, in, round);
        }
        mlp_transfers_destroy(&transfers);
    }
    free(out);
    free(in);
    mlp_status agreed = mlp_comm_agree(comm, MLP_OK);
    ck_assert_int_eq(agreed, MLP_OK);
    ck_assert_uint_eq(wrong, 0);
    ck_assert_ptr_null(transfers);
}
END_TEST

START_TEST(lane_beyond_the_counts_of_mpi_is_refused)
{
    mlp_transfers *transfers;
    mlp_lane lanes[RANKS_MAX] = {{NULL, NULL, 0, 0}};
    if (!has_transfers()) {
        return;
    }
    for (size_t n = 0; n < mlp_comm_where(comm)->nodes; n++) {
        lanes[n].sent = (size_t)1 << 31;
    }
    ck_assert_int_eq(mlp_transfers_create(comm, 1, &transfers), MLP_OK);
    ck_assert_int_eq(mlp_transfers_plan(transfers, 0, lanes),
                     MLP_ERROR_INTERNAL);
    mlp_transfers_destroy(&transfers);
}
END_TEST

/* Wait for one transfer, which may take others with it. */
static mlp_status finish_transfer(mlp_transfers *transfers, size_t i)
{
    mlp_status status = MLP_OK;
    for (bool is_over = false; !is_over && status == MLP_OK;) {
        status = mlp_transfers_test(transfers, i, &is_over);
    }
    return status;
}

START_TEST(sums_go_on_side_by_side)
{
    float floats[] = {(float)rank, 0.5F};
    double doubles[] = {1e-3 * (double)rank, rank == 0 ? -2.25 : 0};
    mlp_transfers *transfers = NULL;
    if (size == 1) {
        return;
    }
    mlp_status status = mlp_transfers_create(comm, 3, &transfers);
    ck_assert_int_eq(mlp_comm_agree(comm, status), MLP_OK);
    mlp_transfers_plan_sum(transfers, 2, MLP_SUM_FLOAT, floats, 2);
    mlp_transfers_plan_sum(transfers, 0, MLP_SUM_DOUBLE, doubles, 2);
    for (int round = 0; round < 2; round++) {
        mlp_transfers_begin(transfers, 2);
        mlp_transfers_begin(transfers, 0);
        finish_transfer(transfers, 0); /* not in the order of begin */
        finish_transfer(transfers, 2);
    }
    mlp_transfers_destroy(&transfers);
    double n = (double)size;
    ck_assert(floats[0] == (float)(n * n * (n - 1) / 2));
    ck_assert(floats[1] == (float)(n * n / 2));
    ck_assert_double_eq_tol(doubles[0], 1e-3 * n * n * (n - 1) / 2, 1e-12);
    ck_assert(doubles[1] == -2.25 * n);
}
END_TEST

START_TEST(sum_beyond_the_counts_of_mpi_is_refused)
{
    mlp_transfers *transfers = NULL;
    float number = 0;
    if (size == 1) {
        return;
    }
    mlp_status status = mlp_transfers_create(comm, 1, &transfers);
    ck_assert_int_eq(mlp_comm_agree(comm, status), MLP_OK);
    ck_assert_int_eq(mlp_transfers_plan_sum(transfers, 0, MLP_SUM_FLOAT,
                                            &number, (size_t)1 << 31),
                     MLP_ERROR_INTERNAL);
    mlp_transfers_destroy(&transfers);
}
END_TEST

/* Sizes that change from one time to the next. */
START_TEST(transfers_may_be_planned_again)
{
    enum { MOST = 5 };
    const mlp_comm_place *place = mlp_comm_where(comm);
    uint32_t sent[MOST], received[RANKS_MAX][MOST];
    mlp_transfers *transfers = NULL;
    bool is_right = true;
    if (!has_transfers()) {
        return;
    }
    ck_assert_int_eq(mlp_transfers_create(comm, 1, &transfers), MLP_OK);
    for (uint32_t count = 0; count <= MOST; count++) {
        mlp_lane lanes[RANKS_MAX];
        for (size_t n = 0; n < place->nodes; n++) {
            lanes[n] = (mlp_lane){sent, received[n], count * sizeof *sent,
                                  count * sizeof *sent};
        }
        for (uint32_t i = 0; i < count; i++) {
            sent[i] = (uint32_t)place->node * 100 + count * 10 + i;
        }
        is_right &= mlp_transfers_plan(transfers, 0, lanes) == MLP_OK;
        is_right &= mlp_transfers_begin(transfers, 0) == MLP_OK;
        is_right &= finish_transfer(transfers, 0) == MLP_OK;
        for (size_t n = 0; n < place->nodes; n++) {
            for (uint32_t i = 0; n != place->node && i < count; i++) {
                is_right &= received[n][i] == n * 100 + count * 10 + i;
            }
        }
    }
    mlp_transfers_destroy(&transfers);
    ck_assert(is_right);
}
END_TEST

static Suite *create_suite(void)
{
    rank = mlp_comm_rank(comm);
    size = mlp_comm_size(comm);
    TCase *tests = tcase_create("comm");
    tcase_add_test(tests, sum_and_maximum_are_over_all_ranks);
    tcase_add_test(tests, broadcast_copies_what_rank_0_has);
    tcase_add_test(tests, all_well_is_agreed);
    tcase_add_test(tests, last_rank_failing_fails_all);
    tcase_add_test(tests, lowest_of_the_failing_ranks_is_reported);
    tcase_add_test(tests, failure_of_all_names_no_rank);
    tcase_add_test(tests, places_are_the_same_for_all_and_true);
    tcase_add_test(tests, nodes_are_as_the_test_variables_say);
    tcase_add_test(tests, node_reads_what_its_ranks_share);
    tcase_add_test(tests, transfers_go_on_side_by_side_again_and_again);
    tcase_add_test(tests, lane_beyond_the_counts_of_mpi_is_refused);
    tcase_add_test(tests, sums_go_on_side_by_side);
    tcase_add_test(tests, sum_beyond_the_counts_of_mpi_is_refused);
    tcase_add_test(tests, transfers_may_be_planned_again);
    Suite *suite = suite_create("comm over MPI");
    suite_add_tcase(suite, tests);
    return suite;
}

int main(int argc, char **argv)
{
    return run_ranks(argc, argv, &comm, create_suite);
}
