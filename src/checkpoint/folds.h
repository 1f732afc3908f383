/** @file
 *  The directory of a run of several models: RUN/fold-1, RUN/fold-2 ..., each
 *  the directory of an ordinary run. Not collective.
 */
#ifndef MLP_FOLDS_H
#define MLP_FOLDS_H

#include <stddef.h>

#include "base/path.h"
#include "base/status.h"

/** How many folds there are in a directory, counted up to the first that is
 *  not there; 0: it is no run of several models. */
size_t mlp_fold_count(const char *run);

/** The directory of a fold, from 0. MLP_ERROR_IO when that is too long. */
mlp_status mlp_fold_path(const char *run, size_t fold, char path[MLP_MAX_PATH]);

#endif
