/** @file
 *  The directory of a run of several models.
 */
#include "folds.h"

#include <stdbool.h>
#include <stdio.h>
#include <sys/stat.h>

#include "config/fold.h"

mlp_status mlp_fold_path(const char *run, size_t fold, char path[MLP_MAX_PATH])
{
    char name[32];
    snprintf(name, sizeof name, MLP_FOLD_NAME, fold + 1);
    return mlp_path_join(run, name, path);
}

static bool has_fold(const char *run, size_t fold)
{
    struct stat facts;
    char path[MLP_MAX_PATH];
    return mlp_fold_path(run, fold, path) == MLP_OK &&
           stat(path, &facts) == 0 && S_ISDIR(facts.st_mode);
}

size_t mlp_fold_count(const char *run)
{
    size_t count = 0;
    while (count < MLP_FOLDS_MOST && has_fold(run, count)) {
        count++;
    }
    return count;
}
