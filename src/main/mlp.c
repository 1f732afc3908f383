/** @file
 *  mlp: look at what mlp_train has saved, and use it. One process.
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
    /* A reader that went away, a limit on the size of files: these are failed
     * writes, and nothing is left behind. */
    signal(SIGPIPE, note_lost_reader);
    signal(SIGXFSZ, SIG_IGN);
    mlp_streams_occupy();
    mlp_log_open(program, 1, 0);
    mlp_status status = mlp_tool(argc, argv);
    if (status == MLP_ERROR_IO && has_lost_reader) {
        signal(SIGPIPE, SIG_DFL); /* without a word, as filters end */
        raise(SIGPIPE);
    }
    if (status != MLP_OK) {
        fprintf(stderr, "%s: %s\n", program, mlp_failure());
    }
    return (int)status;
}
