/** @file
 *  The table of options: defaults, strict reading, exact writing, presets,
 *  contradictions.
 */
#include "config/config.h"
#include "config/fold.h"

#include <check.h>
#include <float.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "run_suite.h"

static mlp_config config;

static void fresh(void)
{
    mlp_config_init(&config);
}

static void set(const char *name, const char *text)
{
    ck_assert_msg(mlp_config_set(&config, name, text) == MLP_OK, "%s",
                  mlp_failure());
}

static void assert_refused(const char *name, const char *text, const char *line)
{
    ck_assert_int_eq(mlp_config_set(&config, name, text), MLP_ERROR_USAGE);
    ck_assert_str_eq(mlp_failure(), line);
}

static void assert_text(const char *name, const char *expected)
{
    char text[MLP_CONFIG_VALUE];
    mlp_config_get(&config, mlp_config_find(name), text);
    ck_assert_str_eq(text, expected);
}

START_TEST(defaults_are_a_valid_mnist_run)
{
    ck_assert_int_eq(mlp_config_check(&config), MLP_OK);
    ck_assert_ptr_null(memchr(config.given, true, sizeof config.given));
    assert_text("hidden", "256,128");
    assert_text("activation", "relu");
    assert_text("output", "softmax");
    assert_text("loss", "cross-entropy");
    assert_text("batch", "128");
    assert_text("every", "auto");
    assert_text("resume", "false");
    assert_text("data", "");
}
END_TEST

START_TEST(every_kind_is_set_and_marked_given)
{
    set("data", "/data/mnist");
    set("batch", "64");
    set("hidden", "300,100, 7");
    set("seed", "18446744073709551615");
    set("lr", "2.5e-3");
    set("activation", "tanh");
    set("resume", "auto");
    set("every", "200steps");
    ck_assert_str_eq(config.data, "/data/mnist");
    ck_assert_uint_eq(config.batch, 64);
    ck_assert_uint_eq(config.hidden_count, 3);
    ck_assert_uint_eq(config.hidden[0], 300);
    ck_assert_uint_eq(config.hidden[2], 7);
    ck_assert(config.seed == UINT64_MAX);
    ck_assert_double_eq(config.lr, 0.0025);
    ck_assert_int_eq(config.activation.item[0], MLP_ACTIVATION_TANH);
    ck_assert_int_eq(config.resume, MLP_RESUME_AUTO);
    ck_assert_uint_eq(config.every.count, 200);
    ck_assert(config.every.counts_steps);
    ck_assert(mlp_config_was_given(&config, "lr"));
    ck_assert(mlp_config_was_given(&config, "every"));
    ck_assert(!mlp_config_was_given(&config, "momentum"));
    ck_assert(!mlp_config_was_given(&config, "nothing"));
}
END_TEST

START_TEST(no_hidden_layer_is_none)
{
    set("hidden", "none");
    ck_assert_uint_eq(config.hidden_count, 0);
    assert_text("hidden", "none");
}
END_TEST

START_TEST(each_hidden_layer_may_have_its_activation)
{
    set("hidden", "30,20,10");
    set("activation", "prelu, tanh,gelu");
    assert_text("activation", "prelu,tanh,gelu");
    ck_assert_int_eq(mlp_config_activation(&config, 0), MLP_ACTIVATION_PRELU);
    ck_assert_int_eq(mlp_config_activation(&config, 2), MLP_ACTIVATION_GELU);
    ck_assert_int_eq(mlp_config_check(&config), MLP_OK);
    set("activation", "relu,tanh");
    ck_assert_int_eq(mlp_config_check(&config), MLP_ERROR_USAGE);
    ck_assert_ptr_nonnull(strstr(mlp_failure(), "2 values for 3 hidden"));
    set("activation", "elu");
    ck_assert_int_eq(mlp_config_activation(&config, 2), MLP_ACTIVATION_ELU);
    set("activation", "step");
    ck_assert_int_eq(mlp_config_check(&config), MLP_ERROR_USAGE);
    ck_assert_ptr_nonnull(strstr(mlp_failure(), "derivative is 0"));
}
END_TEST

