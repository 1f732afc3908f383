/** @file
 *  A full disk for tests: a limit on the size of files.
 *
 *  No assertion may be made while a limit is set: Check writes each one to a
 *  file of its own, which the limit would truncate, too.
 */
#ifndef MLP_TEST_FILE_SIZE_LIMIT_H
#define MLP_TEST_FILE_SIZE_LIMIT_H

#include <stdbool.h>
#include <sys/resource.h>

/** RLIM_INFINITY lifts it again. SIGXFSZ must be ignored. */
static inline bool limit_file_size(rlim_t bytes)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_FSIZE, &limit) != 0) {
        return false;
    }
    limit.rlim_cur = bytes < limit.rlim_max ? bytes : limit.rlim_max;
    return setrlimit(RLIMIT_FSIZE, &limit) == 0;
}

#endif
