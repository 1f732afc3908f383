/** @file
 *  Paths of files.
 */
#ifndef MLP_PATH_H
#define MLP_PATH_H

#include "status.h"

enum { MLP_MAX_PATH = 4096 /**< bytes of a path with its final NUL */ };

/** DIRECTORY/NAME. MLP_ERROR_IO when that is too long. */
mlp_status mlp_path_join(const char *directory, const char *name,
                         char path[MLP_MAX_PATH]);

#endif
