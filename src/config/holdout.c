/** @file
 *  --split: which rows are held out.
 */
#include <stdio.h>
#include <string.h>

#include "config.h"
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
