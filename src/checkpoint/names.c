/** @file
 *  File names of a checkpoint directory.
 */
#include "names.h"
#include "system/files.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char PREFIX[] = "ckpt-";
static const char INFIX[] = ".tmp.";

void mlp_checkpoint_name_format(mlp_checkpoint_name name,
                                char text[MLP_NAME_BYTES])
{
    snprintf(text, MLP_NAME_BYTES, "%s%06" PRIu64 "-%08" PRIu64 ".h5", PREFIX,
             name.epoch, name.step);
}

bool mlp_checkpoint_name_parse(const char *text, mlp_checkpoint_name *name)
{
    char again[MLP_NAME_BYTES];
    char *end;
    if (strncmp(text, PREFIX, strlen(PREFIX)) != 0) {
        return false;
    }
    name->epoch = strtoull(text + strlen(PREFIX), &end, 10);
    if (*end != '-') {
        return false;
    }
    name->step = strtoull(end + 1, NULL, 10);
    mlp_checkpoint_name_format(*name, again);
    return strcmp(text, again) == 0;
}

void mlp_host_name(char host[MLP_NAME_BYTES])
{
    if (gethostname(host, MLP_NAME_BYTES / 2) != 0) {
        snprintf(host, MLP_NAME_BYTES, "unknown");
    }
    host[MLP_NAME_BYTES / 2 - 1] = '\0';
}

void mlp_temporary_name_format(const char *base, char text[MLP_NAME_BYTES])
{
    char host[MLP_NAME_BYTES];
    mlp_host_name(host);
    snprintf(text, MLP_NAME_BYTES, ".%.80s%s%jd.%.127s", base, INFIX,
             (intmax_t)getpid(), host);
}

bool mlp_temporary_name_parse(const char *text, pid_t *pid, const char **host)
{
    const char *infix = strstr(text, INFIX);
    char *end;
    if (text[0] != '.' || strncmp(text + 1, PREFIX, strlen(PREFIX)) != 0 ||
        infix == NULL) {
        return false;
    }
    *pid = (pid_t)strtol(infix + strlen(INFIX), &end, 10);
    *host = end + 1;
    return *end == '.' && *pid > 0;
}

static mlp_status append(mlp_checkpoint_list *list, mlp_checkpoint_name name)
{
    if (list->count == list->capacity) {
        size_t capacity = list->capacity == 0 ? 16 : 2 * list->capacity;
        mlp_checkpoint_name *names =
            reallocarray(list->names, capacity, sizeof *names);
        if (names == NULL) {
            return mlp_fail_memory("a list of checkpoints");
        }
        list->names = names;
        list->capacity = capacity;
    }
    list->names[list->count++] = name;
    return MLP_OK;
}

static mlp_status read_entries(DIR *stream, const char *directory,
                               mlp_checkpoint_list *list)
{
    mlp_status status = MLP_OK;
    for (struct dirent *entry;
         mlp_directory_next(directory, stream, &entry, &status);) {
        mlp_checkpoint_name name;
        if (mlp_checkpoint_name_parse(entry->d_name, &name)) {
            status = append(list, name);
        }
    }
    return status;
}

static int by_step_falling(const void *left, const void *right)
{
    const mlp_checkpoint_name *a = left, *b = right;
    if (a->step != b->step) {
        return a->step < b->step ? 1 : -1;
    }
    return (a->epoch < b->epoch) - (a->epoch > b->epoch);
}

mlp_status mlp_checkpoint_list_read(const char *directory,
                                    mlp_checkpoint_list *list)
{
    *list = (mlp_checkpoint_list){0};
    DIR *stream = opendir(directory);
    if (stream == NULL && errno == ENOENT) {
        return MLP_OK;
    }
    if (stream == NULL) {
        return mlp_fail(MLP_ERROR_IO, "%s: cannot list: %s", directory,
                        strerror(errno));
    }
    mlp_status status = read_entries(stream, directory, list);
    closedir(stream);
    if (status != MLP_OK) {
        mlp_checkpoint_list_destroy(list);
        return status;
    }
    if (list->count > 1) {
        qsort(list->names, list->count, sizeof *list->names, by_step_falling);
    }
    return MLP_OK;
}

void mlp_checkpoint_list_destroy(mlp_checkpoint_list *list)
{
    free(list->names);
    *list = (mlp_checkpoint_list){0};
}
