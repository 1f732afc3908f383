/** @file
 *  How much memory this process may use.
 */
#ifndef MLP_MEMORY_H
#define MLP_MEMORY_H

#include <stdint.h>

/** Bytes: of the computer, or the limit of the process's control group or of
 *  one above it, where that is less. Batch systems end a job by that limit.
 *
 *  Source: Linux, Documentation/admin-guide/cgroup-v2.rst, memory.max, and
 *  cgroup-v1/memory.rst, memory.limit_in_bytes. */
uint64_t mlp_memory_limit(void);

/** The same, with the files of control groups below `root`, for tests: "". */
uint64_t mlp_memory_limit_below(const char *root);

#endif
