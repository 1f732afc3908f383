/** @file
 *  Which sub-command is meant, and help for those who do not know it yet.
 */
#include "tool.h"

#include <string.h>

#include "config/options.h"

static const mlp_tool_command *const commands[] = {
    &mlp_tool_show,    &mlp_tool_verify, &mlp_tool_eval,
    &mlp_tool_predict, &mlp_tool_report, &mlp_tool_data,
    &mlp_tool_export,  &mlp_tool_import, &mlp_tool_trace};

enum { COMMANDS = sizeof commands / sizeof commands[0] };

/* ---- help */

static void print_exit_codes(FILE *out)
{
    fputs("\nExit codes:\n"
          "  0 done            64 usage           65 bad data or checkpoint\n"
          "  66 missing input  70 internal fault  74 reading or writing "
          "failed\n",
          out);
}

static void print_help(FILE *out)
{
    fputs("Usage: mlp SUBCOMMAND FILE [OPTION]...\n"
          "Look at what mlp_train has saved, and use it. FILE is a checkpoint, "
          "or a\ndirectory of them: then the newest valid one is taken.\n"
          "\nSub-commands:\n",
          out);
    for (size_t i = 0; i < COMMANDS; i++) {
        mlp_options_entry(out, commands[i]->name, commands[i]->summary);
    }
    mlp_options_entry(out, "help [SUBCOMMAND]",
                      "print this, or a sub-command's options, and exit");
    fputs("\nOther:\n", out);
    mlp_options_entry(out, "--help", "print this and exit");
    mlp_options_entry(out, "--version", "print the version and exit");
    print_exit_codes(out);
    fputs("\nExamples:\n"
          "  mlp show runs/a\n"
          "  mlp trace net.txt --format markdown\n"
          "  mlp eval runs/a --data data/mnist --format json\n"
          "  mlp predict runs/a --data photos-idx3-ubyte.gz --output a.tsv\n"
          "  mlp predict runs/a photo.png --invert --center\n"
          "  mlp report runs/a --output a.html\n",
          out);
}

static void print_command_help(const mlp_tool_command *command, FILE *out)
{
    fprintf(out, "Usage: mlp %s %s [OPTION]...\n%s\n\nOptions:\n",
            command->name, command->operands, command->description);
    mlp_tool_options_help(command, out);
    mlp_options_entry(out, "--help", "print this and exit");
    print_exit_codes(out);
}

/* ---- which sub-command */

static mlp_status find(const char *name, const mlp_tool_command **command)
{
    mlp_nearest nearest = {.typed = name};
    for (size_t i = 0; i < COMMANDS; i++) {
        if (strcmp(name, commands[i]->name) == 0) {
            *command = commands[i];
            return MLP_OK;
        }
        mlp_nearest_consider(&nearest, commands[i]->name);
    }
    mlp_nearest_consider(&nearest, "help");
    if (nearest.name == NULL) {
        return mlp_fail(MLP_ERROR_USAGE,
                        "\"%.200s\" is no sub-command; see mlp help", name);
    }
    return mlp_fail(MLP_ERROR_USAGE,
                    "\"%.200s\" is no sub-command; did you mean %s?", name,
                    nearest.name);
}

/* mlp help [SUBCOMMAND] */
static mlp_status help(const mlp_arguments *arguments, FILE *out)
{
    const mlp_tool_command *command = NULL;
    if (arguments->next == arguments->argc) {
        print_help(out);
        return MLP_OK;
    }
    MLP_TRY(find(arguments->argv[arguments->next], &command));
    print_command_help(command, out);
    return MLP_OK;
}

/* Results go to standard output or, for a sub-command, where it says. */
static mlp_status run(const mlp_tool_command *command, mlp_arguments *arguments)
{
    mlp_tool_options options;
    mlp_tool_output output;
    MLP_TRY(mlp_tool_options_read(command, arguments, &options));
    MLP_TRY(mlp_tool_output_open(
        options.wants_help || command->makes_file ? NULL : options.output,
        &output));
    mlp_status status = MLP_OK;
    if (options.wants_help) {
        print_command_help(command, output.file);
    } else {
        status = command->run(&options, &output);
    }
    return mlp_tool_output_close(&output, status);
}

mlp_status mlp_tool(int argc, char **argv)
{
    mlp_arguments arguments = {.argv = argv, .argc = argc, .next = 2};
    const char *word = argc > 1 ? argv[1] : "";
    const mlp_tool_command *command = NULL;
    mlp_tool_output output;
    if (argc < 2) {
        return mlp_fail(MLP_ERROR_USAGE,
                        "a sub-command is missing; see mlp help");
    }
    bool wants_version = strcmp(word, "--version") == 0;
    bool wants_help = strcmp(word, "--help") == 0 || strcmp(word, "help") == 0;
    if (!wants_version && !wants_help) {
        MLP_TRY(find(word, &command));
        return run(command, &arguments);
    }
    mlp_status status = MLP_OK;
    MLP_TRY(mlp_tool_output_open(NULL, &output));
    if (wants_version) {
        mlp_options_version(output.file, "mlp");
    } else {
        status = help(&arguments, output.file);
    }
    return mlp_tool_output_close(&output, status);
}