START_TEST(names_of_choices_stand_in_the_order_of_their_enums)
{
    set("activation", "identity");
    ck_assert_int_eq(config.activation.item[0], MLP_ACTIVATION_IDENTITY);
    set("activation", "gelu");
    ck_assert_int_eq(config.activation.item[0], MLP_ACTIVATION_GELU);
    set("activation", "relu");
    ck_assert_int_eq(config.activation.item[0], MLP_ACTIVATION_RELU);
    set("output", "identity");
    ck_assert_int_eq(config.output, MLP_OUTPUT_IDENTITY);
    set("loss", "mse");
    ck_assert_int_eq(config.loss, MLP_LOSS_MSE);
    set("optimizer", "nesterov");
    ck_assert_int_eq(config.optimizer, MLP_OPTIMIZER_NESTEROV);
    set("init", "glorot-uniform");
    ck_assert_int_eq(config.init, MLP_INIT_GLOROT_UNIFORM);
    set("init", "he-normal");
    ck_assert_int_eq(config.init, MLP_INIT_HE_NORMAL);
    set("progress", "never");
    ck_assert_int_eq(config.progress, MLP_PROGRESS_NEVER);
}
END_TEST

START_TEST(invalid_numbers_are_refused)
{
    assert_refused("lr", "fast", "--lr: \"fast\" is not a number");
    assert_refused("lr", "", "--lr: \"\" is not a number");
    assert_refused("lr", "nan", "--lr: \"nan\" is not a number");
    assert_refused("lr", "inf", "--lr: \"inf\" is not a number");
    assert_refused("lr", "0x1p3", "--lr: \"0x1p3\" is not a number");
    assert_refused("lr", "0,1", "--lr: \"0,1\" is not a number");
    assert_refused("lr", " 1", "--lr: \" 1\" is not a number");
    assert_refused("lr", "1e", "--lr: \"1e\" is not a number");
    assert_refused("lr", "1e999", "--lr: \"1e999\" is too large");
    assert_refused("batch", "12.5", "--batch: \"12.5\" is not a whole number");
    assert_refused("batch", "-1", "--batch: \"-1\" is not a whole number");
    assert_refused("batch", "+1", "--batch: \"+1\" is not a whole number");
    assert_refused("seed", "18446744073709551616",
                   "--seed: \"18446744073709551616\" is too large");
    ck_assert_ptr_null(memchr(config.given, true, sizeof config.given));
}
END_TEST

START_TEST(holdouts_and_folds_have_forms)
{
    static const struct {
        const char *text;
        mlp_holdout_kind kind;
        const char *column;
    } forms[] = {{"seed", MLP_HOLDOUT_SEED, ""},
                 {"random", MLP_HOLDOUT_RANDOM, ""},
                 {"stratified", MLP_HOLDOUT_STRATIFIED, ""},
                 {"last", MLP_HOLDOUT_LAST, ""},
                 {"group:a:b", MLP_HOLDOUT_GROUP, "a:b"},
                 {"time:t", MLP_HOLDOUT_TIME, "t"},
                 {"auto", MLP_HOLDOUT_AUTO, ""}};
    static const char *const wrong[] = {
        "", "group", "group:", "time:", "randomly", "last:x"};
    static const char *const no_folds[] = {
        "0/5", "6/5", "1/1", "2", "2/", "/5", "2/5/6", "-1/5", "1/1001"};
    size_t fold;
    size_t folds;
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        const char *column;
        fresh();
        set("split", forms[i].text);
        ck_assert_int_eq(mlp_config_holdout(&config, &column), forms[i].kind);
        ck_assert_str_eq(column, forms[i].column);
        ck_assert_int_eq(mlp_config_check(&config), MLP_OK);
    }
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        fresh();
        set("split", wrong[i]);
        ck_assert_int_eq(mlp_config_check(&config), MLP_ERROR_USAGE);
    }
    fresh();
    set("fold", "2/5");
    ck_assert_int_eq(mlp_config_check(&config), MLP_OK);
    ck_assert(mlp_config_fold(&config, &fold, &folds));
    ck_assert_uint_eq(fold, 1);
    ck_assert_uint_eq(folds, 5);
    for (size_t i = 0; i < sizeof no_folds / sizeof no_folds[0]; i++) {
        set("fold", no_folds[i]);
        ck_assert_int_eq(mlp_config_check(&config), MLP_ERROR_USAGE);
        ck_assert(!mlp_config_fold(&config, &fold, &folds));
    }
}
END_TEST

START_TEST(values_out_of_range_are_refused)
{
    assert_refused("batch", "0", "--batch: 0 is below 1");
    assert_refused("batch", "2147483648",
                   "--batch: 2147483648 is above 2147483647");
    assert_refused("lr", "0", "--lr: 0 is not above 0");
    assert_refused("lr", "-0.1", "--lr: -0.1 is not above 0");
    assert_refused("momentum", "1", "--momentum: 1 is not below 1");
    assert_refused("momentum", "-0.5", "--momentum: -0.5 is below 0");
    assert_refused("validation", "0.95", "--validation: 0.95 is above 0.9");
    assert_refused("hidden", "256,0", "--hidden: 0 is below 1");
    assert_refused("classes", "65537", "--classes: 65537 is above 65536");
    assert_text("hidden", "256,128");
}
END_TEST

