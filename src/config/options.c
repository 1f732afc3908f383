/** @file
 *  The command line of mlp_train.
 */
#include "options.h"

#include <stdlib.h>
#include <string.h>

#include "base/version.h"
#include "command_line.h"
#include "faults.h"
#include "fold.h"
#include "options_file.h"

/* Options of the command line that are not fields of the configuration. */
typedef struct {
    const char *file; /* --config, NULL = none */
    unsigned help;    /* 0: not asked for; 1: the usual options; 2: all; then
                         those of a topic */
    bool version, prints_config;
} asked_options;

enum { TABLES = 2 };

/* Of --help; after "all" each names a group of the table. */
static const char *const topics[] = {"all",    "data",     "images",   "table",
                                     "model",  "training", "parallel", "files",
                                     "checks", "output",   NULL};
static const char *const groups[] = {NULL,     "Data",     "Images",   "Tables",
                                     "Model",  "Training", "Parallel", "Files",
                                     "Checks", "Output"};
enum { TOPIC_USUAL, TOPIC_ALL };

#define AT(member) .offset = offsetof(asked_options, member), .group = "Other"
static const mlp_option other_rows[] = {
    {"config", MLP_FIELD_BORROWED, AT(file), .operand = "FILE",
     .help = "read options from FILE, lines of \"name = value\"; the command "
             "line wins over the file, the file over a preset"},
    {"print-config", MLP_FIELD_BOOL, AT(prints_config),
     .help = "print the configuration as a file for --config, and exit"},
    {"help", MLP_FIELD_BOOL_OR, AT(help), .choices = topics,
     .operand = "[TOPIC]", .brief = 'h',
     .help = "print the usual options, or those of a topic, and exit: all, "
             "data, images, table, model, training, parallel, files, checks, "
             "output"},
    {"version", MLP_FIELD_BOOL, AT(version), .brief = 'V',
     .help = "print the version and exit"}};
#undef AT

enum { OTHER_ROWS = sizeof other_rows / sizeof other_rows[0] };

static void list_tables(mlp_config *config, asked_options *asked,
                        mlp_option_table tables[TABLES])
{
    tables[0] = mlp_config_table(config);
    tables[1] = (mlp_option_table){
        .rows = other_rows, .count = OTHER_ROWS, .values = asked};
}

/* Skip what may be the value of an option that is not known. */
static void skip_values(mlp_command_line *line)
{
    while (line->next < line->argc && line->argv[line->next][0] != '-') {
        line->next++;
    }
}

/* Of --resume's values, all others but the words of a switch and "auto". */
static bool names_directory(const char *text)
{
    static const char *const words[] = {"auto", "true", "false", "yes",
                                        "no",   "on",   "off"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (strcmp(words[i], text) == 0) {
            return false;
        }
    }
    return text[0] != '\0' && text[0] != '-';
}

/* --resume DIR is --run DIR --resume. */
static bool take_resume(mlp_command_line *line, mlp_config *config,
                        mlp_status *status)
{
    static const char option[] = "--resume";
    const size_t length = sizeof option - 1;
    const char *argument = line->argv[line->next];
    const char *directory = NULL;
    int used = 1;
    if (strncmp(argument, option, length) != 0) {
        return false;
    }
    if (argument[length] == '=') {
        directory = argument + length + 1;
    } else if (argument[length] == '\0' && line->next + 1 < line->argc) {
        directory = line->argv[line->next + 1];
        used = 2;
    }
    if (directory == NULL || !names_directory(directory)) {
        return false;
    }
    line->next += used;
    *status = mlp_config_set(config, "run", directory);
    mlp_status resumed = mlp_config_set(config, "resume", "true");
    *status = *status == MLP_OK ? resumed : *status;
    return true;
}

/* An operand may be meant for data. */
static mlp_status take_argument(mlp_command_line *line)
{
    const char *argument = line->argv[line->next];
    if (argument[0] == '-') {
        return mlp_command_line_take(line);
    }
    line->next++;
    return mlp_fail(MLP_ERROR_USAGE,
                    "\"%.200s\": unexpected argument; for data, --data %.200s; "
                    "see mlp_train --help",
                    argument, argument);
}

