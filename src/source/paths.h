/** @file
 *  The files that make one table: a path, a pattern such as "part-*.csv", or a
 *  list of these, "a.csv,b.csv"; arrays that are joined count as one.
 */
#ifndef MLP_PATHS_H
#define MLP_PATHS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/status.h"

enum { MLP_PATHS_MOST = 65536 };

/** Zero-initialize; destroy frees. */
typedef struct {
    char **items;
    size_t count;
} mlp_paths;

/** Whether a text is a list or pattern, or joined arrays (npy.h), and not the
 *  path of something. */
bool mlp_paths_is_list(const char *spec);

/** The files that a text names: those of a list in its order, those of a
 *  pattern (glob(7)) in the order of their bytes. What exists under its name is
 *  no pattern, and a path that does not exist is left to the opening of it.
 *  MLP_ERROR_MISSING for a pattern without a file. MLP_ERROR_INTERNAL without
 *  memory. */
mlp_status mlp_paths_find(const char *spec, mlp_paths *paths);
void mlp_paths_destroy(mlp_paths *paths);

#endif
