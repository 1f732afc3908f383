/** @file
 *  The state of a node's ranks as the watchdog sees it, and its text.
 */
#ifndef MLP_WATCHDOG_REPORT_H
#define MLP_WATCHDOG_REPORT_H

#include <stdbool.h>
#include <stddef.h>

#include "pulse.h"

/** State of a process, from the kernel. */
typedef enum {
    MLP_PROCESS_RUNS,
    MLP_PROCESS_STOPPED, /**< by SIGSTOP, a debugger, ... */
    MLP_PROCESS_ON_DISK, /**< in an uninterruptible disk wait */
    MLP_PROCESS_GONE
} mlp_process_state;

mlp_process_state mlp_process_state_of(int pid);

/** The state of one rank. */
typedef struct {
    size_t rank; /**< in the team */
    mlp_process_state process;
    bool is_waiting;
    uint64_t beats, step;
    mlp_pulse_phase phase;
} mlp_rank_state;

/** Index of the stuck rank: the first whose process cannot run, else the one
 *  furthest behind of those that do not wait for others; count if all wait. */
size_t mlp_rank_states_stuck(const mlp_rank_state *all, size_t count);

/** "rank 2 is stuck: stopped by a signal, training, step 51; rank 0-1,3:
 *  waiting, training, step 52". Truncated to size. */
void mlp_rank_states_describe(const mlp_rank_state *all, size_t count,
                              char *line, size_t size);

#endif
