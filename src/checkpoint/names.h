/** @file
 *  The names of the files in a checkpoint directory.
 */
#ifndef MLP_CHECKPOINT_NAMES_H
#define MLP_CHECKPOINT_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/path.h"
#include "base/status.h"

enum { MLP_NAME_BYTES = 256 /**< of a file name with its final NUL */ };

/** The contents of a committed checkpoint's name. */
typedef struct {
    uint64_t epoch, step;
} mlp_checkpoint_name;

/** "ckpt-000002-00000938.h5" */
void mlp_checkpoint_name_format(mlp_checkpoint_name name,
                                char text[MLP_NAME_BYTES]);

/** Whether text is exactly the formatted name. */
bool mlp_checkpoint_name_parse(const char *text, mlp_checkpoint_name *name);

/** A temporary file's name, ".BASE.tmp.PID.HOST", of this process. */
void mlp_temporary_name_format(const char *base, char text[MLP_NAME_BYTES]);

/** Whether text is a temporary file's name whose base begins with "ckpt-".
 *  @param pid   of the process that created it
 *  @param host  points into text: the host of that process */
bool mlp_temporary_name_parse(const char *text, pid_t *pid, const char **host);

/** The host of this process; truncated if longer than a name allows. */
void mlp_host_name(char host[MLP_NAME_BYTES]);

/** The committed checkpoints of a directory by name, highest step first. Owned
 *  by the caller of mlp_checkpoint_list_read. */
typedef struct {
    mlp_checkpoint_name *names;
    size_t count, capacity;
} mlp_checkpoint_list;

/** An absent directory gives an empty list. MLP_ERROR_IO. */
mlp_status mlp_checkpoint_list_read(const char *directory,
                                    mlp_checkpoint_list *list);
void mlp_checkpoint_list_destroy(mlp_checkpoint_list *list);

#endif
