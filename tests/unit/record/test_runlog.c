/** @file
 *  The run log: JSON records, printed lines, and records that a resumed run
 *  keeps.
 */
#include "record/runlog.h"

#include <check.h>
#include <fcntl.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/version.h"
#include "system/profile.h"

#include "run_suite.h"

static char folder[] = "/tmp/mlp-runlog-XXXXXX";
static char printed[64]; /* where stdout goes; Check forks for each test */
static char log_path[64];
static char text[65536];

static const size_t widths[] = {784, 256, 128, 10};
static const mlp_placement placement = {.ranks = 4,
                                        .threads = 1,
                                        .cores = 2,
                                        .instruction_set = "avx512",
                                        .data = "/data/mnist",
                                        .train_rows = 60000,
                                        .test_rows = 10000,
                                        .parameters = 235146,
                                        .widths = widths,
                                        .layers = 3};
static const mlp_epoch_record first_epoch = {
    .epoch = 1,
    .step = 469,
    .train = {.loss_sum = 13884, .hits = 55872, .rows = 60000},
    .test = {.loss_sum = 1201, .hits = 9640, .rows = 10000},
    .learning_rate = 0.1,
    .wall_seconds = 2.0};
static mlp_config config;

static void set(const char *name, const char *value)
{
    ck_assert_int_eq(mlp_config_set(&config, name, value), MLP_OK);
}

static void setup(void)
{
    ck_assert_ptr_nonnull(mkdtemp(folder));
    snprintf(printed, sizeof printed, "%s/stdout", folder);
    ck_assert_ptr_nonnull(freopen(printed, "w", stdout));
    snprintf(log_path, sizeof log_path, "%s/run.jsonl", folder);
    mlp_config_init(&config);
    set("log", log_path);
    set("shards", "8");
}

static void teardown(void)
{
    unlink(log_path);
    unlink(printed);
    rmdir(folder);
}

static const char *content_of(const char *path)
{
    FILE *file = fopen(path, "r");
    ck_assert_ptr_nonnull(file);
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    fclose(file);
    return text;
}

static void write_log(const char *content)
{
    FILE *file = fopen(config.log, "w");
    ck_assert_ptr_nonnull(file);
    fputs(content, file);
    ck_assert_int_eq(fclose(file), 0);
}

/* Record number `index` of the log; the caller decrefs it. */
static json_t *record_at(size_t index)
{
    const char *line = content_of(config.log);
    for (size_t i = 0; i < index; i++) {
        line = strchr(line, '\n');
        ck_assert_ptr_nonnull(line);
        line++;
    }
    json_t *record = json_loads(line, JSON_DISABLE_EOF_CHECK, NULL);
    ck_assert_ptr_nonnull(record);
    return record;
}

static mlp_runlog *open_log(uint64_t resume_step)
{
    mlp_runlog *log = NULL;
    ck_assert_msg(mlp_runlog_open(&config, resume_step, UINT64_MAX, &log) ==
                      MLP_OK,
                  "%s", mlp_failure());
    return log;
}

static void close_log(mlp_runlog *log)
{
    ck_assert_int_eq(mlp_runlog_close(&log), MLP_OK);
    ck_assert_ptr_null(log);
}

START_TEST(start_has_configuration_and_placement)
{
    set("hidden", "256,128");
    set("seed", "18446744073709551615");
    mlp_runlog *log = open_log(UINT64_MAX);
    ck_assert_int_eq(mlp_runlog_start(log, &config, &placement, NULL), MLP_OK);
    json_t *record = record_at(0);
    const char *event, *version, *name, *seed, *every, *isa;
    int resumed_is_null, batch, hidden, ranks, rows, width, is_resumed;
    double lr;
    json_t *from;
    ck_assert_int_eq(
        json_unpack(record,
                    "{s:s, s:s, s:o, s:{s:i, s:f, s:s, s:s, s:b, s:[i, i]}, "
                    "s:{s:i, s:s}, s:{s:s, s:i}, s:[i]}",
                    "event", &event, "version", &version, "resumed_from", &from,
                    "config", "batch", &batch, "lr", &lr, "seed", &seed,
                    "every", &every, "resume", &is_resumed, "hidden", &hidden,
                    &hidden, "placement", "ranks", &ranks, "instruction_set",
                    &isa, "data", "name", &name, "train_rows", &rows, "widths",
                    &width),
        0);
    resumed_is_null = json_is_null(from);
    ck_assert_str_eq(event, "start");
    ck_assert_str_eq(version, MLP_VERSION);
    ck_assert(resumed_is_null);
    ck_assert_int_eq(batch, 128);
    ck_assert_double_eq(lr, 0.1);
    ck_assert_str_eq(seed, "18446744073709551615");
    ck_assert_str_eq(every, "auto");
    ck_assert(!is_resumed);
    ck_assert_int_eq(hidden, 128);
    ck_assert_int_eq(ranks, 4);
    ck_assert_str_eq(isa, "avx512");
    ck_assert_str_eq(name, "/data/mnist");
    ck_assert_int_eq(rows, 60000);
    ck_assert_int_eq(width, 784);
    json_decref(record);
    close_log(log);
}
END_TEST

