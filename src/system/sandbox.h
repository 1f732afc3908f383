/** @file
 *  Runs in a child process what a hostile file could crash.
 */
#ifndef MLP_SANDBOX_H
#define MLP_SANDBOX_H

#include <stddef.h>

#include "base/status.h"

/** Call action(context) in a restricted child process: it cannot extend files,
 *  its memory and CPU time are limited, it prints nothing, and requests to stop
 *  (stop.h) do not affect it. Its changes to memory are lost.
 *
 *  @param path   the file's name in messages
 *  @param bytes  the file's size; the limits grow with it
 *
 *  Returns the action's status, with its failure text; MLP_ERROR_DATA when a
 *  signal or a limit ended the child; MLP_ERROR_INTERNAL without a child.
 */
mlp_status mlp_sandbox_try(const char *path, size_t bytes,
                           mlp_status (*action)(void *context), void *context);

#endif
