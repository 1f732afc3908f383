/** @file
 *  Estimators of a team, in a program that has initialized MPI itself.
 */
#include <check.h>
#include <mpi.h>
#include <stdio.h>
#include <string.h>

#include "mlp/mlp_mpi.h"

#include "run_suite.h"

enum { ROWS = 400, FEATURES = 6 };

static mlp_team *team;
static float values[ROWS][FEATURES];
static uint16_t labels[ROWS];
static const mlp_samples rows = {
    .rows = ROWS, .features = FEATURES, .values = values, .labels = labels};

static void make_rows(void)
{
    for (unsigned r = 0; r < ROWS; r++) {
        for (unsigned i = 0; i < FEATURES; i++) {
            values[r][i] = (float)((r + 1) * (i + 3) * 7919 % 1000) / 1000;
        }
        labels[r] = values[r][0] + values[r][1] > values[r][2] + values[r][3];
    }
}

static mlp_estimator *create(mlp_team *of, const char *epochs)
{
    mlp_estimator *made = NULL;
    ck_assert_int_eq(mlp_estimator_create(of, &made), MLP_OK);
    ck_assert_int_eq(mlp_estimator_set(made, "hidden", "9"), MLP_OK);
    ck_assert_int_eq(mlp_estimator_set(made, "batch", "16"), MLP_OK);
    ck_assert_int_eq(mlp_estimator_set(made, "schedule", "constant"), MLP_OK);
    ck_assert_int_eq(mlp_estimator_set(made, "epochs", epochs), MLP_OK);
    return made;
}

/* Whether the estimator's network is that of one process alone. */
static bool is_as_alone(const mlp_estimator *of_team, const char *epochs)
{
    mlp_network *a = NULL, *b = NULL;
    mlp_estimator *alone = create(NULL, epochs);
    ck_assert_int_eq(mlp_estimator_train(alone, &rows, NULL), MLP_OK);
    ck_assert_int_eq(mlp_estimator_network(alone, &a), MLP_OK);
    ck_assert_int_eq(mlp_estimator_network(of_team, &b), MLP_OK);
    bool is_same = strcmp(mlp_network_describe(a)->weights_sha256,
                          mlp_network_describe(b)->weights_sha256) == 0;
    mlp_network_destroy(&a);
    mlp_network_destroy(&b);
    mlp_estimator_destroy(&alone);
    return is_same;
}

START_TEST(every_rank_has_the_network_of_one_alone)
{
    mlp_estimator *estimator = create(team, "2");
    mlp_status first = mlp_estimator_train(estimator, &rows, &rows);
    mlp_status second = mlp_estimator_train_on(estimator, &rows, NULL);
    bool is_same = is_as_alone(estimator, "4");
    mlp_estimator_destroy(&estimator);
    ck_assert_int_eq(first, MLP_OK);
    ck_assert_int_eq(second, MLP_OK);
    ck_assert(is_same);
}
END_TEST

static bool is_second(void *context, const mlp_epoch *epoch)
{
    (void)context;
    return epoch->epoch == 2;
}

START_TEST(the_callback_of_one_rank_ends_the_training_of_all)
{
    mlp_estimator *estimator = create(team, "50");
    if (mlp_team_rank(team) + 1 == mlp_team_size(team)) {
        mlp_estimator_on_epoch(estimator, is_second, NULL);
    }
    mlp_status status = mlp_estimator_train(estimator, &rows, NULL);
    bool is_same = is_as_alone(estimator, "2");
    mlp_estimator_destroy(&estimator);
    ck_assert_int_eq(status, MLP_STOPPED);
    ck_assert(is_same);
}
END_TEST

START_TEST(rows_that_one_rank_lacks_are_refused_on_all)
{
    mlp_estimator *estimator = create(team, "1");
    mlp_samples mine = rows;
    if (mlp_team_rank(team) == 0) {
        mine.labels = NULL;
    }
    mlp_status status = mlp_estimator_train(estimator, &mine, NULL);
    mlp_estimator_destroy(&estimator);
    ck_assert_int_eq(status, MLP_ERROR_USAGE);
    ck_assert_ptr_nonnull(strstr(mlp_failure(), "neither labels nor targets"));
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("team");
    TCase *c = tcase_create("team");
    tcase_add_test(c, every_rank_has_the_network_of_one_alone);
    tcase_add_test(c, the_callback_of_one_rank_ends_the_training_of_all);
    tcase_add_test(c, rows_that_one_rank_lacks_are_refused_on_all);
    suite_add_tcase(s, c);
    return s;
}

int main(int argc, char **argv)
{
    int given;
    int size;
    int is_over = 1;
    MPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &given);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    make_rows();
    if (mlp_team_create(&argc, &argv, &team) != MLP_OK ||
        mlp_team_size(team) != (size_t)size) {
        fprintf(stderr, "%s\n", mlp_failure());
        MPI_Abort(MPI_COMM_WORLD, 1);
    }
    int failed = run_suite(suite(), CK_NOFORK);
    mlp_team_destroy(&team);
    MPI_Finalized(&is_over);
    MPI_Finalize(); /* which is still this program's to do */
    return failed != 0 || is_over ? 1 : 0;
}