START_TEST(smallest_and_largest_allowed_values_are_taken)
{
    set("lr", "5e-324");
    ck_assert(config.lr > 0);
    set("momentum", "0.9999999999999999");
    set("batch", "2147483647");
    set("shards", "65536");
    set("validation", "0.9");
}
END_TEST

START_TEST(bytes_are_read_as_gnu_tools_read_them)
{
    static const struct {
        const char *text, *again;
        uint64_t bytes;
    } rows[] = {{"0", "0", 0},
                {"1000", "1000", 1000},
                {"65536", "64K", 65536},
                {"512M", "512M", UINT64_C(536870912)},
                {"512MiB", "512M", UINT64_C(536870912)},
                {"3GB", "3000000000", UINT64_C(3000000000)},
                {"1536M", "1536M", UINT64_C(1610612736)},
                {"2T", "2T", UINT64_C(2199023255552)}};
    static const char *const wrong[] = {"",    "M",     "-1",   "1.5G", "10 M",
                                        "10m", "10MB2", "10iB", "1E",   "lots"};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        set("memory-limit", rows[i].text);
        ck_assert_uint_eq(config.memory_limit, rows[i].bytes);
        assert_text("memory-limit", rows[i].again);
    }
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        char line[128];
        snprintf(line, sizeof line,
                 "--memory-limit: \"%s\" is not a number of bytes like 512M or "
                 "2G",
                 wrong[i]);
        assert_refused("memory-limit", wrong[i], line);
    }
    assert_refused("memory-limit", "99999999999T",
                   "--memory-limit: \"99999999999T\" is too large");
}
END_TEST

START_TEST(durations_have_units_or_are_as_slurm_prints_them)
{
    assert_text("max-time", "00:00:00");
    set("max-time", "1:02:03");
    ck_assert_uint_eq(config.max_time, 3723);
    assert_text("max-time", "01:02:03");
    set("max-time", "2-12:00:00");
    ck_assert_uint_eq(config.max_time, 216000);
    assert_text("max-time", "2-12:00:00");
    set("max-time", "100:00:00");
    assert_text("max-time", "4-04:00:00");
    set("max-time", "90m");
    ck_assert_uint_eq(config.max_time, 5400);
    set("max-time", "1h30m");
    ck_assert_uint_eq(config.max_time, 5400);
    set("max-time", "1d2h3m4s");
    ck_assert_uint_eq(config.max_time, 93784);
    set("watchdog", "2m");
    ck_assert_double_eq(config.watchdog, 120.0);
    set("watchdog", "0.5");
    ck_assert_double_eq(config.watchdog, 0.5);
    static const char *const wrong[] = {
        "",         "30",       "30:00",    "1:60:00",     "1:00:60",
        "-1:00:00", "1:00:00s", "1:00:00:", "1-2-1:00:00", "1:+1:00",
        "m",        "30m1h",    "1h1h",     "1h30",        "1.5h"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        char line[200];
        snprintf(line, sizeof line,
                 "--max-time: \"%s\" is not a time like 90m, 1h30m, "
                 "01:30:00 or 2-12:00:00",
                 wrong[i]);
        assert_refused("max-time", wrong[i], line);
    }
}
END_TEST

START_TEST(malformed_lists_words_and_intervals_are_refused)
{
    assert_refused("hidden", "256,,128",
                   "--hidden: \"256,,128\" is not a list of whole numbers like "
                   "256,128, or none");
    assert_refused(
        "hidden", "256,",
        "--hidden: \"256,\" is not a list of whole numbers like 256,128, "
        "or none");
    assert_refused("activation", "swish",
                   "--activation: \"swish\" is not one of identity, sigmoid, "
                   "tanh, relu, step, arctan, leaky-relu, prelu, elu, "
                   "softplus, silu, gelu");
    assert_refused("resume", "maybe",
                   "--resume: \"maybe\" is not one of true, false, "
                   "auto");
    assert_refused(
        "every", "steps",
        "--save-every: \"steps\" is not a number of epochs like 2, or of "
        "steps like 200steps");
    assert_refused("bach", "1", "bach: unknown option; did you mean batch?");
}
END_TEST

