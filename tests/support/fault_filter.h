/** @file
 *  A filter of the kernel (seccomp) for system calls that a test decides on.
 */
#ifndef MLP_FAULT_FILTER_H
#define MLP_FAULT_FILTER_H

#include <stddef.h>

enum { FAULT_FILTER_CALLS = 64 }; /* the most */

/** From now on these system calls send SIGSYS in their place where the C
 *  library makes them; for this process, its threads to come and its children.
 *  A sanitizer's threads, which keep SIGSYS out, make theirs elsewhere.
 *
 *  @param numbers  [count], at most FAULT_FILTER_CALLS
 *
 *  Ends the process with code 99 where no filter may be set.
 */
void fault_filter_trap(const long numbers[], size_t count);

#endif
