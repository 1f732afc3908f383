/** @file
 *  The run log: each event is written to the log as JSON, and to stdout as a
 *  line unless quiet.
 */
#include "runlog.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"

#include "progress.h"
#include "runlog_parts.h"

enum { LINES_MOST = 100 };

struct mlp_runlog {
    char path[MLP_MAX_PATH];
    FILE *file; /* NULL: no --log */
    uint64_t first_step;
    uint64_t epochs;
    bool is_quiet;
    mlp_progress progress;
};

static mlp_status fail_write(const mlp_runlog *log)
{
    return mlp_fail(MLP_ERROR_IO, "--log: %s: %s", log->path, strerror(errno));
}

/* Opening creates the file: if it fails, the directory is missing. */
static mlp_status fail_open(const mlp_runlog *log)
{
    const char *slash = strrchr(log->path, '/');
    if (errno != ENOENT || slash == NULL) {
        return fail_write(log);
    }
    return mlp_fail(MLP_ERROR_IO, "--log: %s: there is no directory %.*s",
                    log->path, (int)(slash - log->path), log->path);
}

static mlp_status open_file(mlp_runlog *log, bool is_resumed,
                            uint64_t resume_epoch)
{
    if (is_resumed) {
        MLP_TRY(mlp_runlog_truncate(log->path, log->first_step, resume_epoch));
    }
    log->file = fopen(log->path, is_resumed ? "ae" : "we");
    return log->file != NULL ? MLP_OK : fail_open(log);
}

/* Erase the progress line before a note on stderr. */
static void erase_progress(void *context)
{
    mlp_runlog *log = context;
    if (!log->is_quiet) {
        mlp_progress_erase(&log->progress);
        fflush(stdout);
    }
}

mlp_status mlp_runlog_open(const mlp_config *config, uint64_t resume_step,
                           uint64_t resume_epoch, mlp_runlog **log)
{
    bool is_resumed = resume_step != UINT64_MAX;
    mlp_runlog *opened = calloc(1, sizeof *opened);
    *log = NULL;
    if (opened == NULL) {
        return mlp_fail_memory("the run log");
    }
    memcpy(opened->path, config->log, sizeof opened->path);
    opened->first_step = is_resumed ? resume_step : 0;
    opened->epochs = config->epochs;
    opened->is_quiet = config->quiet;
    mlp_progress_init(&opened->progress, stdout,
                      config->quiet ? MLP_PROGRESS_NEVER : config->progress,
                      config->epochs);
    mlp_status status = config->log[0] != '\0'
                            ? open_file(opened, is_resumed, resume_epoch)
                            : MLP_OK;
    if (status != MLP_OK) {
        free(opened);
        return status;
    }
    mlp_log_before(erase_progress, opened);
    *log = opened;
    return MLP_OK;
}

mlp_status mlp_runlog_close(mlp_runlog **log)
{
    mlp_status status = MLP_OK;
    if (*log == NULL) {
        return MLP_OK;
    }
    erase_progress(*log);
    mlp_log_before(NULL, NULL);
    if ((*log)->file != NULL && fclose((*log)->file) != 0) {
        status = fail_write(*log);
    }
    free(*log);
    *log = NULL;
    return status;
}

/* Write a record as one line, unbuffered: a kill must not lose it. */
static mlp_status append(mlp_runlog *log, json_t *record)
{
    const size_t form = JSON_COMPACT | JSON_REAL_PRECISION(17);
    if (record == NULL) {
        return mlp_fail_memory("a record of the run log");
    }
    int failed = json_dumpf(record, log->file, form) != 0 ||
                 fputc('\n', log->file) == EOF || fflush(log->file) != 0;
    json_decref(record);
    return failed ? fail_write(log) : MLP_OK;
}

mlp_status mlp_runlog_start(mlp_runlog *log, const mlp_config *config,
                            const mlp_placement *placement,
                            const char *resumed_from)
{
    if (!log->is_quiet) {
        mlp_runlog_print_start(stdout, config, placement, resumed_from,
                               log->first_step);
    }
    if (log->file == NULL) {
        return MLP_OK;
    }
    return append(log, mlp_runlog_start_record(config, placement, resumed_from,
                                               log->first_step));
}

bool mlp_runlog_wants_step(mlp_runlog *log)
{
    return mlp_progress_is_due(&log->progress);
}

void mlp_runlog_step(mlp_runlog *log, uint64_t epoch, size_t step, size_t steps,
                     const mlp_tally *train)
{
    mlp_progress_draw(&log->progress, epoch, step, steps, train);
}

/* On a terminal, the progress line continues below the epoch's line. */
static void print_epoch(mlp_runlog *log, const mlp_epoch_record *record)
{
    static const mlp_tally none;
    bool goes_on = log->progress.is_drawn && record->epoch < log->epochs;
    mlp_progress_erase(&log->progress);
    mlp_runlog_print_epoch(stdout, record, log->epochs);
    if (goes_on) {
        mlp_progress_draw(&log->progress, record->epoch + 1, 0,
                          log->progress.steps, &none);
    }
    fflush(stdout);
}

/* Show some hundred lines, not ten thousand. */
static bool is_shown(const mlp_runlog *log, uint64_t epoch)
{
    uint64_t every = (log->epochs + LINES_MOST - 1) / LINES_MOST;
    return epoch == 1 || epoch == log->epochs || epoch % every == 0;
}

mlp_status mlp_runlog_epoch(mlp_runlog *log, const mlp_epoch_record *record)
{
    if (!log->is_quiet && is_shown(log, record->epoch)) {
        print_epoch(log, record);
    }
    return log->file != NULL ? append(log, mlp_runlog_epoch_record(record))
                             : MLP_OK;
}

mlp_status mlp_runlog_profile(mlp_runlog *log, uint64_t step,
                              const uint64_t *nanoseconds, size_t ranks,
                              const uint64_t sent[2])
{
    return log->file != NULL ? append(log, mlp_runlog_profile_record(
                                               step, nanoseconds, ranks, sent))
                             : MLP_OK;
}

mlp_status mlp_runlog_warning(mlp_runlog *log, uint64_t step, const char *text,
                              size_t units, size_t dead)
{
    return log->file != NULL
               ? append(log, mlp_runlog_warning_record(step, text, units, dead))
               : MLP_OK;
}

mlp_status mlp_runlog_end(mlp_runlog *log, const mlp_epoch_record *last,
                          const char *weights_hex, double wall_seconds,
                          bool is_finished)
{
    erase_progress(log);
    if (log->file == NULL) {
        return MLP_OK;
    }
    return append(log, mlp_runlog_end_record(last, weights_hex, wall_seconds,
                                             is_finished));
}
