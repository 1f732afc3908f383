/** @file
 *  Lists and patterns of files.
 */
#include "paths.h"

#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "npy.h"

static bool is_pattern(const char *text)
{
    return strpbrk(text, "*?[") != NULL;
}

bool mlp_paths_is_list(const char *spec)
{
    bool has_several =
        strpbrk(spec, ",*?[") != NULL || strstr(spec, MLP_NPY_JOINT) != NULL;
    return has_several && access(spec, F_OK) != 0;
}

void mlp_paths_destroy(mlp_paths *paths)
{
    for (size_t i = 0; i < paths->count; i++) {
        free(paths->items[i]);
    }
    free(paths->items);
    *paths = (mlp_paths){0};
}

static mlp_status add(mlp_paths *paths, const char *path)
{
    if (paths->count == MLP_PATHS_MOST) {
        return mlp_fail(MLP_ERROR_DATA,
                        "%s: is one file too many: a table has "
                        "at most %d",
                        path, MLP_PATHS_MOST);
    }
    char **items = reallocarray(paths->items, paths->count + 1, sizeof *items);
    if (items == NULL) {
        return mlp_fail_memory("the files of a table");
    }
    paths->items = items;
    items[paths->count] = strdup(path);
    if (items[paths->count] == NULL) {
        return mlp_fail_memory("the files of a table");
    }
    paths->count++;
    return MLP_OK;
}

static int by_bytes(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* glob itself would sort by the locale, which ranks need not share. */
static mlp_status add_matches(mlp_paths *paths, const char *pattern)
{
    glob_t found = {0};
    size_t first = paths->count;
    int result = glob(pattern, GLOB_NOSORT, NULL, &found);
    mlp_status status =
        result == GLOB_NOSPACE ? mlp_fail_memory("the files of a table")
        : result != 0
            ? mlp_fail(MLP_ERROR_MISSING, "%s: no file matches", pattern)
            : MLP_OK;
    for (size_t i = 0; i < found.gl_pathc && status == MLP_OK; i++) {
        status = add(paths, found.gl_pathv[i]);
    }
    globfree(&found);
    if (status == MLP_OK) {
        qsort(paths->items + first, paths->count - first, sizeof *paths->items,
              by_bytes);
    }
    return status;
}

static mlp_status add_item(mlp_paths *paths, const char *item)
{
    return is_pattern(item) && access(item, F_OK) != 0
               ? add_matches(paths, item)
               : add(paths, item);
}

/* @param list  changed */
static mlp_status add_list(mlp_paths *paths, char *list)
{
    mlp_status status = MLP_OK;
    char *rest;
    for (char *item = strtok_r(list, ",", &rest);
         item != NULL && status == MLP_OK; item = strtok_r(NULL, ",", &rest)) {
        status = add_item(paths, item);
    }
    return status == MLP_OK && paths->count == 0
               ? mlp_fail(MLP_ERROR_MISSING, "a list of files has none")
               : status;
}

mlp_status mlp_paths_find(const char *spec, mlp_paths *paths)
{
    if (!mlp_paths_is_list(spec)) {
        return add(paths, spec);
    }
    char *list = strdup(spec);
    mlp_status status = list == NULL ? mlp_fail_memory("the files of a table")
                                     : add_list(paths, list);
    free(list);
    return status;
}