/* Read all options, up to --help or --version, and collect faults. */
static mlp_status take_all(int argc, char **argv, mlp_config *config,
                           asked_options *asked)
{
    mlp_option_table tables[TABLES];
    mlp_faults faults = {.first = MLP_OK};
    list_tables(config, asked, tables);
    mlp_command_line line = {.program = "mlp_train",
                             .tables = tables,
                             .table_count = TABLES,
                             .argv = argv,
                             .argc = argc,
                             .next = 1};
    while (line.next < argc && asked->help == 0 && !asked->version) {
        mlp_status status = MLP_OK;
        if (!take_resume(&line, config, &status)) {
            status = take_argument(&line);
        }
        mlp_faults_add(&faults, status);
        if (status != MLP_OK) {
            skip_values(&line);
        }
    }
    return asked->help > 0 || asked->version ? MLP_OK : mlp_faults_end(&faults);
}

static mlp_status set_unless_given(mlp_config *config, const char *name,
                                   const char *directory, const char *file)
{
    char path[MLP_MAX_PATH + 64];
    const mlp_option *row = mlp_config_find(name);
    if (mlp_config_was_given(config, name)) {
        return MLP_OK;
    }
    snprintf(path, sizeof path, "%s%s", directory, file);
    return mlp_option_parse(config, row, path);
}

mlp_status mlp_options_place_run(mlp_config *config)
{
    size_t fold;
    size_t folds;
    char part[32] = "";
    char file[64];
    if (config->run[0] == '\0') {
        return MLP_OK;
    }
    if (mlp_config_fold(config, &fold, &folds)) {
        snprintf(part, sizeof part, "/" MLP_FOLD_NAME, fold + 1);
    }
    MLP_TRY(set_unless_given(config, "checkpoint", config->run, part));
    snprintf(file, sizeof file, "%s/log.jsonl", part);
    MLP_TRY(set_unless_given(config, "log", config->run, file));
    snprintf(file, sizeof file, "%s/events", part);
    return set_unless_given(config, "tensorboard", config->run, file);
}

mlp_status mlp_options_complete(mlp_config *config)
{
    if (config->preset[0] != '\0') {
        MLP_TRY(mlp_config_preset(config, config->preset));
    }
    if (config->folds == 0) { /* else each fold has a place of its own */
        MLP_TRY(mlp_options_place_run(config));
    }
    mlp_config_settle(config);
    mlp_config_complete(config);
    return mlp_config_check(config);
}

