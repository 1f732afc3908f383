/** @file
 *  The main of fuzzers without libFuzzer: runs the target on the given files,
 *  and on all files of the given directories.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

enum { INPUT_MAX = 1 << 20 };

/* Run the target on a file; returns 1. The buffer has exactly the input's size,
 * so that AddressSanitizer detects reads past the end. */
static int feed_file(const char *path)
{
    FILE *file = fopen(path, "rbe");
    static uint8_t bytes[INPUT_MAX];
    size_t size = file == NULL ? 0 : fread(bytes, 1, sizeof bytes, file);
    if (file == NULL || ferror(file)) {
        fprintf(stderr, "%s: cannot be read\n", path);
        exit(1);
    }
    fclose(file);
    uint8_t *input = malloc(size > 0 ? size : 1);
    if (input == NULL) {
        exit(1);
    }
    memcpy(input, bytes, size);
    LLVMFuzzerTestOneInput(input, size);
    free(input);
    return 1;
}

static int feed(const char *path)
{
    DIR *stream = opendir(path);
    int count = 0;
    if (stream == NULL) {
        return feed_file(path);
    }
    for (struct dirent *entry; (entry = readdir(stream)) != NULL;) {
        char name[4096];
        snprintf(name, sizeof name, "%s/%s", path, entry->d_name);
        count += entry->d_name[0] == '.' ? 0 : feed_file(name);
    }
    closedir(stream);
    return count;
}

int main(int argc, char **argv)
{
    int count = 0;
    for (int i = 1; i < argc; i++) {
        count += feed(argv[i]);
    }
    printf("%d inputs, all came back\n", count);
    return count > 0 ? 0 : 1;
}
