/** @file
 *  The watchdog's thread. It measures time in its own ticks, so that a job that
 *  was suspended as a whole does not count as hanging.
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
/* How long ranks that need not report wait for the one that does. */
static const double GRACE_SECONDS = 2.0;
/* A main thread that uses this share of the time is alive. */
static const double BUSY_SHARE = 0.02;

enum { LINE_BYTES = 4096 };

struct mlp_watchdog {
    double limit;
    size_t rank, size;  /* of this rank in the team */
    size_t local, here; /* of this rank on its node */
    size_t *ranks;      /* [here], ranks in the team of those of the node */
    bool *is_here;      /* [size], whether a rank of the team is on the node */
    mlp_comm *comm;     /* NULL when detached */
    mlp_pulse **pulses; /* [here], each in its rank's shared segment */
    mlp_shared *shared; /* NULL when detached */
    mlp_pulse *last;    /* [here], copies to read when detached */
    pthread_t thread;
    bool has_thread;
    clockid_t main_clock; /* CPU time of the main thread */
    pthread_mutex_t mutex;
    pthread_cond_t end;
    bool is_ending;
};

/* ---- state of the ranks ------------------------------------------------ */

static mlp_rank_state read_state(const mlp_watchdog *dog, size_t i)
{
    mlp_pulse *pulse = dog->pulses[i];
    int pid = atomic_load(&pulse->pid);
    return (mlp_rank_state){
        .rank = dog->ranks[i],
        .process = pid == 0 ? MLP_PROCESS_RUNS : mlp_process_state_of(pid),
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

/* CPU time counts as progress in phases without beats, such as reading data,
 * but not in training, which has beats, nor in a rank that waits, which may
 * spin. */
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

/* ---- report ------------------------------------------------------------ */

/* The first rank of the node that runs reports, once. */
static bool is_reporter(const mlp_watchdog *dog, const mlp_rank_state *all)
{
    for (size_t i = 0; i < dog->local; i++) {
        if (all[i].process == MLP_PROCESS_RUNS) {
            return false;
        }
    }
    return atomic_exchange(&dog->pulses[0]->has_reported, 1) == 0;
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

static void print_report(const mlp_watchdog *dog, const mlp_rank_state *all,
                         bool is_elsewhere)
{
    char line[LINE_BYTES], here[LINE_BYTES / 2], others[LINE_BYTES / 4] = "";
    mlp_rank_states_describe(all, dog->here, here, sizeof here);
    name_others(dog, others, sizeof others);
    int length = snprintf(line, sizeof line,
                          "%s: rank %zu: watchdog: no progress for %g s: ",
                          mlp_log_name(), dog->rank, dog->limit);
    size_t used = (size_t)length;
    length =
        snprintf(line + used, sizeof line - used, "%s%s%s%s\n",
                 is_elsewhere ? "no rank of this node is stuck: check "
                                "rank "
                              : "",
                 is_elsewhere ? others : "", is_elsewhere ? "; " : "", here);
    used += (size_t)length;
    used = used < sizeof line ? used : sizeof line - 1;
    if (write(STDERR_FILENO, line, used) < 0) {
        return; /* and exit all the same */
    }
}

static void sleep_seconds(double seconds)
{
    struct timespec rest = {(time_t)seconds,
                            (long)(1e9 * (seconds - (double)(time_t)seconds))};
    nanosleep(&rest, NULL);
}

/* The job hangs: one rank reports, and all exit. */
__attribute__((noreturn)) static void give_up(const mlp_watchdog *dog)
{
    mlp_rank_state *all = calloc(dog->here, sizeof *all);
    for (size_t i = 0; all != NULL && i < dog->here; i++) {
        all[i] = read_state(dog, i);
    }
    if (all != NULL) {
        bool is_elsewhere = dog->here < dog->size &&
                            mlp_rank_states_stuck(all, dog->here) == dog->here;
        if (!is_reporter(dog, all)) {
            sleep_seconds(2 * GRACE_SECONDS); /* then exit without a report */
        } else {
            sleep_seconds(is_elsewhere ? GRACE_SECONDS : 0.0);
            print_report(dog, all, is_elsewhere);
            sleep_seconds(GRACE_SECONDS /
                          2); /* for the others of this node to see it */
        }
    }
    mlp_comm_leave(MLP_ERROR_INTERNAL);
}

/* ---- the thread -------------------------------------------------------- */

/* Wait for the next tick. False when the watchdog is to end. */
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

/* All signals are left to the main thread. */
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

/* ---- creation --------------------------------------------------------------
 */

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
        mlp_pulse_wait(dog->pulses[i], true); /* it may spin until the end */
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
