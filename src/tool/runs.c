/** @file
 *  mlp runs: the runs of a directory as a table, sorted by a metric.
 */
#include <dirent.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "record/run_summary.h"
#include "system/files.h"
#include "system/terminal.h"
#include "tool.h"

/* A run, with the metrics of its best epoch. */
typedef struct {
    char *name; /* within the directory */
    mlp_run_summary_epoch best;
    double epochs, seconds;
    const char *state;
} run_row;

typedef struct {
    run_row *rows;
    size_t count;
} run_list;

/* Columns with numbers; those with a word can be sorted by. */
static const struct {
    const char *name;
    size_t member; /* of run_row */
    bool is_better_high;
    const char *format;
} columns[] = {
#define BEST(member) offsetof(run_row, best.member)
    {"validation-loss", BEST(validation_loss), false, "%.4g"},
    {"validation-accuracy", BEST(validation_accuracy), true, "%.4f"},
    {"test-loss", BEST(test_loss), false, "%.4g"},
    {"test-accuracy", BEST(test_accuracy), true, "%.4f"},
    {"train-loss", BEST(train_loss), false, "%.4g"},
    {"train-accuracy", BEST(train_accuracy), true, "%.4f"},
    {"best-epoch", BEST(epoch), false, "%.0f"},
    {"epochs", offsetof(run_row, epochs), false, "%.0f"},
    {"seconds", offsetof(run_row, seconds), false, "%.1f"}
#undef BEST
};

enum { COLUMNS = sizeof columns / sizeof columns[0], CELL = 32 };

/* NAN where the run has no such number. */
static double value_of(const run_row *row, size_t column)
{
    double value;
    memcpy(&value, (const char *)row + columns[column].member, sizeof value);
    return value;
}

/* ---- reading */

static const char *state_of(const mlp_run_summary *run)
{
    const json_t *event = json_object_get(run->end, "event");
    if (run->log_path[0] == '\0') {
        return "no log";
    }
    if (run->end == NULL) {
        return "unfinished";
    }
    return strcmp(json_string_value(event), "stop") == 0 ? "stopped" : "done";
}

static mlp_status add_row(run_list *list, const char *name,
                          const mlp_run_summary *run)
{
    run_row row = {.name = strdup(name),
                   .best = run->epochs[mlp_run_summary_best(run)],
                   .epochs = (double)run->epoch_count,
                   .state = state_of(run)};
    for (size_t i = 0; i < run->epoch_count; i++) {
        double spent = run->epochs[i].seconds;
        row.seconds += isnan(spent) ? 0.0 : spent;
    }
    run_row *more =
        reallocarray(list->rows, list->count + 1, sizeof *list->rows);
    list->rows = more != NULL ? more : list->rows;
    if (more == NULL || row.name == NULL) {
        free(row.name);
        return mlp_fail_memory("the list of runs");
    }
    list->rows[list->count++] = row;
    return MLP_OK;
}

/* What is no run, or has no finished epoch, is left out. */
static mlp_status read_entry(run_list *list, const char *directory,
                             const char *name)
{
    char path[MLP_MAX_PATH];
    mlp_run_summary run;
    int length = snprintf(path, sizeof path, "%s/%s", directory, name);
    if (name[0] == '.' || (size_t)length >= sizeof path) {
        return MLP_OK;
    }
    mlp_status status = mlp_run_summary_open(path, &run);
    if (status != MLP_OK) {
        return status == MLP_ERROR_INTERNAL ? status : MLP_OK;
    }
    status = add_row(list, name, &run);
    mlp_run_summary_close(&run);
    return status;
}

static mlp_status read_runs(const char *path, run_list *list)
{
    struct dirent *entry;
    mlp_status status = MLP_OK;
    DIR *directory = opendir(path);
    if (directory == NULL) {
        return mlp_fail_open(path);
    }
    while (mlp_directory_next(path, directory, &entry, &status)) {
        status = read_entry(list, path, entry->d_name);
        if (status != MLP_OK) {
            break;
        }
    }
    closedir(directory);
    return status == MLP_OK && list->count == 0
               ? mlp_fail(MLP_ERROR_MISSING, "%s: has no run in it", path)
               : status;
}

/* ---- sorting */

