/** @file
 *  mlp: inspect and use what mlp_train has saved. One process.
 */
#include <signal.h>
#include <stdio.h>

#include "base/log.h"
#include "system/files.h"
#include "tool/tool.h"

static const char program[] = "mlp";

static volatile sig_atomic_t has_lost_reader;

static void note_lost_reader(int signal_number)
{
    (void)signal_number;
    has_lost_reader = 1;
}

int main(int argc, char **argv)
{
    /* A closed pipe or a file size limit are write errors, which leave no
     * partial file. */
    signal(SIGPIPE, note_lost_reader);
    signal(SIGXFSZ, SIG_IGN);
    mlp_streams_occupy();
    mlp_log_open(program, 1, 0);
    mlp_status status = mlp_tool(argc, argv);
    if (status == MLP_ERROR_IO && has_lost_reader) {
        signal(SIGPIPE, SIG_DFL); /* end silently, as filters do */
        raise(SIGPIPE);
    }
    if (status != MLP_OK) {
        fprintf(stderr, "%s: %s\n", program, mlp_failure());
    }
    return (int)status;
}
