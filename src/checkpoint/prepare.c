/** @file
 *  Preparing a directory for checkpoints: errors should show before the first
 *  step, not after hours.
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

#include "base/log.h"
#include "checkpoint.h"
#include "names.h"
#include "system/files.h"

enum { DAY_SECONDS = 24 * 60 * 60 };

static mlp_status fail_io(const char *path, const char *verb)
{
    return mlp_fail(MLP_ERROR_IO, "%s: cannot %s: %s", path, verb,
                    strerror(errno));
}

/* Whether the process that created a temporary file is gone. (This process has
 * created none yet.) For other hosts only the file's age is known. */
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
         mlp_directory_next(directory, stream, &entry, &status);) {
        char path[MLP_MAX_PATH];
        status = mlp_path_join(directory, entry->d_name, path);
        if (status == MLP_OK && is_leftover(path, entry->d_name) &&
            unlink(path) != 0 && errno != ENOENT) { /* another run has */
            mlp_log_warning("%s: cannot remove: %s", path, strerror(errno));
        }
    }
    closedir(stream);
    return status;
}

static mlp_status probe_file(int fd, const char *path)
{
    static const char text[] = "can a checkpoint be written here?\n";
    if (!mlp_write_all(fd, text, sizeof text)) {
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
    MLP_TRY(mlp_directory_make(directory));
    MLP_TRY(remove_leftovers(directory));
    return probe(directory);
}

/* Total bytes of the existing checkpoints. */
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