START_TEST(start_has_every_option)
{
    mlp_runlog *log = open_log(UINT64_MAX);
    ck_assert_int_eq(mlp_runlog_start(log, &config, &placement, NULL), MLP_OK);
    json_t *record = record_at(0);
    size_t count = 0;
    const mlp_option *fields = mlp_config_fields(&count);
    json_t *object = json_object_get(record, "config");
    ck_assert_uint_eq(json_object_size(object), count);
    for (size_t i = 0; i < count; i++) {
        ck_assert_ptr_nonnull(
            json_object_get(object, mlp_config_key(&fields[i])));
    }
    json_decref(record);
    close_log(log);
}
END_TEST

START_TEST(start_lines_have_team_data_and_model)
{
    mlp_runlog *log = open_log(UINT64_MAX);
    ck_assert_int_eq(mlp_runlog_start(log, &config, &placement, NULL), MLP_OK);
    ck_assert_str_eq(
        content_of(printed),
        "mlp_train " MLP_VERSION ": 4 ranks x 1 thread on 2 cores, avx512\n"
        "data  /data/mnist (60000 train, 0 validation, 10000 test rows, "
        "784 features, 10 classes)\n"
        "model 784-256-128-10 relu softmax, 235146 parameters, "
        "sgd lr 0.1 momentum 0.9, batch 128, 8 shards\n"
        "saves nothing: --run DIR saves checkpoints, log and curves\n");
    close_log(log);
}
END_TEST

START_TEST(a_path_that_is_no_utf8_is_still_recorded)
{
    mlp_placement odd = placement;
    odd.data = "/data/m\xfcll";
    mlp_runlog *log = open_log(UINT64_MAX);
    ck_assert_int_eq(mlp_runlog_start(log, &config, &odd, NULL), MLP_OK);
    json_t *record = record_at(0);
    json_t *name = json_object_get(json_object_get(record, "data"), "name");
    ck_assert_str_eq(json_string_value(name), "/data/m?ll");
    json_decref(record);
    close_log(log);
}
END_TEST

START_TEST(an_epoch_is_a_record_and_a_line)
{
    mlp_runlog *log = open_log(UINT64_MAX);
    ck_assert_int_eq(mlp_runlog_epoch(log, &first_epoch), MLP_OK);
    ck_assert_str_eq(content_of(printed),
                     "epoch  1/10  step    469  train loss 0.2314 acc 93.12%  "
                     "test loss 0.1201 acc 96.40%  2.0 s  30000 rows/s\n");
    json_t *record = record_at(0);
    double loss, accuracy, rate;
    int step;
    ck_assert_int_eq(json_unpack(record, "{s:f, s:f, s:f, s:i}", "train_loss",
                                 &loss, "test_accuracy", &accuracy,
                                 "samples_per_second", &rate, "step", &step),
                     0);
    ck_assert_double_eq(loss, 13884.0 / 60000);
    ck_assert_double_eq(accuracy, 0.964);
    ck_assert_double_eq(rate, 30000);
    ck_assert_int_eq(step, 469);
    json_decref(record);
    close_log(log);
}
END_TEST

START_TEST(missing_or_non_finite_values_are_null)
{
    mlp_epoch_record diverged = first_epoch;
    diverged.train.loss_sum = (double)NAN;
    mlp_runlog *log = open_log(UINT64_MAX);
    ck_assert_int_eq(mlp_runlog_epoch(log, &diverged), MLP_OK);
    json_t *record = record_at(0);
    ck_assert(json_is_null(json_object_get(record, "train_loss")));
    ck_assert(json_is_null(json_object_get(record, "validation_loss")));
    ck_assert(json_is_null(json_object_get(record, "validation_accuracy")));
    ck_assert(json_is_real(json_object_get(record, "test_loss")));
    json_decref(record);
    close_log(log);
}
END_TEST

START_TEST(end_and_stop_carry_the_digest)
{
    mlp_runlog *log = open_log(UINT64_MAX);
    ck_assert_int_eq(mlp_runlog_end(log, &first_epoch, "00ff", 2.5, true),
                     MLP_OK);
    ck_assert_int_eq(mlp_runlog_end(log, &first_epoch, "11ee", 2.5, false),
                     MLP_OK);
    for (size_t i = 0; i < 2; i++) {
        json_t *record = record_at(i);
        ck_assert_str_eq(json_string_value(json_object_get(record, "event")),
                         i == 0 ? "end" : "stop");
        ck_assert_str_eq(
            json_string_value(json_object_get(record, "weights_sha256")),
            i == 0 ? "00ff" : "11ee");
        json_decref(record);
    }
    close_log(log);
}
END_TEST

