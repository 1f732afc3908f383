/** @file
 *  Warns after training if the model has learned nothing: a regression that
 *  explains no variance of its targets, or a classifier that is no better than
 *  always predicting the largest class.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "record/classification_report.h"

#include "internal.h"

/* Below this R^2 a regression counts as useless. */
static const double R2_LEAST = 0.001;

/* The rows that the model is measured on, and its score. */
typedef struct {
    const mlp_sharded *split;
    const char *name;
    mlp_tally tally;
    size_t largest;      /* the class with most rows */
    uint64_t of_largest; /* rows of that class */
    uint64_t *confusion; /* [classes, classes]; NULL before it is needed, and
                            with too many classes */
} outcome;

const mlp_sharded *mlp_run_best_split(const mlp_run_data *data)
{
    return data->test.rows > 0         ? &data->test
           : data->validation.rows > 0 ? &data->validation
                                       : &data->train;
}

static bool is_regression(const mlp_run_parts *run)
{
    return run->job.config.task == MLP_TASK_REGRESSION;
}

/* ---- facts without an evaluation --------------------------------------- */

const mlp_epoch_record *mlp_run_last_record(const mlp_run_parts *run)
{
    const mlp_history *history = &run->state.history;
    uint64_t best =
        run->job.config.patience > 0 ? run->progress.early_stopping.best : 0;
    size_t i = history->count;
    while (i > 0 && best > 0 && history->records[i - 1].epoch != best) {
        i--;
    }
    return i > 0 ? &history->records[i - 1] : NULL;
}

static mlp_status recall_tally(mlp_run_parts *run, outcome *o)
{
    const mlp_epoch_record *record =
        mlp_run_is_leader(&run->job) ? mlp_run_last_record(run) : NULL;
    if (record != NULL) {
        o->tally = o->split == &run->data.test         ? record->test
                   : o->split == &run->data.validation ? record->validation
                                                       : record->train;
    }
    return mlp_comm_broadcast(run->job.comm, &o->tally, sizeof o->tally);
}

mlp_status mlp_run_count_classes(const mlp_run_parts *run,
                                 const mlp_sharded *split, uint64_t **rows)
{
    const mlp_dataset *here = &split->here;
    uint64_t *counts = calloc(run->data.classes, sizeof *counts);
    mlp_status status =
        counts == NULL ? mlp_fail_memory("the rows of each class") : MLP_OK;
    status = mlp_comm_agree(run->job.comm, status);
    if (status == MLP_OK) {
        for (size_t r = 0; r < here->range.count; r++) {
            counts[here->labels[r]] += mlp_dataset_weight(here, r) > 0.0;
        }
        status = mlp_comm_sum(run->job.comm, counts, run->data.classes);
    }
    if (status != MLP_OK) {
        free(counts);
        counts = NULL;
    }
    *rows = counts;
    return status;
}

static mlp_status find_largest_class(const mlp_run_parts *run, outcome *o)
{
    uint64_t *rows;
    MLP_TRY(mlp_run_count_classes(run, o->split, &rows));
    for (size_t k = 0; k < run->data.classes; k++) {
        if (rows[k] > o->of_largest) {
            o->largest = k;
            o->of_largest = rows[k];
        }
    }
    free(rows);
    return MLP_OK;
}

/* ---- the decision ------------------------------------------------------ */

/* Whether the mean recall, over classes that have rows, is that of a constant
 * prediction. For --class-weights, which trade accuracy for recall. */
static bool is_balanced_by_chance(const outcome *o, size_t classes)
{
    double recalls = 0.0;
    double present = 0.0;
    for (size_t k = 0; o->confusion != NULL && k < classes; k++) {
        uint64_t support = 0;
        for (size_t j = 0; j < classes; j++) {
            support += o->confusion[k * classes + j];
        }
        present += support > 0;
        recalls += support > 0
                       ? (double)o->confusion[k * classes + k] / (double)support
                       : 0.0;
    }
    return recalls < 1.000001 && present > 1;
}

static bool is_useless(const mlp_run_parts *run, const outcome *o)
{
    if (is_regression(run)) {
        return mlp_tally_r2(&o->tally) < R2_LEAST;
    }
    /* with rows of one class there is nothing to learn */
    return o->tally.hits <= o->of_largest &&
           o->of_largest < mlp_sharded_counted(o->split);
}

