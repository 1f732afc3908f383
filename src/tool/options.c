/** @file
 *  What the command line of a sub-command says. Names are exact and a
 *  misspelled one is answered with the nearest, as for mlp_train.
 */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "config/config.h"
#include "option_table.h"

/* "--output" of "-o", where the sub-command has it; else the argument. */
static const char *long_form(const mlp_tool_command *command,
                             const char *argument, char name[64])
{
    for (const char *const *own = command->options; *own != NULL; own++) {
        const char *short_form = mlp_tool_option_short(*own);
        if (short_form != NULL && strcmp(argument, short_form) == 0) {
            snprintf(name, 64, "--%s", *own);
            return name;
        }
    }
    return argument;
}

/* The option of this name that the sub-command has; else NULL. */
static const mlp_tool_option *find(const mlp_tool_command *command,
                                   const char *name)
{
    for (const char *const *own = command->options; *own != NULL; own++) {
        if (strcmp(*own, name) == 0) {
            return mlp_tool_option_find(name);
        }
    }
    return NULL;
}

static mlp_status refuse_unknown(const mlp_tool_command *command,
                                 const char *name)
{
    mlp_nearest nearest = {.typed = name};
    for (const char *const *own = command->options; *own != NULL; own++) {
        mlp_nearest_consider(&nearest, *own);
    }
    mlp_nearest_consider(&nearest, "help");
    if (nearest.name == NULL) {
        return mlp_fail(MLP_ERROR_USAGE, "--%s: no such option of %s", name,
                        command->name);
    }
    return mlp_fail(MLP_ERROR_USAGE,
                    "--%s: no such option of %s; did you mean --%s?", name,
                    command->name, nearest.name);
}

/* ---- the command line */

/* "tsv, json or text" */
static void list_formats(const mlp_tool_command *command, char *text,
                         size_t room)
{
    size_t used = 0;
    text[0] = '\0';
    for (const char *const *name = command->formats; *name != NULL; name++) {
        const char *joint = name == command->formats ? ""
                            : name[1] == NULL        ? " or "
                                                     : ", ";
        used +=
            (size_t)snprintf(text + used, room - used, "%s%s", joint, *name);
    }
}

static mlp_status check_format(const mlp_tool_command *command,
                               mlp_tool_options *options)
{
    char wanted[64];
    if (!options->has_format) {
        options->format = command->formats[0];
    }
    options->is_json = strcmp(options->format, "json") == 0;
    for (const char *const *name = command->formats; *name != NULL; name++) {
        if (strcmp(options->format, *name) == 0) {
            return MLP_OK;
        }
    }
    list_formats(command, wanted, sizeof wanted);
    return mlp_tool_refuse("format", options->format, wanted);
}

/* A page or a picture is nothing for a terminal: it goes into a file here. */
static void name_output(const mlp_tool_command *command,
                        mlp_tool_options *options)
{
    if (command->file_stem == NULL || options->output != NULL ||
        strcmp(options->format, "txt") == 0 || !isatty(STDOUT_FILENO)) {
        return;
    }
    snprintf(options->file_name, sizeof options->file_name, "%s.%s",
             command->file_stem, options->format);
    options->output = options->file_name;
    mlp_log_note("writing %s", options->file_name);
}

/* There is room for it where the arguments were that have been read. */
static mlp_status take_operand(const mlp_tool_command *command, char *argument,
                               mlp_tool_options *options)
{
    if (options->operand_count == command->operands_max) {
        return mlp_fail(MLP_ERROR_USAGE,
                        "\"%.200s\": there is a FILE already, \"%.200s\"",
                        argument, options->file);
    }
    options->operands[options->operand_count++] = argument;
    options->file = options->operands[0];
    return MLP_OK;
}

static mlp_status take_value(mlp_arguments *arguments,
                             const mlp_option_word *word,
                             const mlp_tool_option *option,
                             mlp_tool_options *options)
{
    const char *value = NULL;
    if (option->operand != NULL) {
        MLP_TRY(
            mlp_option_word_value(arguments, word, option->operand, &value));
    } else if (word->joined != NULL) {
        return mlp_fail(MLP_ERROR_USAGE, "--%s takes no value", word->name);
    }
    return option->set(value, options);
}

static mlp_status take_argument(const mlp_tool_command *command,
                                mlp_arguments *arguments,
                                mlp_tool_options *options)
{
    char *argument = arguments->argv[arguments->next++];
    char name[64];
    mlp_option_word word;
    if (argument[0] != '-') {
        return take_operand(command, argument, options);
    }
    if (strcmp(argument, "--help") == 0) {
        options->wants_help = true;
        return MLP_OK;
    }
    MLP_TRY(mlp_option_word_read(long_form(command, argument, name), &word));
    const mlp_tool_option *option = find(command, word.name);
    if (option == NULL) {
        return refuse_unknown(command, word.name);
    }
    return take_value(arguments, &word, option, options);
}

mlp_status mlp_tool_options_read(const mlp_tool_command *command,
                                 mlp_arguments *arguments,
                                 mlp_tool_options *options)
{
    *options = (mlp_tool_options){.operands = arguments->argv + arguments->next,
                                  .split = MLP_SPLIT_TEST,
                                  .rows = SIZE_MAX,
                                  .memory_limit = (uint64_t)1 << 30,
                                  .test_fraction = 0.2,
                                  .seed = 1};
    while (arguments->next < arguments->argc && !options->wants_help) {
        MLP_TRY(take_argument(command, arguments, options));
    }
    if (options->wants_help) {
        return MLP_OK;
    }
    if (options->file == NULL) {
        return mlp_fail(MLP_ERROR_USAGE,
                        "%s needs a FILE: a checkpoint, or a directory of them",
                        command->name);
    }
    MLP_TRY(check_format(command, options));
    name_output(command, options);
    return MLP_OK;
}

void mlp_tool_options_help(const mlp_tool_command *command, FILE *out)
{
    for (const char *const *own = command->options; *own != NULL; own++) {
        const mlp_tool_option *option = find(command, *own);
        char name[64], formats[64], help[96];
        const char *gap = option->operand != NULL ? " " : "";
        const char *operand = option->operand != NULL ? option->operand : "";
        int used =
            snprintf(name, sizeof name, "--%s%s%s", option->name, gap, operand);
        const char *short_form = mlp_tool_option_short(*own);
        if (short_form != NULL) {
            snprintf(name + used, sizeof name - (size_t)used, ", %s%s%s",
                     short_form, gap, operand);
        }
        list_formats(command, formats, sizeof formats);
        snprintf(help, sizeof help, "%s [%s]", formats, command->formats[0]);
        mlp_options_entry(out, name,
                          option->help != NULL ? option->help : help);
    }
}
