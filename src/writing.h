/** @file
 *  Writing to files of the system.
 */
#ifndef MLP_WRITING_H
#define MLP_WRITING_H

#include <stdbool.h>
#include <stddef.h>

/** Write all of it, in as many calls as that takes. False, with errno set,
 *  when it cannot be. */
bool mlp_write_all(int fd, const void *bytes, size_t count);

#endif
