/** @file
 *  Reading from files of the system.
 */
#include "reading.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

mlp_status mlp_fail_read(const char *path)
{
    return mlp_fail(MLP_ERROR_IO, "%s: cannot be read: %s", path,
                    strerror(errno));
}

mlp_status mlp_read_start(const char *path, void *bytes, size_t size,
                          size_t *count)
{
    ssize_t got = 1;
    *count = 0;
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0) {
        return mlp_fail(MLP_ERROR_MISSING, "%s: cannot be opened: %s", path,
                        strerror(errno));
    }
    while (got != 0 && *count < size) {
        got = read(fd, (char *)bytes + *count, size - *count);
        if (got < 0 && errno != EINTR) {
            break;
        }
        *count += got > 0 ? (size_t)got : 0;
    }
    mlp_status status = got < 0 && *count < size ? mlp_fail_read(path) : MLP_OK;
    close(fd);
    return status;
}
