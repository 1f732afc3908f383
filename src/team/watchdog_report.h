/** @file
 *  What a watchdog sees of the ranks of its node, and how it puts that into
 *  one line.
 */
#ifndef MLP_WATCHDOG_REPORT_H
#define MLP_WATCHDOG_REPORT_H

#include <stdbool.h>
#include <stddef.h>

#include "pulse.h"

/** What the kernel says of a process. */
typedef enum {
    MLP_PROCESS_RUNS,
    MLP_PROCESS_STOPPED, /**< by SIGSTOP, a debugger, ... */
    MLP_PROCESS_ON_DISK, /**< waits for a disk, and cannot be interrupted */
    MLP_PROCESS_GONE
} mlp_process_state;

mlp_process_state mlp_process_look(int pid);

/** One rank, at one moment. */
typedef struct {
    size_t rank; /**< in the team */
    mlp_process_state process;
    bool is_waiting;
    uint64_t beats, step;
    mlp_pulse_phase phase;
} mlp_sighting;

/** Which of them is stuck: the first that cannot run; else, of those that do
 *  not wait for others, the one that is behind; count when all wait. */
size_t mlp_sighting_blame(const mlp_sighting *all, size_t count);

/** "rank 2 is stuck: stopped by a signal, training, step 51; rank 0-1,3:
 *  waiting, training, step 52". Cut at size. */
void mlp_sighting_describe(const mlp_sighting *all, size_t count, char *line,
                           size_t size);

#endif
