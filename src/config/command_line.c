/** @file
 *  Reads the options of a program. Not with getopt_long, because names come
 *  from tables, must be exact, and an error suggests the nearest name.
 */
#include "command_line.h"

#include <stdio.h>
#include <string.h>

/* An option as written, and its row. */
typedef struct {
    const mlp_option_table *table;
    const mlp_option *row; /* NULL: no table has it */
    bool is_negated;       /* --no-name */
    const char *joined;    /* the value in the same argument, or NULL */
} word;

static word find_long(const mlp_command_line *line, const char *name)
{
    bool has_no = strncmp(name, "no-", 3) == 0;
    word found = {.row = NULL};
    for (size_t i = 0; i < line->table_count && found.row == NULL; i++) {
        const mlp_option_table *table = &line->tables[i];
        found.table = table;
        found.is_negated = false;
        found.row = mlp_option_find(table->rows, table->count, name);
        if (found.row == NULL && has_no) {
            found.is_negated = true;
            found.row = mlp_option_find(table->rows, table->count, name + 3);
        }
        if (found.is_negated && found.row != NULL &&
            !mlp_option_is_switch(found.row)) {
            found.row = NULL;
        }
    }
    return found;
}

static word find_short(const mlp_command_line *line, char letter)
{
    for (size_t i = 0; i < line->table_count; i++) {
        const mlp_option_table *table = &line->tables[i];
        for (size_t row = 0; row < table->count; row++) {
            if (table->rows[row].brief == letter) {
                return (word){.table = table, .row = &table->rows[row]};
            }
        }
    }
    return (word){.row = NULL};
}

/* The option of "--name" or "--name=value". */
static word read_long(const mlp_command_line *line, const char *name,
                      const char *joined)
{
    word option = find_long(line, name);
    if (option.is_negated && joined != NULL) {
        option.row = NULL;
    }
    option.joined = joined;
    return option;
}

/* The option of "-o" or "-ovalue". */
static word read_short(const mlp_command_line *line, const char *letters)
{
    word option = find_short(line, letters[0]);
    option.joined = letters[1] != '\0' ? letters + 1 : NULL;
    return option;
}

/* Whether the next argument can be a value. */
static bool has_next(const mlp_command_line *line)
{
    return line->next < line->argc &&
           strncmp(line->argv[line->next], "--", 2) != 0;
}

static mlp_status take_value(mlp_command_line *line, const word *option,
                             const char **value)
{
    const mlp_option *row = option->row;
    bool is_optional = mlp_option_is_switch(row);
    if (is_optional) {
        *value = option->is_negated ? "false" : "true";
    }
    if (option->joined != NULL) {
        *value = option->joined;
    } else if (row->kind == MLP_FIELD_BOOL || option->is_negated) {
        return MLP_OK;
    } else if (has_next(line)) {
        *value = line->argv[line->next++];
    } else if (!is_optional) {
        return mlp_fail(MLP_ERROR_USAGE, "--%s needs a value: --%s %s",
                        row->name, row->name, row->operand);
    }
    return MLP_OK;
}

static mlp_status take_option(mlp_command_line *line, const char *argument)
{
    const char *value = NULL;
    const char *dashes = argument[1] == '-' ? "--" : "-";
    const char *start = argument + strlen(dashes);
    size_t length = strcspn(start, "=");
    char name[64]; /* longer names are cut, and unknown anyway */
    snprintf(name, sizeof name, "%.*s", (int)length, start);
    const char *joined = start[length] == '=' ? start + length + 1 : NULL;
    word option = dashes[1] == '-' ? read_long(line, name, joined)
                                   : read_short(line, start);
    if (option.row == NULL) {
        return mlp_option_unknown(line->tables, line->table_count, dashes, name,
                                  line->program);
    }
    MLP_TRY(take_value(line, &option, &value));
    return mlp_option_set(option.table, option.row, value);
}

static mlp_status take_operand(mlp_command_line *line, char *argument)
{
    if (line->operand_count == line->operands_max) {
        return mlp_fail(MLP_ERROR_USAGE,
                        "\"%.200s\": unexpected argument; see %s --help",
                        argument, line->program);
    }
    line->operands[line->operand_count++] = argument;
    return MLP_OK;
}

mlp_status mlp_command_line_take(mlp_command_line *line)
{
    char *argument = line->argv[line->next++];
    if (line->has_no_more_options || argument[0] != '-' ||
        argument[1] == '\0') {
        return take_operand(line, argument);
    }
    if (strcmp(argument, "--") == 0) {
        line->has_no_more_options = true;
        return MLP_OK;
    }
    return take_option(line, argument);
}

mlp_option_table mlp_standard_options_table(mlp_standard_options *options)
{
#define AT(member) .offset = offsetof(mlp_standard_options, member)
    static const mlp_option rows[] = {
        {"help", MLP_FIELD_BOOL, AT(help), .group = "Other",
         .help = "print this and exit", .brief = 'h'},
        {"version", MLP_FIELD_BOOL, AT(version), .group = "Other",
         .help = "print the version and exit", .brief = 'V'}};
#undef AT
    return (mlp_option_table){
        .rows = rows, .count = sizeof rows / sizeof rows[0], .values = options};
}
