/** @file
 *  Files for fuzz targets.
 */
#include "fuzz.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PATH_BYTES = 512 };

static char folder[64];
static pid_t maker; /* the process that created the folder */

void fuzz_expect(int is_true, const char *claim)
{
    if (!is_true) {
        fprintf(stderr, "fuzz target: not so: %s\n", claim);
        abort();
    }
}

/* Only the process that created the folder removes it, not a child at exit. */
static void remove_folder(void)
{
    if (getpid() != maker) {
        return;
    }
    DIR *stream = opendir(folder);
    while (stream != NULL) {
        char path[PATH_BYTES];
        const struct dirent *entry = readdir(stream);
        if (entry == NULL) {
            closedir(stream);
            break;
        }
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        unlink(path);
    }
    rmdir(folder);
}

const char *fuzz_folder(void)
{
    if (folder[0] == '\0') {
        snprintf(folder, sizeof folder, "/dev/shm/mlp_fuzz.XXXXXX");
        if (mkdtemp(folder) == NULL) {
            snprintf(folder, sizeof folder, "/tmp/mlp_fuzz.XXXXXX");
            fuzz_expect(mkdtemp(folder) != NULL, "there is a place for files");
        }
        maker = getpid();
        atexit(remove_folder);
    }
    return folder;
}

static int write_all(int fd, const uint8_t *data, size_t size)
{
    while (size > 0) {
        ssize_t written = write(fd, data, size);
        if (written < 0 && errno != EINTR) {
            return 0;
        }
        data += written < 0 ? 0 : written;
        size -= written < 0 ? 0 : (size_t)written;
    }
    return 1;
}

const char *fuzz_file(const char *name, const uint8_t *data, size_t size)
{
    static char paths[2][PATH_BYTES];
    static int turn;
    char *path = paths[turn = !turn];
    snprintf(path, PATH_BYTES, "%s/%s", fuzz_folder(), name);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (fd < 0 || !write_all(fd, data, size)) {
        perror(path);
        fuzz_expect(0, "the input can be written to a file");
    }
    close(fd);
    return path;
}
