/** @file
 *  Loads several models with the same rows.
 */
#include "ensemble.h"

#include <stdlib.h>
#include <string.h>

#include "checkpoint/folds.h"

enum { MODELS_MOST = 1024 };

static bool have_same_classes(const mlp_checkpoint *a, const mlp_checkpoint *b)
{
    bool are_same = a->widths[a->layers] == b->widths[b->layers] &&
                    a->schema.is_regression == b->schema.is_regression &&
                    a->config.binary == b->config.binary &&
                    a->config.output == b->config.output &&
                    a->class_names.count == b->class_names.count;
    for (size_t k = 0; are_same && k < a->class_names.count; k++) {
        are_same =
            strcmp(a->class_names.items[k], b->class_names.items[k]) == 0;
    }
    return are_same;
}

static mlp_status check_model(const mlp_ensemble *of,
                              const mlp_tool_case *loaded)
{
    const mlp_tool_case *first = &of->cases[0];
    size_t rows = first->dataset.range.count;
    if (!have_same_classes(&first->checkpoint, &loaded->checkpoint)) {
        return mlp_fail(MLP_ERROR_DATA,
                        "%s: has other classes or outputs than %s, and cannot "
                        "be averaged with it",
                        loaded->checkpoint_path, first->checkpoint_path);
    }
    return loaded->dataset.range.count == rows &&
                   memcmp(first->numbers, loaded->numbers,
                          rows * sizeof *first->numbers) == 0
               ? MLP_OK
               : mlp_fail(MLP_ERROR_DATA,
                          "%s: its %s rows are others than those of %s",
                          loaded->checkpoint_path,
                          mlp_tool_split_name(of->options->split),
                          first->checkpoint_path);
}

static mlp_status add_model(mlp_ensemble *of, bool has_labels, const char *path)
{
    mlp_tool_options own = *of->options;
    if (of->count == MODELS_MOST) {
        return mlp_fail(MLP_ERROR_USAGE, "more than %d models", MODELS_MOST);
    }
    own.file = path;
    own.is_average = true;
    own.has_numbers = true;
    MLP_TRY(mlp_tool_load(&own, has_labels, &of->cases[of->count]));
    return check_model(of, &of->cases[of->count++]);
}

/* A run, or each model of a run of several. */
static mlp_status add_run(mlp_ensemble *of, bool has_labels, const char *run)
{
    char path[MLP_MAX_PATH];
    size_t folds = mlp_fold_count(run);
    if (folds == 0) {
        return add_model(of, has_labels, run);
    }
    if (of->options->has_split && !of->options->is_all) {
        return mlp_fail(MLP_ERROR_USAGE,
                        "%s: is a run of %zu folds, which held out other rows "
                        "each; its file out-of-fold.csv has the predictions "
                        "for these: leave out --split",
                        run, folds);
    }
    for (size_t fold = 0; fold < folds; fold++) {
        MLP_TRY(mlp_fold_path(run, fold, path));
        MLP_TRY(add_model(of, has_labels, path));
    }
    return MLP_OK;
}

static mlp_status create_average(mlp_ensemble *of)
{
    mlp_average_member *members = calloc(of->count, sizeof *members);
    if (members == NULL) {
        return mlp_fail_memory("models");
    }
    for (size_t m = 0; m < of->count; m++) {
        members[m] =
            (mlp_average_member){of->cases[m].inference, &of->cases[m].dataset};
    }
    mlp_status status = mlp_average_create(members, of->count, &of->average);
    free(members);
    return status;
}

mlp_status mlp_ensemble_load(const mlp_tool_options *options, bool has_labels,
                             mlp_ensemble *of)
{
    of->options = options;
    of->cases = calloc(MODELS_MOST, sizeof *of->cases);
    if (of->cases == NULL) {
        return mlp_fail_memory("models");
    }
    for (size_t i = 0; i < options->operand_count; i++) {
        MLP_TRY(add_run(of, has_labels, options->operands[i]));
    }
    return create_average(of);
}

void mlp_ensemble_unload(mlp_ensemble *of)
{
    mlp_average_destroy(&of->average);
    for (size_t m = 0; of->cases != NULL && m < of->count; m++) {
        mlp_tool_unload(&of->cases[m]);
    }
    free(of->cases);
    *of = (mlp_ensemble){0};
}
