/** @file
 *  mlp train: another name of the program mlp_train.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tool.h"

/* The path of mlp_train in the folder of this program; "" when it is unknown.
 */
static void find_beside(char path[MLP_MAX_PATH])
{
    static const char name[] = "mlp_train";
    ssize_t length = readlink("/proc/self/exe", path, MLP_MAX_PATH - 1);
    path[length > 0 ? length : 0] = '\0';
    char *slash = strrchr(path, '/');
    size_t folder = slash != NULL ? (size_t)(slash - path) + 1 : 0;
    if (folder == 0 || folder + sizeof name > MLP_MAX_PATH) {
        path[0] = '\0';
        return;
    }
    memcpy(path + folder, name, sizeof name);
}

mlp_status mlp_tool_train(char **argv)
{
    static char name[] = "mlp_train";
    char path[MLP_MAX_PATH];
    argv[0] = name;
    find_beside(path);
    execv(path, argv);
    execvp(name, argv);
    return mlp_fail(MLP_ERROR_MISSING,
                    "mlp_train cannot be started: %s; it is neither beside "
                    "this program nor in $PATH",
                    strerror(errno));
}
