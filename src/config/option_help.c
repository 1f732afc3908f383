/** @file
 *  Prints the entries of --help from tables.
 */
#include "option.h"

#include <string.h>

enum { LINE = 79, HELP_COLUMN = 26 };

void mlp_option_entry(FILE *out, const char *name, const char *help)
{
    int column = fprintf(out, "  %s", name);
    if (column >= HELP_COLUMN) {
        column = fprintf(out, "\n") - 1;
    }
    fprintf(out, "%*s", HELP_COLUMN - column, "");
    column = HELP_COLUMN;
    while (*help != '\0') {
        int word = (int)strcspn(help, " ");
        if (column > HELP_COLUMN && column + 1 + word > LINE) {
            fprintf(out, "\n%*s", HELP_COLUMN, "");
            column = HELP_COLUMN;
        }
        column +=
            fprintf(out, "%s%.*s", column > HELP_COLUMN ? " " : "", word, help);
        help += word;
        help += strspn(help, " ");
    }
    fprintf(out, "\n");
}

/* "--output FILE, -o FILE" */
static void name_of(const mlp_option *row, char name[64])
{
    const char *gap = row->operand != NULL ? " " : "";
    const char *operand = row->operand != NULL ? row->operand : "";
    int used = snprintf(name, 64, "--%s%s%s", row->name, gap, operand);
    if (row->brief != '\0') {
        snprintf(name + used, 64 - (size_t)used, ", -%c%s%s", row->brief, gap,
                 operand);
    }
}

/* The default as text; "" for an empty path or a switch that is off. */
static void default_of(const mlp_option *row, const void *values,
                       char text[MLP_CONFIG_VALUE])
{
    text[0] = '\0';
    if (row->default_text != NULL) {
        snprintf(text, MLP_CONFIG_VALUE, "%s", row->default_text);
    } else if (row->kind != MLP_FIELD_STRING && row->kind != MLP_FIELD_EXTENT &&
               !mlp_option_is_switch(row)) {
        mlp_option_print(values, row, text);
    }
}

/* "relu, tanh: what it is [relu]" */
static void print_row(FILE *out, const mlp_option *row, const void *values)
{
    char name[64];
    char value[MLP_CONFIG_VALUE];
    char help[2 * MLP_CONFIG_VALUE];
    size_t used = 0;
    name_of(row, name);
    default_of(row, values, value);
    const char *const *words =
        mlp_option_is_switch(row) ? NULL : mlp_option_words(row);
    for (size_t i = 0; words != NULL && words[i] != NULL; i++) {
        used += (size_t)snprintf(help + used, sizeof help - used, "%s%s",
                                 words[i], words[i + 1] != NULL ? ", " : ": ");
    }
    used += (size_t)snprintf(help + used, sizeof help - used, "%s", row->help);
    if (value[0] != '\0') {
        snprintf(help + used, sizeof help - used, " [%s]", value);
    }
    mlp_option_entry(out, name, help);
}

void mlp_option_help(FILE *out, const mlp_option_table *tables, size_t count)
{
    const char *group = "";
    for (size_t i = 0; i < count; i++) {
        for (size_t row = 0; row < tables[i].count; row++) {
            const mlp_option *it = &tables[i].rows[row];
            if (strcmp(it->group, group) != 0) {
                fprintf(out, "\n%s:\n", it->group);
            }
            group = it->group;
            print_row(out, it, tables[i].values);
        }
    }
}
