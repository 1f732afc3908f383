/** @file
 *  A seccomp filter that traps system calls, so that a test can handle them.
 */
#ifndef MLP_FAULT_FILTER_H
#define MLP_FAULT_FILTER_H

#include <stddef.h>

enum { FAULT_FILTER_CALLS = 64 }; /* maximum */

/** From now on these system calls raise SIGSYS instead, if they come from the C
 *  library's code: in this process, its later threads and its children. The
 *  calls of a sanitizer's threads, which block SIGSYS, come from elsewhere.
 *
 *  @param numbers  [count], at most FAULT_FILTER_CALLS
 *
 *  Exits with code 99 if no filter can be installed.
 */
void fault_filter_trap(const long numbers[], size_t count);

#endif
