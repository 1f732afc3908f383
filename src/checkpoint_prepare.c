/** @file
 *  Making a directory ready for checkpoints: what can go wrong is to show
 *  before the first step, not after the first hours.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

#include "checkpoint_names.h"
#include "mlp/checkpoint.h"
#include "mlp/log.h"

enum { DAY_SECONDS = 24 * 60 * 60 };

static mlp_status fail_io(const char *path, const char *verb)
{
    return mlp_fail(MLP_ERROR_IO, "%s: cannot %s: %s", path, verb,
                    strerror(errno));
}

/* A name is durable once the directory that it is in is: without this, a power
 * loss could take the new directory and all checkpoints in it. Only an attempt:
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
    return fail_io(path, "make the directory");
}

static mlp_status make_directory(const char *directory)
{
    char path[MLP_MAX_PATH];
    struct stat facts;
    size_t length = strlen(directory);
    if (length >= sizeof path) {
        errno = ENAMETOOLONG;
        return fail_io(directory, "make the directory");
    }
    memcpy(path, directory, length + 1);
    MLP_TRY(make_with_parents(path));
    if (stat(directory, &facts) != 0) {
        return fail_io(directory, "open");
    }
    if (!S_ISDIR(facts.st_mode)) {
        return mlp_fail(MLP_ERROR_IO, "%s: is no directory", directory);
    }
    return MLP_OK;
}

/* Whether the process that began a temporary file is gone. This process has
 * begun none yet. Of other hosts nothing is known but the file's age. */
static bool is_leftover(const char *path, const char *name)
{
    char here[MLP_NAME_BYTES];
    const char *host;
    pid_t pid;
    struct stat facts;
    if (!mlp_temporary_name_parse(name, &pid, &host) ||
        lstat(path, &facts) != 0 || !S_ISREG(facts.st_mode)) {
        return false;
    }
    mlp_host_name(here);
    if (strcmp(host, here) == 0 &&
        (pid == getpid() || (kill(pid, 0) != 0 && errno == ESRCH))) {
        return true;
    }
    return time(NULL) - facts.st_mtime > DAY_SECONDS;
}

static mlp_status remove_leftovers(const char *directory)
{
    DIR *stream = opendir(directory);
    if (stream == NULL) {
        return fail_io(directory, "list");
    }
    mlp_status status = MLP_OK;
    for (struct dirent *entry;
         status == MLP_OK && (entry = readdir(stream)) != NULL;) {
        char path[MLP_MAX_PATH];
        status = mlp_path_join(directory, entry->d_name, path);
        if (status == MLP_OK && is_leftover(path, entry->d_name) &&
            unlink(path) != 0) {
            mlp_log_warning("%s: cannot remove: %s", path, strerror(errno));
        }
    }
    closedir(stream);
    return status;
}

static mlp_status probe_file(int fd, const char *path)
{
    static const char text[] = "can a checkpoint be written here?\n";
    errno = ENOSPC; /* what a short write means */
    if (write(fd, text, sizeof text) != (ssize_t)sizeof text) {
        return fail_io(path, "write");
    }
    return fsync(fd) == 0 ? MLP_OK : fail_io(path, "sync");
}

static mlp_status probe(const char *directory)
{
    char name[MLP_NAME_BYTES], path[MLP_MAX_PATH];
    mlp_temporary_name_format("ckpt-probe", name);
    MLP_TRY(mlp_path_join(directory, name, path));
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd < 0) {
        return fail_io(path, "create");
    }
    mlp_status status = probe_file(fd, path);
    if (close(fd) != 0 && status == MLP_OK) {
        status = fail_io(path, "close");
    }
    if (unlink(path) != 0 && status == MLP_OK) {
        status = fail_io(path, "remove");
    }
    return status;
}

mlp_status mlp_checkpoint_prepare(const char *directory)
{
    MLP_TRY(make_directory(directory));
    MLP_TRY(remove_leftovers(directory));
    return probe(directory);
}

/* Bytes of the checkpoints that are there already. */
static mlp_status count_bytes(const char *directory, uint64_t *bytes)
{
    mlp_checkpoint_list list;
    MLP_TRY(mlp_checkpoint_list_read(directory, &list));
    mlp_status status = MLP_OK;
    *bytes = 0;
    for (size_t i = 0; status == MLP_OK && i < list.count; i++) {
        char name[MLP_NAME_BYTES], path[MLP_MAX_PATH];
        struct stat facts;
        mlp_checkpoint_name_format(list.names[i], name);
        status = mlp_path_join(directory, name, path);
        if (status == MLP_OK && lstat(path, &facts) == 0) {
            *bytes += (uint64_t)facts.st_size;
        }
    }
    mlp_checkpoint_list_destroy(&list);
    return status;
}

mlp_status mlp_checkpoint_check_space(const char *directory, uint64_t bytes)
{
    struct statvfs disk;
    uint64_t used;
    MLP_TRY(count_bytes(directory, &used));
    if (statvfs(directory, &disk) != 0) {
        return fail_io(directory, "find the free space");
    }
    uint64_t free_bytes = (uint64_t)disk.f_bavail * disk.f_frsize;
    if (bytes > used && bytes - used > free_bytes) {
        return mlp_fail(MLP_ERROR_IO,
                        "%s: has %ju MB free, the checkpoints may need %ju MB",
                        directory, (uintmax_t)(free_bytes / 1000000),
                        (uintmax_t)((bytes - used) / 1000000));
    }
    return MLP_OK;
}
