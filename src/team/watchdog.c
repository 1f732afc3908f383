/** @file
 *  The watchdog's thread. It counts time by its own ticks: a job that was
 *  stopped as a whole, or whose machine slept, does not hang for that.
 */
#include "watchdog.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "pulse.h"

#include "watchdog_report.h"

static const double TICK_SECONDS = 0.2;
/* Whose node has no stuck rank, or who is not the one to speak, waits so long
 * for the one that is. */
static const double GRACE_SECONDS = 2.0;
/* A main thread that computes this much of the time is alive. */
static const double BUSY_SHARE = 0.02;

enum { LINE_BYTES = 4096 };

struct mlp_watchdog {
    double limit;
    size_t rank, size;  /* of this rank in the team */
    size_t local, here; /* of this rank on its node */
    size_t *ranks;      /* [here], of the node, in the team */
    bool *is_here;      /* [size], of the team, on the node */
    mlp_comm *comm;     /* NULL when detached */
    mlp_pulse **pulses; /* [here], shared; each in a segment of its rank */
    mlp_shared *shared; /* NULL when detached */
    mlp_pulse *last;    /* [here], own copies, to look at when detached */
    pthread_t thread;
    bool has_thread;
    clockid_t main_clock; /* the time that the main thread computed */
    pthread_mutex_t mutex;
    pthread_cond_t end;
    bool is_ending;
};

/* ---- looking ----------------------------------------------------------- */

static mlp_sighting look_at(const mlp_watchdog *dog, size_t i)
{
    mlp_pulse *pulse = dog->pulses[i];
    int pid = atomic_load(&pulse->pid);
    return (mlp_sighting){.rank = dog->ranks[i],
                          .process = pid == 0 ? MLP_PROCESS_RUNS
                                              : mlp_process_look(pid),
                          .is_waiting = atomic_load(&pulse->is_waiting) != 0,
                          .beats = atomic_load(&pulse->beats),
                          .step = atomic_load(&pulse->step),
                          .phase = (mlp_pulse_phase)atomic_load(&pulse->phase)};
}

static uint64_t count_beats(const mlp_watchdog *dog)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < dog->here; i++) {
        sum += atomic_load(&dog->pulses[i]->beats);
    }
    return sum;
}

/* Long phases without beats, reading data for one, use the processor; steps
 * must show themselves. A rank that waits may spin, which means nothing. */
