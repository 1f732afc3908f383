/** @file
 *  Finds IDX files by name.
 */
#include "idx_files.h"

#include <dirent.h>
#include <errno.h>
#include <fnmatch.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "system/files.h"

enum { NAME_BYTES = 256, STEMS = 6 };

static const struct {
    const char *stem;
    mlp_idx_role role;
} stems[STEMS] = {
    {"train-images", MLP_IDX_TRAIN_IMAGES},
    {"train-labels", MLP_IDX_TRAIN_LABELS},
    {"t10k-images", MLP_IDX_TEST_IMAGES},
    {"t10k-labels", MLP_IDX_TEST_LABELS},
    {"test-images", MLP_IDX_TEST_IMAGES}, /* EMNIST's name for t10k */
    {"test-labels", MLP_IDX_TEST_LABELS},
};

static const char *const usual_name[MLP_IDX_ROLES] = {
    "train-images-idx3-ubyte", "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"};

/* Whether base is [prefix]stem, '-' or '.', "idx3-ubyte" or the like. Hidden
 * files are skipped: some systems leave ._NAME beside every NAME. */
static bool has_stem(const char *base, const char *stem)
{
    static const char *const types[] = {"ubyte", "short", "int"};
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        char pattern[64];
        snprintf(pattern, sizeof pattern, "*%s[-.]idx[1-9]-%s", stem, types[i]);
        if (fnmatch(pattern, base, FNM_PERIOD) == 0) {
            return true;
        }
    }
    return false;
}

/* The index of the stem in a file's name, STEMS for none. */
static size_t stem_of(const char *name)
{
    char base[NAME_BYTES];
    snprintf(base, sizeof base, "%s", name);
    size_t length = strlen(base);
    if (length > 3 && strcmp(base + length - 3, ".gz") == 0) {
        base[length - 3] = '\0';
    }
    size_t i = 0;
    while (i < STEMS && !has_stem(base, stems[i].stem)) {
        i++;
    }
    return i;
}

/* Directories are skipped: some archives unpack every file into a directory of
 * its own name, beside the file. */
static int is_candidate(const struct dirent *entry)
{
    return entry->d_type != DT_DIR && stem_of(entry->d_name) < STEMS;
}

static bool is_packed_form(const char *name, const char *plain)
{
    size_t length = strlen(plain);
    return strncmp(name, plain, length) == 0 &&
           strcmp(name + length, ".gz") == 0;
}

/* Assign names to roles, in sorted order: NAME comes before NAME.gz. */
static mlp_status assign(const char *directory, struct dirent **entries,
                         int count, const char *chosen[MLP_IDX_ROLES])
{
    for (int i = 0; i < count; i++) {
        const char *name = entries[i]->d_name;
        mlp_idx_role role = stems[stem_of(name)].role;
        if (chosen[role] == NULL) {
            chosen[role] = name;
        } else if (!is_packed_form(name, chosen[role])) {
            return mlp_fail(MLP_ERROR_DATA,
                            "%s: expected one data set, found both %s and %s",
                            directory, chosen[role], name);
        }
    }
    for (size_t role = 0; role < MLP_IDX_ROLES; role++) {
        if (chosen[role] == NULL) {
            return mlp_fail(MLP_ERROR_MISSING, "%s: no %s, plain or .gz",
                            directory, usual_name[role]);
        }
    }
    return MLP_OK;
}

static int prefix_length(const char *name)
{
    return (int)(strstr(name, stems[stem_of(name)].stem) - name);
}

/* Refuse training and test files of different data sets. */
static mlp_status check_prefixes(const char *directory,
                                 const char *chosen[MLP_IDX_ROLES])
{
    int length = prefix_length(chosen[0]);
    for (size_t role = 1; role < MLP_IDX_ROLES; role++) {
        if (prefix_length(chosen[role]) != length ||
            strncmp(chosen[role], chosen[0], (size_t)length) != 0) {
            return mlp_fail(MLP_ERROR_DATA,
                            "%s: expected one data set, found %s beside %s",
                            directory, chosen[role], chosen[0]);
        }
    }
    return MLP_OK;
}

static mlp_status join_paths(const char *directory,
                             const char *chosen[MLP_IDX_ROLES],
                             mlp_idx_files *files)
{
    for (size_t role = 0; role < MLP_IDX_ROLES; role++) {
        int length = snprintf(files->path[role], sizeof files->path[role],
                              "%s/%s", directory, chosen[role]);
        if ((size_t)length >= sizeof files->path[role]) {
            return mlp_fail(MLP_ERROR_MISSING, "%s: the path is too long",
                            directory);
        }
    }
    return MLP_OK;
}

mlp_status mlp_idx_files_find(const char *directory, mlp_idx_files *files)
{
    struct dirent **entries = NULL;
    int count = scandir(directory, &entries, is_candidate, alphasort);
    if (count < 0) {
        return mlp_fail_open(directory);
    }
    const char *chosen[MLP_IDX_ROLES] = {NULL};
    mlp_status status = assign(directory, entries, count, chosen);
    if (status == MLP_OK) {
        status = check_prefixes(directory, chosen);
    }
    if (status == MLP_OK) {
        status = join_paths(directory, chosen, files);
    }
    for (int i = 0; i < count; i++) {
        free(entries[i]);
    }
    free(entries);
    return status;
}
