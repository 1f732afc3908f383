/** @file
 *  Threads of a rank: OpenMP's, in a pool or not, and their cores.
 */
#define _GNU_SOURCE /* sched_getaffinity */
#include "threads.h"

#include <omp.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

size_t mlp_threads_online(void)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    return cores > 0 ? (size_t)cores : 1;
}

/* Under OMP_PROC_BIND this thread is already bound to one of OpenMP's places,
 * so the affinity mask lacks the others. Without it, clang's OpenMP has places
 * of the time when it was loaded, which are ignored. */
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

/* Cores of a process, 0 for this one. */
static bool find_affinity(pid_t process, uint8_t *allowed)
{
#ifdef __linux__
    cpu_set_t mask; /* fails if the machine has more cores than bits */
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

/* ---- threads ----------------------------------------------------------- */

struct mlp_threads {
    size_t count;
    bool is_over;
    /* The current job. Only its threads read it, and the next job starts after
     * all have ended this one. */
    size_t wanted;
    void (*body)(void *context, mlp_thread self);
    void *context;
    mlp_gate gate;    /* of a job's threads */
    mlp_gate ended;   /* the same but the leader, when they are done */
    mlp_gate given[]; /* [count] jobs to each thread */
};

static void serve(mlp_threads *threads, size_t index)
{
    for (uint32_t job = 1;; job++) {
        mlp_gate_wait(&threads->given[index], job);
        if (threads->is_over) {
            return;
        }
        threads->body(threads->context,
                      (mlp_thread){index, threads->wanted, &threads->gate});
        mlp_gate_arrive(&threads->ended, threads->wanted - 1);
    }
}

static void give_job(mlp_threads *threads, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        mlp_gate_arrive(&threads->given[i], 1);
    }
}

static void set_crowded(mlp_threads *threads, size_t count)
{
    bool is_crowded = count > (size_t)omp_get_num_procs();
    threads->gate.is_crowded = is_crowded;
    threads->ended.is_crowded = is_crowded;
    for (size_t i = 0; i < count; i++) {
        threads->given[i].is_crowded = is_crowded;
    }
}

void mlp_threads_lead(size_t count, mlp_threads_leader *lead, void *context)
{
    mlp_threads *threads = NULL;
    size_t bytes = sizeof *threads + count * sizeof(mlp_gate);
    if (count > 1 && posix_memalign((void **)&threads, 64, bytes) == 0) {
        memset(threads, 0, bytes);
    }
    if (threads == NULL) {
        lead(context, NULL);
        return;
    }
    set_crowded(threads, count);
#pragma omp parallel num_threads((int)count)
    {
        if (omp_get_thread_num() == 0) {
            threads->count = (size_t)omp_get_num_threads();
            lead(context, threads);
            threads->is_over = true;
            give_job(threads, threads->count);
        } else {
            serve(threads, (size_t)omp_get_thread_num());
        }
    }
    free(threads);
}

static void run_in_pool(mlp_threads *threads, size_t count,
                        void (*body)(void *context, mlp_thread self),
                        void *context)
{
    threads->wanted = count;
    threads->body = body;
    threads->context = context;
    uint32_t end = mlp_gate_ticket(&threads->ended);
    give_job(threads, count);
    body(context, (mlp_thread){0, count, &threads->gate});
    mlp_gate_wait(&threads->ended, end);
}

void mlp_threads_run(mlp_threads *threads, size_t count,
                     void (*body)(void *context, mlp_thread self),
                     void *context)
{
    mlp_gate gate = {0};
    if (count <= 1) {
        body(context, (mlp_thread){0, 1, &gate});
        return;
    }
    if (threads != NULL && count <= threads->count) {
        run_in_pool(threads, count, body, context);
        return;
    }
    gate.is_crowded = count > (size_t)omp_get_num_procs(); /* asks Linux */
#pragma omp parallel num_threads((int)count)
    {
        body(context, (mlp_thread){(size_t)omp_get_thread_num(),
                                   (size_t)omp_get_num_threads(), &gate});
    }
}

void mlp_thread_barrier(mlp_thread self)
{
    mlp_gate_meet(self.gate, self.count);
}

mlp_range mlp_thread_share(mlp_thread self, size_t total)
{
    return mlp_range_part(total, self.count, self.index);
}

mlp_range mlp_thread_range(mlp_thread self, mlp_range range)
{
    mlp_range share = mlp_thread_share(self, range.count);
    return (mlp_range){range.first + share.first, share.count};
}
