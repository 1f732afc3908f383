/** @file
 *  The command line of mlp_train.
 */
#include "options.h"

#include "base/version.h"
#include "command_line.h"
#include "options_file.h"

/* Options of the command line that are not fields of the configuration. */
typedef struct {
    const char *file; /* --config, NULL = none */
} request;

enum { TABLES = 3 };

static void list_tables(mlp_config *config, request *asked,
                        mlp_standard_options *standard,
                        mlp_option_table tables[TABLES])
{
    static const mlp_option rows[] = {
        {"config", MLP_FIELD_BORROWED, .offset = offsetof(request, file),
         .group = "Other", .operand = "FILE",
         .help = "read options from FILE, lines of \"name = value\"; the "
                 "command line wins over the file, the file over a preset"}};
    tables[0] = mlp_config_table(config);
    tables[1] = (mlp_option_table){.rows = rows, .count = 1, .values = asked};
    tables[2] = mlp_standard_options_table(standard);
}

/* Read all options, up to --help or --version. */
static mlp_status take_all(int argc, char **argv, mlp_config *config,
                           request *asked, mlp_action *action)
{
    mlp_standard_options standard = {.help = false};
    mlp_option_table tables[TABLES];
    list_tables(config, asked, &standard, tables);
    mlp_command_line line = {.program = "mlp_train",
                             .tables = tables,
                             .table_count = TABLES,
                             .argv = argv,
                             .argc = argc,
                             .next = 1};
    while (line.next < argc && !standard.help && !standard.version) {
        MLP_TRY(mlp_command_line_take(&line));
    }
    *action = standard.help      ? MLP_ACTION_HELP
              : standard.version ? MLP_ACTION_VERSION
                                 : MLP_ACTION_RUN;
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
    request asked = {.file = NULL};
    mlp_config_init(config);
    MLP_TRY(take_all(argc, argv, config, &asked, action));
    if (*action != MLP_ACTION_RUN) {
        return MLP_OK;
    }
    if (asked.file != NULL) {
        /* Read again, to override the file's values. */
        mlp_config_init(config);
        MLP_TRY(mlp_options_file(asked.file, config));
        MLP_TRY(take_all(argc, argv, config, &asked, action));
    }
    return mlp_options_complete(config);
}

void mlp_options_version(FILE *out, const char *program)
{
    fprintf(out, "%s %s\n", program, MLP_VERSION);
}

void mlp_options_exit_codes(FILE *out)
{
    fputs("\nExit codes:\n"
          "  0 done            64 usage           65 bad data or checkpoint\n"
          "  66 missing input  70 internal error  74 reading or writing "
          "failed\n",
          out);
}

static void print_presets(FILE *out)
{
    size_t count = 0;
    const mlp_config_preset_row *presets = mlp_config_presets(&count);
    fprintf(out, "\nPresets:\n");
    for (size_t i = 0; i < count; i++) {
        mlp_option_entry(out, presets[i].name, presets[i].help);
    }
}

void mlp_options_help(FILE *out)
{
    mlp_config defaults;
    request asked = {.file = NULL};
    mlp_standard_options standard = {.help = false};
    mlp_option_table tables[TABLES];
    mlp_config_init(&defaults);
    list_tables(&defaults, &asked, &standard, tables);
    fputs("Usage: mlp_train [OPTION]...\n"
          "Train a multilayer perceptron on labelled rows, with all ranks that "
          "mpirun or\nsrun starts and all cores they have.\n",
          out);
    mlp_option_help(out, tables, TABLES);
    fputs("\nA switch is turned off by --no-NAME. Of an option given twice the "
          "last counts.\n",
          out);
    print_presets(out);
    mlp_options_exit_codes(out);
    fputs("  75 stopped on request, can be resumed  76 diverged (not finite)\n"
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
