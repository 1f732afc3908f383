/** @file
 *  mlp trace: one step of training with every number shown.
 */
#include "trace.h"

#include <string.h>

#include "tool/tool.h"

static mlp_status trace(const mlp_tool_options *options,
                        mlp_tool_output *output)
{
    mlp_trace net;
    MLP_TRY(mlp_trace_read(options->file, &net));
    mlp_trace_run(&net);
    mlp_trace_print(output->file, &net,
                    strcmp(options->format, "markdown") == 0);
    return MLP_OK;
}

static const char *const options_of_trace[] = {"format", "output", NULL};

static const char *const formats_of_trace[] = {"text", "markdown", NULL};

const mlp_tool_command mlp_tool_trace = {
    .name = "trace",
    .summary = "one step of a small net, number by number, with formulas",
    .description =
        "Run one forward pass, one backward pass and one update of a small "
        "net, and print\nevery z, a, delta, gradient and new weight with its "
        "formula. FILE is a text file\nof lines like\n"
        "  input = 0.05 0.1\n  target = 0.01 0.99\n"
        "  W1 = 0.15 0.25 0.3 | 0.2 0.3 0.4     a row for each input\n"
        "  b1 = 0.35 0.35 0.35                  omitted: no bias\n"
        "  W2 = ...\n"
        "  lr = 0.5\n"
        "and activation, output and loss as of mlp_train [sigmoid, sigmoid, "
        "mse].",
    .options = options_of_trace,
    .formats = formats_of_trace,
    .operands = "FILE",
    .operands_max = 1,
    .run = trace};
