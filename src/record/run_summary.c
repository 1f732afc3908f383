/** @file
 *  Reading a run from its log and checkpoints.
 */
#include "run_summary.h"

#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/log.h"
#include "base/metrics.h"
#include "source/csv.h"
#include "source/source.h"
#include "system/files.h"

enum { LOG_BYTES_MAX = 512 << 20 };

/* ---- epochs */

static mlp_status add_epoch(mlp_run_summary *run, mlp_run_summary_epoch epoch)
{
    size_t n = run->epoch_count;
    if ((n & (n - 1)) == 0) { /* at 0, 1, 2, 4 ...: twice the room */
        mlp_run_summary_epoch *more =
            reallocarray(run->epochs, n == 0 ? 1 : 2 * n, sizeof *run->epochs);
        if (more == NULL) {
            return mlp_fail_memory("the epochs of a run");
        }
        run->epochs = more;
    }
    run->epochs[run->epoch_count++] = epoch;
    return MLP_OK;
}

static mlp_status take_history(mlp_run_summary *run)
{
    const mlp_history *history = &run->checkpoint.history;
    for (size_t i = 0; i < history->count; i++) {
        const mlp_epoch_record *r = &history->records[i];
        MLP_TRY(add_epoch(
            run, (mlp_run_summary_epoch){
                     .epoch = (double)r->epoch,
                     .step = (double)r->step,
                     .train_loss = mlp_tally_loss(&r->train),
                     .train_accuracy = mlp_tally_accuracy(&r->train),
                     .validation_loss = mlp_tally_loss(&r->validation),
                     .validation_accuracy = mlp_tally_accuracy(&r->validation),
                     .test_loss = mlp_tally_loss(&r->test),
                     .test_accuracy = mlp_tally_accuracy(&r->test),
                     .learning_rate = r->learning_rate,
                     .seconds = r->wall_seconds,
                     .rate = r->wall_seconds > 0.0
                                 ? (double)r->train.rows / r->wall_seconds
                                 : (double)NAN}));
    }
    return MLP_OK;
}

static double number(const json_t *record, const char *key)
{
    const json_t *value = json_object_get(record, key);
    return json_is_number(value) ? json_number_value(value) : (double)NAN;
}

static mlp_status take_epoch(mlp_run_summary *run, const json_t *r)
{
    return add_epoch(
        run, (mlp_run_summary_epoch){
                 .epoch = number(r, "epoch"),
                 .step = number(r, "step"),
                 .train_loss = number(r, "train_loss"),
                 .train_accuracy = number(r, "train_accuracy"),
                 .validation_loss = number(r, "validation_loss"),
                 .validation_accuracy = number(r, "validation_accuracy"),
                 .test_loss = number(r, "test_loss"),
                 .test_accuracy = number(r, "test_accuracy"),
                 .learning_rate = number(r, "learning_rate"),
                 .seconds = number(r, "seconds"),
                 .rate = number(r, "samples_per_second")});
}

/* ---- the log */

static void keep(json_t **kept, json_t *record)
{
    json_decref(*kept);
    *kept = json_incref(record);
}

/* Records of other kinds, from later versions, are skipped. */
static mlp_status take_record(mlp_run_summary *run, json_t *record)
{
    const char *event = json_string_value(json_object_get(record, "event"));
    if (strcmp(event, "start") == 0) {
        keep(&run->start, record);
        keep(&run->end, NULL); /* the run was resumed */
        run->starts++;
    } else if (strcmp(event, "end") == 0 || strcmp(event, "stop") == 0) {
        keep(&run->end, record);
    } else if (strcmp(event, "profile") == 0) {
        keep(&run->profile, record);
    } else if (strcmp(event, "epoch") == 0) {
        return take_epoch(run, record);
    }
    return MLP_OK;
}

/* An incomplete last line is still being written. */
static mlp_status read_lines(mlp_run_summary *run, FILE *file)
{
    char *line = NULL;
    size_t room = 0, number_of_line = 0;
    mlp_status status = MLP_OK;
    ssize_t length;
    while (status == MLP_OK && (length = getline(&line, &room, file)) > 0 &&
           line[length - 1] == '\n') {
        json_t *record = json_loadb(line, (size_t)length, 0, NULL);
        number_of_line++;
        status = json_is_string(json_object_get(record, "event"))
                     ? take_record(run, record)
                     : mlp_fail(MLP_ERROR_DATA,
                                "%s:%zu: expected a record of a run log, found "
                                "something else",
                                run->log_path, number_of_line);
        json_decref(record);
    }
    free(line);
    if (status == MLP_OK && ferror(file)) {
        return mlp_fail_read(run->log_path);
    }
    return status;
}

