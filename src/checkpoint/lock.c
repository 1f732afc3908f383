/** @file
 *  One run per checkpoint directory. The kernel releases the lock with its
 *  process, so that it is never stale.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "checkpoint.h"
#include "names.h"

/* A launcher may end before the ranks that it has killed. */
static const double DYING_SECONDS = 2.0;

/* Write the owner into the lock file. Only for messages, so errors are
 * ignored. */
static void write_owner(int fd)
{
    char text[2 * MLP_NAME_BYTES], host[MLP_NAME_BYTES];
    mlp_host_name(host);
    int length = snprintf(text, sizeof text, "process %jd on %s\n",
                          (intmax_t)getpid(), host);
    if (ftruncate(fd, 0) != 0 || pwrite(fd, text, (size_t)length, 0) < 0) {
        mlp_log_note("the lock file keeps an old name: %s", strerror(errno));
    }
}

static mlp_status refuse(int fd, const char *directory)
{
    char holder[2 * MLP_NAME_BYTES];
    ssize_t length = pread(fd, holder, sizeof holder - 1, 0);
    holder[length < 0 ? 0 : length] = '\0';
    holder[strcspn(holder, "\n")] = '\0';
    return mlp_fail(MLP_ERROR_IO, "%s: another run writes here: %s", directory,
                    holder[0] == '\0' ? "unknown" : holder);
}

/* Like flock, but wait a little for an owner that is ending. */
static int lock_patiently(int fd)
{
    const struct timespec pause = {.tv_nsec = 20000000};
    double start = mlp_clock_seconds();
    int result;
    while ((result = flock(fd, LOCK_EX | LOCK_NB)) != 0 &&
           errno == EWOULDBLOCK &&
           mlp_clock_seconds() - start < DYING_SECONDS) {
        nanosleep(&pause, NULL);
    }
    return result;
}

static mlp_status take(int fd, const char *directory)
{
    if (lock_patiently(fd) == 0) {
        write_owner(fd);
        return MLP_OK;
    }
    if (errno == EWOULDBLOCK) {
        return refuse(fd, directory);
    }
    mlp_log_warning("%s: cannot lock: %s; see that no other run writes here",
                    directory, strerror(errno));
    return MLP_OK;
}

mlp_status mlp_checkpoint_lock(const char *directory, int *lock)
{
    char path[MLP_MAX_PATH];
    *lock = -1;
    MLP_TRY(mlp_path_join(directory, ".lock", path));
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (fd < 0) {
        return mlp_fail(MLP_ERROR_IO, "%s: cannot open: %s", path,
                        strerror(errno));
    }
    mlp_status status = take(fd, directory);
    if (status != MLP_OK) {
        close(fd);
        return status;
    }
    *lock = fd;
    return MLP_OK;
}

void mlp_checkpoint_unlock(int *lock)
{
    if (*lock >= 0) {
        close(*lock);
        *lock = -1;
    }
}