START_TEST(more_layers_than_fit_are_refused)
{
    char text[2 * (MLP_MAX_HIDDEN + 1) + 1] = "";
    memset(text, ',', sizeof text - 1);
    for (size_t i = 0; i <= MLP_MAX_HIDDEN; i++) {
        text[2 * i] = '3';
    }
    text[2 * MLP_MAX_HIDDEN - 1] = '\0'; /* after 64 of the 65 layers */
    set("hidden", text);
    ck_assert_uint_eq(config.hidden_count, MLP_MAX_HIDDEN);
    assert_text("hidden", text);
    text[2 * MLP_MAX_HIDDEN - 1] = ',';
    text[2 * MLP_MAX_HIDDEN + 1] = '\0';
    ck_assert_int_eq(mlp_config_set(&config, "hidden", text), MLP_ERROR_USAGE);
    ck_assert_uint_eq(config.hidden_count, MLP_MAX_HIDDEN);
}
END_TEST

START_TEST(a_path_that_does_not_fit_is_refused)
{
    char path[MLP_MAX_PATH + 1];
    memset(path, 'x', sizeof path);
    path[MLP_MAX_PATH] = '\0';
    ck_assert_int_eq(mlp_config_set(&config, "log", path), MLP_ERROR_USAGE);
    ck_assert_str_eq(config.log, "");
    path[MLP_MAX_PATH - 1] = '\0';
    set("log", path);
    assert_text("log", path);
}
END_TEST

START_TEST(doubles_are_written_short_and_read_back_exactly)
{
    set("lr", "0.1");
    assert_text("lr", "0.1");
    static const double values[] = {1.0 / 3, 0.1 + 0.2, DBL_MAX, DBL_TRUE_MIN,
                                    1e-5};
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        char text[MLP_CONFIG_VALUE];
        config.lr = values[i];
        mlp_config_get(&config, mlp_config_find("lr"), text);
        config.lr = 0;
        set("lr", text);
        ck_assert(config.lr == values[i]);
    }
}
END_TEST

START_TEST(every_field_round_trips_through_its_text)
{
    set("hidden", "5,4");
    set("seed", "9223372036854775809");
    set("every", "30steps");
    set("every", "auto");
    ck_assert(config.every.is_automatic);
    set("every", "30steps");
    ck_assert(!config.every.is_automatic);
    set("quiet", "yes");
    mlp_config copy;
    mlp_config_init(&copy);
    size_t count = 0;
    const mlp_option *fields = mlp_config_fields(&count);
    for (size_t i = 0; i < count; i++) {
        char text[MLP_CONFIG_VALUE];
        char again[MLP_CONFIG_VALUE];
        mlp_config_get(&config, &fields[i], text);
        ck_assert_int_eq(mlp_config_set(&copy, fields[i].name, text), MLP_OK);
        mlp_config_get(&copy, &fields[i], again);
        ck_assert_str_eq(text, again);
    }
    ck_assert_uint_eq(copy.hidden_count, 2);
    ck_assert(copy.seed == config.seed);
    ck_assert(copy.quiet);
    ck_assert_ptr_null(memchr(copy.given, false, count));
}
END_TEST

START_TEST(values_of_absent_options_are_in_stored_form)
{
    size_t count;
    const mlp_option *fields = mlp_config_fields(&count);
    for (size_t i = 0; i < count; i++) {
        char text[MLP_CONFIG_VALUE];
        ck_assert_msg(!fields[i].shapes_result || fields[i].absent != NULL,
                      "%s is not stored", fields[i].name);
        if (fields[i].absent != NULL) {
            fresh();
            ck_assert_int_eq(
                mlp_config_set(&config, fields[i].name, fields[i].absent),
                MLP_OK);
            mlp_config_get_stored(&config, &fields[i], text);
            ck_assert_str_eq(text, fields[i].absent);
        }
    }
}
END_TEST

START_TEST(new_words_on_the_command_line_do_not_change_stored_ones)
{
    static const char *const words[] = {"fail", "skip", NULL};
    mlp_option row = *mlp_config_find("bad-rows");
    char text[MLP_CONFIG_VALUE];
    row.words = words;
    fresh();
    ck_assert_int_eq(mlp_option_parse(&config, &row, "skip"), MLP_OK);
    ck_assert_int_eq(config.bad_rows, MLP_BAD_ROWS_DROP);
    mlp_config_get(&config, &row, text);
    ck_assert_str_eq(text, "skip");
    mlp_config_get_stored(&config, &row, text);
    ck_assert_str_eq(text, "drop");
    ck_assert_int_eq(mlp_option_parse(&config, &row, "fail"), MLP_OK);
    ck_assert_int_eq(mlp_option_parse(&config, &row, "drop"), MLP_OK);
    ck_assert_int_eq(config.bad_rows, MLP_BAD_ROWS_DROP);
    ck_assert_int_eq(mlp_option_parse(&config, &row, "omit"), MLP_ERROR_USAGE);
    ck_assert_ptr_nonnull(strstr(mlp_failure(), "fail, skip"));
}
END_TEST