static mlp_status read_log(mlp_run_summary *run, const char *path)
{
    struct stat facts;
    snprintf(run->log_path, sizeof run->log_path, "%s", path);
    FILE *file = fopen(path, "re");
    if (file == NULL || fstat(fileno(file), &facts) != 0) {
        mlp_status status = mlp_fail_open(path);
        if (file != NULL) {
            fclose(file);
        }
        return status;
    }
    run->log_bytes = facts.st_size;
    mlp_status status =
        facts.st_size <= LOG_BYTES_MAX
            ? read_lines(run, file)
            : mlp_fail(MLP_ERROR_DATA,
                       "%s: has %lld bytes, a run log at most %d", path,
                       (long long)facts.st_size, LOG_BYTES_MAX);
    fclose(file);
    return status;
}

/* ---- a directory */

static bool ends_with(const char *name, const char *end)
{
    size_t length = strlen(name), more = strlen(end);
    return length > more && strcmp(name + length - more, end) == 0;
}

/* log.jsonl, or the only *.jsonl; "" when there is none, or more than one.
 * @param count  number of *.jsonl files */
static mlp_status find_log(const char *path, char found[MLP_MAX_PATH],
                           size_t *count)
{
    bool is_named = false;
    struct dirent *entry;
    DIR *directory = opendir(path);
    mlp_status status = directory == NULL ? mlp_fail_read(path) : MLP_OK;
    *count = 0;
    found[0] = '\0';
    while (mlp_directory_next(path, directory, &entry, &status)) {
        if (!ends_with(entry->d_name, ".jsonl") || is_named) {
            continue;
        }
        ++*count;
        is_named = strcmp(entry->d_name, "log.jsonl") == 0;
        int length =
            snprintf(found, MLP_MAX_PATH, "%s/%s", path, entry->d_name);
        found[0] = length < MLP_MAX_PATH ? found[0] : '\0';
    }
    if (directory != NULL) {
        closedir(directory);
    }
    if (*count > 1 && !is_named) {
        found[0] = '\0';
    }
    return status;
}

static void note_missing(mlp_run_summary *run, const char *what)
{
    snprintf(run->missing, sizeof run->missing, "%.500s", what);
}

/* Without a valid checkpoint, the log alone is used. */
static mlp_status load_newest(mlp_run_summary *run, const char *path)
{
    mlp_status status = mlp_checkpoint_load_newest(path, &run->checkpoint,
                                                   run->checkpoint_path);
    if (status != MLP_OK) {
        run->checkpoint_path[0] = '\0';
        note_missing(run, mlp_failure());
    }
    return status;
}

static mlp_status read_directory(mlp_run_summary *run, const char *path)
{
    char log[MLP_MAX_PATH];
    size_t logs;
    MLP_TRY(find_log(path, log, &logs));
    mlp_status loaded = load_newest(run, path);
    if (log[0] != '\0') {
        return read_log(run, log);
    }
    if (loaded != MLP_OK) {
        return loaded;
    }
    if (run->checkpoint_path[0] == '\0') {
        return mlp_fail(MLP_ERROR_MISSING,
                        logs > 1 ? "%s: has several *.jsonl; name one"
                                 : "%s: has neither a checkpoint nor a log, "
                                   "*.jsonl",
                        path);
    }
    note_missing(run, logs > 1
                          ? "several *.jsonl beside the checkpoints, none of "
                            "them log.jsonl"
                          : "no log, *.jsonl, beside the checkpoints");
    return MLP_OK;
}

/* ---- a file */

static mlp_status detect_hdf5(const char *path, bool *is_hdf5)
{
    char first = '\0';
    size_t count;
    MLP_TRY(mlp_read_start(path, &first, 1, &count));
    *is_hdf5 = count > 0 && first != '{' && ends_with(path, ".h5");
    return MLP_OK;
}

/* The log has the path of the run's checkpoints. */
static void follow(mlp_run_summary *run)
{
    char path[MLP_MAX_PATH];
    struct stat facts;
    mlp_run_summary_text(run->start, "config.checkpoint", path, sizeof path);
    if (path[0] == '\0') {
        note_missing(run, "the run kept no checkpoints");
    } else if (stat(path, &facts) != 0 || !S_ISDIR(facts.st_mode)) {
        char text[400];
        snprintf(text, sizeof text,
                 "no checkpoints at %.300s, where the log says", path);
        note_missing(run, text);
    } else if (load_newest(run, path) == MLP_OK &&
               run->checkpoint_path[0] == '\0') {
        note_missing(run, "no checkpoint where the log says");
    }
}

