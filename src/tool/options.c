/** @file
 *  The table of the options of all sub-commands, and reading a command line.
 */
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "tool.h"

/* MLP_SPLITS stands for "all". */
static const char *const splits[] = {[MLP_SPLIT_TRAIN] = "train",
                                     [MLP_SPLIT_TEST] = "test",
                                     [MLP_SPLIT_VALIDATION] = "validation",
                                     "all",
                                     NULL};
static const char *const bad_rows[] = {"fail", "drop", NULL};
static const char *const bad_row_words[] = {"fail", "skip", NULL};
static const char *const bad_images[] = {"fail", "skip", NULL};
static const char *const metrics[] = {"validation-loss",
                                      "validation-accuracy",
                                      "test-loss",
                                      "test-accuracy",
                                      "train-loss",
                                      "train-accuracy",
                                      "seconds",
                                      "name",
                                      NULL};

const char *mlp_tool_split_name(mlp_split split)
{
    return splits[split];
}

#define AT(member) .offset = offsetof(mlp_tool_options, member)
#define SIZE_LIMIT 18446744073709551615.0

/* Options that mlp_train has, too, are the same there; others of mlp_train set
 * the configuration (list_tables). */
static const mlp_option rows[] = {
    {"data", MLP_FIELD_BORROWED, AT(data), .operand = "PATH",
     .help = "directory of IDX files, HDF5 file, CSV file, or built in: "
             "\"digits\"; default: $MLP_DATA, else data/mnist, else digits"},
    {"bad-rows", MLP_FIELD_ENUM, AT(bad_rows), .choices = bad_rows,
     .operand = "WHAT", .default_text = "as in training, else fail",
     .words = bad_row_words,
     .help = "a row of a table with a bad cell: fail, or skip the row"},
    {"split", MLP_FIELD_ENUM, AT(split), .choices = splits, .operand = "NAME",
     .default_text = "test; of a table to predict, all",
     .help = "rows of which split; all: every row of a table"},
    {"skip", MLP_FIELD_SIZE, AT(first), .most = SIZE_LIMIT, .operand = "N",
     .key = "first", .help = "leave out the first N rows"},
    {"rows", MLP_FIELD_SIZE, AT(rows), .least = 1, .most = SIZE_LIMIT,
     .operand = "N", .default_text = "all", .help = "at most N rows"},
    {"format", MLP_FIELD_BORROWED, AT(format), .operand = "NAME",
     .help = "output format"},
    {"columns", MLP_FIELD_BORROWED, AT(columns), .operand = "NAME,...",
     .default_text = "all",
     .help = "what to print of each row: id (its number or file), prediction, "
             "outputs, reason (why it has no prediction)"},
    {"id", MLP_FIELD_BORROWED, AT(id), .operand = "COLUMN",
     .default_text = "the row's number, from 0",
     .help = "a table's column to print before each prediction"},
    {"probabilities", MLP_FIELD_BOOL, AT(has_probabilities),
     .help = "print all outputs on a terminal, too, where else there are class "
             "and percent"},
    {"to", MLP_FIELD_BORROWED, AT(to), .operand = "FORMAT",
     .help = "format of the exported model"},
    {"average", MLP_FIELD_BOOL, AT(is_average),
     .help = "each FILE is a run: average the outputs of their models"},
    {"sort", MLP_FIELD_BORROWED, AT(sort), .choices = metrics,
     .operand = "METRIC", .help = "the best first"},
    {"watch", MLP_FIELD_BOOL, AT(is_watch),
     .help = "write the report anew after each epoch, until the runs end"},
    {"activation", MLP_FIELD_BORROWED, AT(activation), .operand = "NAME,...",
     .default_text = "relu",
     .help = "activation of the hidden layers, or one for each, as for "
             "mlp_train"},
    {"output-activation", MLP_FIELD_BORROWED, AT(output_activation),
     .operand = "NAME", .key = "function", .default_text = "softmax",
     .help = "activation of the last layer, as for mlp_train"},
    {"threads", MLP_FIELD_SIZE, AT(threads), .most = 4096, .operand = "N",
     .help = "threads; 0: one for each core; never changes the result"},
    {"memory-limit", MLP_FIELD_BYTES, AT(memory_limit), .most = 1e18,
     .operand = "BYTES",
     .help = "limit on the rows in memory, such as 512M or 2G (powers of "
             "1024): larger data stays in files, or goes to a temporary file "
             "in $TMPDIR; 0: no limit"},
    {"top-k", MLP_FIELD_SIZE, AT(top_k), .most = 65536, .operand = "K",
     .help = "report the top-K accuracy; 0: off"},
    {"invert", MLP_FIELD_BOOL, AT(is_inverted),
     .help = "invert pictures that are dark on light, as on paper, where the "
             "training data is light on dark"},
    {"center", MLP_FIELD_BOOL, AT(is_center),
     .help = "crop each picture to what is drawn in it, and center that as "
             "MNIST's digits are"},
    {"size", MLP_FIELD_EXTENT, AT(size), .least = 1, .most = 4096,
     .operand = "HxW", .help = "height and width of pictures, such as 28x28"},
    {"gray", MLP_FIELD_BOOL, AT(is_gray),
     .help = "convert pictures to gray, one value per pixel; else red, green, "
             "blue"},
    {"test-fraction", MLP_FIELD_DOUBLE, AT(test_fraction), .most = 0.9,
     .operand = "X", .help = "fraction of the rows to hold out for testing"},
    {"seed", MLP_FIELD_U64, AT(seed), .most = SIZE_LIMIT, .operand = "N",
     .help = "seed of the order of the rows"},
    {"bad-images", MLP_FIELD_ENUM, AT(bad_images), .choices = bad_images,
     .operand = "WHAT",
     .help = "a picture that cannot be read: fail, or skip the picture"},
    {"label", MLP_FIELD_BORROWED, AT(label), .operand = "COLUMN",
     .help = "column of a CSV file with the classes"},
    {"output", MLP_FIELD_BORROWED, AT(output), .operand = "FILE", .brief = 'o',
     .help = "write to FILE, which appears when it is complete, in place of "
             "standard output"},
};

