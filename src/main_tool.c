/** @file
 *  mlp: look at what mlp_train has saved, and use it. One process.
 */
#include <signal.h>
#include <stdio.h>

#include "mlp/log.h"
#include "tool.h"

static const char program[] = "mlp";

int main(int argc, char **argv)
{
    /* A reader that went away, a limit on the size of files: these are failed
     * writes, with a message and nothing left behind. */
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN);
    mlp_log_open(program, 1, 0);
    mlp_status status = mlp_tool(argc, argv);
    if (status != MLP_OK) {
        fprintf(stderr, "%s: %s\n", program, mlp_failure());
    }
    return (int)status;
}