START_TEST(a_profile_has_the_seconds_of_each_rank)
{
    uint64_t nanoseconds[2 * MLP_PHASES] = {0};
    const uint64_t sent[2] = {5000000000, 41};
    double first, second;
    json_int_t bytes, messages;
    nanoseconds[MLP_PHASE_FORWARD] = 1500000000;
    nanoseconds[MLP_PHASES + MLP_PHASE_WAIT] = 250000000;
    mlp_runlog *log = open_log(UINT64_MAX);
    ck_assert_int_eq(mlp_runlog_profile(log, 469, nanoseconds, 2, sent),
                     MLP_OK);
    json_t *record = record_at(0);
    ck_assert_int_eq(json_unpack(record, "{s:i, s:[{s:f}, {s:f}], s:I, s:I}",
                                 "step", &(int){0}, "rank_seconds", "forward",
                                 &first, "wait", &second, "sent_bytes", &bytes,
                                 "sent_messages", &messages),
                     0);
    ck_assert_int_eq(bytes, 5000000000);
    ck_assert_int_eq(messages, 41);
    ck_assert_double_eq_tol(first, 1.5, 1e-9);
    ck_assert_double_eq_tol(second, 0.25, 1e-9);
    json_decref(record);
    close_log(log);
}
END_TEST

START_TEST(a_warning_has_its_text_and_the_dead_units)
{
    const char *said;
    int units, dead;
    mlp_runlog *log = open_log(UINT64_MAX);
    ck_assert_int_eq(mlp_runlog_warning(log, 469, "useless", 128, 127), MLP_OK);
    json_t *record = record_at(0);
    ck_assert_int_eq(json_unpack(record, "{s:i, s:s, s:i, s:i}", "step",
                                 &(int){0}, "text", &said, "relu_units", &units,
                                 "dead_units", &dead),
                     0);
    ck_assert_str_eq(said, "useless");
    ck_assert_int_eq(units, 128);
    ck_assert_int_eq(dead, 127);
    json_decref(record);
    close_log(log);
}
END_TEST

START_TEST(a_quiet_run_prints_nothing_and_still_logs)
{
    set("quiet", "true");
    mlp_runlog *log = open_log(UINT64_MAX);
    ck_assert_int_eq(mlp_runlog_start(log, &config, &placement, NULL), MLP_OK);
    ck_assert_int_eq(mlp_runlog_epoch(log, &first_epoch), MLP_OK);
    ck_assert(!mlp_runlog_wants_step(log));
    close_log(log);
    ck_assert_str_eq(content_of(printed), "");
    json_decref(record_at(1));
}
END_TEST

START_TEST(a_run_without_log_writes_no_file)
{
    set("log", "");
    mlp_runlog *log = open_log(UINT64_MAX);
    ck_assert_int_eq(mlp_runlog_start(log, &config, &placement, NULL), MLP_OK);
    ck_assert_int_eq(mlp_runlog_epoch(log, &first_epoch), MLP_OK);
    ck_assert_int_eq(mlp_runlog_end(log, &first_epoch, "00", 1, true), MLP_OK);
    close_log(log);
    ck_assert_int_ne(access(log_path, F_OK), 0);
}
END_TEST

START_TEST(a_new_run_starts_with_an_empty_file)
{
    write_log("{\"event\":\"start\",\"step\":0}\n");
    close_log(open_log(UINT64_MAX));
    ck_assert_str_eq(content_of(config.log), "");
}
END_TEST

#define START   "{\"event\":\"start\",\"step\":0}\n"
#define EPOCH_1 "{\"event\":\"epoch\",\"step\":100}\n"
#define EPOCH_2 "{\"event\":\"epoch\",\"step\":200}\n"
#define END_3   "{\"event\":\"end\",\"step\":300}\n"

START_TEST(a_resumed_run_cuts_later_steps_and_appends)
{
    write_log(START EPOCH_1 EPOCH_2 END_3);
    mlp_runlog *log = open_log(100);
    ck_assert_str_eq(content_of(config.log), START EPOCH_1);
    ck_assert_int_eq(
        mlp_runlog_start(log, &config, &placement, "runs/a/ckpt-1.h5"), MLP_OK);
    json_t *record = record_at(2);
    ck_assert_str_eq(json_string_value(json_object_get(record, "resumed_from")),
                     "runs/a/ckpt-1.h5");
    ck_assert_int_eq(json_integer_value(json_object_get(record, "step")), 100);
    json_decref(record);
    close_log(log);
    ck_assert_ptr_nonnull(
        strstr(content_of(printed), "from  runs/a/ckpt-1.h5, step 100\n"));
}
END_TEST

