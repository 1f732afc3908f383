/** @file
 *  Files for fuzz targets.
 */
#include "fuzz.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PATH_BYTES = 512 };

static char folder[64];

void fuzz_expect(int is_true, const char *claim)
{
    if (!is_true) {
        fprintf(stderr, "fuzz target: not so: %s\n", claim);
        abort();
    }
}

static void remove_folder(void)
{
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
        atexit(remove_folder);
    }
    return folder;
}

const char *fuzz_file(const char *name, const uint8_t *data, size_t size)
{
    static char paths[2][PATH_BYTES];
    static int turn;
    char *path = paths[turn = !turn];
    snprintf(path, PATH_BYTES, "%s/%s", fuzz_folder(), name);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    fuzz_expect(fd >= 0 && write(fd, data, size) == (ssize_t)size,
                "the input can be written to a file");
    close(fd);
    return path;
}
