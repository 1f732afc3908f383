/** @file
 *  Making the directories that the user names for results.
 */
#ifndef MLP_DIRECTORY_H
#define MLP_DIRECTORY_H

#include "mlp/status.h"

/** Make a directory and those above it that are missing; that it is there
 *  already is fine. What was made lasts through a loss of power, where the
 *  file system allows. MLP_ERROR_IO. */
mlp_status mlp_directory_make(const char *directory);

#endif