START_TEST(old_names_are_accepted_and_stored)
{
    static const char *const names[][3] = {
        {"output", "output-activation", "tanh"},
        {"trace", "timeline", "steps.json"},
        {"verify", "check-digest", "true"},
        {"every", "save-every", "2"},
        {"keep", "keep-checkpoints", "5"},
        {"from", "replay-from", "7"},
        {"steps", "check-steps", "9"}};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char text[MLP_CONFIG_VALUE];
        const mlp_option *field = mlp_config_find(names[i][1]);
        ck_assert_ptr_nonnull(field);
        ck_assert_ptr_eq(mlp_config_find(names[i][0]), field);
        ck_assert_str_eq(mlp_config_key(field), names[i][0]);
        fresh();
        ck_assert_int_eq(mlp_config_set(&config, names[i][0], names[i][2]),
                         MLP_OK);
        ck_assert(mlp_config_was_given(&config, names[i][1]));
        mlp_config_get(&config, field, text);
        ck_assert_str_eq(text, names[i][2]);
    }
}
END_TEST

START_TEST(a_preset_fills_what_the_user_left_open)
{
    set("lr", "0.5");
    ck_assert_int_eq(mlp_config_preset(&config, "keras-mnist"), MLP_OK);
    assert_text("lr", "0.5");
    assert_text("activation", "sigmoid");
    assert_text("momentum", "0");
    assert_text("epochs", "100");
    assert_text("init", "glorot-uniform");
    assert_text("preset", "keras-mnist");
    ck_assert(mlp_config_was_given(&config, "activation"));
    ck_assert_int_eq(mlp_config_check(&config), MLP_OK);
}
END_TEST

START_TEST(a_preset_is_known_by_its_old_name)
{
    ck_assert_int_eq(mlp_config_preset(&config, "digits"), MLP_OK);
    assert_text("hidden", "32,16");
    assert_text("preset", "lecture-digits");
}
END_TEST

START_TEST(every_preset_is_a_valid_configuration)
{
    size_t count = 0;
    const mlp_config_preset_row *presets = mlp_config_presets(&count);
    ck_assert_uint_ge(count, 1);
    for (size_t i = 0; i < count; i++) {
        mlp_config_init(&config);
        ck_assert_msg(mlp_config_preset(&config, presets[i].name) == MLP_OK &&
                          mlp_config_check(&config) == MLP_OK,
                      "%s", mlp_failure());
    }
}
END_TEST

START_TEST(an_unknown_preset_lists_the_known)
{
    ck_assert_int_eq(mlp_config_preset(&config, "keras"), MLP_ERROR_USAGE);
    ck_assert_ptr_nonnull(strstr(mlp_failure(), "keras-mnist"));
    ck_assert_ptr_null(memchr(config.given, true, sizeof config.given));
}
END_TEST

static void assert_contradiction(const char *words)
{
    ck_assert_int_eq(mlp_config_check(&config), MLP_ERROR_USAGE);
    ck_assert_msg(strstr(mlp_failure(), words) != NULL, "%s", mlp_failure());
    mlp_config_init(&config);
}

START_TEST(contradictions_are_refused)
{
    set("loss", "mse");
    assert_contradiction("--output-activation softmax gives probabilities");
    set("output", "sigmoid");
    assert_contradiction("--output-activation softmax; with");
    set("optimizer", "nesterov");
    set("momentum", "0");
    assert_contradiction("--momentum above 0");
    set("resume", "true");
    assert_contradiction("--checkpoint DIR");
    set("shards", "16");
    set("batch", "8");
    assert_contradiction("--shards 16");
    set("shards", "33");
    set("batch", "8");
    set("accumulate", "4");
    assert_contradiction("--shards 33");
    set("quiet", "true");
    set("progress", "always");
    assert_contradiction("--quiet");
    set("monitor", "accuracy");
    assert_contradiction("--monitor requires --patience N");
    set("min-delta", "0.01");
    assert_contradiction("--min-delta requires --patience N");
    set("epsilon", "0.01");
    assert_contradiction("--epsilon requires --optimizer rmsprop, adam");
    set("classes", "1");
    assert_contradiction("--classes");
    set("optimizer", "adam");
    set("momentum", "0.5");
    assert_contradiction("--momentum requires --optimizer sgd, nesterov, "
                         "lars, not adam");
    set("optimizer", "lamb");
    set("l2", "0.1");
    assert_contradiction("--l2 requires --optimizer sgd, nesterov, rmsprop, "
                         "adam, not lamb");
    set("gamma", "0.5");
    assert_contradiction("--gamma requires --schedule step, exponential or");
    set("schedule", "one-cycle");
    set("warmup", "1");
    assert_contradiction("without --warmup");
    set("warmup", "10");
    assert_contradiction("--warmup 10 is not below --epochs 10");
    set("beta1", "0.8");
    assert_contradiction("--beta1 requires --optimizer adam, adamw, lamb");
}
END_TEST