enum { ROWS = sizeof rows / sizeof rows[0], OWN_MOST = ROWS + 16 };

/* Rows of the table for one sub-command, and the fields that they set. */
typedef struct {
    mlp_option rows[OWN_MOST];
    bool given[OWN_MOST];
    mlp_option_table tables[2];
} own_options;

static void init(mlp_tool_options *options, const mlp_tool_command *command)
{
    *options = (mlp_tool_options){.split = MLP_SPLIT_TEST,
                                  .rows = SIZE_MAX,
                                  .memory_limit = (uint64_t)1 << 30,
                                  .test_fraction = 0.2,
                                  .seed = 1,
                                  .sort = metrics[0],
                                  .format = command->formats[0]};
    mlp_config_init(&options->config);
}

/* An option of the table above, else one of mlp_train. */
static mlp_option find_row(const char *name)
{
    const mlp_option *own = mlp_option_find(rows, ROWS, name);
    if (own != NULL) {
        return *own;
    }
    mlp_option row = *mlp_config_find(name);
    row.offset += offsetof(mlp_tool_options, config);
    return row;
}

static void list_tables(const mlp_tool_command *command,
                        mlp_tool_options *options, own_options *own)
{
    size_t count = 0;
    for (const char *const *name = command->options; *name != NULL; name++) {
        mlp_option *row = &own->rows[count];
        *row = find_row(*name);
        row->group = "Options";
        if (row->offset == offsetof(mlp_tool_options, format) ||
            row->offset == offsetof(mlp_tool_options, to)) {
            row->choices = command->formats;
            row->words = command->format_words;
        }
        own->given[count++] = false;
    }
    own->tables[0] = (mlp_option_table){own->rows, count, options, own->given};
    own->tables[1] = mlp_standard_options_table(&options->standard);
}

/* On a terminal, write a page or picture to a file in the current directory. */
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

