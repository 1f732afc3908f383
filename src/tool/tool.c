/** @file
 *  Selects the sub-command, and prints help.
 */
#include "tool.h"

#include <string.h>

#include "config/nearest.h"
#include "config/options.h"

static const mlp_tool_command *const commands[] = {
    &mlp_tool_show,      &mlp_tool_verify, &mlp_tool_eval, &mlp_tool_predict,
    &mlp_tool_calibrate, &mlp_tool_report, &mlp_tool_data, &mlp_tool_runs,
    &mlp_tool_export,    &mlp_tool_import, &mlp_tool_trace};

enum { COMMANDS = sizeof commands / sizeof commands[0] };

/* ---- help */

static void print_help(FILE *out)
{
    fputs(
        "Usage: mlp SUBCOMMAND FILE [OPTION]...\n"
        "Inspect and use what mlp_train has saved. FILE is a checkpoint, or a "
        "directory\nof them: then the newest valid one is taken.\n"
        "\nSub-commands:\n",
        out);
    mlp_option_entry(out, "train",
                     "the program mlp_train, with its options; "
                     "see mlp train --help");
    for (size_t i = 0; i < COMMANDS; i++) {
        mlp_option_entry(out, commands[i]->name, commands[i]->summary);
    }
    mlp_option_entry(out, "help [SUBCOMMAND]",
                     "print this, or a sub-command's options, and exit");
    const mlp_option_table standard = mlp_standard_options_table(NULL);
    mlp_option_help(out, &standard, 1);
    mlp_options_exit_codes(out);
    fputs("\nExamples:\n"
          "  mlp train --data data/mnist --run runs/a\n"
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
    fprintf(out, "Usage: mlp %s %s [OPTION]...\n%s\n", command->name,
            command->operands, command->description);
    mlp_tool_options_help(command, out);
    mlp_options_exit_codes(out);
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
    mlp_nearest_consider(&nearest, "train");
    if (nearest.name == NULL) {
        return mlp_fail(MLP_ERROR_USAGE,
                        "\"%.200s\": unknown sub-command; see mlp --help",
                        name);
    }
    return mlp_fail(MLP_ERROR_USAGE,
                    "\"%.200s\": unknown sub-command; did you mean %s?", name,
                    nearest.name);
}

/* @param command  NULL: --help or --version without a sub-command */
static mlp_status print_help_or_version(const mlp_standard_options *asked,
                                        const mlp_tool_command *command)
{
    mlp_tool_output output;
    MLP_TRY(mlp_tool_output_open(NULL, &output));
    if (asked->version) {
        mlp_options_version(output.file, "mlp");
    } else if (command != NULL) {
        print_command_help(command, output.file);
    } else {
        print_help(output.file);
    }
    return mlp_tool_output_close(&output, MLP_OK);
}

/* Run a sub-command, with standard output or --output open. */
static mlp_status run(const mlp_tool_command *command, int argc, char **argv)
{
    mlp_tool_options options;
    mlp_tool_output output;
    MLP_TRY(mlp_tool_options_read(command, argc, argv, &options));
    if (options.standard.help || options.standard.version) {
        return print_help_or_version(&options.standard, command);
    }
    MLP_TRY(mlp_tool_output_open(command->makes_file ? NULL : options.output,
                                 &output));
    mlp_status status = command->run(&options, &output);
    return mlp_tool_output_close(&output, status);
}

/* Handle an option without a sub-command. */
static mlp_status take_option(char **argv)
{
    mlp_standard_options asked = {.help = false};
    const mlp_option_table table = mlp_standard_options_table(&asked);
    mlp_command_line line = {.program = "mlp",
                             .tables = &table,
                             .table_count = 1,
                             .argv = argv,
                             .argc = 2,
                             .next = 1};
    MLP_TRY(mlp_command_line_take(&line));
    return print_help_or_version(&asked, NULL);
}

mlp_status mlp_tool(int argc, char **argv)
{
    const mlp_tool_command *command = NULL;
    if (argc < 2) {
        return print_help_or_version(&(mlp_standard_options){.help = true},
                                     NULL);
    }
    if (strcmp(argv[1], "train") == 0) {
        return mlp_tool_train(argv + 1);
    }
    if (argv[1][0] == '-') {
        return take_option(argv);
    }
    if (argc > 2 && strcmp(argv[1], "help") == 0 &&
        strcmp(argv[2], "train") == 0) {
        char option[] = "--help";
        return mlp_tool_train((char *[]){argv[2], option, NULL});
    }
    if (strcmp(argv[1], "help") != 0) {
        MLP_TRY(find(argv[1], &command));
        return run(command, argc, argv);
    }
    if (argc > 2) {
        MLP_TRY(find(argv[2], &command));
    }
    return print_help_or_version(&(mlp_standard_options){.help = true},
                                 command);
}
