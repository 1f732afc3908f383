/** @file
 *  The command line of mlp_train. Read by hand rather than by getopt_long:
 *  the names come from a table, must be exact, and a misspelled one is
 *  answered with the nearest.
 */
#include "options.h"

#include <stdio.h>
#include <string.h>

#include "base/version.h"
#include "options_file.h"
#include "options_words.h"

/* What the command line asks for beside fields of the table. */
typedef struct {
    const char *file; /* of --config, NULL = none */
    mlp_action action;
} request;

static bool is_switch(const mlp_config_field *field)
{
    return field->kind == MLP_FIELD_BOOL || field->kind == MLP_FIELD_BOOL_OR;
}

/* --quiet and --quiet=true; --resume, --resume auto and --resume=auto. */
static mlp_status take_switch(mlp_arguments *args, const mlp_option_word *word,
                              const mlp_config_field *field, mlp_config *config)
{
    const char *value = "true";
    if (word->joined != NULL || (field->kind == MLP_FIELD_BOOL_OR &&
                                 mlp_option_word_has_value(args, word))) {
        MLP_TRY(mlp_option_word_value(args, word, field->operand, &value));
    }
    return mlp_config_set(config, word->name, value);
}

static const mlp_config_field *find_negated(const char *name)
{
    if (strncmp(name, "no-", 3) != 0) {
        return NULL;
    }
    const mlp_config_field *field = mlp_config_find(name + 3);
    return field != NULL && is_switch(field) ? field : NULL;
}

static mlp_status take_field(mlp_arguments *args, const mlp_option_word *word,
                             mlp_config *config)
{
    const mlp_config_field *negated = find_negated(word->name);
    if (negated != NULL && word->joined == NULL) {
        return mlp_config_set(config, negated->name, "false");
    }
    const mlp_config_field *field = mlp_config_find(word->name);
    if (field == NULL) {
        return mlp_options_unknown("--", word->name);
    }
    if (is_switch(field)) {
        return take_switch(args, word, field, config);
    }
    const char *value = NULL;
    MLP_TRY(mlp_option_word_value(args, word, field->operand, &value));
    return mlp_config_set(config, word->name, value);
}

static mlp_status take_option(mlp_arguments *args, mlp_config *config,
                              request *asked)
{
    const char *argument = args->argv[args->next++];
    mlp_option_word word;
    MLP_TRY(mlp_option_word_read(argument, &word));
    if (strcmp(word.name, "config") == 0) {
        return mlp_option_word_value(args, &word, "FILE", &asked->file);
    }
    if (strcmp(argument, "--help") == 0) {
        asked->action = MLP_ACTION_HELP;
        return MLP_OK;
    }
    if (strcmp(argument, "--version") == 0) {
        asked->action = MLP_ACTION_VERSION;
        return MLP_OK;
    }
    return take_field(args, &word, config);
}

/* Read until the end, or until --help or --version. */
static mlp_status take_all(int argc, char **argv, mlp_config *config,
                           request *asked)
{
    mlp_arguments args = {.argv = argv, .argc = argc, .next = 1};
    while (args.next < argc && asked->action == MLP_ACTION_RUN) {
        MLP_TRY(take_option(&args, config, asked));
    }
    return MLP_OK;
}

mlp_status mlp_options_complete(mlp_config *config)
{
    if (config->preset[0] != '\0') {
        MLP_TRY(mlp_config_preset(config, config->preset));
    }
    mlp_config_settle(config);
    mlp_config_complete(config);
    return mlp_config_check(config);
}

mlp_status mlp_options_parse(int argc, char **argv, mlp_config *config,
                             mlp_action *action)
{
    request asked = {.file = NULL, .action = MLP_ACTION_RUN};
    mlp_config_init(config);
    MLP_TRY(take_all(argc, argv, config, &asked));
    *action = asked.action;
    if (asked.action != MLP_ACTION_RUN) {
        return MLP_OK;
    }
    if (asked.file != NULL) {
        /* Once more, over the file's values: the command line wins. */
        mlp_config_init(config);
        MLP_TRY(mlp_options_file(asked.file, config));
        MLP_TRY(take_all(argc, argv, config, &asked));
    }
    return mlp_options_complete(config);
}

void mlp_options_version(FILE *out, const char *program)
{
    fprintf(out, "%s %s\n", program, MLP_VERSION);
}
