/** @file
 *  Making a directory with its parents, to last; and listing one.
 */
#include "directory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/path.h"

static mlp_status fail(const char *path, const char *verb)
{
    return mlp_fail(MLP_ERROR_IO, "%s: cannot %s: %s", path, verb,
                    strerror(errno));
}

/* A name is durable once the directory that it is in is: without this, a power
 * loss could take the new directory and all that is in it. Only an attempt:
 * the directory above may be one that cannot be read. */
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

/* From the end, so that nothing is asked of directories that are there: some
 * file systems refuse a mkdir before they say that it is not needed. */
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
    return fail(path, "make the directory");
}

mlp_status mlp_directory_make(const char *directory)
{
    char path[MLP_MAX_PATH];
    struct stat facts;
    size_t length = strlen(directory);
    if (length >= sizeof path) {
        errno = ENAMETOOLONG;
        return fail(directory, "make the directory");
    }
    memcpy(path, directory, length + 1);
    MLP_TRY(make_with_parents(path));
    if (stat(directory, &facts) != 0) {
        return fail(directory, "open");
    }
    if (!S_ISDIR(facts.st_mode)) {
        return mlp_fail(MLP_ERROR_IO, "%s: is no directory", directory);
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
        *status =
            *entry == NULL && errno != 0 ? fail(directory, "list") : MLP_OK;
    }
    return *entry != NULL;
}
