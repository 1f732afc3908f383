/** @file
 *  What is known of a run.
 */
#include "run_summary.h"

#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/metrics.h"
#include "system/files.h"

enum { LOG_BYTES_MAX = 512 << 20 };

/* ---- epochs */

static mlp_status add_epoch(mlp_story *story, mlp_story_epoch epoch)
{
    size_t n = story->epoch_count;
    if ((n & (n - 1)) == 0) { /* at 0, 1, 2, 4 ...: twice the room */
        mlp_story_epoch *more = reallocarray(story->epochs, n == 0 ? 1 : 2 * n,
                                             sizeof *story->epochs);
        if (more == NULL) {
            return mlp_fail_memory("the epochs of a run");
        }
        story->epochs = more;
    }
    story->epochs[story->epoch_count++] = epoch;
    return MLP_OK;
}

static mlp_status take_history(mlp_story *story)
{
    const mlp_history *history = &story->checkpoint.history;
    for (size_t i = 0; i < history->count; i++) {
        const mlp_epoch_record *r = &history->records[i];
        MLP_TRY(add_epoch(
            story,
            (mlp_story_epoch){
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

static mlp_status take_epoch(mlp_story *story, const json_t *r)
{
    return add_epoch(
        story, (mlp_story_epoch){
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

/* Records of other kinds, of later versions, are passed over. */
static mlp_status take_record(mlp_story *story, json_t *record)
{
    const char *event = json_string_value(json_object_get(record, "event"));
    if (strcmp(event, "start") == 0) {
        keep(&story->start, record);
        keep(&story->end, NULL); /* it went on */
        story->starts++;
    } else if (strcmp(event, "end") == 0 || strcmp(event, "stop") == 0) {
        keep(&story->end, record);
    } else if (strcmp(event, "profile") == 0) {
        keep(&story->profile, record);
    } else if (strcmp(event, "epoch") == 0) {
        return take_epoch(story, record);
    }
    return MLP_OK;
}

/* A last line without its end is still being written. */
static mlp_status read_lines(mlp_story *story, FILE *file)
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
                     ? take_record(story, record)
                     : mlp_fail(MLP_ERROR_DATA,
                                "%s:%zu: expected a record of a run log, found "
                                "something else",
                                story->log_path, number_of_line);
        json_decref(record);
    }
    free(line);
    if (status == MLP_OK && ferror(file)) {
        return mlp_fail_read(story->log_path);
    }
    return status;
}

static mlp_status read_log(mlp_story *story, const char *path)
{
    struct stat facts;
    snprintf(story->log_path, sizeof story->log_path, "%s", path);
    FILE *file = fopen(path, "re");
    if (file == NULL || fstat(fileno(file), &facts) != 0) {
        mlp_status status = mlp_fail_open(path);
        if (file != NULL) {
            fclose(file);
        }
        return status;
    }
    mlp_status status =
        facts.st_size <= LOG_BYTES_MAX
            ? read_lines(story, file)
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

/* log.jsonl, or the only one; "" when there is none, or no telling which.
 * @param count  how many there are */
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

static void miss(mlp_story *story, const char *what)
{
    snprintf(story->missing, sizeof story->missing, "%.500s", what);
}

/* Checkpoints of which none is whole leave the log. */
static mlp_status load_newest(mlp_story *story, const char *path)
{
    mlp_status status = mlp_checkpoint_load_newest(path, &story->checkpoint,
                                                   story->checkpoint_path);
    if (status != MLP_OK) {
        story->checkpoint_path[0] = '\0';
        miss(story, mlp_failure());
    }
    return status;
}

static mlp_status read_directory(mlp_story *story, const char *path)
{
    char log[MLP_MAX_PATH];
    size_t logs;
    MLP_TRY(find_log(path, log, &logs));
    mlp_status loaded = load_newest(story, path);
    if (log[0] != '\0') {
        return read_log(story, log);
    }
    if (loaded != MLP_OK) {
        return loaded;
    }
    if (story->checkpoint_path[0] == '\0') {
        return mlp_fail(MLP_ERROR_MISSING,
                        logs > 1 ? "%s: has several *.jsonl; name one"
                                 : "%s: has neither a checkpoint nor a log, "
                                   "*.jsonl",
                        path);
    }
    miss(story, logs > 1 ? "several *.jsonl beside the checkpoints, none of "
                           "them log.jsonl"
                         : "no log, *.jsonl, beside the checkpoints");
    return MLP_OK;
}

/* ---- a file */

static mlp_status look_for_hdf5(const char *path, bool *is_hdf5)
{
    char first = '\0';
    size_t count;
    MLP_TRY(mlp_read_start(path, &first, 1, &count));
    *is_hdf5 = count > 0 && first != '{' && ends_with(path, ".h5");
    return MLP_OK;
}

/* A log tells where the run kept its checkpoints. */
static void follow(mlp_story *story)
{
    char path[MLP_MAX_PATH];
    struct stat facts;
    mlp_story_text(story->start, "config.checkpoint", path, sizeof path);
    if (path[0] == '\0') {
        miss(story, "the run kept no checkpoints");
    } else if (stat(path, &facts) != 0 || !S_ISDIR(facts.st_mode)) {
        char text[400];
        snprintf(text, sizeof text,
                 "no checkpoints at %.300s, where the log says", path);
        miss(story, text);
    } else if (load_newest(story, path) == MLP_OK &&
               story->checkpoint_path[0] == '\0') {
        miss(story, "no checkpoint where the log says");
    }
}

static mlp_status read_run(mlp_story *story, const char *path)
{
    struct stat facts;
    if (stat(path, &facts) != 0) {
        return mlp_fail_open(path);
    }
    bool is_hdf5 = false;
    if (!S_ISDIR(facts.st_mode)) {
        MLP_TRY(look_for_hdf5(path, &is_hdf5));
    }
    if (S_ISDIR(facts.st_mode)) {
        MLP_TRY(read_directory(story, path));
    } else if (is_hdf5) {
        MLP_TRY(mlp_checkpoint_load(path, &story->checkpoint));
        snprintf(story->checkpoint_path, sizeof story->checkpoint_path, "%s",
                 path);
        miss(story, "a checkpoint alone was given");
    } else {
        MLP_TRY(read_log(story, path));
        follow(story);
    }
    if (story->epoch_count == 0) {
        MLP_TRY(take_history(story));
    }
    return story->epoch_count > 0
               ? MLP_OK
               : mlp_fail(MLP_ERROR_DATA, "%s: has no finished epoch yet",
                          path);
}

mlp_status mlp_story_open(const char *path, mlp_story *story)
{
    *story = (mlp_story){0};
    snprintf(story->name, sizeof story->name, "%s", path);
    mlp_status status = read_run(story, path);
    if (status != MLP_OK) {
        mlp_story_close(story);
    }
    return status;
}

void mlp_story_close(mlp_story *story)
{
    json_decref(story->start);
    json_decref(story->end);
    json_decref(story->profile);
    free(story->epochs);
    mlp_checkpoint_destroy(&story->checkpoint);
    *story = (mlp_story){0};
}