mlp_status mlp_options_parse(int argc, char **argv, mlp_config *config,
                             mlp_request *request)
{
    asked_options asked = {.file = NULL};
    *request = (mlp_request){.action = MLP_ACTION_RUN};
    mlp_config_init(config);
    MLP_TRY(take_all(argc, argv, config, &asked));
    if (asked.help > 0 || asked.version) {
        request->action = asked.help > 0 ? MLP_ACTION_HELP : MLP_ACTION_VERSION;
        request->topic = asked.help > 0 ? asked.help - 1 : TOPIC_USUAL;
        return MLP_OK;
    }
    if (asked.file != NULL) {
        /* Read again, to override the file's values. */
        mlp_config_init(config);
        MLP_TRY(mlp_options_file(asked.file, config));
        MLP_TRY(take_all(argc, argv, config, &asked));
    }
    if (asked.prints_config) {
        request->action = MLP_ACTION_PRINT_CONFIG;
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

static void print_usage(FILE *out)
{
    fputs("Usage: mlp_train [OPTION]...\n"
          "Train a multilayer perceptron on labelled rows, with all ranks that "
          "mpirun or\nsrun starts and all cores they have.\n",
          out);
}

static void print_surroundings(FILE *out)
{
    mlp_options_exit_codes(out);
    fputs("  75 stopped on request, can be resumed  76 diverged (not finite)\n"
          "\nEnvironment:\n"
          "  MLP_DATA     default of --data\n"
          "  MLP_KERNELS  avx512, avx2 or base: the instruction set; default: "
          "the "
          "best\n"
          "               of this CPU; all give the same weights\n"
          "  SLURM_JOB_END_TIME  default of --max-time, as a Unix time\n",
          out);
}

static void print_examples(FILE *out)
{
    fputs(
        "\nExamples:\n"
        "  mlp_train --data table.csv --label price --task regression --run "
        "runs/a\n"
        "  mpirun -np 4 mlp_train --data data/mnist --epochs 20 --run runs/b\n"
        "  mlp_train --resume runs/b\n",
        out);
}

/* The fifteen that most need, in a few words. */
static void print_usual(FILE *out, const mlp_option_table *table)
{
    static const struct {
        const char *name, *help;
    } usual[] = {
        {"data", "CSV file, HDF5 file, directory of IDX files, digits"},
        {"label", "column of a CSV file to predict"},
        {"task", "predict a class, or a number"},
        {"test-fraction", "fraction of the rows to test on"},
        {"validation", "fraction of the training rows to hold out"},
        {"hidden", "widths of the hidden layers, or \"none\""},
        {"activation", "of the hidden layers"},
        {"preset", "options for a known task; see --help all"},
        {"optimizer", "update rule"},
        {"lr", "learning rate; each optimizer has its own default"},
        {"batch", "rows of an update, over all ranks"},
        {"epochs", "passes over the training rows"},
        {"patience", "stop after N epochs without improvement; 0: off"},
        {"run", "save checkpoints, log and curves in DIR"},
        {"resume", "go on from the newest checkpoint"}};
    enum { USUAL = sizeof usual / sizeof usual[0] };
    mlp_option rows[USUAL];
    for (size_t i = 0; i < USUAL; i++) {
        rows[i] = *mlp_option_find(table->rows, table->count, usual[i].name);
        rows[i].group = "Usual options";
        rows[i].help = usual[i].help;
    }
    const mlp_option_table chosen = {
        .rows = rows, .count = USUAL, .values = table->values};
    mlp_option_help(out, &chosen, 1);
    fputs("\n--help all prints every option, --help TOPIC some: data, images, "
          "table, model,\ntraining, parallel, files, checks, output.\n",
          out);
}

/* The rows of a group, which are neighbours. */
static void print_group(FILE *out, const mlp_option_table *table,
                        const char *group)
{
    mlp_option_table part = {.values = table->values};
    for (size_t i = 0; i < table->count; i++) {
        if (strcmp(table->rows[i].group, group) == 0) {
            part.rows = part.count == 0 ? &table->rows[i] : part.rows;
            part.count++;
        }
    }
    mlp_option_help(out, &part, 1);
}

static void print_all(FILE *out, const mlp_option_table tables[TABLES])
{
    mlp_option_help(out, tables, TABLES);
    fputs("\nA switch is turned off by --no-NAME. Of an option given twice the "
          "last counts.\n",
          out);
    print_presets(out);
    print_surroundings(out);
}

void mlp_options_help(FILE *out, unsigned topic)
{
    mlp_config defaults;
    asked_options asked = {.file = NULL};
    mlp_option_table tables[TABLES];
    mlp_config_init(&defaults);
    list_tables(&defaults, &asked, tables);
    print_usage(out);
    if (topic == TOPIC_ALL) {
        print_all(out, tables);
        print_examples(out);
    } else if (topic == TOPIC_USUAL) {
        print_examples(out);
        print_usual(out, &tables[0]);
    } else {
        print_group(out, &tables[0], groups[topic - TOPIC_ALL]);
    }
}

/* Settings that come from elsewhere. */
static void print_environment(FILE *out)
{
    static const char *const names[] = {"MLP_DATA", "MLP_KERNELS",
                                        "SLURM_JOB_END_TIME"};
    fputs("\n# Environment\n", out);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const char *value = getenv(names[i]);
        fprintf(out, "# $%s %s\n", names[i],
                value != NULL ? value : "is not set");
    }
}

void mlp_options_print(const mlp_config *config, FILE *out)
{
    size_t count = 0;
    const char *group = "";
    const mlp_option *fields = mlp_config_fields(&count);
    for (size_t i = 0; i < count; i++) {
        char value[MLP_CONFIG_VALUE];
        mlp_config_get(config, &fields[i], value);
        if (strcmp(fields[i].group, group) != 0) {
            fprintf(out, "%s# %s\n", i > 0 ? "\n" : "", fields[i].group);
        }
        group = fields[i].group;
        fprintf(out, "%s%s = %s\n", config->given[i] ? "" : "# ",
                fields[i].name, value);
    }
    print_environment(out);
}
