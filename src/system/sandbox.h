/** @file
 *  Trying in a child process what a hostile file could bring down.
 */
#ifndef MLP_SANDBOX_H
#define MLP_SANDBOX_H

#include <stddef.h>

#include "base/status.h"

/** Call action(context) in a child process that may do little: no file grows,
 *  its memory and its CPU time are bounded, it says nothing, and wishes to
 *  stop (stop.h) pass it by. What it does to memory is gone with it.
 *
 *  @param path   what messages call the file that is tried
 *  @param bytes  how large that file is: the bounds grow with it
 *
 *  Returns what the action did, with its line; MLP_ERROR_DATA when the child
 *  was ended by a signal or a bound. MLP_ERROR_INTERNAL when there is no child.
 */
mlp_status mlp_sandbox_try(const char *path, size_t bytes,
                           mlp_status (*action)(void *context), void *context);

#endif
