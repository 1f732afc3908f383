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

/** What the name of a committed checkpoint says. */
typedef struct {
    uint64_t epoch, step;
} mlp_checkpoint_name;

/** "ckpt-000002-00000938.h5" */
void mlp_checkpoint_name_format(mlp_checkpoint_name name,
                                char text[MLP_NAME_BYTES]);

/** Whether text is exactly what format makes of *name. */
bool mlp_checkpoint_name_parse(const char *text, mlp_checkpoint_name *name);

/** Name a file under way: ".BASE.tmp.PID.HOST", of this process. */
void mlp_temporary_name_format(const char *base, char text[MLP_NAME_BYTES]);

/** Whether text is such a name with a base that begins with "ckpt-".
 *  @param pid   of the process that made it
 *  @param host  into text: where that process ran */
bool mlp_temporary_name_parse(const char *text, pid_t *pid, const char **host);

/** The host of this process; cut if longer than a name allows. */
void mlp_host_name(char host[MLP_NAME_BYTES]);

/** The committed checkpoints of a directory by name, highest step first.
 *  Owned by whoever listed them. */
typedef struct {
    mlp_checkpoint_name *names;
    size_t count, capacity;
} mlp_checkpoint_list;

/** An absent directory has none. MLP_ERROR_IO. */
mlp_status mlp_checkpoint_list_read(const char *directory,
                                    mlp_checkpoint_list *list);
void mlp_checkpoint_list_destroy(mlp_checkpoint_list *list);

#endif
