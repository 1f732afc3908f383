/** @file
 *  Writing to files of the system.
 */
#ifndef MLP_WRITING_H
#define MLP_WRITING_H

#include <stdbool.h>
#include <stddef.h>

#include "base/status.h"

/** Write all of it, in as many calls as that takes. False, with errno set,
 *  when it cannot be. */
bool mlp_write_all(int fd, const void *bytes, size_t count);

/** Put /dev/null, which cannot be written, in the place of standard streams
 * that are closed: else the next file that is opened would get what is printed.
 */
void mlp_streams_occupy(void);

/** See that all that was printed has left: MLP_ERROR_IO. */
mlp_status mlp_stdout_flush(void);

#endif
