/** @file
 *  Rows read ahead by a background thread.
 *
 *  The thread and the caller exchange windows under one mutex: a window is the
 *  thread's until it is full, then the caller's until the caller asks for a row
 *  of the next one. The first windows of a plan are small, so that the caller
 *  can start early.
 */
#include "reader.h"

#include <assert.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

#include "rowfile.h"

enum {
    WINDOWS = 2,
    REQUESTS_MOST = 4096, /* of one window */
    BATCH = 4096,         /* rows read between checks of is_cancelled */
    ALIGNMENT = 64
};

typedef struct {
    char *values;                     /* [capacity, row] */
    size_t starts[REQUESTS_MOST + 1]; /* first row of each request */
    size_t requests;
    bool is_full; /* and the caller's */
} window;

struct mlp_reader {
    size_t row_bytes, most,
        capacity; /* capacity: capacity of a window in rows */
    window windows[WINDOWS];
    mlp_pick *picks;  /* [capacity] */
    uint32_t *wanted; /* [capacity] */

    pthread_t thread;
    bool has_thread;
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    bool is_ending, is_expecting; /* is_expecting: the thread has work */
    bool is_busy;                 /* the thread fills a window */
    atomic_bool is_cancelled;     /* that window need not be finished */
    const mlp_rowfile *file;
    mlp_read_plan plan;
    size_t next;    /* request to read next */
    size_t filled;  /* windows filled of this plan */
    size_t at;      /* window in use, counted in this plan */
    size_t request; /* next request to take in that window */

    mlp_status status;
    char line[MLP_FAILURE_MAX];
    double waited;
};

/* ---- the thread -------------------------------------------------------- */

static int compare(const void *a, const void *b)
{
    uint32_t x = ((const mlp_pick *)a)->row, y = ((const mlp_pick *)b)->row;
    return (x > y) - (x < y);
}

/* Choose the requests of a window: whole ones, as many as fit; in the first
 * windows 1, 2, 4 ... Returns the number of rows. */
static size_t choose_requests(mlp_reader *reader, window *to, size_t first)
{
    size_t limit = REQUESTS_MOST;
    if (reader->filled < 12) {
        limit = (size_t)1 << reader->filled;
    }
    size_t rows = 0, n = 0;
    for (; n < limit && first + n < reader->plan.requests &&
           rows + reader->most <= reader->capacity;
         n++) {
        to->starts[n] = rows;
        rows += reader->plan.pick(reader->plan.context, first + n,
                                  reader->wanted + rows);
    }
    to->starts[n] = rows;
    to->requests = n;
    for (size_t i = 0; i < rows; i++) {
        reader->picks[i] = (mlp_pick){reader->wanted[i], (uint32_t)i};
    }
    qsort(reader->picks, rows, sizeof *reader->picks, compare);
    return rows;
}

static mlp_status fill(mlp_reader *reader, window *to, size_t first)
{
    size_t rows = choose_requests(reader, to, first);
    mlp_status status = MLP_OK;
    for (size_t done = 0;
         done < rows && status == MLP_OK && !atomic_load(&reader->is_cancelled);
         done += BATCH) {
        size_t n = rows - done < BATCH ? rows - done : BATCH;
        status = mlp_rowfile_gather(reader->file, reader->picks + done, n,
                                    to->values);
    }
    return status;
}

/* Under the mutex: keep the first failure for the caller. */
static void keep_failure(mlp_reader *reader, mlp_status status)
{
    if (status != MLP_OK && reader->status == MLP_OK) {
        reader->status = status;
        memcpy(reader->line, mlp_failure(), sizeof reader->line);
    }
}

/* Under the mutex: whether there is a window to fill. */
static bool has_work(const mlp_reader *reader)
{
    return reader->is_expecting && reader->status == MLP_OK &&
           reader->next < reader->plan.requests &&
           !reader->windows[reader->filled % WINDOWS].is_full;
}