static void beat_for_busy(const mlp_watchdog *dog, double *computed,
                          double seconds)
{
    mlp_pulse *mine = dog->pulses[dog->local];
    struct timespec now;
    if (clock_gettime(dog->main_clock, &now) != 0) {
        return;
    }
    double so_far = (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
    if (so_far - *computed > BUSY_SHARE * seconds &&
        atomic_load(&mine->is_waiting) == 0 &&
        atomic_load(&mine->phase) != MLP_PULSE_TRAIN) {
        atomic_fetch_add(&mine->beats, 1);
    }
    *computed = so_far;
}

/* ---- speaking ---------------------------------------------------------- */

/* The first rank of the node that can speak does, and once. */
static bool is_speaker(const mlp_watchdog *dog, const mlp_sighting *all)
{
    for (size_t i = 0; i < dog->local; i++) {
        if (all[i].process == MLP_PROCESS_RUNS) {
            return false;
        }
    }
    return atomic_exchange(&dog->pulses[0]->is_told, 1) == 0;
}

/* All ranks but those of this node, as "0-2,5". */
static void name_others(const mlp_watchdog *dog, char *text, size_t size)
{
    size_t used = 0;
    const char *comma = "";
    for (size_t r = 0; r < dog->size && used < size; r++) {
        size_t last = r;
        while (last < dog->size && !dog->is_here[last]) {
            last++;
        }
        if (last > r) {
            used += (size_t)snprintf(text + used, size - used,
                                     last - r > 1 ? "%s%zu-%zu" : "%s%zu",
                                     comma, r, last - 1);
            comma = ",";
            r = last;
        }
    }
}

static void speak(const mlp_watchdog *dog, const mlp_sighting *all,
                  bool is_elsewhere)
{
    char line[LINE_BYTES], here[LINE_BYTES / 2], others[LINE_BYTES / 4] = "";
    mlp_sighting_describe(all, dog->here, here, sizeof here);
    name_others(dog, others, sizeof others);
    int length = snprintf(line, sizeof line,
                          "%s: rank %zu: watchdog: nothing moved for %g s: ",
                          mlp_log_name(), dog->rank, dog->limit);
    size_t used = (size_t)length;
    length =
        snprintf(line + used, sizeof line - used, "%s%s%s%s\n",
                 is_elsewhere ? "no rank of this node is stuck: look at "
                                "rank "
                              : "",
                 is_elsewhere ? others : "", is_elsewhere ? "; " : "", here);
    used += (size_t)length;
    used = used < sizeof line ? used : sizeof line - 1;
    if (write(STDERR_FILENO, line, used) < 0) {
        return; /* and end all the same */
    }
}

static void sleep_seconds(double seconds)
{
    struct timespec rest = {(time_t)seconds,
                            (long)(1e9 * (seconds - (double)(time_t)seconds))};
    nanosleep(&rest, NULL);
}

/* The job hangs: one line from somebody, and the end. */
__attribute__((noreturn)) static void give_up(const mlp_watchdog *dog)
{
    mlp_sighting *all = calloc(dog->here, sizeof *all);
    for (size_t i = 0; all != NULL && i < dog->here; i++) {
        all[i] = look_at(dog, i);
    }
    if (all != NULL) {
        bool is_elsewhere = dog->here < dog->size &&
                            mlp_sighting_blame(all, dog->here) == dog->here;
        if (!is_speaker(dog, all)) {
            sleep_seconds(2 * GRACE_SECONDS); /* then go without a word */
        } else {
            sleep_seconds(is_elsewhere ? GRACE_SECONDS : 0.0);
            speak(dog, all, is_elsewhere);
            sleep_seconds(GRACE_SECONDS / 2); /* so that others see it here */
        }
    }
    mlp_comm_leave(MLP_ERROR_INTERNAL);
}

/* ---- the thread -------------------------------------------------------- */

/* Whether the watchdog is to go on after a tick. */
static bool wait_for_tick(mlp_watchdog *dog)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += (long)(1e9 * TICK_SECONDS);
    until.tv_sec += until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    int result = 0;
    while (!dog->is_ending && result != ETIMEDOUT) {
        result = pthread_cond_timedwait(&dog->end, &dog->mutex, &until);
    }
    return !dog->is_ending;
}

static void *watch(void *context)
{
    mlp_watchdog *dog = context;
    uint64_t beats = 0;
    double silence = 0.0, computed = 0.0;
    double before = mlp_clock_seconds();
    pthread_mutex_lock(&dog->mutex);
    while (wait_for_tick(dog)) {
        double now = mlp_clock_seconds();
        double passed = now - before;
        before = now;
        beat_for_busy(dog, &computed, passed);
        uint64_t sum = count_beats(dog);
        silence += passed < 2 * TICK_SECONDS ? passed : 2 * TICK_SECONDS;
        if (sum != beats) {
            beats = sum;
            silence = 0.0;
        }
        if (silence > dog->limit) {
            give_up(dog);
        }
    }
    pthread_mutex_unlock(&dog->mutex);
    return NULL;
}

