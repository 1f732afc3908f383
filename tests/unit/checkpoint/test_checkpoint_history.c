/** @file
 *  The history in a checkpoint: metrics come back, and columns without values
 *  are left out, as in files of versions that did not have them.
 */
#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "checkpoint/file.h"
#include "hdf5/h5file.h"

#include "checkpoint_sample.h"
#include "run_suite.h"

static char folder[] = "/tmp/mlp-history-XXXXXX";
static char path[sizeof folder + 16];
static mlp_checkpoint written, found;

static void begin(void)
{
    folder_create(folder);
    snprintf(path, sizeof path, "%s/one.h5", folder);
    written = sample_create(2, 20, 0);
    sample_add_epoch(&written, 1, 10, 7000);
    sample_add_epoch(&written, 2, 20, 8000);
}

static void end(void)
{
    mlp_checkpoint_destroy(&written);
    mlp_checkpoint_destroy(&found);
    folder_destroy(folder);
}

static void write_and_load(void)
{
    unsigned char digest[MLP_DIGEST_BYTES];
    ck_assert_int_eq(mlp_checkpoint_write(path, &written, digest), MLP_OK);
    ck_assert_msg(mlp_checkpoint_load(path, &found) == MLP_OK, "%s",
                  mlp_failure());
}

static bool has(const char *name)
{
    mlp_h5file *file;
    ck_assert_int_eq(mlp_h5file_open(path, &file), MLP_OK);
    bool is_there = mlp_h5file_has(file, name);
    mlp_h5file_abandon(&file);
    return is_there;
}

START_TEST(metrics_come_back_bit_for_bit)
{
    mlp_tally *tally = &written.history.records[1].validation;
    tally->scored = tally->ranked = 10000;
    tally->square_sum = 1.0 / 3.0;
    tally->log_sum = 2.0 / 7.0;
    tally->ranking = (mlp_ranking_scores){0.1 + 0.2, (double)NAN};
    written.history.records[0].train.scored = 50000;
    written.running.scored = 34;
    written.running.square_sum = 0.7;
    written.temperature = 1.0 / 7.0;
    write_and_load();
    ck_assert_uint_eq(found.history.count, 2);
    ck_assert_int_eq(memcmp(found.history.records, written.history.records,
                            2 * sizeof *found.history.records),
                     0);
    ck_assert_int_eq(
        memcmp(&found.running, &written.running, sizeof found.running), 0);
    ck_assert_double_eq(found.temperature, 1.0 / 7.0);
    ck_assert(has("history/validation_roc_auc"));
    ck_assert(has("history/train_scored"));
    ck_assert(!has("history/test_roc_auc"));
}
END_TEST

START_TEST(columns_without_values_are_left_out_and_read_as_not_measured)
{
    write_and_load();
    ck_assert(!has("history/validation_scored"));
    ck_assert(!has("history/validation_roc_auc"));
    ck_assert(has("history/test_rows")); /* as in every version */
    const mlp_tally *tally = &found.history.records[1].validation;
    for (mlp_metric metric = MLP_METRIC_LOG_LOSS; metric < MLP_METRICS;
         metric++) {
        ck_assert(isnan(mlp_tally_metric(tally, metric)));
    }
    ck_assert_double_eq(mlp_tally_metric(tally, MLP_METRIC_ACCURACY), 0.8);
    ck_assert_double_eq(found.temperature, 0);
}
END_TEST

/* The epochs have accuracies 0.7 and 0.8. */
START_TEST(the_monitored_metric_decides_which_epoch_is_the_best)
{
    mlp_epoch_record *records = written.history.records;
    ck_assert(mlp_checkpoint_is_best(&written.config, &written.history));
    written.config.monitor = MLP_METRIC_BRIER;
    ck_assert(!mlp_checkpoint_is_best(&written.config, &written.history));
    for (size_t i = 0; i < 2; i++) {
        records[i].validation.scored = 10000;
        records[i].validation.square_sum = 100.0 * (double)(i + 1);
    }
    ck_assert(!mlp_checkpoint_is_best(&written.config, &written.history));
    records[1].validation.square_sum = 99.0;
    ck_assert(mlp_checkpoint_is_best(&written.config, &written.history));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("checkpoint_history");
    TCase *tests = tcase_create("history");
    tcase_add_checked_fixture(tests, begin, end);
    tcase_add_test(tests, metrics_come_back_bit_for_bit);
    tcase_add_test(
        tests, columns_without_values_are_left_out_and_read_as_not_measured);
    tcase_add_test(tests, the_monitored_metric_decides_which_epoch_is_the_best);
    suite_add_tcase(suite, tests);
    return run_suite(suite, CK_FORK_GETENV);
}
