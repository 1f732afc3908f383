/** @file
 *  All options of sub-commands, of which each has some, and how their values
 *  are read.
 */
#include "option_table.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "config/config.h"

/* ---- values */

static const char *const split_names[MLP_SPLITS] = {
    [MLP_SPLIT_TRAIN] = "train", [MLP_SPLIT_TEST] = "test"};

const char *mlp_tool_split_name(mlp_split split)
{
    return split_names[split];
}

mlp_status mlp_tool_refuse(const char *name, const char *text,
                           const char *wanted)
{
    return mlp_fail(MLP_ERROR_USAGE, "--%s: \"%.200s\" is not %s", name, text,
                    wanted);
}

static mlp_status read_count(const char *name, const char *text, size_t least,
                             size_t *count)
{
    bool is_whole = *text != '\0' && text[strspn(text, "0123456789")] == '\0';
    errno = 0;
    unsigned long long value = strtoull(text, NULL, 10);
    if (!is_whole || errno == ERANGE || value > SIZE_MAX || value < least) {
        return mlp_tool_refuse(name, text,
                               least > 0 ? "a whole number above 0"
                                         : "a whole number");
    }
    *count = (size_t)value;
    return MLP_OK;
}

static mlp_status set_data(const char *text, mlp_tool_options *options)
{
    options->has_rows = true;
    options->data = text;
    return MLP_OK;
}

static mlp_status set_bad_rows(const char *text, mlp_tool_options *options)
{
    options->drops_bad = strcmp(text, "drop") == 0;
    return options->drops_bad || strcmp(text, "fail") == 0
               ? MLP_OK
               : mlp_tool_refuse("bad-rows", text, "fail or drop");
}

static mlp_status set_split(const char *text, mlp_tool_options *options)
{
    options->has_rows = options->has_split = true;
    for (size_t split = 0; split < MLP_SPLITS; split++) {
        if (strcmp(text, split_names[split]) == 0) {
            options->split = (mlp_split)split;
            return MLP_OK;
        }
    }
    if (strcmp(text, "all") == 0) {
        options->is_all = true;
        options->split = MLP_SPLIT_TEST;
        return MLP_OK;
    }
    return mlp_tool_refuse("split", text, "test, train or all");
}

static mlp_status set_first(const char *text, mlp_tool_options *options)
{
    options->has_rows = true;
    return read_count("first", text, 0, &options->first);
}

static mlp_status set_rows(const char *text, mlp_tool_options *options)
{
    options->has_rows = true;
    return read_count("rows", text, 1, &options->rows);
}

/* Whether the sub-command has it is looked at in the end. */
static mlp_status set_format(const char *text, mlp_tool_options *options)
{
    options->format = text;
    options->has_format = true;
    return MLP_OK;
}

static mlp_status set_invert(const char *text, mlp_tool_options *options)
{
    (void)text;
    options->is_inverted = true;
    return MLP_OK;
}

static mlp_status set_center(const char *text, mlp_tool_options *options)
{
    (void)text;
    options->is_center = true;
    return MLP_OK;
}

/* The same option as mlp_train's, with the same range. */
static mlp_status set_as_in_training(const char *name, const char *text,
                                     mlp_config *config)
{
    mlp_config_init(config);
    return mlp_config_set(config, name, text);
}

static mlp_status set_threads(const char *text, mlp_tool_options *options)
{
    mlp_config config;
    MLP_TRY(set_as_in_training("threads", text, &config));
    options->threads = config.threads;
    return MLP_OK;
}

static mlp_status set_memory_limit(const char *text, mlp_tool_options *options)
{
    mlp_config config;
    MLP_TRY(set_as_in_training("memory-limit", text, &config));
    options->memory_limit = config.memory_limit;
    return MLP_OK;
}

static mlp_status set_top_k(const char *text, mlp_tool_options *options)
{
    return read_count("top-k", text, 1, &options->top_k);
}

static mlp_status set_to(const char *text, mlp_tool_options *options)
{
    options->to = text;
    return MLP_OK;
}

static mlp_status set_activation(const char *text, mlp_tool_options *options)
{
    options->activation = text;
    return MLP_OK;
}

static mlp_status set_function(const char *text, mlp_tool_options *options)
{
    options->function = text;
    return MLP_OK;
}

static mlp_status set_output(const char *text, mlp_tool_options *options)
{
    options->output = text;
    return MLP_OK;
}