/* Mark those that are mlp_train's in the configuration, too. */
static void mark_given(const mlp_option_table *table, mlp_config *config)
{
    size_t count;
    const mlp_option *fields = mlp_config_fields(&count);
    for (size_t i = 0; i < table->count; i++) {
        const char *name = table->rows[i].name;
        if (table->given[i] && mlp_option_find(rows, ROWS, name) == NULL) {
            config->given[mlp_config_find(name) - fields] = true;
        }
    }
}

/* What the ending of a file's name says. */
static const struct {
    const char *ending, *format;
} endings[] = {{".csv", "csv"},     {".tsv", "tsv"},
               {".jsonl", "json"},  {".json", "json"},
               {".txt", "text"},    {".txt", "txt"},
               {".html", "html"},   {".htm", "html"},
               {".svg", "svg"},     {".png", "png"},
               {".md", "markdown"}, {".weights.h5", "keras-weights"},
               {".h5", "keras"},    {".keras", "keras"},
               {".onnx", "onnx"},   {".safetensors", "safetensors"},
               {".h", "c"}};

static bool ends_with(const char *name, const char *ending)
{
    size_t length = strlen(name), tail = strlen(ending);
    return length > tail && strcmp(name + length - tail, ending) == 0;
}

/* The format of an output file by its name; NULL when that says nothing. */
static const char *format_of(const mlp_tool_command *command, const char *name)
{
    for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++) {
        for (const char *const *format = command->formats; *format != NULL;
             format++) {
            if (ends_with(name, endings[i].ending) &&
                strcmp(*format, endings[i].format) == 0) {
                return *format;
            }
        }
    }
    return NULL;
}

/* Without --format or --to the name of --output says which. */
static void take_format(const mlp_tool_command *command,
                        mlp_tool_options *options)
{
    const char *format =
        options->output != NULL ? format_of(command, options->output) : NULL;
    if (format != NULL && options->to == NULL && !options->has_format) {
        options->format = format;
        options->to = format;
        options->has_format = true;
    }
}

/* Set fields that follow from the given options. */
static void complete(const mlp_tool_command *command,
                     const mlp_option_table *table, mlp_tool_options *options)
{
    options->has_split = mlp_option_was_given(table, "split");
    options->has_bad_rows = mlp_option_was_given(table, "bad-rows");
    options->has_rows = options->has_split ||
                        mlp_option_was_given(table, "data") ||
                        mlp_option_was_given(table, "skip") ||
                        mlp_option_was_given(table, "rows");
    options->has_format = mlp_option_was_given(table, "format");
    take_format(command, options);
    options->is_json = strcmp(options->format, "json") == 0;
    options->is_all = (unsigned)options->split == MLP_SPLITS;
    if (options->is_all) {
        options->split = MLP_SPLIT_TEST;
    }
}

mlp_status mlp_tool_options_read(const mlp_tool_command *command, int argc,
                                 char **argv, mlp_tool_options *options)
{
    own_options own;
    char program[32];
    init(options, command);
    list_tables(command, options, &own);
    snprintf(program, sizeof program, "mlp %s", command->name);
    mlp_command_line line = {.program = program,
                             .tables = own.tables,
                             .table_count = 2,
                             .argv = argv,
                             .argc = argc,
                             .next = 2,
                             .operands = argv + 2,
                             .operands_max = command->operands_max};
    const mlp_standard_options *standard = &options->standard;
    while (line.next < argc && !standard->help && !standard->version) {
        MLP_TRY(mlp_command_line_take(&line));
    }
    if (standard->help || standard->version) {
        return MLP_OK;
    }
    if (line.operand_count == 0) {
        return mlp_fail(MLP_ERROR_USAGE,
                        "missing argument; usage: mlp %s %s [OPTION]...",
                        command->name, command->operands);
    }
    options->operands = line.operands;
    options->operand_count = line.operand_count;
    options->file = line.operands[0];
    complete(command, &own.tables[0], options);
    mark_given(&own.tables[0], &options->config);
    name_output(command, options);
    return MLP_OK;
}

void mlp_tool_options_help(const mlp_tool_command *command, FILE *out)
{
    own_options own;
    mlp_tool_options defaults;
    init(&defaults, command);
    list_tables(command, &defaults, &own);
    mlp_option_help(out, own.tables, 2);
}
