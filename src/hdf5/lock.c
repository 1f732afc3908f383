/** @file
 *  The lock around HDF5, and the library's settings while it is held.
 */
#include "lock.h"

#include <pthread.h>

#include "internal.h"

/* The library's settings, as the process has made them. */
typedef struct {
    unsigned is_new; /* the error handler was set by H5Eset_auto2 */
    H5E_auto2_t report;
#ifndef H5_NO_DEPRECATED_SYMBOLS
    H5E_auto1_t old_report;
#endif
    void *context;    /* argument of the error handler */
    hid_t errors;     /* the error stack */
    unsigned plugins; /* plugins that may be loaded */
} settings;

/* A process has one HDF5 library, and therefore one lock. */
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static _Thread_local unsigned lock_depth;
static _Thread_local unsigned call_depth;
static settings found; /* before the outermost call */

/* ---- the lock ---------------------------------------------------------- */

/* A child process has only the thread that forked: the lock must not be held,
 * nor the library be in the middle of a call, by another thread. */
static void before_fork(void)
{
    mlp_h5_lock();
}

static void after_fork(void)
{
    mlp_h5_unlock();
}

static void watch_forks(void)
{
    pthread_atfork(before_fork, after_fork, after_fork);
}

void mlp_h5_lock(void)
{
    if (lock_depth == 0) {
        pthread_once(&once, watch_forks);
        pthread_mutex_lock(&mutex);
    }
    lock_depth++;
}

void mlp_h5_unlock(void)
{
    if (--lock_depth == 0) {
        pthread_mutex_unlock(&mutex);
    }
}

/* ---- the settings ------------------------------------------------------ */

/* Most calls clear the error stack: save it first, and restore it last. */
static void save_settings(settings *s)
{
    s->errors = H5Eget_current_stack();
    s->is_new = 1;
    s->report = NULL;
    s->context = NULL;
#ifndef H5_NO_DEPRECATED_SYMBOLS
    H5Eauto_is_v2(H5E_DEFAULT, &s->is_new);
    if (!s->is_new) {
        H5Eget_auto1(&s->old_report, &s->context);
    }
#endif
    if (s->is_new) {
        H5Eget_auto2(H5E_DEFAULT, &s->report, &s->context);
    }
    H5PLget_loading_state(&s->plugins);
}

static void restore_settings(const settings *s)
{
    H5PLset_loading_state(s->plugins);
    H5Eset_auto2(H5E_DEFAULT, s->report, s->context);
#ifndef H5_NO_DEPRECATED_SYMBOLS
    if (!s->is_new) {
        H5Eset_auto1(s->old_report, s->context);
    }
#endif
    H5Eset_current_stack(s->errors); /* and closes it */
}

/* Errors are reported by this project, and files must not load plugins. */
int mlp_h5_enter(void)
{
    mlp_h5_lock();
    if (call_depth++ == 0) {
        save_settings(&found);
        H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
        H5PLset_loading_state(0);
    }
    return 0;
}

void mlp_h5_leave(const int *entered)
{
    (void)entered;
    if (--call_depth == 0) {
        restore_settings(&found);
    }
    mlp_h5_unlock();
}