/* Signals are for the main thread. */
static int start_thread(mlp_watchdog *dog)
{
    sigset_t all, before;
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_mutex_init(&dog->mutex, NULL);
    pthread_cond_init(&dog->end, &attributes);
    pthread_condattr_destroy(&attributes);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int error = pthread_getcpuclockid(pthread_self(), &dog->main_clock);
    if (error == 0) {
        error = pthread_create(&dog->thread, NULL, watch, dog);
        dog->has_thread = error == 0;
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return error;
}

/* ---- life -------------------------------------------------------------- */

static void find_ranks(mlp_watchdog *dog, const mlp_comm_place *place)
{
    for (size_t r = 0; r < dog->size; r++) {
        if (place->node_of[r] == place->node) {
            dog->ranks[place->local_rank[r]] = r;
            dog->is_here[r] = true;
        }
    }
}

static mlp_status prepare(mlp_watchdog *dog)
{
    if (dog == NULL) {
        return mlp_fail_memory("the watchdog");
    }
    dog->ranks = calloc(dog->here, sizeof *dog->ranks);
    dog->is_here = calloc(dog->size, sizeof *dog->is_here);
    dog->pulses = calloc(dog->here, sizeof *dog->pulses);
    dog->last = calloc(dog->here, sizeof *dog->last);
    return dog->ranks == NULL || dog->is_here == NULL || dog->pulses == NULL ||
                   dog->last == NULL
               ? mlp_fail_memory("the watchdog")
               : MLP_OK;
}

static void free_all(mlp_watchdog *dog)
{
    if (dog != NULL) {
        free(dog->ranks);
        free(dog->is_here);
        free(dog->pulses);
        free(dog->last);
        free(dog);
    }
}

static mlp_status begin(mlp_watchdog *dog)
{
    mlp_pulse *mine = dog->pulses[dog->local];
    atomic_store(&mine->pid, (int32_t)getpid());
    find_ranks(dog, mlp_comm_where(dog->comm));
    mlp_comm_set_pulse(dog->comm, mine);
    int error = start_thread(dog);
    return error == 0 ? MLP_OK
                      : mlp_fail(MLP_ERROR_INTERNAL,
                                 "cannot start the watchdog's thread: %s",
                                 strerror(error));
}

mlp_status mlp_watchdog_create(mlp_comm *comm, double limit_seconds,
                               mlp_watchdog **watchdog)
{
    *watchdog = NULL;
    if (limit_seconds <= 0.0 || mlp_comm_size(comm) == 1) {
        return MLP_OK;
    }
    const mlp_comm_place *place = mlp_comm_where(comm);
    mlp_watchdog *dog = calloc(1, sizeof *dog);
    if (dog != NULL) {
        *dog = (mlp_watchdog){.limit = limit_seconds,
                              .rank = mlp_comm_rank(comm),
                              .size = mlp_comm_size(comm),
                              .local = place->rank,
                              .here = place->size,
                              .comm = comm};
    }
    mlp_status status = mlp_comm_agree(comm, prepare(dog));
    if (status == MLP_OK) {
        status = mlp_comm_share(comm, sizeof(mlp_pulse), (void **)dog->pulses,
                                &dog->shared);
    }
    if (status != MLP_OK) {
        free_all(dog);
        return status;
    }
    *watchdog = dog;
    return mlp_comm_agree(comm, begin(dog));
}

void mlp_watchdog_detach(mlp_watchdog *watchdog)
{
    mlp_watchdog *dog = watchdog;
    if (dog == NULL || dog->comm == NULL) {
        return;
    }
    mlp_pulse_enter(dog->pulses[dog->local], MLP_PULSE_END);
    mlp_comm_agree(dog->comm, MLP_OK); /* all have entered that phase */
    pthread_mutex_lock(&dog->mutex);
    for (size_t i = 0; i < dog->here; i++) {
        memcpy(&dog->last[i], dog->pulses[i], sizeof dog->last[i]);
        dog->pulses[i] = &dog->last[i];
        mlp_pulse_wait(dog->pulses[i], true); /* it may spin to the end */
    }
    pthread_mutex_unlock(&dog->mutex);
    mlp_comm_set_pulse(dog->comm, NULL);
    mlp_shared_destroy(&dog->shared);
    dog->comm = NULL;
}

void mlp_watchdog_destroy(mlp_watchdog **watchdog)
{
    mlp_watchdog *dog = *watchdog;
    if (dog == NULL) {
        return;
    }
    pthread_mutex_lock(&dog->mutex);
    dog->is_ending = true;
    pthread_cond_signal(&dog->end);
    pthread_mutex_unlock(&dog->mutex);
    if (dog->has_thread) {
        pthread_join(dog->thread, NULL);
    }
    pthread_cond_destroy(&dog->end);
    pthread_mutex_destroy(&dog->mutex);
    free_all(dog);
    *watchdog = NULL;
}
