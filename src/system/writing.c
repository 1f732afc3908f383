/** @file
 *  Writing to files of the system.
 */
#include "writing.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
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

void mlp_streams_occupy(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
        if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDONLY) < 0) {
            return; /* then no other file can be opened either */
        }
    }
}

mlp_status mlp_stdout_flush(void)
{
    errno = 0;
    if (fflush(stdout) == 0 && !ferror(stdout)) {
        return MLP_OK;
    }
    return mlp_fail(MLP_ERROR_IO, "standard output: cannot be written: %s",
                    strerror(errno != 0 ? errno : EIO));
}