START_TEST(a_resumed_run_keeps_all_that_is_not_later)
{
    write_log(START EPOCH_1 EPOCH_2 END_3);
    close_log(open_log(300));
    ck_assert_str_eq(content_of(config.log), START EPOCH_1 EPOCH_2 END_3);
}
END_TEST

/* The epoch's last step is saved, but not that it is closed. */
START_TEST(a_resumed_run_cuts_the_end_of_an_epoch_that_is_open)
{
#define CLOSED_1 "{\"event\":\"epoch\",\"epoch\":1,\"step\":100}\n"
#define CLOSED_2 "{\"event\":\"epoch\",\"epoch\":2,\"step\":200}\n"
    mlp_runlog *log = NULL;
    write_log(START CLOSED_1 CLOSED_2);
    ck_assert_int_eq(mlp_runlog_open(&config, 200, 1, &log), MLP_OK);
    close_log(log);
    ck_assert_str_eq(content_of(config.log), START CLOSED_1);
}
END_TEST

START_TEST(a_torn_last_line_is_dropped)
{
    write_log(START EPOCH_1 "{\"event\":\"epo");
    close_log(open_log(150));
    ck_assert_str_eq(content_of(config.log), START EPOCH_1);
}
END_TEST

START_TEST(a_resumed_run_without_a_log_begins_one)
{
    close_log(open_log(100));
    ck_assert_str_eq(content_of(config.log), "");
}
END_TEST

START_TEST(a_file_that_is_no_run_log_is_left_alone)
{
    mlp_runlog *log = NULL;
    write_log(START "epoch,loss\n1,0.5\n");
    ck_assert_int_eq(mlp_runlog_open(&config, 100, 1, &log), MLP_ERROR_DATA);
    ck_assert_ptr_null(log);
    ck_assert_ptr_nonnull(strstr(mlp_failure(), "run.jsonl:2:"));
    ck_assert_str_eq(content_of(config.log), START "epoch,loss\n1,0.5\n");
}
END_TEST

START_TEST(a_log_that_cannot_be_opened_or_written_names_itself)
{
    mlp_runlog *log = NULL;
    set("log", "/no/such/folder/run.jsonl");
    ck_assert_int_eq(mlp_runlog_open(&config, UINT64_MAX, 0, &log),
                     MLP_ERROR_IO);
    ck_assert_ptr_null(log);
    ck_assert_str_eq(mlp_failure(),
                     "--log: /no/such/folder/run.jsonl: there is no directory "
                     "/no/such/folder");
    set("log", "/dev/full");
    log = open_log(UINT64_MAX);
    ck_assert_int_eq(mlp_runlog_epoch(log, &first_epoch), MLP_ERROR_IO);
    ck_assert_ptr_nonnull(strstr(mlp_failure(), "/dev/full"));
    mlp_runlog_close(&log);
}
END_TEST

START_TEST(a_log_that_is_no_regular_file_is_not_cut)
{
    set("log", "/dev/null");
    close_log(open_log(7));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("runlog");
    TCase *tests = tcase_create("runlog");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, start_has_configuration_and_placement);
    tcase_add_test(tests, start_has_every_option);
    tcase_add_test(tests, start_lines_have_team_data_and_model);
    tcase_add_test(tests, a_path_that_is_no_utf8_is_still_recorded);
    tcase_add_test(tests, an_epoch_is_a_record_and_a_line);
    tcase_add_test(tests, missing_or_non_finite_values_are_null);
    tcase_add_test(tests, end_and_stop_carry_the_digest);
    tcase_add_test(tests, a_profile_has_the_seconds_of_each_rank);
    tcase_add_test(tests, a_warning_has_its_text_and_the_dead_units);
    tcase_add_test(tests, a_quiet_run_prints_nothing_and_still_logs);
    tcase_add_test(tests, a_run_without_log_writes_no_file);
    tcase_add_test(tests, a_new_run_starts_with_an_empty_file);
    tcase_add_test(tests, a_resumed_run_cuts_later_steps_and_appends);
    tcase_add_test(tests, a_resumed_run_keeps_all_that_is_not_later);
    tcase_add_test(tests, a_resumed_run_cuts_the_end_of_an_epoch_that_is_open);
    tcase_add_test(tests, a_torn_last_line_is_dropped);
    tcase_add_test(tests, a_resumed_run_without_a_log_begins_one);
    tcase_add_test(tests, a_file_that_is_no_run_log_is_left_alone);
    tcase_add_test(tests, a_log_that_cannot_be_opened_or_written_names_itself);
    tcase_add_test(tests, a_log_that_is_no_regular_file_is_not_cut);
    suite_add_tcase(suite, tests);
    return run_suite(suite, CK_FORK_GETENV);
}
