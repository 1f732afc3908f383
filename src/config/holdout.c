/** @file
 *  --split: which rows are held out.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config.h"
#include "fold.h"
#include "holdout.h"

/* Those with a colon need a column behind it. */
static const char *const names[] = {[MLP_HOLDOUT_SEED] = "seed",
                                    [MLP_HOLDOUT_RANDOM] = "random",
                                    [MLP_HOLDOUT_STRATIFIED] = "stratified",
                                    [MLP_HOLDOUT_LAST] = "last",
                                    [MLP_HOLDOUT_GROUP] = "group:",
                                    [MLP_HOLDOUT_TIME] = "time:",
                                    [MLP_HOLDOUT_AUTO] = "auto"};

enum { KINDS = sizeof names / sizeof names[0] };

static bool is_named(const char *text, size_t kind)
{
    size_t length = strlen(names[kind]);
    return names[kind][length - 1] == ':'
               ? strncmp(text, names[kind], length) == 0 && text[length] != '\0'
               : strcmp(text, names[kind]) == 0;
}

static size_t find(const char *text)
{
    size_t kind = 0;
    while (kind < KINDS && !is_named(text, kind)) {
        kind++;
    }
    return kind;
}

mlp_holdout_kind mlp_config_holdout(const mlp_config *config,
                                    const char **column)
{
    size_t kind = find(config->split);
    bool has_column = kind == MLP_HOLDOUT_GROUP || kind == MLP_HOLDOUT_TIME;
    if (column != NULL) {
        *column = has_column ? config->split + strlen(names[kind]) : "";
    }
    return kind < KINDS ? (mlp_holdout_kind)kind : MLP_HOLDOUT_AUTO;
}

void mlp_config_set_holdout(mlp_config *config, mlp_holdout_kind kind)
{
    snprintf(config->split, sizeof config->split, "%s", names[kind]);
}

mlp_status mlp_config_check_holdout(const mlp_config *config)
{
    mlp_holdout_kind kind = mlp_config_holdout(config, NULL);
    bool is_drawn = kind != MLP_HOLDOUT_SEED && kind != MLP_HOLDOUT_LAST &&
                    kind != MLP_HOLDOUT_TIME;
    if (find(config->split) == KINDS) {
        return mlp_fail(MLP_ERROR_USAGE,
                        "--split: \"%.200s\" is none of random, stratified, "
                        "last, group:COLUMN, time:COLUMN, seed and auto",
                        config->split);
    }
    if (mlp_config_was_given(config, "split") && !is_drawn &&
        mlp_config_was_given(config, "split-seed")) {
        return mlp_fail(MLP_ERROR_USAGE,
                        "--split-seed goes with --split random, stratified "
                        "and group:COLUMN");
    }
    return config->validation == 0 || config->validation_data[0] == '\0'
               ? MLP_OK
               : mlp_fail(MLP_ERROR_USAGE, "--validation and "
                                           "--validation-data exclude each "
                                           "other");
}

/* ---- folds ------------------------------------------------------------- */

/* A number of digits alone, which *text then follows. */
static bool take_number(const char **text, size_t *number)
{
    size_t length = strspn(*text, "0123456789");
    *number = length > 0 && length < 5 ? strtoul(*text, NULL, 10) : 0;
    *text += length;
    return *number > 0;
}

bool mlp_config_fold(const mlp_config *config, size_t *fold, size_t *folds)
{
    const char *text = config->fold;
    size_t number = 0;
    size_t count = 0;
    bool is_fold = take_number(&text, &number) && *text++ == '/' &&
                   take_number(&text, &count) && *text == '\0' &&
                   number <= count && count > 1 && count <= MLP_FOLDS_MOST;
    *fold = is_fold ? number - 1 : 0;
    *folds = is_fold ? count : 0;
    return is_fold;
}

/* What a run of several models does not do. */
static mlp_status check_single(const mlp_config *config)
{
    const struct {
        const char *name;
        bool is_used;
    } options[] = {{"fold", config->fold[0] != '\0'},
                   {"checkpoint", mlp_config_was_given(config, "checkpoint")},
                   {"log", mlp_config_was_given(config, "log")},
                   {"tensorboard", mlp_config_was_given(config, "tensorboard")},
                   {"timeline", config->trace[0] != '\0'},
                   {"plan", config->plan > 0},
                   {"dry-run", config->dry_run},
                   {"check-digest", config->verify},
                   {"replay", config->replay[0] != '\0'}};
    for (size_t i = 0; i < sizeof options / sizeof options[0]; i++) {
        if (options[i].is_used) {
            return mlp_fail(MLP_ERROR_USAGE,
                            "--folds and --%s exclude each other",
                            options[i].name);
        }
    }
    return config->folds > 1
               ? MLP_OK
               : mlp_fail(MLP_ERROR_USAGE, "--folds: 1 is below 2 (0: off)");
}

mlp_status mlp_config_check_folds(const mlp_config *config)
{
    size_t fold;
    size_t folds;
    mlp_holdout_kind kind = mlp_config_holdout(config, NULL);
    if (config->folds == 0 && config->fold[0] == '\0') {
        return MLP_OK;
    }
    if (config->folds > 0) {
        MLP_TRY(check_single(config));
    } else if (!mlp_config_fold(config, &fold, &folds)) {
        return mlp_fail(MLP_ERROR_USAGE,
                        "--fold: \"%.200s\" is not a fold like 2/5, of up to "
                        "%d",
                        config->fold, MLP_FOLDS_MOST);
    }
    if (config->folds > 0 && strcmp(config->data, "-") == 0) {
        return mlp_fail(MLP_ERROR_USAGE,
                        "--folds reads the data for each model, and standard "
                        "input is there once: give a file");
    }
    if (config->test_fraction > 0.0 || config->test_data[0] != '\0') {
        return mlp_fail(MLP_ERROR_USAGE,
                        "folds test every row: --test-fraction and --test-data "
                        "don't go with them");
    }
    if (kind == MLP_HOLDOUT_TIME ||
        (kind == MLP_HOLDOUT_SEED && mlp_config_was_given(config, "split"))) {
        return mlp_fail(MLP_ERROR_USAGE, "folds don't go with --split %.200s%s",
                        config->split,
                        kind == MLP_HOLDOUT_TIME
                            ? ": a model would be tested on rows before those "
                              "that it learned from"
                            : "");
    }
    return MLP_OK;
}
