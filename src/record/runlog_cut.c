/** @file
 *  Truncates the log of a killed run before it is resumed.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runlog_parts.h"

/* The position from which the run resumes. */
typedef struct {
    uint64_t step, epoch;
} resume_point;

static bool is_after(const json_t *record, const char *name, uint64_t last)
{
    const json_t *value = json_object_get(record, name);
    return json_is_integer(value) && (uint64_t)json_integer_value(value) > last;
}

static bool is_epoch(const json_t *record)
{
    const char *event = json_string_value(json_object_get(record, "event"));
    return event != NULL && strcmp(event, "epoch") == 0;
}

/* Whether to keep a line. MLP_ERROR_DATA when it is not a record: the file is
 * then not a run log, and must not be truncated. */
static mlp_status check_line(const char *path, size_t line_number,
                             const char *line, size_t length,
                             resume_point point, bool *may_stay)
{
    json_t *record = json_loadb(line, length, 0, NULL);
    if (!json_is_object(record)) {
        json_decref(record);
        return mlp_fail(MLP_ERROR_DATA,
                        "--log: %s:%zu: is not a record of a run log; give "
                        "another file",
                        path, line_number);
    }
    *may_stay = !is_after(record, "step", point.step) &&
                !(is_epoch(record) && is_after(record, "epoch", point.epoch));
    json_decref(record);
    return MLP_OK;
}

/* Length of the leading complete lines to keep. An incomplete last line was
 * being written when the run was killed. */
static mlp_status measure(FILE *file, const char *path, resume_point point,
                          off_t *kept)
{
    mlp_status status = MLP_OK;
    char *line = NULL;
    size_t capacity = 0;
    size_t line_number = 0;
    bool may_stay = true;
    *kept = 0;
    while (status == MLP_OK && may_stay) {
        ssize_t length = getline(&line, &capacity, file);
        if (length <= 0 || line[length - 1] != '\n') {
            break;
        }
        status = check_line(path, ++line_number, line, (size_t)length, point,
                            &may_stay);
        *kept += may_stay ? length : 0;
    }
    free(line);
    if (status == MLP_OK && ferror(file)) {
        return mlp_fail(MLP_ERROR_IO, "--log: %s: cannot be read: %s", path,
                        strerror(errno));
    }
    return status;
}

mlp_status mlp_runlog_truncate(const char *path, uint64_t resume_step,
                               uint64_t resume_epoch)
{
    struct stat facts;
    off_t kept = 0;
    if (stat(path, &facts) != 0 || !S_ISREG(facts.st_mode)) {
        return MLP_OK; /* opening it to append reports any error */
    }
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        return mlp_fail(MLP_ERROR_IO, "--log: %s: %s", path, strerror(errno));
    }
    mlp_status status =
        measure(file, path, (resume_point){resume_step, resume_epoch}, &kept);
    fclose(file);
    if (status == MLP_OK && kept < facts.st_size && truncate(path, kept) != 0) {
        return mlp_fail(MLP_ERROR_IO, "--log: %s: %s", path, strerror(errno));
    }
    return status;
}