START_TEST(an_optimizer_brings_its_own_rate)
{
    set("optimizer", "adam");
    mlp_config_complete(&config);
    ck_assert_double_eq(config.lr, 0.001);
    ck_assert(!mlp_config_was_given(&config, "lr"));
    ck_assert_int_eq(mlp_config_check(&config), MLP_OK);
    set("lr", "0.5");
    mlp_config_complete(&config);
    ck_assert_double_eq(config.lr, 0.5);
    mlp_config_init(&config);
    mlp_config_complete(&config);
    ck_assert_double_eq(config.lr, 0.1);
}
END_TEST

START_TEST(options_for_classes_are_refused_for_regression)
{
    static const char *const options[][3] = {
        {"classes", "3", "no classes: leave out --classes"},
        {"binary", "true", "no classes: leave out --binary"},
        {"label-smoothing", "0.1", "no classes: leave out --label-smoothing"},
        {"class-weights", "balanced", "no classes: leave out --class-weights"},
        {"monitor", "accuracy", "has no accuracy"},
        {"output", "tanh", "requires --output-activation identity or"}};
    for (size_t i = 0; i < sizeof options / sizeof options[0]; i++) {
        set("task", "regression");
        set("output", "identity");
        set("loss", "mse");
        set("patience", "2");
        ck_assert_int_eq(mlp_config_check(&config), MLP_OK);
        set("output", "softplus");
        ck_assert_int_eq(mlp_config_check(&config), MLP_OK);
        set(options[i][0], options[i][1]);
        assert_contradiction(options[i][2]);
    }
}
END_TEST

START_TEST(a_loss_of_numbers_makes_a_regression)
{
    const char *const losses[] = {"mae", "huber", "poisson"};
    for (size_t i = 0; i < 3; i++) {
        mlp_config_init(&config);
        set("loss", losses[i]);
        mlp_config_settle(&config);
        ck_assert_int_eq(config.task, MLP_TASK_REGRESSION);
        ck_assert_int_eq(config.output, config.loss == MLP_LOSS_POISSON
                                            ? MLP_OUTPUT_EXP
                                            : MLP_OUTPUT_IDENTITY);
        ck_assert_int_eq(mlp_config_check(&config), MLP_OK);
        set("task", "classification");
        set("output", i == 2 ? "exp" : "sigmoid");
        assert_contradiction("is of numbers: it requires --task regression");
    }
    mlp_config_init(&config);
    set("task", "regression");
    set("loss", "poisson");
    set("output", "softplus");
    assert_contradiction("--loss poisson requires --output-activation exp");
    mlp_config_init(&config);
    set("huber-delta", "2");
    assert_contradiction("--huber-delta requires --loss huber");
}
END_TEST

START_TEST(outputs_and_losses_bring_their_usual_partners)
{
    static const char *const pairs[][4] = {
        {"binary", "true", "sigmoid", "binary-cross-entropy"},
        {"output", "sigmoid", "sigmoid", "binary-cross-entropy"},
        {"output", "tanh", "tanh", "mse"},
        {"loss", "mse", "sigmoid", "mse"},
        {"loss", "binary-cross-entropy", "sigmoid", "binary-cross-entropy"},
        {"task", "regression", "identity", "mse"},
        {"seed", "2", "softmax", "cross-entropy"}};
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        mlp_config_init(&config);
        set(pairs[i][0], pairs[i][1]);
        mlp_config_settle(&config);
        mlp_config_settle(&config); /* as a table's task is found */
        assert_text("output", pairs[i][2]);
        assert_text("loss", pairs[i][3]);
        ck_assert_int_eq(mlp_config_check(&config), MLP_OK);
    }
    mlp_config_init(&config);
    set("loss", "perceptron");
    mlp_config_settle(&config);
    assert_text("output", "step");
}
END_TEST

