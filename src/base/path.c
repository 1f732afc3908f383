/** @file
 *  Paths of files.
 */
#include "path.h"

#include <stdio.h>
#include <string.h>

mlp_status mlp_path_join(const char *directory, const char *name,
                         char path[MLP_MAX_PATH])
{
    int length = snprintf(path, MLP_MAX_PATH, "%s/%s", directory, name);
    if (length < 0 || length >= MLP_MAX_PATH) {
        return mlp_fail(MLP_ERROR_IO,
                        "%.64s...: has %zu bytes, too long for a directory",
                        directory, strlen(directory));
    }
    return MLP_OK;
}
