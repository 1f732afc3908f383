/** @file
 *  An event file: a start event and an event per epoch, encoded by protobuf-c.
 */
#include "tensorboard.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "checkpoint/names.h"
#include "runlog_parts.h"
#include "system/files.h"
#include "tensorboard.pb-c.h"
#include "tensorboard_record.h"

enum {
    PATH_BYTES = MLP_MAX_PATH + MLP_NAME_BYTES,
    TAG_BYTES = 32,
    SCALARS_MAX = 3 * MLP_METRICS + 2 /* of each split, and two */
};

struct mlp_tensorboard {
    FILE *file;
    bool has_epochs;
    char path[PATH_BYTES];
};

typedef struct {
    size_t count;
    Tensorboard__Summary__Value values[SCALARS_MAX];
    Tensorboard__Summary__Value *list[SCALARS_MAX];
    char tags[SCALARS_MAX][TAG_BYTES];
} scalars;

static mlp_status fail_io(const char *path, const char *verb)
{
    return mlp_fail(MLP_ERROR_IO, "--tensorboard: %s: cannot %s: %s", path,
                    verb, strerror(errno));
}

/* Write an event unbuffered: a kill must not lose it. */
static mlp_status append(mlp_tensorboard *board, Tensorboard__Event *event)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    event->has_wall_time = 1;
    event->wall_time = (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
    size_t count = tensorboard__event__get_packed_size(event);
    size_t bytes = MLP_RECORD_HEAD + count + MLP_RECORD_TAIL;
    uint8_t *record = malloc(bytes);
    if (record == NULL) {
        return mlp_fail_memory("an event of TensorBoard");
    }
    tensorboard__event__pack(event, record + MLP_RECORD_HEAD);
    mlp_record_frame(record, count);
    bool is_written = fwrite(record, 1, bytes, board->file) == bytes &&
                      fflush(board->file) == 0;
    free(record);
    return is_written ? MLP_OK : fail_io(board->path, "write");
}

/* TensorBoard reads files in order of names; two runs in one second get
 * different names. */
static mlp_status open_file(const char *directory, mlp_tensorboard *board)
{
    char host[MLP_NAME_BYTES];
    mlp_host_name(host);
    for (int64_t seconds = time(NULL); board->file == NULL; seconds++) {
        snprintf(board->path, PATH_BYTES,
                 "%s/events.out.tfevents.%010" PRId64 ".%s", directory, seconds,
                 host);
        board->file = fopen(board->path, "wxe");
        if (board->file == NULL && errno != EEXIST) {
            return fail_io(board->path, "make the file");
        }
    }
    return MLP_OK;
}

/* A start event at a step invalidates that step and later ones in earlier
 * files. */
static mlp_status write_start(mlp_tensorboard *board, uint64_t first_step)
{
    Tensorboard__Event version = TENSORBOARD__EVENT__INIT;
    Tensorboard__Event start = TENSORBOARD__EVENT__INIT;
    Tensorboard__SessionLog session = TENSORBOARD__SESSION_LOG__INIT;
    version.what_case = TENSORBOARD__EVENT__WHAT_FILE_VERSION;
    version.file_version = (char *)"brain.Event:2";
    session.has_status = 1;
    session.status = TENSORBOARD__SESSION_LOG__SESSION_STATUS__START;
    start.what_case = TENSORBOARD__EVENT__WHAT_SESSION_LOG;
    start.session_log = &session;
    start.has_step = 1;
    start.step = (int64_t)first_step;
    MLP_TRY(append(board, &version));
    return append(board, &start);
}

mlp_status mlp_tensorboard_open(const char *directory, uint64_t first_step,
                                mlp_tensorboard **board)
{
    *board = NULL;
    MLP_TRY(mlp_directory_make(directory));
    mlp_tensorboard *opened = calloc(1, sizeof *opened);
    if (opened == NULL) {
        return mlp_fail_memory("TensorBoard's file");
    }
    mlp_status status = open_file(directory, opened);
    if (status != MLP_OK) {
        free(opened);
        return status;
    }
    status = write_start(opened, first_step);
    if (status != MLP_OK) {
        (void)mlp_tensorboard_close(&opened);
        return status;
    }
    *board = opened;
    return MLP_OK;
}

/* @param split  NULL if not of a split */
static void add(scalars *all, const char *name, const char *split, double value)
{
    if (!isfinite(value)) {
        return;
    }
    Tensorboard__Summary__Value *v = &all->values[all->count];
    char *tag = all->tags[all->count];
    snprintf(tag, TAG_BYTES, "%s%s%s", name, split != NULL ? "/" : "",
             split != NULL ? split : "");
    tensorboard__summary__value__init(v);
    v->tag = tag;
    v->has_simple_value = 1;
    v->simple_value = (float)value;
    all->list[all->count++] = v;
}

static void add_tally(scalars *all, const char *split, const mlp_tally *tally)
{
    for (mlp_metric metric = 0; metric < MLP_METRICS; metric++) {
        add(all, mlp_metric_facts_of(metric)->key, split,
            mlp_tally_metric(tally, metric));
    }
}

mlp_status mlp_tensorboard_epoch(mlp_tensorboard *board,
                                 const mlp_epoch_record *record)
{
    scalars all = {.count = 0};
    Tensorboard__Event event = TENSORBOARD__EVENT__INIT;
    Tensorboard__Summary summary = TENSORBOARD__SUMMARY__INIT;
    add_tally(&all, "train", &record->train);
    add_tally(&all, "validation", &record->validation);
    add_tally(&all, "test", &record->test);
    add(&all, "learning_rate", NULL, record->learning_rate);
    add(&all, "samples_per_second", NULL, mlp_runlog_rate(record));
    summary.n_value = all.count;
    summary.value = all.list;
    event.what_case = TENSORBOARD__EVENT__WHAT_SUMMARY;
    event.summary = &summary;
    event.has_step = 1;
    event.step = (int64_t)record->step;
    board->has_epochs = true;
    return append(board, &event);
}

mlp_status mlp_tensorboard_close(mlp_tensorboard **board)
{
    mlp_tensorboard *closed = *board;
    mlp_status status = MLP_OK;
    *board = NULL;
    if (closed == NULL) {
        return MLP_OK;
    }
    if (fclose(closed->file) != 0) {
        status = fail_io(closed->path, "write");
    }
    if (!closed->has_epochs) {
        unlink(closed->path);
    }
    free(closed);
    return status;
}
