/** @file
 *  Files: reading, writing, directories, and failure texts.
 */
#include "files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/path.h"

/* ---- failures, with the reason in errno */

static mlp_status fail(mlp_status status, const char *path, const char *what)
{
    return mlp_fail(status, "%s: %s: %s", path, what, strerror(errno));
}

mlp_status mlp_fail_open(const char *path)
{
    return fail(MLP_ERROR_MISSING, path, "cannot be opened");
}

mlp_status mlp_fail_read(const char *path)
{
    return fail(MLP_ERROR_IO, path, "cannot be read");
}

/* ---- reading and writing */

mlp_status mlp_read_start(const char *path, void *bytes, size_t size,
                          size_t *count)
{
    ssize_t got = 1;
    *count = 0;
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0) {
        return mlp_fail_open(path);
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

/* ---- standard streams */

void mlp_streams_occupy(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
        if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDONLY) < 0) {
            return; /* no other file can be opened either */
        }
    }
}

mlp_status mlp_stdout_flush(void)
{
    errno = 0;
    if (fflush(stdout) == 0 && !ferror(stdout)) {
        return MLP_OK;
    }
    errno = errno != 0 ? errno : EIO;
    return fail(MLP_ERROR_IO, "standard output", "cannot be written");
}

/* ---- directories */

/* Sync the parent directory: else a power loss could remove the new directory
 * and its contents. May fail: the parent may be unreadable. */
static void sync_parent(const char *path)
{
    char parent[MLP_MAX_PATH];
    snprintf(parent, sizeof parent, "%s", path);
    char *slash = strrchr(parent, '/');
    if (slash != NULL) {
        slash[slash == parent] = '\0';
    }
    int fd =
        open(slash != NULL ? parent : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0) {
        (void)fsync(fd);
        close(fd);
    }
}

static bool is_made(const char *path)
{
    if (mkdir(path, 0777) != 0) {
        return errno == EEXIST;
    }
    sync_parent(path);
    return true;
}

/* Start with the whole path and go up, so that existing parents get no mkdir:
 * some file systems refuse it although the directory exists. */
static mlp_status make_with_parents(char *path)
{
    if (is_made(path)) {
        return MLP_OK;
    }
    char *slash = strrchr(path, '/');
    if (errno == ENOENT && slash != NULL && slash != path) {
        *slash = '\0';
        mlp_status status = make_with_parents(path);
        *slash = '/';
        MLP_TRY(status);
        if (is_made(path)) {
            return MLP_OK;
        }
    }
    return fail(MLP_ERROR_IO, path, "cannot make the directory");
}

mlp_status mlp_directory_make(const char *directory)
{
    char path[MLP_MAX_PATH];
    struct stat facts;
    size_t length = strlen(directory);
    if (length >= sizeof path) {
        errno = ENAMETOOLONG;
        return fail(MLP_ERROR_IO, directory, "cannot make the directory");
    }
    memcpy(path, directory, length + 1);
    MLP_TRY(make_with_parents(path));
    if (stat(directory, &facts) != 0) {
        return fail(MLP_ERROR_IO, directory, "cannot open");
    }
    if (!S_ISDIR(facts.st_mode)) {
        return mlp_fail(MLP_ERROR_IO, "%s: is not a directory", directory);
    }
    return MLP_OK;
}

bool mlp_directory_next(const char *directory, DIR *stream,
                        struct dirent **entry, mlp_status *status)
{
    *entry = NULL;
    if (*status == MLP_OK) {
        errno = 0;
        *entry = readdir(stream);
        *status = *entry == NULL && errno != 0
                      ? fail(MLP_ERROR_IO, directory, "cannot list")
                      : MLP_OK;
    }
    return *entry != NULL;
}