START_TEST(valid_combinations_pass)
{
    set("loss", "mse");
    set("output", "sigmoid");
    set("optimizer", "nesterov");
    set("shards", "32");
    set("batch", "8");
    set("accumulate", "4");
    set("resume", "true");
    set("checkpoint", "runs/a");
    set("quiet", "true");
    ck_assert_int_eq(mlp_config_check(&config), MLP_OK);
}
END_TEST

START_TEST(only_given_fields_that_affect_the_result_are_compared)
{
    mlp_config recorded;
    mlp_config_init(&recorded);
    recorded.lr = 0.05;
    recorded.epochs = 3;
    recorded.schedule = MLP_SCHEDULE_CONSTANT;
    recorded.shards = 8;
    ck_assert_int_eq(mlp_config_matches(&config, &recorded), MLP_OK);
    set("epochs", "20");
    set("data", "elsewhere");
    set("momentum", "0.9");
    set("shards", "0");
    ck_assert_int_eq(mlp_config_matches(&config, &recorded), MLP_OK);
    set("lr", "0.1");
    ck_assert_int_eq(mlp_config_matches(&config, &recorded), MLP_ERROR_USAGE);
    ck_assert_str_eq(mlp_failure(), "lr is 0.1, the checkpoint has 0.05");
}
END_TEST

START_TEST(epochs_affect_the_result_of_a_schedule)
{
    mlp_config recorded;
    mlp_config_init(&recorded);
    recorded.epochs = 3;
    recorded.schedule = MLP_SCHEDULE_LINEAR;
    ck_assert_int_eq(mlp_config_matches(&config, &recorded), MLP_OK);
    set("epochs", "20");
    ck_assert_int_eq(mlp_config_matches(&config, &recorded), MLP_ERROR_USAGE);
    ck_assert_str_eq(mlp_failure(), "epochs is 20, the checkpoint has 3");
}
END_TEST

START_TEST(values_not_given_are_taken_from_the_checkpoint)
{
    mlp_config recorded;
    mlp_config_init(&recorded);
    recorded.lr = 0.05;
    recorded.epochs = 3;
    recorded.shards = 5;
    recorded.keep = 7;
    set("shards", "0"); /* automatic, though given */
    set("momentum", "0.9");
    ck_assert_int_eq(mlp_config_adopt(&config, &recorded), MLP_OK);
    ck_assert_double_eq(config.lr, 0.05);
    ck_assert_uint_eq(config.epochs, 3);
    ck_assert_uint_eq(config.shards, 5);
    ck_assert_uint_ne(config.keep, 7); /* does not affect the result */
    recorded.momentum = 0.5;
    ck_assert_int_eq(mlp_config_adopt(&config, &recorded), MLP_ERROR_USAGE);
}
END_TEST

START_TEST(at_most_three_differences_are_named)
{
    mlp_config recorded;
    mlp_config_init(&recorded);
    set("hidden", "9");
    set("lr", "0.2");
    set("batch", "64");
    set("seed", "7");
    ck_assert_int_eq(mlp_config_matches(&config, &recorded), MLP_ERROR_USAGE);
    ck_assert_str_eq(mlp_failure(),
                     "hidden is 9, the checkpoint has 256,128; "
                     "lr is 0.2, the checkpoint has 0.1; "
                     "batch is 64, the checkpoint has 128; and more");
}
END_TEST

/* What another run has: values that no default is. */
static mlp_config another_run(void)
{
    mlp_config other;
    mlp_config_init(&other);
    ck_assert_int_eq(mlp_config_set(&other, "hidden", "7"), MLP_OK);
    ck_assert_int_eq(mlp_config_set(&other, "lr", "0.3"), MLP_OK);
    ck_assert_int_eq(mlp_config_set(&other, "label", "kind"), MLP_OK);
    ck_assert_int_eq(mlp_config_set(&other, "freeze", "1"), MLP_OK);
    ck_assert_int_eq(mlp_config_set(&other, "classes", "4"), MLP_OK);
    return other;
}

START_TEST(a_run_that_starts_from_another_takes_its_options_over)
{
    const mlp_config other = another_run();
    set("epochs", "3");
    ck_assert_int_eq(mlp_config_inherit(&config, &other), MLP_OK);
    ck_assert_uint_eq(config.hidden[0], 7);
    ck_assert_double_eq(config.lr, 0.3);
    ck_assert_uint_eq(config.epochs, 3);
    ck_assert_uint_eq(config.freeze, 0);
    ck_assert(!mlp_config_was_given(&config, "hidden"));
    fresh();
    set("optimizer", "adam");
    ck_assert_int_eq(mlp_config_inherit(&config, &other), MLP_OK);
    ck_assert_double_eq(config.lr, 0.001); /* adam's own */
    fresh();
    set("hidden", "8");
    set("scaling", "max");
    ck_assert_int_eq(mlp_config_inherit(&config, &other), MLP_ERROR_USAGE);
    ck_assert_ptr_nonnull(strstr(mlp_failure(), "--hidden: is 8"));
    ck_assert_ptr_nonnull(strstr(mlp_failure(), "--scaling: is max"));
}
END_TEST

