/** @file
 *  The crew: one OpenMP parallel region, with a barrier and counters of our
 *  own. OpenMP's barrier spins for milliseconds when there are more threads
 *  than cores; these sleep in the kernel after a few microseconds.
 */
#define _GNU_SOURCE /* sched_getaffinity, syscall */
#include "threads.h"

#include <limits.h>
#include <omp.h>
#include <sched.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>
#ifdef __linux__
#include <linux/futex.h>
#include <sys/syscall.h>
#endif

/* A pause takes up to 50 ns and a sleep with its wake-up some 50 us. */
enum { SPINS = 1000, SPINS_CROWDED = 10 };

static void pause_briefly(void)
{
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#endif
}

static bool has_reached(uint32_t value, uint32_t target)
{
    return (int32_t)(value - target) >= 0; /* right across a wrap, too */
}

/* Sleep unless value has changed meanwhile: the kernel compares it again under
 * its lock. May return early. Not FUTEX_PRIVATE: processes share counters. */
static void sleep_while(_Atomic uint32_t *value, uint32_t seen)
{
#ifdef __linux__
    syscall(SYS_futex, value, FUTEX_WAIT, seen, NULL, NULL, 0);
#else
    (void)value, (void)seen;
    sched_yield();
#endif
}

static void wake_all(_Atomic uint32_t *value)
{
#ifdef __linux__
    syscall(SYS_futex, value, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
#else
    (void)value;
#endif
}

/* No wake-up is missed. sleepers and value are accessed in one order that all
 * agree on (sequentially consistent): either the adder sees the sleeper and
 * wakes it, or the sleeper registered after the addition and sees the sum. */
void mlp_wait_until(mlp_counter *counter, uint32_t target, bool is_crowded)
{
    int spins = is_crowded ? SPINS_CROWDED : SPINS;
    for (int i = 0; i < spins; i++) {
        if (has_reached(
                atomic_load_explicit(&counter->value, memory_order_acquire),
                target)) {
            return;
        }
        pause_briefly();
    }
    atomic_fetch_add(&counter->sleepers, 1);
    uint32_t seen = atomic_load(&counter->value);
    while (!has_reached(seen, target)) {
        sleep_while(&counter->value, seen);
        seen = atomic_load(&counter->value);
    }
    atomic_fetch_sub(&counter->sleepers, 1);
}

void mlp_wait_add(mlp_counter *counter, uint32_t amount, uint32_t target)
{
    uint32_t sum = atomic_fetch_add(&counter->value, amount) + amount;
    if (has_reached(sum, target) && atomic_load(&counter->sleepers) != 0) {
        wake_all(&counter->value);
    }
}

size_t mlp_threads_online(void)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    return cores > 0 ? (size_t)cores : 1;
}

/* Under OMP_PROC_BIND this thread has been bound to one of OpenMP's places by
 * now: only OpenMP knows the others. Without it clang's OpenMP has places, too,
 * of the time when it was loaded. */
static bool find_places(uint8_t *allowed)
{
    int ids[MLP_THREADS_CPUS];
    bool has_some = false;
    bool is_bound = omp_get_proc_bind() != omp_proc_bind_false;
    for (int place = 0; is_bound && place < omp_get_num_places(); place++) {
        int count = omp_get_place_num_procs(place);
        if (count <= 0 || count > MLP_THREADS_CPUS) {
            continue;
        }
        omp_get_place_proc_ids(place, ids);
        for (int i = 0; i < count; i++) {
            if (ids[i] >= 0 && ids[i] < MLP_THREADS_CPUS) {
                allowed[ids[i]] = 1;
                has_some = true;
            }
        }
    }
    return has_some;
}

/* Of a process, 0 for this one. */
static bool find_affinity(pid_t process, uint8_t *allowed)
{
#ifdef __linux__
    cpu_set_t mask; /* or the machine has more cores than it has bits */
    if (sched_getaffinity(process, sizeof mask, &mask) == 0) {
        for (int cpu = 0; cpu < MLP_THREADS_CPUS; cpu++) {
            allowed[cpu] = CPU_ISSET(cpu, &mask) ? 1 : 0;
        }
        return true;
    }
#endif
    (void)process, (void)allowed;
    return false;
}

static size_t count_cores(const uint8_t *allowed)
{
    size_t cores = 0;
    for (size_t cpu = 0; cpu < MLP_THREADS_CPUS; cpu++) {
        cores += allowed[cpu];
    }
    return cores;
}

size_t mlp_threads_launcher(void)
{
    uint8_t allowed[MLP_THREADS_CPUS];
    return find_affinity(getppid(), allowed) ? count_cores(allowed)
                                             : mlp_threads_online();
}

void mlp_threads_allowed(uint8_t *allowed)
{
    memset(allowed, 0, MLP_THREADS_CPUS);
    if (find_places(allowed) || find_affinity(0, allowed)) {
        return;
    }
    for (size_t cpu = 0; cpu < MLP_THREADS_CPUS; cpu++) {
        allowed[cpu] = cpu < mlp_threads_online();
    }
}

size_t mlp_threads_cores(void)
{
    uint8_t allowed[MLP_THREADS_CPUS];
    mlp_threads_allowed(allowed);
    size_t cores = count_cores(allowed);
    return cores > 0 ? cores : 1;
}

size_t mlp_threads_fair(size_t ranks)
{
    size_t mine = mlp_threads_cores(); /* maybe bound, maybe the whole node */
    size_t fair = mlp_threads_online() / ranks;
    return mine < fair ? mine : fair;
}

void mlp_threads_run(size_t count, void (*body)(void *context, mlp_thread self),
                     void *context)
{
    mlp_barrier barrier = {0};
    if (count <= 1) {
        body(context, (mlp_thread){0, 1, &barrier});
        return;
    }
    barrier.is_crowded = count > (size_t)omp_get_num_procs(); /* asks Linux */
#pragma omp parallel num_threads((int)count)
    {
        body(context, (mlp_thread){(size_t)omp_get_thread_num(),
                                   (size_t)omp_get_num_threads(), &barrier});
    }
}

void mlp_thread_barrier(mlp_thread self)
{
    if (self.count == 1) {
        return;
    }
    mlp_barrier *barrier = self.barrier;
    /* It cannot advance before this thread has arrived. */
    uint32_t next = atomic_load(&barrier->generation.value) + 1;
    if (atomic_fetch_add(&barrier->arrived, 1) + 1 == self.count) {
        atomic_store(&barrier->arrived, 0);
        mlp_wait_add(&barrier->generation, 1, next);
    } else {
        mlp_wait_until(&barrier->generation, next, barrier->is_crowded);
    }
}

mlp_range mlp_thread_share(mlp_thread self, size_t total)
{
    return mlp_range_part(total, self.count, self.index);
}
