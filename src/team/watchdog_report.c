/** @file
 *  From the pulses of a node to one line.
 */
#include "watchdog_report.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* The third field of /proc/PID/stat, after a name in parentheses, is a letter.
 * Where there is no /proc nothing is known against a process. */
mlp_process_state mlp_process_look(int pid)
{
    char path[64], text[512];
    snprintf(path, sizeof path, "/proc/%d/stat", pid);
    FILE *self = fopen("/proc/self/stat", "re");
    if (self == NULL) {
        return MLP_PROCESS_RUNS;
    }
    fclose(self);
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        return MLP_PROCESS_GONE;
    }
    size_t length = fread(text, 1, sizeof text - 1, file);
    fclose(file);
    text[length] = '\0';
    const char *name_end = strrchr(text, ')');
    if (name_end == NULL || name_end[1] == '\0') {
        return MLP_PROCESS_GONE;
    }
    switch (name_end[2]) {
    case 'T':
    case 't':
        return MLP_PROCESS_STOPPED;
    case 'D':
        return MLP_PROCESS_ON_DISK;
    case 'Z':
    case 'X':
        return MLP_PROCESS_GONE;
    default:
        return MLP_PROCESS_RUNS;
    }
}

static bool can_run(const mlp_sighting *s)
{
    return s->process == MLP_PROCESS_RUNS || s->process == MLP_PROCESS_ON_DISK;
}

static bool is_behind(const mlp_sighting *a, const mlp_sighting *b)
{
    return a->step != b->step ? a->step < b->step : a->beats < b->beats;
}

size_t mlp_sighting_blame(const mlp_sighting *all, size_t count)
{
    size_t blamed = count;
    for (size_t i = 0; i < count; i++) {
        if (!can_run(&all[i])) {
            return i;
        }
        if (!all[i].is_waiting &&
            (blamed == count || is_behind(&all[i], &all[blamed]))) {
            blamed = i;
        }
    }
    return blamed;
}

/* ---- text -------------------------------------------------------------- */

typedef struct {
    char *line;
    size_t size, used;
} writer;

__attribute__((format(printf, 2, 3))) static void put(writer *w,
                                                      const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int length =
        vsnprintf(w->line + w->used, w->size - w->used, format, arguments);
    va_end(arguments);
    size_t room = w->size - 1 - w->used;
    w->used += length > 0 && (size_t)length < room ? (size_t)length : room;
}

static const char *activity(const mlp_sighting *s)
{
    switch (s->process) {
    case MLP_PROCESS_STOPPED:
        return "stopped by a signal";
    case MLP_PROCESS_GONE:
        return "its process is gone";
    case MLP_PROCESS_ON_DISK:
        return "waiting for a disk";
    default:
        return s->is_waiting ? "waiting for others" : "running";
    }
}

static void put_state(writer *w, const mlp_sighting *s)
{
    put(w, ": %s, %s", activity(s), mlp_pulse_phase_name(s->phase));
    if (s->step > 0) {
        put(w, ", step %" PRIu64, s->step);
    }
}

static bool look_alike(const mlp_sighting *a, const mlp_sighting *b)
{
    return a->process == b->process && a->is_waiting == b->is_waiting &&
           a->phase == b->phase && a->step == b->step;
}

/* Whether an earlier one that is not `skipped` looks the same. */
static bool was_told(const mlp_sighting *all, size_t i, size_t skipped)
{
    for (size_t j = 0; j < i; j++) {
        if (j != skipped && look_alike(&all[j], &all[i])) {
            return true;
        }
    }
    return false;
}

/* All that look like number i, as "0-2,5". */
static void put_alike(writer *w, const mlp_sighting *all, size_t count,
                      size_t i, size_t skipped)
{
    const char *comma = "";
    for (size_t j = i; j < count; j++) {
        if (j == skipped || !look_alike(&all[i], &all[j])) {
            continue;
        }
        size_t last = j;
        while (last + 1 < count && last + 1 != skipped &&
               look_alike(&all[i], &all[last + 1]) &&
               all[last + 1].rank == all[last].rank + 1) {
            last++;
        }
        put(w, "%s%zu", comma, all[j].rank);
        if (last > j) {
            put(w, "-%zu", all[last].rank);
        }
        comma = ",";
        j = last;
    }
}

void mlp_sighting_describe(const mlp_sighting *all, size_t count, char *line,
                           size_t size)
{
    writer w = {line, size, 0};
    size_t blamed = mlp_sighting_blame(all, count);
    const char *separator = "";
    line[0] = '\0';
    if (blamed < count) {
        put(&w, "rank %zu is stuck", all[blamed].rank);
        put_state(&w, &all[blamed]);
        separator = "; ";
    }
    for (size_t i = 0; i < count; i++) {
        if (i == blamed || was_told(all, i, blamed)) {
            continue;
        }
        put(&w, "%srank ", separator);
        put_alike(&w, all, count, i, blamed);
        put_state(&w, &all[i]);
        separator = "; ";
    }
}
