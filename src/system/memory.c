/** @file
 *  How much memory this process may use.
 */
#include "memory.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/path.h"

static uint64_t least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* The number in a file; UINT64_MAX without one, as in "max". */
static uint64_t number_in(const char *path)
{
    char text[32] = "";
    char *end;
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        return UINT64_MAX;
    }
    bool is_read = fgets(text, sizeof text, file) != NULL;
    fclose(file);
    uint64_t number = strtoull(text, &end, 10);
    return is_read && end != text ? number : UINT64_MAX;
}

/* The least limit of a group and of all above it.
 * @param group  "/a/b", overwritten */
static uint64_t limit_of_group(const char *mount, char *group, const char *name)
{
    uint64_t limit = UINT64_MAX;
    for (;;) {
        char path[2 * MLP_MAX_PATH];
        snprintf(path, sizeof path, "%s%s/%s", mount, group, name);
        limit = least(limit, number_in(path));
        char *last = strrchr(group, '/');
        if (last == NULL) {
            return limit;
        }
        *last = '\0';
    }
}

/* By a line of /proc/self/cgroup: "0::/a/b" of version 2, "9:memory:/a/b" of
 * version 1. */
static uint64_t limit_by_line(const char *root, char *line)
{
    char mount[MLP_MAX_PATH];
    char *controllers = strchr(line, ':');
    char *group = controllers != NULL ? strchr(controllers + 1, ':') : NULL;
    if (group == NULL) {
        return UINT64_MAX;
    }
    bool is_memory = strncmp(controllers, ":memory:", 8) == 0;
    line[strcspn(line, "\n")] = '\0';
    snprintf(mount, sizeof mount, "%.512s/sys/fs/cgroup%s", root,
             is_memory ? "/memory" : "");
    return is_memory || group == controllers + 1
               ? limit_of_group(mount, group + 1,
                                is_memory ? "memory.limit_in_bytes"
                                          : "memory.max")
               : UINT64_MAX;
}

uint64_t mlp_memory_limit_below(const char *root)
{
    char path[MLP_MAX_PATH], line[MLP_MAX_PATH];
    uint64_t limit =
        (uint64_t)sysconf(_SC_PHYS_PAGES) * (uint64_t)sysconf(_SC_PAGE_SIZE);
    snprintf(path, sizeof path, "%.512s/proc/self/cgroup", root);
    FILE *file = fopen(path, "re");
    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        limit = least(limit, limit_by_line(root, line));
    }
    if (file != NULL) {
        fclose(file);
    }
    return limit;
}

uint64_t mlp_memory_limit(void)
{
    return mlp_memory_limit_below("");
}