static void *run(void *context)
{
    mlp_reader *reader = context;
    pthread_mutex_lock(&reader->mutex);
    while (!reader->is_ending) {
        if (!has_work(reader)) {
            pthread_cond_wait(&reader->changed, &reader->mutex);
            continue;
        }
        window *to = &reader->windows[reader->filled % WINDOWS];
        reader->is_busy = true;
        pthread_mutex_unlock(&reader->mutex);
        mlp_status status = fill(reader, to, reader->next);
        pthread_mutex_lock(&reader->mutex);
        reader->is_busy = false;
        keep_failure(reader, status);
        to->is_full = true;
        reader->next += to->requests;
        reader->filled++;
        pthread_cond_broadcast(&reader->changed);
    }
    pthread_mutex_unlock(&reader->mutex);
    return NULL;
}

/* Signals are for the main thread. */
static mlp_status start(mlp_reader *reader)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int error = pthread_create(&reader->thread, NULL, run, reader);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    reader->has_thread = error == 0;
    return error == 0 ? MLP_OK
                      : mlp_fail(MLP_ERROR_INTERNAL,
                                 "cannot start the thread that reads rows: %s",
                                 strerror(error));
}

/* ---- create and destroy ------------------------------------------------ */

/* Bytes of everything that grows with the rows of a window. */
static size_t bytes_of_capacity(size_t row_bytes)
{
    return WINDOWS * row_bytes + sizeof(mlp_pick) + sizeof(uint32_t);
}

/* Each buffer may be rounded up to whole lines. */
enum { ROUNDING = (WINDOWS + 2) * ALIGNMENT };

size_t mlp_reader_least(size_t row_bytes, size_t most)
{
    return most * bytes_of_capacity(row_bytes) + ROUNDING;
}

static void *allocate(size_t count, size_t bytes)
{
    return aligned_alloc(ALIGNMENT, (count * bytes + ALIGNMENT - 1) /
                                        ALIGNMENT * ALIGNMENT);
}

static mlp_status allocate_all(mlp_reader *reader)
{
    bool has_all = true;
    for (size_t w = 0; w < WINDOWS; w++) {
        window *one = &reader->windows[w];
        one->values = allocate(reader->capacity, reader->row_bytes);
        has_all = has_all && one->values != NULL;
    }
    reader->picks = allocate(reader->capacity, sizeof *reader->picks);
    reader->wanted = allocate(reader->capacity, sizeof *reader->wanted);
    if (!has_all || reader->picks == NULL || reader->wanted == NULL) {
        return mlp_fail_memory("the rows that are read ahead");
    }
    /* No uninitialized memory is returned after a failure. */
    memset(reader->windows[0].values, 0, reader->most * reader->row_bytes);
    memset(reader->windows[1].values, 0, reader->most * reader->row_bytes);
    return MLP_OK;
}

mlp_status mlp_reader_create(size_t bytes, size_t row_bytes, size_t most,
                             mlp_reader **reader)
{
    assert(bytes >= mlp_reader_least(row_bytes, most));
    mlp_reader *made = calloc(1, sizeof *made);
    *reader = made;
    if (made == NULL) {
        return mlp_fail_memory("the rows that are read ahead");
    }
    made->row_bytes = row_bytes;
    made->most = most;
    made->capacity = (bytes - ROUNDING) / bytes_of_capacity(row_bytes);
    made->capacity = made->capacity < UINT32_MAX ? made->capacity : UINT32_MAX;
    pthread_mutex_init(&made->mutex, NULL);
    pthread_cond_init(&made->changed, NULL);
    mlp_status status = allocate_all(made);
    if (status == MLP_OK) {
        status = start(made);
    }
    if (status != MLP_OK) {
        mlp_reader_destroy(reader);
    }
    return status;
}

void mlp_reader_destroy(mlp_reader **reader)
{
    mlp_reader *old = *reader;
    if (old == NULL) {
        return;
    }
    pthread_mutex_lock(&old->mutex);
    old->is_ending = true;
    atomic_store(&old->is_cancelled, true);
    pthread_cond_broadcast(&old->changed);
    pthread_mutex_unlock(&old->mutex);
    if (old->has_thread) {
        pthread_join(old->thread, NULL);
    }
    pthread_cond_destroy(&old->changed);
    pthread_mutex_destroy(&old->mutex);
    for (size_t w = 0; w < WINDOWS; w++) {
        free(old->windows[w].values);
    }
    free(old->picks);
    free(old->wanted);
    free(old);
    *reader = NULL;
}