static int compare_names(const void *a, const void *b)
{
    return strcmp(((const run_row *)a)->name, ((const run_row *)b)->name);
}

/* Whether b is better than a; a number is better than none. */
static bool is_better(const run_row *b, const run_row *a, size_t column)
{
    double x = value_of(a, column), y = value_of(b, column);
    if (isnan(x) || isnan(y)) {
        return isnan(x) && !isnan(y);
    }
    return columns[column].is_better_high ? y > x : y < x;
}

/* The best first, equals by name. */
static void sort(run_list *list, const char *metric)
{
    size_t column = 0;
    qsort(list->rows, list->count, sizeof *list->rows, compare_names);
    while (column < COLUMNS && strcmp(columns[column].name, metric) != 0) {
        column++;
    }
    for (size_t i = 1; column < COLUMNS && i < list->count; i++) {
        run_row row = list->rows[i];
        size_t place = i;
        for (; place > 0 && is_better(&row, &list->rows[place - 1], column);
             place--) {
            list->rows[place] = list->rows[place - 1];
        }
        list->rows[place] = row;
    }
}

/* ---- printing */

static void write_cell(const run_row *row, size_t column, char cell[CELL])
{
    double value = value_of(row, column);
    cell[0] = '\0';
    if (!isnan(value)) {
        snprintf(cell, CELL, columns[column].format, value);
    }
}

/* Whether any run has a number there. */
static bool is_used(const run_list *list, size_t column)
{
    for (size_t i = 0; i < list->count; i++) {
        if (!isnan(value_of(&list->rows[i], column))) {
            return true;
        }
    }
    return false;
}

static void print_text(FILE *out, const run_list *list)
{
    int width = (int)strlen("run");
    for (size_t i = 0; i < list->count; i++) {
        int own = mlp_terminal_width(list->rows[i].name);
        width = own > width ? own : width;
    }
    mlp_terminal_put(out, "run", -width);
    for (size_t k = 0; k < COLUMNS; k++) {
        if (is_used(list, k)) {
            fprintf(out, "  %s", columns[k].name);
        }
    }
    fputs("  state\n", out);
    for (size_t i = 0; i < list->count; i++) {
        mlp_terminal_put(out, list->rows[i].name, -width);
        for (size_t k = 0; k < COLUMNS; k++) {
            char cell[CELL];
            write_cell(&list->rows[i], k, cell);
            if (is_used(list, k)) {
                fprintf(out, "  %*s", (int)strlen(columns[k].name), cell);
            }
        }
        fprintf(out, "  %s\n", list->rows[i].state);
    }
}

static mlp_status print_json(FILE *out, const run_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        json_t *row = json_object();
        mlp_json_set(&row, "run", mlp_json_text(list->rows[i].name));
        for (size_t k = 0; k < COLUMNS; k++) {
            mlp_json_set(&row, columns[k].name,
                         mlp_json_number(value_of(&list->rows[i], k)));
        }
        mlp_json_set(&row, "state", mlp_json_text(list->rows[i].state));
        MLP_TRY(mlp_json_print(out, row, MLP_JSON_DOUBLE));
    }
    return MLP_OK;
}

/* ---- the sub-command */

static mlp_status run(const mlp_tool_options *options, mlp_tool_output *output)
{
    run_list list = {0};
    mlp_status status = read_runs(options->file, &list);
    if (status == MLP_OK) {
        sort(&list, options->sort);
        if (options->is_json) {
            status = print_json(output->file, &list);
        } else {
            print_text(output->file, &list);
        }
    }
    for (size_t i = 0; i < list.count; i++) {
        free(list.rows[i].name);
    }
    free(list.rows);
    return status;
}

static const char *const formats[] = {"text", "json", NULL};
static const char *const options[] = {"sort", "format", "output", NULL};

const mlp_tool_command mlp_tool_runs = {
    .name = "runs",
    .summary = "the runs of a directory as a table, sorted by a metric",
    .description =
        "List the runs in the directory DIR: logs, and directories with a log "
        "or\n"
        "checkpoints. The metrics are those of a run's best epoch by the "
        "validation rows,\n"
        "without such rows of its last one. Runs without the metric to sort "
        "by\ncome last.",
    .options = options,
    .formats = formats,
    .operands = "DIR",
    .operands_max = 1,
    .run = run,
};
