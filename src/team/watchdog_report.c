/** @file
 *  The state of a node's ranks as one line.
 */
#include "watchdog_report.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* From the third field of /proc/PID/stat, a letter after the name in
 * parentheses. Without /proc a process counts as running. */
mlp_process_state mlp_process_state_of(int pid)
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

static bool can_run(const mlp_rank_state *s)
{
    return s->process == MLP_PROCESS_RUNS || s->process == MLP_PROCESS_ON_DISK;
}

static bool is_behind(const mlp_rank_state *a, const mlp_rank_state *b)
{
    return a->step != b->step ? a->step < b->step : a->beats < b->beats;
}

size_t mlp_rank_states_stuck(const mlp_rank_state *all, size_t count)
{
    size_t stuck = count;
    for (size_t i = 0; i < count; i++) {
        if (!can_run(&all[i])) {
            return i;
        }
        if (!all[i].is_waiting &&
            (stuck == count || is_behind(&all[i], &all[stuck]))) {
            stuck = i;
        }
    }
    return stuck;
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

static const char *activity(const mlp_rank_state *s)
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

static void put_state(writer *w, const mlp_rank_state *s)
{
    put(w, ": %s, %s", activity(s), mlp_pulse_phase_name(s->phase));
    if (s->step > 0) {
        put(w, ", step %" PRIu64, s->step);
    }
}

static bool is_same(const mlp_rank_state *a, const mlp_rank_state *b)
{
    return a->process == b->process && a->is_waiting == b->is_waiting &&
           a->phase == b->phase && a->step == b->step;
}

/* Whether an earlier rank, other than `skipped`, has the same state. */
static bool is_listed(const mlp_rank_state *all, size_t i, size_t skipped)
{
    for (size_t j = 0; j < i; j++) {
        if (j != skipped && is_same(&all[j], &all[i])) {
            return true;
        }
    }
    return false;
}

/* All ranks with the state of number i, as "0-2,5". */
static void put_same(writer *w, const mlp_rank_state *all, size_t count,
                     size_t i, size_t skipped)
{
    const char *comma = "";
    for (size_t j = i; j < count; j++) {
        if (j == skipped || !is_same(&all[i], &all[j])) {
            continue;
        }
        size_t last = j;
        while (last + 1 < count && last + 1 != skipped &&
               is_same(&all[i], &all[last + 1]) &&
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

void mlp_rank_states_describe(const mlp_rank_state *all, size_t count,
                              char *line, size_t size)
{
    writer w = {line, size, 0};
    size_t stuck = mlp_rank_states_stuck(all, count);
    const char *separator = "";
    line[0] = '\0';
    if (stuck < count) {
        put(&w, "rank %zu is stuck", all[stuck].rank);
        put_state(&w, &all[stuck]);
        separator = "; ";
    }
    for (size_t i = 0; i < count; i++) {
        if (i == stuck || is_listed(all, i, stuck)) {
            continue;
        }
        put(&w, "%srank ", separator);
        put_same(&w, all, count, i, stuck);
        put_state(&w, &all[i]);
        separator = "; ";
    }
}
