/** @file
 *  Making the directories that the user names for results, and listing any.
 */
#ifndef MLP_DIRECTORY_H
#define MLP_DIRECTORY_H

#include <dirent.h>
#include <stdbool.h>

#include "base/status.h"

/** Make a directory and those above it that are missing; that it is there
 *  already is fine. What was made lasts through a loss of power, where the
 *  file system allows. MLP_ERROR_IO. */
mlp_status mlp_directory_make(const char *directory);

/** The next entry of a directory that is being listed. False when there is no
 *  other, when *status is not MLP_OK, and when the listing fails: then *status
 *  becomes MLP_ERROR_IO. */
bool mlp_directory_next(const char *directory, DIR *stream,
                        struct dirent **entry, mlp_status *status);

#endif