static mlp_status set_size(const char *text, mlp_tool_options *options)
{
    enum { SIDE_MOST = 4096 };
    char height[8];
    size_t length = strcspn(text, "x");
    snprintf(height, sizeof height, "%.*s", (int)length, text);
    if (length >= sizeof height || text[length] != 'x' ||
        read_count("size", height, 1, &options->height) != MLP_OK ||
        read_count("size", text + length + 1, 1, &options->width) != MLP_OK ||
        options->height > SIDE_MOST || options->width > SIDE_MOST) {
        return mlp_tool_refuse("size", text,
                               "HEIGHTxWIDTH, each from 1 to 4096");
    }
    return MLP_OK;
}

static mlp_status set_gray(const char *text, mlp_tool_options *options)
{
    (void)text;
    options->is_gray = true;
    return MLP_OK;
}

static mlp_status set_label(const char *text, mlp_tool_options *options)
{
    options->label = text;
    return MLP_OK;
}

static mlp_status set_bad_images(const char *text, mlp_tool_options *options)
{
    options->skips_bad = strcmp(text, "skip") == 0;
    return options->skips_bad || strcmp(text, "fail") == 0
               ? MLP_OK
               : mlp_tool_refuse("bad-images", text, "fail or skip");
}

/* The same options as mlp_train's, with the same ranges. */
static mlp_status set_test_fraction(const char *text, mlp_tool_options *options)
{
    mlp_config config;
    mlp_config_init(&config);
    MLP_TRY(mlp_config_set(&config, "test-fraction", text));
    options->test_fraction = config.test_fraction;
    return MLP_OK;
}

static mlp_status set_seed(const char *text, mlp_tool_options *options)
{
    mlp_config config;
    mlp_config_init(&config);
    MLP_TRY(mlp_config_set(&config, "seed", text));
    options->seed = config.seed;
    return MLP_OK;
}

/* ---- the table of all options, of which each sub-command has some */

static const mlp_tool_option table[] = {
    {"data", "PATH",
     "directory of IDX files, HDF5 file, or \"digits\" (built in); without it "
     "$MLP_DATA, else data/mnist, else digits",
     set_data},
    {"bad-rows", "WHAT",
     "fail or drop: rows of a table with a bad cell [fail, or as in training]",
     set_bad_rows},
    {"split", "NAME",
     "test or train: which rows of the data; of a table also all [test; of a "
     "table to predict all]",
     set_split},
    {"first", "N", "begin with row N, counted from 0 [0]", set_first},
    {"rows", "N", "stop after N rows, or at the end", set_rows},
    {"format", "NAME", NULL, set_format},
    {"to", "FORMAT", "keras, keras-weights, safetensors, onnx or c: the format",
     set_to},
    {"activation", "NAME,..", "of the hidden layers, as for mlp_train [relu]",
     set_activation},
    {"function", "NAME",
     "softmax, sigmoid or identity: function of the last layer [softmax]",
     set_function},
    {"threads", "N", "threads; 0: one for each core; never changes the result",
     set_threads},
    {"memory-limit", "BYTES",
     "of rows in memory, like 512M: what is larger stays in files, or goes to "
     "a "
     "temporary one in $TMPDIR; 0: no limit [1G]",
     set_memory_limit},
    {"top-k", "K", "tell how often the class is among the K largest outputs",
     set_top_k},
    {"invert", NULL,
     "the pictures are dark on light, as on paper; the training data is light "
     "on dark",
     set_invert},
    {"center", NULL,
     "cut out what is drawn in a picture, and put it in the middle as MNIST's "
     "digits are",
     set_center},
    {"size", "HxW", "height and width of pictures, like 28x28", set_size},
    {"gray", NULL,
     "make pictures gray, one value a pixel; else red, green, "
     "blue",
     set_gray},
    {"test-fraction", "X", "fraction of the rows for testing [0.2]",
     set_test_fraction},
    {"seed", "N", "key of the order of the rows [1]", set_seed},
    {"bad-images", "WHAT",
     "fail or skip: what to do with a picture that cannot be read [fail]",
     set_bad_images},
    {"label", "COLUMN", "of a table: the column of the classes", set_label},
    {"output", "FILE",
     "write to FILE, which appears when it is complete, in place of standard "
     "output",
     set_output},
};

const char *mlp_tool_option_short(const char *name)
{
    return strcmp(name, "output") == 0 ? "-o" : NULL;
}

const mlp_tool_option *mlp_tool_option_find(const char *name)
{
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        if (strcmp(table[i].name, name) == 0) {
            return &table[i];
        }
    }
    return NULL;
}
