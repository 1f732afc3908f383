/** @file
 *  Writing to files of the system.
 */
#include "writing.h"

#include <errno.h>
#include <unistd.h>

bool mlp_write_all(int fd, const void *bytes, size_t count)
{
    const char *next = bytes;
    while (count > 0) {
        ssize_t written = write(fd, next, count);
        if (written < 0 && errno != EINTR) {
            return false;
        }
        next += written < 0 ? 0 : written;
        count -= written < 0 ? 0 : (size_t)written;
    }
    return true;
}