static mlp_status read_run(mlp_run_summary *run, const char *path)
{
    struct stat facts;
    if (stat(path, &facts) != 0) {
        return mlp_fail_open(path);
    }
    bool is_hdf5 = false;
    if (!S_ISDIR(facts.st_mode)) {
        MLP_TRY(detect_hdf5(path, &is_hdf5));
    }
    if (S_ISDIR(facts.st_mode)) {
        MLP_TRY(read_directory(run, path));
    } else if (is_hdf5) {
        MLP_TRY(mlp_checkpoint_load(path, &run->checkpoint));
        snprintf(run->checkpoint_path, sizeof run->checkpoint_path, "%s", path);
        note_missing(run, "a checkpoint alone was given");
    } else {
        MLP_TRY(read_log(run, path));
        follow(run);
    }
    if (run->epoch_count == 0) {
        MLP_TRY(take_history(run));
    }
    return run->epoch_count > 0
               ? MLP_OK
               : mlp_fail(MLP_ERROR_DATA, "%s: has no finished epoch yet",
                          path);
}

mlp_status mlp_run_summary_open(const char *path, mlp_run_summary *run)
{
    *run = (mlp_run_summary){0};
    snprintf(run->name, sizeof run->name, "%s", path);
    mlp_status status = read_run(run, path);
    if (status != MLP_OK) {
        mlp_run_summary_close(run);
    }
    return status;
}

void mlp_run_summary_close(mlp_run_summary *run)
{
    json_decref(run->start);
    json_decref(run->end);
    json_decref(run->profile);
    free(run->epochs);
    mlp_checkpoint_destroy(&run->checkpoint);
    *run = (mlp_run_summary){0};
}

/* ---- of the log alone -------------------------------------------------- */

static bool find_own_log(const char *run, char log[MLP_MAX_PATH])
{
    struct stat facts;
    if (stat(run, &facts) != 0) {
        return false;
    }
    const char *slash = strrchr(run, '/');
    bool is_directory = S_ISDIR(facts.st_mode);
    size_t length = is_directory    ? strlen(run)
                    : slash != NULL ? (size_t)(slash - run)
                                    : 0;
    int used = snprintf(log, MLP_MAX_PATH, "%.*s%slog.jsonl", (int)length, run,
                        length > 0 ? "/" : "");
    return used > 0 && used < MLP_MAX_PATH && stat(log, &facts) == 0 &&
           S_ISREG(facts.st_mode);
}

json_t *mlp_run_summary_recall(const char *run)
{
    char log[MLP_MAX_PATH];
    mlp_run_summary summary = {0};
    json_t *start = NULL;
    if (find_own_log(run, log) && read_log(&summary, log) == MLP_OK) {
        start = json_incref(summary.start);
    }
    mlp_run_summary_close(&summary);
    return start;
}

/* Version 0.1.0 logged the default as "", and what that was by its name. */
static void find_default(const json_t *start, char spec[MLP_MAX_PATH])
{
    mlp_run_summary_text(start, "data.name", spec, MLP_MAX_PATH);
    if (strncmp(spec, "digits (", 8) == 0) {
        snprintf(spec, MLP_MAX_PATH, "digits");
    }
    if (!mlp_source_is_there(spec)) {
        spec[0] = '\0';
    }
}

mlp_status mlp_run_summary_data(const json_t *start, const char *key,
                                const char *option, char spec[MLP_MAX_PATH])
{
    char path[64];
    const char *named = getenv("MLP_DATA");
    bool has_default = strcmp(key, "data") == 0;
    snprintf(path, sizeof path, "config.%s", key);
    mlp_run_summary_text(start, path, spec, MLP_MAX_PATH);
    if (spec[0] == '\0' && has_default) {
        find_default(start, spec);
    }
    if (spec[0] == '\0' || mlp_source_is_there(spec)) {
        return MLP_OK;
    }
    if (strcmp(spec, MLP_CSV_INPUT) == 0) {
        return mlp_fail(MLP_ERROR_USAGE,
                        "the run read its --%s from standard input: name the "
                        "rows by --%s FILE, or --%s - to give them so again",
                        key, option, option);
    }
    if (has_default && named != NULL && named[0] != '\0') {
        mlp_log_note("%s, the data of the run by its log, is not there: "
                     "$MLP_DATA is used, %s",
                     spec, named);
        spec[0] = '\0';
        return MLP_OK;
    }
    return mlp_fail(MLP_ERROR_MISSING,
                    "%s: is not there, which the run's log names as its --%s; "
                    "name the rows by --%s",
                    spec, key, option);
}