/* Evaluate the final weights on all rows of the split. */
static mlp_status evaluate(mlp_run_parts *run, outcome *o)
{
    size_t classes = run->data.classes;
    mlp_status status = MLP_OK;
    if (!is_regression(run) && classes <= MLP_REPORT_CLASSES_MAX) {
        o->confusion = calloc(classes * classes, sizeof *o->confusion);
        status = o->confusion == NULL ? mlp_fail_memory("the confusion matrix")
                                      : MLP_OK;
    }
    MLP_TRY(mlp_comm_agree(run->job.comm, status));
    return mlp_trainer_evaluate(run->trainer, o->split, &o->tally,
                                o->confusion);
}

/* ---- the line ---------------------------------------------------------- */

static void describe_score(const mlp_run_parts *run, const outcome *o,
                           char *text, size_t size)
{
    const mlp_names *names = mlp_source_facts(run->data.source)->class_names;
    char number[24];
    if (is_regression(run)) {
        snprintf(text, size,
                 "no better than the mean of the targets: %s R2 %.4f", o->name,
                 mlp_tally_r2(&o->tally));
        return;
    }
    snprintf(number, sizeof number, "%zu", o->largest);
    bool has_name = names != NULL && o->largest < names->count;
    snprintf(text, size,
             "no better than always the largest class: %s accuracy %.2f%%, and "
             "%.2f%% of the rows are of class %.60s",
             o->name, 100 * mlp_tally_accuracy(&o->tally),
             100 * (double)o->of_largest /
                 (double)mlp_sharded_counted(o->split),
             has_name ? names->items[o->largest] : number);
}

/* Such as trade accuracy for recall. */
static bool has_class_weights(const mlp_run_parts *run)
{
    return strcmp(run->job.config.class_weights, "none") != 0 ||
           run->data.train.here.weights != NULL;
}

static void describe_cause(const mlp_run_parts *run, const outcome *o,
                           const mlp_dead_units *units, char *text, size_t size)
{
    double lr = run->job.config.lr;
    bool is_most = 2 * units->dead >= units->units;
    bool is_uneven = 2 * o->of_largest > o->tally.rows;
    if (units->dead > 0) {
        snprintf(text, size,
                 "; %zu of %zu ReLU units of hidden layer %zu are 0 for each "
                 "of %zu training rows, and learn no more: %s --lr than %g may "
                 "help",
                 units->dead, units->units, units->layer + 1, units->rows,
                 is_most ? "a smaller" : "another", lr);
        return;
    }
    snprintf(text, size, "; another --lr than %g, %smore --epochs may help", lr,
             is_uneven && !has_class_weights(run)
                 ? "--class-weights balanced or "
                 : "or ");
}

static mlp_status warn(mlp_run_parts *run, const outcome *o)
{
    mlp_dead_units units;
    char score[256], cause[256], line[512];
    MLP_TRY(mlp_trainer_count_dead(run->trainer, &units));
    describe_score(run, o, score, sizeof score);
    describe_cause(run, o, &units, cause, sizeof cause);
    snprintf(line, sizeof line, "%s%s", score, cause);
    mlp_log_warning("%s", line);
    mlp_status status = mlp_run_is_leader(&run->job)
                            ? mlp_runlog_warning(run->log, run->state.step,
                                                 line, units.units, units.dead)
                            : MLP_OK;
    return mlp_comm_agree(run->job.comm, status);
}

static mlp_status check(mlp_run_parts *run, outcome *o)
{
    MLP_TRY(recall_tally(run, o));
    if (o->tally.rows == 0) {
        return MLP_OK; /* no epoch was finished */
    }
    if (!is_regression(run)) {
        MLP_TRY(find_largest_class(run, o));
    }
    if (!is_useless(run, o)) {
        return MLP_OK;
    }
    MLP_TRY(evaluate(run, o));
    return is_useless(run, o) && (!has_class_weights(run) ||
                                  is_balanced_by_chance(o, run->data.classes))
               ? warn(run, o)
               : MLP_OK;
}

mlp_status mlp_run_check_outcome(mlp_run_parts *run)
{
    outcome o = {.split = mlp_run_best_split(&run->data)};
    o.name = o.split == &run->data.test         ? "test"
             : o.split == &run->data.validation ? "validation"
                                                : "training";
    bool is_reported =
        mlp_run_is_small(&run->data, run->model) && !is_regression(run);
    mlp_status status = is_reported ? MLP_OK : check(run, &o);
    free(o.confusion);
    return status == MLP_STOPPED ? MLP_OK : status;
}
