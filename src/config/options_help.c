/** @file
 *  What --help prints: 80 columns, from the table.
 */
#include <stdio.h>
#include <string.h>

#include "options.h"

#include "options_words.h"

enum { LINE = 79, HELP_COLUMN = 26 };

void mlp_options_entry(FILE *out, const char *name, const char *help)
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

/* "relu, tanh: what it is [relu]" */
static void print_field(FILE *out, const mlp_config_field *field,
                        const mlp_config *defaults)
{
    char name[64];
    char value[MLP_CONFIG_VALUE];
    char help[2 * MLP_CONFIG_VALUE];
    size_t used = 0;
    snprintf(name, sizeof name, "--%s%s%s", field->name,
             field->operand != NULL ? " " : "",
             field->operand != NULL ? field->operand : "");
    bool is_switch =
        field->kind == MLP_FIELD_BOOL || field->kind == MLP_FIELD_BOOL_OR;
    const char *const *words = is_switch ? NULL : mlp_option_words(field);
    for (size_t i = 0; words != NULL && words[i] != NULL; i++) {
        used += (size_t)snprintf(help + used, sizeof help - used, "%s%s",
                                 words[i], words[i + 1] != NULL ? ", " : ": ");
    }
    used +=
        (size_t)snprintf(help + used, sizeof help - used, "%s", field->help);
    mlp_config_get(defaults, field, value);
    /* Nothing set is what one expects of a path or a switch. */
    if (field->kind != MLP_FIELD_STRING && !is_switch) {
        snprintf(help + used, sizeof help - used, " [%s]", value);
    }
    mlp_options_entry(out, name, help);
}

static void print_fields(FILE *out)
{
    mlp_config defaults;
    mlp_config_init(&defaults);
    size_t count = 0;
    const mlp_config_field *fields = mlp_config_fields(&count);
    for (size_t i = 0; i < count; i++) {
        if (i == 0 || strcmp(fields[i].group, fields[i - 1].group) != 0) {
            fprintf(out, "\n%s:\n", fields[i].group);
        }
        print_field(out, &fields[i], &defaults);
    }
}

static void print_presets(FILE *out)
{
    size_t count = 0;
    const mlp_config_preset_row *presets = mlp_config_presets(&count);
    fprintf(out, "\nPresets:\n");
    for (size_t i = 0; i < count; i++) {
        mlp_options_entry(out, presets[i].name, presets[i].help);
    }
}

void mlp_options_help(FILE *out)
{
    fputs("Usage: mlp_train [OPTION]...\n"
          "Train a multilayer perceptron on labelled rows, with all ranks that "
          "mpirun or\nsrun starts and all cores they have.\n",
          out);
    print_fields(out);
    fputs("\nOther:\n", out);
    mlp_options_entry(
        out, "--config FILE",
        "read options from FILE, lines of \"name = value\"; the command "
        "line wins over the file, the file over a preset");
    mlp_options_entry(out, "--help", "print this and exit");
    mlp_options_entry(out, "--version", "print the version and exit");
    fputs("\nA switch is turned off by --no-NAME. Of an option given twice the "
          "last counts.\n",
          out);
    print_presets(out);
    fputs(
        "\nExit codes:\n"
        "  0 done            64 usage           65 bad data or checkpoint\n"
        "  66 missing input  70 internal error  74 reading or writing failed\n"
        "  75 stopped on request, can be resumed  76 diverged (not finite)\n"
        "\nEnvironment:\n"
        "  MLP_DATA     default of --data\n"
        "  MLP_KERNELS  avx512, avx2 or base: the instruction set; default: "
        "the "
        "best\n"
        "               of this CPU; all give the same weights\n"
        "  SLURM_JOB_END_TIME  default of --max-time, as a Unix time\n"
        "\nExamples:\n"
        "  mlp_train\n"
        "  mpirun -np 4 mlp_train --data data/mnist --epochs 20\n"
        "  mlp_train --hidden 300 --activation tanh --log run.jsonl\n"
        "  mlp_train --checkpoint runs/a --resume\n",
        out);
}