/* ---- use --------------------------------------------------------------- */

size_t mlp_reader_room(const mlp_reader *reader)
{
    return reader->capacity;
}

void *mlp_reader_window(mlp_reader *reader)
{
    return reader->windows[0].values;
}

const void *mlp_reader_read(mlp_reader *reader, const mlp_rowfile *file,
                            mlp_range rows)
{
    mlp_reader_cancel(reader);
    window *to = &reader->windows[0];
    if (reader->status == MLP_OK) {
        keep_failure(reader, mlp_rowfile_read(file, rows, to->values));
    }
    if (reader->status != MLP_OK) {
        memset(to->values, 0, rows.count * reader->row_bytes);
    }
    return to->values;
}

void mlp_reader_cancel(mlp_reader *reader)
{
    pthread_mutex_lock(&reader->mutex);
    reader->is_expecting = false;
    atomic_store(&reader->is_cancelled, true);
    while (reader->is_busy) {
        pthread_cond_wait(&reader->changed, &reader->mutex);
    }
    pthread_mutex_unlock(&reader->mutex);
}

void mlp_reader_expect(mlp_reader *reader, const mlp_rowfile *file,
                       const mlp_read_plan *plan, size_t first)
{
    mlp_reader_cancel(reader);
    pthread_mutex_lock(&reader->mutex);
    reader->file = file;
    reader->plan = *plan;
    reader->next = first;
    reader->filled = 0;
    reader->at = 0;
    reader->request = 0;
    for (size_t w = 0; w < WINDOWS; w++) {
        reader->windows[w].is_full = false;
    }
    reader->is_expecting = true;
    atomic_store(&reader->is_cancelled, false);
    pthread_cond_broadcast(&reader->changed);
    pthread_mutex_unlock(&reader->mutex);
}

/* Under the mutex: wait until the window in use is full, or never will be. */
static void wait_for(mlp_reader *reader, const window *used)
{
    double start = mlp_clock_seconds();
    assert(used->is_full || reader->is_busy || has_work(reader) ||
           reader->status != MLP_OK); /* else it would never be */
    while (!used->is_full && reader->status == MLP_OK) {
        pthread_cond_wait(&reader->changed, &reader->mutex);
    }
    reader->waited += mlp_clock_seconds() - start;
}

/* Under the mutex: go to the next request that has rows; returns the position
 * of its first row in its window. */
static size_t advance(mlp_reader *reader, size_t count)
{
    for (;;) {
        window *used = &reader->windows[reader->at % WINDOWS];
        wait_for(reader, used);
        if (reader->status != MLP_OK) {
            return 0;
        }
        while (reader->request < used->requests) {
            size_t i = reader->request++;
            if (used->starts[i + 1] > used->starts[i]) {
                assert(used->starts[i + 1] - used->starts[i] == count);
                return used->starts[i];
            }
        }
        used->is_full = false;
        reader->at++;
        reader->request = 0;
        pthread_cond_broadcast(&reader->changed);
    }
}

const void *mlp_reader_take(mlp_reader *reader, size_t count)
{
    if (count == 0) {
        return reader->windows[0].values;
    }
    pthread_mutex_lock(&reader->mutex);
    assert(reader->is_expecting && count <= reader->most);
    size_t first = advance(reader, count);
    const window *used = &reader->windows[reader->at % WINDOWS];
    pthread_mutex_unlock(&reader->mutex);
    return used->values + first * reader->row_bytes;
}

mlp_status mlp_reader_status(const mlp_reader *reader)
{
    mlp_reader *of = (mlp_reader *)reader;
    pthread_mutex_lock(&of->mutex);
    mlp_status status =
        of->status == MLP_OK ? MLP_OK : mlp_fail(of->status, "%s", of->line);
    pthread_mutex_unlock(&of->mutex);
    return status;
}

double mlp_reader_waited(const mlp_reader *reader)
{
    return reader->waited;
}