START_TEST(a_new_head_may_have_another_label)
{
    const mlp_config other = another_run();
    set("label", "size");
    ck_assert_int_eq(mlp_config_inherit(&config, &other), MLP_ERROR_USAGE);
    ck_assert_ptr_nonnull(strstr(mlp_failure(), "see --new-head"));
    fresh();
    set("label", "size");
    set("new-head", "true");
    ck_assert_int_eq(mlp_config_inherit(&config, &other), MLP_OK);
    ck_assert_str_eq(config.label, "size");
    ck_assert_uint_eq(config.classes, 0);
}
END_TEST

START_TEST(other_epochs_are_a_segment_where_the_schedule_spans_them)
{
    mlp_config other;
    mlp_config_init(&other);
    ck_assert(!mlp_config_has_segment(&config, &other));
    set("epochs", "20");
    ck_assert(mlp_config_has_segment(&config, &other));
    other.schedule = MLP_SCHEDULE_CONSTANT;
    ck_assert(!mlp_config_has_segment(&config, &other));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("config");
    TCase *tests = tcase_create("config");
    tcase_add_checked_fixture(tests, fresh, NULL);
    tcase_add_test(tests, defaults_are_a_valid_mnist_run);
    tcase_add_test(tests, every_kind_is_set_and_marked_given);
    tcase_add_test(tests, no_hidden_layer_is_none);
    tcase_add_test(tests, names_of_choices_stand_in_the_order_of_their_enums);
    tcase_add_test(tests, each_hidden_layer_may_have_its_activation);
    tcase_add_test(tests, invalid_numbers_are_refused);
    tcase_add_test(tests, values_out_of_range_are_refused);
    tcase_add_test(tests, holdouts_and_folds_have_forms);
    tcase_add_test(tests, smallest_and_largest_allowed_values_are_taken);
    tcase_add_test(tests, bytes_are_read_as_gnu_tools_read_them);
    tcase_add_test(tests, durations_have_units_or_are_as_slurm_prints_them);
    tcase_add_test(tests, malformed_lists_words_and_intervals_are_refused);
    tcase_add_test(tests, more_layers_than_fit_are_refused);
    tcase_add_test(tests, a_path_that_does_not_fit_is_refused);
    tcase_add_test(tests, doubles_are_written_short_and_read_back_exactly);
    tcase_add_test(tests, every_field_round_trips_through_its_text);
    tcase_add_test(tests, values_of_absent_options_are_in_stored_form);
    tcase_add_test(tests,
                   new_words_on_the_command_line_do_not_change_stored_ones);
    tcase_add_test(tests, old_names_are_accepted_and_stored);
    tcase_add_test(tests, a_preset_fills_what_the_user_left_open);
    tcase_add_test(tests, a_preset_is_known_by_its_old_name);
    tcase_add_test(tests, every_preset_is_a_valid_configuration);
    tcase_add_test(tests, an_unknown_preset_lists_the_known);
    tcase_add_test(tests, contradictions_are_refused);
    tcase_add_test(tests, an_optimizer_brings_its_own_rate);
    tcase_add_test(tests, options_for_classes_are_refused_for_regression);
    tcase_add_test(tests, a_loss_of_numbers_makes_a_regression);
    tcase_add_test(tests, outputs_and_losses_bring_their_usual_partners);
    tcase_add_test(tests, valid_combinations_pass);
    tcase_add_test(tests,
                   only_given_fields_that_affect_the_result_are_compared);
    tcase_add_test(tests, epochs_affect_the_result_of_a_schedule);
    tcase_add_test(tests, values_not_given_are_taken_from_the_checkpoint);
    tcase_add_test(tests, at_most_three_differences_are_named);
    tcase_add_test(tests,
                   a_run_that_starts_from_another_takes_its_options_over);
    tcase_add_test(tests, a_new_head_may_have_another_label);
    tcase_add_test(tests,
                   other_epochs_are_a_segment_where_the_schedule_spans_them);
    suite_add_tcase(suite, tests);
    return run_suite(suite, CK_FORK_GETENV);
}
